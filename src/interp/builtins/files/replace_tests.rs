//! What `save` replaces, and what it leaves alone.

use crate::interp::tests::helpers::{Collector, described};
use crate::interp::{Interpreter, Options};
use crate::world::{Memory, World};
use std::path::Path;
use std::rc::Rc;

const HEAD: &str = "functional f(n) { param a = 0.6; -a * n }\nlet m = model(f, parameters: { a: 2 })\n\
                    let t = table { R: [1, 2], note: [\"a,b\", \"c\"] }\n";

thread_local! {
    /// What scripts have saved is known to those after them.
    static CACHE: tempfile::TempDir = tempfile::tempdir().expect("a folder");
}

/// Runs a script called `mine.ksr`; its error, if any.
fn run(world: &Rc<Memory>, script: &str, force: bool) -> Option<String> {
    let cache = Some(CACHE.with(|cache| cache.path().to_path_buf()));
    let options = Options { force, cache, ..Options::default() };
    let mut interpreter = Interpreter::new(Rc::new(Collector), world.clone(), options);
    let text = format!("{HEAD}{script}");
    world.put("mine.ksr", text.as_bytes());
    let ended = interpreter.run("mine.ksr", &text);
    assert_eq!(world.read_text(Path::new("mine.ksr")).expect("the script"), text);
    ended.err().map(|problems| described(&problems))
}

#[test]
fn texts_of_the_session_are_never_replaced() {
    let world = Rc::new(Memory::with([("lib.ksr", "let b = 1\nuse \"inner.ksr\"\n"), ("inner.ksr", "let c = 2\n")]));
    let model = "use \"used.ksr\"\n";
    assert_eq!(run(&world, "save(m, \"used.ksr\")\nsave(m, \"loaded.ksr\")", false), None);
    for force in [false, true] {
        for path in ["mine.ksr", "./x/../mine.ksr", "lib.ksr", "inner.ksr", "used.ksr"] {
            let refused = run(&world, &format!("use \"lib.ksr\"\n{model}save(m, \"{path}\")"), force);
            assert!(refused.as_ref().is_some_and(|e| e.starts_with("ksr::run::not_replaced")), "{path}: {refused:?}");
        }
    }
    // A model that is only loaded can be continued.
    assert_eq!(run(&world, "let old = load(\"loaded.ksr\")\nsave(trainable(old), \"loaded.ksr\")", false), None);
    assert_eq!(world.read_text(Path::new("lib.ksr")).expect("a text"), "let b = 1\nuse \"inner.ksr\"\n");
}

#[test]
fn models_are_replaced_only_as_they_were_saved() {
    let world = Rc::new(Memory::default());
    let save = "save(m, \"model.ksr\")";
    let path = Path::new("model.ksr");
    assert_eq!((run(&world, save, false), run(&world, save, false)), (None, None));
    let saved = world.read_text(path).expect("a model");
    let others = [
        ("let a = 1\n".to_owned(), "it is not a model that ksr saved"),
        (format!("# My notes.\n{saved}"), "it is not a model that ksr saved"),
        (saved.replace("    a: 2", "    a: 3"), "it has been edited"),
        (format!("{saved}# a note\n"), "it has been edited"),
        (saved.replace("The model `model`", "The model `other`"), "it is the model `other`, not `model`"),
        (saved.lines().filter(|l| !l.starts_with("# Content")).collect::<Vec<_>>().join("\n"), "it does not say"),
    ];
    for (text, why) in others {
        assert_ne!(text, saved);
        world.put(path, text.as_bytes());
        let refused = run(&world, save, false).unwrap_or_default();
        assert!(refused.contains("`model.ksr` is not replaced: ") && refused.contains(why), "{why}: {refused}");
        assert_eq!(world.read_text(path).expect("a text"), text);
        assert_eq!(run(&world, save, true), None, "{why}");
        assert_eq!(world.read_text(path).expect("a model"), saved);
    }
    world.put(path, "");
    assert_eq!(run(&world, save, false), None);
}

#[test]
fn files_of_others_are_left_alone() {
    let world = Rc::new(Memory::default());
    let saves = [
        ("t", "csv", "it is not a table that ksr saved there", "a note, with\na, b, c\n"),
        ("t", "CSV", "it is not a table that ksr saved there", "GIF89a\u{1}\u{2}"),
        ("t", "csv", "it is not a table that ksr saved there", "plain text without any comma\nsecond line\n"),
        ("t", "csv", "it is not a table that ksr saved there", "let a = 1\n"),
        ("t", "csv", "it is not a table that ksr saved there", "a,b\r\n1,2\r\n"),
        ("t", "csv", "it is not a table that ksr saved there", "R,E\n1,2\n"),
        ("t", "csv", "it is not a table that ksr saved there", "Dear Anna, how are you?\nFine, thanks\n"),
        ("t", "json", "it is not a table that ksr saved there", "{\"columns\": {\"a\": [1, 2]}, \"units\": {}}"),
        ("t", "json", "it is not a table that ksr saved there", "{ \"name\": \"package\" }"),
        ("t", "json", "it is not a table that ksr saved there", "my notes"),
        ("[1, 2]", "npy", "it is not an array that ksr saved", "1 2 3"),
        ("plot([1, 2], [1, 2])", "png", "it is not a PNG figure", "<svg></svg>"),
        ("plot([1, 2], [1, 2])", "svg", "it is not an SVG figure", "<html><svg></svg></html>"),
        (
            "plot([1, 2], [1, 2])",
            "svg",
            "that ksr drew",
            "<?xml version=\"1.0\"?>\n<!-- drawn elsewhere -->\n<svg></svg>",
        ),
    ];
    for (value, ending, why, other) in saves {
        let name = format!("x.{ending}");
        let save = format!("save({value}, \"{name}\")");
        // The host of these tests draws no real figures.
        let figure = ["svg", "png"].contains(&ending);
        for _ in 0..2 {
            assert_eq!(run(&world, &save, figure), None, "{ending}");
        }
        world.put(&name, other);
        let refused = run(&world, &save, false).unwrap_or_default();
        assert!(refused.contains(why), "{ending}: {refused}");
        assert_eq!(world.read(Path::new(&name)).expect("a file"), other.as_bytes());
        assert_eq!(run(&world, &save, true), None, "{ending}");
    }
    // Arrays and figures as other programs write them; the same with the mark of ksr.
    let array = crate::data::npy_bytes(Path::new("p.npy"), &[3], &[1.0, 2.0, 3.0]).expect("bytes");
    let picture = |chunk: &[u8]| [b"\x89PNG\r\n\x1a\n....IHDR", chunk].concat();
    let (picture, foreign) = (picture(b"\0\0\0\x0ctEXtSoftware\0ksr"), picture(b"\0\0\0\x0ftEXtSoftware\0ksrview"));
    let kept = [
        ("plot([1, 2], [1, 2])", "p.svg", b"<svg width=\"9\">\n<rect/></svg>".to_vec(), false),
        ("plot([1, 2], [1, 2])", "p.svg", b"<svg width=\"9\">\n<metadata>ksr</metadata>\n<rect/></svg>".to_vec(), true),
        ("plot([1, 2], [1, 2])", "p.png", foreign, false),
        ("plot([1, 2], [1, 2])", "p.png", picture, true),
        ("[1, 2]", "p.npy", array.clone(), false),
        ("[1, 2]", "p.npy", crate::data::marked_array(array), true),
    ];
    for (value, name, bytes, ours) in kept {
        world.put(name, bytes);
        assert_eq!(run(&world, &format!("save({value}, \"{name}\")"), false).is_none(), ours, "{name}");
    }
}

#[test]
fn every_table_that_was_saved_can_be_saved_again() {
    let world = Rc::new(Memory::default());
    let tables = [
        "t",
        "table { R: [0.5 bohr, 1e-9 bohr], E: [-1 eV, 1e300 eV] }",
        "table { label: [\"1.40\", \"nan\", \"-inf\"], x: [nan, 1 / 0, -0.0] }",
        "table { note: [\"two words\", \"\", \"a \\\"b\\\"\", \"1\"] }",
        "table { R: [1 bohr] }",
        "table { inf: [1 bohr], nan: [2] }",
        "table { inf: [1 bohr] }",
        "table { a: [\"\u{1b}[31m\", \"\u{85}\"] }",
        "table { a: [\"x\ty\", \"z\"] }",
        "table(record([\"a b\"], [[1, 2]]))",
        "table(record([\"\"], [[1, 2]]))",
        "table(record([\"1\"], [[1 bohr, 2 bohr]]))",
        "table({})",
        "table { a: [true, false], b: [[1, 2], [3]] }",
        "table { a: [] }",
    ];
    for table in tables {
        for ending in ["csv", "json", "csv", "json"] {
            assert_eq!(run(&world, &format!("save({table}, \"again.{ending}\")"), false), None, "{table}");
        }
    }
}

#[test]
fn force_does_not_replace_what_the_script_uses_later() {
    let texts = [
        ("lib.ksr", "use \"inner.ksr\"\nlet b = inner.c\n"),
        ("inner.ksr", "let c = 2\n"),
        ("other.ksr", "let d = 1\n"),
    ];
    for (name, replaced) in [("lib.ksr", false), ("inner.ksr", false), ("./x/../inner.ksr", false), ("other.ksr", true)]
    {
        let world = Rc::new(Memory::with(texts));
        let refused = run(&world, &format!("save(m, \"{name}\")\nuse \"lib.ksr\"\nlib.b"), true);
        assert_eq!(refused.is_none(), replaced, "{name}: {refused:?}");
        assert!(refused.is_none_or(|error| error.contains("is not replaced: it is not a model that ksr saved")));
    }
    // A model that the script saves and then uses is replaced every time.
    let world = Rc::new(Memory::default());
    for force in [false, true, false] {
        assert_eq!(run(&world, "save(m, \"model.ksr\")\nuse \"model.ksr\"\nmodel", force), None);
    }
}

#[test]
fn names_that_are_none_are_refused() {
    let world = Rc::new(Memory::default());
    let wrong = [
        ("save([1], \".npy\")", "`.npy` is only an extension"),
        ("save(m, \"sub/.ksr\")", "`sub/.ksr` is only an extension"),
        ("save([1], \"\")", "`path` of `save` is empty"),
        ("save(m, \"m.ksr/\")", "`m.ksr/` is the name of a folder"),
        ("load(\"\")", "the path is empty"),
        ("load(f, \" \")", "`path` of `load` is empty"),
        ("dataset(\"\")", "`path` of `dataset` is empty"),
        ("use \"\" as m", "the path is empty"),
        (
            "let grid_ = uniform(points: 65, spacing: 0.3)\nsystem h on grid_ { H at 0 }\nsave(exact(h), \"..\")",
            "not the name of a folder",
        ),
    ];
    for (script, why) in wrong {
        let refused = run(&world, script, false).unwrap_or_default();
        assert!(refused.contains(why), "{script}: {refused}");
    }
    assert_eq!(
        run(&world, "assert(not exists(\"\") and not exists(\"no/../such\") and exists(\"mine.ksr\"))", false),
        None
    );
}

#[test]
fn a_folder_with_a_used_file_is_not_replaced() {
    let data = "grid line = uniform(points: 65, spacing: 0.3)\nsystem h on line { H at 0 }\n";
    for later in [false, true] {
        let world = Rc::new(Memory::with([("set/names.npy", "let a = 1\n")]));
        let (first, save) = ("use \"set/names.npy\" as names\n", "save([exact(h)], \"set\")\n");
        let script = if later { format!("{data}{save}{first}names.a") } else { format!("{data}{first}{save}names.a") };
        let refused = run(&world, &script, true).unwrap_or_default();
        assert!(refused.contains("the script uses `names.npy` in it"), "{refused}");
        assert_eq!(world.read_text(Path::new("set/names.npy")).expect("a text"), "let a = 1\n");
    }
}

#[test]
fn models_with_odd_names_are_replaced() {
    let world = Rc::new(Memory::default());
    for name in ["m_t`, saved by ksr 9", "m_x\\ny", "Modell für H₂", "a.b"] {
        for _ in 0..2 {
            assert_eq!(run(&world, &format!("save(m, \"{name}.ksr\")"), false), None, "{name}");
        }
    }
}

//! What a used text may not do, whoever wrote it: print, or write files.

use super::helpers::{described, interpreter_in, take_lines};
use crate::world::{Memory, World};
use std::path::Path;
use std::rc::Rc;

const LIBRARY: &str = "fn report(t) = save(t, \"out.csv\")\nfn quiet(x) { print(\"hello\"); x }\nlet keep = save\n\
    fn apply(f, x, path) = f(x, path)\nfn through(f, xs) = map(xs, f)\nlet shown = quiet(3)\n\
    fn piped(t) = t |> save(\"out.csv\")\nlet tools = { write: save }\nfn make() = fn(t) = save(t, \"out.csv\")\n\
    functional f(n) { let m = quiet(1); -m * n }\nfn twice(x) = 2 * x\n";

fn world() -> Rc<Memory> {
    let model = "functional f(n) { param a = 1; -a * n }\n\
                 fn quiet(x) { save(table { a: [1, 2] }, \"out.csv\"); x }\n\
                 let saved = model(f, name: \"model\", parameters: quiet({ a: 2 }), origin: [])\n";
    let deep = "fn report(x) = print(x)\n";
    Rc::new(Memory::with([("lib.ksr", LIBRARY), ("model.ksr", model), ("deep.ksr", deep)]))
}

#[test]
fn used_texts_print_and_save_nothing_by_any_way() {
    let head = "use \"lib.ksr\"\nlet t = table { a: [1] }\ngrid g = uniform(points: 65, spacing: 0.2)\n\
                system h on g { H at 0 }\n";
    let ways = [
        "lib.report(t)",
        "lib.quiet(1)",
        "lib.keep(t, \"out.csv\")",
        "lib.apply(save, t, \"out.csv\")",
        "lib.through(print, [1, 2])",
        "lib.shown",
        "lib.piped(t)",
        "t |> lib.report",
        "lib.tools.write(t, \"out.csv\")",
        "lib.make()(t)",
        "map([t], lib.report)",
        "solve(h, with: lib.f)",
        "use \"model.ksr\" as m\nm",
        "use \"model.ksr\" as m\nsolve(h, with: m)",
        "load(\"model.ksr\")",
        "use \"model.ksr\" (saved)\nsaved",
    ];
    for way in ways {
        take_lines();
        let world = world();
        let problems = interpreter_in(world.clone()).run("test.ksr", &format!("{head}{way}")).expect_err(way);
        assert_eq!(problems[0].code(), "ksr::run::used_file_acts", "{way}: {}", described(&problems));
        assert_eq!((world.kind(Path::new("out.csv")), take_lines().len()), (None, 0), "{way}");
    }
}

#[test]
fn what_the_script_itself_says_is_done_wherever_it_is_called() {
    let script = "use \"lib.ksr\"\nlib.through(fn(x) = print(lib.twice(x)), [1, 2])\nlib.apply(fn(x, p) = save(x, p), table { a: [1] }, \
                  \"out.csv\")\nprint(lib.twice(4))";
    take_lines();
    let world = world();
    let ended = interpreter_in(world.clone()).run("test.ksr", script);
    assert!(ended.is_ok(), "{}", described(&ended.unwrap_err()));
    assert_eq!(take_lines(), ["2", "4", "8"]);
    assert!(world.kind(Path::new("out.csv")).is_some());
}

#[test]
fn the_checker_finds_what_used_texts_may_not_do() {
    let memory = world();
    memory.put("user.ksr", "use \"deep.ksr\"\nlet print = 3\nlet b = print\n");
    memory.put("broken.ksr", "let a = (1\n");
    memory.put("fine.ksr", "fn save(x) = x\nlet a = save(2)\nfn f(print) = print\n");
    let check =
        |script: &str| interpreter_in(memory.clone()).check_script("test.ksr", script).err().unwrap_or_default();
    let codes = |script: &str| check(script).iter().map(|p| p.code()).collect::<Vec<_>>();
    let acts = "ksr::run::used_file_acts";
    assert_eq!(codes("use \"lib.ksr\""), vec![acts; 6], "{}", described(&check("use \"lib.ksr\"")));
    assert_eq!(codes("use \"user.ksr\"\nuse \"user.ksr\" as u"), [acts]);
    let deep = check("use \"user.ksr\"");
    let notes: Vec<&str> = deep[0].via.iter().map(|via| via.note.as_str()).collect();
    assert_eq!(notes, ["in `deep`, used here", "in `user`, used here"]);
    assert_eq!(codes("use \"fine.ksr\"\nprint(fine.a)"), [""; 0]);
    assert_eq!(codes("use \"broken.ksr\" as b"), ["ksr::parse::never_closed"]);
    assert_eq!(codes("use \"missing.ksr\" as b"), ["ksr::run::file"]);
    // What is loaded, too; what is not there yet may still be saved.
    assert_eq!(codes("let m = load(\"user.ksr\")"), [acts]);
    assert_eq!(codes("fn load(x) = x\nlet m = load(\"user.ksr\")"), [""; 0]);
    assert_eq!(codes("let m = load(\"missing.ksr\")"), [""; 0]);
}

#[test]
fn the_checker_finds_texts_that_use_themselves() {
    let memory = world();
    for (name, used) in
        [("a", "b"), ("b", "c"), ("c", "a"), ("own", "own"), ("main", "d"), ("d", "main"), ("e", "b"), ("tree", "f")]
    {
        memory.put(format!("{name}.ksr"), format!("use \"{used}.ksr\"\nlet x = 1\n"));
    }
    memory.put("f.ksr", "use \"g.ksr\"\nuse \"g.ksr\" as again\n");
    memory.put("g.ksr", "let x = 1\n");
    let codes = |name: &str, script: &str| {
        let found = interpreter_in(memory.clone()).check_script(name, script).err().unwrap_or_default();
        found.iter().map(|p| p.code()).collect::<Vec<_>>()
    };
    for used in ["a", "own", "e"] {
        assert_eq!(codes("test.ksr", &format!("use \"{used}.ksr\"")), ["ksr::run::module_cycle"], "{used}");
    }
    assert_eq!(codes("main.ksr", "use \"d.ksr\""), ["ksr::run::module_cycle"]);
    assert_eq!(codes("test.ksr", "use \"tree.ksr\"\nuse \"g.ksr\"\nuse \"f.ksr\""), [""; 0]);
}

#[test]
fn a_file_that_changes_is_read_again() {
    let memory = Rc::new(Memory::with([("a.ksr", "let x = 1")]));
    let mut session = interpreter_in(memory.clone());
    session.eval_entry("use \"a.ksr\"\nassert_eq(a.x, 1)").expect("read");
    memory.put("a.ksr", "let x = 2");
    session.eval_entry("use \"a.ksr\"\nassert_eq(a.x, 2)").expect("read again");
    let script = "functional f(n) { param a = 1; -a * n }\nsave(model(f, parameters: { a: 2 }), \"m.ksr\")\n\
                  assert_eq(load(\"m.ksr\").parameters.a, 2)\nsave(model(f, parameters: { a: 3 }), \"m.ksr\")\n\
                  assert_eq(load(\"m.ksr\").parameters.a, 3)";
    let ended = interpreter_in(memory).run("test.ksr", script);
    assert!(ended.is_ok(), "{}", described(&ended.unwrap_err()));
}

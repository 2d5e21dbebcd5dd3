//! The command line: exit statuses, options, the structure of JSON.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use serde_json::{Value, json};

/// The objects that a script shows with `--json`.
fn shown(script: &str) -> Vec<Value> {
    let place = Place::new();
    let (out, err, status) = finished(place.ksr().args(["run", "--json", "-"]).write_stdin(script));
    assert_eq!(status, 0, "{err}");
    out.lines().map(|line| serde_json::from_str(line).expect("one object per line")).collect()
}

/// The only value a script shows.
fn only(script: &str) -> Value {
    let mut values = shown(script);
    assert_eq!(values.len(), 1, "{values:?}");
    values.remove(0)
}

#[test]
fn values_appear_on_standard_output_and_errors_on_standard_error() {
    let place = Place::new();
    let file = place.file("a.ksr", "1 + 1\nlet x = 3\nx * 2;\nx ^ 2\n");
    assert_eq!(finished(place.ksr().arg("run").arg(&file)), ("2\n9\n".into(), String::new(), 0));
    let (out, err, status) = finished(place.ksr().args(["run", "-"]).write_stdin("1 + 1\nnothing\n"));
    assert_eq!((out.contains("nothing"), err.contains("nothing"), status), (false, true, 1));
}

#[test]
fn a_wrong_command_line_has_status_2() {
    let place = Place::new();
    for args in [
        &["run"][..],
        &["run", "missing.ksr"],
        &["run", "--set", "R", "-"],
        &["run", "--set", "2R=1", "-"],
        &["run", "--device", "abacus", "-"],
        &["frobnicate"],
        &["explain", "ksr::no::such"],
        &["check", "missing.ksr"],
        // Options before a command would be lost.
        &["--json", "run", "-"],
        &["-e", "5", "run", "-"],
        &["--quiet", "check", "-"],
        // Only a script has right-hand sides to replace.
        &["--set", "R=1", "-e", "let R = 2"],
        &["--set", "R=1"],
        &["repl", "--set", "R=1"],
    ] {
        let (_, err, status) = finished(place.ksr().args(args).write_stdin("1\n"));
        assert_eq!(status, 2, "{args:?}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"), "{args:?}: {err}");
    }
}

#[test]
#[cfg(not(feature = "cuda"))]
fn cuda_is_refused_where_it_is_unavailable() {
    let place = Place::new();
    let (_, err, status) = finished(place.ksr().args(["run", "--device", "cuda", "-"]).write_stdin("1\n"));
    assert_eq!(status, 2);
    assert!(err.contains("--features cuda"), "{err}");
}

#[test]
fn help_and_version_succeed() {
    let place = Place::new();
    let (out, _, status) = finished(place.ksr().arg("--version"));
    assert_eq!((out.trim(), status), (concat!("ksr ", env!("CARGO_PKG_VERSION")), 0));
    let (out, _, status) = finished(place.ksr().arg("--help"));
    assert_eq!(status, 0);
    for word in ["run", "check", "repl", "explain", "bench", "--eval", "Exit status"] {
        assert!(out.contains(word), "{word}\n{out}");
    }
}

#[test]
fn a_code_is_explained_with_advice() {
    let place = Place::new();
    for code in ["ksr::units::clash", "units::clash", "clash"] {
        let (out, err, status) = finished(place.ksr().args(["explain", code]));
        assert_eq!((err.as_str(), status), ("", 0));
        assert!(out.starts_with("### `ksr::units::clash`") && out.contains("**What to do:**"), "{out}");
        assert!(!out.contains("ksr::units::conversion"), "one section only\n{out}");
    }
    let (_, err, _) = finished(place.ksr().args(["explain", "unit::clash"]));
    assert!(err.contains("did you mean `ksr::units::clash`?"), "{err}");
}

#[test]
fn expressions_share_a_session_and_stop_at_an_error() {
    let place = Place::new();
    let (out, _, status) = finished(place.ksr().args(["-e", "let R = 1.4 bohr", "-e", "R -> angstrom", "-e", "R"]));
    assert_eq!((out.as_str(), status), ("0.7408481 angstrom\n1.4 bohr\n", 0));
    let (out, err, status) = finished(place.ksr().args(["-e", "1 +", "-e", "2"]));
    assert_eq!((out.as_str(), status), ("", 1));
    assert!(err.contains("ksr::parse"), "{err}");
}

#[test]
fn set_replaces_a_let_and_rejects_other_names() {
    let place = Place::new();
    let file = place.file("a.ksr", "let R = 1\nlet twice = 2 * R\ntwice\n");
    let run = |set: &str| finished(place.ksr().args(["run", "--set", set]).arg(&file));
    assert_eq!(run("R=2.5"), ("5\n".into(), String::new(), 0));
    let (_, err, status) = run("Q=1");
    assert_eq!(status, 1);
    assert!(err.contains("let Q"), "{err}");
    let (_, err, status) = run("R=2 +");
    assert_eq!(status, 1);
    assert!(err.contains("--set R"), "{err}");
}

#[test]
fn check_finds_errors_without_running() {
    let place = Place::new();
    let good = place.file("good.ksr", "print(\"ran\")\n");
    let (out, err, status) = finished(place.ksr().arg("check").arg(&good));
    assert_eq!((out.contains("ran\n"), err.as_str(), status), (false, "", 0));
    let bad = place.file("bad.ksr", "let a = (1\n");
    let (_, err, status) = finished(place.ksr().arg("check").arg(&bad));
    assert_eq!(status, 1);
    assert!(err.contains("ksr::parse"), "{err}");
    let (_, err, status) = finished(place.ksr().args(["check", "--json"]).arg(&bad));
    let error: Value = serde_json::from_str(err.lines().next().expect("a line")).expect("an object");
    assert_eq!((error["level"].as_str(), status), (Some("error"), 1));
}

#[test]
fn problems_without_a_position_are_json_too() {
    let place = Place::new();
    for args in [&["run", "--json", "missing.ksr"], &["check", "--json", "missing.ksr"]] {
        let (_, err, status) = finished(place.ksr().args(args));
        let error: Value = serde_json::from_str(err.trim()).expect("an object");
        assert_eq!((error["level"].as_str(), status), (Some("error"), 2), "{err}");
    }
    let file = place.file("not_a_folder", "");
    let (_, err, status) =
        finished(place.ksr().env("KSR_CACHE_DIR", file).args(["run", "--json", "-"]).write_stdin("1"));
    let warning: Value = serde_json::from_str(err.trim()).expect("an object");
    assert_eq!((warning["level"].as_str(), status), (Some("warning"), 0), "{err}");
}

#[test]
fn errors_as_json_have_their_position() {
    let place = Place::new();
    let (out, err, status) = finished(place.ksr().args(["run", "--json", "-"]).write_stdin("1\n  sqtr(2)\n"));
    assert_eq!((out.as_str(), status), ("", 1), "found before anything runs");
    let error: Value = serde_json::from_str(err.trim()).expect("an object");
    assert_eq!(error["level"], "error");
    assert_eq!(error["code"], "ksr::names::unknown");
    assert_eq!((&error["file"], &error["line"], &error["column"]), (&json!("<stdin>"), &json!(2), &json!(3)));
    assert!(error["message"].is_string() && error["help"].is_string());
}

#[test]
fn json_of_numbers_quantities_and_plain_values() {
    let values = shown("0.1 + 0.2\n1.4 bohr\n1 hartree -> eV\ntrue\n\"R = {1.5}\"\n");
    assert_eq!(values[0], json!({"line": 1, "source": "0.1 + 0.2", "type": "number", "value": 0.1 + 0.2}));
    assert_eq!(values[1], json!({"line": 2, "source": "1.4 bohr", "type": "quantity", "unit": "bohr", "value": 1.4}));
    assert_eq!((&values[2]["unit"], &values[2]["value"]), (&json!("eV"), &json!(27.211386245988)));
    assert_eq!((&values[3]["type"], &values[3]["value"]), (&json!("bool"), &json!(true)));
    assert_eq!((&values[4]["type"], &values[4]["value"]), (&json!("string"), &json!("R = 1.5")));
}

#[test]
fn whole_numbers_have_no_point_and_all_numbers_round_trip() {
    let place = Place::new();
    let (out, _, _) =
        finished(place.ksr().args(["--json", "-e", "3", "-e", "-2", "-e", "-1 / inf", "-e", "2^60", "-e", "1e300"]));
    let texts = ["3", "-2", "-0.0", "1.152921504606847e+18", "1e+300"];
    for (line, text) in out.lines().zip(texts) {
        let shown: Value = serde_json::from_str(line).expect("an object");
        assert_eq!(shown["value"].as_f64().map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits), "{line}");
        assert!(line.contains(&format!("\"value\":{text}}}")), "{line}");
    }
    assert_eq!(out.lines().count(), texts.len());
}

#[test]
fn json_of_lists_and_records_has_no_wrapper() {
    let list = only("[1 bohr, 2 bohr]");
    assert_eq!((&list["type"], &list["unit"], &list["value"]), (&json!("list"), &json!("bohr"), &json!([1, 2])));
    let range = only("-1 .. 3");
    assert_eq!((&range["type"], &range["value"]), (&json!("list"), &json!([-1, 0, 1, 2, 3])));
    let interval = only("-1 .. 0.5");
    assert_eq!((&interval["type"], &interval["value"]), (&json!("interval"), &json!([-1, 0.5])));
    let record = only("{ a: 1, b: [true], c: \"x\" }");
    assert_eq!((&record["type"], &record["value"]), (&json!("record"), &json!({"a": 1, "b": [true], "c": "x"})));
}

#[test]
fn numbers_that_are_not_finite_are_strings() {
    let values = only("[ln(0), -ln(0), ln(0) - ln(0)]");
    assert_eq!(values["value"], json!(["-inf", "inf", "nan"]));
}

#[test]
fn json_of_a_field_has_its_coordinates() {
    let field = only("grid g = uniform(points: 5, spacing: 0.5)\ng.x ^ 2\n");
    assert_eq!(field["type"], "field");
    assert_eq!((&field["x"], &field["value"]), (&json!([-1, -0.5, 0, 0.5, 1]), &json!([1, 0.25, 0, 0.25, 1])));
    let channels = only("grid g = uniform(points: 5, spacing: 0.5)\nconcat(g.x, 2 * g.x)\n");
    assert_eq!(channels["value"], json!([[-1, -0.5, 0, 0.5, 1], [-2, -1, 0, 1, 2]]));
}

#[test]
fn json_of_a_table_is_an_object_of_columns() {
    let table = only("table { R: [1 bohr, 2 bohr]; n: [1, 2] }");
    assert_eq!((&table["type"], &table["units"]), (&json!("table"), &json!({"R": "bohr"})));
    assert_eq!(table["value"], json!({"R": [1, 2], "n": [1, 2]}));
}

const PHYSICS: &str = "use std.functionals
grid line = uniform(points: 201, spacing: 0.1)
system h on line { H at 0 }
system he on line { He at 0 }
h
functionals.lda
solve(he, with: functionals.lda)
exact(h)
";

#[test]
fn json_of_physics_is_an_object_of_scalars() {
    let values = shown(PHYSICS);
    let kinds: Vec<&str> = values.iter().filter_map(|v| v["type"].as_str()).collect();
    assert_eq!(kinds, ["system", "functional", "run", "reference"]);
    assert_eq!((&values[0]["value"]["electrons"], &values[0]["value"]["unpaired"]), (&json!(1), &json!(1)));
    for (value, names) in [
        (&values[2]["value"], &["energy", "total_energy", "xc_energy", "gap", "residual"][..]),
        (&values[3]["value"], &["energy", "total_energy", "error"]),
    ] {
        for name in names {
            assert!(value[name].is_number(), "{name} of {value}");
        }
    }
    assert_eq!(values[2]["value"]["converged"], true);
}

#[test]
fn an_unwritable_cache_is_a_warning() {
    let place = Place::new();
    let file = place.file("not-a-folder", "");
    let (out, err, status) = finished(place.ksr().env("KSR_CACHE_DIR", &file).args(["-e", "1 + 1"]));
    assert_eq!((out.as_str(), status), ("2\n", 0));
    assert!(err.starts_with("warning: cannot write to the cache"), "{err}");
}

#[test]
fn what_needs_more_memory_than_a_script_may_take_is_refused() {
    let place = Place::new();
    let run = |memory: &str, script: &str| {
        let file = place.file("large.ksr", script);
        let (_, err, status) = finished(place.ksr().args(["run", "-q", "--max-memory", memory]).arg(file));
        (err, status)
    };
    for script in [
        // One value that is too large.
        "grid g = uniform(points: 513, spacing: 0.08)\nfunctional f(n) = n |> dense(200000) |> silu |> dense(1)\nenergy(f, exp(-g.x^2))",
        "grid g = uniform(points: 20001, spacing: 0.01)\nsystem s on g { H at 0 }\nmax(channel(exact(s).pair_density, 64))",
        "fn f(s, k) = if k == 0 then s else f(\"{s}{s}\", k - 1)\nlen(f(\"a\", 40))",
        "grid g = uniform(points: 100001, spacing: 0.001)\nsystem s on g { H at 0 }\nuse std.functionals\n\
         solve(s, with: functionals.lda, iterations: 10000)",
        // Many that are not.
        "fold(0 .. 100, fn(kept, k) = { last: linspace(0 .. 1, 1000000), before: fn(x) = kept }, 0)",
        "fold(0 .. 100, fn(kept, k) = { last: \"{linspace(0 .. 1, 1000000)}\", before: fn(x) = kept }, 0)",
    ] {
        let (err, status) = run("500MB", script);
        assert!(err.contains("ksr::run::memory") && err.contains("may take 500 MB"), "{script}\n{err}");
        assert_eq!(status, 1);
    }
    for script in [
        "fn f(s, k) = if k == 0 then s else f(join(s, s), k - 1)\nlen(f([1], 30))",
        "len(0 .. 1e12)",
        "0 .. 1 by 1e-12",
    ] {
        let (err, status) = run("4GB", script);
        assert!(err.contains("ksr::run::too_long"), "{script}\n{err}");
        assert_eq!(status, 1);
    }
    assert_eq!(run("500MB", "len(join(0 .. 999999, 1))").1, 0);
    assert_eq!(run("many", "1").1, 2);
}

#[test]
fn a_text_with_very_many_errors_is_checked_soon() {
    let place = Place::new();
    let text: String = (0..20_000).map(|k| format!("let a{k} = zz{}q + 1\n", k * 7919 % 100_003)).collect();
    let file = place.file("wrong.ksr", &text);
    let begun = std::time::Instant::now();
    let (_, err, status) = finished(place.ksr().arg("check").arg(&file));
    assert!(err.ends_with("19900 more problems are not shown\n"), "{}", &err[err.len() - 200..]);
    assert_eq!((err.matches("ksr::names::unknown").count(), status), (100, 1));
    let (_, err, _) = finished(place.ksr().args(["check", "--json"]).arg(&file));
    assert_eq!(err.lines().count(), 20_000);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn fmt_rewrites_scripts_and_names_them() {
    let place = Place::new();
    let wild = place.file("wild.ksr", "let  a=1# one\r\n\r\n\r\na  +1");
    let wrong = place.file("wrong.ksr", "let a = (1\n");
    place.file("notes.txt", "let  a=1");
    let tame = "let a = 1  # one\r\n\r\na + 1\r\n";
    let (out, _, status) = finished(place.ksr().args(["fmt", "--check"]).arg(&wild));
    assert_eq!((out, status), (format!("{}:1: not formatted\n", wild.display()), 1));
    let (out, err, status) = finished(place.ksr().args(["fmt", "."]));
    assert_eq!((out.as_str(), status), ("./wild.ksr: formatted\n", 1));
    assert!(err.contains("wrong.ksr:1:9"), "{err}");
    assert_eq!(std::fs::read_to_string(&wild).ok().as_deref(), Some(tame));
    assert_eq!(std::fs::read_to_string(&wrong).ok().as_deref(), Some("let a = (1\n"));
    assert_eq!(finished(place.ksr().args(["fmt", "--check"]).arg(&wild)), (String::new(), String::new(), 0));
    let unended = place.file("unended.ksr", "let a = 1\na");
    let (out, _, status) = finished(place.ksr().args(["fmt", "--check"]).arg(&unended));
    assert_eq!((out, status), (format!("{}:2: not formatted\n", unended.display()), 1));
    std::fs::remove_file(&unended).expect("no file");
    let piped = finished(place.ksr().args(["fmt", "-", "--check"]).write_stdin("a\n\n\nb\n"));
    assert_eq!(piped, ("<stdin>:3: not formatted\n".into(), String::new(), 1));
    let piped = finished(place.ksr().args(["fmt", "-"]).write_stdin("f( 1 );"));
    assert_eq!(piped, ("f(1);\n".into(), String::new(), 0));
    let left: Vec<_> = std::fs::read_dir(place.path()).into_iter().flatten().flatten().collect();
    assert_eq!(left.len(), 3, "nothing else is left: {left:?}");
    for args in [&["fmt"][..], &["fmt", "missing.ksr"], &["fmt", "/dev/null"]] {
        let (_, err, status) = finished(place.ksr().args(args));
        assert!(status == 2 && !err.is_empty(), "{args:?}: {status} {err}");
    }
}

#[cfg(unix)]
#[test]
fn fmt_goes_on_after_a_script_that_it_cannot_format() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let wild = "let  a=1\n";
    let long = format!("{}.ksr", "z".repeat(250));
    let good = ["a.ksr", &long].map(|name| place.file(name, wild));
    let locked = place.file("locked.ksr", wild);
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o444)).expect("permissions");
    let wrong = place.file("wrong.ksr", "let  a=(1\n");
    let bytes = place.path().join("bytes.ksr");
    std::fs::write(&bytes, b"let a=\xff\n").expect("a written file");
    std::os::unix::fs::symlink("nowhere.ksr", place.path().join("lost.ksr")).expect("a link");
    let names = ["a.ksr", "locked.ksr", "wrong.ksr", "bytes.ksr", "lost.ksr", &long];
    let (out, err, status) = finished(place.ksr().arg("fmt").args(names));
    assert_eq!((out, status), (format!("a.ksr: formatted\n{long}: formatted\n"), 2));
    for message in
        ["cannot write `locked.ksr`", "wrong.ksr:1:8", "`bytes.ksr`: it is not UTF-8", "cannot read `lost.ksr`"]
    {
        assert!(err.contains(message), "{message}: {err}");
    }
    let text = |path| std::fs::read(path).expect("a file");
    assert!(good.iter().all(|path| text(path) == b"let a = 1\n"));
    assert_eq!((text(&locked), text(&wrong)), (wild.into(), "let  a=(1\n".into()));
    assert_eq!(text(&bytes), b"let a=\xff\n");
}

#[cfg(unix)]
#[test]
fn fmt_keeps_permissions_and_links() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let script = place.file("script.ksr", "let  a=1\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o750)).expect("permissions");
    let link = place.path().join("link.ksr");
    std::os::unix::fs::symlink("script.ksr", &link).expect("a link");
    assert_eq!(finished(place.ksr().args(["fmt", "link.ksr"])).2, 0);
    assert!(link.is_symlink());
    assert_eq!(std::fs::read_to_string(&script).ok().as_deref(), Some("let a = 1\n"));
    let mode = std::fs::metadata(&script).expect("the script").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
}

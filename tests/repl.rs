//! The REPL, driven through a pipe.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};

/// Standard output and error of a session, which must succeed.
fn session(entries: &str) -> (String, String) {
    let place = Place::new();
    let (out, err, status) = finished(place.ksr().write_stdin(entries));
    assert_eq!(status, 0, "{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

#[test]
fn definitions_are_kept_and_ans_is_the_last_value() {
    let (out, err) = session("let a = 2\na * 3\nans + 1\na;\nlet a = 5\na\n");
    assert_eq!((out.as_str(), err.as_str()), ("6\n7\n5\n", ""));
}

#[test]
fn an_error_leaves_the_session_alive() {
    let (out, err) = session("let a = 2\nlet b = nothing\na + b\n1 bohr + 1 eV\n)\na\n");
    assert_eq!(out, "2\n");
    assert_eq!(err.matches("ksr::").count(), 4, "{err}");
}

#[test]
fn the_parser_asks_for_more_lines() {
    let (out, err) = session("fn f(x) {\n  let y = x ^ 2\n\n  y + 1\n}\nf(3)\nmax(1,\n 2)\n1 +\n2\n");
    assert_eq!((out.as_str(), err.as_str()), ("10\n2\n3\n", ""));
}

#[test]
fn commands_answer() {
    let (out, err) = session(
        ":help\n:help units\n:doc sqrt\n:type 1.5 bohr\n:search root\n:list builtins\n:list units\n:doc lda\n:doc analysis.mae\n",
    );
    assert_eq!(err, "");
    for word in [
        "use std.functionals",
        "analysis.mae(values, against",
        ":help units",
        "angstrom",
        "square root",
        "a length",
        "sqrt",
        "hartree, the atomic unit",
    ] {
        assert!(out.contains(word), "{word}\n{out}");
    }
}

#[test]
fn the_session_is_listed_and_forgotten() {
    let (out, _) = session(
        "## Twice as much.\nfn double(x) = 2 * x\nlet a = 3\n:list\n:list functions\n:doc double\n:reset\n:list\n",
    );
    assert!(out.contains("double") && out.contains("a number: 3") && out.contains("Twice as much."), "{out}");
    assert!(out.ends_with("none yet\n"), "{out}");
}

#[test]
fn the_nearest_name_is_suggested_for_a_misspelt_one() {
    let (_, err) = session(":lsit\n:doc sqtr\n:load missing.ksr\n:list frogs\n:doc\n");
    for word in [":list", "`sqrt`", "missing.ksr", "functionals", "`:doc NAME`"] {
        assert!(err.contains(word), "{word}\n{err}");
    }
}

#[test]
fn a_loaded_script_leaves_its_definitions() {
    let place = Place::new();
    place.file("defs.ksr", "let a = 7\nfn f(x) = a * x\n");
    let (out, err, _) = finished(place.ksr().write_stdin(":load defs.ksr\nf(2)\n:load \"defs.ksr\"\nf(3)\n"));
    assert_eq!((out.as_str(), err.as_str()), ("14\n21\n", ""));
}

#[test]
fn quit_ends_the_session_and_later_lines_are_not_read() {
    assert_eq!(session("1\n:quit\n2\n").0, "1\n");
}

#[test]
fn an_entry_cut_off_at_the_end_is_an_error() {
    let (out, err) = session("1\nfn f(x) {\n  x\n");
    assert_eq!(out, "1\n");
    assert!(err.contains("ksr::parse"), "{err}");
}

#[test]
fn plots_are_drawn() {
    let (out, err) =
        session("let t = table { x: 0 .. 20; y: [k^2 for k in 0 .. 20] }\nplot(t, x: \"x\", y: [\"y\"])\n");
    assert_eq!(err, "");
    assert!(out.contains('│') && out.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{out}");
}

#[test]
fn examples_in_the_help_can_be_typed() {
    for topic in ksr::interp::assist::topics::HELP_TOPICS {
        let (_, err) = session(&topic.examples.join("\n"));
        assert_eq!(err, "", "{}", topic.name);
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_a_calculation_and_keeps_the_session() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let place = Place::new();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
        .env("KSR_CACHE_DIR", place.path().join(".cache"))
        .env("KSR_DATA_DIR", place.path().join(".data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ksr starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    writeln!(stdin, "let a = 5").expect("written");
    writeln!(stdin, "print(\"begun\"); sum([sum([sin(k * l) for k in 0 .. 10000]) for l in 0 .. 100000])")
        .expect("written");
    assert_eq!(lines.next().expect("a line").expect("text"), "begun");
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    writeln!(stdin, "a + 1").expect("written");
    drop(stdin);
    assert_eq!(lines.next().expect("a line").expect("text"), "6");
    assert_eq!(child.wait().expect("ksr ends").code(), Some(0));
}

#[test]
fn a_line_that_is_not_text_is_told_and_the_session_goes_on() {
    let place = Place::new();
    let bytes: &[u8] = b"1 + 1\nlet q = \"\xff\"\nmax(1,\n\xfe2)\n2 + 2\n\x00\n3 + 3\r\n4 + 4";
    let (out, err, status) = finished(place.ksr().write_stdin(bytes));
    assert_eq!((out.as_str(), status), ("2\n4\n6\n8\n", 0));
    assert!(err.contains("line 2 is not UTF-8 text: it is not run\n"), "{err}");
    assert!(err.contains("line 4 is not UTF-8 text: it is not run, nor is the entry that it continues\n"), "{err}");
    assert!(err.contains("U+0000"), "{err}");
}

#[test]
fn many_entries_take_little_time_and_each_sees_those_before() {
    let entries: String = (0..4000).map(|k| format!("let a{k} = {k}\n")).collect();
    let begun = std::time::Instant::now();
    let (out, err) = session(&format!("{entries}a0 + a3999\nlet a0 = 5\na0(1)\na0 + a4000\nfn a0(x) = x\na0(7)\n"));
    assert_eq!(out, "3999\n7\n");
    assert!(err.contains("ksr::types::not_callable") && err.contains("did you mean `a400"), "{err}");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
#[cfg(unix)]
fn other_signals_end_the_session() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    for (signal, status, busy) in [("-TERM", 143, false), ("-HUP", 129, false), ("-TERM", 143, true)] {
        let place = Place::new();
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
            .env("KSR_CACHE_DIR", place.path().join(".cache"))
            .env("KSR_DATA_DIR", place.path().join(".data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ksr starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        writeln!(stdin, "print(\"begun\")").expect("written");
        if busy {
            writeln!(stdin, "sum([sum([sin(k * l) for k in 0 .. 10000]) for l in 0 .. 100000])").expect("written");
        }
        writeln!(stdin, "print(\"continued\")").expect("written");
        assert_eq!(lines.next().expect("a line").expect("text"), "begun");
        if !busy {
            assert_eq!(lines.next().expect("a line").expect("text"), "continued");
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill").success());
        assert_eq!(child.wait().expect("ksr ends").code(), Some(status));
        assert!(lines.next().is_none());
        drop(stdin);
    }
}

//! What a terminal, a pipe and a program get to see: places, hidden characters, widths, long lines, ranges.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use serde_json::{Value, json};

fn run(script: &str, options: &[&str]) -> (String, String) {
    let place = Place::new();
    let (out, err, _) = finished(place.ksr().arg("run").args(options).arg("-").write_stdin(script));
    (out, err)
}

/// Line and column of the error in the message, and in JSON.
fn places(script: &str) -> [(u64, u64); 2] {
    let (_, err) = run(script, &[]);
    let place = err.split_once("[<stdin>:").and_then(|(_, rest)| rest.split_once(']')).expect("a place").0;
    let (line, column) = place.split_once(':').expect("a column");
    let json: Value = serde_json::from_str(run(script, &["--json"]).1.lines().next().expect("a line")).expect("JSON");
    let number = |key: &str| json[key].as_u64().expect("a number");
    [(line.parse().expect("a line"), column.parse().expect("a column")), (number("line"), number("column"))]
}

#[test]
fn a_column_is_the_same_number_everywhere() {
    for (script, place) in [
        ("let Ångström = 1; let β = nosuch", (1, 27)),
        ("# 水\nlet a = \"水素👍\" ; nosuch", (2, 17)),
        ("let a = 1\r\n\tnosuch\r\n", (2, 2)),
        ("let a = 1\rlet b = nosuch", (2, 9)),
        ("\u{feff}nosuch", (1, 1)),
    ] {
        assert_eq!(places(script), [place, place], "{script:?}");
    }
}

#[test]
fn the_underline_stands_below_the_words() {
    let (_, err) = run("let a = \"水素\"; let b =\tnosuch", &[]);
    let lines: Vec<&str> = err.lines().collect();
    let at = lines.iter().position(|line| line.contains("nosuch") && line.contains('│')).expect("the line");
    // Two wide letters take four columns, the tab ends at the next multiple of four.
    let width = |text: &str| text.chars().map(|c| if c > '\u{2fff}' { 2 } else { 1 }).sum::<usize>();
    let column = |line: &str, mark: &str| line.find(mark).map(|at| width(&line[..at]));
    assert_eq!(column(lines[at], "nosuch"), column(lines[at + 1], "───┬──"), "{err}");
}

#[test]
fn the_same_letter_has_one_meaning_in_every_spelling() {
    let (out, err) =
        run("let A\u{30a} = 2\n\u{c5} + \u{212b}\n1 A\u{30a} -> \u{c5}\nlet \u{b5} = 3\n\u{3bc}\n2\u{212b}\n", &[]);
    assert_eq!((out.as_str(), err.as_str()), ("4\n1 Å\n3\n3.779452 bohr\n", ""));
    assert_eq!(places("let A\u{30a} = 1; A\u{30a}b"), [(1, 13); 2]);
}

#[test]
fn nothing_hidden_reaches_the_terminal() {
    let hidden = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{200b}';
    let escape = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{200b}";
    for script in [
        format!("foo # {escape}"),
        format!(
            "let a = \"{escape}\"\na\n[a]\nprint(a)\n{{ b: a, c: a, d: table {{ t: [a, a] }} }}\ntable {{ t: [a] }}"
        ),
        format!("assert(false, \"{escape}\")"),
        format!("let a = load(\"{escape}.npy\")"),
        format!("let a = 1 {escape} 2"),
        format!("plot([1, 2], [nan, 1], labels: [\"{escape}\"])\nplot([1], [1]) |> save(\"{escape}.gif\")"),
    ] {
        for options in [&[][..], &["--json"], &["--quiet"]] {
            let (out, err) = run(&script, options);
            let shown = out + &err;
            // JSON does not echo the line.
            let visible = options.contains(&"--json") || shown.contains("1b");
            assert!(!shown.contains(hidden) && visible, "{script:?}: {shown:?}");
        }
        let place = Place::new();
        let (out, err, _) =
            finished(place.ksr().env("NO_GRAPHICS", "1").args(["run", "-"]).write_stdin(script.as_str()));
        assert!(!(out + &err).contains(hidden), "{script:?}");
    }
    let place = Place::new();
    let name = "a\u{1b}[31m.ksr";
    place.file(name, "let  a = 1\n");
    for arguments in [&["run", "b\u{1b}[2J.ksr"][..], &["check", name], &["fmt", "--check", name], &["fmt", name]] {
        let (out, err, _) = finished(place.ksr().args(arguments));
        assert!(!(out.clone() + &err).contains(hidden) && (out + &err).contains("\\u{1b}["), "{arguments:?}");
    }
    assert!(!finished(place.ksr().arg("--a\u{1b}[2J")).1.contains(hidden));
}

#[test]
fn lines_of_a_text_stay_lines() {
    let (out, _) = run("\"a\\n\\tb\"\nprint(\"c\\nd\")\n[\"e\\nf\"]\n", &[]);
    assert_eq!(out, "a\n\tb\nc\nd\n[\"e\\nf\"]\n");
}

#[test]
fn a_problem_in_words_has_place_line_and_help() {
    let place = Place::new();
    let mut command = place.ksr();
    let (_, err, _) =
        finished(command.env("NO_GRAPHICS", "1").args(["run", "-"]).write_stdin("let β = 1\n  sqtr(β)\n"));
    assert_eq!(
        err,
        "error: the name `sqtr` is not defined\n<stdin>, line 2, column 3: unknown\n  the line is: sqtr(β)\n\
         help: did you mean `sqrt`?\ncode: ksr::names::unknown\n\n"
    );
}

#[test]
fn a_long_line_is_not_echoed_whole() {
    let long = format!("let a = [{}nosuch{}]", "1, ".repeat(100_000), ", 1".repeat(100_000));
    let (_, err) = run(&long, &[]);
    assert!(err.len() < 1500 && err.contains("…") && err.contains("nosuch"), "{}", err.len());
    let block: String = (0..2000).map(|i| format!("  x{i}: 1\n")).collect();
    let (_, err) = run(&format!("1 + {{\n{block}}}"), &[]);
    assert!(err.len() < 2000 && err.contains("ksr::"), "{err}");
}

#[test]
fn a_range_is_the_list_that_it_is() {
    let (out, _) = run("len(0 .. 1000000)\n0 .. 1000000\nkind(0 .. 1e12)\n0 .. 1e12\n", &["--json"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[1]["value"].as_array().map(Vec::len), Some(1_000_001));
    assert_eq!((&lines[0]["value"], &lines[1]["type"]), (&json!(1_000_001), &json!("list")));
    assert_eq!((&lines[2]["value"], &lines[3]["type"]), (&json!("interval"), &json!("interval")));
    assert_eq!(lines[3]["value"], json!([0, 1_000_000_000_000_u64]));
}

#[test]
fn what_a_figure_leaves_out_is_told() {
    let script = "let t = table { x: [1, 2, 3], a: [1, nan, inf], b: [1, 2, 3] }\nplot(t) |> save(\"t.svg\")\n\
                  plot(t, y: \"a\", x_range: 2 .. 3) |> save(\"u.png\")";
    let (_, err) = run(script, &["--json"]);
    assert!(err.contains("2 of 3 points of `a` are not finite and are left out of the figure"), "{err}");
    assert!(err.contains("there is no finite point to draw within the `x_range`"), "{err}");
    let (_, err) = run("plot([1, 2], [nan, nan], labels: [\"E\"]) |> save(\"e.png\")", &["--json"]);
    assert!(err.contains("`E` has 2 points, all nan"), "{err}");
    let (_, err) = run("plot([1, 2], [1, 2], y_range: 2 .. 1)", &[]);
    assert!(err.contains("begins at its larger end"), "{err}");
}

#[test]
fn every_float_can_be_drawn() {
    let place = Place::new();
    for (x, y) in [
        ("[0, 1]", "[0, 1e-310]"),
        ("[0, 1e-310]", "[0, 1]"),
        ("[0, 1]", "[0, 1.7e308]"),
        ("[-1.7e308, 1.7e308]", "[-1.7e308, 1.7e308]"),
        ("[1]", "[1]"),
        ("[1, 2, 3]", "[5, 5, 5]"),
        ("[1, 1, 1]", "[0, 1, 2]"),
    ] {
        let script = format!("plot({x}, {y}) |> save(\"f.svg\")\nplot({x}, {y}) |> save(\"f.png\")");
        let (out, err, status) = finished(place.ksr().args(["run", "-"]).write_stdin(script));
        assert_eq!((out.as_str(), err.as_str(), status), ("", "", 0), "{x} {y}");
        let svg = std::fs::read_to_string(place.path().join("f.svg")).expect("a figure");
        assert!(!svg.to_lowercase().contains("nan") && !svg.contains("inf"), "{x} {y}");
    }
}

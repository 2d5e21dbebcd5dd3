//! What is shown: columns, widths, figures, characters that control terminals.

use super::{Outcome, check, run};
use super::{Refuses, Shows};

#[test]
fn places_count_characters_and_tables_columns() {
    check(
        "",
        &[
            ("let Ångström = 1; let β = nosuch", Refuses("ksr::names::unknown", "line 1, column 27: unknown")),
            ("let a\u{301} = 1\ná", Shows(&["1"])),
            ("let h = \"水水👍\"; nosuch", Refuses("ksr::names::unknown", "line 1, column 16: unknown")),
            ("1 A\u{30a} -> bohr", Shows(&["1.889726 bohr"])),
            (
                "table { name: [\"H2\", \"水素分子\", \"👍👍\", \"e\u{301}\"]; E: [-1.4, -1.2, 3, 4] }",
                Shows(&[
                    "  name         E",
                    "  ──────────────",
                    "  H2        -1.4",
                    "  水素分子  -1.2",
                    "  👍👍       3.0",
                    "  e\u{301}          4.0",
                ]),
            ),
            (
                "table { a: [\"x\\ny\", \"z\"]; b: [\"1\\t2\", \"3\"] }",
                Shows(&["  a     b", "  ──────────", "  x\\ny  1\\t2", "  z     3"]),
            ),
        ],
    );
}

#[test]
fn a_range_is_whole_in_json() {
    for (script, length) in [("0 .. 1000000", 1_000_001), ("-2 .. 3", 6), ("5 .. 5", 1)] {
        let Outcome { out, .. } = run(script, &["--json"]);
        let record: serde_json::Value = serde_json::from_str(&out).expect("an object");
        assert_eq!(
            (record["type"].as_str(), record["value"].as_array().map(Vec::len)),
            (Some("list"), Some(length)),
            "{script}"
        );
    }
}

#[test]
fn terminals_are_not_controlled() {
    let controls = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}";
    for script in [
        format!("foo # {controls}"),
        format!("let a = \"{controls}\"\na\nprint(a)\n{{ k: a }}\n[a]\ntable {{ c: [a] }}"),
        format!("assert(false, \"{controls}\")"),
        format!("load(\"{controls}.ksr\")"),
        format!("system s on uniform(points: 9, spacing: 1) {{ H at 0 }}\ns[\"{controls}\"]"),
    ] {
        for options in [&[][..], &["--json"]] {
            let Outcome { out, err, .. } = run(&script, options);
            let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!out.contains(hidden) && !err.contains(hidden), "{script:?}\n{out:?}\n{err:?}");
            assert!(!(out.is_empty() && err.is_empty()), "{script:?}");
        }
    }
}

#[test]
fn every_range_has_an_axis_and_peaks_stay_in_their_frame() {
    for data in [
        "[0, 1], [0, 1e-310]",
        "[0, 5e-324], [1, 2]",
        "[-1e308, 1e308], [-1.7e308, 1.7e308]",
        "[1, 1 + 1e-16], [3, 3]",
        "0 .. 1000, [if i == 500 then 1 else 0 for i in 0 .. 1000]",
    ] {
        let outcome =
            run(&format!("plot({data}) |> save(\"a.svg\")\nplot({data}) |> save(\"a.png\")\nplot({data})"), &[]);
        assert_eq!((outcome.status, outcome.err.as_str()), (0, ""), "{data}");
        let svg = std::fs::read_to_string(outcome.path("a.svg")).expect("a figure");
        assert!(!svg.contains("nan") && !svg.contains("NaN") && !svg.contains("inf"), "{data}");
        assert!(std::fs::read(outcome.path("a.png")).expect("a figure").len() > 1000, "{data}");
    }
}

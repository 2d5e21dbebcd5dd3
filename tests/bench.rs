//! `ksr bench`: its measurements and its command line.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use serde_json::{Value, json};

/// The objects of a command with `--json`.
fn objects(args: &[&str]) -> Vec<Value> {
    let place = Place::new();
    let (out, err, status) =
        finished(place.ksr().args(["bench", "--json", "--quiet", "--repetitions", "1"]).args(args));
    assert_eq!((err.as_str(), status), ("", 0));
    out.lines().map(|line| serde_json::from_str(line).expect("one object per line")).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn a_set_up_and_the_operators_are_timed() {
    let tables = objects(&["a"]);
    assert_eq!(tables.iter().map(|t| t["name"].as_str()).collect::<Vec<_>>(), [Some("setups"), Some("operators")]);
    let (setups, units) = (&tables[0]["value"], &tables[0]["units"]);
    assert_eq!((&setups["setup"], &units["serial"], &units["published"]), (&json!(["a"]), &json!("ms"), &json!("s")));
    let cell = |name: &str| number(&setups[name][0]);
    assert!(cell("serial") > 0.0 && cell("parallel") > 0.0 && cell("published") == 2.7);
    assert!((cell("ratio") * cell("parallel") / 1e3 / cell("published") - 1.0).abs() < 1e-9);
    assert!(cell("limit") > 0.0 && cell("limit") < 100.0, "{setups}");
    // The same share from the adjacent values.
    let (operations, rate) = (&tables[0]["operations"][0], &tables[0]["matrix_product"]["Gflop/s"]);
    let share = 100.0 * number(operations) / (cell("serial") * 1e-3) / (number(rate) * 1e9);
    assert!((share / cell("limit") - 1.0).abs() < 1e-9);
    if cfg!(target_os = "linux") && !setups["memory"].is_null() {
        assert!((1.0..2000.0).contains(&cell("memory")), "{setups}");
    }
    let operators = &tables[1]["value"];
    for k in 0..4 {
        let cell = |name: &str| number(&operators[name][k]);
        assert!((cell("ratio") * cell("time") / cell("its_time") - 1.0).abs() < 1e-9, "{operators}");
    }
    // True even on a busy machine.
    assert!(number(&operators["ratio"][0]) > 10.0, "warm orbitals against a dense eigensolver: {operators}");
}

#[test]
fn tables_are_for_reading() {
    let place = Place::new();
    let (out, _, status) = finished(place.ksr().args(["bench", "-q", "--repetitions", "1"]));
    assert_eq!(status, 0);
    for words in ["setup", "serial", "a: H and He, sKSR-global", "published program", "Gflop/s", "Toeplitz product"] {
        assert!(out.contains(words), "{words}\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() < 90), "{out}");
    // Nothing is cached.
    assert!(!place.path().join(".cache").exists());
}

#[test]
fn scaling_is_fitted_and_drawn() {
    let place = Place::new();
    let folder = place.path().join("new").join("figures");
    let tables = objects(&["--scaling", "--plot", folder.to_str().expect("a path")]);
    for (table, over) in tables.iter().zip(["points", "systems", "iterations"]) {
        let (xs, times) = (table["value"][over].as_array(), table["value"]["time"].as_array());
        let (xs, times) = (xs.expect("a column"), times.expect("a column"));
        assert!(xs.len() == times.len() && xs.len() >= 4, "{table}");
        // For a problem at least eight times as large.
        assert!(number(&times[xs.len() - 1]) > number(&times[0]), "{table}");
        assert!(number(&table["exponent"]) > 0.0, "{table}");
        let figure = std::fs::read_to_string(folder.join(format!("scaling_{over}.svg"))).expect("a figure");
        assert!(figure.starts_with("<svg") && figure.contains("measured"), "{figure}");
    }
    assert_eq!(tables.len(), 3);
}

#[test]
fn a_wrong_command_line_has_status_2() {
    let place = Place::new();
    let file = place.file("file", "");
    let below = file.join("folder");
    let below = below.to_str().expect("a path");
    for args in [
        &["d"][..],
        &["--repetitions", "0"],
        &["--repetitions", "many"],
        &["a", "--scaling"],
        &["--plot", "figures"],
        &["--scaling", "--plot", below],
        &["--fast"],
    ] {
        let (out, err, status) = finished(place.ksr().arg("bench").args(args));
        assert_eq!((out.as_str(), status), ("", 2), "{args:?}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"), "{args:?}: {err}");
    }
    let (_, err, _) = finished(place.ksr().args(["bench", "--json", "--scaling", "--plot", below]));
    let error: Value = serde_json::from_str(err.trim()).expect("an object");
    assert_eq!(error["level"], "error");
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_it_with_status_130() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
        .args(["bench", "--json", "--repetitions", "1000"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksr starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("matrix products")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    assert!(lines.any(|line| line.contains("interrupted")));
    assert_eq!(child.wait().expect("ksr ends").code(), Some(130));
}

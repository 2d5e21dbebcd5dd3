//! Every example runs, from a copy in an empty folder and with an empty cache. Where a file has a `let steps` or
//! `let most_electrons`, it is shortened: what a full training reaches is checked by running the example itself.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use std::fs;
use std::path::PathBuf;

/// What is smaller in a shortened example: training steps, and the largest number of electrons solved exactly.
const SHORTENED: [(&str, usize); 2] = [("steps", 2), ("most_electrons", 2)];

fn examples() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = fs::read_dir(folder).map(|d| d.filter_map(Result::ok).map(|e| e.path()).collect::<Vec<_>>());
    let mut files = files.unwrap_or_default();
    files.retain(|p| p.extension().is_some_and(|e| e == "ksr"));
    files.sort();
    files
}

#[test]
fn every_example_runs() {
    for example in examples() {
        let place = Place::new();
        let name = example.file_name().expect("a name");
        for file in examples() {
            fs::copy(&file, place.path().join(file.file_name().expect("a name"))).expect("a copy");
        }
        let text = fs::read_to_string(&example).expect("an example");
        let mut command = place.ksr();
        command.arg("run").arg("--quiet").arg(name);
        for (name, value) in SHORTENED {
            if text.lines().any(|l| l.starts_with(&format!("let {name} "))) {
                command.arg("--set").arg(format!("{name}={value}"));
            }
        }
        let (out, err, status) = finished(&mut command);
        assert_eq!(status, 0, "{}\n{out}\n{err}", example.display());
    }
}

#[test]
fn every_example_passes_the_check() {
    for example in examples() {
        let place = Place::new();
        let (out, err, status) = finished(place.ksr().arg("check").arg(&example));
        assert_eq!(status, 0, "{}\n{out}\n{err}", example.display());
    }
}

//! Every example runs, from a copy in an empty folder and with a cache that all share: exact answers are wanted by several.
//! Where a file has a `let steps` or a `let seeds`, it is shortened: what a full training reaches is checked by running the
//! example itself.
//!
//! What an example shows is that of its snapshot, to the last digits; of one that trains, to a hundredth. `INSTA_UPDATE=always` writes
//! the snapshots anew.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/alike.rs"]
mod alike;
#[path = "helpers/command.rs"]
mod command;

use alike::{SAME, TRAINED, alike};
use command::{Place, finished};
use std::fs;
use std::path::PathBuf;

/// What a shortened example gets instead of its own values.
const SHORT: [(&str, &str); 2] = [("steps", "2"), ("seeds", "[0, 1]")];

fn examples() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = fs::read_dir(folder).map(|d| d.filter_map(Result::ok).map(|e| e.path()).collect::<Vec<_>>());
    let mut files = files.unwrap_or_default();
    files.retain(|p| p.extension().is_some_and(|e| e == "ksr"));
    files.sort();
    files
}

#[test]
fn every_example_shows_what_it_did() {
    let cache = Place::new();
    for example in examples() {
        let place = Place::new();
        let name = example.file_name().expect("a name");
        for file in examples() {
            fs::copy(&file, place.path().join(file.file_name().expect("a name"))).expect("a copy");
        }
        let text = fs::read_to_string(&example).expect("an example");
        let mut command = place.ksr();
        command.env("KSR_CACHE_DIR", cache.path()).arg("run").arg("--quiet").arg(name);
        for (value, short) in SHORT {
            if text.lines().any(|l| l.starts_with(&format!("let {value} "))) {
                command.arg("--set").arg(format!("{value}={short}"));
            }
        }
        let (out, err, status) = finished(&mut command);
        assert_eq!(status, 0, "{}\n{out}\n{err}", example.display());
        let stem = example.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        check_output(stem, &out, if text.contains("= train ") { TRAINED } else { SAME });
    }
}

/// Against the snapshot, in which numbers that differ by no more than a part of their size count as the same.
fn check_output(example: &str, out: &str, part: f64) {
    let file = format!("{}/tests/snapshots/examples__{example}.snap", env!("CARGO_MANIFEST_DIR"));
    let stored = fs::read_to_string(file).unwrap_or_default();
    // Two lines of `---` enclose the head.
    if !stored.splitn(3, "---\n").nth(2).is_some_and(|stored| alike(stored, out, part)) {
        insta::assert_snapshot!(example, out);
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

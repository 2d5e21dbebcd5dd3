//! Every example runs, from a copy in an empty folder and with a shared cache, because several need the same exact answers.
//! Files with `let steps`, `let seeds` or `let every` (the distance of geometries) are shortened; the result of a full training is checked by running the example itself.
//!
//! The output of an example is compared with its snapshot, up to the last digits; with a training, to one percent.
//! `INSTA_UPDATE=always` rewrites the snapshots.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/alike.rs"]
mod alike;
#[path = "helpers/command.rs"]
mod command;

use alike::{SAME, TRAINED_BRIEFLY, alike};
use command::{Place, finished};
use std::fs;
use std::path::PathBuf;

/// The fraction by which numbers may differ where a cross-validation chooses between candidates that are as good: rounding, different
/// on every processor, decides, and ill-conditioned matrices amplify it.
const CHOSEN: f64 = 0.95;

/// The values in a shortened example.
const SHORT: [(&str, &str); 3] = [("steps", "2"), ("seeds", "[0, 1]"), ("every", "0.96")];

fn examples() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = fs::read_dir(folder).map(|d| d.filter_map(Result::ok).map(|e| e.path()).collect::<Vec<_>>());
    let mut files = files.unwrap_or_default();
    files.retain(|p| p.extension().is_some_and(|e| e == "ksr"));
    files.sort();
    files
}

#[test]
fn every_example_shows_its_snapshot() {
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
        let part = match &text {
            text if text.contains("cross_validate(") => CHOSEN,
            text if text.contains("= train ") => TRAINED_BRIEFLY,
            _ => SAME,
        };
        check_output(stem, &out, part);
    }
}

/// Compares with the snapshot; numbers count as equal if they differ by at most the fraction `part` of their size.
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

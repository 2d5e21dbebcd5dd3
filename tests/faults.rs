//! What went wrong once, as a user sees it: scripts of one kind of fault each, with what is right for all of them.
#![allow(clippy::expect_used, clippy::panic)] // a test may fail

#[path = "faults/calculations.rs"]
mod calculations;
#[path = "faults/files.rs"]
mod files;
#[path = "faults/numbers.rs"]
mod numbers;
#[path = "faults/resources.rs"]
mod resources;
#[path = "faults/shown.rs"]
mod shown;

use std::path::{Path, PathBuf};

/// What is right.
enum Right {
    /// Success, nothing on standard error, these lines on standard output.
    Shows(&'static [&'static str]),
    /// Success, and a warning or note with this code and text.
    Tells(&'static str, &'static str),
    /// Status 1, and an error with this code and text.
    Refuses(&'static str, &'static str),
}
use Right::{Refuses, Shows, Tells};

/// What a run left behind.
struct Outcome {
    folder: tempfile::TempDir,
    out: String,
    err: String,
    status: i32,
}

impl Outcome {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Runs a script, `script.ksr`, in a folder of its own with an empty cache.
fn run(script: &str, options: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("script.ksr"), script).expect("written");
    let (out, err, status) = run_in(folder.path(), options);
    Outcome { folder, out, err, status }
}

/// Runs the script of a folder: standard output, standard error, status.
fn run_in(folder: &Path, options: &[&str]) -> (String, String, i32) {
    let run = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
        .args(["run", "-q"])
        .args(options)
        .arg("script.ksr")
        .current_dir(folder)
        .env("KSR_CACHE_DIR", folder.join(".cache"))
        .env("NO_GRAPHICS", "1")
        .output()
        .expect("ksr runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(run.stdout), text(run.stderr), run.status.code().expect("an exit status"))
}

/// Checks scripts that begin alike.
fn check(head: &str, scripts: &[(&str, Right)]) {
    for (script, right) in scripts {
        let Outcome { out, err, status, .. } = &run(&format!("{head}{script}\n"), &[]);
        let seen = format!("{script}\nstatus {status}\n{out}\n{err}");
        match right {
            Shows(lines) => {
                assert_eq!((*status, err.as_str()), (0, ""), "{seen}");
                assert_eq!(out.lines().collect::<Vec<_>>(), *lines, "{seen}");
            }
            Tells(code, text) => {
                assert!(*status == 0 && err.contains(&format!("code: {code}\n")) && err.contains(text), "{seen}");
            }
            Refuses(code, text) => {
                assert!(*status == 1 && err.contains(&format!("code: {code}\n")) && err.contains(text), "{seen}");
            }
        }
    }
}

//! Every script of `tests/errors` has one error (or earns one warning or note). What users see of it is a snapshot, and all
//! of them together are `docs/errors.md`, from which `ksr explain` answers.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");

const HEAD: &str = "# Errors

What ksr says, by code. Every message below came from running the script above it; `ksr explain CODE` shows a section.
This page is written by the tests: `KSR_UPDATE_DOCS=1 cargo test --release --test gallery`.
";

fn scripts() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(FOLDER)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("tests/errors") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "ksr") && !is_part(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file that others use: its name begins with `_`.
fn is_part(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('_'))
}

/// What a script shows, prints and complains about; run in a copy of its folder, so that paths are short and stable.
fn shown(script: &Path) -> (String, i32) {
    let place = Place::new();
    let folder = script.parent().expect("a folder");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, place.path().join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    let name = script.file_name().expect("a name");
    let (out, err, status) = finished(place.ksr().arg("run").arg("--quiet").arg(name));
    let lines: Vec<String> = format!("{out}{err}").lines().map(|l| l.trim_end().to_owned()).collect();
    (lines.join("\n").trim_matches('\n').to_owned(), status)
}

#[test]
fn every_error_looks_as_it_should() {
    let mut sections: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for script in scripts() {
        let text = fs::read_to_string(&script).expect("a script");
        let (message, status) = shown(&script);
        let name = script.strip_prefix(FOLDER).expect("inside").with_extension("");
        let name = name.to_string_lossy().replace(['/', '\\'], "__");
        assert!(status == 0 || status == 1, "{name}: status {status}\n{message}");
        assert!(!message.contains("panicked"), "{name}:\n{message}");
        let codes: Vec<&str> = message.lines().filter(|l| l.starts_with("ksr::")).collect();
        assert!(!codes.is_empty(), "{name}: no code\n{message}");
        insta::assert_snapshot!(name, format!("{}\n\n{message}\n\nstatus {status}", text.trim_end()));
        sections.entry(codes[0].trim().to_owned()).or_default().push((text, message));
    }
    compare(&page(&sections));
}

fn page(sections: &BTreeMap<String, Vec<(String, String)>>) -> String {
    let mut page = HEAD.to_owned();
    for (code, examples) in sections {
        page.push_str(&format!("\n## `{code}`\n"));
        for (script, message) in examples {
            page.push_str(&format!("\n```text\n{}\n```\n\n```text\n{message}\n```\n", script.trim_end()));
        }
    }
    page
}

fn compare(wanted: &str) {
    if std::env::var_os("KSR_UPDATE_DOCS").is_some() {
        fs::write(PAGE, wanted).expect("docs/errors.md");
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == wanted, "docs/errors.md is stale: run KSR_UPDATE_DOCS=1 cargo test --release --test gallery");
}

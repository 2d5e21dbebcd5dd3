//! Every script of `tests/errors` has one error (or earns one warning or note). What users see of it is a snapshot, and all
//! of them together are `docs/errors.md`, from which `ksr explain` answers.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");

const HEAD: &str = "# Errors

What ksr says, by code; `ksr explain CODE` shows a section. A message below a script came from running it; where no script
shows a code, its message stands in the form that the program has, with `{…}` for what differs.
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
    compare(&page(&sections, &templates()));
}

/// The messages of all codes, as the sources have them.
fn templates() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => sources.push(path),
            }
        }
    }
    sources.sort();
    for path in sources.iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let text = fs::read_to_string(path).expect("a source");
        for part in text.split("#[error(").skip(1) {
            let Some((message, rest)) = literal(part) else { continue };
            let code = rest.split_once("code(ksr::").and_then(|(_, after)| after.split_once(')'));
            if let Some((code, _)) = code {
                found.entry(format!("ksr::{code}")).or_default().push(message);
            }
        }
    }
    found
}

/// The string that a text begins with, its lines joined, and what follows.
fn literal(text: &str) -> Option<(String, &str)> {
    let (inside, rest) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    let lines: Vec<&str> = inside.split("\\\n").map(str::trim_start).collect();
    Some((lines.concat(), rest))
}

fn page(sections: &BTreeMap<String, Vec<(String, String)>>, templates: &BTreeMap<String, Vec<String>>) -> String {
    let mut page = HEAD.to_owned();
    let codes: BTreeSet<&String> = sections.keys().chain(templates.keys()).collect();
    for code in codes {
        page.push_str(&format!("\n## `{code}`\n"));
        let Some(examples) = sections.get(code) else {
            for message in &templates[code] {
                page.push_str(&format!("\n```text\n{message}\n```\n"));
            }
            continue;
        };
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

//! Every script of `tests/errors` has one error (or causes one warning or note). Its message is a snapshot, and one script per
//! code is the example in `docs/errors.md`, which `ksr explain` displays.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;
#[path = "helpers/errors_page.rs"]
mod errors_page;

use command::{Place, finished};
use errors_page::Example;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");

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

/// A file used by others: its name begins with `_`.
fn is_part(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('_'))
}

/// The output and messages of a script, run in a copy of its folder, so that paths are short and stable.
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
    let mut examples: BTreeMap<String, Vec<Example>> = BTreeMap::new();
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
        let name = script.file_stem().expect("a name").to_string_lossy();
        for code in codes.into_iter().collect::<BTreeSet<_>>() {
            examples.entry(code.to_owned()).or_default().push(Example::new(&name, &text, &message, code));
        }
    }
    let entries = errors_page::entries(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    match errors_page::page(&entries, &examples) {
        Ok(page) => compare(&page),
        Err(missing) => panic!("docs/errors.md cannot be written:\n{}", missing.join("\n")),
    }
}

fn compare(wanted: &str) {
    if std::env::var_os("KSR_UPDATE_DOCS").is_some() {
        fs::write(PAGE, wanted).expect("docs/errors.md");
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == wanted, "docs/errors.md is stale: run `cargo pages`");
}

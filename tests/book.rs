//! The book stays true: every `ksr` snippet of README.md, CHANGELOG.md and docs/ runs and shows the output below it, and the
//! reference is written from the interpreter's own registry.
//!
//! The snippets of a page are one script, in order. The `text` block after a snippet is its output, up to the last
//! digits; one marked `text trained` is the result of training, which depends on the processor: it has four digits and
//! may be off by one percent. A snippet marked `ksr wrong` runs alone and fails with the message below it; one marked
//! `ksr alone` runs alone; one marked `ksr part` is part of a script and does not run. `cargo pages` rewrites the
//! blocks and the reference.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/alike.rs"]
mod alike;
#[path = "helpers/command.rs"]
mod command;
#[path = "helpers/reference.rs"]
mod reference;

use alike::{SAME, TRAINED, alike, shortened};
use command::{Place, finished};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The word after the fence of a block with trained numbers.
const TRAINED_TEXT: &str = "text trained";
/// Printed between the snippets of a page.
const MARK: &str = "=== snippet ===";

fn update() -> bool {
    std::env::var_os("KSR_UPDATE_DOCS").is_some()
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).expect("docs").map(|e| e.expect("an entry").path());
    let generated = |p: &PathBuf| p.ends_with("errors.md") || p.ends_with("reference.md");
    let mut pages: Vec<PathBuf> = docs.filter(|p| p.extension().is_some_and(|e| e == "md") && !generated(p)).collect();
    pages.extend(["README.md", "CHANGELOG.md"].map(|page| Path::new(ROOT).join(page)));
    pages.sort();
    pages
}

/// A piece of a page: prose, or a fenced block with the word after its fence.
#[derive(Clone, Debug)]
struct Piece {
    fence: Option<String>,
    text: String,
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = vec![Piece { fence: None, text: String::new() }];
    for line in page.split_inclusive('\n') {
        let inside = pieces.last().is_some_and(|p| p.fence.is_some());
        match line.trim_end().strip_prefix("```") {
            Some("") if inside => pieces.push(Piece { fence: None, text: String::new() }),
            Some(word) if !inside => pieces.push(Piece { fence: Some(word.to_owned()), text: String::new() }),
            _ => pieces.last_mut().expect("a piece").text.push_str(line),
        }
    }
    pieces
}

fn written(pieces: &[Piece]) -> String {
    let one = |p: &Piece| match &p.fence {
        None => p.text.clone(),
        Some(word) => format!("```{word}\n{}```\n", p.text),
    };
    pieces.iter().map(one).collect()
}

/// The output of snippets, by the index of their piece.
fn run(page: &Path, pieces: &[Piece]) -> Vec<(usize, String)> {
    let of = |word: &'static str| {
        pieces
            .iter()
            .enumerate()
            .filter(move |(_, p)| p.fence.as_deref() == Some(word))
            .map(|(i, p)| (i, p.text.clone()))
    };
    let mut shown = Vec::new();
    let session: Vec<(usize, String)> = of("ksr").collect();
    if !session.is_empty() {
        let script: String = session.iter().map(|(_, text)| format!("{text}print(\"{MARK}\")\n")).collect();
        let (out, err, status) = script_output(&script);
        assert_eq!(status, 0, "{}: {err}\n{out}", page.display());
        let mark = format!("{MARK}\n");
        shown.extend(session.iter().map(|(i, _)| *i).zip(out.split(&mark).map(str::to_owned)));
    }
    for (index, text) in of("ksr alone") {
        let (out, err, status) = script_output(&text);
        assert_eq!(status, 0, "{}: {err}\n{text}", page.display());
        shown.push((index, out));
    }
    for (index, text) in of("ksr wrong") {
        let (_, err, status) = script_output(&text);
        assert_eq!(status, 1, "{}: {err}\n{text}", page.display());
        shown.push((index, err));
    }
    shown
}

/// Runs a script in a folder next to the examples.
fn script_output(script: &str) -> (String, String, i32) {
    let place = Place::new();
    place.file("script.ksr", script);
    finished(place.ksr().args(["run", "--quiet", "script.ksr"]))
}

#[test]
fn every_snippet_shows_the_output_below_it() {
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let mut found = pieces(&text);
        for (index, shown) in run(&page, &found.clone()) {
            let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
            let shown = format!("{}\n", lines.join("\n").trim_matches('\n'));
            let fence = found.get(index + 2).and_then(|p| p.fence.as_deref());
            let trained = fence == Some(TRAINED_TEXT);
            let (shown, part) = if trained { (shortened(&shown), TRAINED) } else { (shown, SAME) };
            let below = found.get(index + 2).filter(|_| trained || fence == Some("text"));
            let adjacent = found.get(index + 1).is_some_and(|p| p.text.trim().is_empty());
            match below.filter(|_| adjacent) {
                // Output that differs only in its last digits is left as it is.
                Some(below) if alike(&below.text, &shown, part) => {}
                Some(_) => found[index + 2].text = shown,
                None => assert!(shown.trim().is_empty(), "{}: this snippet shows\n{shown}", page.display()),
            }
        }
        let wanted = written(&found);
        if update() {
            fs::write(&page, &wanted).expect("a page");
        }
        assert!(text == wanted || update(), "{} is stale; it should be:\n{wanted}", page.display());
    }
}

#[test]
fn the_reference_matches_the_interpreter() {
    let path = Path::new(ROOT).join("docs/reference.md");
    let wanted = reference::page();
    if update() {
        fs::write(&path, &wanted).expect("docs/reference.md");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == wanted, "docs/reference.md is stale: run `cargo pages`");
}

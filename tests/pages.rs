//! The pages are consistent: every link between them leads to a page and a heading, the book contains all of them, and the
//! citation names the project's version.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A page: the targets of its links, its own link targets, and its texts in backticks.
struct Page {
    links: Vec<String>,
    code: Vec<String>,
    anchors: BTreeSet<String>,
}

/// The Markdown files of a folder.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
    entries.filter(|p| p.extension().is_some_and(|e| e == "md")).collect()
}

fn pages() -> BTreeMap<PathBuf, Page> {
    let root = Path::new(ROOT);
    let files = markdown(root).into_iter().chain(markdown(&root.join("docs")));
    files.map(|path| (path.clone(), page(&fs::read_to_string(&path).expect("a page")))).collect()
}

fn page(text: &str) -> Page {
    let mut page = Page { links: Vec::new(), code: Vec::new(), anchors: BTreeSet::new() };
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        if let Event::Code(code) = &event {
            page.code.push(code.to_string());
        }
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.to_string())
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let free = (0..).map(|k| if k == 0 { anchor.clone() } else { format!("{anchor}-{k}") });
                page.anchors.extend(free.into_iter().find(|a| !page.anchors.contains(a)));
            }
            _ => {}
        }
    }
    page
}

/// The name of a heading in links, in mdBook and on code hosts.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

/// Without `a/..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut whole, part| {
        match part {
            Component::ParentDir => drop(whole.pop()),
            other => whole.push(other),
        }
        whole
    })
}

#[test]
fn links_lead_to_a_page_and_a_heading() {
    let pages = pages();
    let docs = Path::new(ROOT).join("docs");
    let mut wrong = Vec::new();
    for (path, page) in &pages {
        for link in page.links.iter().filter(|l| !l.contains("://")) {
            let (file, heading) = link.split_once('#').map_or((link.as_str(), None), |(f, h)| (f, Some(h)));
            let target = if file.is_empty() { path.clone() } else { plain(&path.with_file_name(file)) };
            let inside = !path.starts_with(&docs) || target.starts_with(&docs);
            let found = heading.is_none_or(|h| pages.get(&target).is_some_and(|p| p.anchors.contains(h)));
            if !target.exists() || !inside || !found {
                wrong.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these links are broken or leave the book:\n{}", wrong.join("\n"));
}

#[test]
fn files_that_are_named_exist() {
    let folders =
        ["src/", "tests/", "docs/", "examples/", "stdlib/", "grammar/", "benches/", "assets/", ".ci/", ".github/"];
    let mut wrong = Vec::new();
    for (path, page) in &pages() {
        let named =
            page.code.iter().filter(|c| folders.iter().any(|f| c.starts_with(f)) && !c.contains(['*', ' ', '…']));
        wrong.extend(named.filter(|c| !Path::new(ROOT).join(c).exists()).map(|c| format!("{}: {c}", path.display())));
    }
    assert!(wrong.is_empty(), "these files do not exist:\n{}", wrong.join("\n"));
}

#[test]
fn the_book_has_every_page() {
    let docs = Path::new(ROOT).join("docs");
    let summary = page(&fs::read_to_string(docs.join("SUMMARY.md")).expect("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = summary.links.iter().map(|l| docs.join(l)).collect();
    let there: BTreeSet<PathBuf> = markdown(&docs).into_iter().filter(|p| !p.ends_with("SUMMARY.md")).collect();
    assert_eq!(listed, there);
}

#[test]
fn a_broken_link_would_be_found() {
    let page = page(
        "# A `b::c` (d)\n\n## Twice\n\n## Twice\n\n`](code)` [x](y.md#z)\n\n```text\n# no [heading](or link)\n```\n",
    );
    assert_eq!(page.anchors, BTreeSet::from(["a-bc-d".to_owned(), "twice".to_owned(), "twice-1".to_owned()]));
    assert_eq!(page.links, ["y.md#z"]);
}

#[test]
fn a_citation_names_this_version() {
    let citation = fs::read_to_string(Path::new(ROOT).join("CITATION.cff")).expect("CITATION.cff");
    assert!(citation.lines().any(|l| l == concat!("version: ", env!("CARGO_PKG_VERSION"))), "{citation}");
}

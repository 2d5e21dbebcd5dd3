//! `docs/errors.md`: for every code the documentation of its variant in the sources, and one example from the gallery.
//!
//! The first paragraphs of the documentation of a variant say why the error happens, and the last one, which begins with
//! `What to do:`, what helps. If several variants share a code, at least one of them must have it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, ExprLit, Item, Lit, LitStr, Meta};

const TO_DO: &str = "What to do: ";

const HEAD: &str = "# Errors

What each error, warning and note means, and what to do about it. `ksr explain CODE` shows one section of this page.

This page is made by the tests, from the sources and from the scripts in `tests/errors`; `cargo pages` writes it.
";

/// The stages in which errors can occur, in the order in which a script passes through them.
const STAGES: [(&str, &str); 17] = [
    ("parse", "syntax"),
    ("names", "names and modules"),
    ("arity", "arguments"),
    ("types", "kinds of values"),
    ("units", "units and dimensions"),
    ("run", "running a script"),
    ("grid", "grids"),
    ("system", "systems"),
    ("data", "data sets"),
    ("shape", "shapes inside a functional or loss"),
    ("functional", "functionals"),
    ("loss", "losses"),
    ("model", "parameters of a model"),
    ("orbitals", "orbitals"),
    ("ks", "Kohn-Sham iterations"),
    ("exact", "exact answers"),
    ("train", "training"),
];

/// The information about a code in the sources.
#[derive(Default)]
pub struct Entry {
    messages: Vec<String>,
    /// Why it occurs, and what to do.
    advice: Vec<[String; 2]>,
}

/// A script and the message with one code.
pub struct Example {
    name: String,
    script: String,
    message: Vec<String>,
}

impl Example {
    /// Keeps the text after the first line with the code, up to the next code.
    pub fn new(name: &str, script: &str, shown: &str, code: &str) -> Self {
        let after = shown.lines().skip_while(|l| *l != code).skip(1);
        let message: Vec<&str> = after.take_while(|l| !l.starts_with("ksr::")).collect();
        let message = message.join("\n").trim_matches('\n').lines().map(str::to_owned).collect();
        Self { name: name.to_owned(), script: script.trim_end().to_owned(), message }
    }

    /// Whether the message shows the whole script.
    fn shows_script(&self) -> bool {
        let shown = |line: &str| self.message.iter().any(|m| m.ends_with(&format!("│ {line}")));
        self.script.lines().filter(|l| !l.is_empty()).all(shown)
    }

    fn lines(&self) -> usize {
        self.script.lines().count() + self.message.len()
    }
}

/// Everything with a code in the sources below a folder.
pub fn entries(folder: &Path) -> BTreeMap<String, Entry> {
    let mut found = BTreeMap::new();
    for path in sources(folder) {
        collect(&fs::read_to_string(&path).expect("a source"), &mut found);
    }
    found
}

fn collect(source: &str, found: &mut BTreeMap<String, Entry>) {
    for item in syn::parse_file(source).expect("Rust").items {
        match item {
            Item::Enum(item) => item.variants.iter().for_each(|v| read(&v.attrs, found)),
            Item::Struct(item) => read(&item.attrs, found),
            _ => {}
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Code, message and documentation of a variant, if it has a code.
fn read(attributes: &[Attribute], found: &mut BTreeMap<String, Entry>) {
    let (mut code, mut message, mut lines) = (None, None, Vec::new());
    for attribute in attributes {
        match &attribute.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => {
                if let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &doc.value {
                    lines.push(line.value().trim().to_owned());
                }
            }
            Meta::List(list) if list.path.is_ident("diagnostic") => {
                let words: Vec<String> = list.tokens.clone().into_iter().map(|t| t.to_string()).collect();
                let inside = words.iter().position(|w| w == "code").and_then(|i| words.get(i + 1));
                code = inside.map(|c| c.replace([' ', '(', ')'], ""));
            }
            Meta::List(list) if list.path.is_ident("error") => {
                let first = list.tokens.clone().into_iter().next().map(|t| t.to_string());
                message = first.and_then(|t| syn::parse_str::<LitStr>(&t).ok()).map(|t| t.value());
            }
            _ => {}
        }
    }
    let (Some(code), Some(message)) = (code, message) else { return };
    let entry: &mut Entry = found.entry(code).or_default();
    entry.messages.push(message);
    if let Some((why, to_do)) = lines.join("\n").split_once(&format!("\n\n{TO_DO}")) {
        // One line per paragraph: readers have windows of different widths.
        let unwrapped = |text: &str| text.split("\n\n").map(|p| p.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
        entry.advice.push([unwrapped(why), unwrapped(to_do)]);
    }
}

/// The whole page, or a list of what is missing.
pub fn page(
    entries: &BTreeMap<String, Entry>,
    examples: &BTreeMap<String, Vec<Example>>,
) -> Result<String, Vec<String>> {
    let stage = |code: &str| code.split("::").nth(1).unwrap_or_default().to_owned();
    let known = |code: &str| STAGES.iter().any(|(name, _)| *name == stage(code));
    let mut missing: Vec<String> = Vec::new();
    missing.extend(entries.keys().filter(|c| !known(c)).map(|c| format!("{c} belongs to a stage that is not listed")));
    let silent = |e: &Entry| e.advice.is_empty();
    missing.extend(entries.iter().filter(|(_, e)| silent(e)).map(|(c, _)| format!("{c} has no `{TO_DO}`")));
    missing.extend(examples.keys().filter(|c| !entries.contains_key(*c)).map(|c| format!("{c} is not in the sources")));
    if !missing.is_empty() {
        return Err(missing);
    }
    let (mut index, mut sections) = (String::new(), String::new());
    for (name, title) in STAGES {
        let codes: Vec<&String> = entries.keys().filter(|c| stage(c) == name).collect();
        if codes.is_empty() {
            continue;
        }
        let link = |code: &&String| {
            let last = code.rsplit("::").next().unwrap_or(code);
            format!("[{last}](#{})", code.replace("::", ""))
        };
        let links: Vec<String> = codes.iter().map(link).collect();
        index.push_str(&wrapped(format!("- `{name}`, {title}:"), &links));
        sections.push_str(&format!("\n## `{name}`: {title}\n"));
        for code in codes {
            section(code, &entries[code], examples.get(code).map_or(&[], Vec::as_slice), &mut sections);
        }
    }
    Ok(format!("{HEAD}\n{index}{sections}"))
}

fn section(code: &str, entry: &Entry, examples: &[Example], page: &mut String) {
    page.push_str(&format!("\n### `{code}`\n"));
    for [why, to_do] in &entry.advice {
        page.push_str(&format!("\n{why}\n\n**What to do:** {to_do}\n"));
    }
    // The one named like the code, or else the shortest.
    let named = |e: &&Example| Some(e.name.as_str()) == code.rsplit("::").next();
    let Some(example) = examples.iter().find(named).or_else(|| examples.iter().min_by_key(|e| e.lines())) else {
        page.push_str(&format!("\n```text\n{}\n```\n", entry.messages.join("\n")));
        return;
    };
    if !example.shows_script() {
        page.push_str(&format!("\n```ksr\n{}\n```\n", example.script));
    }
    page.push_str(&format!("\n```text\n{}\n```\n", example.message.join("\n")));
}

/// Pieces joined by commas, in lines that are not too long; all but the first begin with two spaces.
fn wrapped(first: String, pieces: &[String]) -> String {
    let mut lines = vec![first];
    for (i, piece) in pieces.iter().enumerate() {
        let comma = if i + 1 < pieces.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + piece.len() < 130 => line.push_str(&format!(" {piece}{comma}")),
            _ => lines.push(format!("  {piece}{comma}")),
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_code_is_explained_or_missed() {
    let variant = |docs: &str| {
        format!("enum E {{ {docs}\n#[error(\"a {{x}}\")] #[diagnostic(code(ksr::units::clash), help(\"h\"))] A }}")
    };
    let made = |docs: &str| {
        let mut entries = BTreeMap::new();
        collect(&variant(docs), &mut entries);
        page(&entries, &BTreeMap::new())
    };
    assert_eq!(made("/// Why."), Err(vec![format!("ksr::units::clash has no `{TO_DO}`")]));
    let page = made("/// Why\n/// so.\n///\n/// What to do: this.\n").expect("a page");
    assert!(
        page.ends_with("### `ksr::units::clash`\n\nWhy so.\n\n**What to do:** this.\n\n```text\na {x}\n```\n"),
        "{page}"
    );
}

//! `docs/reference.md` from the registry: functions, members, options in blocks, the standard library, units, words, REPL
//! commands.

use ksr::interp::call::EACH;
use ksr::interp::entries;
use ksr::interp::eval::documented_members;
use ksr::interp::registry::TOPICS;
use ksr::lang::Dimension;
use ksr::lang::units::UNITS;
use ksr::lang::words::RESERVED;
use std::fmt::Write;
use std::fs;

const HEAD: &str = "# Reference

Written from the interpreter's own registry by the tests; in the REPL, `:doc NAME` shows the same.
";

/// The whole page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    functions(&mut page);
    members(&mut page);
    blocks(&mut page);
    library(&mut page);
    units(&mut page);
    let _ = write!(page, "\n## Reserved words\n\n{}. Inside a `system`, `at` too.\n", code_list(RESERVED));
    commands(&mut page);
    page
}

fn code_list(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

fn functions(page: &mut String) {
    page.push_str("\n## Functions and constants\n");
    for topic in TOPICS {
        let _ = write!(page, "\n### {}\n", topic.name);
        for builtin in topic.builtins {
            let _ = write!(page, "\n**`{}`** {}\n", builtin.signature(), builtin.summary);
            let kinds = builtin.kinds();
            if !kinds.is_empty() && builtin.params.iter().any(|param| param.takes != EACH) {
                let _ = write!(page, "\n{kinds}\n");
            }
            if builtin.examples.is_empty() {
                continue;
            }
            page.push_str("\n```text\n");
            for example in builtin.examples {
                let gives = example.gives.map_or(String::new(), |g| format!("   # {g}"));
                let _ = writeln!(page, "{}{gives}", example.code);
            }
            page.push_str("```\n");
        }
    }
}

fn members(page: &mut String) {
    page.push_str("\n## Members\n");
    for (kind, entries) in documented_members() {
        let _ = write!(page, "\n### of {}\n\n", kind.words());
        for (name, about) in entries {
            let _ = writeln!(page, "- `.{name}`: {about}");
        }
    }
}

fn blocks(page: &mut String) {
    page.push_str("\n## Options in blocks\n");
    for block in entries() {
        let _ = write!(page, "\n### of {}\n\n", block.of);
        for entry in block.entries {
            let _ = writeln!(page, "- `{}:` {}", entry.name, entry.about);
        }
    }
}

/// The heads and `##` lines of the standard library; definitions without `##` are internal.
fn library(page: &mut String) {
    page.push_str("\n## Standard library\n\nWritten in ksr, in `stdlib/`. `use std.losses` binds `losses`; the names of `atoms` and \
                   `interactions` are known without `use`.\n");
    for module in ksr::interp::standard_modules() {
        let path = format!("{}/stdlib/{module}.ksr", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).expect("a module");
        let _ = write!(page, "\n### {module}\n\n");
        let mut docs = Vec::new();
        for line in text.lines() {
            if let Some(doc) = line.strip_prefix("##") {
                docs.push(doc.trim().to_owned());
            } else if let Some(head) = head(line).filter(|_| !docs.is_empty()) {
                let _ = writeln!(page, "- `{head}`: {}", docs.join(" ").trim());
                docs.clear();
            } else if !line.starts_with('@') {
                docs.clear();
            }
        }
    }
}

/// The head of a definition at the beginning of a line.
fn head(line: &str) -> Option<String> {
    let words = ["fn ", "functional ", "kinetic functional ", "loss ", "let ", "system "];
    let rest = words.iter().find_map(|w| line.strip_prefix(w))?;
    let end = match rest.find(['(', '=', '{'])? {
        open if rest[open..].starts_with('(') => closed(rest, open)?,
        end => end,
    };
    Some(rest[..end].trim().to_owned())
}

/// The position after the bracket that closes the one at `open`.
fn closed(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        depth += match c {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        if depth == 0 {
            return Some(open + at + 1);
        }
    }
    None
}

fn units(page: &mut String) {
    page.push_str("\n## Units\n");
    for dimension in [Dimension::ENERGY, Dimension::LENGTH, Dimension::MEMORY] {
        let _ = write!(page, "\n| {} | in {} | |\n|---|---|---|\n", dimension.words(), dimension.unit());
        for unit in UNITS.iter().filter(|u| u.dimension == dimension) {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} |",
                unit.name,
                ksr::interp::value::text::number(unit.factor),
                unit.about
            );
        }
    }
}

fn commands(page: &mut String) {
    page.push_str("\n## Commands of the REPL\n\n");
    for command in ksr::cli::COMMANDS {
        let _ = writeln!(page, "- `:{}`: {}", format!("{} {}", command.name, command.argument).trim(), command.about);
    }
}

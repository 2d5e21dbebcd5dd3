//! `ksr check FILE`: names, calls, systems and units, without running anything.

use super::host::problem_to_stderr;
use super::run::read;
use super::{FAILED, USAGE, output};
use crate::lang::parse;
use crate::source::Sources;
use std::path::Path;

/// Reports all errors of a script.
pub fn file(path: &Path, json: bool) -> u8 {
    let (name, text) = match read(path) {
        Ok(script) => script,
        Err(message) => {
            output::error_line(&message);
            return USAGE;
        }
    };
    let mut sources = Sources::default();
    let source = sources.add(name.as_str(), text.as_str());
    let problems = parse(source, &text).err().unwrap_or_default();
    for problem in &problems {
        problem_to_stderr(problem, &sources, json);
    }
    if problems.iter().any(|p| matches!(p.error.severity(), None | Some(miette::Severity::Error))) {
        return FAILED;
    }
    if !json {
        output::line(&format!("{name}: nothing wrong found"));
    }
    0
}

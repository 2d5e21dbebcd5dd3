//! `ksr check FILE`: names, calls, systems and units, without running anything.

use super::host::problem_to_stderr;
use super::run::read;
use super::session;
use super::{FAILED, USAGE, output};
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
    let (problems, sources) = session::check(&name, &text, path);
    for problem in &problems {
        problem_to_stderr(problem, &sources, json);
    }
    let wrong = problems.iter().any(|p| !matches!(p.error.severity(), Some(s) if s != miette::Severity::Error));
    if wrong {
        FAILED
    } else {
        if !json {
            output::line(&format!("{name}: nothing wrong found"));
        }
        0
    }
}

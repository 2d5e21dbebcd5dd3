//! `ksr check FILE`: names, calls, systems and units, without running anything.

use super::disk::Disk;
use super::host::{Terminal, problems_to_stderr};
use super::run::read;
use super::{FAILED, USAGE, output};
use crate::interp::{Interpreter, Options};
use crate::world::ReadOnly;
use std::path::Path;
use std::rc::Rc;

/// Reports all errors of a script.
pub fn file(path: &Path, json: bool) -> u8 {
    let (name, text) = match read(path) {
        Ok(script) => script,
        Err(message) => {
            output::notice("error", &message, json);
            return USAGE;
        }
    };
    let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let host = Rc::new(Terminal::new(json, true, false));
    let world = Rc::new(ReadOnly(Rc::new(Disk)));
    let mut interpreter = Interpreter::new(host, world, Options { base, ..Options::default() });
    let problems = interpreter.check_script(&name, &text).err().unwrap_or_default();
    problems_to_stderr(&problems, interpreter.sources(), json);
    if problems.iter().any(|p| matches!(p.error.severity(), None | Some(miette::Severity::Error))) {
        return FAILED;
    }
    if !json {
        output::line(&format!("{name}: no problems found"));
    }
    0
}

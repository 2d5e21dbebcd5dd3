//! `ksr fmt`: gives scripts the standard white space.

use super::host::problems_to_stderr;
use super::run::read;
use super::{FAILED, USAGE, output};
use crate::data::write_whole;
use crate::lang::format::{FormatError, format};
use crate::problem::reason;
use crate::source::Sources;
use std::path::{Path, PathBuf};

/// The deepest nesting of folders that is searched.
const DEEPEST: usize = 64;

/// Formats scripts in place, all scripts of a folder, or standard input to standard output (`-`). With `check` nothing is
/// written: scripts that are not formatted are listed, and the status is 1.
pub fn paths(paths: &[PathBuf], check: bool) -> u8 {
    let mut status = 0;
    for path in paths {
        let found = scripts(path, DEEPEST);
        if found.is_empty() {
            output::error_line(&format!("`{}`: no scripts (`*.ksr`) in this folder", path.display()));
        }
        for script in found {
            status = status.max(match script {
                Ok(script) => file(&script, check),
                Err(message) => {
                    output::notice("error", &message, false);
                    USAGE
                }
            });
        }
    }
    status
}

/// The script itself, or the scripts of a folder and its subfolders, in order of their names; a message in place of a folder that
/// cannot be read. Links to folders are not followed.
fn scripts(path: &Path, deepest: usize) -> Vec<Result<PathBuf, String>> {
    if !path.is_dir() {
        return vec![Ok(path.to_path_buf())];
    }
    let mut entries = match std::fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>()) {
        Ok(entries) => entries,
        Err(e) => return vec![Err(format!("cannot read the folder `{}`: {}", path.display(), reason(&e, "read")))],
    };
    entries.sort_by_key(|entry| entry.file_name());
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !hidden && deepest > 0 {
                found.extend(scripts(&path, deepest - 1));
            }
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "ksr") {
            found.push(Ok(path));
        }
    }
    found
}

fn file(path: &Path, check: bool) -> u8 {
    let standard_input = path == Path::new("-");
    if !standard_input && path.exists() && !path.is_file() {
        output::notice("error", &format!("`{}` is not a file with a script", path.display()), false);
        return USAGE;
    }
    let (name, text) = match read(path) {
        Ok(script) => script,
        Err(message) => {
            output::notice("error", &message, false);
            return USAGE;
        }
    };
    let mut sources = Sources::default();
    let source = sources.add(&name, &*text);
    let formatted = match format(source, &text) {
        Ok(formatted) => formatted,
        Err(FormatError::Unreadable(problems)) => {
            problems_to_stderr(&problems, &sources, false);
            return FAILED;
        }
        Err(FormatError::Changed) => {
            let message =
                format!("formatting `{name}` would change its meaning, so it is left unchanged; please report it");
            output::notice("error", &message, false);
            return FAILED;
        }
    };
    match (check, formatted == text) {
        (false, _) if standard_input => {
            output::text(&formatted);
            0
        }
        (_, true) => 0,
        (true, false) => {
            output::line(&format!("{name}:{}: not formatted", first_difference(&text, &formatted)));
            FAILED
        }
        (false, false) => match write_whole(path, formatted.as_bytes()) {
            Ok(()) => {
                output::line(&format!("{name}: formatted"));
                0
            }
            Err(error) => {
                let message = format!("cannot write `{name}`: {}", reason(&error, "write"));
                output::notice("error", &message, false);
                FAILED
            }
        },
    }
}

/// The first line, counted from 1, that differs.
fn first_difference(text: &str, formatted: &str) -> usize {
    let lines = text.split_inclusive('\n').zip(formatted.split_inclusive('\n'));
    let same = lines.take_while(|(a, b)| a == b).count();
    same + 1
}

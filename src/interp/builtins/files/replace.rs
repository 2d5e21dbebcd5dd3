//! What `save` may replace: what ksr has written as that kind of file, which a second run of a script replaces every time, or a model
//! that ksr saved under this name and nobody has edited since. Never a text of the session.

use super::table::is_csv;
use crate::data::{ARRAY_START, DRAWN, Mark, is_marked_array, is_painted, mark};
use crate::interp::Interpreter;
use crate::number::size;
use crate::problem::{reason as reason_of, visible};
use crate::world::PathKind;
use serde_json::Value as Json;
use std::path::Path;

/// Why a file is not replaced.
pub(super) struct Objection {
    pub reason: String,
    pub help: &'static str,
}

/// What to do about one.
const HELP: &str = "save under another name; `--force` replaces the file anyway";
const USED: &str = "save under another name: the script uses this file, and `--force` does not replace it";

/// Why the file at a path may not be replaced, if there is one, by a file that ends in `ending`.
pub(super) fn objection(interp: &Interpreter, path: &Path, ending: &str) -> Option<Objection> {
    if let Some(reason) = interp.text_in(path) {
        return Some(Objection { reason: reason.into(), help: "save under another name" });
    }
    let there = interp.world.kind(path) == Some(PathKind::File);
    let used = there && interp.options.force && interp.will_use(path);
    if !there || interp.options.force && !used {
        return None;
    }
    let reason = match of_another_kind(interp, path, ending) {
        Ok(reason) => reason,
        Err(error) => Some(format!("it cannot be read: {}", reason_of(&error, "read"))),
    };
    reason.map(|reason| Objection { reason, help: if used { USED } else { HELP } })
}

/// What a file is instead of one that ksr writes with this ending. An empty file is nothing to lose.
fn of_another_kind(interp: &Interpreter, path: &Path, ending: &str) -> std::io::Result<Option<String>> {
    let real = interp.world.canonical(path)?;
    if !real.extension().is_some_and(|other| other.eq_ignore_ascii_case(ending)) {
        let name = visible(&real.file_name().unwrap_or_default().to_string_lossy());
        return Ok(Some(format!("it is a link to `{name}`")));
    }
    // The first bytes are enough for what is long and says what it is.
    let bytes = match ending {
        "npy" | "png" => interp.world.start(path, ARRAY_START)?,
        _ => interp.world.start(path, LONGEST + 1)?,
    };
    if bytes.len() as u64 > LONGEST {
        return Ok(Some(format!("it has more than {}", size(LONGEST))));
    }
    let text = std::str::from_utf8(&bytes).ok();
    let wrong = match ending {
        _ if bytes.is_empty() => return Ok(None),
        "ksr" => return Ok(text.map_or(Some(NO_MODEL.into()), |text| edited(text, path))),
        "npy" => (!is_marked_array(&bytes)).then_some("it is not an array that ksr saved"),
        "png" => (!is_painted(&bytes)).then_some("it is not a PNG figure that ksr drew"),
        "svg" => (!text.is_some_and(is_svg)).then_some("it is not an SVG figure that ksr drew"),
        "csv" => (!text.is_some_and(is_csv)).then_some("it is not a table that ksr saved"),
        "json" => (!is_json_table(&bytes)).then_some("it is not a table that ksr saved"),
        _ => None,
    };
    Ok(wrong.map(String::from))
}

/// A longer text is not looked at, bytes.
const LONGEST: u64 = 100_000_000;

const NO_MODEL: &str = "it is not a model that ksr saved";

/// Why a `.ksr` file is not a saved model that can be replaced by one of the same name.
fn edited(text: &str, path: &Path) -> Option<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let head = text.lines().next().and_then(|line| line.strip_prefix("# The model `")?.split_once("`, saved by ksr "));
    match (head, mark(text)) {
        (None, _) => Some(NO_MODEL.into()),
        (Some((name, _)), _) if name != stem => Some(format!("it is the model `{}`, not `{stem}`", visible(name))),
        (_, Mark::Whole) => None,
        (_, Mark::Broken) => Some("it has been edited since it was saved".into()),
        (_, Mark::Absent) => Some("it does not say whether it has been edited since it was saved".into()),
    }
}

/// Whether ksr has drawn a figure.
fn is_svg(text: &str) -> bool {
    text.starts_with("<svg") && text.lines().nth(1) == Some(DRAWN)
}

/// Whether a JSON text has columns and units, and nothing else.
fn is_json_table(bytes: &[u8]) -> bool {
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(whole)) => {
            whole.len() == 2 && ["columns", "units"].iter().all(|name| whole.get(*name).is_some_and(Json::is_object))
        }
        _ => false,
    }
}

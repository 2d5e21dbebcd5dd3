//! What `save` may replace: what ksr has written as that kind of file, which a second run of a script replaces every time, or a model
//! that ksr saved under this name and nobody has edited since. Never a text of the session.

use crate::data::{ARRAY_START, DRAWN, Mark, is_marked_array, is_painted, mark};
use crate::interp::Interpreter;
use crate::problem::{reason as reason_of, visible};
use crate::world::{LARGEST_TEXT, PathKind};
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
    let force = interp.options.force;
    if !there || force && !interp.will_use(path) {
        return None;
    }
    let reason = match not_ours(interp, path, ending) {
        Ok(reason) => reason,
        Err(error) => Some(format!("it cannot be read: {}", reason_of(&error, "read"))),
    };
    reason.map(|reason| Objection { reason, help: if force { USED } else { HELP } })
}

/// What a file is instead of one that ksr writes with this ending. An empty file is nothing to lose.
fn not_ours(interp: &Interpreter, path: &Path, ending: &str) -> std::io::Result<Option<String>> {
    // The first bytes are enough for what says there what it is.
    let bytes = match ending {
        "npy" => interp.world.start(path, ARRAY_START)?,
        "ksr" => interp.world.start(path, LARGEST_TEXT + 1)?,
        _ => interp.world.start(path, 1000)?,
    };
    let wrong = match ending {
        _ if bytes.is_empty() => return Ok(None),
        "ksr" if bytes.len() as u64 > LARGEST_TEXT => return Ok(Some(NO_MODEL.into())),
        "ksr" => return Ok(std::str::from_utf8(&bytes).map_or(Some(NO_MODEL.into()), |text| edited(text, path))),
        "npy" => (!is_marked_array(&bytes)).then_some("it is not an array that ksr saved"),
        "png" => (!is_painted(&bytes)).then_some("it is not a PNG figure that ksr drew"),
        "svg" => (!is_svg(&bytes)).then_some("it is not an SVG figure that ksr drew"),
        "csv" | "json" if interp.ledger.knows(&*interp.world, path)? => None,
        "csv" | "json" => Some("it is not a table that ksr saved there, or it has changed since"),
        _ => None,
    };
    Ok(wrong.map(String::from))
}

const NO_MODEL: &str = "it is not a model that ksr saved";

/// Why a `.ksr` file is not a saved model that can be replaced by one of the same name.
fn edited(text: &str, path: &Path) -> Option<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let head = text.lines().next().and_then(|line| line.strip_prefix("# The model `")?.rsplit_once("`, saved by ksr "));
    match (head, mark(text)) {
        (None, _) => Some(NO_MODEL.into()),
        (Some((name, _)), _) if name != visible(&stem) => {
            Some(format!("it is the model `{}`, not `{stem}`", visible(name)))
        }
        (_, Mark::Whole) => None,
        (_, Mark::Broken) => Some("it has been edited since it was saved".into()),
        (_, Mark::Absent) => Some("it does not say whether it has been edited since it was saved".into()),
    }
}

/// Whether these are the first bytes of a figure that ksr has drawn.
fn is_svg(start: &[u8]) -> bool {
    start.starts_with(b"<svg") && start.split(|byte| *byte == b'\n').nth(1) == Some(DRAWN.as_bytes())
}

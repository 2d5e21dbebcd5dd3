//! Files on disk that appear whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes bytes to a file next to `path` and renames it, so that no half-written file is left. Part of the command
/// line's disk; what a script writes goes through a [`World`](crate::world::World).
///
/// # Errors
/// There is no such folder, or it cannot be written.
#[allow(clippy::disallowed_methods, reason = "the disk itself, for the command line")]
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, path)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

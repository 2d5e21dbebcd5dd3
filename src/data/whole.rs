//! Files on disk that appear whole or not at all.

use super::DataError;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file of a cache, whole or not at all, with the folders that it needs.
///
/// # Errors
/// The file system's message, with the path.
#[allow(clippy::disallowed_methods, reason = "the disk itself, for the caches")]
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|reason| format!("{}: {reason}", folder.display()))?;
    }
    let failed = |reason| DataError::File { doing: "write", path: path.into(), reason };
    write_whole(path, bytes).map_err(|reason| failed(reason).to_string())
}

/// Writes bytes to a file next to `path` and renames it, so that no half-written file is left. Parts of the caches' and
/// the command line's disk; what a script writes goes through a [`World`](crate::world::World).
///
/// # Errors
/// There is no such folder, or it cannot be written.
#[allow(clippy::disallowed_methods, reason = "the disk itself, for the caches and the command line")]
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

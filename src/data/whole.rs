//! Files and folders on disk that appear whole or not at all: the only place that writes to the disk. It serves the
//! caches and the command line; what a script writes goes through a [`World`](crate::world::World).
#![allow(clippy::disallowed_methods, reason = "the disk itself, for the caches and the command line")]

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::Builder;

/// The number of links to links that are followed.
const LINKS: usize = 40;

/// Writes a file next to `path` and renames it, so that no half-written file is left. An existing file is replaced, and
/// its permissions stay; a link stays too, and what it points to is replaced.
///
/// # Errors
/// There is no such folder, or it cannot be written; what is there is not a file, or may not be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = target(path)?;
    let old = at(&path)?;
    if let Some(old) = &old {
        writable(old)?;
        if old.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !old.is_file() {
            return Err(special());
        }
        // Renaming would replace a file that is somebody else's.
        fs::OpenOptions::new().write(true).open(&path)?;
    }
    let mut part = beside(0o666).tempfile_in(folder_of(&path))?;
    let _begun = Begun::new(part.path());
    part.write_all(bytes)?;
    if let Some(old) = old {
        part.as_file().set_permissions(old.permissions())?;
    }
    part.as_file().sync_all()?;
    part.persist(&path).map(drop).map_err(|failed| failed.error)
}

/// Writes a folder with these files, given as name and content, and nothing else. An existing folder is replaced with
/// everything in it, and its permissions stay, like a link to it.
///
/// # Errors
/// As [`write_whole`].
pub fn write_folder(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    let mut folder = target(folder)?;
    let old = at(&folder)?;
    if let Some(old) = &old {
        writable(old)?;
        if !old.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        // Its path may lead through itself, and it is away for a moment.
        folder = fs::canonicalize(&folder)?;
    }
    let part = beside(0o777).tempdir_in(folder_of(&folder))?;
    let begun = Begun::new(part.path());
    files.iter().try_for_each(|(name, bytes)| write_whole(&part.path().join(name), bytes))?;
    drop(begun);
    match old {
        None => fs::rename(part.path(), &folder)?,
        Some(old) => {
            fs::set_permissions(part.path(), old.permissions())?;
            replace(part.path(), &folder)?;
        }
    }
    // It has another name now.
    let _ = part.keep();
    Ok(())
}

/// Replaces `folder` by `new`; the old folder is kept until that is done.
fn replace(new: &Path, folder: &Path) -> io::Result<()> {
    let old = new.with_extension("old");
    fs::rename(folder, &old)?;
    if let Err(error) = fs::rename(new, folder) {
        let _ = fs::rename(&old, folder);
        return Err(error);
    }
    let _ = fs::remove_dir_all(old);
    Ok(())
}

/// The files and folders that are being written now.
static PARTS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Something that is being written, as long as this exists.
struct Begun(PathBuf);

impl Begun {
    fn new(path: &Path) -> Self {
        if let Ok(mut parts) = PARTS.lock() {
            parts.insert(path.to_path_buf());
        }
        Begun(path.to_path_buf())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Ok(mut parts) = PARTS.lock() {
            parts.remove(&self.0);
        }
    }
}

/// Removes what is being written now: the process is about to end.
pub fn abandon() {
    // If one is just being noted, it is left to be swept out later.
    let Ok(parts) = PARTS.try_lock() else { return };
    for part in parts.iter() {
        let _ = if part.is_dir() { fs::remove_dir_all(part) } else { fs::remove_file(part) };
    }
}

/// The error for a device, pipe or socket in the place of a file.
pub fn special() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is a device, pipe or socket, not a file")
}

/// What is known of a regular file, before it is opened: opening a pipe waits for a writer.
///
/// # Errors
/// Those of the file system; it is a folder or something special.
pub fn regular(path: &Path) -> io::Result<Metadata> {
    let found = fs::metadata(path)?;
    match () {
        () if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        () if !found.is_file() => Err(special()),
        () => Ok(found),
    }
}

/// Where a path leads through links, which may point to something that does not exist yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = folder_of(&path).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| ".".into(), Path::to_path_buf)
}

/// What is at a path, if anything.
fn at(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn writable(found: &fs::Metadata) -> io::Result<()> {
    if found.permissions().readonly() { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
}

/// A temporary file or folder with the permissions `mode`, less those that the user's umask takes away.
fn beside(mode: u32) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".ksr-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn file(name: &str, text: &str) -> (String, Vec<u8>) {
        (name.to_owned(), text.as_bytes().to_vec())
    }

    #[test]
    fn a_folder_is_replaced_completely_and_no_temporary_files_are_left() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("set");
        write_folder(&folder, &[file("a", "1"), file("b", "2")]).unwrap();
        write_folder(&folder, &[file("a", "3")]).unwrap();
        assert_eq!((names(around.path()), names(&folder)), (vec!["set".to_owned()], vec!["a".to_owned()]));
        assert_eq!(fs::read(folder.join("a")).unwrap(), b"3");
        // A path that leads through the folder itself.
        write_folder(&folder.join("../set"), &[file("a", "3")]).unwrap();
        // If a folder cannot be replaced, the old one stays.
        assert!(write_folder(&folder, &[file("no/such", "4")]).is_err());
        assert!(write_folder(&around.path().join("no/such"), &[file("a", "")]).is_err());
        assert!(write_folder(&folder.join("a"), &[file("a", "")]).is_err());
        assert_eq!((names(around.path()), names(&folder)), (vec!["set".to_owned()], vec!["a".to_owned()]));
    }

    #[test]
    fn a_file_is_written_completely_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_whole(&path, b"1").unwrap();
        write_whole(&path, b"2").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (b"2".to_vec(), vec!["a.txt".to_owned()]));
        assert!(write_whole(folder.path(), b"3").is_err());
        let long = folder.path().join("n".repeat(255));
        write_whole(&long, b"long").unwrap();
        fs::remove_file(long).unwrap();
        let mut locked = fs::metadata(&path).unwrap().permissions();
        locked.set_readonly(true);
        fs::set_permissions(&path, locked).unwrap();
        assert_eq!(write_whole(&path, b"4").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (b"2".to_vec(), vec!["a.txt".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let around = tempfile::tempdir().unwrap();
        let path = |name: &str| around.path().join(name);
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        fs::write(path("plain"), "").unwrap();
        write_whole(&path("new"), b"1").unwrap();
        assert_eq!(mode("new"), mode("plain"));
        for kept in [0o600, 0o640, 0o755] {
            fs::set_permissions(path("new"), fs::Permissions::from_mode(kept)).unwrap();
            write_whole(&path("new"), b"2").unwrap();
            assert_eq!(mode("new"), kept);
        }
        // A link, a link to a link, and a link to nothing yet.
        fs::create_dir(path("far")).unwrap();
        symlink("far/file", path("link")).unwrap();
        symlink("link", path("second")).unwrap();
        write_whole(&path("second"), b"3").unwrap();
        write_whole(&path("link"), b"4").unwrap();
        assert_eq!(fs::read(path("far/file")).unwrap(), b"4");
        symlink("far", path("folder")).unwrap();
        fs::set_permissions(path("far"), fs::Permissions::from_mode(0o700)).unwrap();
        write_folder(&path("folder"), &[file("a", "1")]).unwrap();
        assert_eq!((names(&path("far")), mode("far")), (vec!["a".to_owned()], 0o700));
        for link in ["link", "second", "folder"] {
            assert!(fs::symlink_metadata(path(link)).unwrap().is_symlink(), "{link}");
        }
        symlink("circle", path("circle")).unwrap();
        assert!(write_whole(&path("circle"), b"5").is_err());
        // What is no file is not replaced.
        symlink("/dev/null", path("null")).unwrap();
        assert_eq!(write_whole(&path("null"), b"6").unwrap_err().to_string(), special().to_string());
        assert!(!names(around.path()).iter().any(|name| name.starts_with(".ksr")));
    }
}

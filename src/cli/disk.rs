//! The disk: the world of scripts that are run from the command line.

use crate::data::write_whole;
use crate::world::{Entry, PathKind, World};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files and folders of this computer; relative paths are relative to the working directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        write_whole(path, bytes)
    }

    fn write_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        // Keep a link to a folder: replace what it points to.
        let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
        let (part, old) = (beside(folder, "part"), beside(folder, "old"));
        let written = fs::create_dir(&part).and_then(|()| {
            files.iter().try_for_each(|(name, bytes)| fs::write(part.join(name), bytes))?;
            if folder.exists() { replace(&part, folder, &old) } else { fs::rename(&part, folder) }
        });
        written.inspect_err(|_| {
            let _ = fs::remove_dir_all(&part);
        })
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link counts as what it points to.
            let kind = self.kind(&entry.path()).unwrap_or(PathKind::File);
            entries.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &Path) -> Option<PathKind> {
        let found = fs::metadata(path).ok()?;
        Some(if found.is_dir() { PathKind::Folder } else { PathKind::File })
    }
}

fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    folder.with_file_name(name)
}

/// Replaces `folder` by `new`; the old folder is kept until that is done.
fn replace(new: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    fs::rename(folder, old)?;
    if let Err(error) = fs::rename(new, folder) {
        let _ = fs::rename(old, folder);
        return Err(error);
    }
    let _ = fs::remove_dir_all(old);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        Disk.list(folder).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn a_folder_is_replaced_completely_and_no_temporary_files_are_left() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("set");
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        Disk.write_folder(&folder, &[file("a", "1"), file("b", "2")]).unwrap();
        Disk.write_folder(&folder, &[file("a", "3")]).unwrap();
        assert_eq!((names(around.path()), names(&folder)), (vec!["set".to_owned()], vec!["a".to_owned()]));
        assert_eq!(Disk.read(&folder.join("a")).unwrap(), b"3");
        // If a folder cannot be replaced, the old one stays.
        assert!(Disk.write_folder(&folder, &[file("no/such", "4")]).is_err());
        assert!(Disk.write_folder(&around.path().join("no/such"), &[file("a", "")]).is_err());
        assert_eq!((names(around.path()), names(&folder)), (vec!["set".to_owned()], vec!["a".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_stays_a_link() {
        let around = tempfile::tempdir().unwrap();
        let (folder, link) = (around.path().join("set"), around.path().join("link"));
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        Disk.write_folder(&link, &[("a".into(), b"1".to_vec())]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(names(&folder), ["a"]);
        assert_eq!(Disk.list(around.path()).unwrap()[0], Entry { name: "link".into(), kind: PathKind::Folder });
    }

    #[test]
    fn a_file_is_written_completely_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        Disk.write(&file, b"1").unwrap();
        Disk.write(&file, b"2").unwrap();
        assert_eq!((Disk.read_text(&file).unwrap(), names(folder.path())), ("2".into(), vec!["a.txt".into()]));
        assert!(Disk.write(folder.path(), b"3").is_err());
        assert_eq!((Disk.kind(&file), Disk.kind(folder.path())), (Some(PathKind::File), Some(PathKind::Folder)));
        assert_eq!(Disk.kind(&folder.path().join("none")), None);
        fs::write(&file, [0xff]).unwrap();
        assert_eq!(Disk.read_text(&file).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

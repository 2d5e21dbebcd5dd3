//! A world of files in memory.

use super::{Entry, PathKind, World};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Files by their paths. A folder exists as long as there is a file in it; the root and the working folder always exist.
#[derive(Debug, Default)]
pub struct Memory(RefCell<BTreeMap<PathBuf, Vec<u8>>>);

impl Memory {
    /// A world with these files, given as path and content.
    pub fn with<B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (&'static str, B)>) -> Self {
        let memory = Self::default();
        files.into_iter().for_each(|(path, bytes)| memory.put(path, bytes));
        memory
    }

    /// Adds a file, whether or not its folder exists.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) {
        self.0.borrow_mut().insert(plain(path.as_ref()), bytes.into());
    }

    /// Puts a folder with these files, given as name and content, in the place of what was there.
    pub fn put_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) {
        let folder = plain(folder);
        let mut all = self.0.borrow_mut();
        all.retain(|path, _| !path.starts_with(&folder));
        all.extend(files.iter().map(|(name, bytes)| (folder.join(name), bytes.clone())));
    }

    /// Removes a file.
    pub fn remove(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        self.0.borrow_mut().remove(&plain(path.as_ref()))
    }

    /// Checks that a file can be written there.
    fn writable(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            _ if self.kind(path) == Some(PathKind::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            Some(folder) if self.kind(folder) != Some(PathKind::Folder) => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(()),
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

impl World for Memory {
    fn start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.0.borrow().get(&plain(path)) {
            Some(bytes) => Ok(bytes.iter().copied().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()),
            None if self.kind(path).is_some() => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let path = plain(path);
        self.writable(&path)?;
        self.0.borrow_mut().insert(path, bytes.to_vec());
        Ok(())
    }

    fn write_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        let folder = plain(folder);
        match self.kind(&folder) {
            Some(PathKind::File | PathKind::Other) => return Err(io::ErrorKind::NotADirectory.into()),
            Some(PathKind::Folder) => self.0.borrow_mut().retain(|path, _| !path.starts_with(&folder)),
            None => self.writable(&folder)?,
        }
        self.0.borrow_mut().extend(files.iter().map(|(name, bytes)| (folder.join(name), bytes.clone())));
        Ok(())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.kind(path).map(|_| plain(path)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let folder = plain(folder);
        match self.kind(&folder) {
            Some(PathKind::Folder) => {}
            Some(PathKind::File | PathKind::Other) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        let files = self.0.borrow();
        let mut entries: Vec<Entry> = Vec::new();
        for path in files.keys() {
            let Ok(inside) = path.strip_prefix(&folder) else { continue };
            let mut parts = inside.components();
            let Some(Component::Normal(name)) = parts.next() else { continue };
            let kind = if parts.next().is_some() { PathKind::Folder } else { PathKind::File };
            entries.push(Entry { name: name.to_string_lossy().into_owned(), kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup();
        Ok(entries)
    }

    fn kind(&self, path: &Path) -> Option<PathKind> {
        let path = plain(path);
        let files = self.0.borrow();
        if files.contains_key(&path) {
            return Some(PathKind::File);
        }
        let folder = path.file_name().is_none() || files.keys().any(|file| file.starts_with(&path));
        folder.then_some(PathKind::Folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_if_they_have_files() {
        let world = Memory::with([("a/b.txt", "1"), ("a/c/d.txt", "2"), ("/e.txt", "3")]);
        let kinds = ["", "/", "a", "./a/c", "a/b.txt", "x", "a/../a/c/d.txt", "/e.txt", "e.txt"];
        let (file, folder) = (Some(PathKind::File), Some(PathKind::Folder));
        let wanted = [folder, folder, folder, folder, file, None, file, file, None];
        assert_eq!(kinds.map(|path| world.kind(Path::new(path))), wanted);
        let listed = world.list(Path::new("a")).unwrap();
        let entry = |name: &str, kind| Entry { name: name.into(), kind };
        assert_eq!(listed, [entry("b.txt", PathKind::File), entry("c", PathKind::Folder)]);
        let kind = |path: &str| world.list(Path::new(path)).unwrap_err().kind();
        assert_eq!((kind("x"), kind("a/b.txt")), (io::ErrorKind::NotFound, io::ErrorKind::NotADirectory));
    }

    #[test]
    fn a_file_needs_its_folder_and_a_folder_is_replaced_completely() {
        let world = Memory::with([("set/old.npy", "1")]);
        let failed = |path: &str| world.write(Path::new(path), b"").unwrap_err().kind();
        assert_eq!((failed("no/x"), failed("set")), (io::ErrorKind::NotFound, io::ErrorKind::IsADirectory));
        world.write(Path::new("./set/more.npy"), b"2").unwrap();
        world.write_folder(Path::new("set"), &[("new.npy".into(), b"3".to_vec())]).unwrap();
        let names: Vec<String> = world.list(Path::new("set")).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["new.npy"]);
        assert_eq!(world.read(Path::new("set/new.npy")).unwrap(), b"3");
        assert!(world.write_folder(Path::new("no/such"), &[]).is_err());
        assert!(world.write_folder(Path::new("set/new.npy"), &[]).is_err());
    }
}

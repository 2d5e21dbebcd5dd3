//! A world in which what is written stays in memory, over another one that is only read.

use super::{Entry, Memory, PathKind, World};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Files of another world, and in their place those that were written here: they can be read again, and nobody else sees them.
pub struct Aside {
    written: Memory,
    /// Folders that were written as a whole: nothing of what is below them is seen.
    folders: RefCell<BTreeSet<PathBuf>>,
    below: Rc<dyn World>,
}

impl Aside {
    /// Nothing is written yet.
    pub fn over(below: Rc<dyn World>) -> Self {
        Self { written: Memory::default(), folders: RefCell::default(), below }
    }

    /// The path under which a file is kept: the same for all spellings of the folders that exist below.
    fn place(&self, path: &Path) -> PathBuf {
        let (mut at, mut rest) = (path.to_path_buf(), Vec::new());
        while let Some(name) = at.file_name().map(ToOwned::to_owned) {
            rest.push(name);
            at.pop();
            let folder = if at.as_os_str().is_empty() { Path::new(".") } else { &at };
            if let Ok(folder) = self.below.canonical(folder) {
                return rest.iter().rev().fold(folder, |place, name| place.join(name));
            }
        }
        path.to_path_buf()
    }

    /// Refuses a path in a folder that there is not.
    fn needs_folder(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if self.kind(folder) == Some(PathKind::Folder) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Where a path is kept, if it was written or is in a folder that was.
    fn written(&self, path: &Path) -> Option<PathBuf> {
        let place = self.place(path);
        let within = self.folders.borrow().iter().any(|folder| place.starts_with(folder));
        (within || self.written.kind(&place).is_some()).then_some(place)
    }
}

impl World for Aside {
    fn start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.written(path) {
            Some(place) => self.written.start(&place, limit),
            None => self.below.start(path, limit),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.needs_folder(path)?;
        self.written.put(self.place(path), bytes);
        Ok(())
    }

    fn write_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        if let Some(PathKind::File | PathKind::Other) = self.kind(folder) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        self.needs_folder(folder)?;
        let place = self.place(folder);
        self.written.put_folder(&place, files);
        self.folders.borrow_mut().insert(place);
        Ok(())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.written(path).map_or_else(|| self.below.canonical(path), Ok)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let place = self.place(folder);
        if self.folders.borrow().contains(&place) {
            return self.written.list(&place);
        }
        let own = match self.written(folder) {
            Some(place) => self.written.list(&place)?,
            None => Vec::new(),
        };
        let mut all = match self.below.list(folder) {
            Ok(all) => all,
            Err(error) if own.is_empty() => return Err(error),
            Err(_) => Vec::new(),
        };
        all.retain(|entry| own.iter().all(|other| other.name != entry.name));
        all.extend(own);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    fn kind(&self, path: &Path) -> Option<PathKind> {
        match self.written(path) {
            Some(place) => self.written.kind(&place),
            None => self.below.kind(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_stays_here() {
        let below = Rc::new(Memory::with([("a/x.txt", "old"), ("a/y.txt", "other")]));
        let world = Aside::over(below.clone());
        world.write(Path::new("a/x.txt"), b"new").expect("written");
        world.write(Path::new("a/z.txt"), b"more").expect("written");
        assert_eq!(world.read(Path::new("a/x.txt")).expect("a file"), b"new");
        assert_eq!(world.read(Path::new("a/y.txt")).expect("a file"), b"other");
        assert_eq!(below.read(Path::new("a/x.txt")).expect("a file"), b"old");
        let names: Vec<String> = world.list(Path::new("a")).expect("a folder").into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["x.txt", "y.txt", "z.txt"]);
        assert!(world.write(Path::new("no/such/folder.txt"), b"").is_err());
        world.write_folder(Path::new("set"), &[("0".into(), b"zero".to_vec())]).expect("written");
        world.write_folder(Path::new("set"), &[("1".into(), b"one".to_vec())]).expect("written");
        assert_eq!(world.list(Path::new("set")).expect("a folder").len(), 1);
        world.write_folder(Path::new("a"), &[("w.txt".into(), b"w".to_vec())]).expect("written");
        assert_eq!(world.list(Path::new("a")).expect("a folder").len(), 1);
        assert!(world.read(Path::new("a/y.txt")).is_err());
        assert_eq!(world.read(Path::new("set/1")).expect("a file"), b"one");
        assert_eq!((world.kind(Path::new("set")), below.kind(Path::new("set"))), (Some(PathKind::Folder), None));
    }
}

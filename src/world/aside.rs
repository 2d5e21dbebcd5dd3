//! A world in which what is written stays in memory, over another one that is only read.

use super::{Entry, Memory, PathKind, World};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Files of another world, and in their place those that were written here: they can be read again, and nobody else sees them.
pub struct Aside {
    written: Memory,
    below: Rc<dyn World>,
}

impl Aside {
    /// Nothing is written yet.
    pub fn over(below: Rc<dyn World>) -> Self {
        Self { written: Memory::default(), below }
    }

    /// The path under which a file is kept: the same for all spellings of its folder.
    fn place(&self, path: &Path) -> PathBuf {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (self.below.canonical(folder), path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_path_buf(),
        }
    }

    fn written(&self, path: &Path) -> Option<PathBuf> {
        let place = self.place(path);
        self.written.kind(&place).is_some().then_some(place)
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
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if self.kind(folder) != Some(PathKind::Folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.written.put(self.place(path), bytes);
        Ok(())
    }

    fn write_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        let place = self.place(folder);
        files.iter().for_each(|(name, bytes)| self.written.put(place.join(name), bytes.clone()));
        Ok(())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.written(path).map_or_else(|| self.below.canonical(path), Ok)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
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
        world.write_folder(Path::new("set"), &[("1".into(), b"one".to_vec())]).expect("written");
        assert_eq!(world.read(Path::new("set/1")).expect("a file"), b"one");
        assert_eq!((world.kind(Path::new("set")), below.kind(Path::new("set"))), (Some(PathKind::Folder), None));
    }
}

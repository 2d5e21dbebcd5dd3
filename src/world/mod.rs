//! The files that a script can reach. Everything that a script reads and writes (`use`, `dataset`, `load`, `save`,
//! `exists`) goes through a [`World`]: the command line uses the disk, tests use a world in memory, and a world for
//! scripts from others can be [`ReadOnly`]. What ksr itself caches, exact answers and checkpoints, is not part of it,
//! but is kept in a separate folder.

mod memory;

pub use memory::Memory;

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file, or anything else that is not a folder.
    File,
    /// A folder.
    Folder,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; characters that are not Unicode are replaced.
    pub name: String,
    /// What it is.
    pub kind: PathKind,
}

/// Files and folders. Relative paths are relative to the world's working folder.
pub trait World {
    /// The content of a file.
    ///
    /// # Errors
    /// It does not exist, or cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Writes a file, replacing an existing one. It is written completely or not at all.
    ///
    /// # Errors
    /// There is no such folder, or writing is not allowed or fails.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Writes a folder with these files, given as name and content, and nothing else; an existing folder is replaced with
    /// everything in it. The folder is written completely or not at all.
    ///
    /// # Errors
    /// As [`World::write`].
    fn write_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()>;

    /// The canonical path of a file or folder.
    ///
    /// # Errors
    /// It does not exist.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;

    /// What is in a folder, sorted by name.
    ///
    /// # Errors
    /// There is no such folder, or it cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    /// What is at a path; `None`: nothing visible.
    fn kind(&self, path: &Path) -> Option<PathKind>;

    /// The content of a text file.
    ///
    /// # Errors
    /// As [`World::read`]; it is not UTF-8.
    fn read_text(&self, path: &Path) -> io::Result<String> {
        let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8");
        String::from_utf8(self.read(path)?).map_err(not_text)
    }
}

/// A world in which nothing can be written.
pub struct ReadOnly(pub Rc<dyn World>);

impl ReadOnly {
    fn refused<T>() -> io::Result<T> {
        Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "files can be read here, but not written"))
    }
}

impl World for ReadOnly {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }
    fn write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Self::refused()
    }
    fn write_folder(&self, _: &Path, _: &[(String, Vec<u8>)]) -> io::Result<()> {
        Self::refused()
    }
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.canonical(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.0.list(folder)
    }
    fn kind(&self, path: &Path) -> Option<PathKind> {
        self.0.kind(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_world_reads_and_refuses_to_write() {
        let memory = Rc::new(Memory::with([("set/a.npy", "a"), ("b.txt", "b")]));
        let world = ReadOnly(memory.clone());
        assert_eq!(world.read_text(Path::new("b.txt")).unwrap(), "b");
        assert_eq!(world.kind(Path::new("set")), Some(PathKind::Folder));
        assert_eq!(world.list(Path::new("set")).unwrap(), [Entry { name: "a.npy".into(), kind: PathKind::File }]);
        assert_eq!(world.canonical(Path::new("set/../b.txt")).unwrap(), Path::new("b.txt"));
        for refused in [world.write(Path::new("b.txt"), b"c"), world.write_folder(Path::new("set"), &[])] {
            let error = refused.unwrap_err();
            assert_eq!(crate::problem::reason(&error, "write"), "files can be read here, but not written");
        }
        assert_eq!(memory.read(Path::new("b.txt")).unwrap(), b"b");
        assert_eq!(memory.kind(Path::new("set/a.npy")), Some(PathKind::File));
    }
}

//! The files that a script can reach. Everything that a script reads and writes (`use`, `dataset`, `load`, `save`,
//! `exists`) goes through a [`World`]: the command line uses the disk, tests use a world in memory, and a world for
//! scripts from others can be [`ReadOnly`]. What ksr itself caches, exact answers and checkpoints, is not part of it,
//! but is kept in a separate folder.

mod aside;
mod memory;

pub use aside::Aside;
pub use memory::Memory;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The largest text that is read, bytes: a script, a module, a saved model.
pub const LARGEST_TEXT: u64 = 64 << 20;
/// The largest file of numbers that is read, bytes.
pub const LARGEST_DATA: u64 = 16 << 30;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Anything else: a device, a pipe, a socket.
    Other,
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
    /// The first bytes of a file, `limit` at most. Only files are read: a device may never end, a pipe may never begin.
    ///
    /// # Errors
    /// It does not exist, is not a file, or cannot be read.
    fn start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

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

    /// Whether two paths lead to the same existing file or folder, through whatever links and spellings.
    fn same(&self, a: &Path, b: &Path) -> bool {
        matches!((self.canonical(a), self.canonical(b)), (Ok(a), Ok(b)) if a == b)
    }

    /// The content of a file.
    ///
    /// # Errors
    /// As [`World::start`]; it has more than [`LARGEST_DATA`] bytes.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        within(self.start(path, LARGEST_DATA + 1)?, LARGEST_DATA)
    }

    /// The bytes that a file has.
    ///
    /// # Errors
    /// As [`World::start`].
    fn size(&self, path: &Path) -> io::Result<u64> {
        self.read(path).map(|bytes| bytes.len() as u64)
    }

    /// Passes the content of a file on, piece by piece.
    ///
    /// # Errors
    /// As [`World::start`].
    fn pieces(&self, path: &Path, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        self.read(path).map(|bytes| each(&bytes))
    }

    /// The content of a text file.
    ///
    /// # Errors
    /// As [`World::start`]; it has more than [`LARGEST_TEXT`] bytes, or is not UTF-8.
    fn read_text(&self, path: &Path) -> io::Result<String> {
        text(within(self.start(path, LARGEST_TEXT + 1)?, LARGEST_TEXT)?)
    }
}

/// A whole text from a stream, such as standard input.
///
/// # Errors
/// It cannot be read, has more than [`LARGEST_TEXT`] bytes, or is not UTF-8.
pub fn stream_text(stream: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    stream.take(LARGEST_TEXT + 1).read_to_end(&mut bytes)?;
    text(within(bytes, LARGEST_TEXT)?)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn within(bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 <= limit {
        return Ok(bytes);
    }
    let message = format!("it is larger than {} megabytes", limit >> 20);
    Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
}

/// A world in which nothing can be written.
pub struct ReadOnly(pub Rc<dyn World>);

impl ReadOnly {
    fn refused<T>() -> io::Result<T> {
        Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "files can be read here, but not written"))
    }
}

impl World for ReadOnly {
    fn start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.0.start(path, limit)
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
    fn same(&self, a: &Path, b: &Path) -> bool {
        self.0.same(a, b)
    }
    fn size(&self, path: &Path) -> io::Result<u64> {
        self.0.size(path)
    }
    fn pieces(&self, path: &Path, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        self.0.pieces(path, each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_largest_size() {
        let endless = stream_text(io::repeat(b'a')).unwrap_err();
        assert_eq!(endless.to_string(), "it is larger than 64 megabytes");
        assert_eq!(stream_text(&b"let a = 1"[..]).unwrap(), "let a = 1");
        assert_eq!(stream_text(&[0xff][..]).unwrap_err().to_string(), "it is not UTF-8 text");
        let world = Memory::with([("long.ksr", vec![b' '; LARGEST_TEXT as usize + 1])]);
        assert_eq!(world.read_text(Path::new("long.ksr")).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(world.read(Path::new("long.ksr")).unwrap().len() as u64, LARGEST_TEXT + 1);
        assert_eq!(world.start(Path::new("long.ksr"), 3).unwrap(), b"   ");
    }

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

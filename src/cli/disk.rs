//! The disk: the world of scripts that are run from the command line.

use crate::data;
use crate::world::{Entry, PathKind, World};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a piece of a file.
const PIECE: usize = 1 << 16;

/// Files and folders of this computer; relative paths are relative to the working directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl World for Disk {
    fn start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let found = data::regular(path)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(found.len().min(limit)).unwrap_or(usize::MAX))?;
        open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        data::regular(path).map(|found| found.len())
    }

    fn pieces(&self, path: &Path, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        data::regular(path)?;
        let (mut file, mut piece) = (open(path)?, vec![0; PIECE]);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(()),
                count => each(&piece[..count]),
            }
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        data::write_whole(path, bytes)
    }

    fn write_folder(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        data::write_folder(folder, files)
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
        Some(match (found.is_dir(), found.is_file()) {
            (true, _) => PathKind::Folder,
            (_, true) => PathKind::File,
            _ => PathKind::Other,
        })
    }

    #[cfg(unix)]
    fn same(&self, a: &Path, b: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
        identity(a).is_some_and(|a| identity(b) == Some(a))
    }
}

/// Opens a file to read it. What looks like a file but has nothing to read yet, such as the log of the kernel in `/proc`, is an error.
fn open(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.read(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        Disk.write(&path("a.txt"), b"12").unwrap();
        assert_eq!(
            (Disk.read_text(&path("a.txt")).unwrap(), Disk.start(&path("a.txt"), 1).unwrap()),
            ("12".into(), b"1".to_vec())
        );
        assert_eq!(
            (Disk.kind(&path("a.txt")), Disk.kind(folder.path())),
            (Some(PathKind::File), Some(PathKind::Folder))
        );
        let mut found = Vec::new();
        Disk.pieces(&path("a.txt"), &mut |piece| found.extend_from_slice(piece)).unwrap();
        assert_eq!((found, Disk.size(&path("a.txt")).unwrap()), (b"12".to_vec(), 2));
        assert!(Disk.pieces(folder.path(), &mut |_| ()).is_err());
        assert_eq!(Disk.kind(&path("none")), None);
        assert_eq!(Disk.read(folder.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(Disk.read(&path("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(path("a.txt"), [0xff]).unwrap();
        assert_eq!(Disk.read_text(&path("a.txt")).unwrap_err().kind(), io::ErrorKind::InvalidData);
        // A terabyte that takes no space on the disk.
        let large = fs::File::create(path("large")).unwrap();
        if large.set_len(1 << 40).is_ok() {
            assert_eq!(Disk.read_text(&path("large")).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        }
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_not_read_or_written() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink("/dev/zero", path("zero.ksr")).unwrap();
        let pipe = path("pipe.ksr");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        for name in ["zero.ksr", "pipe.ksr"] {
            assert_eq!(Disk.read_text(&path(name)).unwrap_err().to_string(), data::special().to_string());
            assert_eq!(Disk.read(&path(name)).unwrap_err().to_string(), data::special().to_string());
            assert_eq!(Disk.write(&path(name), b"1").unwrap_err().to_string(), data::special().to_string());
            assert_eq!(Disk.kind(&path(name)), Some(PathKind::Other));
        }
        // The same file under several names.
        fs::write(path("a"), "").unwrap();
        fs::hard_link(path("a"), path("b")).unwrap();
        symlink("b", path("c")).unwrap();
        fs::write(path("other"), "").unwrap();
        assert!(Disk.same(&path("a"), &path("c")) && Disk.same(&path("b"), &path("./../").join(path("a"))));
        assert!(!Disk.same(&path("a"), &path("other")) && !Disk.same(&path("none"), &path("none")));
        assert_eq!(Disk.list(folder.path()).unwrap()[2], Entry { name: "c".into(), kind: PathKind::File });
    }
}

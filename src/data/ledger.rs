//! What ksr has saved of the kinds of files that cannot carry a mark, such as tables: where, and a hash of it. Kept in a folder of the
//! cache, and for the session.

use super::{ContentKey, content, keep, recall, sealed, unsealed};
use crate::world::World;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The kind of its files.
const KIND: &str = "saved 1";

/// The files saved so far.
#[derive(Debug, Default)]
pub struct Ledger {
    folder: Option<PathBuf>,
    session: BTreeMap<PathBuf, String>,
}

impl Ledger {
    /// With the folder of the cache, if there is one.
    pub fn new(cache: Option<&Path>) -> Self {
        Self { folder: cache.map(|cache| cache.join("saved")), session: BTreeMap::new() }
    }

    /// Notes that a file with this content was written.
    pub fn note(&mut self, world: &dyn World, path: &Path, bytes: &[u8]) {
        let Ok(path) = world.canonical(path) else { return };
        let hash = content(bytes);
        if let Some(file) = self.file(&path) {
            // A cache that cannot be written is told when the session begins.
            let _ = keep(&file, &sealed(KIND, hash.clone().into_bytes()));
        }
        self.session.insert(path, hash);
    }

    /// Whether the file at a path is as it was written.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn knows(&self, world: &dyn World, path: &Path) -> io::Result<bool> {
        let path = world.canonical(path)?;
        let kept = || {
            let bytes = recall(&self.file(&path)?).ok()?;
            String::from_utf8(unsealed(KIND, &bytes)?.to_vec()).ok()
        };
        let Some(hash) = self.session.get(&path).cloned().or_else(kept) else { return Ok(false) };
        Ok(content_of(world, &path)? == hash)
    }

    fn file(&self, path: &Path) -> Option<PathBuf> {
        let name = ContentKey::new(KIND).text(&path.to_string_lossy()).finish();
        self.folder.as_ref().map(|folder| folder.join(name + ".saved"))
    }
}

/// The [`content`] of a file.
///
/// # Errors
/// It cannot be read.
pub fn content_of(world: &dyn World, path: &Path) -> io::Result<String> {
    let mut key = Some(super::mark::content_key());
    world.pieces(path, &mut |piece| key = key.take().map(|key| key.bytes(piece)))?;
    Ok(key.map(|key| key.finish()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Memory;

    #[test]
    fn only_what_was_written_there_is_known() {
        let cache = tempfile::tempdir().unwrap();
        let world = Memory::with([("a.csv", "x\n1\n"), ("b.csv", "x\n1\n")]);
        let mut ledger = Ledger::new(Some(cache.path()));
        ledger.note(&world, Path::new("a.csv"), b"x\n1\n");
        for ledger in [&ledger, &Ledger::new(Some(cache.path()))] {
            let knows = |path: &str| ledger.knows(&world, Path::new(path)).unwrap();
            assert_eq!((knows("a.csv"), knows("./a.csv"), knows("b.csv")), (true, true, false));
        }
        world.put("a.csv", "x\n2\n");
        assert!(!ledger.knows(&world, Path::new("a.csv")).unwrap());
        assert!(!Ledger::new(None).knows(&world, Path::new("a.csv")).unwrap());
        assert!(ledger.knows(&world, Path::new("none.csv")).is_err());
        assert_eq!(content_of(&world, Path::new("b.csv")).unwrap(), content(b"x\n1\n"));
    }
}

//! The files of the caches: sealed, so that a damaged one is never used, and written whole or not at all.

#![allow(clippy::disallowed_methods, reason = "the disk itself, for the caches")]

use super::{ContentKey, DataError, regular, write_whole};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, SystemTime};

/// The characters of a seal.
const SEAL: usize = 32;
/// The ending of a file that is being written.
const PART: &str = "part";
/// A file that is still being written after this time never will be: its process has been killed.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// Content with a hash of it and of its `kind` at the end, as text. A change of any bit shows.
pub fn sealed(kind: &str, mut content: Vec<u8>) -> Vec<u8> {
    let seal = ContentKey::new(kind).bytes(&content).finish();
    content.extend_from_slice(seal.as_bytes());
    content
}

/// The content below an intact seal of this `kind`.
pub fn unsealed<'a>(kind: &str, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (content, seal) = bytes.split_last_chunk::<SEAL>()?;
    (ContentKey::new(kind).bytes(content).finish().as_bytes() == seal).then_some(content)
}

/// The largest file of a cache that is read, bytes.
const LARGEST: u64 = 2_000_000_000;

/// Reads a file of a cache: a regular one that is not much too large, or an error before it is opened.
///
/// # Errors
/// Those of [`regular`]; it is larger than any file of a cache.
pub fn recall(path: &Path) -> io::Result<Vec<u8>> {
    if regular(path)?.len() > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(path)
}

/// Writes a file of a cache, whole or not at all, with the folders that it needs. The first file that a process writes into a
/// folder sweeps out what killed processes have left there.
///
/// # Errors
/// The file system's message, with the path.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|reason| format!("{}: {reason}", folder.display()))?;
    let failed = |reason| DataError::File { doing: "write", path: path.into(), reason }.to_string();
    write_whole(path, bytes).map_err(failed)?;
    // By the clock of the folder's file system.
    if let Ok(now) = fs::metadata(path).and_then(|found| found.modified())
        && first_time(folder)
    {
        sweep(folder, now);
    }
    Ok(())
}

/// Whether this process has not written into a folder before.
fn first_time(folder: &Path) -> bool {
    static WRITTEN: LazyLock<Mutex<BTreeSet<PathBuf>>> = LazyLock::new(Mutex::default);
    WRITTEN.lock().is_ok_and(|mut written| written.insert(folder.to_path_buf()))
}

/// Removes the files that were being written long before `now`.
fn sweep(folder: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_part(&entry.path())) {
        let old = entry.metadata().is_ok_and(|found| {
            let age = found.modified().ok().and_then(|then| now.duration_since(then).ok());
            found.is_file() && age.is_some_and(|age| age > STALE)
        });
        if old {
            // Another process may have removed it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a file has the name of one that is being written: `.ksr-a1B2c3.part`, or `….json.123.part` and `….exact.123.part` by
/// earlier versions.
fn is_part(path: &Path) -> bool {
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().into_owned());
    if ending(path).as_deref() != Some(PART) {
        return false;
    }
    let name = path.with_extension("");
    let own = name.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".ksr-"));
    let number = ending(&name).is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    own || (number && matches!(ending(&name.with_extension("")).as_deref(), Some("json" | "exact")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_seal_shows_every_change() {
        let whole = sealed("test", b"content".to_vec());
        assert_eq!(unsealed("test", &whole), Some(&b"content"[..]));
        assert_eq!(unsealed("other", &whole), None);
        for bit in 0..8 * whole.len() {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unsealed("test", &changed), None, "bit {bit}");
        }
        for length in 0..whole.len() {
            assert_eq!(unsealed("test", &whole[..length]), None);
        }
        assert_eq!(unsealed("test", &[&whole[..], b"0"].concat()), None);
    }

    #[test]
    fn many_writers_of_one_file_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        keep(path, &vec![b'0' + writer; 5000]).unwrap();
                        let found = fs::read(path).unwrap();
                        assert!(found.len() == 5000 && found.iter().all(|b| *b == found[0]));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn what_killed_processes_have_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let old = now - 2 * STALE;
        let put = |name: &str, time: SystemTime| {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
        };
        let left = [".ksr-a1B2c3.part", "train-0f-3-200.json.4711.part", "0f.exact.12.part"];
        let others = ["a.json", "thesis.part", "film.12.part", "b.exact.x.part", ".ksr-notes"];
        left.iter().chain(&others).for_each(|name| put(name, old));
        fs::create_dir(folder.path().join(".ksr-folder.part")).unwrap();
        put(".ksr-running.part", now);
        keep(&folder.path().join("new.json"), b"1").unwrap();
        let mut kept: Vec<&str> = [".ksr-folder.part", ".ksr-running.part", "new.json"].into();
        kept.extend(others);
        kept.sort();
        assert_eq!(names(folder.path()), kept);
        // Only once: looking through a large folder takes time.
        put(".ksr-a1B2c3.part", old);
        keep(&folder.path().join("new.json"), b"2").unwrap();
        assert!(names(folder.path()).contains(&".ksr-a1B2c3.part".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (kept, plain) = (folder.path().join("kept"), folder.path().join("plain"));
        keep(&kept, b"1").unwrap();
        fs::write(&plain, "1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&kept), mode(&plain));
    }
}

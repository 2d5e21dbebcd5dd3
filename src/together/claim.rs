//! Claims: a file that only one process can make, whose time stamp is renewed as long as that process lives.

use super::queue::Outcome;
use super::{CLAIMS, DONE, FAILED, PATIENCE, Together, Who, locked};
use crate::control::Control;
use crate::data::write_whole;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

/// What the file of a claim says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claimed {
    pub who: Who,
    pub what: String,
    /// How often it is renewed, seconds.
    pub beat: f64,
}

impl Claimed {
    /// How often it is renewed.
    pub fn beat(&self) -> Duration {
        Duration::try_from_secs_f64(self.beat).unwrap_or(Duration::MAX)
    }

    /// Without a sign of life for longer than this its process is dead.
    pub fn patience(&self) -> Duration {
        self.beat().saturating_mul(PATIENCE)
    }
}

/// What the file of a unit that has ended says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Finished {
    pub who: Who,
    pub what: String,
    pub seconds: f64,
}

/// What a claim looked like: its time stamp and length.
pub(super) type Stamp = (Option<SystemTime>, u64);

/// Claims that this process holds; a thread renews them.
pub(super) struct Held {
    who: Who,
    paths: Mutex<(BTreeSet<PathBuf>, bool)>,
    changed: Condvar,
}

impl Held {
    /// None yet; renewed every `beat`.
    pub fn new(who: Who, beat: Duration) -> Arc<Self> {
        let held = Arc::new(Held { who, paths: Mutex::default(), changed: Condvar::new() });
        let renewed = held.clone();
        // Without the thread claims would look dead, and others would do the same work again: no harm.
        let _ = std::thread::Builder::new().name("claims".into()).spawn(move || {
            let mut paths = locked(&renewed.paths);
            while !paths.1 {
                paths.0.iter().for_each(|path| renew(path));
                paths = renewed.changed.wait_timeout(paths, beat).map_or_else(|e| e.into_inner().0, |(paths, _)| paths);
            }
        });
        held
    }

    /// Renews a claim from now on.
    pub fn hold(&self, path: PathBuf) {
        locked(&self.paths).0.insert(path);
    }

    /// Gives up a claim.
    pub fn release(&self, path: &Path) {
        locked(&self.paths).0.remove(path);
        self.remove(path);
    }

    /// Ends the thread and gives up what is held.
    pub fn end(&self) {
        let mut paths = locked(&self.paths);
        paths.1 = true;
        std::mem::take(&mut paths.0).iter().for_each(|path| self.remove(path));
        self.changed.notify_all();
    }

    /// Removes a claim, unless it has been taken over while this process was suspended.
    fn remove(&self, path: &Path) {
        if claimed(path).is_none_or(|claimed| claimed.who == self.who) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Renews a time stamp by writing what is there already: the clock is that of the file system.
fn renew(path: &Path) {
    if let Ok(mut file) = OpenOptions::new().write(true).open(path) {
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(b"{"));
    }
}

/// Tries whether claims can be made in a folder.
pub(super) fn probe(folder: &Path, who: &Who) -> io::Result<()> {
    let path = folder.join(format!(".probe-{}", who.file_name()));
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => file.write_all(b"?")?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let _ = fs::remove_file(path);
    Ok(())
}

/// A unit that this process works on. It is given up when this is dropped.
pub struct Claim<'a> {
    together: &'a Together,
    key: String,
    what: String,
    path: PathBuf,
    result: PathBuf,
    begun: Duration,
}

impl Claim<'_> {
    /// Tells what has become of the unit; it counts as done only if its result is there. The clock of
    /// `control` is that of its beginning.
    pub(super) fn finish(self, outcome: Outcome, control: &dyn Control) {
        let part = match outcome {
            Outcome::Shared if File::open(&self.result).is_ok() => DONE,
            Outcome::Failed => FAILED,
            Outcome::Shared | Outcome::Dropped => return,
        };
        let seconds = control.elapsed().saturating_sub(self.begun).as_secs_f64();
        let finished = Finished { who: self.together.who.clone(), what: self.what.clone(), seconds };
        let path = self.together.folder.join(part).join(&self.key);
        let written = serde_json::to_vec(&finished).map_err(io::Error::from).and_then(|text| write_whole(&path, &text));
        if let Err(error) = written {
            self.together.tell_trouble(&error, control);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.together.held.release(&self.path);
    }
}

/// What a claim says; none if there is none, or it is just being made.
pub(super) fn claimed(path: &Path) -> Option<Claimed> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The stamp of a file. Opening it makes a network file system ask its server.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let found = File::open(path).ok()?.metadata().ok()?;
    Some((found.modified().ok(), found.len()))
}

/// Makes names of files that are out of the way.
static SERIAL: AtomicU64 = AtomicU64::new(0);

impl Together {
    pub(super) fn claim_path(&self, key: &str) -> PathBuf {
        self.folder.join(CLAIMS).join(key)
    }

    /// Whether a unit is finished. Opening asks the server.
    pub(crate) fn is_done(&self, key: &str) -> bool {
        File::open(self.folder.join(DONE).join(key)).is_ok()
    }

    /// A unit whose result is missing is not done.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn undo(&self, key: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join(DONE).join(key)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether a unit has failed since this process began: failures of earlier times may have had causes that are gone.
    pub(super) fn has_just_failed(&self, key: &str) -> bool {
        !self.failed_before.contains(key)
    }

    /// Makes the file of a claim; false if another process has.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn make_claim(&self, path: &Path, what: &str) -> io::Result<bool> {
        let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        };
        let text = Claimed { who: self.who.clone(), what: what.to_owned(), beat: self.beat.as_secs_f64() };
        if let Err(error) = serde_json::to_vec(&text).map_err(io::Error::from).and_then(|text| file.write_all(&text)) {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        self.held.hold(path.to_path_buf());
        Ok(true)
    }

    /// Claims a unit, whose result will be a file; none if another process has.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn claim(
        &self,
        (key, what, result): (&str, &str, &Path),
        elapsed: Duration,
    ) -> io::Result<Option<Claim<'_>>> {
        let path = self.claim_path(key);
        let (key, what, result) = (key.to_owned(), what.to_owned(), result.to_path_buf());
        let made = self.make_claim(&path, &what)?;
        Ok(made.then(|| Claim { together: self, key, what, path, result, begun: elapsed }))
    }

    /// Puts a claim out of the way whose process died: it is certain, or the time stamp has not changed for long.
    ///
    /// # Errors
    /// It is dead, and the store cannot be written.
    pub(super) fn bury_if_dead(&self, key: &str, elapsed: Duration) -> io::Result<()> {
        let path = self.claim_path(key);
        let Some(now) = stamp(&path) else {
            locked(&self.watched).remove(key);
            return Ok(());
        };
        let since = {
            let mut watched = locked(&self.watched);
            let seen = watched.entry(key.to_owned()).or_insert((now, elapsed));
            if seen.0 != now {
                *seen = (now, elapsed);
            }
            seen.1
        };
        let (gone, patience) = match claimed(&path) {
            Some(claimed) => (claimed.who.is_gone(&self.who), claimed.patience()),
            None => (false, self.beat * PATIENCE),
        };
        if gone || elapsed.saturating_sub(since) > patience {
            self.bury(&path, now)?;
            locked(&self.watched).remove(key);
        }
        Ok(())
    }

    /// Moves a claim out of the way, if it still looks as it did: of several that find it dead, one can.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn bury(&self, path: &Path, seen: Stamp) -> io::Result<()> {
        if stamp(path) != Some(seen) {
            return Ok(());
        }
        let aside = format!(".dead-{}-{}", self.who.file_name(), SERIAL.fetch_add(1, Ordering::Relaxed));
        let aside = self.folder.join(CLAIMS).join(aside);
        match fs::rename(path, &aside) {
            Ok(()) => {
                let _ = fs::remove_file(aside);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

//! Claims: a file that only one process can make, whose time stamp is renewed as long as that process lives.

use super::{CLAIMS, DONE, PATIENCE, Together, locked};
use crate::data::write_whole;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name of its computer.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// What tells apart computers, starts and name spaces in which that number is one process; empty if not known.
    pub space: String,
    /// Its number among all processes, if an engine gave it one.
    pub rank: Option<usize>,
}

impl Who {
    /// `node1:4711 (process 3)`.
    pub fn text(&self) -> String {
        let rank = self.rank.map_or(String::new(), |rank| format!(" (process {rank})"));
        format!("{}:{}{rank}", self.host, self.pid)
    }

    /// A name for files of its own.
    pub(super) fn file_name(&self) -> String {
        let host: String = self.host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        format!("{host}-{}", self.pid)
    }

    /// Whether it is certain that it is no longer running: it was here, and is not.
    fn is_gone(&self, here: &Who) -> bool {
        let same = !self.space.is_empty() && self.space == here.space && self.host == here.host;
        same && Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{}", self.pid)).exists()
    }
}

/// What the file of a claim says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claimed {
    pub who: Who,
    pub what: String,
}

/// What the file of a finished unit says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Finished {
    pub who: Who,
    pub what: String,
    pub seconds: f64,
    pub failed: bool,
}

/// What a claim looked like: its time stamp and length.
pub(super) type Stamp = (Option<SystemTime>, u64);

/// Claims that this process holds; a thread renews them.
pub(super) struct Held {
    paths: Mutex<(BTreeSet<PathBuf>, bool)>,
    changed: Condvar,
}

impl Held {
    /// None yet; renewed every `beat`.
    pub fn new(beat: Duration) -> Arc<Self> {
        let held = Arc::new(Held { paths: Mutex::default(), changed: Condvar::new() });
        let renewed = held.clone();
        // Without the thread claims would look dead, and others would do the same work again: no harm.
        let _ = std::thread::Builder::new().name("claims".into()).spawn(move || {
            let mut paths = locked(&renewed.paths);
            while !paths.1 {
                paths.0.iter().for_each(|path| touch(path));
                paths = renewed.changed.wait_timeout(paths, beat).map_or_else(|e| e.into_inner().0, |(paths, _)| paths);
            }
        });
        held
    }

    /// Ends the thread and gives up what is held.
    pub fn end(&self) {
        let mut paths = locked(&self.paths);
        paths.1 = true;
        for path in std::mem::take(&mut paths.0) {
            let _ = fs::remove_file(path);
        }
        self.changed.notify_all();
    }
}

/// Renews a time stamp. The clock may be anything, as long as it moves.
fn touch(path: &Path) {
    if let Ok(file) = OpenOptions::new().write(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
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
    fs::remove_file(path)
}

/// A unit that this process works on. It is given up when this is dropped.
pub struct Claim<'a> {
    together: &'a Together,
    key: String,
    what: String,
    path: PathBuf,
    begun: Duration,
}

impl Claim<'_> {
    /// The unit is done, and its result is where others find it; or it `failed`, and others find out themselves. `elapsed` is the time
    /// now, as when it began.
    pub fn finish(self, failed: bool, elapsed: Duration, tell: &dyn Fn(String)) {
        let seconds = elapsed.saturating_sub(self.begun).as_secs_f64();
        let finished = Finished { who: self.together.who.clone(), what: self.what.clone(), seconds, failed };
        let path = self.together.folder.join(DONE).join(&self.key);
        let written = serde_json::to_vec(&finished).map_err(io::Error::from).and_then(|text| write_whole(&path, &text));
        if let Err(error) = written {
            self.together.tell_trouble(&error, tell);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        locked(&self.together.held.paths).0.remove(&self.path);
        // It may have been taken over while this process was suspended.
        if claimed(&self.path).is_none_or(|claimed| claimed.who == self.together.who) {
            let _ = fs::remove_file(&self.path);
        }
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

/// The process that shows and saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leader {
    /// It is at work, or has ended.
    Well,
    /// It has died.
    Gone(String),
}

impl Together {
    /// Makes this process the one that shows and saves, as long as it lives, if there is none.
    pub fn lead(&self, key: &str) -> bool {
        let path = self.claim_path(key);
        if claimed(&path).is_some_and(|claimed| claimed.who.is_gone(&self.who)) {
            let _ = fs::remove_file(&path);
        }
        match self.claim(key, key, Duration::ZERO) {
            Ok(Some(claim)) => {
                // Given up with all claims when the process ends.
                std::mem::forget(claim);
                true
            }
            _ => false,
        }
    }

    /// The state of the process that shows and saves.
    pub fn leader(&self, key: &str) -> Leader {
        match claimed(&self.claim_path(key)) {
            Some(claimed) if claimed.who.is_gone(&self.who) => Leader::Gone(claimed.who.text()),
            _ => Leader::Well,
        }
    }

    fn claim_path(&self, key: &str) -> PathBuf {
        self.folder.join(CLAIMS).join(key)
    }

    /// Whether a unit is finished. Opening asks the server.
    pub(super) fn is_done(&self, key: &str) -> bool {
        File::open(self.folder.join(DONE).join(key)).is_ok()
    }

    /// Whether a finished unit has no result.
    pub(super) fn has_failed(&self, key: &str) -> bool {
        let text = fs::read(self.folder.join(DONE).join(key)).unwrap_or_default();
        serde_json::from_slice::<Finished>(&text).is_ok_and(|finished| finished.failed)
    }

    /// Claims a unit; none if another process has.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn claim(&self, key: &str, what: &str, elapsed: Duration) -> io::Result<Option<Claim<'_>>> {
        let path = self.claim_path(key);
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = Claimed { who: self.who.clone(), what: what.to_owned() };
        if let Err(error) = serde_json::to_vec(&text).map_err(io::Error::from).and_then(|text| file.write_all(&text)) {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        locked(&self.held.paths).0.insert(path.clone());
        Ok(Some(Claim { together: self, key: key.to_owned(), what: what.to_owned(), path, begun: elapsed }))
    }

    /// Puts a claim out of the way whose process died: it is certain, or the time stamp has not changed for long.
    pub(super) fn bury_if_dead(&self, key: &str, elapsed: Duration) {
        let path = self.claim_path(key);
        let Some(now) = stamp(&path) else {
            locked(&self.watched).remove(key);
            return;
        };
        let gone = claimed(&path).is_some_and(|claimed| claimed.who.is_gone(&self.who));
        let since = {
            let mut watched = locked(&self.watched);
            let seen = watched.entry(key.to_owned()).or_insert((now, elapsed));
            if seen.0 != now {
                *seen = (now, elapsed);
            }
            seen.1
        };
        let silent = elapsed.saturating_sub(since) > self.beat * PATIENCE;
        // Of several that find this out, one can move it; a claim that has just been renewed stays.
        if (gone || silent) && stamp(&path) == Some(now) {
            let aside = format!(".dead-{}-{}", self.who.file_name(), SERIAL.fetch_add(1, Ordering::Relaxed));
            let aside = self.folder.join(CLAIMS).join(aside);
            if fs::rename(&path, &aside).is_ok() {
                let _ = fs::remove_file(aside);
            }
            locked(&self.watched).remove(key);
        }
    }
}

impl Who {
    /// The place among `count` units at which this process begins: processes are spread by the golden ratio.
    pub(super) fn place(&self, count: usize) -> usize {
        let number = self.rank.unwrap_or(self.pid as usize) as u64;
        let share = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64 / 2f64.powi(64);
        ((share * count as f64) as usize).min(count.saturating_sub(1))
    }
}

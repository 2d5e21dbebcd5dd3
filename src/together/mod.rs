//! Many processes, one script: they share a folder, in which big units of work (a seed of a training, an exact answer, a calculation of a
//! list) are claimed one by one, and every process reads all results.
//!
//! ```text
//! ksr-store.json   what the store is for: version and build of ksr, and the bits of a test calculation
//! claims/KEY       a unit that is being worked on, and by whom; its time stamp is renewed while that process lives
//! done/KEY         a unit that is finished, by whom, in what time; its result is in the caches below
//! failed/KEY       a unit that failed
//! lists/KEY        which units a training or a list has, for `ksr status`
//! exact/, training/, runs/   results, each in a file of its own
//! ```
//!
//! A claim only avoids that work is done twice: results are the same bits whoever calculated them, and files are written under another name,
//! synced and renamed, so that two processes that do the same unit do no harm. Nothing is appended to, locked, or changed in place.
//! Time stamps are only compared with what they were before, so that clocks need not agree.

#![allow(clippy::disallowed_methods, reason = "the store is a folder of ksr's own, outside a script's world")]

mod bits;
mod claim;
mod lead;
mod queue;
mod status;
mod who;

pub use bits::Bits;
pub use lead::Leader;
pub use queue::{Outcome, Queue, Turn, Unit};
pub use status::{ListStatus, Status, Worker, clean, status};
pub use who::Who;

use crate::control::{Control, Event};
use crate::data::{recall, write_whole};
use claim::Held;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// The file that says what a folder is.
const MARKER: &str = "ksr-store.json";
/// What it says.
const FORMAT: &str = "ksr store 1";
/// Folders in it.
pub(crate) const CLAIMS: &str = "claims";
pub(crate) const DONE: &str = "done";
/// Units that failed.
pub(crate) const FAILED: &str = "failed";
pub(crate) const LISTS: &str = "lists";
/// The results of calculations of lists.
const RUNS: &str = "runs";

/// How often a claim is renewed.
pub const BEAT: Duration = Duration::from_secs(5);
/// A claim that was not renewed for so many beats is one of a process that died.
const PATIENCE: u32 = 8;

/// What a store was begun with: processes with anything else might calculate other bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    format: String,
    version: String,
    /// A hash of the program.
    build: String,
    /// What the processor and its libraries calculate.
    bits: Bits,
    begun_by: String,
}

/// Why a store cannot be joined.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum StoreError {
    #[error("`{}` is not a store of ksr, and it is not empty: give a new folder", folder.display())]
    Foreign { folder: PathBuf },
    #[error("cannot {what} the store `{}`: {reason}", folder.display())]
    Unusable { folder: PathBuf, what: &'static str, reason: String },
    #[error("there is no store of ksr in `{}`", folder.display())]
    Missing { folder: PathBuf },
    #[error("cannot read the program itself, which a store is for: {reason}")]
    Program { reason: String },
    #[error(
        "the store `{}` was begun by ksr {theirs}, and this is {own}: their results could differ in the last bits; use the same program, \
         or another folder",
        folder.display()
    )]
    Version { folder: PathBuf, theirs: String, own: String },
    #[error(
        "the store `{}` was begun on {begun_by} with {theirs}, and this processor calculates with {own}: results would differ in the last bits. \
         Choose nodes of one kind (for Slurm, `--constraint`), or another folder",
        folder.display()
    )]
    Bits { folder: PathBuf, begun_by: String, theirs: String, own: String },
}

/// A process that works with others.
pub struct Together {
    folder: PathBuf,
    who: Who,
    beat: Duration,
    held: Arc<Held>,
    /// Units that had failed when this process began.
    failed_before: BTreeSet<String>,
    /// Claims of others, as they were when last looked at, and since when they have been so.
    watched: Mutex<BTreeMap<String, (claim::Stamp, Duration)>>,
    trouble: Once,
}

impl std::fmt::Debug for Together {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together").field("folder", &self.folder).field("who", &self.who).finish_non_exhaustive()
    }
}

impl Together {
    /// Joins the processes that share a folder, which is made if there is none. `build` is a hash of the program; claims are renewed every
    /// `beat`.
    ///
    /// # Errors
    /// The folder is something else, or cannot be written; it was begun by another version of ksr, or where other bits are calculated.
    pub fn join(folder: &Path, who: Who, build: &str, beat: Duration) -> Result<Self, StoreError> {
        let unusable = |what, error: io::Error| StoreError::Unusable {
            folder: folder.to_path_buf(),
            what,
            reason: crate::problem::reason(&error, "write"),
        };
        fs::create_dir_all(folder).map_err(|error| unusable("make", error))?;
        let own = Marker {
            format: FORMAT.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            build: build.into(),
            bits: Bits::here(),
            begun_by: who.text(),
        };
        let marker = match marker_in(folder).map_err(|error| unusable("read", error))? {
            Some(marker) => marker,
            None => begin(folder, &own, &who)
                .map_err(|error| unusable("write to", error))?
                .ok_or_else(|| StoreError::Foreign { folder: folder.to_path_buf() })?,
        };
        if marker.format != own.format {
            return Err(StoreError::Foreign { folder: folder.to_path_buf() });
        }
        if (&marker.version, &marker.build) != (&own.version, &own.build) {
            let words = |marker: &Marker| format!("{} (build {})", marker.version, brief(&marker.build));
            let (theirs, own) = (words(&marker), words(&own));
            return Err(StoreError::Version { folder: folder.to_path_buf(), theirs, own });
        }
        if marker.bits != own.bits {
            let (theirs, own) = (marker.bits.words(&own.bits), own.bits.words(&marker.bits));
            return Err(StoreError::Bits { folder: folder.to_path_buf(), begun_by: marker.begun_by, theirs, own });
        }
        for part in [CLAIMS, DONE, FAILED, LISTS, RUNS] {
            fs::create_dir_all(folder.join(part)).map_err(|error| unusable("write to", error))?;
        }
        claim::probe(&folder.join(CLAIMS), &who).map_err(|error| unusable("write to", error))?;
        let held = Held::new(who.clone(), beat);
        let failed = fs::read_dir(folder.join(FAILED)).map_err(|error| unusable("read", error))?;
        let failed_before = failed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let (watched, trouble) = (Mutex::default(), Once::new());
        let joined = Self { folder: folder.to_path_buf(), who, beat, held, failed_before, watched, trouble };
        joined.be_present();
        Ok(joined)
    }

    /// The shared folder, which is also that of the caches.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the store still exists.
    pub fn is_there(&self) -> bool {
        self.folder.join(MARKER).exists()
    }

    /// This process.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// The file of the results of a unit of a list.
    pub fn runs(&self, key: &str) -> PathBuf {
        self.folder.join(RUNS).join(format!("{key}.runs"))
    }

    /// Says that the store cannot be written: once.
    fn tell_trouble(&self, error: &io::Error, control: &dyn Control) {
        self.cannot_share(&crate::problem::reason(error, "write"), control);
    }

    /// Says that the store cannot be written, for a reason: once.
    pub fn cannot_share(&self, reason: &str, control: &dyn Control) {
        self.trouble.call_once(|| {
            control.report(Event::Trouble(format!(
                "the store `{}` cannot be written ({reason}): this process calculates by itself what others have not finished, and its results \
                 are not shared",
                self.folder.display()
            )));
        });
    }

    /// Whether the store can still be written, as far as this process knows.
    pub fn is_well(&self) -> bool {
        !self.trouble.is_completed() && claim::probe(&self.folder.join(CLAIMS), &self.who).is_ok()
    }

    /// The units of a list, noted for `ksr status`; once is enough, and without it nothing is lost.
    fn note_list(&self, what: &str, units: &[Unit]) {
        let keys: Vec<&str> = units.iter().map(|unit| &*unit.key).collect();
        let name =
            keys.iter().fold(crate::data::ContentKey::new("list").text(what), |key, unit| key.text(unit)).finish();
        let path = self.folder.join(LISTS).join(name);
        if units.len() > 1 && !path.exists() {
            let text = serde_json::json!({ "what": what, "units": keys }).to_string();
            let _ = write_whole(&path, text.as_bytes());
        }
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        self.held.end();
    }
}

/// The first digits of a hash.
fn brief(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// What a folder says it is; none if it says nothing.
fn marker_in(folder: &Path) -> io::Result<Option<Marker>> {
    match recall(&folder.join(MARKER)) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, format!("`{MARKER}` is damaged"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Begins a store, unless another process has just done so; none if there is something else in the folder.
fn begin(folder: &Path, own: &Marker, who: &Who) -> io::Result<Option<Marker>> {
    let part = format!(".begun-by-{}", who.file_name());
    for entry in fs::read_dir(folder)? {
        // Others may be beginning at this moment.
        if ![".begun-by-", ".ksr-"]
            .iter()
            .any(|start| entry.as_ref().is_ok_and(|e| e.file_name().to_string_lossy().starts_with(start)))
        {
            return marker_in(folder);
        }
    }
    let path = folder.join(part);
    write_whole(&path, serde_json::to_string(own)?.as_bytes())?;
    // Only one name can be made; all see the whole file of the first.
    let made = fs::hard_link(&path, folder.join(MARKER)).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => Ok(()),
        // A file system without links.
        _ if marker_in(folder)?.is_none() => write_whole(&folder.join(MARKER), serde_json::to_string(own)?.as_bytes()),
        _ => Ok(()),
    });
    let _ = fs::remove_file(&path);
    made?;
    marker_in(folder)
}

/// A lock whose holder may have panicked: what it guards is only ever replaced as a whole.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The process that shows and saves, and the presence of all.

use super::claim::{Claimed, claimed, stamp};
use super::{CLAIMS, LISTS, Together};
use crate::data::write_whole;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// How the name of the claim of a process begins that shows and saves: the rest is a key of its script.
pub(crate) const FIRST: &str = "first-";
/// How the names of claims begin that say only that a process is there.
pub(crate) const PRESENT: &str = ".process-";

/// How the name of the note begins that all has been shown.
pub(crate) const SHOWN: &str = ".shown-";

/// After so many of its beats without a sign of life, a process that shows is taken for dead by one that begins: two of them do no harm.
const BEATS: u32 = 3;
/// How often it is looked for such a sign.
const LOOK: Duration = Duration::from_millis(50);

/// The process that shows and saves, as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leader {
    /// This one.
    Own,
    /// It is at work; or it has ended, if it has no name.
    Other(Option<String>),
    /// It has died.
    Gone(String),
    /// There is none, and nothing has been shown: it has not begun, or has ended early.
    None,
}

impl Together {
    fn first(&self, script: &str) -> PathBuf {
        self.claim_path(&format!("{FIRST}{script}"))
    }

    /// The note that all has been shown.
    fn shown(&self, script: &str) -> PathBuf {
        self.folder().join(LISTS).join(format!("{SHOWN}{script}"))
    }

    /// Notes that all that a script shows has been shown, as far as it goes.
    pub fn note_shown(&self, script: &str) {
        // Where it cannot be written, that has been told.
        let _ = write_whole(&self.shown(script), self.who.text().as_bytes());
    }

    /// Says that this process is there, as long as it lives.
    pub(super) fn be_present(&self) {
        let _ = self.make_claim(&self.folder.join(CLAIMS).join(format!("{PRESENT}{}", self.who.file_name())), "");
    }

    /// Makes this process the one that shows and saves for a script, as long as it lives, in the place of another one: an engine says so.
    pub fn lead(&self, script: &str) {
        let path = self.first(script);
        let _ = fs::remove_file(self.shown(script));
        // Where it cannot be written, nobody knows.
        let _ = stamp(&path).map_or(Ok(()), |seen| self.bury(&path, seen)).and_then(|()| self.make_claim(&path, FIRST));
    }

    /// Makes this process the one that shows and saves if there is none that gives a sign of life, for which it waits a few beats. `wait`
    /// sleeps; false if the user asked to stop.
    pub fn lead_if_first(&self, script: &str, wait: &dyn Fn(Duration) -> bool) -> Leader {
        let path = self.first(script);
        loop {
            match self.make_claim(&path, FIRST) {
                Ok(true) | Err(_) => {
                    let _ = fs::remove_file(self.shown(script));
                    return Leader::Own;
                }
                Ok(false) => {}
            }
            let Some(seen) = stamp(&path) else { continue };
            let found = claimed(&path);
            let beat = found.as_ref().map_or(self.beat, Claimed::beat);
            let mut waited = Duration::ZERO;
            while !found.as_ref().is_some_and(|found| found.who.is_gone(&self.who)) {
                if stamp(&path) != Some(seen) {
                    if let Some(found) = claimed(&path) {
                        return Leader::Other(Some(found.who.text()));
                    }
                    break;
                }
                if waited > beat.saturating_mul(BEATS) {
                    break;
                }
                if !wait(LOOK) {
                    return Leader::Other(None);
                }
                waited += LOOK;
            }
            if self.bury(&path, seen).is_err() {
                return Leader::Own;
            }
        }
    }

    /// The state of the process that shows and saves, which it waits for to give a sign of life or to end. `wait` as before.
    pub fn leader(&self, script: &str, wait: &dyn Fn(Duration) -> bool) -> Leader {
        let path = self.first(script);
        let (Some(seen), Some(found)) = (stamp(&path), claimed(&path)) else {
            return if stamp(&self.shown(script)).is_some() { Leader::Other(None) } else { Leader::None };
        };
        let (name, beat) = (found.who.text(), found.beat());
        if found.who == self.who {
            return Leader::Own;
        }
        let mut waited = Duration::ZERO;
        while !found.who.is_gone(&self.who) && waited <= beat.saturating_mul(BEATS) {
            match stamp(&path) {
                None => return self.leader(script, wait),
                Some(now) if now != seen => return Leader::Other(Some(name)),
                Some(_) if !wait(LOOK) => return Leader::Other(Some(name)),
                Some(_) => waited += LOOK,
            }
        }
        match stamp(&path) {
            Some(now) if now == seen => Leader::Gone(name),
            Some(_) => Leader::Other(Some(name)),
            // It has ended in this moment.
            None => self.leader(script, wait),
        }
    }
}

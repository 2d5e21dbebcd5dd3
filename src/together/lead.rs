//! The process that shows and saves, and the presence of all.

use super::claim::{claimed, stamp};
use super::{CLAIMS, Together};
use std::path::PathBuf;
use std::time::Duration;

/// The claim of the process that shows and saves.
pub(crate) const FIRST: &str = "first";
/// How the names of claims begin that say only that a process is there.
pub(crate) const PRESENT: &str = ".process-";

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
}

impl Together {
    fn first(&self) -> PathBuf {
        self.claim_path(FIRST)
    }

    /// Says that this process is there, as long as it lives.
    pub(super) fn be_present(&self) {
        let _ = self.make_claim(&self.folder.join(CLAIMS).join(format!("{PRESENT}{}", self.who.file_name())), "");
    }

    /// Makes this process the one that shows and saves, as long as it lives, in the place of another one: an engine says so.
    pub fn lead(&self) {
        let path = self.first();
        // Where it cannot be written, nobody knows.
        let _ = stamp(&path).map_or(Ok(()), |seen| self.bury(&path, seen)).and_then(|()| self.make_claim(&path, FIRST));
    }

    /// Makes this process the one that shows and saves if there is none that gives a sign of life, for which it waits a few beats. `wait`
    /// sleeps; false if the user asked to stop.
    pub fn lead_if_first(&self, wait: &dyn Fn(Duration) -> bool) -> Leader {
        let path = self.first();
        loop {
            match self.make_claim(&path, FIRST) {
                Ok(true) | Err(_) => return Leader::Own,
                Ok(false) => {}
            }
            let Some(seen) = stamp(&path) else { continue };
            let found = claimed(&path);
            let beat = found.as_ref().map_or(self.beat, |found| found.patience() / super::PATIENCE);
            let mut waited = Duration::ZERO;
            while !found.as_ref().is_some_and(|found| found.who.is_gone(&self.who)) {
                if stamp(&path) != Some(seen) {
                    if let Some(found) = claimed(&path) {
                        return Leader::Other(Some(found.who.text()));
                    }
                    break;
                }
                if waited > beat * BEATS {
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
    pub fn leader(&self, wait: &dyn Fn(Duration) -> bool) -> Leader {
        let path = self.first();
        let (Some(seen), Some(found)) = (stamp(&path), claimed(&path)) else { return Leader::Other(None) };
        let (name, beat) = (found.who.text(), found.patience() / super::PATIENCE);
        if found.who == self.who {
            return Leader::Own;
        }
        let mut waited = Duration::ZERO;
        while !found.who.is_gone(&self.who) && waited <= beat * BEATS {
            if stamp(&path) != Some(seen) || !wait(LOOK) {
                return Leader::Other(Some(name));
            }
            waited += LOOK;
        }
        // It may have ended in this moment.
        if stamp(&path) == Some(seen) { Leader::Gone(name) } else { Leader::Other(Some(name)) }
    }
}

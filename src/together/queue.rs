//! Units of work, given out one by one: those that this process claims, and those whose results others have calculated.

use super::claim::Claim;
use super::{CLAIMS, DONE, FAILED, Together, locked};
use crate::control::Control;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A unit of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The hash of all that its result depends on.
    pub key: String,
    /// What it is, for people: `exact h2(1.6)`.
    pub what: String,
    /// The file of its result.
    pub result: PathBuf,
}

/// What this process does with a unit.
pub enum Turn<'a> {
    /// Calculates it, and others wait for the result.
    Mine(Claim<'a>),
    /// Reads its result (or, if it is missing, calculates it).
    Done,
    /// Calculates it; nobody else is told.
    Alone,
}

/// What has become of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its result is where others find it.
    Shared,
    /// It failed, as it will for others.
    Failed,
    /// It was given up: others may do it.
    Dropped,
}

impl Outcome {
    /// That of work that has ended, well or not.
    pub fn of(well: bool, control: &dyn Control) -> Self {
        match well {
            _ if control.interrupted() => Outcome::Dropped,
            true => Outcome::Shared,
            false => Outcome::Failed,
        }
    }
}

impl Turn<'_> {
    /// Tells the others what has become of the unit.
    pub fn finish(self, outcome: Outcome, control: &dyn Control) {
        if let Turn::Mine(claim) = self {
            claim.finish(outcome, control);
        }
    }
}

/// Units that are given out one by one, to any number of threads.
pub struct Queue<'a> {
    /// The others; without them the units are given out in order.
    together: Option<&'a Together>,
    units: Vec<Unit>,
    next: AtomicUsize,
    left: Mutex<Left>,
}

/// What is left of the units, and what is known of the others.
#[derive(Default)]
struct Left {
    units: Vec<usize>,
    done: BTreeSet<String>,
    failed: BTreeSet<String>,
    claimed: BTreeSet<String>,
    /// When these are to be read again.
    look: Duration,
    /// When claims are to be looked at again.
    check: Duration,
}

/// While units are left, the folders are read again after this time, or this many times what reading takes.
const LOOK: (Duration, u32) = (Duration::from_millis(200), 20);
/// The shortest and the longest wait for others.
const WAITS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(1000)];

impl<'a> Queue<'a> {
    /// The units of a training or a list, `what` for people.
    pub fn new(together: Option<&'a Together>, what: &str, units: Vec<Unit>) -> Self {
        let count = units.len();
        let mut order: Vec<usize> = (0..count).collect();
        if let Some(together) = together {
            together.note_list(what, &units);
            // Processes begin at different places, so that they seldom want the same unit.
            order.rotate_left(together.who.place(count));
        }
        let left = Left { units: order, ..Left::default() };
        Self { together, units, next: AtomicUsize::new(0), left: Mutex::new(left) }
    }

    /// The next unit, and what to do with it. If all that are left are worked on by others, waits until one is finished or its process has
    /// died. None: all have been given out, or the user asked to stop. The clock of `control` has to move.
    pub fn next(&self, control: &dyn Control) -> Option<(usize, Turn<'a>)> {
        let Some(together) = self.together else {
            if control.interrupted() {
                return None;
            }
            let k = self.next.fetch_add(1, Ordering::Relaxed);
            return (k < self.units.len()).then_some((k, Turn::Alone));
        };
        let mut wait = WAITS[0];
        while !control.interrupted() {
            match self.look(together, control) {
                Found::Unit(k, Turn::Done) if !await_file(&self.units[k].result) => {
                    // Its result has been removed, or was never written: it is not done.
                    if let Err(error) = together.undo(&self.units[k].key) {
                        together.tell_trouble(&error, control);
                        return Some((k, Turn::Alone));
                    }
                    let mut left = locked(&self.left);
                    left.done.remove(&self.units[k].key);
                    left.units.push(k);
                }
                Found::Unit(k, turn) => return Some((k, turn)),
                Found::Nothing => return None,
                Found::Busy => {
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(WAITS[1]);
                }
            }
        }
        None
    }

    fn look(&self, together: &'a Together, control: &dyn Control) -> Found<'a> {
        let elapsed = control.elapsed();
        let mut left = locked(&self.left);
        if left.units.is_empty() {
            return Found::Nothing;
        }
        // Units of others may look free for a moment: claiming finds out.
        if elapsed >= left.look {
            left.done = names(together, DONE);
            left.failed = names(together, FAILED);
            left.claimed = names(together, CLAIMS);
            let took = control.elapsed().saturating_sub(elapsed);
            left.look = elapsed + LOOK.0.max(took * LOOK.1);
        }
        let mut at = 0;
        while let Some(k) = left.units.get(at).copied() {
            let Unit { key, what, result } = &self.units[k];
            let turn = if left.done.contains(key) {
                Turn::Done
            } else if left.failed.contains(key) && together.has_just_failed(key) {
                // Every process finds out by itself, at the same time.
                Turn::Alone
            } else if left.claimed.contains(key) {
                at += 1;
                continue;
            } else {
                match together.claim((key, what, result), elapsed) {
                    Ok(Some(claim)) if together.is_done(key) => {
                        drop(claim);
                        Turn::Done
                    }
                    Ok(Some(claim)) => Turn::Mine(claim),
                    Ok(None) => {
                        left.claimed.insert(key.clone());
                        at += 1;
                        continue;
                    }
                    Err(error) => {
                        together.tell_trouble(&error, control);
                        Turn::Alone
                    }
                }
            };
            left.units.remove(at);
            return Found::Unit(k, turn);
        }
        if elapsed >= left.check {
            left.check = elapsed + together.beat / 2;
            for at in 0..left.units.len() {
                let k = left.units[at];
                if let Err(error) = together.bury_if_dead(&self.units[k].key, elapsed) {
                    together.tell_trouble(&error, control);
                    left.units.remove(at);
                    return Found::Unit(k, Turn::Alone);
                }
            }
        }
        Found::Busy
    }
}

enum Found<'a> {
    Unit(usize, Turn<'a>),
    /// All that are left are worked on by others.
    Busy,
    /// None are left.
    Nothing,
}

/// How often, and how long apart, a file is looked for that must be there.
const LOOKS: (u32, Duration) = (20, Duration::from_millis(50));

/// Waits until a file is seen whose writer is done. On a network file system that may take a moment; the folder is read again, which makes
/// it ask its server. False if it does not appear.
fn await_file(path: &Path) -> bool {
    for _ in 0..LOOKS.0 {
        match fs::File::open(path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::StaleNetworkFileHandle) => {
                let _ = path.parent().map(fs::read_dir);
                std::thread::sleep(LOOKS.1);
            }
            found => return found.is_ok(),
        }
    }
    false
}

/// The names in a folder. Reading it makes a network file system ask its server.
fn names(together: &Together, part: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(together.folder.join(part)).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    struct Stopped(AtomicBool);

    impl Control for Stopped {
        fn report(&self, _: crate::control::Event) {}
        fn interrupted(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }

    /// Alone, units come in order, and none after an interruption.
    #[test]
    fn nothing_is_given_out_after_an_interruption() {
        let unit = |k: usize| Unit { key: String::new(), what: format!("{k}"), result: PathBuf::new() };
        let queue = Queue::new(None, "units", (0..3).map(unit).collect());
        let control = Stopped(AtomicBool::new(false));
        let next = || queue.next(&control).map(|(k, _)| k);
        assert_eq!([next(), next()], [Some(0), Some(1)]);
        control.0.store(true, Ordering::Relaxed);
        assert_eq!(next(), None);
        control.0.store(false, Ordering::Relaxed);
        assert_eq!([next(), next()], [Some(2), None]);
    }
}

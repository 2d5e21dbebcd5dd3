//! Checkpoints on disk: one file per seed, written completely or not at all. A file is a JSON object whose last entry is a seal of
//! the others, the key and the seed, so that a file that is damaged or belongs to another training is never used.

#![allow(clippy::disallowed_methods, reason = "checkpoints are in a separate cache, outside a script's world")]

use super::record::Ending;
use super::state::SeedState;
use crate::data::{ContentKey, keep, recall, sealed, unsealed};
use crate::together::{Together, Unit};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where checkpoints are stored.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The folder; `None`: nothing is kept.
    pub folder: Option<PathBuf>,
    /// Neither resume from nor reuse existing checkpoints.
    pub fresh: bool,
    /// Processes that train other seeds at the same time.
    pub together: Option<Arc<Together>>,
}

impl Store {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Stores in a folder, which is made when first needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::default() }
    }

    /// The stored state of a seed, for the training run with content key `key` and `steps` steps of that many `parameters`:
    /// its own, or the most advanced state of a run with a different number of steps that has not gone too far, ready to
    /// resume. Files that cannot be used are passed to `warn`.
    pub(crate) fn read(
        &self,
        key: &str,
        seed: u64,
        steps: usize,
        parameters: usize,
        warn: &dyn Fn(String),
    ) -> Option<SeedState> {
        let own = self.path(key, seed, steps).filter(|_| !self.fresh)?;
        // Whatever number of steps is in the name of the file.
        let usable = |path: &Path| {
            let found = read(path, key, seed, parameters);
            let mut state = found.unwrap_or_else(|reason| {
                let path = path.display();
                warn(format!("the stored training of seed {seed} {reason}, so it is not used ({path})"));
                None
            })?;
            if state.outcome == Some(Ending::Finished) && state.step < steps {
                state.reopen();
            }
            (state.step <= steps).then_some(state)
        };
        let mut best = usable(&own);
        if best.as_ref().is_some_and(|state| state.outcome.is_some()) {
            return best;
        }
        for path in self.others(key, seed).iter().filter(|path| **path != own) {
            let Some(state) = usable(path) else { continue };
            let ahead = |best: &SeedState| (state.outcome.is_some(), state.step) > (false, best.step);
            if best.as_ref().is_none_or(ahead) {
                best = Some(state);
            }
        }
        best
    }

    /// The files of a seed for any number of steps, in the order of their names.
    fn others(&self, key: &str, seed: u64) -> Vec<PathBuf> {
        let Some(entries) = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else {
            return Vec::new();
        };
        let start = format!("train-{key}-{seed}-");
        let named = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start))
                && path.extension().is_some_and(|extension| extension == "json")
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(named).collect();
        paths.sort();
        paths
    }

    /// Stores the state of a seed, completely or not at all.
    ///
    /// # Errors
    /// The file system's message, with the path; numbers that are not finite, which the file cannot hold.
    pub(crate) fn write(&self, key: &str, steps: usize, state: &SeedState) -> Result<(), String> {
        let Some(path) = self.path(key, state.seed, steps) else { return Ok(()) };
        if self.together.as_ref().is_some_and(|others| others.is_done(&unit_key(key, state.seed, steps))) {
            // This process was suspended, and another one has finished the seed.
            return Ok(());
        }
        let text = serde_json::to_string(state).map_err(|error| error.to_string())?;
        if serde_json::from_str::<SeedState>(&text).ok().as_ref() != Some(state) {
            return Err(format!("the state of seed {} contains numbers that are not finite", state.seed));
        }
        let entries = text.strip_suffix('}').unwrap_or(&text);
        let mut bytes = sealed(&kind(key, state.seed), [entries, BEFORE_SEAL].concat().into_bytes());
        bytes.extend_from_slice(AFTER_SEAL);
        keep(&path, &bytes)
    }

    /// The training of a seed as a unit of work.
    pub(crate) fn unit(&self, name: &str, key: &str, seed: u64, steps: usize) -> Unit {
        let result = self.path(key, seed, steps).unwrap_or_default();
        Unit { key: unit_key(key, seed, steps), what: format!("train {name}, seed {seed}"), result }
    }

    fn path(&self, key: &str, seed: u64, steps: usize) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("train-{key}-{seed}-{steps}.json")))
    }
}

/// The key of the training of a seed as a unit of work.
fn unit_key(key: &str, seed: u64, steps: usize) -> String {
    ContentKey::new("seed").text(key).integers(&[seed, steps as u64]).finish()
}

/// What is before the seal, and after it.
const BEFORE_SEAL: &str = ",\"seal\":\"";
const AFTER_SEAL: &[u8] = b"\"}";

/// What a file is for.
fn kind(key: &str, seed: u64) -> String {
    format!("training {key} {seed}")
}

/// The state of a seed in a file, if the file exists.
///
/// # Errors
/// What is wrong with the file, in words.
fn read(path: &Path, key: &str, seed: u64, parameters: usize) -> Result<Option<SeedState>, String> {
    let bytes = match recall(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(format!("cannot be read: {}", crate::problem::reason(&error, "read"))),
    };
    let state = || -> Option<SeedState> {
        let entries =
            unsealed(&kind(key, seed), bytes.strip_suffix(AFTER_SEAL)?)?.strip_suffix(BEFORE_SEAL.as_bytes())?;
        serde_json::from_slice(&[entries, b"}"].concat()).ok()
    };
    let whole = state().filter(|state| state.seed == seed && state.fits(parameters));
    whole.map(Some).ok_or_else(|| "is damaged".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::optimizer::Memory;
    use crate::train::record::{Kept, Unjudged};
    use crate::train::state::End;
    use crate::train::step::Point;
    use std::cell::RefCell;

    fn state(gradient: f64) -> SeedState {
        SeedState {
            seed: 3,
            step: 1,
            evaluations: 2,
            point: Point { parameters: vec![0.1], loss: 1.0 / 3.0, gradient: vec![gradient] },
            memory: Memory::default(),
            kept: None,
            runners_up: Vec::new(),
            history: vec![],
            outcome: None,
            unjudged: Unjudged::default(),
            end: None,
        }
    }

    /// What is read for a functional of one parameter, and the number of warnings.
    fn found(store: &Store, seed: u64, steps: usize) -> (Option<SeedState>, Vec<String>) {
        let warnings = RefCell::new(Vec::new());
        let state = store.read("key", seed, steps, 1, &|warning| warnings.borrow_mut().push(warning));
        (state, warnings.into_inner())
    }

    #[test]
    fn states_come_back_and_damage_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert_eq!(found(&store, 3, 9), (None, vec![]));
        store.write("key", 9, &state(-0.7)).unwrap();
        assert_eq!(found(&store, 3, 9), (Some(state(-0.7)), vec![]));
        let file = store.path("key", 3, 9).unwrap();
        let whole = fs::read(&file).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        assert!(object["seal"].as_str().is_some_and(|seal| seal.len() == 32));
        let refused = |bytes: &[u8], what: &str| {
            fs::write(&file, bytes).unwrap();
            let (state, warnings) = found(&store, 3, 9);
            assert_eq!((state, warnings.len()), (None, 1), "{what}");
            assert!(warnings[0].contains("is damaged") && warnings[0].contains("train-key-3-9.json"), "{warnings:?}");
        };
        for bit in 0..8 * whole.len() {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            refused(&changed, &format!("bit {bit}"));
        }
        (0..whole.len()).for_each(|length| refused(&whole[..length], &format!("{length} bytes")));
        // Without a seal, and with that of another training or seed.
        refused(serde_json::to_string(&state(-0.7)).unwrap().as_bytes(), "no seal");
        fs::rename(&file, store.path("other", 3, 9).unwrap()).unwrap();
        assert!(store.read("other", 3, 9, 1, &|_| {}).is_none());
        store.write("key", 9, &SeedState { seed: 4, ..state(-0.7) }).unwrap();
        refused(&fs::read(store.path("key", 4, 9).unwrap()).unwrap(), "another seed");
    }

    #[test]
    fn a_file_under_another_name_is_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let ended = |step| SeedState { step, outcome: Some(Ending::Finished), ..state(-0.7) };
        store.write("key", 12, &ended(12)).unwrap();
        let short = store.path("key", 3, 12).unwrap();
        // As if it had done 60 steps: it goes on instead.
        fs::copy(&short, store.path("key", 3, 60).unwrap()).unwrap();
        let (read, warnings) = found(&store, 3, 60);
        assert_eq!((read.map(|state| (state.step, state.outcome)), warnings.len()), (Some((12, None)), 0));
        // As if it had done 5.
        fs::copy(&short, store.path("key", 3, 5).unwrap()).unwrap();
        assert_eq!(found(&store, 3, 5), (None, vec![]));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_of_a_cache_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let path = store.path("key", 3, 9).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let (read, warnings) = found(&store, 3, 9);
        assert!(read.is_none() && warnings[0].contains("not a file"), "{warnings:?}");
        fs::remove_file(&path).unwrap();
        fs::File::create(&path).unwrap().set_len(100_000_000_000).unwrap();
        let (read, warnings) = found(&store, 3, 9);
        assert!(read.is_none() && warnings.len() == 1, "{warnings:?}");
    }

    #[test]
    fn a_state_of_other_parameters_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let none = Point { parameters: vec![], ..state(0.0).point };
        let kept = Kept { step: 0, loss: 1.0, validation: None, parameters: vec![1.0, 2.0] };
        let wrong = [SeedState { point: none, ..state(0.0) }, SeedState { kept: Some(kept), ..state(0.0) }];
        for wrong in wrong {
            store.write("key", 9, &wrong).unwrap();
            assert_eq!(found(&store, 3, 9).0, None);
        }
        fs::write(store.path("key", 3, 40).unwrap(), "damaged").unwrap();
        store.write("key", 9, &state(0.5)).unwrap();
        // A file of another number of steps, which would also do, is told of as well.
        let (state, warnings) = found(&store, 3, 9);
        assert_eq!((state.map(|s| s.step), warnings.len()), (Some(1), 1));
    }

    #[test]
    fn the_most_advanced_state_that_is_not_too_far_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let ended = |step, outcome| SeedState { step, outcome, end: Some(End::Loss(0.5)), ..state(-0.7) };
        store.write("key", 10, &ended(10, Some(Ending::Finished))).unwrap();
        store.write("key", 40, &ended(30, None)).unwrap();
        let found = |steps| found(&store, 3, steps).0.map(|s| (s.step, s.outcome, s.end));
        assert_eq!(found(5), None);
        assert_eq!(found(10), Some((10, Some(Ending::Finished), Some(End::Loss(0.5)))));
        assert_eq!(found(20), Some((10, None, None)));
        assert_eq!((found(30).map(|f| f.0), found(50).map(|f| f.0)), (Some(30), Some(30)));
        // If no step lowers the loss, more steps change nothing.
        store.write("key", 100, &ended(35, Some(Ending::Flat))).unwrap();
        assert_eq!(found(60), Some((35, Some(Ending::Flat), Some(End::Loss(0.5)))));
        assert_eq!(store.read("key", 33, 60, 1, &|_| {}), None);
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_and_leave_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        store.write("key", 9, &state(-0.7)).unwrap();
        assert!(store.write("key", 9, &state(f64::INFINITY)).unwrap_err().contains("not finite"));
        assert_eq!(found(&store, 3, 9), (Some(state(-0.7)), vec![]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! Checkpoints on disk: one file per seed, written completely or not at all.

#![allow(clippy::disallowed_methods, reason = "checkpoints are in a separate cache, outside a script's world")]

use super::record::Ending;
use super::state::SeedState;
use crate::data::keep;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where checkpoints are stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    /// The folder; `None`: nothing is kept.
    pub folder: Option<PathBuf>,
    /// Neither resume from nor reuse existing checkpoints.
    pub fresh: bool,
}

impl Store {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Stores in a folder, which is made when first needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), fresh: false }
    }

    /// The stored state of a seed, for the training run with content key `key` and `steps` steps: its own, or the most
    /// advanced state of a run with a different number of steps that has not gone too far, ready to resume.
    ///
    /// # Errors
    /// The run's own file exists but cannot be read; the message has its path.
    pub(crate) fn read(&self, key: &str, seed: u64, steps: usize) -> Result<Option<SeedState>, String> {
        if self.fresh {
            return Ok(None);
        }
        let own = self.path(key, seed, steps).map_or(Ok(None), |path| read(&path, seed));
        let mut best = own.clone().ok().flatten();
        if best.as_ref().is_none_or(|state| state.outcome.is_none()) {
            for path in self.others(key, seed) {
                let Ok(Some(mut state)) = read(&path, seed) else { continue };
                if state.outcome == Some(Ending::Finished) && state.step < steps {
                    (state.outcome, state.end) = (None, None);
                }
                let ahead = |best: &SeedState| (state.outcome.is_some(), state.step) > (false, best.step);
                if state.step <= steps && best.as_ref().is_none_or(ahead) {
                    best = Some(state);
                }
            }
        }
        if best.is_some() { Ok(best) } else { own }
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
        let text = serde_json::to_string(state).map_err(|error| error.to_string())?;
        if serde_json::from_str::<SeedState>(&text).ok().as_ref() != Some(state) {
            return Err(format!("the state of seed {} contains numbers that are not finite", state.seed));
        }
        keep(&path, text.as_bytes())
    }

    fn path(&self, key: &str, seed: u64, steps: usize) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("train-{key}-{seed}-{steps}.json")))
    }
}

/// The state of a seed in a file, if the file exists.
fn read(path: &Path, seed: u64) -> Result<Option<SeedState>, String> {
    let wrong = |reason: String| format!("{}: {reason}", path.display());
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let state: SeedState = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if state.seed == seed { Ok(Some(state)) } else { Err(wrong(format!("it belongs to seed {}", state.seed))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::optimizer::Memory;
    use crate::train::step::Point;

    fn state(gradient: f64) -> SeedState {
        SeedState {
            seed: 3,
            step: 1,
            evaluations: 2,
            point: Point { parameters: vec![0.1], loss: 1.0 / 3.0, gradient: vec![gradient] },
            memory: Memory::default(),
            kept: None,
            history: vec![],
            outcome: None,
            end: None,
        }
    }

    #[test]
    fn states_come_back_and_damage_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert_eq!(store.read("key", 3, 9), Ok(None));
        store.write("key", 9, &state(-0.7)).unwrap();
        assert_eq!(store.read("key", 3, 9), Ok(Some(state(-0.7))));
        let file = store.path("key", 3, 9).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, &text[..text.len() / 2]).unwrap();
        assert!(store.read("key", 3, 9).unwrap_err().contains("train-key-3-9.json"));
    }

    #[test]
    fn the_most_advanced_state_that_is_not_too_far_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let ended = |step, outcome| SeedState { step, outcome, end: Some(0.5), ..state(-0.7) };
        store.write("key", 10, &ended(10, Some(Ending::Finished))).unwrap();
        store.write("key", 40, &ended(30, None)).unwrap();
        let found = |steps| store.read("key", 3, steps).unwrap().map(|s| (s.step, s.outcome, s.end));
        assert_eq!(found(5), None);
        assert_eq!(found(10), Some((10, Some(Ending::Finished), Some(0.5))));
        assert_eq!(found(20), Some((10, None, None)));
        assert_eq!((found(30).map(|f| f.0), found(50).map(|f| f.0)), (Some(30), Some(30)));
        // If no step lowers the loss, more steps change nothing.
        store.write("key", 100, &ended(35, Some(Ending::Flat))).unwrap();
        assert_eq!(found(60), Some((35, Some(Ending::Flat), Some(0.5))));
        assert_eq!(store.read("key", 33, 60), Ok(None));
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_and_leave_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        store.write("key", 9, &state(-0.7)).unwrap();
        assert!(store.write("key", 9, &state(f64::INFINITY)).unwrap_err().contains("not finite"));
        assert_eq!(store.read("key", 3, 9), Ok(Some(state(-0.7))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

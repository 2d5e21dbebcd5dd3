//! Checkpoints on disk: one file a seed, written whole or not at all.

use super::seed::SeedState;
use crate::data::write_whole;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Where checkpoints lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    /// The folder; `None`: nothing is kept.
    pub folder: Option<PathBuf>,
    /// Neither go on from nor reuse what is there.
    pub fresh: bool,
}

impl Store {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// In a folder, which is made when first needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), fresh: false }
    }

    /// What is kept of a seed of the training with that content key.
    ///
    /// # Errors
    /// A file that is there but cannot be read, with its path.
    pub(crate) fn read(&self, key: &str, seed: u64) -> Result<Option<SeedState>, String> {
        let Some(path) = self.path(key, seed).filter(|_| !self.fresh) else { return Ok(None) };
        let wrong = |reason: String| format!("{}: {reason}", path.display());
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let state: SeedState = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if state.seed == seed { Ok(Some(state)) } else { Err(wrong(format!("it is of seed {}", state.seed))) }
    }

    /// Keeps the state of a seed, whole or not at all.
    ///
    /// # Errors
    /// What the file system says, with the path; numbers that are not finite, which the file cannot hold.
    pub(crate) fn write(&self, key: &str, state: &SeedState) -> Result<(), String> {
        let Some(path) = self.path(key, state.seed) else { return Ok(()) };
        let text = serde_json::to_string(state).map_err(|error| error.to_string())?;
        if serde_json::from_str::<SeedState>(&text).ok().as_ref() != Some(state) {
            return Err(format!("the state of seed {} holds numbers that are not finite", state.seed));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        write_whole(&path, text.as_bytes()).map_err(|error| error.to_string())
    }

    fn path(&self, key: &str, seed: u64) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("train-{key}-{seed}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Optimizer;
    use crate::train::optimizer::{Memory, Point};

    fn state(gradient: f64) -> SeedState {
        SeedState {
            seed: 3,
            step: 1,
            evaluations: 2,
            point: Point { parameters: vec![0.1], loss: 1.0 / 3.0, gradient: vec![gradient] },
            memory: Memory::new(&Optimizer::default()),
            kept: None,
            history: vec![],
            outcome: None,
        }
    }

    #[test]
    fn states_come_back_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert_eq!(store.read("key", 3), Ok(None));
        store.write("key", &state(-0.7)).unwrap();
        assert_eq!(store.read("key", 3), Ok(Some(state(-0.7))));
        let file = store.path("key", 3).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, &text[..text.len() / 2]).unwrap();
        assert!(store.read("key", 3).unwrap_err().contains("train-key-3.json"));
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_and_leave_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        store.write("key", &state(-0.7)).unwrap();
        assert!(store.write("key", &state(f64::INFINITY)).unwrap_err().contains("not finite"));
        assert_eq!(store.read("key", 3), Ok(Some(state(-0.7))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

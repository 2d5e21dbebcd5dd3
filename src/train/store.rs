//! Checkpoints on disk: one file a seed, written whole or not at all.

use super::seed::SeedState;
use std::fs;
use std::io::Write;
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

    /// What is kept of a seed of the training with that content key. Unreadable files count as absent.
    pub(crate) fn read(&self, key: &str, seed: u64) -> Option<SeedState> {
        if self.fresh {
            return None;
        }
        let text = fs::read_to_string(self.path(key, seed)?).ok()?;
        serde_json::from_str::<SeedState>(&text).ok().filter(|state| state.seed == seed)
    }

    /// Keeps the state of a seed: written beside, then renamed.
    ///
    /// # Errors
    /// What the file system says, with the path.
    pub(crate) fn write(&self, key: &str, state: &SeedState) -> Result<(), String> {
        let Some(path) = self.path(key, state.seed) else { return Ok(()) };
        let text = serde_json::to_string(state).map_err(|error| error.to_string())?;
        let beside = path.with_extension(format!("{}.part", std::process::id()));
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = fs::File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|error| format!("{}: {error}", path.display()))
    }

    fn path(&self, key: &str, seed: u64) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("train-{key}-{seed}.json")))
    }
}

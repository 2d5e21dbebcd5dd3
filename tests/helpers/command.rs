//! The built `ksr`, with its own folder and cache.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder, with a cache and REPL history next to it.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    /// Where scripts run.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and gives its path.
    #[allow(dead_code)]
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a written file");
        path
    }

    /// `ksr`, without colour, started in this folder.
    #[allow(dead_code)]
    pub fn ksr(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ksr"));
        command
            .current_dir(self.path())
            .env("KSR_CACHE_DIR", self.path().join(".cache"))
            .env("KSR_DATA_DIR", self.path().join(".data"))
            .env("NO_COLOR", "1")
            .env_remove("NO_GRAPHICS")
            .env_remove("RUST_BACKTRACE");
        command
    }
}

/// Standard output, standard error and status of a finished command.
#[allow(dead_code)]
pub fn finished(command: &mut Command) -> (String, String, i32) {
    let output = command.output().expect("ksr starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
}

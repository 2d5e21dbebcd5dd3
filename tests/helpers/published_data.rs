//! The folder of published data beside the project, for the tests that compare with it.
#![allow(dead_code)]

use std::io::Write;
use std::path::PathBuf;

/// What `KSR_REFERENCE_DIR` names. Without it the test has nothing to compare with, and says so.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KSR_REFERENCE_DIR").map(PathBuf::from);
    if folder.is_none() {
        let thread = std::thread::current();
        // Not by a macro: what those print, a test that passes keeps for itself.
        let line = format!("skipped: KSR_REFERENCE_DIR is not set: {}\n", thread.name().unwrap_or_default());
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    folder
}

//! The folder of published data, for the tests that compare with it.
#![allow(dead_code)]

use std::io::Write;
use std::path::PathBuf;

/// The folder named by `KSR_REFERENCE_DIR`. Without it the test has nothing to compare with, and prints that it is skipped.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KSR_REFERENCE_DIR").map(PathBuf::from);
    if folder.is_none() {
        let thread = std::thread::current();
        // Not with a macro: their output is hidden if the test passes.
        let line = format!("skipped: KSR_REFERENCE_DIR is not set: {}\n", thread.name().unwrap_or_default());
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    folder
}

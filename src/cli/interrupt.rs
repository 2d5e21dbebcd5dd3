//! Ctrl-C: the first press asks the running work to stop, a later one exits at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static PRESSED: AtomicUsize = AtomicUsize::new(0);
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Exit status of an interrupted run.
pub const STATUS: u8 = 130;

/// Starts counting presses of Ctrl-C; the process exits after `limit` presses since the last [`reset`].
pub fn listen(limit: usize) {
    // A second handler in one process (in tests) is refused; the first stays.
    let _ = ctrlc::set_handler(move || {
        if PRESSED.fetch_add(1, Ordering::SeqCst) + 1 >= limit {
            std::process::exit(i32::from(STATUS));
        }
    });
}

/// Whether it was pressed since the last [`reset`].
pub fn pressed() -> bool {
    PRESSED.load(Ordering::SeqCst) > 0
}

/// Marks the presses as answered: the count starts again, but [`answered`] stays true.
pub fn answer() {
    PRESSED.store(0, Ordering::SeqCst);
    ANSWERED.store(true, Ordering::SeqCst);
}

/// Whether an interruption was ever answered.
pub fn answered() -> bool {
    ANSWERED.load(Ordering::SeqCst)
}

/// Forgets all presses, for new work.
pub fn reset() {
    PRESSED.store(0, Ordering::SeqCst);
}

//! Ctrl-C: the first asks work to stop, a later one leaves at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static PRESSED: AtomicUsize = AtomicUsize::new(0);
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Exit status of an interrupted run.
pub const STATUS: u8 = 130;

/// From now on Ctrl-C counts; the process ends when it has been pressed `limit` times since the last [`reset`].
pub fn listen(limit: usize) {
    // A second handler in one process (in tests) is refused; the first goes on.
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

/// Forgets what was pressed, which did its work, but not that it was.
pub fn answer() {
    PRESSED.store(0, Ordering::SeqCst);
    ANSWERED.store(true, Ordering::SeqCst);
}

/// Whether an interruption was ever answered.
pub fn answered() -> bool {
    ANSWERED.load(Ordering::SeqCst)
}

/// Forgets what was pressed: new work begins.
pub fn reset() {
    PRESSED.store(0, Ordering::SeqCst);
}

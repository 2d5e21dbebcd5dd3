//! Signals. The first Ctrl-C asks the running work to stop, a later one exits at once. SIGTERM and SIGHUP end the process: at once
//! while it waits for input, otherwise as soon as the running work has written its checkpoint; a second one ends it at once.

#[cfg(unix)]
#[path = "interrupt/unix.rs"]
mod system;
#[cfg(not(unix))]
#[path = "interrupt/other.rs"]
mod system;

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

static PRESSED: AtomicUsize = AtomicUsize::new(0);
static ANSWERED: AtomicBool = AtomicBool::new(false);
/// The exit status that a signal asked for; 0 if none did.
static ENDING: AtomicU8 = AtomicU8::new(0);
static WAITING: AtomicBool = AtomicBool::new(false);

/// Exit status of an interrupted run.
pub const STATUS: u8 = 130;

/// Begins to listen to signals; the process exits after `limit` presses of Ctrl-C since the last [`reset`].
pub fn listen(limit: usize) {
    system::listen(limit);
}

/// Ctrl-C.
fn press(limit: usize) {
    if PRESSED.fetch_add(1, Ordering::SeqCst) + 1 >= limit {
        leave(STATUS);
    }
}

/// A signal that ends the process with this status.
#[cfg(unix)]
fn end(status: u8) {
    let before = ENDING.swap(status, Ordering::SeqCst);
    if before != 0 || WAITING.load(Ordering::SeqCst) {
        leave(status);
    }
}

fn leave(status: u8) -> ! {
    if WAITING.load(Ordering::SeqCst) {
        system::restore_terminal();
    }
    std::process::exit(i32::from(status))
}

/// Waits for input: a signal that ends the process need not wait for anything then.
pub fn waiting<T>(read: impl FnOnce() -> T) -> T {
    WAITING.store(true, Ordering::SeqCst);
    if let Some(status) = ending() {
        leave(status);
    }
    let read = read();
    WAITING.store(false, Ordering::SeqCst);
    read
}

/// Whether work is to stop: Ctrl-C was pressed since the last [`reset`], or the process is to end.
pub fn pressed() -> bool {
    PRESSED.load(Ordering::SeqCst) > 0 || ending().is_some()
}

/// The exit status, if a signal is to end the process.
pub fn ending() -> Option<u8> {
    Some(ENDING.load(Ordering::SeqCst)).filter(|status| *status != 0)
}

/// Marks the presses as answered: the count starts again, but [`answered`] stays true. False if the process is to end instead.
pub fn answer() -> bool {
    if ending().is_some() {
        return false;
    }
    PRESSED.store(0, Ordering::SeqCst);
    ANSWERED.store(true, Ordering::SeqCst);
    true
}

/// Whether an interruption was ever answered.
pub fn answered() -> bool {
    ANSWERED.load(Ordering::SeqCst)
}

/// Forgets all presses, for new work.
pub fn reset() {
    PRESSED.store(0, Ordering::SeqCst);
}

//! Signals. The first Ctrl-C asks the running work to stop, a later one exits at once. SIGTERM and SIGHUP end the process: at once
//! while it waits for input, otherwise as soon as the running work has written its checkpoint; a second one ends it at once. Work that
//! does not answer is ended after a while.

#[cfg(unix)]
#[path = "interrupt/unix.rs"]
mod system;
#[cfg(not(unix))]
#[path = "interrupt/other.rs"]
mod system;

use super::{OUT_OF_TIME, output};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

static PRESSED: AtomicUsize = AtomicUsize::new(0);
static ANSWERED: AtomicBool = AtomicBool::new(false);
/// The exit status that a signal asked for; 0 if none did.
static ENDING: AtomicU8 = AtomicU8::new(0);
static WAITING: AtomicBool = AtomicBool::new(false);

/// Whether notes are JSON.
static JSON: AtomicBool = AtomicBool::new(false);
/// How often presses were answered or forgotten.
static ROUND: AtomicUsize = AtomicUsize::new(0);

/// Exit status of an interrupted run.
pub const STATUS: u8 = 130;

/// After this time without an answer to Ctrl-C, the user is told what another one does.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long work may take to answer a signal that ends the process, or the end of its time.
const GRACE: Duration = Duration::from_secs(10);
/// The same for processes that work with others, seconds: a cluster gives notice.
const NOTICE: u64 = 90;
static PATIENT: AtomicU64 = AtomicU64::new(GRACE.as_secs());

/// Work may take long to answer a signal that ends the process.
pub fn be_patient() {
    PATIENT.store(NOTICE, Ordering::SeqCst);
}

/// How long the last message may take.
const WRITING: Duration = Duration::from_millis(200);

/// Begins to listen to signals; the process exits after `limit` presses of Ctrl-C since the last [`reset`]. `json`: how notes are written.
pub fn listen(limit: usize, json: bool) {
    JSON.store(json, Ordering::SeqCst);
    system::listen(limit);
}

/// Ends the process a while after `limit`, if the work has not looked at the clock by then.
pub fn end_after(limit: Duration) {
    later(limit.saturating_add(GRACE), || {
        say("error", "the time of `--max-time` is over, and what is being done cannot be stopped otherwise");
        leave(OUT_OF_TIME);
    });
}

fn later(time: Duration, what: impl FnOnce() + Send + 'static) {
    // Without a thread, the work answers by itself, as it mostly does.
    let _ = std::thread::Builder::new().spawn(move || {
        std::thread::sleep(time);
        what();
    });
}

/// Writes a note to standard error, over the progress that may be shown there, unless that takes long: the work may be waiting for the
/// reader of standard error itself.
fn say(level: &'static str, message: &str) {
    let json = JSON.load(Ordering::SeqCst);
    let line = if json || !std::io::stderr().is_terminal() { "" } else { "\r\u{1b}[K" };
    let (written, done) = std::sync::mpsc::channel();
    let message = message.to_owned();
    let writing = std::thread::Builder::new().spawn(move || {
        if !line.is_empty() {
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
        output::notice(level, &message, json);
        let _ = written.send(());
    });
    if writing.is_ok() {
        let _ = done.recv_timeout(WRITING);
    }
}

/// Ctrl-C.
fn press(limit: usize) {
    let presses = PRESSED.fetch_add(1, Ordering::SeqCst) + 1;
    if presses >= limit {
        leave(STATUS);
    }
    let round = ROUND.load(Ordering::SeqCst);
    later(PATIENCE, move || {
        let same = PRESSED.load(Ordering::SeqCst) == presses && ROUND.load(Ordering::SeqCst) == round;
        if same && !WAITING.load(Ordering::SeqCst) {
            let again = if presses + 1 >= limit {
                "Ctrl-C again ends ksr at once"
            } else {
                "Ctrl-C twice more ends ksr at once"
            };
            say("note", &format!("the work stops as soon as its current step is done; {again}"));
        }
    });
}

/// A signal that ends the process with this status.
#[cfg(unix)]
fn end(status: u8) {
    let before = ENDING.swap(status, Ordering::SeqCst);
    if before != 0 || WAITING.load(Ordering::SeqCst) {
        leave(status);
    }
    later(Duration::from_secs(PATIENT.load(Ordering::SeqCst)), move || {
        say("note", ended_by(status));
        leave(status);
    });
}

/// What to say of the end by a signal.
pub fn ended_by(status: u8) -> &'static str {
    if status == 129 { "ended by SIGHUP" } else { "ended by SIGTERM" }
}

fn leave(status: u8) -> ! {
    if WAITING.load(Ordering::SeqCst) {
        system::restore_terminal();
    }
    crate::data::abandon();
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
    ROUND.fetch_add(1, Ordering::SeqCst);
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
    ROUND.fetch_add(1, Ordering::SeqCst);
}

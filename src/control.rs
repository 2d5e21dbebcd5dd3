//! How long-running work reports progress and is stopped: the library itself has no clock, terminal or signal handler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What long-running work reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A training step of one seed is complete.
    Step {
        /// Seed of the run.
        seed: u64,
        /// Steps done.
        step: usize,
        /// Requested number of steps.
        steps: usize,
        /// Loss after the step.
        loss: f64,
        /// Norm of its gradient.
        gradient_norm: f64,
        /// Validation loss, if it was calculated.
        validation: Option<f64>,
    },
    /// An ensemble begins, or one of its seeds has ended.
    Ensemble {
        /// Seeds that have ended.
        done: usize,
        /// Total number of seeds.
        total: usize,
        /// The seed that has just ended.
        last: Option<SeedEnd>,
    },
    /// `done` of `total` pieces of some named work are finished.
    Work {
        /// `exact h2(1.28)`.
        what: String,
        /// Pieces done.
        done: usize,
        /// Total number of pieces.
        total: usize,
    },
    /// A sentence on its own line: `resumes from its checkpoint at step 40`.
    Message(String),
    /// A sentence about trouble outside the script, such as a full disk: told also by processes that show nothing else.
    Trouble(String),
}

/// How one seed of an ensemble ended.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedEnd {
    /// The seed.
    pub seed: u64,
    /// `200 steps`, `flat at step 31`, `failed`.
    pub outcome: String,
    /// Loss of its best parameters, if it has any.
    pub loss: Option<f64>,
    /// Validation loss there, if it was calculated.
    pub validation: Option<f64>,
}

/// Receives events of long-running work, and can stop it. Called from any thread.
pub trait Control: Sync {
    /// Takes an event.
    fn report(&self, event: Event);
    /// Whether the user has asked to stop (Ctrl-C). Work that sees this soon returns with the best result so far.
    fn interrupted(&self) -> bool;
    /// Time since some fixed moment, for limits and records.
    fn elapsed(&self) -> Duration;
}

/// Ignores events and never interrupts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Control for Quiet {
    fn report(&self, _: Event) {}
    fn interrupted(&self) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// How often [`unless_interrupted`] looks whether it is.
const LOOK: Duration = Duration::from_millis(50);

/// Work was given up because the user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// Runs work that may not look at `control` for a long time (a large eigenproblem in a library) on a thread of its own, and gives it
/// up when the user asks to stop. The control that the work gets is interrupted then, too: the thread ends when the work
/// looks at it, or is done.
///
/// # Errors
/// [`GivenUp`] if the user asked to stop. A panic of the work continues here. If no thread can be started it is done on this one.
pub fn unless_interrupted<T: Send + 'static>(
    control: &dyn Control,
    work: impl FnOnce(&dyn Control) -> T + Send + 'static,
) -> Result<T, GivenUp> {
    let abandoned = Abandoned(Arc::default());
    let (sender, result) = channel();
    let given = abandoned.clone();
    let work = Arc::new(Mutex::new(Some(work)));
    let take = |work: &Mutex<Option<_>>| work.lock().ok().and_then(|mut work| work.take());
    let there = work.clone();
    let started = std::thread::Builder::new().spawn(move || {
        // Nobody receives it if the work was given up.
        take(&there).map(|work| drop(sender.send(work(&given))))
    });
    let Ok(thread) = started else { return take(&work).map(|work| work(control)).ok_or(GivenUp) };
    loop {
        match result.recv_timeout(LOOK) {
            Ok(found) => return Ok(found),
            Err(RecvTimeoutError::Timeout) if control.interrupted() => {
                abandoned.0.store(true, Ordering::Relaxed);
                return Err(GivenUp);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Ok(_) => return Err(GivenUp),
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
}

/// The control of work that may be given up: reports nothing.
#[derive(Clone)]
struct Abandoned(Arc<AtomicBool>);

impl Control for Abandoned {
    fn report(&self, _: Event) {}
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn work_that_does_not_look_is_given_up() {
        struct Pressed(Instant);
        impl Control for Pressed {
            fn report(&self, _: Event) {}
            fn interrupted(&self) -> bool {
                self.0.elapsed() > Duration::from_millis(100)
            }
            fn elapsed(&self) -> Duration {
                self.0.elapsed()
            }
        }
        let (pressed, ended) = (Pressed(Instant::now()), Arc::new(AtomicBool::new(false)));
        let seen = ended.clone();
        let (release, released) = channel::<()>();
        let found = unless_interrupted(&pressed, move |_| {
            let _ = released.recv();
            seen.store(true, Ordering::Relaxed);
        });
        assert_eq!(found, Err(GivenUp));
        assert!(!ended.load(Ordering::Relaxed));
        drop(release);
        assert_eq!(unless_interrupted(&Quiet, |_| 42), Ok(42));
    }
}

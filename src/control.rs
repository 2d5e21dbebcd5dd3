//! How long work reports and is stopped: the library has no clock, terminal or signal handler in it.

use std::time::Duration;

/// What long work tells while it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A training step of one seed is done.
    Step {
        /// Seed of the run.
        seed: u64,
        /// Steps done.
        step: usize,
        /// Steps wanted.
        steps: usize,
        /// Loss after the step.
        loss: f64,
        /// Norm of its gradient.
        gradient_norm: f64,
        /// Validation loss, where one was taken.
        validation: Option<f64>,
    },
    /// An ensemble begins, or one of its seeds has ended.
    Ensemble {
        /// Seeds that have ended.
        done: usize,
        /// Seeds in all.
        total: usize,
        /// The one that just has.
        last: Option<SeedEnd>,
    },
    /// `done` of `total` pieces of some named work.
    Work {
        /// `exact h2(1.28)`.
        what: String,
        /// Pieces done.
        done: usize,
        /// Pieces in all.
        total: usize,
    },
    /// A sentence worth a line: `goes on from its checkpoint at step 40`.
    Message(String),
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
    /// Validation loss there, where one was taken.
    pub validation: Option<f64>,
}

/// The way out of long work, and its way to be stopped. Called from any thread.
pub trait Control: Sync {
    /// Takes an event.
    fn report(&self, event: Event);
    /// Whether the user has asked to stop (Ctrl-C). Work that sees it returns soon with the best it has.
    fn interrupted(&self) -> bool;
    /// Time since some fixed moment, for limits and records.
    fn elapsed(&self) -> Duration;
}

/// Silent and never interrupted.
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

//! How long-running work reports progress and is stopped: the library itself has no clock, terminal or signal handler.

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

//! The state of a seed between two steps, as plain data: what a checkpoint holds.

use super::optimizer::Memory;
use super::record::{Ending, Kept, Step, Unjudged};
use super::step::Point;
use serde::{Deserialize, Serialize};

/// Everything a seed needs to resume as if it had never stopped: plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SeedState {
    pub seed: u64,
    pub step: usize,
    pub evaluations: usize,
    pub point: Point,
    pub memory: Memory,
    pub kept: Option<Kept>,
    /// The best steps after the kept one, if more are to be kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runners_up: Vec<Kept>,
    pub history: Vec<Step>,
    /// `None` while steps remain.
    pub outcome: Option<Ending>,
    /// Validation losses that were not finite.
    pub unjudged: Unjudged,
    /// The validation of the last point, if it was calculated only because the run ended there: a run of more steps that
    /// continues from here ignores it.
    pub end: Option<End>,
}

/// The validation of the last point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum End {
    /// The loss.
    Loss(f64),
    /// Why there is none that is finite.
    Unjudged(String),
}

impl SeedState {
    /// Continues with more steps than it ended after.
    pub fn reopen(&mut self) {
        (self.outcome, self.end) = (None, None);
    }

    /// Whether it is that of a functional with so many parameters.
    pub fn fits(&self, parameters: usize) -> bool {
        let kept = self.kept.as_ref().is_none_or(|kept| kept.parameters.len() == parameters);
        let lengths = [self.point.parameters.len(), self.point.gradient.len()];
        kept && lengths == [parameters; 2] && self.memory.fits(parameters)
    }
}

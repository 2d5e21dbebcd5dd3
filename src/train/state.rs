//! The state of a seed between two steps, as plain data: what a checkpoint holds.

use super::optimizer::Memory;
use super::record::{Ending, Kept, Step};
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
    pub history: Vec<Step>,
    /// `None` while steps remain.
    pub outcome: Option<Ending>,
    /// Validation loss of the last point, if it was calculated only because the run ended there: a run of more steps
    /// that continues from here ignores it.
    pub end: Option<f64>,
}

//! The interacting problem, solved on the grid itself.

use crate::model::System;
use std::sync::Arc;

/// An exact answer.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What was solved.
    pub system: Arc<System>,
    /// Electronic energy, hartree, without nuclear repulsion.
    pub energy: f64,
    /// Density of each spin.
    pub density: [Vec<f64>; 2],
    /// Natural occupations, largest first (both spins together, 0 .. 2).
    pub occupations: Vec<f64>,
    /// Estimated error of the energy, hartree.
    pub error: f64,
}

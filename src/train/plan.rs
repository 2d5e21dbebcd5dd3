//! What is to be trained, on what, and how: plain data that crosses threads.

use super::{Budget, Optimizer, TrainError};
use crate::functional::Compiled;
use crate::graph::{Graph, NodeId};
use crate::ks::{Observable, ScfOptions};
use crate::model::System;
use std::sync::Arc;

/// The loss of one system, with its reference values as constants in it.
#[derive(Clone, Debug)]
pub struct LossGraph {
    /// Its inputs are the observables, its parameters none.
    pub graph: Graph,
    /// The loss: a single number.
    pub output: NodeId,
    /// What the inputs are, one an index.
    pub inputs: Vec<Observable>,
}

/// One system to train on or to validate with.
#[derive(Clone, Debug)]
pub struct Case {
    /// As the user wrote it.
    pub label: String,
    /// The system.
    pub system: Arc<System>,
    /// Its loss.
    pub loss: LossGraph,
}

/// Where the gradient of a loss comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gradient {
    /// Back through every iteration of a fixed number.
    #[default]
    Unrolled,
    /// From the converged density, which the loss sees as a trajectory of one iteration: the equation that it fulfils
    /// tells how it moves with the parameters.
    Implicit,
}

/// A training.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is trained; seeds draw its initial parameters (or find the given ones).
    pub functional: Arc<Compiled>,
    /// Trained on: the loss is the mean over them.
    pub cases: Vec<Case>,
    /// Chooses the parameters kept; may be empty.
    pub validation: Vec<Case>,
    /// The Kohn-Sham loop: plain mixing and a fixed number of iterations, or for the implicit gradient a tolerance.
    pub scf: ScfOptions,
    /// Where the gradient comes from.
    pub gradient: Gradient,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Seeds, each trained on its own.
    pub seeds: Vec<u64>,
    /// Steps between validations.
    pub validate_every: usize,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
    /// Threads; `None`: as many as there are cores. Results do not depend on it.
    pub threads: Option<usize>,
    /// For the tapes of iterations. Results do not depend on it.
    pub memory: Budget,
}

impl Plan {
    /// Steps from one validation or checkpoint to the next where nothing else is said.
    pub const EVERY: usize = 10;

    /// A plan with the default optimiser and seed 0.
    pub fn new(functional: Arc<Compiled>, cases: Vec<Case>, scf: ScfOptions) -> Self {
        Self {
            functional,
            cases,
            validation: Vec::new(),
            scf,
            gradient: Gradient::default(),
            optimizer: Optimizer::default(),
            seeds: vec![0],
            validate_every: Self::EVERY,
            checkpoint_every: Self::EVERY,
            threads: None,
            memory: Budget::default(),
        }
    }

    /// Refuses what cannot be trained.
    ///
    /// # Errors
    /// No systems, parameters or seeds; options out of range.
    pub fn check(&self) -> Result<(), TrainError> {
        let functional = || self.functional.name.clone();
        let option = |option, problem: &str| Err(TrainError::Option { option, problem: problem.to_owned() });
        if self.cases.is_empty() {
            return Err(TrainError::NoSystems { functional: functional() });
        }
        if self.functional.parameter_count() == 0 {
            return Err(TrainError::NoParameters { functional: functional() });
        }
        if self.seeds.is_empty() {
            return option("seeds", "must hold at least one");
        }
        for (i, seed) in self.seeds.iter().enumerate() {
            if self.seeds[..i].contains(seed) {
                return option("seeds", &format!("holds {seed} twice"));
            }
        }
        self.optimizer.check()
    }
}

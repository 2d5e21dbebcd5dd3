//! What is to be trained, on what, and how: plain data that crosses threads.

use super::budget::Budget;
use super::{Optimizer, TrainError};
use crate::functional::Compiled;
use crate::graph::{Graph, NodeId};
use crate::ks::{Observable, ScfOptions};
use crate::model::System;
use crate::source::Span;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The loss of a case, with its reference values as constants in it; where nothing is solved, with the functional in it.
#[derive(Clone, Debug)]
pub struct LossGraph {
    /// A graph of the observables, without parameters of its own.
    pub graph: Graph,
    /// The loss: a single number.
    pub output: NodeId,
    /// What each input is, by its index; none occurs twice.
    pub inputs: Vec<LossInput>,
}

/// An input of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossInput {
    /// The position of its system in the case.
    pub system: usize,
    /// What of its calculation.
    pub observable: Observable,
}

/// What one loss judges: a system to train on or to validate with, or a group of systems on one grid.
#[derive(Clone, Debug)]
pub struct Case {
    /// The systems, at least one.
    pub systems: Vec<Arc<System>>,
    /// Their loss.
    pub loss: LossGraph,
}

impl LossInput {
    /// An observable of the only system of a case.
    pub fn of(observable: Observable) -> Self {
        Self { system: 0, observable }
    }
}

impl Plan {
    /// All systems that are trained on or validated with.
    pub fn systems(&self) -> impl Iterator<Item = &Arc<System>> {
        self.cases.iter().chain(&self.validation).flat_map(|case| &case.systems)
    }
}

impl Case {
    /// The operation of the loss that made it not finite for these inputs, ` at x = …` if it is at a point, and its place.
    pub(super) fn broken_at(&self, inputs: &[Vec<f64>]) -> Option<(String, String, Span)> {
        let (loss, system) = (&self.loss, &self.systems[0]);
        let found = loss.graph.first_non_finite(&[loss.output], &system.grid, &system.interaction, &[], inputs);
        let found = found.ok().flatten()?;
        let at = found.point.map(|i| format!(" at x = {:.2} bohr", system.grid.x(i))).unwrap_or_default();
        Some((found.operation, at, found.span))
    }

    /// `h2(R: 1.4)`, or the labels of all systems of a group.
    pub fn label(&self) -> String {
        let labels: Vec<&str> = self.systems.iter().map(|system| system.label.as_str()).collect();
        labels.join(", ")
    }

    /// What the loss uses of the system at a position, in the order of its inputs.
    pub(crate) fn wanted(&self, system: usize) -> Vec<Observable> {
        self.loss.inputs.iter().filter(|input| input.system == system).map(|input| input.observable).collect()
    }
}

/// Where the gradient of a loss comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gradient {
    /// The backward pass through a fixed number of iterations.
    #[default]
    Unrolled,
    /// The converged density, which the loss sees as a trajectory of one iteration: the equation that it satisfies
    /// determines how it depends on the parameters.
    Implicit,
    /// Nothing is solved: the losses hold the functional at the densities of the references, and depend on the parameters alone.
    Unsolved,
    /// The density that minimises the energy with a kinetic functional, which is trained: it moves with the parameters so that it stays one.
    Minimised,
}

impl Gradient {
    /// The iterations that a loss sees of a calculation with these options; `None`: nothing is solved.
    pub fn iterations(self, scf: &ScfOptions) -> Option<usize> {
        match self {
            Gradient::Unrolled => Some(scf.iterations),
            Gradient::Implicit | Gradient::Minimised => Some(1),
            Gradient::Unsolved => None,
        }
    }
}

/// A training run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is trained; seeds draw its initial parameters (unless they are given).
    pub functional: Arc<Compiled>,
    /// What it is trained on: the loss is the mean over these cases.
    pub cases: Vec<Case>,
    /// The cases that decide which parameters are kept; may be empty.
    pub validation: Vec<Case>,
    /// Options of the Kohn-Sham loop: linear mixing and a fixed number of iterations, or for the implicit gradient a tolerance. Without
    /// a calculation they have no meaning.
    pub scf: ScfOptions,
    /// Where the gradient comes from.
    pub gradient: Gradient,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Seeds, each trained on its own.
    pub seeds: Vec<u64>,
    /// The parameters that each seed starts from, in the order of the seeds, instead of those that it draws.
    pub starts: Option<Vec<Vec<f64>>>,
    /// The functional of exchange and correlation, with its parameters, where a kinetic functional is trained by minimisations.
    pub xc: Option<(Arc<Compiled>, Vec<f64>)>,
    /// How many of the steps that were validated are kept of each seed, the best ones; without validation every `validate_every`-th step
    /// is one of them.
    pub snapshots: usize,
    /// Steps between validations.
    pub validate_every: usize,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
    /// Number of threads; `None`: as many as there are cores. Results do not depend on it.
    pub threads: Option<usize>,
    /// The budget for the tapes of iterations. Results do not depend on it.
    pub memory: Budget,
}

impl Plan {
    /// Default number of steps between validations and between checkpoints.
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
            starts: None,
            xc: None,
            snapshots: 1,
            validate_every: Self::EVERY,
            checkpoint_every: Self::EVERY,
            threads: None,
            memory: Budget::default(),
        }
    }

    /// The parameters that a seed starts from.
    pub(crate) fn start(&self, seed: u64) -> Vec<f64> {
        let given = self.starts.as_ref().and_then(|starts| {
            let position = self.seeds.iter().position(|one| *one == seed)?;
            starts.get(position).cloned()
        });
        given.unwrap_or_else(|| self.functional.initial(seed))
    }

    /// The number of threads it is trained on.
    pub(crate) fn team(&self) -> usize {
        self.threads.unwrap_or_else(rayon::current_num_threads)
    }

    /// Checks that the plan can be trained.
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
        if self.gradient == Gradient::Unsolved && self.cases.iter().all(|case| case.loss.inputs.is_empty()) {
            return Err(TrainError::LossWithoutFunctional { functional: functional() });
        }
        if self.seeds.is_empty() {
            return option("seeds", "must contain at least one seed");
        }
        let mut known = BTreeSet::new();
        if let Some(seed) = self.seeds.iter().find(|seed| !known.insert(**seed)) {
            return option("seeds", &format!("contains {seed} twice"));
        }
        self.optimizer.check()
    }
}

//! The choice of an optimiser, its state as plain data, and its one operation: a step.

use super::{TrainError, adam, lbfgs};
use serde::{Deserialize, Serialize};

/// Loss and gradient at given parameters; `None` where the loss is not finite or its calculation diverges.
pub(crate) type Objective<'a, E> = dyn FnMut(&[f64]) -> Result<Option<(f64, Vec<f64>)>, E> + 'a;

/// How parameters are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Optimizer {
    /// Limited-memory BFGS.
    Lbfgs(lbfgs::Lbfgs),
    /// Adam.
    Adam(adam::Adam),
}

impl Optimizer {
    /// Steps at most.
    pub fn steps(&self) -> usize {
        match self {
            Optimizer::Lbfgs(options) => options.steps,
            Optimizer::Adam(options) => options.steps,
        }
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// [`TrainError::Option`] with the option's name.
    pub fn check(&self) -> Result<(), TrainError> {
        let positive = |option, value: f64| {
            let problem = format!("must be above 0, not {value}");
            if value > 0.0 && value.is_finite() { Ok(()) } else { Err(TrainError::Option { option, problem }) }
        };
        match self {
            Optimizer::Lbfgs(options) => {
                positive("history", options.history as f64)?;
                positive("longest_step", options.longest_step)
            }
            Optimizer::Adam(options) => {
                positive("rate", options.rate)?;
                positive("epsilon", options.epsilon)?;
                for (name, beta) in [("beta1", options.beta1), ("beta2", options.beta2)] {
                    if !(0.0..1.0).contains(&beta) {
                        let problem = format!("must be at least 0 and below 1, not {beta}");
                        return Err(TrainError::Option { option: name, problem });
                    }
                }
                Ok(())
            }
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::Lbfgs(lbfgs::Lbfgs::default())
    }
}

/// Parameters with their loss and gradient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub parameters: Vec<f64>,
    pub loss: f64,
    pub gradient: Vec<f64>,
}

impl Point {
    /// Euclidean norm of the gradient.
    pub fn gradient_norm(&self) -> f64 {
        lbfgs::dot(&self.gradient, &self.gradient).sqrt()
    }
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stepped {
    /// A new point.
    To(Point),
    /// No step lowers the loss any more.
    Flat,
}

/// What an optimiser remembers between steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Memory {
    Lbfgs(lbfgs::State),
    Adam(adam::State),
}

impl Memory {
    /// Nothing yet.
    pub fn new(optimizer: &Optimizer) -> Self {
        match optimizer {
            Optimizer::Lbfgs(_) => Memory::Lbfgs(lbfgs::State::default()),
            Optimizer::Adam(_) => Memory::Adam(adam::State::default()),
        }
    }

    /// One step from `at`. A memory of another optimiser than the one asked for starts anew.
    ///
    /// # Errors
    /// Whatever the objective fails with; the memory is then as before.
    pub fn step<E>(
        &mut self,
        optimizer: &Optimizer,
        at: &Point,
        objective: &mut Objective<'_, E>,
    ) -> Result<Stepped, E> {
        match (self, optimizer) {
            (Memory::Lbfgs(state), Optimizer::Lbfgs(options)) => state.step(options, at, objective),
            (Memory::Adam(state), Optimizer::Adam(options)) => state.step(options, at, objective),
            (memory, _) => {
                *memory = Memory::new(optimizer);
                memory.step(optimizer, at, objective)
            }
        }
    }
}

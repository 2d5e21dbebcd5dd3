//! The choice of an optimiser, its state as plain data, and its one operation: a step.

use super::step::{Objective, Point, Stepped};
use super::{TrainError, adam, lbfgs};
use serde::{Deserialize, Serialize};

/// How parameters are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Optimizer {
    /// Limited-memory BFGS.
    Lbfgs(lbfgs::Lbfgs),
    /// Adam.
    Adam(adam::Adam),
}

impl Optimizer {
    /// The maximum number of steps.
    pub fn steps(&self) -> usize {
        match self {
            Optimizer::Lbfgs(options) => options.steps,
            Optimizer::Adam(options) => options.steps,
        }
    }

    /// The number of steps without a better loss after which a training ends.
    pub fn patience(&self) -> Option<usize> {
        match self {
            Optimizer::Lbfgs(options) => options.patience,
            Optimizer::Adam(options) => options.patience,
        }
    }

    /// Everything that determines a step, but not the number of steps, for a content key.
    pub(crate) fn content(&self) -> String {
        match self {
            Optimizer::Lbfgs(options) => options.content(),
            Optimizer::Adam(options) => options.content(),
        }
    }

    /// Checks the options.
    ///
    /// # Errors
    /// [`TrainError::Option`] with the option's name.
    pub fn check(&self) -> Result<(), TrainError> {
        match self {
            Optimizer::Lbfgs(options) => options.check(),
            Optimizer::Adam(options) => options.check(),
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::Lbfgs(lbfgs::Lbfgs::default())
    }
}

/// The state of an optimiser between steps: that of the one in use; the other is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    lbfgs: lbfgs::Curvature,
    adam: adam::Moments,
}

impl Memory {
    /// Whether it is that of so many parameters.
    pub fn fits(&self, parameters: usize) -> bool {
        self.lbfgs.fits(parameters) && self.adam.fits(parameters)
    }

    /// One step from `at`; `free` are the parameters without bounds.
    ///
    /// # Errors
    /// Those of the objective; the memory is then unchanged.
    pub fn step<E>(
        &mut self,
        optimizer: &Optimizer,
        at: &Point,
        free: &[bool],
        objective: &mut Objective<'_, E>,
    ) -> Result<Stepped, E> {
        match optimizer {
            Optimizer::Lbfgs(options) => self.lbfgs.step(options, at, objective),
            Optimizer::Adam(options) => self.adam.step(options, at, free, objective),
        }
    }
}

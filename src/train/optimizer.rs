//! The choice of an optimiser, its state as plain data, and its one operation: a step.

use super::{TrainError, adam, lbfgs};
use crate::tensor::vector::norm_in_order;
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
    /// The maximum number of steps.
    pub fn steps(&self) -> usize {
        match self {
            Optimizer::Lbfgs(options) => options.steps,
            Optimizer::Adam(options) => options.steps,
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

/// Rejects a number that is not above 0.
pub(super) fn positive(option: &'static str, value: f64) -> Result<(), TrainError> {
    let problem = format!("must be above 0, not {value}");
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(TrainError::Option { option, problem }) }
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
        norm_in_order(&self.gradient)
    }
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stepped {
    /// A new point.
    To(Point),
    /// The gradient is below the tolerance.
    Converged,
    /// No step lowers the loss any longer.
    Flat,
}

/// The state of an optimiser between steps: that of the one in use; the other is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    lbfgs: lbfgs::Curvature,
    adam: adam::Moments,
}

impl Memory {
    /// One step from `at`.
    ///
    /// # Errors
    /// Those of the objective; the memory is then unchanged.
    pub fn step<E>(
        &mut self,
        optimizer: &Optimizer,
        at: &Point,
        objective: &mut Objective<'_, E>,
    ) -> Result<Stepped, E> {
        match optimizer {
            Optimizer::Lbfgs(options) => self.lbfgs.step(options, at, objective),
            Optimizer::Adam(options) => self.adam.step(options, at, objective),
        }
    }
}

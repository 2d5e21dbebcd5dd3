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
    /// The most steps.
    pub fn steps(&self) -> usize {
        match self {
            Optimizer::Lbfgs(options) => options.steps,
            Optimizer::Adam(options) => options.steps,
        }
    }

    /// The optimiser without its number of steps: what determines each step.
    pub(crate) fn rule(&self) -> Self {
        let mut rule = self.clone();
        match &mut rule {
            Optimizer::Lbfgs(options) => options.steps = 0,
            Optimizer::Adam(options) => options.steps = 0,
        }
        rule
    }

    /// Checks the options.
    ///
    /// # Errors
    /// [`TrainError::Option`] with the option's name.
    pub fn check(&self) -> Result<(), TrainError> {
        let positive = |option, value: f64| {
            let problem = format!("must be positive, not {value}");
            if value > 0.0 && value.is_finite() { Ok(()) } else { Err(TrainError::Option { option, problem }) }
        };
        match self {
            Optimizer::Lbfgs(options) => {
                positive("history", options.history as f64)?;
                if options.tolerance.is_nan() || options.tolerance < 0.0 {
                    let problem = format!("must be at least 0, not {}", options.tolerance);
                    return Err(TrainError::Option { option: "tolerance", problem });
                }
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

/// The result of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stepped {
    /// A new point.
    To(Point),
    /// The gradient is below the tolerance.
    Converged,
    /// No step lowers the loss any more.
    Flat,
}

/// The state of an optimiser between steps: that of the one in use; the other is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    lbfgs: lbfgs::State,
    adam: adam::State,
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

//! What every optimiser shares: the objective, a point, and the result of a step.

use super::TrainError;
use crate::tensor::vector::norm_in_order;
use serde::{Deserialize, Serialize};

/// Loss and gradient at given parameters; `None` where the loss is not finite or its calculation diverges.
pub(crate) type Objective<'a, E> = dyn FnMut(&[f64]) -> Result<Option<(f64, Vec<f64>)>, E> + 'a;

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

/// Rejects a number that is not above 0.
pub(super) fn positive(option: &'static str, value: f64) -> Result<(), TrainError> {
    let problem = format!("must be above 0, not {value}");
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(TrainError::Option { option, problem }) }
}

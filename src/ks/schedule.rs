//! A fixed number of iterations with linear mixing: what can be unrolled.

use super::linear::Linear;
use super::{KsError, Mixing, ScfOptions};

/// Linear mixing without a tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub iterations: usize,
    pub mixing: Linear,
}

/// The maximum number of iterations in training, as each keeps its densities.
pub(crate) const MAX_ITERATIONS: usize = 10_000;

impl Schedule {
    /// One iteration that ends with its output.
    pub const ONCE: Schedule = Schedule { iterations: 1, mixing: Linear { alpha: 1.0, decay: 1.0, history: 1 } };

    /// The schedule of `options`.
    ///
    /// # Errors
    /// [`KsError::Option`] for anything other than a fixed number of iterations with linear mixing.
    pub fn of(options: &ScfOptions) -> Result<Self, KsError> {
        options.check()?;
        let option = |option, problem: &str| KsError::Option { option, problem: problem.to_owned() };
        let Mixing::Linear { alpha, decay, history } = options.mixing else {
            return Err(option("mixing", "must be `linear(…)` in training, not `diis(…)`"));
        };
        if options.tolerance.is_some() {
            return Err(option("tolerance", "is only for `solve`; training runs a fixed number of `iterations`"));
        }
        if options.iterations > MAX_ITERATIONS {
            let problem = format!("must be at most {MAX_ITERATIONS} in training, not {}", options.iterations);
            return Err(KsError::Option { option: "iterations", problem });
        }
        Ok(Self { iterations: options.iterations, mixing: Linear { alpha, decay, history } })
    }
}

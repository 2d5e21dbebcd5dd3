//! A fixed number of iterations with linear mixing: what can be unrolled.

use super::kohn_sham::{Spins, device_error};
use super::mixing::step_length;
use super::{KsError, Mixing, ScfOptions};
use crate::tensor::arrange::combine;
use crate::tensor::{Backend, Tape};

/// Linear mixing without a tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub iterations: usize,
    /// Differences averaged.
    pub history: usize,
    alpha: f64,
    decay: f64,
}

/// The most iterations in a training, as each keeps its densities.
pub(crate) const MAX_ITERATIONS: usize = 10_000;

impl Schedule {
    /// One iteration that ends with its output.
    pub const ONCE: Schedule = Schedule { iterations: 1, history: 1, alpha: 1.0, decay: 1.0 };

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
        Ok(Self { iterations: options.iterations, alpha, decay, history })
    }

    /// n plus the step length times the mean of the differences between n_out and n_in, channel by channel.
    pub(super) fn mix<D: Backend, T: Tape<f64, D>>(
        &self,
        iteration: usize,
        density: &Spins<D>,
        differences: &[(&Spins<D>, &Spins<D>)],
        mut tape: T,
    ) -> Result<(Spins<D>, T), KsError> {
        let weight = step_length(self.alpha, self.decay, iteration) / differences.len() as f64;
        let mut mixed = Vec::with_capacity(density.len());
        for (channel, density) in density.iter().enumerate() {
            let mut terms = vec![(density, 0, 1.0)];
            for (output, input) in differences {
                terms.extend([(&output[channel], 0, weight), (&input[channel], 0, -weight)]);
            }
            let (next, after) = combine(density.device(), &terms, 0.0, tape).map_err(device_error)?;
            mixed.push(next);
            tape = after;
        }
        Ok((mixed, tape))
    }
}

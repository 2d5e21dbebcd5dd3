//! Linear mixing, with or without a tape.

use super::KsError;
use super::kohn_sham::{Spins, device_error};
use crate::tensor::arrange::combine;
use crate::tensor::{Backend, Tape};

/// n_{k+1} = n_k + alpha decay^k times the mean of the last differences (n_out - n_in).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Linear {
    /// First step length.
    pub alpha: f64,
    /// Its factor from one iteration to the next.
    pub decay: f64,
    /// Differences averaged.
    pub history: usize,
}

impl Linear {
    /// n plus the step length times the mean of the differences between n_out and n_in, channel by channel.
    pub(super) fn mix<D: Backend, T: Tape<f64, D>>(
        &self,
        iteration: usize,
        density: &Spins<D>,
        differences: &[(&Spins<D>, &Spins<D>)],
        mut tape: T,
    ) -> Result<(Spins<D>, T), KsError> {
        let weight = self.alpha * self.decay.powi(iteration as i32) / differences.len() as f64;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Cpu, NoneTape, Value};

    #[test]
    fn it_follows_its_formula() {
        let field = |n: f64| vec![Value::number(&Cpu::default(), n).unwrap()];
        let linear = Linear { alpha: 0.5, decay: 0.9, history: 2 };
        let (first, out) = (field(1.0), field(3.0));
        let (second, _) = linear.mix(0, &first, &[(&out, &first)], NoneTape).unwrap();
        assert_eq!(second[0].first(), 2.0);
        let again = field(2.4);
        let (third, _) = linear.mix(1, &second, &[(&out, &first), (&again, &second)], NoneTape).unwrap();
        assert!((third[0].first() - (2.0 + 0.45 * (2.0 + 0.4) / 2.0)).abs() < 1e-15);
    }
}

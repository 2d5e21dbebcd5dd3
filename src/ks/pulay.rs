//! Pulay's method (Chem. Phys. Lett. 73, 393 (1980)) for the next input density, without a tape.

use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use faer::prelude::*;

/// Relative weight of the squared coefficients in Pulay's least squares.
const REGULARISATION: f64 = 1e-14;
/// Pulay's method returns to the best density when the residual is this many times the smallest so far.
const DIVERGENCE_FACTOR: f64 = 20.0;

/// An input density and its residual: output minus input.
#[derive(Clone, Debug)]
struct Trial {
    density: Vec<f64>,
    residual: Vec<f64>,
}

/// The mixing of a running calculation.
#[derive(Clone, Debug)]
pub(crate) struct Pulay {
    /// How many densities are kept.
    history: usize,
    /// Step along the extrapolated residual.
    alpha: f64,
    /// Grid points of a channel.
    points: usize,
    /// Oldest first.
    trials: Vec<Trial>,
    /// The lowest residual norm so far, with its density.
    best: Option<(f64, Trial)>,
    /// Fraction of alpha in use; halved at a restart, doubled again at a new best.
    damping: f64,
}

impl Pulay {
    /// At the start of a calculation, with steps that start at the fraction `damping` of alpha; every `points` numbers of a density
    /// are one channel.
    pub fn new(history: usize, alpha: f64, points: usize, damping: f64) -> Self {
        Self { history, alpha, points: points.max(1), trials: Vec::new(), best: None, damping }
    }

    /// The next input density, all spins in one vector; negative densities are cut off, keeping the integral of every channel.
    pub fn next(&mut self, input: &[f64], output: &[f64]) -> Vec<f64> {
        let mut next = self.extrapolated(input, output);
        next.chunks_mut(self.points).for_each(cut);
        next
    }

    /// The next input density, in differences of successive trials; it may be negative somewhere.
    pub fn extrapolated(&mut self, input: &[f64], output: &[f64]) -> Vec<f64> {
        let residual: Vec<f64> = output.iter().zip(input).map(|(o, i)| o - i).collect();
        let trial = Trial { density: input.to_vec(), residual };
        let norm = norm(&trial.residual);
        match &self.best {
            Some((best, start)) if norm.is_nan() || norm >= DIVERGENCE_FACTOR * best => {
                self.trials = vec![start.clone()];
                self.damping *= 0.5;
            }
            Some((best, _)) if norm >= *best => self.keep(trial),
            _ => {
                self.damping = (2.0 * self.damping).min(1.0);
                self.best = Some((norm, trial.clone()));
                self.keep(trial);
            }
        }
        let alpha = self.alpha * self.damping;
        let Some(last) = self.trials.last() else { return Vec::new() };
        let mut next = last.density.clone();
        add(&mut next, alpha, &last.residual);
        for (coefficient, pair) in self.coefficients().into_iter().zip(self.trials.windows(2)) {
            add(&mut next, -coefficient, &pair[1].density);
            add(&mut next, coefficient, &pair[0].density);
            add(&mut next, -coefficient * alpha, &pair[1].residual);
            add(&mut next, coefficient * alpha, &pair[0].residual);
        }
        next
    }

    fn keep(&mut self, trial: Trial) {
        self.trials.push(trial);
        let surplus = self.trials.len().saturating_sub(self.history.max(1));
        self.trials.drain(..surplus);
    }

    /// Coefficients c that minimise |r - sum_j c_j (r_{j+1} - r_j)|^2, regularised; empty if they are not finite.
    fn coefficients(&self) -> Vec<f64> {
        let count = self.trials.len() - 1;
        let Some(last) = self.trials.last() else { return Vec::new() };
        let differences: Vec<Vec<f64>> = self
            .trials
            .windows(2)
            .map(|pair| pair[1].residual.iter().zip(&pair[0].residual).map(|(b, a)| b - a).collect())
            .collect();
        // Scaled to unit length, so that steps of very different size have equal weight.
        let lengths: Vec<f64> = differences.iter().map(|d| norm(d).max(f64::MIN_POSITIVE)).collect();
        let gram = Mat::from_fn(count, count, |i, j| {
            let overlap = dot(&differences[i], &differences[j]) / (lengths[i] * lengths[j]);
            if i == j { overlap + REGULARISATION } else { overlap }
        });
        let right = Mat::from_fn(count, 1, |i, _| dot(&differences[i], &last.residual) / lengths[i]);
        let solution = gram.full_piv_lu().solve(&right);
        let found: Vec<f64> = (0..count).map(|i| solution[(i, 0)] / lengths[i]).collect();
        if found.iter().all(|c| c.is_finite()) { found } else { vec![0.0; count] }
    }
}

/// Cuts off negative values of a channel, keeping its sum.
fn cut(channel: &mut [f64]) {
    if channel.iter().all(|n| *n >= 0.0) {
        return;
    }
    let before: f64 = channel.iter().sum();
    channel.iter_mut().for_each(|n| *n = n.max(0.0));
    let after: f64 = channel.iter().sum();
    if before > 0.0 && after.is_finite() {
        channel.iter_mut().for_each(|n| *n *= before / after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An affine map with a slope far beyond what plain mixing tolerates.
    fn sloshing(n: &[f64]) -> Vec<f64> {
        (0..n.len()).map(|i| 1.0 + 0.1 * i as f64 - 6.0 * (i as f64 / 5.0) * (n[i] - 1.0)).collect()
    }

    #[test]
    fn it_converges_where_plain_mixing_diverges() {
        let (mut pulay, mut n, mut plain) = (Pulay::new(8, 0.5, 6, 1.0), vec![1.0; 6], vec![1.0; 6]);
        for _ in 0..40 {
            n = pulay.next(&n, &sloshing(&n));
            plain = plain.iter().zip(sloshing(&plain)).map(|(n, out)| 0.5 * (n + out)).collect();
        }
        let apart = |n: &[f64]| sloshing(n).iter().zip(n).map(|(o, i)| (o - i).abs()).fold(0.0, f64::max);
        assert!(apart(&n) < 1e-10 && apart(&plain) > 1.0);
    }

    #[test]
    fn negative_densities_are_cut_and_electrons_kept() {
        let mut mixer = Pulay::new(8, 4.0, 2, 1.0);
        let next = mixer.next(&[0.5, 0.5, 1.0, 2.0], &[0.1, 0.9, 1.0, 2.0]);
        let expect = |next: &[f64]| {
            assert!(next.iter().zip([0.0, 1.0, 1.0, 2.0]).all(|(n, wanted)| (n - wanted).abs() < 1e-14), "{next:?}");
        };
        expect(&next);
        // Twenty times the best residual: back to the best density, with half the step.
        let next = mixer.next(&next, &[20.0, -19.0, 1.0, 2.0]);
        expect(&next);
    }

    #[test]
    fn damping_recovers_at_a_new_best() {
        let mut mixer = Pulay::new(8, 0.5, 1, 1.0);
        for (residual, damping) in [(1.0, 1.0), (50.0, 0.5), (30.0, 0.25), (0.5, 0.5), (0.2, 1.0), (0.1, 1.0)] {
            mixer.next(&[1.0], &[1.0 + residual]);
            assert_eq!(mixer.damping, damping);
        }
    }
}

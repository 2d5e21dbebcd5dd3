//! The next input density of calculations with the exact functional. It must be one that can be inverted: positive and smooth.

use crate::ks::{Mixing, Pulay, ScfOptions};
use std::collections::VecDeque;

/// How much shorter steps become after one that was too long, and the shortest, as fractions of the first.
const SHORTER: f64 = 0.2;
const SHORTEST: f64 = 1e-5;

/// The mixing of a running calculation.
pub(super) enum Mix {
    Linear { alpha: f64, decay: f64, history: usize, points: usize, differences: VecDeque<Vec<f64>>, done: usize },
    Diis { pulay: Pulay, history: usize, alpha: f64, points: usize, damping: f64 },
}

impl Mix {
    /// That of `options`, for channels of so many points.
    pub fn new(options: &ScfOptions, points: usize) -> Self {
        match options.mixing {
            Mixing::Linear { alpha, decay, history } => {
                Mix::Linear { alpha, decay, history: history.max(1), points, differences: VecDeque::new(), done: 0 }
            }
            Mixing::Diis { history, alpha } => {
                Mix::Diis { pulay: Pulay::new(history, alpha, points, 1.0), history, alpha, points, damping: 1.0 }
            }
        }
    }

    /// After a step that was too long: begins again, with shorter ones. `false`: the steps are as asked for, or short already.
    pub fn shorten(&mut self) -> bool {
        match self {
            Mix::Linear { .. } => false,
            Mix::Diis { pulay, history, alpha, points, damping } => {
                *damping *= SHORTER;
                *pulay = Pulay::new(*history, *alpha, *points, *damping);
                *damping > SHORTEST
            }
        }
    }

    /// The density after an iteration, all channels in one vector.
    pub fn next(&mut self, input: &[f64], output: &[f64]) -> Vec<f64> {
        match self {
            Mix::Linear { alpha, decay, history, points, differences, done } => {
                differences.push_back(output.iter().zip(input).map(|(out, n)| out - n).collect());
                if differences.len() > *history {
                    differences.pop_front();
                }
                let step = *alpha * decay.powi(*done as i32) / differences.len() as f64;
                *done += 1;
                let mean = |i: usize| differences.iter().map(|d| d[i]).sum::<f64>();
                let next: Vec<f64> = input.iter().enumerate().map(|(i, n)| n + step * mean(i)).collect();
                // Between input and output a density cannot become negative.
                if *history == 1 { next } else { scaled(positive(input, &next), input, *points) }
            }
            // Of their roots: densities far out then count as much as near the nuclei, and stay positive.
            Mix::Diis { pulay, points, .. } => {
                let root = |n: &[f64]| -> Vec<f64> { n.iter().map(|n| n.max(0.0).sqrt()).collect() };
                let (before, after) = (root(input), root(output));
                let next = positive(&before, &pulay.extrapolated(&before, &after));
                let squares = next.iter().map(|root| root * root).collect();
                scaled(squares, input, *points)
            }
        }
    }
}

/// A density close to `next` that is positive where `input` is, and as smooth: the relative change r becomes r + √(1 + r²) - 1, which is r
/// up to second order and above -1.
fn positive(input: &[f64], next: &[f64]) -> Vec<f64> {
    let bounded = |n: f64, next: f64| {
        if n <= 0.0 {
            return next.max(0.0);
        }
        let change = next / n - 1.0;
        // For large |r| without cancellation.
        let factor = if change >= 0.0 { change + 1.0f64.hypot(change) } else { 1.0 / (1.0f64.hypot(change) - change) };
        n * factor
    };
    input.iter().zip(next).map(|(n, next)| bounded(*n, *next)).collect()
}

/// A density with as many electrons in each channel as another one.
fn scaled(mut density: Vec<f64>, other: &[f64], points: usize) -> Vec<f64> {
    for (channel, wanted) in density.chunks_mut(points.max(1)).zip(other.chunks(points.max(1))) {
        let (wanted, found): (f64, f64) = (wanted.iter().sum(), channel.iter().sum());
        if found > 0.0 && found.is_finite() {
            channel.iter_mut().for_each(|n| *n *= wanted / found);
        }
    }
    density
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_stay_positive_and_keep_their_electrons() {
        let (input, output) = ([1.0, 1e-3, 1e-9, 2.0], [0.5, 1e-6, 3e-9, 2.5]);
        let sum = |n: &[f64]| n[..2].iter().sum::<f64>();
        for mixing in [Mixing::DIIS, Mixing::Linear { alpha: 1.0, decay: 1.0, history: 2 }] {
            let mut mix = Mix::new(&ScfOptions { mixing, ..ScfOptions::STANDARD }, 2);
            let mut density = input.to_vec();
            for _ in 0..4 {
                density = mix.next(&density, &output);
                assert!(density.iter().all(|n| *n > 0.0), "{density:?}");
            }
            assert!((sum(&density) - sum(&input)).abs() < 1.0, "{density:?}");
        }
        let small: Vec<f64> = [0.01, -0.01].iter().map(|r| 1.0 + r).collect();
        let found = positive(&[1.0, 1.0], &small);
        assert!(found.iter().zip(&small).all(|(a, b)| (a - b).abs() < 6e-5), "{found:?}");
        assert!(positive(&[1.0], &[-1e9])[0] > 0.0);
    }

    #[test]
    fn linear_mixing_is_the_published_one() {
        let mut mix = Mix::new(
            &ScfOptions { mixing: Mixing::Linear { alpha: 0.25, decay: 0.5, history: 1 }, ..ScfOptions::STANDARD },
            2,
        );
        assert_eq!(mix.next(&[1.0, 2.0], &[2.0, 0.0]), [1.25, 1.5]);
        assert_eq!(mix.next(&[1.0, 2.0], &[2.0, 0.0]), [1.125, 1.75]);
    }
}

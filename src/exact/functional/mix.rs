//! The next input density of calculations with the exact functional. It must be one that can be inverted: positive and smooth.

use crate::ks::{Mixing, Pulay, ScfOptions};
use std::collections::VecDeque;

/// The mixing of a running calculation.
pub(super) enum Mix {
    Linear { alpha: f64, decay: f64, history: usize, differences: VecDeque<Vec<f64>>, done: usize },
    Diis(Pulay),
}

impl Mix {
    /// That of `options`, for channels of so many points.
    pub fn new(options: &ScfOptions, points: usize) -> Self {
        match options.mixing {
            Mixing::Linear { alpha, decay, history } => {
                Mix::Linear { alpha, decay, history: history.max(1), differences: VecDeque::new(), done: 0 }
            }
            Mixing::Diis { history, alpha } => Mix::Diis(Pulay::new(history, alpha, points, 1.0)),
        }
    }

    /// The density after an iteration, all channels in one vector.
    pub fn next(&mut self, input: &[f64], output: &[f64]) -> Vec<f64> {
        match self {
            Mix::Linear { alpha, decay, history, differences, done } => {
                differences.push_back(output.iter().zip(input).map(|(out, n)| out - n).collect());
                if differences.len() > *history {
                    differences.pop_front();
                }
                let step = *alpha * decay.powi(*done as i32) / differences.len() as f64;
                *done += 1;
                let mean = |i: usize| differences.iter().map(|d| d[i]).sum::<f64>();
                let next: Vec<f64> = input.iter().enumerate().map(|(i, n)| n + step * mean(i)).collect();
                // Between input and output a density cannot become negative.
                if *history == 1 { next } else { positive(input, &next) }
            }
            Mix::Diis(pulay) => positive(input, &pulay.extrapolated(input, output)),
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
    let mut bounded: Vec<f64> = input.iter().zip(next).map(|(n, next)| bounded(*n, *next)).collect();
    let (before, after): (f64, f64) = (next.iter().sum(), bounded.iter().sum());
    if before > 0.0 && after > 0.0 && after.is_finite() {
        bounded.iter_mut().for_each(|n| *n *= before / after);
    }
    bounded
}

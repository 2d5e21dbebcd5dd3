//! A machine: what kernel ridge regression has learned.

use super::{Decomposed, Inputs, LearnError};
use faer::Mat;

/// Outputs that are learned with one kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The width of the kernel.
    pub width: f64,
    /// What was added to the diagonal of the kernel matrix.
    pub noise: f64,
    /// Which outputs.
    pub outputs: Vec<usize>,
    /// A row per input, of a weight per output.
    pub weights: Vec<f64>,
    /// The condition number of the kernel matrix.
    pub condition: f64,
}

/// Outputs as sums over the inputs: y(x) = Σ_j w_j k(|x - x_j| / width) (M. Rupp, Int. J. Quantum Chem. 115, 1058 (2015)).
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// What was seen.
    pub inputs: Inputs,
    /// Outputs with one kernel each.
    pub heads: Vec<Head>,
    /// How many numbers come out.
    pub outputs: usize,
}

impl Machine {
    /// The outputs at distances from the inputs; `kernel`: the function of the distance in widths.
    pub fn at(&self, distances: &[f64], kernel: &mut dyn FnMut(f64) -> f64) -> Vec<f64> {
        let mut all = vec![0.0; self.outputs];
        for head in &self.heads {
            let count = head.outputs.len();
            for (distance, weights) in distances.iter().zip(head.weights.chunks(count.max(1))) {
                let k = kernel(distance / head.width);
                head.outputs.iter().zip(weights).for_each(|(output, weight)| all[*output] += weight * k);
            }
        }
        all
    }

    /// The largest condition number.
    pub fn condition(&self) -> f64 {
        self.heads.iter().map(|head| head.condition).fold(0.0, f64::max)
    }
}

/// Learns outputs, an input per row; `kernel`: the kernel matrix of the width, row by row. Whether the noise is lost in the rounding of the
/// matrix, too.
///
/// # Errors
/// The eigenproblem fails.
pub fn fit(
    kernel: &[f64],
    outputs: &Mat<f64>,
    which: Vec<usize>,
    (width, noise): (f64, f64),
) -> Result<(Head, bool), LearnError> {
    let count = outputs.nrows();
    let decomposed = Decomposed::new(count, |i, j| kernel[i * count + j])?;
    let chosen = Mat::from_fn(count, which.len(), |i, j| outputs[(i, which[j])]);
    let weights = decomposed.weights(&chosen, noise);
    let weights = (0..count).flat_map(|i| (0..which.len()).map(move |j| (i, j))).map(|at| weights[at]).collect();
    let condition = decomposed.condition(noise);
    Ok((Head { width, noise, outputs: which, weights, condition }, noise < decomposed.least_noise()))
}

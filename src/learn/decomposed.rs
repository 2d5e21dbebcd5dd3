//! A kernel matrix by its eigenvectors: every noise then costs no more than a product.

use super::LearnError;
use crate::tensor::vector::leave_vector_registers;
use faer::{Mat, Side};

/// With less noise than this, as a multiple of the rounding error of the largest eigenvalue, predictions depend on rounding: a
/// cross-validation then chooses what happened to be right.
const ROUNDINGS: f64 = 4.0;

/// The least noise that is not lost in rounding errors, for a matrix whose largest eigenvalue is at most this, such as the number of inputs
/// with a kernel of at most 1.
pub fn least_noise(largest: f64) -> f64 {
    ROUNDINGS * f64::EPSILON * largest
}

/// K = U Λ U^T.
#[derive(Clone, Debug)]
pub struct Decomposed {
    values: Vec<f64>,
    vectors: Mat<f64>,
}

impl Decomposed {
    /// Of a symmetric matrix of `count` rows.
    ///
    /// # Errors
    /// The eigenproblem fails.
    pub fn new(count: usize, at: impl Fn(usize, usize) -> f64) -> Result<Self, LearnError> {
        let matrix = Mat::from_fn(count, count, at);
        let eigen = matrix.self_adjoint_eigen(Side::Lower).map_err(|_| LearnError::Eigen)?;
        leave_vector_registers();
        // Negative ones are rounding errors: a kernel matrix has none.
        let values = (0..count).map(|k| eigen.S()[k].max(0.0)).collect();
        Ok(Self { values, vectors: eigen.U().to_owned() })
    }

    /// (K + noise)^-1 times outputs, an input per row.
    pub fn weights(&self, outputs: &Mat<f64>, noise: f64) -> Mat<f64> {
        let mut within = self.projected(outputs);
        self.divide(&mut within, noise);
        let weights = &self.vectors * &within;
        leave_vector_registers();
        weights
    }

    /// U^T times outputs.
    pub fn projected(&self, outputs: &Mat<f64>) -> Mat<f64> {
        let within = self.vectors.transpose() * outputs;
        leave_vector_registers();
        within
    }

    /// A matrix times U.
    pub fn rotated(&self, rows: &Mat<f64>) -> Mat<f64> {
        let rotated = rows * &self.vectors;
        leave_vector_registers();
        rotated
    }

    /// Divides projected outputs by Λ + noise.
    pub fn divide(&self, projected: &mut Mat<f64>, noise: f64) {
        for k in 0..projected.nrows() {
            // Where there is neither a value nor noise there is nothing to learn from.
            let factor = match self.values[k] + noise {
                0.0 => 0.0,
                sum => 1.0 / sum,
            };
            for j in 0..projected.ncols() {
                projected[(k, j)] *= factor;
            }
        }
    }

    /// The condition number of K + noise.
    pub fn condition(&self, noise: f64) -> f64 {
        let (low, high) =
            self.values.iter().fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(*v), high.max(*v)));
        // Below the rounding errors nothing is known of the smallest one.
        (high + noise) / (low + noise).max(f64::EPSILON * high)
    }

    /// The least noise that is not lost in the rounding errors of the matrix.
    pub fn least_noise(&self) -> f64 {
        least_noise(self.values.iter().copied().fold(0.0, f64::max))
    }

    /// k^T (K + noise)^-1 k.
    pub fn explained(&self, k: &[f64], noise: f64) -> f64 {
        (0..self.values.len())
            .map(|v| {
                let overlap: f64 = (0..k.len()).map(|i| self.vectors[(i, v)] * k[i]).sum();
                let sum = self.values[v] + noise;
                if sum == 0.0 { 0.0 } else { overlap * overlap / sum }
            })
            .sum()
    }
}

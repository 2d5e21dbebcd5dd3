//! What a machine has seen, and the distances between it.

use super::LearnError;
use rayon::prelude::*;

/// Inputs closer than this fraction of the largest distance are the same.
const SAME: f64 = 1e-12;

/// Vectors of one length, with the weight of each of their numbers in a squared distance: 1 for lists, the spacing for fields, so that
/// theirs is ∫ (n - n')² dx.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    rows: Vec<f64>,
    length: usize,
    measure: f64,
}

impl Inputs {
    /// From rows of one length.
    pub fn new(rows: Vec<f64>, length: usize, measure: f64) -> Self {
        Self { rows, length: length.max(1), measure }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.rows.len() / self.length
    }

    /// The numbers of each.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The weight of a number in a squared distance.
    pub fn measure(&self) -> f64 {
        self.measure
    }

    /// One after the other.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.rows.chunks(self.length)
    }

    /// All numbers, row by row.
    pub fn flat(&self) -> &[f64] {
        &self.rows
    }

    /// The distance of a vector from every input.
    pub fn distances_from(&self, x: &[f64]) -> Vec<f64> {
        self.rows().map(|row| self.distance(row, x)).collect()
    }

    fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        // From the differences, not from products: of close inputs those lose all digits.
        (self.measure * a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()).sqrt()
    }

    /// The matrix of all distances, row by row.
    pub fn distances(&self) -> Vec<f64> {
        let rows: Vec<&[f64]> = self.rows().collect();
        rows.par_iter().flat_map_iter(|a| rows.iter().map(|b| self.distance(a, b)).collect::<Vec<_>>()).collect()
    }

    /// How far the loneliest input is from its nearest neighbour. `None`: there are not two.
    pub fn loneliest(&self) -> Option<f64> {
        let count = self.count();
        if count < 2 {
            return None;
        }
        let all = self.distances();
        let nearest =
            |i: usize| (0..count).filter(|j| *j != i).map(|j| all[i * count + j]).fold(f64::INFINITY, f64::min);
        Some((0..count).map(nearest).fold(0.0, f64::max))
    }

    /// Refuses inputs that are not finite, and two that are the same.
    ///
    /// # Errors
    /// There are such.
    pub fn check(&self, distances: &[f64]) -> Result<(), LearnError> {
        let count = self.count();
        if let Some(index) = self.rows().position(|row| row.iter().any(|x| !x.is_finite())) {
            return Err(LearnError::NotFinite { what: "input", index });
        }
        let largest = distances.iter().copied().fold(0.0, f64::max);
        let twins = (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j)));
        match twins.into_iter().find(|(i, j)| distances[i * count + j] <= SAME * largest) {
            Some((first, second)) => Err(LearnError::Twins { first, second }),
            None => Ok(()),
        }
    }
}

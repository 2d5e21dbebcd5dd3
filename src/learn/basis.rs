//! Functions in which fields are expanded before they are learned: far fewer numbers than points, each a smooth functional of its own.

use super::LearnError;
use faer::{Mat, Side};
use std::f64::consts::PI;

/// Which functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The values at the points themselves.
    Grid,
    /// So many sines that vanish one step beyond the ends of the grid, lowest first.
    Fourier(usize),
    /// So many principal components of the data, around their mean.
    Principal(usize),
}

impl Basis {
    /// `grid`, `fourier(200)`.
    pub fn text(self) -> String {
        match self {
            Basis::Grid => "grid".to_owned(),
            Basis::Fourier(count) => format!("fourier({count})"),
            Basis::Principal(count) => format!("principal({count})"),
        }
    }

    /// The expansion in it of fields, one per row, on points of a spacing.
    ///
    /// # Errors
    /// More functions than points; an eigenproblem that fails.
    pub fn expansion(self, fields: &[f64], points: usize, spacing: f64) -> Result<Option<Expansion>, LearnError> {
        let wanted = match self {
            Basis::Grid => return Ok(None),
            Basis::Fourier(count) | Basis::Principal(count) => count,
        };
        if wanted == 0 || wanted > points {
            return Err(LearnError::Basis { functions: wanted, points });
        }
        let (mean, functions) = match self {
            Basis::Principal(count) => principal(fields, points, spacing, count)?,
            _ => (vec![0.0; points], sines(points, spacing, wanted)),
        };
        Ok(Some(Expansion { mean, functions, spacing }))
    }
}

/// A mean field and functions that are orthonormal on the grid: h Σ φ_k φ_l = δ_kl.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// What is not expanded.
    pub mean: Vec<f64>,
    /// One per row.
    pub functions: Vec<f64>,
    /// Of the points, bohr.
    pub spacing: f64,
}

impl Expansion {
    /// How many functions.
    pub fn count(&self) -> usize {
        self.functions.len() / self.mean.len().max(1)
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.functions.chunks(self.mean.len().max(1))
    }

    /// The coefficients of a field.
    pub fn coefficients(&self, field: &[f64]) -> Vec<f64> {
        let overlap = |row: &[f64]| -> f64 {
            let parts = row.iter().zip(field).zip(&self.mean).map(|((phi, n), mean)| phi * (n - mean));
            self.spacing * parts.sum::<f64>()
        };
        self.rows().map(overlap).collect()
    }

    /// The field of coefficients.
    pub fn field(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut field = self.mean.clone();
        for (c, row) in coefficients.iter().zip(self.rows()) {
            field.iter_mut().zip(row).for_each(|(n, phi)| *n += c * phi);
        }
        field
    }

    /// The part of a field from coefficients without the mean.
    pub fn change(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut field = self.field(coefficients);
        field.iter_mut().zip(&self.mean).for_each(|(n, mean)| *n -= mean);
        field
    }
}

fn sines(points: usize, spacing: f64, count: usize) -> Vec<f64> {
    let steps = (points + 1) as f64;
    let norm = (2.0 / (steps * spacing)).sqrt();
    let sine = |k: usize, i: usize| norm * (PI * (k * (i + 1)) as f64 / steps).sin();
    (1..=count).flat_map(|k| (0..points).map(move |i| sine(k, i))).collect()
}

/// The mean and the principal components, from the matrix of overlaps of the data or of the points, whichever is smaller. Fewer than asked
/// for where the data have no more.
fn principal(fields: &[f64], points: usize, spacing: f64, count: usize) -> Result<(Vec<f64>, Vec<f64>), LearnError> {
    let samples = fields.len() / points;
    let mut mean = vec![0.0; points];
    for field in fields.chunks(points) {
        mean.iter_mut().zip(field).for_each(|(mean, n)| *mean += n / samples as f64);
    }
    let apart = Mat::from_fn(samples, points, |s, i| fields[s * points + i] - mean[i]);
    let few = samples <= points;
    let overlaps = if few { &apart * apart.transpose() } else { apart.transpose() * &apart };
    let eigen = overlaps.self_adjoint_eigen(Side::Lower).map_err(|_| LearnError::Eigen)?;
    crate::tensor::vector::leave_vector_registers();
    let size = overlaps.nrows();
    let largest = if size == 0 { 0.0 } else { eigen.S()[size - 1] };
    let mut functions = Vec::new();
    for k in (0..size).rev().take(count).filter(|k| eigen.S()[*k] > 1e-14 * largest) {
        let mut row: Vec<f64> = (0..points)
            .map(|i| match few {
                true => (0..samples).map(|s| apart[(s, i)] * eigen.U()[(s, k)]).sum(),
                false => eigen.U()[(i, k)],
            })
            .collect();
        // With a sign that does not depend on the eigensolver.
        let length = (spacing * row.iter().map(|x| x * x).sum::<f64>()).sqrt();
        let top = row.iter().copied().fold(0.0f64, |top, x| if x.abs() > top.abs() { x } else { top });
        row.iter_mut().for_each(|x| *x /= length * top.signum());
        functions.extend(row);
    }
    Ok((mean, functions))
}

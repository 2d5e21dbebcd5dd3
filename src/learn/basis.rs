//! Functions in which fields are expanded before they are learned: far fewer numbers than points, each a smooth functional of its own.

use super::LearnError;
use faer::{Mat, Side};
use std::f64::consts::PI;

/// Which functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The values at the points themselves.
    Grid,
    /// So many waves with the period of the grid, longest first: a constant, then cosines and sines in turn.
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

    /// The expansion in it of fields, one per row, on points of a spacing: around their mean, so that nothing that is the same for all of
    /// them has to be learned.
    ///
    /// # Errors
    /// More functions than points; an eigenproblem that fails.
    pub fn expansion(self, fields: &[f64], points: usize, spacing: f64) -> Result<Expansion, LearnError> {
        let wanted = match self {
            Basis::Grid => return Ok(Expansion { mean: mean_of(fields, points), functions: Vec::new(), spacing }),
            Basis::Fourier(count) | Basis::Principal(count) => count,
        };
        if wanted == 0 || wanted > points {
            return Err(LearnError::Basis { functions: wanted, points });
        }
        let (mean, functions) = match self {
            Basis::Principal(count) => principal(fields, points, spacing, count)?,
            _ => (mean_of(fields, points), waves(points, spacing, wanted)),
        };
        Ok(Expansion { mean, functions, spacing })
    }
}

/// A mean field and functions that are orthonormal on the grid, h Σ φ_k φ_l = δ_kl; waves are so on one point more, where fields are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// What is not expanded.
    pub mean: Vec<f64>,
    /// One per row; none: the values at the points are the coefficients.
    pub functions: Vec<f64>,
    /// Of the points, bohr.
    pub spacing: f64,
}

impl Expansion {
    /// How many functions.
    pub fn count(&self) -> usize {
        if self.functions.is_empty() { self.mean.len() } else { self.functions.len() / self.mean.len().max(1) }
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.functions.chunks(self.mean.len().max(1))
    }

    /// The coefficients of a field.
    pub fn coefficients(&self, field: &[f64]) -> Vec<f64> {
        if self.functions.is_empty() {
            return field.iter().zip(&self.mean).map(|(n, mean)| n - mean).collect();
        }
        let overlap = |row: &[f64]| -> f64 {
            let parts = row.iter().zip(field).zip(&self.mean).map(|((phi, n), mean)| phi * (n - mean));
            self.spacing * parts.sum::<f64>()
        };
        self.rows().map(overlap).collect()
    }

    /// The field of coefficients.
    pub fn field(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut field = self.mean.clone();
        if self.functions.is_empty() {
            field.iter_mut().zip(coefficients).for_each(|(n, c)| *n += c);
            return field;
        }
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

/// 1, cos(2πj/P), sin(2πj/P), cos(4πj/P), … with the period P of the grid and one point more, at which fields that vanish beyond its ends are 0:
/// n = ψ² of an orbital that vanishes at walls is smooth across them, unlike its odd continuation.
fn waves(points: usize, spacing: f64, count: usize) -> Vec<f64> {
    let period = (points + 1) as f64;
    let wave = |k: usize, i: usize| {
        let (number, phase) = (k.div_ceil(2), 2.0 * PI * (k.div_ceil(2) * (i + 1)) as f64 / period);
        let alone = number == 0 || 2 * number == points + 1;
        let norm = (if alone { 1.0 } else { 2.0 } / (period * spacing)).sqrt();
        norm * if k % 2 == 1 || k == 0 { phase.cos() } else { phase.sin() }
    };
    (0..count).flat_map(|k| (0..points).map(move |i| wave(k, i))).collect()
}

fn mean_of(fields: &[f64], points: usize) -> Vec<f64> {
    let samples = (fields.len() / points) as f64;
    let mut mean = vec![0.0; points];
    for field in fields.chunks(points) {
        mean.iter_mut().zip(field).for_each(|(mean, n)| *mean += n / samples);
    }
    mean
}

/// The mean and the principal components, from the matrix of overlaps of the data or of the points, whichever is smaller. Fewer than asked
/// for where the data have no more.
fn principal(fields: &[f64], points: usize, spacing: f64, count: usize) -> Result<(Vec<f64>, Vec<f64>), LearnError> {
    let samples = fields.len() / points;
    let mean = mean_of(fields, points);
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

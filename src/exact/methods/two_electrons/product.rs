//! The two-electron Hamiltonian on the product grid, and the approximate inverse used as preconditioner.
//!
//! A wave function is N x N numbers psi_ij = psi(x_i, x_j), column by column, with a sum of squares of 1 and psi_ij = +- psi_ji.

use crate::exact::ExactError;
use crate::exact::davidson::LEAST_GAP;
use crate::exact::methods::mean_field::eigenvectors;
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::System;
use crate::tensor::vector::add;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Exchange of the two coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// psi(x, y) = psi(y, x): the spins form a singlet.
    Symmetric,
    /// psi(x, y) = -psi(y, x): triplet.
    Antisymmetric,
}

impl Exchange {
    /// The ratio of psi(y, x) to psi(x, y).
    pub(super) fn sign(self) -> f64 {
        match self {
            Self::Symmetric => 1.0,
            Self::Antisymmetric => -1.0,
        }
    }

    /// The parity under reflection, 0 for even, 1 for odd, of a function that does not change sign for x < y.
    pub(super) fn parity(self) -> u8 {
        u8::from(self == Self::Antisymmetric)
    }
}

/// h(1) + h(2) + w(1, 2).
pub(super) struct Product {
    points: usize,
    /// `bands[k][i]` = h_i+k,i.
    bands: Vec<Vec<f64>>,
    /// w_{N-1} .. w_1 w_0 w_1 .. w_{N-1}: column j of the interaction is the window starting at N - 1 - j.
    mirrored: Vec<f64>,
}

impl Product {
    /// The Hamiltonian of two electrons with one-electron Hamiltonian h.
    pub(super) fn new(system: &System, h: &Hamiltonian) -> Self {
        let points = h.points();
        let bands = (0..=h.half_bandwidth()).map(|k| (0..points - k).map(|i| h.entry(i + k, i)).collect()).collect();
        let kernel = system.interaction.kernel(&system.grid);
        let mirrored = kernel[1..].iter().rev().chain(&kernel).copied().collect();
        Self { points, bands, mirrored }
    }

    /// H psi.
    pub(super) fn apply(&self, psi: &[f64]) -> Vec<f64> {
        let n = self.points;
        let mut image = vec![0.0; n * n];
        for (j, out) in image.chunks_exact_mut(n).enumerate() {
            let column = &psi[j * n..(j + 1) * n];
            let interaction = &self.mirrored[n - 1 - j..2 * n - 1 - j];
            let own = self.bands[0][j];
            for i in 0..n {
                out[i] = (interaction[i] + own + self.bands[0][i]) * column[i];
            }
            for (k, band) in self.bands.iter().enumerate().skip(1) {
                let (shifted, rest) = (&column[k..], &column[..n - k]);
                out[..n - k].iter_mut().zip(band).zip(shifted).for_each(|((o, b), c)| *o += b * c);
                out[k..].iter_mut().zip(band).zip(rest).for_each(|((o, b), c)| *o += b * c);
                if j >= k {
                    add(out, band[j - k], &psi[(j - k) * n..(j - k + 1) * n]);
                }
                if j + k < n {
                    add(out, band[j], &psi[(j + k) * n..(j + k + 1) * n]);
                }
            }
        }
        image
    }
}

/// Makes psi exactly symmetric or antisymmetric.
pub(super) fn exchange(psi: &mut [f64], n: usize, exchange: Exchange) {
    let sign = exchange.sign();
    const TILE: usize = 16;
    // Tile by tile, because a column of the transpose is spread out in memory.
    for bj in (0..n).step_by(TILE) {
        for bi in (0..=bj).step_by(TILE) {
            for j in bj..(bj + TILE).min(n) {
                for i in bi..(bi + TILE).min(j + 1) {
                    let mean = 0.5 * (psi[j * n + i] + sign * psi[i * n + j]);
                    psi[j * n + i] = mean;
                    psi[i * n + j] = sign * mean;
                }
            }
        }
    }
}

/// (F(1) + F(2) - constant - energy)^-1 for the mean field F = h + v_H/2, in its eigenvectors: four matrix products in single precision,
/// which does not limit the accuracy of the iterations.
pub(super) struct Preconditioner {
    points: usize,
    levels: Vec<f64>,
    vectors: Mat<f32>,
    constant: f64,
}

impl Preconditioner {
    /// Diagonalises the mean field; `constant`, hartree, is what the sum over two electrons counts twice.
    pub(super) fn new(field: &Hamiltonian, constant: f64, label: &str) -> Result<Self, ExactError> {
        let (levels, vectors) = eigenvectors(field, label)?;
        Ok(Self { points: field.points(), levels, vectors, constant })
    }

    /// Applies it to a residual.
    pub(super) fn apply(&self, residual: &[f64], energy: f64) -> Vec<f64> {
        let n = self.points;
        let largest = residual.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if largest == 0.0 {
            return vec![0.0; n * n];
        }
        let mut a: Vec<f32> = residual.iter().map(|r| (r / largest) as f32).collect();
        let mut b = vec![0.0_f32; n * n];
        let u = self.vectors.as_ref();
        product(&mut b, u.transpose(), MatRef::from_column_major_slice(&a, n, n));
        product(&mut a, MatRef::from_column_major_slice(&b, n, n), u);
        for (j, column) in a.chunks_exact_mut(n).enumerate() {
            let offset = self.levels[j] - self.constant - energy;
            for (x, level) in column.iter_mut().zip(&self.levels) {
                *x /= (level + offset).max(LEAST_GAP) as f32;
            }
        }
        product(&mut b, u, MatRef::from_column_major_slice(&a, n, n));
        product(&mut a, MatRef::from_column_major_slice(&b, n, n), u.transpose());
        a.iter().map(|x| f64::from(*x) * largest).collect()
    }
}

/// Number of column panels of a product; fixed, so that the sums are the same on any number of threads.
const PANELS: usize = 4;

/// out = a b, panel by panel of columns.
fn product(out: &mut [f32], a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
    let n = a.nrows();
    let width = n.div_ceil(PANELS);
    rayon::scope(|scope| {
        for (k, panel) in out.chunks_mut(n * width).enumerate() {
            scope.spawn(move |_| {
                let columns = panel.len() / n;
                let right = b.subcols(k * width, columns);
                matmul(MatMut::from_column_major_slice_mut(panel, n, columns), Accum::Replace, a, right, 1.0, Par::Seq);
            });
        }
    });
}

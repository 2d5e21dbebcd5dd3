//! The approximate inverse of H: that of electrons in their mean field.

use crate::exact::ExactError;
use crate::exact::davidson::LEAST_GAP;
use crate::exact::methods::mean_field::{counted_twice, eigenvectors};
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::System;
use crate::tensor::vector::leave_vector_registers;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Rows of a product that are calculated together; fixed, so that sums are the same on any number of threads.
const ROWS: usize = 256;

/// (F(1) + F(2) + ... - constant - energy)^-1 for the mean field F, in its eigenvectors, in single precision.
pub(super) struct Preconditioner {
    axes: usize,
    levels: Vec<f64>,
    vectors: Mat<f32>,
    /// What the sum over all electrons counts twice, hartree.
    constant: f64,
}

impl Preconditioner {
    /// Diagonalises the mean field `screened` of a density, 1/bohr.
    pub(super) fn new(system: &System, screened: &Hamiltonian, density: &[f64]) -> Result<Self, ExactError> {
        let (levels, vectors) = eigenvectors(screened, &system.label)?;
        Ok(Self { axes: system.electrons, levels, vectors, constant: counted_twice(system, density) })
    }

    /// Applies it to a residual.
    pub(super) fn apply(&self, residual: &[f64], energy: f64) -> Vec<f64> {
        let n = self.levels.len();
        let largest = residual.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if largest == 0.0 {
            return vec![0.0; residual.len()];
        }
        let mut a: Vec<f32> = residual.iter().map(|r| (r / largest) as f32).collect();
        let mut b = vec![0.0_f32; a.len()];
        for _ in 0..self.axes {
            turned(&mut b, &a, self.vectors.as_ref());
            std::mem::swap(&mut a, &mut b);
        }
        a.par_chunks_mut(n).enumerate().for_each(|(line, xs)| {
            let mut rest = line;
            let mut offset = -self.constant - energy;
            for _ in 1..self.axes {
                offset += self.levels[rest % n];
                rest /= n;
            }
            xs.iter_mut().zip(&self.levels).for_each(|(x, level)| *x /= (level + offset).max(LEAST_GAP) as f32);
        });
        for _ in 0..self.axes {
            turned(&mut b, &a, self.vectors.as_ref().transpose());
            std::mem::swap(&mut a, &mut b);
        }
        a.iter().map(|x| f64::from(*x) * largest).collect()
    }
}

/// out_jk = Σ_i x_ij... u_ik, the first axis of x transformed and made the last: after as many calls as there are axes they have their
/// order again.
fn turned(out: &mut [f32], x: &[f32], u: MatRef<'_, f32>) {
    let n = u.nrows();
    let others = x.len() / n;
    // Column k of the result is a part of `out`; a block of rows of it comes from adjacent lines of x.
    let whole = MatRef::from_column_major_slice(x, n, others);
    let columns: Vec<&mut [f32]> = out.chunks_mut(others).collect();
    let mut blocks: Vec<Vec<&mut [f32]>> = (0..others.div_ceil(ROWS)).map(|_| Vec::with_capacity(n)).collect();
    for column in columns {
        column.chunks_mut(ROWS).zip(&mut blocks).for_each(|(part, block)| block.push(part));
    }
    blocks.into_par_iter().enumerate().for_each(|(k, block)| {
        let rows = block.first().map_or(0, |part| part.len());
        let lines = whole.subcols(k * ROWS, rows);
        let mut product = vec![0.0_f32; rows * n];
        let target = MatMut::from_column_major_slice_mut(&mut product, rows, n);
        matmul(target, Accum::Replace, lines.transpose(), u, 1.0, Par::Seq);
        leave_vector_registers();
        block.into_iter().zip(product.chunks(rows)).for_each(|(part, column)| part.copy_from_slice(column));
    });
}

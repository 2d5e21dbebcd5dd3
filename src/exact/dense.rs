//! Products of dense matrices, on one thread, so that the bits are always the same.

use crate::tensor::vector::leave_vector_registers;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// a b.
pub(super) fn times(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut out, Accum::Replace, a, b, 1.0, Par::Seq);
    leave_vector_registers();
    out
}

//! The potential of a density: v_i = h sum_j w(x_i - x_j) n_j.

use super::backend::{Backend, TensorError};
use super::exponential::exponential;
use super::stock::Buffer;
use super::value::{Value, record_one};
use super::vector::vectorised;
use dfdx::prelude::Tape;
use std::sync::Arc;

/// A pair interaction on one grid (or one level of it).
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// No interaction.
    None,
    /// amplitude exp(-kappa |x|): a recursion.
    Exponential {
        /// Spacing, bohr.
        h: f64,
        /// Hartree.
        amplitude: f64,
        /// 1/bohr.
        kappa: f64,
    },
    /// h w(k h) for k = 0, 1, ...: a symmetric Toeplitz matrix.
    Toeplitz(Vec<f64>),
}

impl Kernel {
    /// The potential of `[batch, points, channels]`.
    pub fn apply(&self, n: &[f64], points: usize, channels: usize) -> Buffer {
        match self {
            Kernel::None => Buffer::filled(n.len(), 0.0),
            Kernel::Exponential { h, amplitude, kappa } => exponential(n, (points, channels), *h, *amplitude, *kappa),
            Kernel::Toeplitz(w) => vectorised(
                #[inline(always)]
                || toeplitz(w, n, points, channels),
            ),
        }
    }
}

#[inline(always)]
fn toeplitz(w: &[f64], n: &[f64], points: usize, channels: usize) -> Buffer {
    // w(-(N-1)) .. w(N-1): every row of the matrix is a contiguous part of it.
    let line: Vec<f64> = w.iter().skip(1).rev().chain(w).copied().collect();
    let size = points * channels;
    let mut out = Buffer::any(n.len());
    let mut column = vec![0.0; points];
    for (n, out) in n.chunks_exact(size.max(1)).zip(out.chunks_exact_mut(size.max(1))) {
        for c in 0..channels {
            column.iter_mut().enumerate().for_each(|(j, x)| *x = n[j * channels + c]);
            for i in 0..points {
                let row = &line[w.len() - 1 - i..][..points];
                out[i * channels + c] = dot(row, &column);
            }
        }
    }
    out
}

/// A scalar product in eight lanes, which the compiler vectorises.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// The potential of every channel.
pub fn hartree<D: Backend, T: Tape<f64, D>>(
    n: &Value<D>,
    kernel: &Arc<Kernel>,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (_, points, channels) = n.dims();
    if let Kernel::Toeplitz(w) = &**kernel
        && w.len() < points
    {
        return Err(TensorError::Length { operation: "hartree", expected: points, found: w.len() });
    }
    let out = kernel.apply(&n.host(), points, channels);
    let kernel = kernel.clone();
    record_one(n.device(), &[n], n.dims(), out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            into.add(kernel.apply(incoming, points, channels));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, numbers};
    use super::*;

    #[test]
    fn toeplitz_and_recursion_agree() {
        let (h, points, channels) = (0.2, 11, 2);
        let n = numbers((2, points, channels), 0.3);
        let w: Vec<f64> = (0..points).map(|k| h * 1.1 * (-0.6 * h * k as f64).exp()).collect();
        let slow = Kernel::Toeplitz(w).apply(&n, points, channels);
        let fast = Kernel::Exponential { h, amplitude: 1.1, kappa: 0.6 }.apply(&n, points, channels);
        slow.iter().zip(fast.iter()).for_each(|(a, b)| assert!((a - b).abs() < 1e-14));
        assert!(Kernel::None.apply(&n, points, channels).iter().all(|v| *v == 0.0));
    }

    #[test]
    fn gradients() {
        let dims = (1, 6, 2);
        for kernel in [
            Kernel::None,
            Kernel::Exponential { h: 0.3, amplitude: 1.1, kappa: 0.6 },
            Kernel::Toeplitz(vec![1.0, 0.5, 0.3, 0.2, 0.1, 0.05]),
        ] {
            let kernel = Arc::new(kernel);
            check_gradient(&[(dims, numbers(dims, 0.1))], |x, tape| hartree(x[0], &kernel, tape));
        }
    }
}

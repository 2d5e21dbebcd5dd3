//! Exponential kernels: exact convolutions in O(N) by a recursion from the left and one from the right.
//!
//! With q = exp(-h/xi), L_i = q L_{i-1} + n_i and R_i = q R_{i+1} + n_i, the sum over j of q^|i-j| n_j is
//! L_i + R_i - n_i. Kernels are symmetric, so every one is its own transpose.

use super::backend::{Backend, TensorError};
use super::value::{Value, record_one};
use super::vector::vectorised;
use dfdx::prelude::Tape;

/// Adds `factor_k` times the sum over j of q_k^|i-j| x_j to `out`, for the lanes k of every row of one batch entry. `x`
/// and `out` give a row's numbers by lane through their index maps.
fn recur(
    points: usize,
    lanes: usize,
    q: impl Fn(usize) -> f64,
    x: impl Fn(usize, usize) -> f64,
    mut add: impl FnMut(usize, usize, f64),
) {
    let q: Vec<f64> = (0..lanes).map(q).collect();
    let mut carry = vec![0.0; lanes];
    for i in 0..points {
        for k in 0..lanes {
            carry[k] = q[k] * carry[k] + x(i, k);
            add(i, k, carry[k]);
        }
    }
    carry.fill(0.0);
    for i in (0..points).rev() {
        for k in 0..lanes {
            add(i, k, q[k] * carry[k]);
            carry[k] = q[k] * carry[k] + x(i, k);
        }
    }
}

/// Convolves every channel of `x` `[batch, points, channels]` with `amplitude exp(-kappa |x|)`, times h.
pub fn exponential(x: &[f64], (points, channels): (usize, usize), h: f64, amplitude: f64, kappa: f64) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    let (q, size) = ((-kappa * h).exp(), points * channels);
    for (x, out) in x.chunks_exact(size.max(1)).zip(out.chunks_exact_mut(size.max(1))) {
        recur(points, channels, |_| q, |i, k| x[i * channels + k], |i, k, y| out[i * channels + k] += y);
    }
    out.iter_mut().for_each(|y| *y *= h * amplitude);
    out
}

/// Every number as often as there are kernels.
#[inline(always)]
fn repeat(x: &[f64], lanes: &mut [f64]) {
    match x {
        [x] => lanes.fill(*x),
        _ => {
            let kernels = lanes.len() / x.len();
            lanes.chunks_exact_mut(kernels).zip(x).for_each(|(lane, x)| lane.fill(*x));
        }
    }
}

/// A sum in four lanes.
#[inline(always)]
fn total(x: &[f64]) -> f64 {
    let (fours, rest) = x.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        sums.iter_mut().zip(four).for_each(|(sum, x)| *sum += x);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest.iter().sum::<f64>()
}

/// A bank of kernels exp(-|x|/xi_k)/(2 xi_k) on a grid of spacing h, times h.
#[derive(Clone, Debug)]
struct Bank {
    points: usize,
    h: f64,
    xi: Vec<f64>,
}

impl Bank {
    fn q(&self, k: usize) -> f64 {
        (-self.h / self.xi[k]).exp()
    }

    fn factor(&self, k: usize) -> f64 {
        0.5 * self.h / self.xi[k]
    }

    /// A number for every lane, a channel's kernels after another's.
    fn by_lane(&self, channels: usize, number: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..channels * self.xi.len()).map(|lane| number(lane % self.xi.len())).collect()
    }

    /// `[points, channels]` to `[points, channels * kernels]`, for every batch entry.
    #[inline(always)]
    fn spread(&self, x: &[f64], channels: usize) -> Vec<f64> {
        let (kernels, points) = (self.xi.len(), self.points);
        let lanes = channels * kernels;
        let (q, factor) = (self.by_lane(channels, |k| self.q(k)), self.by_lane(channels, |k| self.factor(k)));
        let mut out = vec![0.0; x.len() * kernels];
        let (mut source, mut carry) = (vec![0.0; lanes], vec![0.0; lanes]);
        for (x, out) in x.chunks_exact(points * channels).zip(out.chunks_exact_mut(points * lanes)) {
            carry.fill(0.0);
            for (x, row) in x.chunks_exact(channels).zip(out.chunks_exact_mut(lanes)) {
                repeat(x, &mut source);
                for (((carry, row), q), source) in carry.iter_mut().zip(row).zip(&q).zip(&source) {
                    *carry = q * *carry + source;
                    *row = *carry;
                }
            }
            carry.fill(0.0);
            for (x, row) in x.chunks_exact(channels).zip(out.chunks_exact_mut(lanes)).rev() {
                repeat(x, &mut source);
                let fixed = q.iter().zip(&factor).zip(&source);
                for ((carry, row), ((q, factor), source)) in carry.iter_mut().zip(row).zip(fixed) {
                    let tail = q * *carry;
                    *row = factor * (*row + tail);
                    *carry = tail + source;
                }
            }
        }
        out
    }

    /// The transpose: `[points, channels * kernels]` to `[points, channels]`.
    #[inline(always)]
    fn gather(&self, y: &[f64], channels: usize) -> Vec<f64> {
        let (kernels, points) = (self.xi.len(), self.points);
        let lanes = channels * kernels;
        let (q, factor) = (self.by_lane(channels, |k| self.q(k)), self.by_lane(channels, |k| self.factor(k)));
        let mut out = vec![0.0; y.len() / kernels];
        let mut carry = vec![0.0; lanes];
        for (y, out) in y.chunks_exact(points * lanes).zip(out.chunks_exact_mut(points * channels)) {
            carry.fill(0.0);
            for (row, sums) in y.chunks_exact(lanes).zip(out.chunks_exact_mut(channels)) {
                for (((carry, row), q), factor) in carry.iter_mut().zip(row).zip(&q).zip(&factor) {
                    *carry = q * *carry + factor * row;
                }
                for (sum, lane) in sums.iter_mut().zip(carry.chunks_exact(kernels)) {
                    *sum = total(lane);
                }
            }
            carry.fill(0.0);
            for (row, sums) in y.chunks_exact(lanes).zip(out.chunks_exact_mut(channels)).rev() {
                carry.iter_mut().zip(&q).for_each(|(carry, q)| *carry *= q);
                for (sum, lane) in sums.iter_mut().zip(carry.chunks_exact(kernels)) {
                    *sum += total(lane);
                }
                for ((carry, row), factor) in carry.iter_mut().zip(row).zip(&factor) {
                    *carry += factor * row;
                }
            }
        }
        out
    }

    /// Adds the derivative of sum y (K x) in every xi_k: `x` `[.., channels]`, `y` `[.., channels * kernels]`.
    /// With K = (h/2 xi) q^|i-j|: dK/dxi = K (|i-j| h/xi - 1)/xi; the sum over j of |i-j| q^|i-j| x_j is again a recursion.
    #[inline(always)]
    fn slope(&self, x: &[f64], y: &[f64], channels: usize, into: &mut [f64]) {
        let (kernels, points) = (self.xi.len(), self.points);
        let lanes = channels * kernels;
        let (q, scale) = (self.by_lane(channels, |k| self.q(k)), self.by_lane(channels, |k| self.h / self.xi[k]));
        let (mut sum, mut moment, mut total) = (vec![0.0; lanes], vec![0.0; lanes], vec![0.0; lanes]);
        let mut source = vec![0.0; lanes];
        for (x, y) in x.chunks_exact(points * channels).zip(y.chunks_exact(points * lanes)) {
            for (own, reverse) in [(1.0, false), (0.0, true)] {
                sum.fill(0.0);
                moment.fill(0.0);
                for i in 0..points {
                    let i = if reverse { points - 1 - i } else { i };
                    let y = &y[i * lanes..(i + 1) * lanes];
                    repeat(&x[i * channels..(i + 1) * channels], &mut source);
                    let state = sum.iter_mut().zip(&mut moment).zip(&mut total);
                    let fixed = q.iter().zip(&scale).zip(&source).zip(y);
                    for (((sum, moment), total), (((q, scale), x), y)) in state.zip(fixed) {
                        *moment = q * (*moment + *sum);
                        *sum *= q;
                        // The point itself counts once, in the first pass.
                        *total += y * (scale * *moment - (*sum + own * x));
                        *sum += x;
                    }
                }
            }
        }
        for (k, total) in total.iter().enumerate() {
            let k = k % kernels;
            into[k] += self.factor(k) / self.xi[k] * total;
        }
    }
}

/// `x` `[batch, points, channels]` through every kernel of width `xi` (`[1, 1, kernels]`, bohr): channels times kernels.
pub fn spread<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    xi: &Value<D>,
    h: f64,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let ((batch, points, channels), widths, numbers) = (x.dims(), xi.host(), x.host());
    let bank = Bank { points, h, xi: widths.to_vec() };
    let dims = (batch, points, channels * widths.len());
    let out = vectorised(
        #[inline(always)]
        || bank.spread(&numbers, channels),
    );
    record_one(x.device(), &[x, xi], dims, out, tape, move |incoming, outgoing| {
        vectorised(
            #[inline(always)]
            || {
                if let Some(into) = &mut outgoing[0] {
                    into.add(bank.gather(incoming, channels));
                }
                if let Some(into) = &mut outgoing[1] {
                    bank.slope(&numbers, incoming, channels, into.whole());
                }
            },
        )
    })
}

/// The transpose of [`spread`] in x: sums over the kernels.
pub fn gather<D: Backend, T: Tape<f64, D>>(
    y: &Value<D>,
    xi: &Value<D>,
    h: f64,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let ((batch, points, lanes), widths, numbers) = (y.dims(), xi.host(), y.host());
    let channels = lanes / widths.len().max(1);
    let bank = Bank { points, h, xi: widths.to_vec() };
    let out = vectorised(
        #[inline(always)]
        || bank.gather(&numbers, channels),
    );
    record_one(y.device(), &[y, xi], (batch, points, channels), out, tape, move |incoming, outgoing| {
        vectorised(
            #[inline(always)]
            || {
                if let Some(into) = &mut outgoing[0] {
                    into.add(bank.spread(incoming, channels));
                }
                if let Some(into) = &mut outgoing[1] {
                    bank.slope(incoming, &numbers, channels, into.whole());
                }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, numbers, run};
    use super::*;

    #[test]
    fn recursions_are_sums() {
        let (h, kappa, n) = (0.3, 0.8, 9);
        let x = numbers((1, n, 1), 0.1);
        let fast = exponential(&x, (n, 1), h, 1.5, kappa);
        for (i, fast) in fast.iter().enumerate() {
            let slow: f64 = (0..n).map(|j| 1.5 * h * (-kappa * h * i.abs_diff(j) as f64).exp() * x[j]).sum();
            assert!((fast - slow).abs() < 1e-14);
        }
        let ((wide, _), _) =
            run(&[((1, n, 1), x.clone()), ((1, 1, 2), vec![0.7, 1.9])], |x, tape| spread(x[0], x[1], h, tape));
        for (k, xi) in [0.7, 1.9].into_iter().enumerate() {
            let single = exponential(&x, (n, 1), h, 0.5 / xi, 1.0 / xi);
            (0..n).for_each(|i| assert!((wide.host()[2 * i + k] - single[i]).abs() < 1e-14));
        }
    }

    #[test]
    fn gradients_in_density_and_width() {
        let (x, xi) = ((2, 5, 2), ((1, 1, 3), vec![0.4, 1.1, 2.0]));
        check_gradient(&[(x, numbers(x, 0.2)), xi.clone()], |x, tape| spread(x[0], x[1], 0.35, tape));
        let y = (2, 5, 6);
        check_gradient(&[(y, numbers(y, 0.2)), xi], |x, tape| gather(x[0], x[1], 0.35, tape));
    }
}

//! Exponential kernels: exact convolutions in O(N) by a recursion from the left and one from the right.
//!
//! With q = exp(-h/xi), L_i = q L_{i-1} + n_i and R_i = q R_{i+1} + n_i, the sum over j of q^|i-j| n_j is
//! L_i + R_i - n_i. Kernels are symmetric, so every one is its own transpose.

use super::backend::{Backend, TensorError};
use super::stock::Buffer;
use super::value::{Value, record_one};
use super::vector::vectorised;
use dfdx::prelude::Tape;

/// Convolves every channel of `x` `[batch, points, channels]` with `amplitude exp(-kappa |x|)`, times h.
pub fn exponential(x: &[f64], (points, channels): (usize, usize), h: f64, amplitude: f64, kappa: f64) -> Buffer {
    let mut out = Buffer::filled(x.len(), 0.0);
    let (q, size) = ((-kappa * h).exp(), points * channels);
    for (x, out) in x.chunks_exact(size.max(1)).zip(out.chunks_exact_mut(size.max(1))) {
        for c in 0..channels {
            // Both recursions at once: each alone would be limited by its latency.
            let (mut left, mut right) = (0.0, 0.0);
            for i in 0..points {
                let (i, j) = (i * channels + c, (points - 1 - i) * channels + c);
                left = q * left + x[i];
                out[i] += left;
                let tail = q * right;
                out[j] += tail;
                right = tail + x[j];
            }
        }
    }
    out.iter_mut().for_each(|y| *y *= h * amplitude);
    out
}

/// How many kernels are calculated side by side.
const LANES: usize = 8;
type Tile = [f64; LANES];

#[inline(always)]
fn tile(number: impl FnMut(usize) -> f64) -> Tile {
    std::array::from_fn(number)
}

/// A sum, pair by pair.
#[inline(always)]
fn total(x: &Tile) -> f64 {
    let four: [f64; 4] = std::array::from_fn(|l| x[l] + x[l + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Kernels of one channel that are calculated side by side: at most as many as there are lanes.
#[derive(Clone, Copy)]
struct Kernels {
    channel: usize,
    /// The first of them in a row of all kernels of all channels.
    start: usize,
    width: usize,
    q: Tile,
    factor: Tile,
}

impl Kernels {
    /// Their numbers in the row at the start of `x`, followed by zeros.
    #[inline(always)]
    fn load(&self, x: &[f64]) -> Tile {
        let x = &x[self.start..];
        match x.first_chunk::<LANES>() {
            Some(x) => tile(|l| if l < self.width { x[l] } else { 0.0 }),
            None => tile(|l| if l < self.width { x[l] } else { 0.0 }),
        }
    }

    /// Writes their numbers into the row at the start of `out`. Numbers after them may be overwritten: they are written later.
    #[inline(always)]
    fn store(&self, x: &Tile, out: &mut [f64]) {
        let out = &mut out[self.start..];
        match out.first_chunk_mut::<LANES>() {
            Some(out) => *out = *x,
            None => out.iter_mut().zip(x).take(self.width).for_each(|(out, x)| *out = *x),
        }
    }
}

/// A bank of kernels exp(-|x|/xi_k)/(2 xi_k) on a grid of spacing h, times h, for a number of channels.
#[derive(Clone, Debug)]
struct Bank {
    points: usize,
    channels: usize,
    h: f64,
    xi: Vec<f64>,
}

impl Bank {
    /// Numbers per row.
    fn lanes(&self) -> usize {
        self.channels * self.xi.len()
    }

    /// All kernels of all channels, in the order of a row.
    fn each(&self) -> Vec<Kernels> {
        let of = |channel: usize| {
            self.xi.chunks(LANES).enumerate().map(move |(t, xi)| Kernels {
                channel,
                start: channel * self.xi.len() + t * LANES,
                width: xi.len(),
                q: tile(|l| xi.get(l).map_or(0.0, |xi| (-self.h / xi).exp())),
                factor: tile(|l| xi.get(l).map_or(0.0, |xi| 0.5 * self.h / xi)),
            })
        };
        (0..self.channels).flat_map(of).collect()
    }

    /// `[points, channels]` to `[points, channels * kernels]`, for every batch entry.
    #[inline(always)]
    fn spread(&self, x: &[f64]) -> Buffer {
        let (lanes, channels, tiles) = (self.lanes(), self.channels, self.each());
        let mut out = Buffer::any(x.len() * self.xi.len());
        let mut carry = vec![[0.0; LANES]; tiles.len()];
        let mut tails = Buffer::any(self.points * tiles.len() * LANES);
        let (tails, _) = tails.as_chunks_mut();
        for (x, out) in x.chunks_exact(self.points * channels).zip(out.chunks_exact_mut(self.points * lanes)) {
            carry.fill([0.0; LANES]);
            for (x, tails) in x.chunks_exact(channels).zip(tails.chunks_exact_mut(tiles.len())).rev() {
                for ((at, tail), carry) in tiles.iter().zip(tails).zip(&mut carry) {
                    *tail = tile(|l| at.q[l] * carry[l]);
                    *carry = tile(|l| tail[l] + x[at.channel]);
                }
            }
            carry.fill([0.0; LANES]);
            for (i, (x, tails)) in x.chunks_exact(channels).zip(tails.chunks_exact(tiles.len())).enumerate() {
                for ((at, tail), carry) in tiles.iter().zip(tails).zip(&mut carry) {
                    *carry = tile(|l| at.q[l] * carry[l] + x[at.channel]);
                    at.store(&tile(|l| at.factor[l] * (carry[l] + tail[l])), &mut out[i * lanes..]);
                }
            }
        }
        out
    }

    /// The transpose: `[points, channels * kernels]` to `[points, channels]`.
    #[inline(always)]
    fn gather(&self, y: &[f64]) -> Buffer {
        let (lanes, channels, tiles) = (self.lanes(), self.channels, self.each());
        let mut out = Buffer::any(y.len() / self.xi.len());
        let mut carry = vec![[0.0; LANES]; tiles.len()];
        let mut sums = Buffer::any(self.points * channels * LANES);
        let (sums, _) = sums.as_chunks_mut();
        for (y, out) in y.chunks_exact(self.points * lanes).zip(out.chunks_exact_mut(self.points * channels)) {
            carry.fill([0.0; LANES]);
            sums.fill([0.0; LANES]);
            for (i, sums) in sums.chunks_exact_mut(channels).enumerate() {
                for (at, carry) in tiles.iter().zip(&mut carry) {
                    let y = at.load(&y[i * lanes..]);
                    *carry = tile(|l| at.q[l] * carry[l] + at.factor[l] * y[l]);
                    let sum = &mut sums[at.channel];
                    *sum = tile(|l| sum[l] + carry[l]);
                }
            }
            carry.fill([0.0; LANES]);
            for (i, sums) in sums.chunks_exact_mut(channels).enumerate().rev() {
                for (at, carry) in tiles.iter().zip(&mut carry) {
                    let y = at.load(&y[i * lanes..]);
                    let tail = tile(|l| at.q[l] * carry[l]);
                    let sum = &mut sums[at.channel];
                    *sum = tile(|l| sum[l] + tail[l]);
                    *carry = tile(|l| tail[l] + at.factor[l] * y[l]);
                }
            }
            out.iter_mut().zip(sums.iter()).for_each(|(out, sum)| *out = total(sum));
        }
        out
    }

    /// Adds the derivative of sum y (K x) in every xi_k: `x` `[.., channels]`, `y` `[.., channels * kernels]`.
    /// With K = (h/2 xi) q^|i-j|: dK/dxi = K (|i-j| h/xi - 1)/xi; the sum over j of |i-j| q^|i-j| x_j is again a recursion.
    #[inline(always)]
    fn slope(&self, x: &[f64], y: &[f64], into: &mut [f64]) {
        let (lanes, channels) = (self.lanes(), self.channels);
        for at in self.each() {
            let (kernel, q) = (at.start % self.xi.len(), at.q);
            let scale = tile(|l| self.xi.get(kernel + l).map_or(0.0, |xi| self.h / xi));
            let mut total = [0.0; LANES];
            for (x, y) in x.chunks_exact(self.points * channels).zip(y.chunks_exact(self.points * lanes)) {
                // From the left and from the right.
                let (mut sum, mut moment) = ([[0.0; LANES]; 2], [[0.0; LANES]; 2]);
                for i in 0..self.points {
                    for (side, i) in [i, self.points - 1 - i].into_iter().enumerate() {
                        let (x, y) = (x[i * channels + at.channel], at.load(&y[i * lanes..]));
                        // The point itself counts once.
                        let own = if side == 0 { x } else { 0.0 };
                        moment[side] = tile(|l| q[l] * (moment[side][l] + sum[side][l]));
                        sum[side] = tile(|l| q[l] * sum[side][l]);
                        total = tile(|l| total[l] + y[l] * (scale[l] * moment[side][l] - (sum[side][l] + own)));
                        sum[side] = tile(|l| sum[side][l] + x);
                    }
                }
            }
            for (k, total) in (kernel..kernel + at.width).zip(total) {
                into[k] += 0.5 * self.h / self.xi[k] / self.xi[k] * total;
            }
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
    let bank = Bank { points, channels, h, xi: widths.to_vec() };
    let dims = (batch, points, channels * widths.len());
    let out = vectorised(
        #[inline(always)]
        || bank.spread(&numbers),
    );
    record_one(x.device(), &[x, xi], dims, out, tape, move |incoming, outgoing| {
        vectorised(
            #[inline(always)]
            || {
                if let Some(into) = &mut outgoing[0] {
                    into.add(bank.gather(incoming));
                }
                if let Some(into) = &mut outgoing[1] {
                    bank.slope(&numbers, incoming, into.whole());
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
    let bank = Bank { points, channels, h, xi: widths.to_vec() };
    let out = vectorised(
        #[inline(always)]
        || bank.gather(&numbers),
    );
    record_one(y.device(), &[y, xi], (batch, points, channels), out, tape, move |incoming, outgoing| {
        vectorised(
            #[inline(always)]
            || {
                if let Some(into) = &mut outgoing[0] {
                    into.add(bank.spread(incoming));
                }
                if let Some(into) = &mut outgoing[1] {
                    bank.slope(incoming, &numbers, into.whole());
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
        // Fewer kernels than lanes, as many, and more.
        for kernels in [3, 8, 11] {
            let widths = (0..kernels).map(|k| 0.4 + 0.35 * k as f64).collect();
            let (x, y, xi) = ((2, 5, 2), (2, 5, 2 * kernels), ((1, 1, kernels), widths));
            check_gradient(&[(x, numbers(x, 0.2)), xi.clone()], |x, tape| spread(x[0], x[1], 0.35, tape));
            check_gradient(&[(y, numbers(y, 0.2)), xi], |x, tape| gather(x[0], x[1], 0.35, tape));
        }
    }
}

//! Convolutions on the host in one operator: windows are never copied out, as a row of the window matrix is a stretch of
//! x, but for the few at the ends, where x is padded with zeros. Forwards a matrix product, backwards two. `window` has the same thing as a
//! composite of dfdx operations, which other devices run and the tests compare with.

use super::backend::{Backend, TensorError, count};
use super::value::{Value, record_one};
use super::vector::settle;
use dfdx::prelude::Tape;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use std::ops::Range;

/// Shapes of one convolution.
#[derive(Clone, Copy, Debug)]
struct Layout {
    points: usize,
    width: usize,
    input: usize,
    output: usize,
    /// Points of the window before the current one.
    left: usize,
}

impl Layout {
    fn transposed(self) -> Self {
        Layout { input: self.output, output: self.input, left: self.width - 1 - self.left, ..self }
    }

    /// The window matrix `[rows, width * input]` of consecutive rows: its own rows overlap.
    fn windows(self, x: &[f64], rows: usize) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice_with_stride(x, rows, self.width * self.input, self.input)
    }

    /// Visits the window matrix of one batch entry in stretches of rows: most lie within x, those at the ends in a padded
    /// copy of the few rows there.
    fn stretches(self, x: &[f64], mut visit: impl FnMut(Range<usize>, MatRef<'_, f64>)) {
        let Layout { points, width, input, left, .. } = self;
        let right = width - 1 - left;
        let (first, last) = if points < width { (points, points) } else { (left, points - right) };
        if first < last {
            visit(first..last, self.windows(x, last - first));
        }
        for rows in [0..first, last..points] {
            if rows.is_empty() {
                continue;
            }
            let mut padded = vec![0.0; (rows.len() + width - 1) * input];
            let (from, to) = (rows.start.saturating_sub(left), (rows.end + right).min(points));
            let skip = (from + left - rows.start) * input;
            padded[skip..skip + (to - from) * input].copy_from_slice(&x[from * input..to * input]);
            visit(rows.clone(), self.windows(&padded, rows.len()));
        }
    }

    /// Adds the convolution of x to `out`, or writes it there.
    fn apply(self, x: &[f64], weight: &[f64], accum: Accum, out: &mut [f64]) {
        let weight = MatRef::from_row_major_slice(weight, self.width * self.input, self.output);
        let entries = x.chunks_exact(self.points * self.input).zip(out.chunks_exact_mut(self.points * self.output));
        for (x, out) in entries {
            self.stretches(x, |rows, windows| {
                let out = &mut out[rows.start * self.output..rows.end * self.output];
                let out = MatMut::from_row_major_slice_mut(out, rows.len(), self.output);
                matmul(out, accum, windows, weight, 1.0, Par::Seq);
            });
        }
    }

    /// Adds the gradient of the weight.
    fn add_weight(self, x: &[f64], cotangent: &[f64], into: &mut [f64]) {
        let mut into = MatMut::from_row_major_slice_mut(into, self.width * self.input, self.output);
        let entries = x.chunks_exact(self.points * self.input).zip(cotangent.chunks_exact(self.points * self.output));
        for (x, y) in entries {
            self.stretches(x, |rows, windows| {
                let y = &y[rows.start * self.output..rows.end * self.output];
                let y = MatRef::from_row_major_slice(y, rows.len(), self.output);
                matmul(into.as_mut(), Accum::Add, windows.transpose(), y, 1.0, Par::Seq);
            });
        }
    }

    /// The weight of the transpose: points in reverse, channels swapped.
    fn flip(self, weight: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(weight.len());
        for block in weight.chunks_exact((self.input * self.output).max(1)).rev() {
            for o in 0..self.output {
                out.extend(block.iter().skip(o).step_by(self.output));
            }
        }
        out
    }
}

/// Cross-correlation of `x` `[batch, points, input]` with `weight` `[1, 1, width * input * output]`, zero-padded, `left`
/// points of the window before the current one.
pub fn convolve<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    weight: &Value<D>,
    width: usize,
    left: usize,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, input) = x.dims();
    let output = weight.count() / (width * input).max(1);
    if output == 0 || width * input * output != weight.count() || left >= width || points == 0 {
        let expected = width * input * output.max(1);
        return Err(TensorError::Length { operation: "conv", expected, found: weight.count() });
    }
    let layout = Layout { points, width, input, output, left };
    let dims = (batch, points, output);
    let (source, numbers) = (x.host(), weight.host());
    let mut out = vec![0.0; count(dims)];
    layout.apply(&source, &numbers, Accum::Replace, &mut out);
    settle();
    record_one(x.device(), &[x, weight], dims, out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            let accum = if into.fresh() { Accum::Replace } else { Accum::Add };
            layout.transposed().apply(incoming, &layout.flip(&numbers), accum, into.whole());
        }
        if let Some(into) = &mut outgoing[1] {
            layout.add_weight(&source, incoming, into.whole());
        }
        settle();
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestTape;
    use super::super::testing::{check_gradient, numbers, run};
    use super::super::{Cpu, arrange, backward, window};
    use super::*;

    /// Sum over points and channels of the second batch entry.
    fn total(x: &Value<Cpu>, tape: TestTape) -> Result<(Value<Cpu>, TestTape), TensorError> {
        let (second, tape) = arrange::combine(x.device(), &[(x, 1, 1.0)], 0.0, tape)?;
        let (sums, tape) = arrange::sum_points(&second, tape)?;
        arrange::sum_channels(&sums, tape)
    }

    #[test]
    fn the_composite_gives_the_same() {
        let points = 7;
        for (width, input, output, left) in [(1, 2, 3, 0), (3, 2, 3, 1), (4, 1, 2, 1), (4, 3, 2, 2), (9, 2, 1, 4)] {
            let (x, w) = ((2, points, input), (1, 1, width * input * output));
            let inputs = [(x, numbers(x, 0.1)), (w, numbers(w, 0.2))];
            let ((fused, tape), leaves) = run(&inputs, |x, tape| {
                let (out, tape) = convolve(x[0], x[1], width, left, tape)?;
                total(&out, tape)
            });
            let ((slow, slow_tape), slow_leaves) = run(&inputs, |x, tape| {
                let (out, tape) = window::convolve(x[0], x[1], width, left, tape)?;
                total(&out, tape)
            });
            assert!((fused.first() - slow.first()).abs() < 1e-12);
            let (mut a, mut b) = (backward(&fused, tape).unwrap(), backward(&slow, slow_tape).unwrap());
            for (x, y) in leaves.iter().zip(&slow_leaves) {
                let (x, y) = (x.cotangent(&mut a).unwrap(), y.cotangent(&mut b).unwrap());
                x.iter().zip(&y).for_each(|(x, y)| assert!((x - y).abs() < 1e-12));
            }
            check_gradient(&inputs, |x, tape| convolve(x[0], x[1], width, left, tape));
        }
    }
}

//! Convolutions on the host: one matrix product forward, two backward. A row of the window matrix is a contiguous part of x, so
//! windows are not copied, except for the few at the ends, where x is padded with zeros. Convolutions are operands of
//! elementwise programs, which compute a few rows at a time and use them at once; `window` has the same operation as a
//! composite of dfdx operations, for other devices and for comparison in the tests.

use super::backend::{Backend, TensorError};
use super::cotangent::Cotangent;
use super::stock::{Buffer, Numbers};
use super::value::Value;
use super::vector::leave_vector_registers;
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

    /// Visits the rows of the window matrix of one batch entry in contiguous groups: most lie within x, those at the ends in a
    /// padded copy.
    fn stretches(self, x: &[f64], all: Range<usize>, mut visit: impl FnMut(Range<usize>, MatRef<'_, f64>)) {
        let Layout { points, width, input, left, .. } = self;
        let right = width - 1 - left;
        let (first, last) = if points < width { (points, points) } else { (left, points - right) };
        let part = |rows: Range<usize>| rows.start.max(all.start)..rows.end.min(all.end);
        let inner = part(first..last);
        if !inner.is_empty() {
            visit(inner.clone(), self.windows(&x[(inner.start - left) * input..], inner.len()));
        }
        for rows in [part(0..first), part(last..points)] {
            if rows.is_empty() {
                continue;
            }
            let mut padded = Buffer::filled((rows.len() + width - 1) * input, 0.0);
            let (from, to) = (rows.start.saturating_sub(left), (rows.end + right).min(points));
            let skip = (from + left - rows.start) * input;
            padded[skip..skip + (to - from) * input].copy_from_slice(&x[from * input..to * input]);
            visit(rows.clone(), self.windows(&padded, rows.len()));
        }
    }

    /// Adds rows of the convolution of one batch entry to `out`, or writes them there.
    fn apply(self, x: &[f64], all: Range<usize>, weight: &[f64], accum: Accum, out: &mut [f64]) {
        let weight = MatRef::from_row_major_slice(weight, self.width * self.input, self.output);
        let begin = all.start;
        self.stretches(x, all, |rows, windows| {
            let out = &mut out[(rows.start - begin) * self.output..(rows.end - begin) * self.output];
            let out = MatMut::from_row_major_slice_mut(out, rows.len(), self.output);
            matmul(out, accum, windows, weight, 1.0, Par::Seq);
        });
    }

    /// Adds the gradient of the weight from one batch entry.
    fn add_weight(self, x: &[f64], cotangent: &[f64], into: &mut [f64]) {
        let mut into = MatMut::from_row_major_slice_mut(into, self.width * self.input, self.output);
        self.stretches(x, 0..self.points, |rows, windows| {
            let y = &cotangent[rows.start * self.output..rows.end * self.output];
            let y = MatRef::from_row_major_slice(y, rows.len(), self.output);
            matmul(into.as_mut(), Accum::Add, windows.transpose(), y, 1.0, Par::Seq);
        });
    }

    /// The weight of the transpose: points reversed, channels swapped.
    fn flip(self, weight: &[f64]) -> Buffer {
        let mut out = Buffer::any(weight.len());
        let size = (self.input * self.output).max(1);
        for (block, out) in weight.chunks_exact(size).rev().zip(out.chunks_exact_mut(size)) {
            for (o, out) in out.chunks_exact_mut(self.input).enumerate() {
                let column = block.chunks_exact(self.output).map(|row| row[o]);
                out.iter_mut().zip(column).for_each(|(out, w)| *out = w);
            }
        }
        out
    }
}

/// A convolution with what it reads.
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    layout: Layout,
    x: Numbers,
    weight: Numbers,
}

impl Convolution {
    /// As for [`convolve`](super::elementwise::convolve).
    pub(super) fn new<D: Backend>(
        x: &Value<D>,
        weight: &Value<D>,
        width: usize,
        left: usize,
    ) -> Result<Self, TensorError> {
        let (_, points, input) = x.dims();
        let output = weight.count() / (width * input).max(1);
        if output == 0 || width * input * output != weight.count() || left >= width || points == 0 {
            let expected = width * input * output.max(1);
            return Err(TensorError::Length { operation: "conv", expected, found: weight.count() });
        }
        let layout = Layout { points, width, input, output, left };
        Ok(Self { layout, x: x.host(), weight: weight.host() })
    }

    fn entry(&self, batch: usize) -> &[f64] {
        let size = self.layout.points * self.layout.input;
        &self.x[batch * size..(batch + 1) * size]
    }

    /// Writes rows of one batch entry of the result. Needs [`leave_vector_registers`] afterwards.
    pub(super) fn rows(&self, batch: usize, rows: Range<usize>, out: &mut [f64]) {
        self.layout.apply(self.entry(batch), rows, &self.weight, Accum::Replace, out);
    }

    /// Adds the contribution of the result's cotangent to those of x and of the weight, where they are wanted.
    pub(super) fn pull(&self, cotangent: &[f64], x: Option<&mut Cotangent>, weight: Option<&mut Cotangent>) {
        let Layout { points, input, output, .. } = self.layout;
        let parts = cotangent.chunks_exact(points * output);
        if let Some(into) = x {
            let flipped = self.layout.flip(&self.weight);
            let (fresh, into) = into.space();
            let accum = if fresh { Accum::Replace } else { Accum::Add };
            for (part, into) in parts.clone().zip(into.chunks_exact_mut(points * input)) {
                self.layout.transposed().apply(part, 0..points, &flipped, accum, into);
            }
        }
        if let Some(into) = weight {
            let into = into.whole();
            parts.enumerate().for_each(|(batch, part)| self.layout.add_weight(self.entry(batch), part, into));
        }
        leave_vector_registers();
    }
}

//! Convolutions as one matrix product, with windows of neighbouring rows side by side.

use super::backend::{Backend, TensorError, count};
use super::cotangent::add;
use super::value::{Value, record_one};
use dfdx::prelude::{PutTape, ReshapeTo, SplitTape, Tape, TryMatMul};
use std::sync::Arc;

/// Row i of the result is the rows `i - left .. i - left + width` of x, concatenated, with zeros outside.
fn windows(x: &[f64], points: usize, channels: usize, width: usize, left: usize) -> Vec<f64> {
    let (size, row) = (points * channels, width * channels);
    let mut out = vec![0.0; x.len() * width];
    for (x, out) in x.chunks_exact(size.max(1)).zip(out.chunks_exact_mut((points * row).max(1))) {
        for (i, out) in out.chunks_exact_mut(row).enumerate() {
            let (from, skip) = (i.saturating_sub(left), left.saturating_sub(i));
            let rows = (width - skip.min(width)).min(points - from.min(points));
            let source = &x[from * channels..(from + rows) * channels];
            out[skip.min(width) * channels..][..source.len()].copy_from_slice(source);
        }
    }
    out
}

/// The transpose of [`windows`], added to `into`.
fn add_windows(y: &[f64], points: usize, channels: usize, width: usize, left: usize, into: &mut [f64]) {
    let (size, row) = (points * channels, width * channels);
    for (y, into) in y.chunks_exact((points * row).max(1)).zip(into.chunks_exact_mut(size.max(1))) {
        for (i, y) in y.chunks_exact(row).enumerate() {
            let (from, skip) = (i.saturating_sub(left), left.saturating_sub(i));
            let rows = (width - skip.min(width)).min(points - from.min(points));
            let target = &mut into[from * channels..(from + rows) * channels];
            let source = &y[skip.min(width) * channels..];
            target.iter_mut().zip(source).for_each(|(sum, y)| *sum += y);
        }
    }
}

/// `[batch, points, channels]` to `[batch, points, width * channels]`.
pub fn window<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    width: usize,
    left: usize,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, channels) = x.dims();
    let out = windows(&x.host(), points, channels, width, left);
    record_one(x.device(), &[x], (batch, points, width * channels), out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            add_windows(incoming, points, channels, width, left, into.whole());
        }
    })
}

/// The weight `[1, 1, width * input * output]` of a convolution as that of its transpose: points reversed, channels swapped.
pub fn flip_weight<D: Backend, T: Tape<f64, D>>(
    weight: &Value<D>,
    (width, input, output): (usize, usize, usize),
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let source = move |k: usize, o: usize, i: usize| ((width - 1 - k) * input + i) * output + o;
    let numbers = weight.host();
    let mut out = Vec::with_capacity(numbers.len());
    each(width, output, input, |k, o, i| out.push(numbers[source(k, o, i)]));
    record_one(weight.device(), &[weight], weight.dims(), out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            let (into, mut next) = (into.whole(), incoming.iter());
            each(width, output, input, |k, o, i| into[source(k, o, i)] += next.next().copied().unwrap_or(0.0));
        }
    })
}

/// A convolution whose input channel c is channel `channels[c]` of a value with `input` channels, as a convolution of that value:
/// turns the weight `[width, channels.len(), output]` (flat) into the one for `input` channels, adding the weights of equal
/// channels.
pub fn merge_weight<D: Backend, T: Tape<f64, D>>(
    weight: &Value<D>,
    channels: &Arc<[usize]>,
    (width, input, output): (usize, usize, usize),
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (channels, wide) = (channels.clone(), channels.len());
    if weight.count() != width * wide * output || channels.iter().any(|c| *c >= input) {
        return Err(TensorError::Length { operation: "conv", expected: width * wide * output, found: weight.count() });
    }
    // The start of a row in the wide weight, and in the narrow one.
    let rows = move || {
        let channels = channels.clone();
        (0..width * wide).map(move |row| (row * output, (row / wide * input + channels[row % wide]) * output))
    };
    let (numbers, mut out) = (weight.host(), vec![0.0; width * input * output]);
    for (from, to) in rows() {
        add(&mut out[to..to + output], &numbers[from..from + output]);
    }
    let dims = (1, 1, out.len());
    record_one(weight.device(), &[weight], dims, out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            let into = into.whole();
            rows().for_each(|(from, to)| add(&mut into[from..from + output], &incoming[to..to + output]));
        }
    })
}

fn each(a: usize, b: usize, c: usize, mut visit: impl FnMut(usize, usize, usize)) {
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                visit(i, j, k);
            }
        }
    }
}

/// `x` `[batch, points, input]` times the matrix `weight` `[1, 1, input * output]` at every point.
pub fn dense<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    weight: &Value<D>,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, input) = x.dims();
    let output = weight.count() / input.max(1);
    if input * output != weight.count() {
        return Err(TensorError::Length { operation: "dense", expected: input * output, found: weight.count() });
    }
    let tracked = T::OWNS_TAPE && (x.tracked() || weight.tracked());
    let (weight, tape) = weight.tensor(tape)?;
    let (x, tape) = x.tensor(tape)?;
    let matrix = weight.try_reshape_like(&(input, output)).map_err(TensorError::device)?;
    let rows = x.try_reshape_like(&(batch * points, input)).map_err(TensorError::device)?;
    let (product, tape) = if tracked {
        rows.put_tape(tape).try_matmul(matrix).map_err(TensorError::device)?.split_tape()
    } else {
        (rows.try_matmul(matrix).map_err(TensorError::device)?, tape)
    };
    let product = product.try_reshape_like(&(batch, points, output)).map_err(TensorError::device)?;
    debug_assert_eq!(count((batch, points, output)), batch * points * output);
    Value::from_tensor(product, tracked, tape)
}

/// Cross-correlation with `weight` `[1, 1, width * input * output]`, zero-padded.
pub fn convolve<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    weight: &Value<D>,
    width: usize,
    left: usize,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    if width == 1 {
        return dense(x, weight, tape);
    }
    let (wide, tape) = window(x, width, left, tape)?;
    dense(&wide, weight, tape)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, numbers, run};
    use super::*;

    /// The definition: out_i,o = sum over k, c of x_{i + k - left},c w_k,c,o.
    fn slow(
        x: &[f64],
        w: &[f64],
        points: usize,
        (width, input, output): (usize, usize, usize),
        left: usize,
    ) -> Vec<f64> {
        let mut out = vec![0.0; points * output];
        each(width, input, output, |k, c, o| {
            for i in 0..points {
                if let Some(j) = (i + k).checked_sub(left).filter(|&j| j < points) {
                    out[i * output + o] += x[j * input + c] * w[(k * input + c) * output + o];
                }
            }
        });
        out
    }

    #[test]
    fn convolutions_by_definition() {
        let points = 6;
        for (width, input, output) in [(1, 2, 3), (3, 2, 3), (4, 1, 2), (9, 2, 1), (15, 1, 1)] {
            let (x, w) = ((2, points, input), (1, 1, width * input * output));
            let inputs = [(x, numbers(x, 0.1)), (w, numbers(w, 0.2))];
            let left = (width - 1) / 2;
            let ((fast, _), _) = run(&inputs, |x, tape| convolve(x[0], x[1], width, left, tape));
            let expected = slow(&inputs[0].1[points * input..], &inputs[1].1, points, (width, input, output), left);
            let fast = &fast.host()[points * output..];
            fast.iter().zip(&expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-13, "{width}: {a} {b}"));
            check_gradient(&inputs, |x, tape| convolve(x[0], x[1], width, left, tape));
        }
    }

    #[test]
    fn the_flipped_weight_is_the_transpose() {
        let (points, width, input, output) = (5, 4, 2, 3);
        let (x, y, w) = ((1, points, input), (1, points, output), (1, 1, width * input * output));
        let (x, y, w) = ((x, numbers(x, 0.1)), (y, numbers(y, 0.3)), (w, numbers(w, 0.2)));
        let ((out, _), _) = run(&[x.clone(), w.clone()], |x, tape| convolve(x[0], x[1], width, (width - 1) / 2, tape));
        let back = |x: &[&Value<_>], tape| {
            let (flipped, tape) = flip_weight(x[1], (width, input, output), tape)?;
            convolve(x[0], &flipped, width, width / 2, tape)
        };
        let ((transposed, _), _) = run(&[y.clone(), w.clone()], back);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert!((dot(&out.host(), &y.1) - dot(&transposed.host(), &x.1)).abs() < 1e-13);
        check_gradient(&[y, w], back);
    }
}

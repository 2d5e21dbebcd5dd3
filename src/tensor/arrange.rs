//! Rearrangements and sums: joining, taking and padding channels; sums over points and channels; batch entries.

use super::backend::{Backend, Dims, TensorError, count};
use super::cotangent::add;
use super::stock::Buffer;
use super::value::{Value, record_one};
use dfdx::prelude::Tape;

/// Concatenates the channels of several values. A batch of one is repeated.
pub fn concat<D: Backend, T: Tape<f64, D>>(
    device: &D,
    parts: &[&Value<D>],
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let shapes: Vec<Dims> = parts.iter().map(|x| x.dims()).collect();
    let batch = shapes.iter().map(|d| d.0).max().unwrap_or(1);
    let points = shapes.first().map_or(1, |d| d.1);
    let channels = shapes.iter().map(|d| d.2).sum();
    if let Some(odd) = shapes.iter().find(|d| d.1 != points || (d.0 != 1 && d.0 != batch)) {
        return Err(TensorError::Length { operation: "concat", expected: points, found: odd.1 });
    }
    let rows = batch * points;
    let mut out = Buffer::any(rows * channels);
    let mut start = 0;
    for (part, &(_, _, width)) in parts.iter().zip(&shapes) {
        let source = part.host();
        let from = source.chunks_exact(width).cycle();
        let rows = out.chunks_exact_mut(channels).zip(from);
        match width {
            1 => rows.for_each(|(row, x)| row[start] = x[0]),
            _ => rows.for_each(|(row, x)| row[start..start + width].copy_from_slice(x)),
        }
        start += width;
    }
    record_one(device, parts, (batch, points, channels), out, tape, move |incoming, outgoing| {
        let mut start = 0;
        for (&(own, _, width), into) in shapes.iter().zip(outgoing) {
            if let Some(into) = into {
                let own_part = columns(&incoming[..own * points * channels], channels, start, width);
                into.add(own_part);
                // A value repeated over the batch gets the contributions of all entries.
                for more in incoming.chunks_exact((own * points * channels).max(1)).skip(1) {
                    into.add(columns(more, channels, start, width));
                }
            }
            start += width;
        }
    })
}

/// The numbers of `width` channels from `from` on.
fn columns(x: &[f64], channels: usize, from: usize, width: usize) -> Buffer {
    let mut out = Buffer::any(x.len() / channels.max(1) * width);
    match width {
        1 => out.iter_mut().zip(x.chunks_exact(channels)).for_each(|(out, row)| *out = row[from]),
        _ => {
            let rows = out.chunks_exact_mut(width.max(1)).zip(x.chunks_exact(channels));
            rows.for_each(|(out, row)| out.copy_from_slice(&row[from..from + width]));
        }
    }
    out
}

/// Channels `from .. to`.
pub fn take<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    from: usize,
    to: usize,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let ((batch, points, channels), width) = (x.dims(), to - from);
    let out = columns(&x.host(), channels, from, width);
    record_one(x.device(), &[x], (batch, points, width), out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            for (row, part) in into.whole().chunks_exact_mut(channels).zip(incoming.chunks_exact(width)) {
                add(&mut row[from..to], part);
            }
        }
    })
}

/// The transpose of [`take`]: x in channels `from ..` of `channels`, zeros around.
pub fn pad<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    from: usize,
    channels: usize,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, width) = x.dims();
    let dims = (batch, points, channels);
    let mut out = Buffer::filled(count(dims), 0.0);
    let numbers = x.host();
    for (row, part) in out.chunks_exact_mut(channels).zip(numbers.chunks_exact(width)) {
        row[from..from + width].copy_from_slice(part);
    }
    record_one(x.device(), &[x], dims, out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            into.add(columns(incoming, channels, from, width));
        }
    })
}

/// Sum over points, per channel.
pub fn sum_points<D: Backend, T: Tape<f64, D>>(x: &Value<D>, tape: T) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, channels) = x.dims();
    let mut out = vec![0.0; batch * channels];
    let numbers = x.host();
    for (sums, x) in out.chunks_exact_mut(channels).zip(numbers.chunks_exact(points * channels)) {
        x.chunks_exact(channels).for_each(|row| add(sums, row));
    }
    record_one(x.device(), &[x], (batch, 1, channels), out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            let into = into.whole().chunks_exact_mut(points * channels);
            for (into, part) in into.zip(incoming.chunks_exact(channels)) {
                into.chunks_exact_mut(channels).for_each(|row| add(row, part));
            }
        }
    })
}

/// Sum over channels.
pub fn sum_channels<D: Backend, T: Tape<f64, D>>(x: &Value<D>, tape: T) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, channels) = x.dims();
    let (numbers, mut out) = (x.host(), Buffer::any(batch * points));
    out.iter_mut().zip(numbers.chunks_exact(channels)).for_each(|(out, row)| *out = row.iter().sum::<f64>());
    record_one(x.device(), &[x], (batch, points, 1), out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            for (row, part) in into.whole().chunks_exact_mut(channels).zip(incoming) {
                row.iter_mut().for_each(|sum| *sum += part);
            }
        }
    })
}

/// Largest value over points, per channel; equal maxima share the cotangent.
pub fn max_points<D: Backend, T: Tape<f64, D>>(x: &Value<D>, tape: T) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, channels) = x.dims();
    let mut out = vec![f64::NEG_INFINITY; batch * channels];
    let numbers = x.host();
    for (best, x) in out.chunks_exact_mut(channels).zip(numbers.chunks_exact(points * channels)) {
        for row in x.chunks_exact(channels) {
            best.iter_mut().zip(row).for_each(|(best, &x)| *best = if x > *best || x.is_nan() { x } else { *best });
        }
    }
    let largest = out.clone();
    record_one(x.device(), &[x], (batch, 1, channels), out, tape, move |incoming, outgoing| {
        let Some(into) = &mut outgoing[0] else { return };
        let into = into.whole();
        for b in 0..batch {
            for c in 0..channels {
                let best = largest[b * channels + c];
                let places = |i: &usize| numbers[(b * points + i) * channels + c] == best;
                let share = incoming[b * channels + c] / (0..points).filter(places).count().max(1) as f64;
                (0..points).filter(places).for_each(|i| into[(b * points + i) * channels + c] += share);
            }
        }
    })
}

/// Largest value over channels; equal maxima share the cotangent.
pub fn max_channels<D: Backend, T: Tape<f64, D>>(x: &Value<D>, tape: T) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, channels) = x.dims();
    let (numbers, mut out) = (x.host(), Buffer::any(batch * points));
    let larger = |best: f64, &x: &f64| if x > best || x.is_nan() { x } else { best };
    let rows = out.iter_mut().zip(numbers.chunks_exact(channels));
    rows.for_each(|(best, row)| *best = row.iter().fold(f64::NEG_INFINITY, larger));
    record_one(x.device(), &[x], (batch, points, 1), out, tape, move |incoming, outgoing| {
        let Some(into) = &mut outgoing[0] else { return };
        let rows = into.whole().chunks_exact_mut(channels).zip(numbers.chunks_exact(channels));
        for ((into, row), cotangent) in rows.zip(incoming) {
            let best = row.iter().fold(f64::NEG_INFINITY, larger);
            let share = cotangent / row.iter().filter(|x| **x == best).count().max(1) as f64;
            into.iter_mut().zip(row).filter(|(_, x)| **x == best).for_each(|(into, _)| *into += share);
        }
    })
}

/// Concatenates the batch entries of several values (of the same shape except for the batch).
pub fn stack<D: Backend, T: Tape<f64, D>>(
    device: &D,
    parts: &[&Value<D>],
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (_, points, channels) = parts.first().map_or((0, 1, 1), |x| x.dims());
    let lengths: Vec<usize> = parts.iter().map(|x| x.count()).collect();
    let mut out = Buffer::any(lengths.iter().sum());
    let mut rest = &mut out[..];
    for part in parts {
        let numbers = part.host();
        let (own, others) = rest.split_at_mut(numbers.len());
        own.copy_from_slice(&numbers);
        rest = others;
    }
    let dims = (out.len() / (points * channels).max(1), points, channels);
    record_one(device, parts, dims, out, tape, move |incoming, outgoing| {
        let mut start = 0;
        for (length, into) in lengths.iter().zip(outgoing) {
            if let Some(into) = into {
                into.add_slice(&incoming[start..start + length]);
            }
            start += length;
        }
    })
}

/// A constant plus a weighted sum of batch entries of several values, one (value, entry, weight) per term, all of one shape.
pub fn combine<D: Backend, T: Tape<f64, D>>(
    device: &D,
    terms: &[(&Value<D>, usize, f64)],
    offset: f64,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (_, points, channels) = terms.first().map_or((0, 1, 1), |(x, ..)| x.dims());
    let size = points * channels;
    let mut out = Buffer::filled(size, offset);
    for (x, entry, weight) in terms {
        let numbers = x.host();
        let part = numbers.get(entry * size..(entry + 1) * size).unwrap_or_default();
        if part.len() != size {
            return Err(TensorError::Length { operation: "combine", expected: size, found: part.len() });
        }
        out.iter_mut().zip(part).for_each(|(sum, x)| *sum += weight * x);
    }
    let inputs: Vec<&Value<D>> = terms.iter().map(|(x, ..)| *x).collect();
    let places: Vec<(usize, f64)> = terms.iter().map(|&(_, entry, weight)| (entry, weight)).collect();
    record_one(device, &inputs, (1, points, channels), out, tape, move |incoming, outgoing| {
        for (&(entry, weight), into) in places.iter().zip(outgoing) {
            if let Some(into) = into {
                let into = &mut into.whole()[entry * size..(entry + 1) * size];
                into.iter_mut().zip(incoming).for_each(|(sum, x)| *sum += weight * x);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, numbers, run};
    use super::super::{Cpu, Value};
    use super::*;

    fn dev() -> Cpu {
        Cpu::default()
    }

    #[test]
    fn channels_are_joined_and_taken_apart() {
        let (a, b) = ((2, 3, 2), (1, 3, 1));
        let inputs = [(a, numbers(a, 0.1)), (b, numbers(b, 0.2))];
        let ((joined, _), _) = run(&inputs, |x, tape| concat(&dev(), x, tape));
        assert_eq!(joined.dims(), (2, 3, 3));
        assert_eq!(joined.host()[2], inputs[1].1[0]);
        assert_eq!(joined.host()[9 + 2], inputs[1].1[0]);
        check_gradient(&inputs, |x, tape| concat(&dev(), x, tape));
        check_gradient(&inputs[..1], |x, tape| concat(&dev(), &[x[0], x[0]], tape));
        check_gradient(&inputs[..1], |x, tape| take(x[0], 1, 2, tape));
        check_gradient(&inputs[..1], |x, tape| pad(x[0], 1, 4, tape));
        let ((padded, _), _) = run(&inputs[..1], |x, tape| pad(x[0], 1, 4, tape));
        assert_eq!(padded.host()[..4], [0.0, inputs[0].1[0], inputs[0].1[1], 0.0]);
    }

    #[test]
    fn sums_and_extremes() {
        let dims = (2, 4, 3);
        let input = [(dims, numbers(dims, 0.3))];
        check_gradient(&input, |x, tape| sum_points(x[0], tape));
        check_gradient(&input, |x, tape| sum_channels(x[0], tape));
        check_gradient(&input, |x, tape| max_points(x[0], tape));
        check_gradient(&input, |x, tape| max_channels(x[0], tape));
        let ((largest, _), _) = run(&input, |x, tape| max_points(x[0], tape));
        let best = (0..4).map(|i| input[0].1[i * 3 + 1]).fold(f64::MIN, f64::max);
        assert_eq!(largest.host()[1], best);
    }

    #[test]
    fn batch_entries() {
        let dims = (1, 3, 2);
        let inputs = [(dims, numbers(dims, 0.1)), (dims, numbers(dims, 0.4))];
        check_gradient(&inputs, |x, tape| stack(&dev(), x, tape));
        check_gradient(&inputs[..1], |x, tape| stack(&dev(), &[x[0], x[0]], tape));
        check_gradient(&inputs, |x, tape| combine(&dev(), &[(x[0], 0, 0.5), (x[1], 0, -2.0)], 0.1, tape));
        check_gradient(&inputs[..1], |x, tape| combine(&dev(), &[(x[0], 0, 0.5), (x[0], 0, 1.0)], 0.0, tape));
        let wide = [((2, 3, 1), numbers((2, 3, 1), 0.2))];
        check_gradient(&wide, |x, tape| combine(&dev(), &[(x[0], 0, 0.5), (x[0], 1, 0.5)], 0.0, tape));
    }

    #[test]
    fn wrong_lengths_are_errors() {
        assert!(Value::constant(&dev(), (1, 3, 1), vec![1.0]).is_err());
        let x = Value::constant(&dev(), (1, 1, 1), vec![1.0]).unwrap();
        assert!(combine(&dev(), &[(&x, 3, 1.0)], 0.0, super::super::NoneTape).is_err());
    }
}

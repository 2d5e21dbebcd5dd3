//! Sparse linear maps along the grid, the same for every channel: derivatives, resampling, single points.

use super::backend::{Backend, TensorError, count};
use super::stock::Buffer;
use super::value::{Value, record_one};
use dfdx::prelude::Tape;
use std::sync::Arc;

/// A matrix from `columns` grid points to as many points as it has rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    columns: usize,
    form: Form,
}

/// How the matrix is stored.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// Row by row, pairs of column and coefficient.
    Sparse(Vec<Vec<(usize, f64)>>),
    /// h times the sum of everything before, and half of the point itself; transposed, of everything after.
    Running { h: f64, transposed: bool },
}

impl Rows {
    /// Row by row: pairs of column and coefficient.
    fn new(columns: usize, rows: usize, row: impl Fn(usize) -> Vec<(usize, f64)>) -> Self {
        Rows { columns, form: Form::Sparse((0..rows).map(row).collect()) }
    }

    /// Points of the result.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Sparse(rows) => rows.len(),
            Form::Running { .. } => self.columns,
        }
    }

    /// The transposed map.
    pub fn transposed(&self) -> Rows {
        let rows = match &self.form {
            Form::Sparse(rows) => rows,
            Form::Running { h, transposed } => {
                return Rows { columns: self.columns, form: Form::Running { h: *h, transposed: !transposed } };
            }
        };
        let mut columns = vec![Vec::new(); self.columns];
        for (i, row) in rows.iter().enumerate() {
            for &(j, c) in row {
                columns[j].push((i, c));
            }
        }
        Rows { columns: rows.len(), form: Form::Sparse(columns) }
    }

    /// The integral from the left end up to each point, the middle of its cell.
    pub fn cumulative(points: usize, h: f64) -> Rows {
        Rows { columns: points, form: Form::Running { h, transposed: false } }
    }

    /// First derivative: central differences, one-sided at the ends.
    pub fn gradient(points: usize, h: f64) -> Rows {
        Rows::new(points, points, |i| match (i, points) {
            (_, 1) => vec![],
            (0, _) => vec![(0, -1.0 / h), (1, 1.0 / h)],
            (i, n) if i == n - 1 => vec![(i - 1, -1.0 / h), (i, 1.0 / h)],
            _ => vec![(i - 1, -0.5 / h), (i + 1, 0.5 / h)],
        })
    }

    /// Second derivative: three points; an end point takes its neighbour's value.
    pub fn laplacian(points: usize, h: f64) -> Rows {
        Rows::new(points, points, |i| {
            if points < 3 {
                return vec![];
            }
            let i = i.clamp(1, points - 2);
            let c = 1.0 / (h * h);
            vec![(i - 1, c), (i, -2.0 * c), (i + 1, c)]
        })
    }

    /// A symmetric matrix from its entries (i, i - k), k at most `half`.
    pub fn symmetric_band(points: usize, half: usize, entry: impl Fn(usize, usize) -> f64) -> Rows {
        Rows::new(points, points, |i| {
            let columns = i.saturating_sub(half)..(i + half + 1).min(points);
            columns.map(|j| (j, entry(i.max(j), i.abs_diff(j)))).collect()
        })
    }

    /// To every second point: 1/4, 1/2, 1/4; 3/4 and 1/4 at the ends.
    pub fn downsample(points: usize) -> Rows {
        Rows::new(points, points.div_ceil(2), |k| match (2 * k, points) {
            (_, 1) => vec![(0, 1.0)],
            (0, _) => vec![(0, 0.75), (1, 0.25)],
            (i, n) if i == n - 1 => vec![(i - 1, 0.25), (i, 0.75)],
            (i, _) => vec![(i - 1, 0.25), (i, 0.5), (i + 1, 0.25)],
        })
    }

    /// From every second of `fine` points to all, by linear interpolation (with an even number of points, the last repeats its
    /// neighbour).
    pub fn upsample(fine: usize) -> Rows {
        let coarse = fine.div_ceil(2);
        Rows::new(coarse, fine, |i| match i % 2 {
            1 if i / 2 + 1 < coarse => vec![(i / 2, 0.5), (i / 2 + 1, 0.5)],
            _ => vec![(i / 2, 1.0)],
        })
    }

    /// The value at one point.
    pub fn point(points: usize, index: usize) -> Rows {
        Rows::new(points, 1, |_| vec![(index, 1.0)])
    }

    /// The value at a position between points, in spacings from the first point, by linear interpolation.
    pub fn between(points: usize, place: f64) -> Rows {
        let left = (place.floor().max(0.0) as usize).min(points.saturating_sub(2));
        let t = place - left as f64;
        Rows::new(points, 1, |_| if points == 1 { vec![(0, 1.0)] } else { vec![(left, 1.0 - t), (left + 1, t)] })
    }

    /// `[batch, columns, channels]` to `[batch, rows, channels]`, added to `out`.
    pub fn add(&self, x: &[f64], channels: usize, out: &mut [f64]) {
        let (from, to) = (self.columns * channels, self.len() * channels);
        for (x, out) in x.chunks_exact(from.max(1)).zip(out.chunks_exact_mut(to.max(1))) {
            match &self.form {
                Form::Sparse(rows) => {
                    for (row, out) in rows.iter().zip(out.chunks_exact_mut(channels)) {
                        for &(j, c) in row {
                            let x = &x[j * channels..(j + 1) * channels];
                            out.iter_mut().zip(x).for_each(|(sum, x)| *sum += c * x);
                        }
                    }
                }
                Form::Running { h, transposed } => {
                    let points = x.chunks_exact(channels).zip(out.chunks_exact_mut(channels));
                    if *transposed { running(points.rev(), *h, channels) } else { running(points, *h, channels) }
                }
            }
        }
    }
}

/// Adds h times the sum of all earlier points and half of the point itself.
fn running<'a>(points: impl Iterator<Item = (&'a [f64], &'a mut [f64])>, h: f64, channels: usize) {
    let mut before = vec![0.0; channels];
    for (x, out) in points {
        for ((out, x), before) in out.iter_mut().zip(x).zip(&mut before) {
            *out += h * (*before + 0.5 * x);
            *before += x;
        }
    }
}

/// Applies `rows`; `transposed` must be their transpose.
pub fn apply<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    rows: &Rows,
    transposed: &Arc<Rows>,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let (batch, points, channels) = x.dims();
    if points != rows.columns {
        return Err(TensorError::Length { operation: "rows", expected: rows.columns, found: points });
    }
    let dims = (batch, rows.len(), channels);
    let mut out = Buffer::filled(count(dims), 0.0);
    rows.add(&x.host(), channels, &mut out);
    let transposed = transposed.clone();
    record_one(x.device(), &[x], dims, out, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            transposed.add(incoming, channels, into.whole());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(rows: &Rows) -> Vec<Vec<f64>> {
        let n = rows.columns;
        let column = |j: usize| {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            let mut out = vec![0.0; rows.len()];
            rows.add(&unit, 1, &mut out);
            out
        };
        (0..n).map(column).collect()
    }

    #[test]
    fn derivatives_of_a_parabola() {
        let h = 0.1;
        let x: Vec<f64> = (0..7).map(|i| (i as f64 * h).powi(2)).collect();
        let (mut first, mut second) = (vec![0.0; 7], vec![0.0; 7]);
        Rows::gradient(7, h).add(&x, 1, &mut first);
        Rows::laplacian(7, h).add(&x, 1, &mut second);
        assert!((first[3] - 0.6).abs() < 1e-13 && (first[0] - 0.1).abs() < 1e-13);
        assert!(second.iter().all(|s| (s - 2.0).abs() < 1e-11));
    }

    #[test]
    fn resampling_keeps_constants_and_lengths() {
        for n in [1, 2, 9, 10, 513] {
            let down = Rows::downsample(n);
            let up = Rows::upsample(n);
            assert_eq!((down.len(), up.len()), (n.div_ceil(2), n));
            let mut coarse = vec![0.0; down.len()];
            down.add(&vec![1.0; n], 1, &mut coarse);
            let mut fine = vec![0.0; n];
            up.add(&coarse, 1, &mut fine);
            assert_eq!(fine, vec![1.0; n]);
        }
    }

    #[test]
    fn transposes_are_transposes() {
        for rows in [
            Rows::gradient(6, 0.3),
            Rows::laplacian(6, 0.3),
            Rows::downsample(7),
            Rows::upsample(6),
            Rows::cumulative(6, 0.3),
        ] {
            let (a, b) = (dense(&rows), dense(&rows.transposed()));
            for (j, column) in a.iter().enumerate() {
                for (i, value) in column.iter().enumerate() {
                    assert_eq!(*value, b[i][j]);
                }
            }
        }
    }

    #[test]
    fn the_running_integral_of_a_line_is_a_parabola() {
        let h = 0.1;
        let x: Vec<f64> = (0..7).flat_map(|i| [i as f64 * h, 1.0]).collect();
        let mut out = vec![0.0; 14];
        Rows::cumulative(7, h).add(&x, 2, &mut out);
        for i in 0..7 {
            let t = i as f64 * h;
            assert!((out[2 * i] - 0.5 * t * t).abs() < 1e-14, "{i}: {}", out[2 * i]);
            assert!((out[2 * i + 1] - (t + 0.5 * h)).abs() < 1e-14);
        }
    }

    #[test]
    fn places_between_points() {
        let x = [1.0, 3.0, 7.0];
        for (place, value) in [(0.0, 1.0), (0.5, 2.0), (2.0, 7.0), (1.25, 4.0)] {
            let mut out = [0.0];
            Rows::between(3, place).add(&x, 1, &mut out);
            assert_eq!(out[0], value);
        }
    }
}

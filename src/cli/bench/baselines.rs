//! Operators compared with straightforward methods for the same numbers, and the rate of a matrix product, all in one run on one
//! core.

use super::measure::{Times, in_turns};
use super::show::Column;
use super::{Bench, Halt};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::model::Grid;
use crate::tensor::hartree::Kernel;
use crate::tensor::vector::leave_vector_registers;
use crate::tensor::{Cpu, NoneTape, Value, convolve, exponential, window};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par, Side};
use std::hint::black_box;

/// The grid used in the papers.
const POINTS: usize = 513;
const SPACING: f64 = 0.08;
/// The wide layer of the networks.
const WIDTH: usize = 3;
const CHANNELS: usize = 16;
/// Exponential convolutions of sKSR-global, each of two channels.
const KERNELS: usize = 7;

/// The floating-point limit: matrix products of the shape of a layer.
pub struct Product {
    /// The highest rate, in operations per second.
    pub rate: f64,
}

impl Product {
    /// The shape of the matrices.
    pub fn shape(&self) -> String {
        format!("{POINTS} x {} by {} x {CHANNELS}", WIDTH * CHANNELS, WIDTH * CHANNELS)
    }
}

/// Times plain matrix products.
pub fn matrix_product(bench: &Bench) -> Result<Product, Halt> {
    let (x, w) = (matrix(POINTS, WIDTH * CHANNELS), matrix(WIDTH * CHANNELS, CHANNELS));
    let mut out = Mat::zeros(POINTS, CHANNELS);
    let mut work = || {
        matmul(out.as_mut(), Accum::Replace, black_box(&x), &w, 1.0, Par::Seq);
        Ok(())
    };
    let times = in_turns(bench, "matrix products", &mut [&mut work]);
    leave_vector_registers();
    let operations = (2 * POINTS * WIDTH * CHANNELS * CHANNELS) as f64;
    let fastest = times?.first().map_or(f64::NAN, Times::fastest);
    Ok(Product { rate: operations / fastest })
}

fn matrix(rows: usize, columns: usize) -> Mat<f64> {
    Mat::from_fn(rows, columns, |i, j| (0.37 * (i + 3 * j) as f64).sin())
}

/// Arbitrary numbers.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| (0.37 * i as f64).sin()).collect()
}

fn value(dims: (usize, usize, usize), numbers: Vec<f64>) -> Result<Value<Cpu>, Halt> {
    Value::constant(&Cpu::default(), dims, numbers).map_err(Halt::failed)
}

/// An operator and its baseline.
struct Row {
    operator: &'static str,
    baseline: &'static str,
    times: [Times; 2],
}

/// Times the operators of an iteration, each alternating with its baseline.
pub fn operators(bench: &Bench) -> Result<(), Halt> {
    let rows = [orbitals(bench)?, hartree(bench)?, global_convolution(bench)?, layer(bench)?];
    let micro = |which: usize| rows.iter().map(|row| 1e6 * row.times[which].median()).collect();
    let spread = |which: usize| rows.iter().map(|row| row.times[which].spread()).collect();
    let ratio = rows.iter().map(|row| row.times[1].median() / row.times[0].median()).collect();
    let columns = [
        Column::words("operator", rows.iter().map(|row| row.operator.to_owned()).collect()),
        Column::numbers("time", &"µs", micro(0)),
        Column::numbers("spread", &"%", spread(0)),
        Column::words("instead_of", rows.iter().map(|row| row.baseline.to_owned()).collect()),
        Column::numbers("its_time", &"µs", micro(1)),
        Column::numbers("its_spread", &"%", spread(1)),
        Column::numbers("ratio", &"", ratio),
    ];
    let notes = [format!("One core, {POINTS} points.")];
    bench.show("operators", &columns, &notes, &[]);
    Ok(())
}

fn timed(
    bench: &Bench,
    operator: &'static str,
    baseline: &'static str,
    work: [&mut dyn FnMut() -> Result<(), Halt>; 2],
) -> Result<Row, Halt> {
    let [own, other] = work;
    let times = in_turns(bench, operator, &mut [own, other])?;
    let times = <[Times; 2]>::try_from(times).map_err(|_| Halt::failed("a measurement is missing"))?;
    Ok(Row { operator, baseline, times })
}

/// Two levels, starting from those of a similar potential.
fn orbitals(bench: &Bench) -> Result<Row, Halt> {
    let grid = Grid::centred(POINTS, SPACING);
    let h = |depth: f64| {
        let v: Vec<f64> = grid.xs().iter().map(|x| -depth * (-x.abs() / 2.385345).exp()).collect();
        Hamiltonian::new(&grid, &v)
    };
    let (h, before) = (h(2.0), lowest(&h(2.02), 2, None).map_err(Halt::failed)?);
    let mut own = || lowest(black_box(&h), 2, Some(&before)).map(drop).map_err(Halt::failed);
    let mut other = || {
        let dense = Mat::from_fn(POINTS, POINTS, |i, j| h.entry(i, j));
        let found = dense.self_adjoint_eigen(Side::Lower);
        leave_vector_registers();
        found.map(drop).map_err(|error| Halt::Failed(format!("the dense eigensolver failed: {error:?}")))
    };
    timed(bench, "warm orbitals", "dense eigensolver", [&mut own, &mut other])
}

fn hartree(bench: &Bench) -> Result<Row, Halt> {
    let (amplitude, kappa) = (1.071295, 1.0 / 2.385345);
    let recursion = Kernel::Exponential { h: SPACING, amplitude, kappa };
    let w = |i: usize| SPACING * amplitude * (-kappa * SPACING * i as f64).exp();
    let toeplitz = Kernel::Toeplitz((0..POINTS).map(w).collect());
    let n = numbers(POINTS);
    let apply = |kernel: &Kernel| {
        black_box(kernel.apply(black_box(&n), POINTS, 1));
        Ok(())
    };
    timed(bench, "Hartree", "Toeplitz product", [&mut || apply(&recursion), &mut || apply(&toeplitz)])
}

/// Two channels through all kernels.
fn global_convolution(bench: &Bench) -> Result<Row, Halt> {
    let widths: Vec<f64> = (0..KERNELS).map(|k| 0.1 + 0.3 * k as f64).collect();
    let kernel = |xi: &f64| {
        let far = |i: usize, j: usize| SPACING * i.abs_diff(j) as f64 / xi;
        Mat::from_fn(POINTS, POINTS, |i, j| 0.5 * SPACING / xi * (-far(i, j)).exp())
    };
    let kernels: Vec<Mat<f64>> = widths.iter().map(kernel).collect();
    let dense = matrix(POINTS, 2);
    let mut out = vec![Mat::<f64>::zeros(POINTS, 2); KERNELS];
    let (x, xi) = (value((1, POINTS, 2), numbers(2 * POINTS))?, value((1, 1, KERNELS), widths)?);
    let mut own = || exponential::spread(black_box(&x), &xi, SPACING, NoneTape).map(drop).map_err(Halt::failed);
    let mut other = || {
        for (out, kernel) in out.iter_mut().zip(&kernels) {
            matmul(out.as_mut(), Accum::Replace, kernel, black_box(&dense), 1.0, Par::Seq);
        }
        leave_vector_registers();
        Ok(())
    };
    timed(bench, "global convolution", "dense product", [&mut own, &mut other])
}

/// A layer of the networks.
fn layer(bench: &Bench) -> Result<Row, Halt> {
    let size = WIDTH * CHANNELS * CHANNELS;
    let (x, w) = (value((1, POINTS, CHANNELS), numbers(POINTS * CHANNELS))?, value((1, 1, size), numbers(size))?);
    let mut own = || convolve(black_box(&x), &w, WIDTH, 1, NoneTape).map(drop).map_err(Halt::failed);
    let mut other = || window::convolve(black_box(&x), &w, WIDTH, 1, NoneTape).map(drop).map_err(Halt::failed);
    timed(bench, "layer", "dfdx composite", [&mut own, &mut other])
}

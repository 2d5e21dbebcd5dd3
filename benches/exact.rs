//! The interacting problem, without the cache: atoms of one to four electrons, to the default accuracy of `exact`.
#![allow(clippy::unwrap_used)]

#[path = "../tests/helpers/training.rs"]
mod training;

use divan::Bencher;
use faer::{Mat, Side};
use ksr::control::Quiet;
use ksr::exact::{Options, solve};
use ksr::ks::hamiltonian::Hamiltonian;

/// The same as in the command.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// H, He, Li and Be.
#[divan::bench(args = [1, 2, 3, 4], sample_count = 5)]
fn atom(bencher: Bencher, electrons: u32) {
    let system = training::ion(f64::from(electrons), f64::from(electrons));
    bencher.bench_local(|| solve(&system, &Options::of(&system), &Quiet).unwrap());
}

/// H2 at equilibrium, 513 x 513 coordinates.
#[divan::bench(sample_count = 5)]
fn h2(bencher: Bencher) {
    let system = training::h2(1.52);
    bencher.bench_local(|| solve(&system, &Options::of(&system), &Quiet).unwrap());
}

/// For comparison: all levels of one electron by a dense eigen-solver.
#[divan::bench(sample_count = 5)]
fn baseline_dense_eigen_solver(bencher: Bencher) {
    let system = training::ion(1.0, 1.0);
    let h = Hamiltonian::new(&system.grid, &system.potential);
    bencher.bench_local(|| {
        let dense = Mat::from_fn(h.points(), h.points(), |i, j| h.entry(i, j));
        dense.self_adjoint_eigen(Side::Lower).unwrap()
    });
}

//! One loss-and-gradient evaluation of the published training set-ups, and its parts.
//!
//! `ksr_global` is set-up (b): H2 at R = 1.28 and 3.84, 15 iterations, KSR-global with its gate, mirror-symmetric.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../tests/helpers/functionals.rs"]
mod functionals;
#[path = "../tests/helpers/training.rs"]
mod training;

use divan::Bencher;
use faer::{Mat, Side};
use ksr::functional::LoweredXc;
use ksr::ks::hamiltonian::Hamiltonian;
use ksr::ks::orbitals;
use ksr::model::System;
use ksr::tensor::{Cpu, OwnedTape, Value, arrange, backward};
use ksr::train::{Plan, evaluate};
use std::sync::Arc;
use training::{Published, made_up};

/// That of the command.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Systems and iterations of set-up (b).
const SYSTEMS: usize = 2;
const ITERATIONS: usize = 15;
/// Energies in the loss.
const ENERGIES: usize = 5;

fn main() {
    divan::main();
}

fn setup_b() -> Plan {
    let systems = [1.28, 3.84].map(|r| {
        let system = training::h2(r);
        let target = made_up(&system);
        (system, target)
    });
    training::plan(&functionals::ksr_global(), &systems, Published::LI, &training::linear(ITERATIONS, 0.5, 0.9, true))
}

fn whole(bencher: Bencher, plan: &Plan) {
    let params = plan.functional.initial(0);
    bencher.bench_local(|| evaluate::<Cpu>(plan, &params).unwrap());
}

/// Set-up (b) on one and on two threads.
#[divan::bench(args = [1, 2])]
fn ksr_global(bencher: Bencher, threads: usize) {
    whole(bencher, &Plan { threads: Some(threads), ..setup_b() });
}

/// Set-up (a): ions H and He, 10 iterations, sKSR-global, on two threads.
#[divan::bench]
fn sksr_global_h_he(bencher: Bencher) {
    let systems = [(1.0, 1.0), (2.0, 2.0)].map(|(charge, electrons)| {
        let system = training::ion(charge, electrons);
        let target = made_up(&system);
        (system, target)
    });
    let loss = Published { energy_weight: 0.5, density_weight: 0.5, discount: 1.0, skip: 9 };
    let plan = training::plan(&functionals::sksr_global(), &systems, loss, &training::linear(10, 0.5, 0.9, false));
    whole(bencher, &Plan { threads: Some(2), ..plan });
}

/// Set-up (c): H, He, Li, Be, Be2+, 15 iterations, sKSR-global, on one and on two threads.
#[divan::bench(args = [1, 2])]
fn sksr_global_five_ions(bencher: Bencher, threads: usize) {
    let systems = [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0), (4.0, 2.0)].map(|(charge, electrons)| {
        let system = training::ion(charge, electrons);
        let target = made_up(&system);
        (system, target)
    });
    let loss = Published { energy_weight: 0.5, density_weight: 0.5, discount: 1.0, skip: 14 };
    let plan = training::plan(&functionals::sksr_global(), &systems, loss, &training::linear(15, 0.5, 0.9, false));
    whole(bencher, &Plan { threads: Some(threads), ..plan });
}

/// The functional's share of set-up (b) on one thread: potentials at all inputs, the wanted energies, and their gradient.
#[divan::bench]
fn part_functional(bencher: Bencher) {
    let (system, f, device) = (training::h2(1.28), functionals::ksr_global(), Cpu::default());
    let params = f.initial(0);
    let density = made_up(&system).density;
    bencher.bench_local(|| {
        for _ in 0..SYSTEMS {
            let lowered = LoweredXc::new(&f, &system.grid, &system.interaction, &device).unwrap();
            let leaf = lowered.parameters(&params).unwrap();
            let (bound, mut tape) = lowered.bind(&leaf, OwnedTape::<f64, Cpu>::default()).unwrap();
            let mut sums = Vec::new();
            for k in 0..ITERATIONS {
                let n = Value::leaf(&device, (1, system.grid.points, 1), density.clone()).unwrap();
                let (xc, next) = lowered.evaluate(&bound, &[&n], tape).unwrap();
                let (sum, next) = arrange::sum_points(&xc.potential[0], next).unwrap();
                sums.push(sum);
                tape = next;
                if k >= ITERATIONS - ENERGIES {
                    let (xc, next) = lowered.energy(&bound, &[&n], tape).unwrap();
                    sums.push(xc.energy);
                    tape = next;
                }
            }
            let terms: Vec<_> = sums.iter().map(|sum| (sum, 0, 1.0)).collect();
            let (loss, tape) = arrange::combine(&device, &terms, 0.0, tape).unwrap();
            let mut cotangents = backward(&loss, tape).unwrap();
            divan::black_box(lowered.gradient(&leaf, &mut cotangents).unwrap());
        }
    });
}

/// Potentials as they change over the iterations: v times 1 + 0.02 0.9^k.
fn potentials(system: &System) -> Vec<Vec<f64>> {
    let scale = |k: usize| 1.0 + 0.02 * 0.9f64.powi(k as i32);
    (0..ITERATIONS).map(|k| system.potential.iter().map(|v| scale(k) * v).collect()).collect()
}

/// The orbitals' share of set-up (b) on one thread: two levels, warm-started, and the response backwards.
#[divan::bench]
fn part_orbitals(bencher: Bencher) {
    let system = training::h2(1.28);
    let (grid, potentials) = (&system.grid, potentials(&system));
    let n_bar: Vec<f64> = grid.xs().iter().map(|x| (-x * x).exp()).collect();
    bencher.bench_local(|| {
        for _ in 0..SYSTEMS {
            let mut warm: Option<orbitals::Orbitals> = None;
            for v in &potentials {
                let h = Hamiltonian::new(grid, v);
                let found = orbitals::lowest(&h, 2, warm.as_ref()).unwrap();
                divan::black_box(orbitals::pullback(&h, &found, 1, 2.0, &n_bar, &[2.0, 0.0], grid).unwrap());
                warm = Some(found);
            }
        }
    });
}

/// The same orbitals by a dense eigen-solver, forwards only: what set-up (b) would cost more.
#[divan::bench(sample_count = 5)]
fn part_orbitals_dense(bencher: Bencher) {
    let system = training::h2(1.28);
    let (grid, potentials) = (&system.grid, potentials(&system));
    bencher.bench_local(|| {
        for _ in 0..SYSTEMS {
            for v in &potentials {
                let h = Hamiltonian::new(grid, v);
                let dense = Mat::from_fn(grid.points, grid.points, |i, j| h.entry(i, j));
                divan::black_box(dense.self_adjoint_eigen(Side::Lower).unwrap());
            }
        }
    });
}

/// Forward only: what a validation costs.
#[divan::bench]
fn forward_only(bencher: Bencher) {
    use ksr::control::Quiet;
    use ksr::ks::{Start, solve};
    let (plan, device) = (setup_b(), Cpu::default());
    let params = plan.functional.initial(0);
    let systems: Vec<Arc<System>> = plan.cases.iter().map(|case| case.system.clone()).collect();
    bencher.bench_local(|| {
        for system in &systems {
            let start = Start::NonInteracting;
            divan::black_box(solve(&device, system, &plan.functional, &params, &plan.scf, &start, &Quiet).unwrap());
        }
    });
}

//! One loss and gradient of the set-ups in docs/speed.md, the functional's share of it, and a dissociation curve.
#![allow(clippy::unwrap_used)]

#[path = "../tests/helpers/functionals.rs"]
mod functionals;
#[path = "../tests/helpers/keeper.rs"]
mod keeper;
#[path = "../tests/helpers/setups.rs"]
mod setups;
#[path = "../tests/helpers/training.rs"]
mod training;

use divan::Bencher;
use divan::counter::ItemsCount;
use faer::{Mat, Side};
use ksr::control::Quiet;
use ksr::functional::{At, LoweredXc};
use ksr::ks::hamiltonian::Hamiltonian;
use ksr::ks::{InitialDensity, solve};
use ksr::tensor::{Cpu, Device, OwnedTape, Value, arrange, backward};
use ksr::train::{Plan, with_evaluation};
use training::made_up;

/// The same as in the command.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

fn whole(bencher: Bencher, plan: Plan, threads: usize) {
    let (plan, params) = (Plan { threads: Some(threads), ..plan.clone() }, plan.functional.initial(0));
    with_evaluation(Device::Cpu, &plan, |evaluate| bencher.bench_local(|| evaluate(&params).unwrap())).unwrap();
}

/// Set-up (a), on one and on two threads.
#[divan::bench(args = [1, 2])]
fn sksr_global_h_he(bencher: Bencher, threads: usize) {
    whole(bencher, setups::a(), threads);
}

/// Set-up (b).
#[divan::bench(args = [1, 2])]
fn ksr_global(bencher: Bencher, threads: usize) {
    whole(bencher, setups::b(), threads);
}

/// Set-up (c).
#[divan::bench(args = [1, 2])]
fn sksr_global_five_ions(bencher: Bencher, threads: usize) {
    whole(bencher, setups::c(15), threads);
}

/// Systems, iterations and energies in the loss of set-up (b).
const SYSTEMS: usize = 2;
const ITERATIONS: usize = 15;
const ENERGIES: usize = 5;

/// The functional's share of set-up (b) on one thread: the potentials at all inputs, the energies in the loss, and their gradient.
/// Items are floating-point operations.
#[divan::bench]
fn part_functional(bencher: Bencher) {
    let (system, f, device) = (training::h2(1.28), functionals::ksr_global(), Cpu::default());
    let (params, density) = (f.initial(0), made_up(&system).density);
    let [energy, full] = f.operations(system.grid.points, true);
    let all = (full.times(ITERATIONS as u64) + energy.times(ENERGIES as u64)).times(SYSTEMS as u64);
    bencher.counter(ItemsCount::new(all.total())).bench_local(|| {
        for _ in 0..SYSTEMS {
            let lowered = LoweredXc::new(&f, &system.grid, &system.interaction).unwrap();
            let leaf = lowered.parameters(&device, &params).unwrap();
            let (bound, mut tape) = lowered.bind(&leaf, OwnedTape::<f64, Cpu>::default()).unwrap();
            let mut sums = Vec::new();
            for k in 0..ITERATIONS {
                let n = Value::leaf(&device, (1, system.grid.points, 1), density.clone()).unwrap();
                let (xc, next) = lowered.evaluate(&bound, &At::densities(&[&n]), tape).unwrap();
                let (sum, next) = arrange::sum_points(&xc.potential[0], next).unwrap();
                sums.push(sum);
                tape = next;
                if k >= ITERATIONS - ENERGIES {
                    let (xc, next) = lowered.energy(&bound, &At::densities(&[&n]), tape).unwrap();
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

/// The baseline: the time a dense solver takes for the eigenproblems of set-up (b) alone, in the forward pass.
#[divan::bench(sample_count = 3)]
fn baseline_dense_eigen_solver(bencher: Bencher) {
    let system = training::h2(1.28);
    let h = Hamiltonian::new(&system.grid, &system.potential);
    bencher.bench_local(|| {
        for _ in 0..SYSTEMS * ITERATIONS {
            let dense = Mat::from_fn(h.points(), h.points(), |i, j| h.entry(i, j));
            divan::black_box(dense.self_adjoint_eigen(Side::Lower).unwrap());
        }
    });
}

/// H2 from 0.4 to 6 bohr at 71 distances, 15 iterations each, on one thread.
#[divan::bench(sample_count = 20)]
fn dissociation_curve(bencher: Bencher) {
    let f = functionals::ksr_global();
    let systems: Vec<_> = (0..71).map(|k| training::h2(0.4 + 0.08 * f64::from(k))).collect();
    let (params, scf) = (f.initial(0), training::linear(ITERATIONS, 0.5, 0.9, true));
    bencher.bench_local(|| {
        for system in &systems {
            divan::black_box(
                solve(Device::Cpu, system, &f, &params, &scf, &InitialDensity::NonInteracting, &Quiet).unwrap(),
            );
        }
    });
}

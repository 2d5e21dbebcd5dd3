//! One evaluation of KSR-global with its potential on 513 points, with and without the gradient.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/helpers/functionals.rs"]
mod functionals;

use divan::Bencher;
use ksr::functional::{Compiled, LoweredXc};
use ksr::model::{Grid, Interaction};
use ksr::tensor::{Cpu, NoneTape, OwnedTape, Value, arrange, backward};
use std::sync::Arc;

/// As in the program.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

struct Setting {
    lowered: LoweredXc<Cpu>,
    parameters: Value<Cpu>,
    densities: Vec<Value<Cpu>>,
}

fn setting(f: Arc<Compiled>, spins: usize) -> Setting {
    let (grid, device) = (Grid::centred(513, 0.08), Cpu::default());
    let lowered = LoweredXc::new(&f, &grid, &Interaction::BAKER, &device).unwrap();
    let parameters = lowered.parameters(&f.initial(0)).unwrap();
    let density = |s: usize| functionals::bumps(&grid, 1.0 + s as f64 / 2.0, 0.1 * s as f64);
    let densities = (0..spins).map(|s| Value::leaf(&device, (1, 513, 1), density(s)).unwrap()).collect();
    Setting { lowered, parameters, densities }
}

fn plain(bencher: Bencher, f: Arc<Compiled>, spins: usize) {
    let s = setting(f, spins);
    let n: Vec<&Value<Cpu>> = s.densities.iter().collect();
    let (bound, _) = s.lowered.bind(&s.parameters, NoneTape).unwrap();
    bencher.bench_local(|| s.lowered.evaluate(&bound, &n, NoneTape).unwrap().0.energy.first());
}

fn gradient(bencher: Bencher, f: Arc<Compiled>, spins: usize) {
    let s = setting(f, spins);
    let n: Vec<&Value<Cpu>> = s.densities.iter().collect();
    let device = Cpu::default();
    bencher.bench_local(|| {
        let tape = OwnedTape::<f64, Cpu>::default();
        let (bound, tape) = s.lowered.bind(&s.parameters, tape).unwrap();
        let (xc, tape) = s.lowered.evaluate(&bound, &n, tape).unwrap();
        let (sum, tape) = arrange::sum_points(&xc.potential[0], tape).unwrap();
        let (loss, tape) = arrange::combine(&device, &[(&sum, 0, 1.0), (&xc.energy, 0, 1.0)], 0.0, tape).unwrap();
        let mut cotangents = backward(&loss, tape).unwrap();
        s.lowered.gradient(&s.parameters, &mut cotangents).unwrap()
    });
}

#[divan::bench]
fn lda_potential(bencher: Bencher) {
    plain(bencher, functionals::lda(), 1);
}

#[divan::bench]
fn ksr_global_potential(bencher: Bencher) {
    plain(bencher, functionals::ksr_global(), 1);
}

#[divan::bench]
fn ksr_global_gradient(bencher: Bencher) {
    gradient(bencher, functionals::ksr_global(), 1);
}

#[divan::bench]
fn sksr_global_gradient_polarised(bencher: Bencher) {
    gradient(bencher, functionals::sksr_global(), 2);
}

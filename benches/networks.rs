//! Functionals on 513 points: energy, energy with potential, and the backward pass through both. Items are floating-point
//! operations, to be compared with the matrix products of `operators`.
#![allow(clippy::unwrap_used)]

#[path = "../tests/helpers/functionals.rs"]
mod functionals;
#[path = "../tests/helpers/keeper.rs"]
mod keeper;
#[path = "../tests/helpers/training.rs"]
mod training;

use divan::Bencher;
use divan::counter::ItemsCount;
use ksr::control::Quiet;
use ksr::functional::{At, BoundXc, Compiled, Density, LoweredXc};
use ksr::ks::{InitialDensity, solve};
use ksr::model::{Grid, Interaction};
use ksr::tensor::{Cpu, Device, NoneTape, OwnedTape, Value, arrange, backward};
use std::fmt;
use std::sync::Arc;

/// The same as in the command.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

const POINTS: usize = 513;

/// A functional and the densities at which it is evaluated.
#[derive(Clone, Copy)]
enum Network {
    Lda,
    Local,
    Global,
    /// Both spins, averaged over their exchange.
    SpinGlobal,
    /// The same for a closed shell.
    SpinGlobalClosed,
}

const ALL: [Network; 5] =
    [Network::Lda, Network::Local, Network::Global, Network::SpinGlobal, Network::SpinGlobalClosed];

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Network::Lda => "LDA",
            Network::Local => "KSR-LDA",
            Network::Global => "KSR-global",
            Network::SpinGlobal => "sKSR-global",
            Network::SpinGlobalClosed => "sKSR-global closed",
        })
    }
}

impl Network {
    fn compiled(self) -> Arc<Compiled> {
        match self {
            Network::Lda => functionals::lda(),
            Network::Local => functionals::ksr_lda(),
            Network::Global => functionals::ksr_global(),
            Network::SpinGlobal | Network::SpinGlobalClosed => functionals::sksr_global(),
        }
    }
}

/// A functional ready to be evaluated.
struct Setting {
    functional: Arc<Compiled>,
    lowered: LoweredXc,
    parameters: Value<Cpu>,
    densities: Vec<Value<Cpu>>,
    closed: bool,
}

impl Setting {
    fn of(network: Network) -> Self {
        let (grid, device) = (Grid::centred(POINTS, 0.08), Cpu::default());
        let functional = network.compiled();
        let closed = matches!(network, Network::SpinGlobalClosed);
        let lower = if closed { LoweredXc::closed } else { LoweredXc::new };
        let lowered = lower(&functional, &grid, &Interaction::BAKER).unwrap();
        let parameters = lowered.parameters(&device, &functional.initial(0)).unwrap();
        let spins = if closed || functional.density == Density::Total { 1 } else { 2 };
        let density = |s: usize| functionals::bumps(&grid, 1.0 + s as f64 / 2.0, 0.1 * s as f64);
        let value = |s: usize| Value::leaf(&device, (1, POINTS, 1), density(s)).unwrap();
        Setting { lowered, parameters, densities: (0..spins).map(value).collect(), functional, closed }
    }

    fn densities(&self) -> Vec<&Value<Cpu>> {
        self.densities.iter().collect()
    }

    fn bound(&self) -> BoundXc<Cpu> {
        self.lowered.bind(&self.parameters, NoneTape).unwrap().0
    }

    fn counted(&self, potential: bool, back: bool) -> ItemsCount {
        let operations = self.functional.operations(POINTS, self.closed)[usize::from(potential)];
        ItemsCount::new(if back { operations.total() } else { operations.forward })
    }
}

#[divan::bench(args = ALL)]
fn energy(bencher: Bencher, network: Network) {
    let s = Setting::of(network);
    let (n, bound) = (s.densities(), s.bound());
    let run = || s.lowered.energy(&bound, &At::densities(&n), NoneTape).unwrap().0.energy.first();
    bencher.counter(s.counted(false, false)).bench_local(run);
}

#[divan::bench(args = ALL)]
fn potential(bencher: Bencher, network: Network) {
    let s = Setting::of(network);
    let (n, bound) = (s.densities(), s.bound());
    let run = || s.lowered.evaluate(&bound, &At::densities(&n), NoneTape).unwrap().0.energy.first();
    bencher.counter(s.counted(true, false)).bench_local(run);
}

/// Energy and potential, and the gradient of both with respect to densities and parameters.
#[divan::bench(args = ALL)]
fn potential_and_backward(bencher: Bencher, network: Network) {
    let (s, device) = (Setting::of(network), Cpu::default());
    let n = s.densities();
    bencher.counter(s.counted(true, true)).bench_local(|| {
        let tape = OwnedTape::<f64, Cpu>::default();
        let (bound, tape) = s.lowered.bind(&s.parameters, tape).unwrap();
        let (xc, tape) = s.lowered.evaluate(&bound, &At::densities(&n), tape).unwrap();
        let (sum, tape) = arrange::sum_points(&xc.potential[0], tape).unwrap();
        let (loss, tape) = arrange::combine(&device, &[(&sum, 0, 1.0), (&xc.energy, 0, 1.0)], 0.0, tape).unwrap();
        let mut cotangents = backward(&loss, tape).unwrap();
        s.lowered.gradient(&s.parameters, &mut cotangents).unwrap()
    });
}

/// The forward pass of some Kohn-Sham iterations of H2, with the start: differences give the cost of one iteration.
#[divan::bench(args = [1, 2, 15])]
fn iterations_of_ksr_global(bencher: Bencher, iterations: usize) {
    let (system, f) = (training::h2(1.28), functionals::ksr_global());
    let (params, scf) = (f.initial(0), training::linear(iterations, 0.5, 0.9, true));
    let start = InitialDensity::NonInteracting;
    bencher.bench_local(|| solve(Device::Cpu, &system, &f, &params, &scf, &start, &Quiet).unwrap());
}

//! Physics of Kohn-Sham calculations: invariants, convergence, correct reports of it.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/training.rs"]
mod training;

use ksr::control::Quiet;
use ksr::functional::{Compiled, Density};
use ksr::ks::{InitialDensity, KsError, KsWarning, Mixing, Run, ScfOptions, Stop, solve};
use ksr::model::{Grid, System};
use ksr::tensor::Device;
use std::sync::Arc;

fn try_run(system: &Arc<System>, f: &Arc<Compiled>, options: &ScfOptions) -> Result<Run, KsError> {
    solve(Device::Cpu, system, f, &f.initial(0), options, &InitialDensity::NonInteracting, &Quiet)
}

fn run(system: &Arc<System>, f: &Arc<Compiled>, options: &ScfOptions) -> Run {
    try_run(system, f, options).unwrap()
}

fn far(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |worst, (a, b)| worst.max((a - b).abs()))
}

/// e = 0.
fn nothing() -> Arc<Compiled> {
    let mut b = functionals::Body::new();
    b.n("n");
    let e = b.c(0.0);
    b.compile(e, Density::Total)
}

#[test]
fn electrons_are_conserved_and_energies_add_up() {
    let f = functionals::lda();
    let systems = [training::ion(1.0, 1.0), training::ion(2.0, 2.0), training::ion(3.0, 3.0), training::h2(2.0)];
    for options in [ScfOptions::default(), training::linear(12, 0.5, 0.9, false)] {
        for system in &systems {
            let run = run(system, &f, &options);
            let grid = &system.grid;
            let (up, down) = system.spins();
            assert!((grid.integrate(&run.density[0]) - up as f64).abs() < 1e-9);
            assert!((grid.integrate(&run.density[1]) - down as f64).abs() < 1e-9);
            let sum: f64 = run.parts.iter().map(|(_, energy)| energy).sum();
            assert!((sum - run.energy).abs() < 1e-12);
            assert!((run.energies.last().unwrap() - run.energy).abs() < 1e-14);
            assert_eq!(run.orbital_energies[0].len(), up + 1);
        }
    }
}

/// Without electron interaction in the functional, one electron feels its own Hartree field; with the exact one-electron
/// functional e = -v_H/2 it does not, and the energy is that of the bare atom.
#[test]
fn a_closed_form_cancels_self_interaction() {
    let mut b = functionals::Body::new();
    let n = b.n("n");
    let v = b.g.hartree(n, Default::default()).unwrap();
    let e = b.scale(-0.5, v);
    let exact = b.compile(e, Density::Total);
    let hydrogen = training::ion(1.0, 1.0);
    let one = run(&hydrogen, &exact, &ScfOptions::default());
    assert!((one.energy - one.orbital_energies[0][0]).abs() < 1e-7);
    assert!((one.energy + 0.669972).abs() < 1e-6, "{}", one.energy);
    let part = |name: &str| one.part(name).unwrap();
    assert!((part("hartree_energy") + part("xc_energy")).abs() < 1e-12);
    let alone = run(&hydrogen, &nothing(), &ScfOptions::default());
    assert!(alone.energy > one.energy + 0.1);
}

#[test]
fn diis_converges_for_lda() {
    let f = functionals::lda();
    let mut systems = vec![training::ion(1.0, 1.0), training::ion(2.0, 2.0), training::ion(4.0, 4.0)];
    systems.extend((1..=6).map(|r| training::h2(f64::from(r))));
    for system in systems {
        let run = run(&system, &f, &ScfOptions::default());
        assert_eq!(run.stop, Stop::Converged, "{}: {:?}", system.label, run.residuals);
        assert!(run.residual <= 1e-8 && run.iterations < 60, "{}: {}", system.label, run.iterations);
        let options = ScfOptions { mixing: Mixing::Linear { alpha: 0.1, decay: 1.0, history: 1 }, ..options(400) };
        let plain = try_run(&system, &f, &options).unwrap();
        if plain.stop == Stop::Converged {
            assert!((plain.energy - run.energy).abs() < 1e-8, "{}: {} {}", system.label, plain.energy, run.energy);
        } else {
            assert!(run.gap.unwrap() < 0.03 && plain.energy > run.energy, "{}", system.label);
        }
    }
}

fn options(iterations: usize) -> ScfOptions {
    ScfOptions { iterations, remedies: false, ..ScfOptions::default() }
}

#[test]
fn diis_converges_for_an_untrained_network() {
    for system in [training::ion(1.0, 1.0), training::ion(2.0, 2.0), training::h2(1.28), training::h2(5.6)] {
        let run = run(&system, &functionals::ksr_global(), &options(200));
        assert_eq!(run.stop, Stop::Converged, "{}: {:?}", system.label, run.residuals);
    }
}

/// The LDA depends on the total density only: unrestricted and restricted calculations of a closed shell agree.
#[test]
fn up_and_down_are_alike_in_a_closed_shell() {
    for f in [functionals::lda(), functionals::lsda()] {
        let helium = training::ion(2.0, 2.0);
        let singlet = run(&helium, &f, &options(200));
        assert_eq!(far(&singlet.density[0], &singlet.density[1]), 0.0);
        let mut polarised = (*helium).clone();
        polarised.unpaired = 2;
        let triplet = run(&Arc::new(polarised), &f, &options(200));
        assert!(triplet.density[1].iter().all(|n| *n == 0.0), "no electron is down");
        assert_eq!(triplet.orbital_energies[1].len(), 1);
        assert!(triplet.energy > singlet.energy + 0.1);
        assert!(triplet.potential[1].iter().all(|v| v.is_finite()));
    }
}

#[test]
fn an_odd_electron_sees_its_own_potential() {
    let lithium = training::ion(3.0, 3.0);
    let spin = run(&lithium, &functionals::lsda(), &options(200));
    assert!(far(&spin.xc_potential[0], &spin.xc_potential[1]) > 1e-2);
    let total = run(&lithium, &functionals::lda(), &options(200));
    assert!(far(&total.xc_potential[0], &total.xc_potential[1]) < 1e-14);
}

#[test]
fn symmetric_runs_are_symmetric() {
    let f = functionals::ksr_global();
    // The centre on a grid point, and midway between two.
    for r in [1.28, 1.36] {
        let system = training::h2(r);
        let mirror = system.mirror().unwrap();
        let symmetric = run(&system, &f, &training::linear(10, 0.5, 0.9, true));
        assert!(mirror.asymmetry(&symmetric.total_density()).0 < 1e-12);
        assert!(mirror.asymmetry(&symmetric.xc_potential[0]).0 < 1e-12);
        let free = run(&system, &f, &training::linear(10, 0.5, 0.9, false));
        assert!(mirror.asymmetry(&free.total_density()).0 > 1e-6, "the convolutions are lopsided");
    }
}

#[test]
fn a_missing_symmetry_is_refused() {
    let f = functionals::lda();
    let mut symmetric = options(50);
    symmetric.symmetric = true;
    let lih = training::atoms("lih", &[(3.0, -1.6), (1.0, 1.6)], 4.0, None);
    let between = training::atoms("between", &[(1.0, -1.0), (1.0, 1.03)], 2.0, None);
    for system in [lih, between] {
        assert!(matches!(try_run(&system, &f, &symmetric), Err(KsError::Mirror(_))), "{}", system.label);
    }
}

#[test]
fn convergence_is_reported_correctly() {
    let f = functionals::lda();
    let system = training::h2(4.0);
    let short = run(&system, &f, &options(3));
    assert_eq!((short.stop, short.converged()), (Stop::Exhausted, false));
    assert!(short.warnings.iter().any(|w| matches!(w, KsWarning::NotConverged { iterations: 3, .. })));
    let decaying = ScfOptions { tolerance: Some(1e-8), ..training::linear(30, 0.5, 0.9, false) };
    let decaying = run(&system, &f, &decaying);
    assert!(decaying.warnings.iter().any(|w| matches!(w, KsWarning::DecayingMixing { .. })));
    let fixed = run(&system, &f, &training::linear(30, 0.5, 0.9, false));
    assert_eq!((fixed.stop, fixed.converged(), fixed.iterations), (Stop::Fixed, true, 30));
    assert!(fixed.warnings.is_empty());
    let strict = ScfOptions { threshold: Some(1e-6), ..training::linear(30, 0.5, 0.9, false) };
    let strict = run(&system, &f, &strict);
    assert!(!strict.converged() && strict.energy.to_bits() == fixed.energy.to_bits());
    assert!(matches!(strict.warnings.as_slice(), [KsWarning::NotConverged { limit, .. }] if limit == "threshold"));
    assert_eq!((fixed.energies.len(), fixed.densities.len()), (30, 30));
    assert_eq!(far(&fixed.densities[29], &fixed.total_density()), 0.0);
}

/// Wells of depth D at -d and d, the right one deeper by `lopsided`, relative.
fn double_well(depth: f64, d: f64, lopsided: f64, electrons: f64, unpaired: f64) -> Arc<System> {
    let grid = Arc::new(Grid::centred(201, 0.1));
    let well = |x: f64| (-x * x / 1.28).exp();
    let v = (0..201).map(|i| grid.x(i)).map(|x| -depth * ((1.0 + lopsided) * well(x - d) + well(x + d)));
    let potential = v.collect();
    let mut system = (*training::on(grid, "well", &[(1.0, 0.0)], electrons, Some(unpaired))).clone();
    (system.potential, system.nuclei, system.nuclear_repulsion) = (potential, Vec::new(), 0.0);
    Arc::new(system)
}

/// Where the highest occupied and the next level nearly meet, iterations jump between them.
#[test]
fn levels_that_swap_their_electrons_do_not_keep_diis_from_converging() {
    let cases = [
        double_well(2.0, 2.0, 0.0, 4.0, 2.0),
        double_well(2.0, 2.0, 0.0, 5.0, 1.0),
        double_well(4.0, 3.0, 0.01, 2.0, 0.0),
        double_well(6.0, 2.0, 0.0, 7.0, 3.0),
    ];
    for system in cases {
        let run = run(&system, &functionals::lda(), &options(200));
        assert_eq!(run.stop, Stop::Converged, "{:?} {:?}", system.electrons, run.residuals);
        assert!(run.gap.is_some_and(|gap| gap < 1e-3), "{:?}", run.gap);
        let again = InitialDensity::Given(run.density.clone());
        let again = solve(Device::Cpu, &system, &functionals::lda(), &[], &options(1), &again, &Quiet).unwrap();
        assert!((again.energy - run.energy).abs() < 1e-6, "{} {}", again.energy, run.energy);
    }
}

#[test]
fn advice_names_the_levels_and_is_not_circular() {
    let system = double_well(2.0, 2.0, 0.0, 4.0, 2.0);
    let advice = |options: &ScfOptions| -> String {
        let run = run(&system, &functionals::lda(), options);
        let [KsWarning::NotConverged { advice, .. }] = &run.warnings[..] else { panic!("{:?}", run.warnings) };
        advice.clone()
    };
    let pulay = advice(&options(20));
    assert!(pulay.contains("levels 3 and 4 of the up electrons") && pulay.contains("`iterations`"), "{pulay}");
    assert!(pulay.contains("`symmetric: true`") && !pulay.contains("linear"), "{pulay}");
    let far = double_well(6.0, 6.0, 0.0, 1.0, 1.0);
    let apart = run(&far, &functionals::lda(), &options(200));
    let [KsWarning::NotConverged { advice: hopeless, .. }] = &apart.warnings[..] else {
        panic!("{:?}", apart.warnings)
    };
    assert!(hopeless.contains("rounding error") && hopeless.contains("`symmetric: true`"), "{hopeless}");
    let symmetric = ScfOptions { symmetric: true, ..options(200) };
    let kept = run(&far, &functionals::lda(), &symmetric);
    let [warning @ KsWarning::SmallGap { advice: compare, .. }] = &kept.warnings[..] else {
        panic!("{:?}", kept.warnings)
    };
    assert!(warning.to_string().starts_with("levels 1 and 2 of the up electrons in `"), "{warning}");
    assert!(compare.contains("`unpaired`") && !compare.contains("symmetric"), "{compare}");
    let linear = ScfOptions { tolerance: Some(1e-8), ..training::linear(200, 0.05, 1.0, false) };
    assert!(advice(&linear).contains("use `diis()`"));
}

#[test]
fn a_run_continues_from_a_density() {
    let (f, system) = (functionals::lda(), training::h2(2.0));
    let first = run(&system, &f, &options(200));
    let start = InitialDensity::Given(first.density.clone());
    let again = solve(Device::Cpu, &system, &f, &[], &options(200), &start, &Quiet).unwrap();
    assert_eq!(again.iterations, 1);
    let wrong = InitialDensity::Given([vec![0.0; 3], vec![0.0; 3]]);
    let error = solve(Device::Cpu, &system, &f, &[], &options(200), &wrong, &Quiet);
    assert!(matches!(error, Err(KsError::Start { .. })));
}

#[test]
fn impossible_options_are_refused() {
    let (f, system) = (functionals::lda(), training::h2(2.0));
    let linear = |alpha, decay, history| ScfOptions { mixing: Mixing::Linear { alpha, decay, history }, ..options(10) };
    for wrong in [
        options(0),
        ScfOptions { tolerance: Some(-1.0), ..options(10) },
        linear(0.0, 1.0, 1),
        linear(f64::NAN, 1.0, 1),
        linear(0.5, 0.0, 1),
        linear(0.5, 1.0, 0),
    ] {
        assert!(matches!(try_run(&system, &f, &wrong), Err(KsError::Option { .. })), "{wrong:?}");
    }
}

/// e = 1/(n - n): not a number anywhere.
#[test]
fn a_value_that_is_not_finite_is_reported_with_its_position() {
    let mut b = functionals::Body::new();
    let n = b.n("n");
    let one = b.c(1.0);
    let less = b.sub(n, one);
    let e = b.u(ksr::graph::Unary::Ln, less);
    let f = b.compile(e, Density::Total);
    let error = try_run(&training::h2(2.0), &f, &options(10)).unwrap_err();
    assert!(matches!(&error, KsError::NotFinite { iteration: 0, system, .. } if system == "h2(2)"), "{error}");
    assert!(error.to_string().starts_with("`ln` in `test` at x = "), "{error}");
}

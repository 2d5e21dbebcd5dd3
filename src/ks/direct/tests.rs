use super::{State, minimise, product};
use crate::control::Quiet;
use crate::interp::tests::helpers::value;
use crate::interp::value::{Model, Value as Answer};
use crate::ks::attempt::Attempts;
use crate::ks::stability::{Levels, softest};
use crate::ks::way::Way;
use crate::ks::{Equations, InitialDensity, KohnSham, Occupation, ScfOptions, Setting, Stop, solve_bound};
use crate::model::System;
use crate::tensor::vector::dot_in_order as dot;
use crate::tensor::{Cpu, NoneTape};
use std::rc::Rc;
use std::sync::Arc;

/// A functional with a neural network, and a system.
fn set_up(system: &str) -> (Rc<Model>, Arc<System>) {
    let head = "use std.models\nuse std.molecules\ngrid line = uniform(points: 201, spacing: 0.2)\n";
    let Answer::Model(model) = value(&format!("{head}models.sksr")) else { panic!("no model") };
    let Answer::System(system) = value(&format!("{head}{system}")) else { panic!("no system") };
    (model, system)
}

fn bound(model: &Model, system: &Arc<System>, occupation: &Occupation) -> KohnSham<Cpu> {
    let functional = &model.traced.compiled;
    let setting = Setting { system, functional, occupation, symmetric: false };
    let equations = Arc::new(Equations::new(&setting).expect("equations"));
    KohnSham::new(&equations, &Cpu::default(), &model.parameters, NoneTape).expect("a calculation").0
}

/// Orbitals that are not those of a self-consistent density, and a rotation without symmetry.
fn state_and_rotation(ks: &KohnSham<Cpu>) -> (State<Cpu>, Vec<f64>) {
    let density = ks.non_interacting().expect("a density");
    let (iteration, _) = ks.iterate(0, &density, &[], NoneTape).expect("an iteration");
    let state = State::new(ks, State::occupied(ks, &iteration.orbitals())).expect("a state");
    let rotation = lopsided(ks, &state);
    (state, rotation)
}

/// A rotation of orbitals without symmetry.
pub(in crate::ks) fn lopsided(ks: &KohnSham<Cpu>, state: &State<Cpu>) -> Vec<f64> {
    let grid = &ks.equations.system.grid;
    let at = |i: usize| {
        let x = grid.x(i % grid.points);
        (-0.3 * (x - 0.4).powi(2)).exp() * (1.3 * x + 0.2 + (i / grid.points) as f64).sin()
    };
    let mut rotation: Vec<f64> = (0..state.gradient.len()).map(at).collect();
    state.project(&mut rotation);
    rotation
}

/// Checks the gradient and the second derivative of the energy along a rotation against differences of energies.
pub(in crate::ks) fn check_derivatives(ks: &KohnSham<Cpu>, state: &State<Cpu>, rotation: &[f64], name: &str) {
    let at = |step: f64| {
        let turned: Vec<f64> = rotation.iter().map(|x| step * x).collect();
        State::new(ks, state.rotated(&turned)).expect("a state").energy()
    };
    let h = 1e-3;
    let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
    let wanted = state.weight() * dot(&state.gradient, rotation);
    assert!((slope - wanted).abs() < 1e-8 && wanted.abs() > 1e-3, "{name}: {slope} {wanted}");
    let bend = (16.0 * (at(h) + at(-h)) - (at(2.0 * h) + at(-2.0 * h)) - 30.0 * at(0.0)) / (12.0 * h * h);
    let image = product(ks, state, rotation).expect("a product");
    let wanted = state.weight() * dot(&image, rotation);
    assert!((bend - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{name}: {bend} {wanted}");
}

#[test]
fn gradient_and_second_derivative_are_those_of_the_energy() {
    for name in ["molecules.h2(line, R: 3.2)", "molecules.lih(line)", "molecules.h3(line)"] {
        let (model, system) = set_up(name);
        let ks = bound(&model, &system, &Occupation::of(&system));
        let (state, rotation) = state_and_rotation(&ks);
        check_derivatives(&ks, &state, &rotation, name);
    }
}

#[test]
fn it_finds_what_mixing_finds() {
    let names =
        ["molecules.h2(line, R: 4.8)", "molecules.lih(line)", "molecules.h3(line)", "molecules.h2_plus(line, R: 8)"];
    for name in names {
        let (model, system) = set_up(name);
        let ks = bound(&model, &system, &Occupation::of(&system));
        let options = ScfOptions { remedies: false, ..ScfOptions::STANDARD };
        let mixed = solve_bound(&ks, "f", &options, &InitialDensity::NonInteracting, &Quiet).expect("a run");
        assert_eq!(mixed.stop, Stop::Converged);
        let mut attempts = Attempts::new(&ks, &Quiet);
        let (state, _) = state_and_rotation(&ks);
        let found = minimise(&mut attempts, &options, state.orbitals).expect("no error").expect("an outcome");
        assert_eq!((found.stop, found.way), (Stop::Converged, Way::Direct), "{name}: {}", found.residual);
        let energy = found.energies.total.first();
        assert!((energy - mixed.energy).abs() < 1e-9, "{name}: {energy} {}", mixed.energy);
        assert!(attempts.iterations() < 40, "{name}: {}", attempts.iterations());
    }
}

#[test]
fn the_softest_rotation_without_interaction_is_the_gap() {
    let script = "grid g = uniform(points: 201, spacing: 0.1)\nfunctional nothing(n) = 0\n\
                  system wells on g { potential(x): -3 * exp(-(x - 2)^2) - 2.5 * exp(-(x + 2)^2); electrons: 2; interaction: none }\n\
                  let run = solve(wells, with: nothing)\nstability(run).lowest_eigenvalue - run.gap";
    let Answer::Number(difference) = value(script) else { panic!("no number") };
    assert!(difference.value.abs() < 1e-6, "{}", difference.value);
}

#[test]
fn a_stretched_bond_is_a_saddle_with_equal_spins_and_a_minimum_with_broken_spin() {
    let (model, system) = set_up("molecules.h2(line, R: 6.4)");
    let restricted = bound(&model, &system, &Occupation::of(&system));
    let options = ScfOptions::STANDARD;
    let equal = solve_bound(&restricted, "f", &options, &InitialDensity::NonInteracting, &Quiet).expect("a run");
    let unrestricted = bound(&model, &system, &Occupation::unrestricted(&system));
    let levels = Levels::of(&unrestricted, &equal.potential).expect("orbitals");
    let saddle = softest(&unrestricted, levels, &Quiet).expect("a rotation");
    assert!(saddle.descends() && saddle.value < -0.1, "{}", saddle.value);
    // The energy falls along it, as its second derivative says.
    let at = |step: f64| {
        let turned: Vec<f64> = saddle.rotation.iter().map(|x| step * x).collect();
        State::new(&unrestricted, saddle.state.rotated(&turned)).expect("a state").energy()
    };
    let h = 1e-2;
    let bend = (16.0 * (at(h) + at(-h)) - (at(2.0 * h) + at(-2.0 * h)) - 30.0 * at(0.0)) / (12.0 * h * h);
    assert!((bend - saddle.state.weight() * saddle.value).abs() < 1e-4, "{bend} {}", saddle.value);
    let broken = solve_bound(&unrestricted, "f", &options, &InitialDensity::BrokenSpin, &Quiet).expect("a run");
    assert!(broken.converged() && broken.energy < equal.energy - 0.05, "{} {}", broken.energy, equal.energy);
    let levels = Levels::of(&unrestricted, &broken.potential).expect("orbitals");
    assert!(!softest(&unrestricted, levels, &Quiet).expect("a rotation").descends());
}

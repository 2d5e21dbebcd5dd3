//! The gradient at the converged density, against the unrolled one where that has converged, and against finite differences.
#![allow(clippy::unwrap_used)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/training.rs"]
mod training;

use ksr::functional::Compiled;
use ksr::ks::{Mixing, ScfOptions};
use ksr::model::System;
use ksr::tensor::Device;
use ksr::train::{Gradient, Plan, TrainError, evaluate};
use std::sync::Arc;
use training::{Published, Target, made_up};

fn with_targets(systems: &[Arc<System>]) -> Vec<(Arc<System>, Target)> {
    systems.iter().map(|system| (system.clone(), made_up(system))).collect()
}

/// Training on the last iteration only.
fn plan(f: &Arc<Compiled>, systems: &[Arc<System>], iterations: usize, scf: ScfOptions) -> Plan {
    let loss = Published { energy_weight: 1.0, density_weight: 1.0, discount: 1.0, skip: iterations - 1 };
    let cases = with_targets(systems).iter().map(|(s, target)| loss.case(s, target, iterations)).collect();
    Plan::new(f.clone(), cases, scf)
}

fn implicit(f: &Arc<Compiled>, systems: &[Arc<System>], symmetric: bool, tolerance: f64) -> Plan {
    let scf = ScfOptions { tolerance: Some(tolerance), symmetric, ..ScfOptions::default() };
    Plan { gradient: Gradient::Implicit, ..plan(f, systems, 1, scf) }
}

/// Largest difference of the gradients, relative to the largest slope, and the relative difference of the losses.
fn distance(a: &(f64, Vec<f64>), b: &(f64, Vec<f64>)) -> [f64; 2] {
    let largest = a.1.iter().fold(0.0f64, |m, g| m.max(g.abs()));
    let worst = a.1.iter().zip(&b.1).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
    [worst / largest, (a.0 - b.0).abs() / a.0]
}

/// Compares with the unrolled gradient of `iterations` iterations.
fn compare(f: &Arc<Compiled>, systems: &[Arc<System>], symmetric: bool, iterations: usize, alpha: f64) {
    let params = f.initial(2);
    let at_end = evaluate(Device::Cpu, &implicit(f, systems, symmetric, 1e-11), &params).unwrap();
    let mixing = Mixing::Linear { alpha, decay: 1.0, history: 1 };
    let scf = ScfOptions { iterations, mixing, tolerance: None, symmetric, remedies: false, ..ScfOptions::STANDARD };
    let unrolled = evaluate(Device::Cpu, &plan(f, systems, iterations, scf), &params).unwrap();
    let [gradient, loss] = distance(&at_end, &unrolled);
    assert!(gradient < 1e-6 && loss < 1e-9, "{gradient:e} {loss:e}");
}

#[test]
fn it_equals_the_unrolled_one_at_convergence_for_a_symmetric_closed_shell() {
    compare(&functionals::ksr_global(), &[training::h2(1.28), training::h2(3.84)], true, 60, 0.5);
}

#[test]
fn it_equals_the_unrolled_one_at_convergence_for_open_shells() {
    compare(&functionals::sksr_global(), &[training::ion(3.0, 3.0), training::ion(4.0, 2.0)], false, 60, 0.5);
}

#[test]
fn it_is_the_slope_of_the_loss() {
    let (f, systems) = (functionals::ksr_global(), [training::h2(2.0), training::ion(2.0, 1.0)]);
    let plan = implicit(&f, &systems, false, 1e-11);
    let params = f.initial(1);
    let (_, gradient) = evaluate(Device::Cpu, &plan, &params).unwrap();
    let largest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
    for i in [0, 5, 17, 100, 700, params.len() - 1] {
        let step = 1e-3;
        let loss = |m: f64| {
            let mut moved = params.clone();
            moved[i] += m * step;
            evaluate(Device::Cpu, &plan, &moved).unwrap().0
        };
        let slope = functionals::central(step, loss);
        assert!((slope - gradient[i]).abs() < 1e-6 * largest, "{i}: {slope} {}", gradient[i]);
    }
}

#[test]
fn an_iteration_that_does_not_converge_is_an_error() {
    let f = functionals::ksr_global();
    let mut plan = implicit(&f, &[training::h2(1.28)], true, 1e-11);
    plan.scf.iterations = 3;
    let error = evaluate(Device::Cpu, &plan, &f.initial(0)).unwrap_err();
    assert!(
        matches!(&error, TrainError::Setup(cause) if cause.to_string().contains("not converged after 3")),
        "{error}"
    );
}

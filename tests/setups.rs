//! Loss and gradient of the set-ups for measuring speed, as they were before the work on speed: faster code must not give
//! different results.
#![allow(clippy::unwrap_used)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/setups.rs"]
mod setups;
#[path = "helpers/training.rs"]
mod training;

use ksr::tensor::Device;
use ksr::train::{Plan, evaluate};

/// Loss, norm of the gradient, and the gradient along a fixed direction, relative to those known.
fn check(plan: &Plan, known: [f64; 3]) {
    let (loss, gradient) = evaluate(Device::Cpu, plan, &plan.functional.initial(0)).unwrap();
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let along = gradient.iter().enumerate().map(|(i, g)| g * (i as f64).cos()).sum::<f64>();
    let found = [loss, norm, along];
    let scale = [known[0], known[1], known[1]];
    for k in 0..3 {
        let error = (found[k] - known[k]).abs() / scale[k];
        assert!(error <= 1e-12, "{error:e}: {found:?} and not {known:?}");
    }
}

#[test]
fn two_ions() {
    check(&setups::a(), [0.05383372186069426, 0.052241182678889386, -0.006829409991380176]);
}

#[test]
fn two_separations() {
    check(&setups::b(), [0.19098617822180408, 0.47501681979142596, -0.2953492587440807]);
}

#[test]
fn five_ions() {
    check(&setups::c(15), [0.7261123440458912, 0.7072155863692304, 0.10334849136543954]);
}

#[test]
fn many_iterations() {
    check(&setups::c(40), [0.726161757312314, 0.7695974093572562, 0.11583826501520919]);
}

#[test]
fn a_long_mixing() {
    check(&setups::long_mixing(), [0.6008858850799348, 5.533758425788732, -3.9948622339799775]);
}

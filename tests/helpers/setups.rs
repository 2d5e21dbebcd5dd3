//! The set-ups for measuring speed: one loss and gradient of each, the cost of a training step.
#![allow(dead_code, missing_docs)]

use super::functionals;
use super::training::{self, Published, made_up};
use ksr::ks::{Mixing, ScfOptions};
use ksr::model::System;
use ksr::train::Plan;
use std::sync::Arc;

/// The published loss at the last iteration alone, energies and densities alike.
fn last(iterations: usize) -> Published {
    Published { energy_weight: 0.5, density_weight: 0.5, discount: 1.0, skip: iterations - 1 }
}

/// sKSR-global on ions (charge, electrons).
pub fn ions(ions: &[(f64, f64)], iterations: usize) -> Plan {
    let systems: Vec<_> = ions.iter().map(|&(charge, electrons)| training::ion(charge, electrons)).collect();
    let scf = training::linear(iterations, 0.5, 0.9, false);
    training::plan(&functionals::sksr_global(), &targeted(&systems), last(iterations), &scf)
}

/// KSR-global with its gate on H2 at the separations given, mirror-symmetric.
pub fn h2(separations: &[f64], iterations: usize) -> Plan {
    let systems: Vec<_> = separations.iter().map(|&r| training::h2(r)).collect();
    let (loss, scf) = (Published::LI, training::linear(iterations, 0.5, 0.9, true));
    training::plan(&functionals::ksr_global(), &targeted(&systems), loss, &scf)
}

fn targeted(systems: &[Arc<System>]) -> Vec<(Arc<System>, training::Target)> {
    systems.iter().map(|system| (system.clone(), made_up(system))).collect()
}

/// (a): ions H and He, 10 iterations, sKSR-global.
pub fn a() -> Plan {
    ions(&[(1.0, 1.0), (2.0, 2.0)], 10)
}

/// (b): H2 at 1.28 and 3.84, 15 iterations, KSR-global, gate, symmetric.
pub fn b() -> Plan {
    h2(&[1.28, 3.84], 15)
}

/// (c): H, He, Li, Be, Be2+, sKSR-global; with 15 iterations in the published training.
pub fn c(iterations: usize) -> Plan {
    ions(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0), (4.0, 2.0)], iterations)
}

/// H2 without its symmetry, all energies in the loss, the mean of three differences in the mixing.
pub fn long_mixing() -> Plan {
    let plan = h2(&[1.28], 12);
    let scf = ScfOptions {
        mixing: Mixing::Linear { alpha: 0.6, decay: 0.9, history: 3 },
        symmetric: false,
        ..plan.scf.clone()
    };
    let systems: Vec<_> = plan.cases.iter().map(|case| case.systems[0].clone()).collect();
    let loss = Published { skip: 0, discount: 1.0, ..Published::LI };
    training::plan(&plan.functional, &targeted(&systems), loss, &scf)
}

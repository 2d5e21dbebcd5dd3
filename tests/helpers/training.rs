//! Systems and published losses built by hand, for the tests and benchmarks of training.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use ksr::functional::Compiled;
use ksr::graph::{Binary, Graph, NodeId, Shape, Unary};
use ksr::ks::{Mixing, Observable, ScfOptions};
use ksr::model::{Grid, Interaction, Nucleus, Parts, System};
use ksr::source::{SourceId, Span};
use ksr::train::{Case, LossGraph, LossInput, Plan};
use std::convert::Infallible;
use std::sync::Arc;

const S: Span = Span { source: SourceId(0), start: 0, end: 0 };

pub fn line() -> Arc<Grid> {
    Arc::new(Grid::centred(513, 0.08))
}

/// Nuclei (charge, position) and a number of electrons.
pub fn atoms(label: &str, nuclei: &[(f64, f64)], electrons: f64, unpaired: Option<f64>) -> Arc<System> {
    on(line(), label, nuclei, electrons, unpaired)
}

pub fn on(grid: Arc<Grid>, label: &str, nuclei: &[(f64, f64)], electrons: f64, unpaired: Option<f64>) -> Arc<System> {
    let nucleus = |&(charge, position): &(f64, f64)| Nucleus { symbol: format!("Z={charge}"), charge, position };
    let parts = Parts {
        label: label.into(),
        grid,
        interaction: Interaction::BAKER,
        nuclei: nuclei.iter().map(nucleus).collect(),
        potential: None,
        electrons: Some(electrons),
        charge: None,
        unpaired,
    };
    let w = |r: f64| Ok::<_, Infallible>(1.071295 * (-r.abs() / 2.385345).exp());
    Arc::new(System::build(parts, &mut { w }).unwrap().0)
}

/// H2 with both nuclei on grid points, as in the published sets.
pub fn h2(r: f64) -> Arc<System> {
    let left = line().snap(-r / 2.0);
    atoms(&format!("h2({r})"), &[(1.0, left), (1.0, left + r)], 2.0, None)
}

pub fn ion(charge: f64, electrons: f64) -> Arc<System> {
    atoms(&format!("ion({charge}, {electrons})"), &[(charge, 0.0)], electrons, None)
}

pub fn linear(iterations: usize, alpha: f64, decay: f64, symmetric: bool) -> ScfOptions {
    let mixing = Mixing::Linear { alpha, decay, history: 1 };
    ScfOptions { iterations, mixing, tolerance: None, symmetric, remedies: false, ..ScfOptions::STANDARD }
}

/// The values to be reproduced.
#[derive(Clone)]
pub struct Target {
    /// Electronic.
    pub energy: f64,
    /// Total.
    pub density: Vec<f64>,
}

/// The published loss with its options.
#[derive(Clone, Copy)]
pub struct Published {
    pub energy_weight: f64,
    pub density_weight: f64,
    pub discount: f64,
    pub skip: usize,
}

impl Published {
    pub const LI: Published = Published { energy_weight: 1.0, density_weight: 1.0, discount: 0.9, skip: 10 };

    /// weight_E sum_k discount^(K-1-k) (E_k - E)^2/N over the iterations not skipped + weight_n integral (n_K - n)^2 / N.
    pub fn case(&self, system: &Arc<System>, target: &Target, iterations: usize) -> Case {
        let mut g = Graph::new();
        let mut inputs = Vec::new();
        let mut loss = g.constant(0.0, S);
        let square = |g: &mut Graph, a: NodeId, b: NodeId| {
            let difference = g.binary(Binary::Sub, a, b, S).unwrap();
            g.unary(Unary::Pow(2.0), difference, S)
        };
        for k in self.skip..iterations {
            let energy = g.input(format!("E{k}"), Shape::SCALAR, S);
            inputs.push(LossInput::of(Observable::Energy(k)));
            let reference = g.constant(target.energy, S);
            let error = square(&mut g, energy, reference);
            let weight = self.energy_weight * self.discount.powi((iterations - 1 - k) as i32);
            let term = g.scale(weight / system.electrons as f64, error, S);
            loss = g.binary(Binary::Add, loss, term, S).unwrap();
        }
        let density = g.input("n", Shape::FIELD, S);
        inputs.push(LossInput::of(Observable::Density(iterations - 1)));
        let reference = g.samples(&target.density, 1, S);
        let error = square(&mut g, density, reference);
        let integral = g.integral(error, S).unwrap();
        let term = g.scale(self.density_weight / system.electrons as f64, integral, S);
        loss = g.binary(Binary::Add, loss, term, S).unwrap();
        let loss = LossGraph { graph: g, output: loss, inputs };
        Case { systems: vec![system.clone()], loss }
    }
}

/// A plan for several systems with the published loss.
pub fn plan(functional: &Arc<Compiled>, systems: &[(Arc<System>, Target)], loss: Published, scf: &ScfOptions) -> Plan {
    let cases = systems.iter().map(|(system, target)| loss.case(system, target, scf.iterations)).collect();
    Plan::new(functional.clone(), cases, scf.clone())
}

/// A made-up target near the truth: Gaussians on the nuclei.
pub fn made_up(system: &System) -> Target {
    let raw: Vec<f64> = system
        .grid
        .xs()
        .iter()
        .map(|x| system.nuclei.iter().map(|n| (-0.9 * (x - n.position).abs()).exp()).sum())
        .collect();
    let norm = system.grid.integrate(&raw);
    let density = raw.iter().map(|n| n * system.electrons as f64 / norm).collect();
    Target { energy: -0.8 * system.electrons as f64, density }
}

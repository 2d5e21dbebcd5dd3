//! Where minimisations begin.

use super::energy::{Channels, Terms};
use super::minimise::minimise;
use crate::control::Control;
use crate::functional::{Compiled, Definition, Density, FunctionalKind};
use crate::graph::{Binary, Graph, GridMap, NodeId, Shape, ShapeError, Unary};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::{KsError, ScfOptions, orbitals};
use crate::model::System;
use crate::source::{SourceId, Span};
use crate::tensor::Backend;
use std::f64::consts::PI;
use std::sync::Arc;

/// The formula is in no script.
const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// How well the density to begin with is converged, electrons.
const TOLERANCE: f64 = 1e-3;

/// The density of both spins that minimises the energy with T of Thomas and Fermi plus all of von Weizsäcker's, which is convex, and the
/// Hartree energy.
///
/// # Errors
/// A potential for which there are no orbitals.
pub(super) fn density<D: Backend>(
    system: &Arc<System>,
    device: D,
    control: &dyn Control,
) -> Result<[Vec<f64>; 2], KsError> {
    let free = Arc::new(thomas_fermi_weizsaecker().map_err(|cause| KsError::Device { cause: cause.to_string() })?);
    let terms = Terms::new(system, device, (&free, &[]), None)?;
    let h = Hamiltonian::new(&system.grid, &system.potential);
    let lowest = orbitals::lowest(&h, 1, None).map_err(|cause| KsError::orbitals(0, system, cause))?;
    // Half in the lowest orbital, half as in Thomas-Fermi's atoms: in all wells.
    let each = if terms.channels == Channels::Total { 2.0 } else { 1.0 };
    let share = |electrons: f64| -> Vec<f64> {
        let spread = in_wells(&system.potential, electrons, each, system.grid.spacing);
        let orbital = lowest.vectors[0].iter().map(|x| electrons * x * x / system.grid.spacing);
        orbital.zip(spread).map(|(a, b)| 0.5 * (a + b)).collect()
    };
    let start: Vec<Vec<f64>> = terms.channels.electrons(system).into_iter().map(share).collect();
    let options = ScfOptions { tolerance: Some(TOLERANCE), ..ScfOptions::STANDARD };
    let found = minimise(&terms, &start, &options, control)?;
    Ok(terms.channels.spins(system, &found.density))
}

/// √(2 (μ - v)) where v is below μ, with the μ that gives a number of electrons: Thomas-Fermi's density of electrons that do not interact,
/// with `each` electrons in an orbital.
pub(super) fn in_wells(potential: &[f64], electrons: f64, each: f64, spacing: f64) -> Vec<f64> {
    let density = |level: f64| -> Vec<f64> {
        potential.iter().map(|v| each * (2.0 * (level - v).max(0.0)).sqrt() / PI).collect()
    };
    let count = |level: f64| spacing * density(level).iter().sum::<f64>();
    let lowest = potential.iter().copied().fold(f64::INFINITY, f64::min);
    let (mut low, mut high) = (lowest, lowest + 1.0);
    while count(high) < electrons && high.is_finite() {
        high = lowest + 2.0 * (high - lowest);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if count(middle) < electrons { low = middle } else { high = middle }
    }
    let found = density(high);
    let factor = electrons / (spacing * found.iter().sum::<f64>()).max(f64::MIN_POSITIVE);
    found.into_iter().map(|n| factor * n).collect()
}

/// T per electron of both spins: Σ (π²/6 n_s³ + √n_s (-1/2 d²/dx²) √n_s) / n.
fn thomas_fermi_weizsaecker() -> Result<Compiled, crate::functional::CompileError> {
    let mut graph = Graph::new();
    let inputs = ["n_up", "n_down"].map(|name| graph.input(name, Shape::FIELD, NOWHERE));
    let value = summed(&mut graph, inputs)?;
    Compiled::new(Definition {
        name: "Thomas-Fermi and von Weizsaecker".to_owned(),
        graph,
        value,
        exchanged: None,
        density: Density::Spin,
        flip_average: false,
        kind: FunctionalKind::Kinetic,
        exchange: false,
    })
}

fn summed(graph: &mut Graph, inputs: [NodeId; 2]) -> Result<NodeId, ShapeError> {
    let mut parts = Vec::with_capacity(2);
    for n in inputs {
        let cube = graph.unary(Unary::Pow(3.0), n, NOWHERE);
        let local = graph.scale(PI * PI / 6.0, cube, NOWHERE);
        let root = graph.unary(Unary::Sqrt, n, NOWHERE);
        let moving = graph.map(GridMap::Kinetic, root, NOWHERE)?;
        let gradient = graph.binary(Binary::Mul, root, moving, NOWHERE)?;
        parts.push(graph.binary(Binary::Add, local, gradient, NOWHERE)?);
    }
    let sum = graph.binary(Binary::Add, parts[0], parts[1], NOWHERE)?;
    let n = graph.binary(Binary::Add, inputs[0], inputs[1], NOWHERE)?;
    graph.binary(Binary::Div, sum, n, NOWHERE)
}

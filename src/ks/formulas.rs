//! The parts of an iteration that are plain formulas, as graphs: they are lowered and differentiated like a functional.

use super::occupation::Occupation;
use crate::graph::{Binary, Graph, NodeId, Plan, Shape, ShapeError, Unary};
use crate::source::{SourceId, Span};
use std::sync::Arc;

const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// The formulas of a calculation. Spin channels come one after another.
#[derive(Clone, Debug)]
pub(crate) struct Formulas {
    /// v_s = v + v_H\[n\] + v_xc. Inputs: v, every n, every v_xc; outputs: every v_s.
    pub potential: Arc<Plan>,
    /// T_s = sum f eps - integral v_s n; E = T_s + E_H + E_xc + integral v n. Inputs: v, E_xc, every n, every v_s, the
    /// levels of every channel; outputs: T_s, E_H, external, electronic energy.
    pub energy: Arc<Plan>,
    /// Integral of |a - b|. Inputs: every a, every b.
    pub distance: Arc<Plan>,
}

impl Formulas {
    /// For the given filling.
    ///
    /// # Errors
    /// None that a user can bring about.
    pub fn new(occupation: &Occupation) -> Result<Self, ShapeError> {
        let potential = potential(occupation.spins())?;
        Ok(Self { potential, energy: energy(occupation)?, distance: distance(occupation.spins())? })
    }
}

fn fields(graph: &mut Graph, name: &str, count: usize) -> Vec<NodeId> {
    (0..count).map(|k| graph.input(format!("{name}{k}"), Shape::FIELD, NOWHERE)).collect()
}

fn sum(graph: &mut Graph, terms: &[NodeId]) -> Result<NodeId, ShapeError> {
    let mut total = terms[0];
    for &term in &terms[1..] {
        total = graph.binary(Binary::Add, total, term, NOWHERE)?;
    }
    Ok(total)
}

fn integral(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId, ShapeError> {
    let product = graph.binary(Binary::Mul, a, b, NOWHERE)?;
    graph.integral(product, NOWHERE)
}

fn potential(spins: usize) -> Result<Arc<Plan>, ShapeError> {
    let mut graph = Graph::new();
    let external = graph.input("v", Shape::FIELD, NOWHERE);
    let densities = fields(&mut graph, "n", spins);
    let xc = fields(&mut graph, "v_xc", spins);
    let total = sum(&mut graph, &densities)?;
    let hartree = graph.hartree(total, NOWHERE)?;
    let classical = graph.binary(Binary::Add, external, hartree, NOWHERE)?;
    let full: Result<Vec<NodeId>, _> = xc.iter().map(|&xc| graph.binary(Binary::Add, classical, xc, NOWHERE)).collect();
    Ok(Arc::new(Plan::new(&graph, &full?)))
}

fn energy(occupation: &Occupation) -> Result<Arc<Plan>, ShapeError> {
    let spins = occupation.spins();
    let mut graph = Graph::new();
    let external = graph.input("v", Shape::FIELD, NOWHERE);
    let xc = graph.input("E_xc", Shape::SCALAR, NOWHERE);
    let densities = fields(&mut graph, "n", spins);
    let potentials = fields(&mut graph, "v_s", spins);
    let mut kinetic = graph.constant(0.0, NOWHERE);
    for (k, channel) in occupation.channels.iter().enumerate() {
        let levels = graph.input(format!("levels{k}"), Shape::vector(channel.levels.max(1)), NOWHERE);
        let filling: Vec<f64> =
            (0..channel.levels.max(1)).map(|k| if k < channel.occupied { channel.filling } else { 0.0 }).collect();
        let filling = graph.vector(&filling, NOWHERE);
        let bands = graph.binary(Binary::Mul, filling, levels, NOWHERE)?;
        let bands = graph.sum_channels(bands, NOWHERE);
        let effective = integral(&mut graph, potentials[k], densities[k])?;
        kinetic = graph.binary(Binary::Add, kinetic, bands, NOWHERE)?;
        kinetic = graph.binary(Binary::Sub, kinetic, effective, NOWHERE)?;
    }
    let total = sum(&mut graph, &densities)?;
    let field = graph.hartree(total, NOWHERE)?;
    let repulsion = integral(&mut graph, field, total)?;
    let hartree = graph.scale(0.5, repulsion, NOWHERE);
    let external = integral(&mut graph, external, total)?;
    let energy = sum(&mut graph, &[kinetic, hartree, xc, external])?;
    Ok(Arc::new(Plan::new(&graph, &[kinetic, hartree, external, energy])))
}

fn distance(spins: usize) -> Result<Arc<Plan>, ShapeError> {
    let mut graph = Graph::new();
    let a = fields(&mut graph, "a", spins);
    let b = fields(&mut graph, "b", spins);
    let mut sizes = Vec::with_capacity(spins);
    for (&a, &b) in a.iter().zip(&b) {
        let difference = graph.binary(Binary::Sub, a, b, NOWHERE)?;
        sizes.push(graph.unary(Unary::Abs, difference, NOWHERE));
    }
    let size = sum(&mut graph, &sizes)?;
    let distance = graph.integral(size, NOWHERE)?;
    Ok(Arc::new(Plan::new(&graph, &[distance])))
}

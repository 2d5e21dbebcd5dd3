//! The parts of an iteration that are plain formulas, as graphs, lowered and differentiated like a functional.

use super::occupation::Occupation;
use super::terms::{Filled, Input, NOWHERE, Output, Potential, TERMS};
use crate::graph::{Binary, Graph, NodeId, Plan, Shape, ShapeError, Unary};
use std::sync::Arc;

/// The formulas of a calculation. Spin channels follow one another.
#[derive(Clone, Debug)]
pub(crate) struct Formulas {
    /// v_s, the sum of all terms. Inputs: v, every n, every v_xc; outputs: every v_s.
    pub potential: Arc<Plan>,
    /// The energy. Inputs: v, E_xc, every n, every v_s, the levels of every channel; outputs: every term in the order of [`TERMS`],
    /// and their sum.
    pub energy: Arc<Plan>,
    /// Integral of |a - b|. Inputs: every a, every b.
    pub distance: Arc<Plan>,
}

impl Formulas {
    /// For the given occupation.
    ///
    /// # Errors
    /// None that a user can cause.
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

fn potential(spins: usize) -> Result<Arc<Plan>, ShapeError> {
    let mut graph = Graph::new();
    let external = graph.input("v", Shape::FIELD, NOWHERE);
    let densities = fields(&mut graph, "n", spins);
    let functional = fields(&mut graph, "v_xc", spins);
    let total = sum(&mut graph, &densities)?;
    let input = Input { external, total, functional };
    let (mut shared, mut own) = (Vec::new(), vec![Vec::new(); spins]);
    for term in TERMS {
        match term.potential(&mut graph, &input)? {
            Potential::Nothing => {}
            Potential::Shared(field) => shared.push(field),
            Potential::OfChannels(fields) => own.iter_mut().zip(fields).for_each(|(own, field)| own.push(field)),
        }
    }
    // Terms shared by the channels are added once.
    let shared = if shared.is_empty() { None } else { Some(sum(&mut graph, &shared)?) };
    let full: Result<Vec<NodeId>, _> =
        own.into_iter().map(|own| sum(&mut graph, &shared.into_iter().chain(own).collect::<Vec<_>>())).collect();
    Ok(Arc::new(Plan::new(&graph, &full?)))
}

fn energy(occupation: &Occupation) -> Result<Arc<Plan>, ShapeError> {
    let spins = occupation.spins();
    let mut graph = Graph::new();
    let external = graph.input("v", Shape::FIELD, NOWHERE);
    let functional = graph.input("E_xc", Shape::SCALAR, NOWHERE);
    let densities = fields(&mut graph, "n", spins);
    let potentials = fields(&mut graph, "v_s", spins);
    let mut channels = Vec::with_capacity(spins);
    for (k, &channel) in occupation.channels.iter().enumerate() {
        let levels = graph.input(format!("levels{k}"), Shape::vector(channel.levels.max(1)), NOWHERE);
        channels.push(Filled { channel, density: densities[k], potential: potentials[k], levels });
    }
    let total = sum(&mut graph, &densities)?;
    let output = Output { external, total, functional, channels };
    let mut outputs = Vec::with_capacity(TERMS.len() + 1);
    for term in TERMS {
        outputs.push(term.energy(&mut graph, &output)?);
    }
    outputs.push(sum(&mut graph, &outputs)?);
    Ok(Arc::new(Plan::new(&graph, &outputs)))
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

//! The parts of an iteration that are plain formulas, as graphs, lowered and differentiated like a functional.

use super::occupation::Occupation;
use super::terms::{ChannelNodes, Input, NOWHERE, Output, Potential, TERMS};
use crate::graph::{Binary, Graph, NodeId, Routine, Shape, ShapeError, Unary};
use std::sync::Arc;

/// The formulas of a calculation. Spin channels follow one another.
#[derive(Clone, Debug)]
pub(crate) struct Formulas {
    /// v_s, the sum of all terms. Inputs: v, every n, every v_xc; outputs: every v_s.
    pub potential: Arc<Routine>,
    /// The energy. Inputs: v, E_xc, every n, every v_s, the levels of every channel; outputs: every term in the order of [`TERMS`],
    /// and their sum.
    pub energy: Arc<Routine>,
    /// Integral of |a - b|. Inputs: every a, every b.
    pub distance: Arc<Routine>,
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

fn potential(spins: usize) -> Result<Arc<Routine>, ShapeError> {
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
    Ok(Arc::new(Routine::new(&graph, &full?)))
}

fn energy(occupation: &Occupation) -> Result<Arc<Routine>, ShapeError> {
    let spins = occupation.spins();
    let mut graph = Graph::new();
    let external = graph.input("v", Shape::FIELD, NOWHERE);
    let functional = graph.input("E_xc", Shape::SCALAR, NOWHERE);
    let densities = fields(&mut graph, "n", spins);
    let potentials = fields(&mut graph, "v_s", spins);
    let mut channels = Vec::with_capacity(spins);
    for (k, &channel) in occupation.channels.iter().enumerate() {
        let levels = graph.input(format!("levels{k}"), Shape::vector(channel.levels.max(1)), NOWHERE);
        channels.push(ChannelNodes { channel, density: densities[k], potential: potentials[k], levels });
    }
    let total = sum(&mut graph, &densities)?;
    let output = Output { external, total, functional, channels };
    let mut outputs = Vec::with_capacity(TERMS.len() + 1);
    for term in TERMS {
        outputs.push(term.energy(&mut graph, &output)?);
    }
    outputs.push(sum(&mut graph, &outputs)?);
    Ok(Arc::new(Routine::new(&graph, &outputs)))
}

fn distance(spins: usize) -> Result<Arc<Routine>, ShapeError> {
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
    Ok(Arc::new(Routine::new(&graph, &[distance])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Formula;
    use crate::model::{Grid, Interaction, System};
    use crate::tensor::{Cpu, NoneTape, Value};

    /// Outputs at fields and numbers.
    fn evaluated(routine: &Arc<Routine>, system: &System, inputs: &[&[f64]]) -> Vec<Vec<f64>> {
        let device = Cpu::default();
        let formula = Formula::new(routine, &system.grid, &system.interaction).expect("a formula");
        let constants = formula.on(&device).expect("constants");
        let points = system.grid.points;
        let value = |numbers: &&[f64]| {
            let dims = if numbers.len() == points { (1, points, 1) } else { (1, 1, numbers.len()) };
            Value::constant(&device, dims, numbers.to_vec()).expect("a value")
        };
        let values: Vec<_> = inputs.iter().map(value).collect();
        let (outputs, _) = formula.run(&constants, &values.iter().collect::<Vec<_>>(), NoneTape).expect("outputs");
        outputs.iter().map(|output| output.host().to_vec()).collect()
    }

    /// With levels, v_s and what the functional gives all zero the energy is a polynomial of the density.
    #[test]
    fn the_potential_is_the_derivative_of_the_energy() {
        let grid = Arc::new(Grid::centred(41, 0.3));
        let bump = |centre: f64| -> Vec<f64> { grid.xs().iter().map(|x| (-(x - centre).powi(2)).exp()).collect() };
        let (label, nuclei, nuclear_repulsion) = ("wells".to_string(), vec![], 0.0);
        let (potential, interaction) = (bump(0.5).iter().map(|v| -2.0 * v).collect(), Interaction::BAKER);
        let system = System {
            label,
            grid: grid.clone(),
            interaction,
            nuclei,
            potential,
            nuclear_repulsion,
            electrons: 3,
            unpaired: 1,
        };
        let occupation = Occupation::of(&system);
        let formulas = Formulas::new(&occupation).expect("formulas");
        let (v, zero) = (&system.potential[..], vec![0.0; grid.points]);
        let (up, down, direction) = (bump(0.2), bump(-1.0), bump(1.1));
        let energies = |step: f64| {
            let moved: Vec<f64> = up.iter().zip(&direction).map(|(n, d)| n + step * d).collect();
            let levels = occupation.channels.iter().map(|channel| vec![0.0; channel.levels]).collect::<Vec<_>>();
            let inputs = [v, &[0.0], &moved, &down, &zero, &zero, &levels[0], &levels[1]];
            evaluated(&formulas.energy, &system, &inputs).iter().map(|energy| energy[0]).collect::<Vec<f64>>()
        };
        let (forth, back) = (energies(1.0), energies(-1.0));
        // Every term, and last their sum.
        assert_eq!(forth.len(), TERMS.len() + 1);
        assert!((forth[..TERMS.len()].iter().sum::<f64>() - forth[TERMS.len()]).abs() < 1e-12);
        let slope = 0.5 * (forth[TERMS.len()] - back[TERMS.len()]);
        let potentials = evaluated(&formulas.potential, &system, &[v, &up, &down, &zero, &zero]);
        let felt: Vec<f64> = potentials[0].iter().zip(&direction).map(|(v, d)| v * d).collect();
        assert!((grid.integrate(&felt) - slope).abs() < 1e-12, "{slope}");
        // What the functional gives is of one spin each.
        let own = evaluated(&formulas.potential, &system, &[v, &up, &down, &direction, &zero]);
        assert_eq!(own[1], potentials[1]);
        assert!(own[0].iter().zip(&potentials[0]).zip(&direction).all(|((a, b), d)| (a - b - d).abs() < 1e-14));
    }
}

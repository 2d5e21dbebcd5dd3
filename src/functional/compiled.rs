//! A compiled functional: the energy per electron as a graph, its energy and its potential, ready for any grid. The body of a potential
//! functional is the potential itself.

use super::closed::closed_shell;
use crate::graph::ShapeError;
use crate::graph::routine::Routine;
use crate::graph::{Binary, Graph, NodeId, Shape};
use crate::graph::{DifferentiateError, gradient};
use std::sync::Arc;

/// Which densities a functional takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// The total density, input 0.
    Total,
    /// Up (input 0) and down (input 1).
    Spin,
}

impl Density {
    /// Number of inputs.
    pub fn inputs(self) -> usize {
        match self {
            Density::Total => 1,
            Density::Spin => 2,
        }
    }
}

/// What the value of a functional's body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FunctionalKind {
    /// The energy per electron of exchange and correlation, `functional f(n)`.
    #[default]
    Xc,
    /// The kinetic energy per electron, `kinetic functional t(n)`.
    Kinetic,
    /// The exchange-correlation potential itself, `potential functional v(n)`; with two densities that of spin up, and that of spin
    /// down is the body with the spins exchanged. It need not be the derivative of an energy.
    Potential,
}

impl FunctionalKind {
    /// The word before `functional`, if there is one.
    pub fn word(self) -> Option<&'static str> {
        match self {
            FunctionalKind::Xc => None,
            FunctionalKind::Kinetic => Some("kinetic"),
            FunctionalKind::Potential => Some("potential"),
        }
    }

    /// Whether it has an energy.
    pub fn has_energy(self) -> bool {
        self != FunctionalKind::Potential
    }
}

/// A traced body.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name in the script.
    pub name: String,
    /// The body; its inputs are the densities, fields of one channel.
    pub graph: Graph,
    /// The value of the body, an energy per electron or a potential: a field of one channel, or a number.
    pub value: NodeId,
    /// Of a potential functional of both spins, the value with the spins exchanged, if it is another one.
    pub exchanged: Option<NodeId>,
    /// Which densities it takes.
    pub density: Density,
    /// Whether the energy is averaged over exchange of up and down ([`Density::Spin`] only).
    pub flip_average: bool,
    /// What its body gives.
    pub kind: FunctionalKind,
    /// Whether the input after the densities is the energy density of exact exchange, a field.
    pub exchange: bool,
}

/// Why a body is not a functional.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// A shape mismatch.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// No derivative.
    #[error(transparent)]
    Differentiate(#[from] DifferentiateError),
}

/// What the input for exact exchange is called.
pub(super) const EXCHANGE: &str = "exact_exchange";

/// A functional with its potential. Plain data: `Send + Sync`.
///
/// Densities enter as n + 5e-31 (slope one), so that potentials at n = 0 are limits from the right.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Its name in the script.
    pub name: String,
    /// Body, energy and potential.
    pub graph: Graph,
    /// What the body gives, hartree: field. The energy per electron, or of a potential functional the potential.
    pub e: NodeId,
    /// Energy, hartree: h times the sum of n e; 0 for a potential functional, which has none.
    pub energy: NodeId,
    /// Potential of every input, hartree: the derivative of the energy with respect to n(x), (1/h) dE/dn_i; or what the body gives.
    pub potential: Vec<NodeId>,
    /// Which densities it takes.
    pub density: Density,
    /// Whether the energy is averaged over exchange of up and down.
    pub flip_average: bool,
    /// What its body gives.
    pub kind: FunctionalKind,
    /// Whether it depends on the energy density of exact exchange X(x), hartree/bohr (see `ks::exchange`): an input after the
    /// densities. The last output of `routine` is then g = dE/dX(x), a field.
    pub exchange: bool,
    pub(super) routine_energy: Arc<Routine>,
    pub(super) routine: Arc<Routine>,
    /// Plans for energy alone, and for energy and potential, of a closed shell: a functional of both spins takes half the density.
    pub(super) closed: [Arc<Routine>; 2],
}

impl Compiled {
    /// Appends energy and potential to a body.
    pub fn new(definition: Definition) -> Result<Self, CompileError> {
        let Definition { name, mut graph, value, exchanged, density, flip_average, kind, exchange } = definition;
        let inputs = graph.density_inputs(density);
        // Exact exchange may have dropped out, as in `0 * exact_exchange`.
        let exact_exchange = exchange.then(|| graph.input_node(inputs.len(), EXCHANGE));
        let exact_exchange = exact_exchange.filter(|input| graph.live(&[value])[input.0 as usize]);
        let exchange = exact_exchange.is_some();
        if !exchange {
            graph.inputs.truncate(inputs.len());
        }
        let span = graph.node(value).span;
        let found = graph.shape(value);
        if found != Shape::SCALAR && found != Shape::FIELD {
            let expected = Shape::FIELD;
            return Err(ShapeError::Unexpected { operation: "energy per electron".into(), expected, found }.into());
        }
        let e = graph.stretch(value, Shape::FIELD, span);
        let (energy, mut potential) = match kind.has_energy() {
            true => {
                let mut n = inputs[0];
                for &other in &inputs[1..] {
                    n = graph.binary(Binary::Add, n, other, span)?;
                }
                let local = graph.binary(Binary::Mul, n, e, span)?;
                let sum = graph.sum_grid(local, span)?;
                let variables: Vec<NodeId> = inputs.iter().copied().chain(exact_exchange).collect();
                let potential = gradient(&mut graph, sum, &variables)?;
                let h = graph.spacing(0, span);
                (graph.binary(Binary::Mul, h, sum, span)?, potential)
            }
            false => {
                let other = exchanged.map(|value| graph.stretch(value, Shape::FIELD, span)).unwrap_or(e);
                (graph.constant(0.0, span), [e, other][..inputs.len()].to_vec())
            }
        };
        let routine_energy = Arc::new(Routine::new(&graph, &[e, energy]));
        let outputs: Vec<NodeId> = [e, energy].into_iter().chain(potential.iter().copied()).collect();
        potential.truncate(inputs.len());
        let routine = Arc::new(Routine::new(&graph, &outputs));
        let closed = match density {
            Density::Total => [routine_energy.clone(), routine.clone()],
            Density::Spin => closed_routines(&graph, e, kind, exchange)?,
        };
        let flip_average = flip_average && density == Density::Spin && kind.has_energy();
        Ok(Self {
            name,
            graph,
            e,
            energy,
            potential,
            density,
            flip_average,
            kind,
            exchange,
            routine_energy,
            routine,
            closed,
        })
    }

    /// The initial flat parameter vector, drawn with `seed`.
    pub fn initial(&self, seed: u64) -> Vec<f64> {
        self.graph.initial(seed)
    }

    /// The names of the parameter arrays on which the value of the body does not depend.
    pub fn idle_parameters(&self) -> Vec<&str> {
        let read: Vec<usize> = self.routine_energy.parameters_read().collect();
        let idle = self.graph.params.iter().enumerate().filter(|(k, _)| !read.contains(k));
        idle.map(|(_, spec)| spec.name.as_str()).collect()
    }

    /// Length of the flat parameter vector.
    pub fn parameter_count(&self) -> usize {
        self.graph.parameter_count()
    }
}

/// Plans for a closed shell: e, E and, in the second, the potential v = (1/2) dE/dm of the density n = 2 m, or what the body gives, and g.
fn closed_routines(
    graph: &Graph,
    e: NodeId,
    kind: FunctionalKind,
    exchange: bool,
) -> Result<[Arc<Routine>; 2], CompileError> {
    let (mut graph, e) = closed_shell(graph, e);
    let (m, span) = (graph.input_node(0, "n"), graph.node(e).span);
    if !kind.has_energy() {
        let outputs = [e, graph.constant(0.0, span), e];
        return Ok([Routine::new(&graph, &outputs[..2]).into(), Routine::new(&graph, &outputs).into()]);
    }
    let exchanged = exchange.then(|| graph.input_node(1, EXCHANGE));
    let n = graph.scale(2.0, m, span);
    let local = graph.binary(Binary::Mul, n, e, span)?;
    let sum = graph.sum_grid(local, span)?;
    let variables: Vec<NodeId> = [m].into_iter().chain(exchanged).collect();
    let mut slopes = gradient(&mut graph, sum, &variables)?;
    slopes[0] = graph.scale(0.5, slopes[0], span);
    let h = graph.spacing(0, span);
    let energy = graph.binary(Binary::Mul, h, sum, span)?;
    let outputs: Vec<NodeId> = [e, energy].into_iter().chain(slopes).collect();
    Ok([Routine::new(&graph, &outputs[..2]).into(), Routine::new(&graph, &outputs).into()])
}

impl Graph {
    /// The nodes of the density inputs; missing ones are appended.
    fn density_inputs(&mut self, density: Density) -> Vec<NodeId> {
        let names = [["n", ""], ["n_up", "n_down"]][density.inputs() - 1];
        (0..density.inputs()).map(|index| self.input_node(index, names[index])).collect()
    }

    fn input_node(&mut self, index: usize, name: &str) -> NodeId {
        use crate::graph::Op;
        let known = self.nodes.iter().position(|node| node.op == Op::Input(index));
        match known {
            Some(position) => NodeId(position as u32),
            None => self.input(name, Shape::FIELD, Default::default()),
        }
    }
}

//! The terms of the energy: one per file, with its energy and what it adds to the Kohn-Sham potential. A new one needs
//! only a file and a line in [`TERMS`]: the names after the dot of a run, what losses see, text, JSON and the reference
//! page follow.

mod external;
mod hartree;
mod kinetic;
mod xc;

use super::occupation::Channel;
use crate::graph::{Binary, Graph, NodeId, ShapeError};
use crate::source::{SourceId, Span};

/// The terms, in the order in which they are added up.
pub(crate) const TERMS: &[&dyn Term] = &[&kinetic::Kinetic, &hartree::Hartree, &xc::Xc, &external::External];

/// Formulas of the loop are not in a script.
pub(super) const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// A term of the energy.
pub(crate) trait Term: Sync {
    /// What it is called after the dot of a run and in losses.
    fn name(&self) -> &'static str;

    /// What it is, in a phrase.
    fn about(&self) -> &'static str;

    /// Whether it is what the functional gives, and none of the classical or known terms.
    fn of_functional(&self) -> bool {
        false
    }

    /// Its energy at the output of an iteration, a number, hartree.
    ///
    /// # Errors
    /// None that a user can cause; the same holds for [`Term::potential`].
    fn energy(&self, graph: &mut Graph, output: &Output) -> Result<NodeId, ShapeError>;

    /// What it adds to the potential at the input of an iteration.
    fn potential(&self, graph: &mut Graph, input: &Input) -> Result<Potential, ShapeError>;
}

/// What an iteration begins with, as nodes: fields, hartree or 1/bohr.
pub(crate) struct Input {
    /// The external potential.
    pub external: NodeId,
    /// The density of both spins.
    pub total: NodeId,
    /// What the functional gives at it: the derivative of its energy, of every channel.
    pub functional: Vec<NodeId>,
}

/// What an iteration ends with, as nodes.
pub(crate) struct Output {
    /// The external potential, a field.
    pub external: NodeId,
    /// The density of both spins.
    pub total: NodeId,
    /// What the functional gives at it: its energy, a number.
    pub functional: NodeId,
    /// Every channel of the spin axis.
    pub channels: Vec<ChannelNodes>,
}

/// A channel at the end of an iteration.
pub(crate) struct ChannelNodes {
    /// How it is filled.
    pub channel: Channel,
    /// Its density, a field.
    pub density: NodeId,
    /// The potential in which its orbitals were found, a field.
    pub potential: NodeId,
    /// Its levels, a vector.
    pub levels: NodeId,
}

/// What a term adds to the potential: its operator is a local one.
pub(crate) enum Potential {
    /// Nothing: it is in the Hamiltonian already.
    Nothing,
    /// The same for both spins.
    Shared(NodeId),
    /// One of every channel.
    OfChannels(Vec<NodeId>),
}

/// Where a term is in [`TERMS`].
pub(super) fn position(name: &str) -> Option<usize> {
    TERMS.iter().position(|term| term.name() == name)
}

/// The integral of a product of fields.
fn overlap(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId, ShapeError> {
    let product = graph.binary(Binary::Mul, a, b, NOWHERE)?;
    graph.integral(product, NOWHERE)
}

//! The energy in the external potential: that of the nuclei and any further one of the system.

use super::{Input, Output, Potential, Term, overlap};
use crate::graph::{Graph, NodeId, ShapeError};

/// The integral of v n.
pub(super) struct External;

impl Term for External {
    fn name(&self) -> &'static str {
        "external_energy"
    }

    fn about(&self) -> &'static str {
        "the energy in the external potential"
    }

    fn energy(&self, graph: &mut Graph, output: &Output) -> Result<NodeId, ShapeError> {
        overlap(graph, output.external, output.total)
    }

    fn potential(&self, _: &mut Graph, input: &Input) -> Result<Potential, ShapeError> {
        Ok(Potential::Shared(input.external))
    }
}

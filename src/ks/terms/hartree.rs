//! E_H, the classical repulsion of the density.

use super::{Input, NOWHERE, Output, Potential, Term, overlap};
use crate::graph::{Graph, NodeId, ShapeError};

/// E_H = 1/2 integral v_H n, with v_H(x) = integral w(x - x') n(x').
pub(super) struct Hartree;

impl Term for Hartree {
    fn name(&self) -> &'static str {
        "hartree_energy"
    }

    fn about(&self) -> &'static str {
        "the classical repulsion of the density"
    }

    fn energy(&self, graph: &mut Graph, output: &Output) -> Result<NodeId, ShapeError> {
        let field = graph.hartree(output.total, NOWHERE)?;
        let repulsion = overlap(graph, field, output.total)?;
        Ok(graph.scale(0.5, repulsion, NOWHERE))
    }

    fn potential(&self, graph: &mut Graph, input: &Input) -> Result<Potential, ShapeError> {
        graph.hartree(input.total, NOWHERE).map(Potential::Shared)
    }
}

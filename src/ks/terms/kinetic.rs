//! T_s, the kinetic energy of the Kohn-Sham electrons: the levels without what the potential gives.

use super::{Input, NOWHERE, Output, Potential, Term, overlap};
use crate::graph::{Binary, Graph, NodeId, ShapeError};

/// T_s = sum f eps - integral v_s n.
pub(super) struct Kinetic;

impl Term for Kinetic {
    fn name(&self) -> &'static str {
        "kinetic_energy"
    }

    fn about(&self) -> &'static str {
        "the kinetic energy of the Kohn-Sham electrons"
    }

    fn energy(&self, graph: &mut Graph, output: &Output) -> Result<NodeId, ShapeError> {
        let mut kinetic = graph.constant(0.0, NOWHERE);
        for filled in &output.channels {
            let channel = filled.channel;
            let occupations: Vec<f64> =
                (0..channel.levels.max(1)).map(|k| if k < channel.occupied { channel.filling } else { 0.0 }).collect();
            let occupations = graph.vector(&occupations, NOWHERE);
            let bands = graph.binary(Binary::Mul, occupations, filled.levels, NOWHERE)?;
            let bands = graph.sum_channels(bands, NOWHERE);
            let effective = overlap(graph, filled.potential, filled.density)?;
            kinetic = graph.binary(Binary::Add, kinetic, bands, NOWHERE)?;
            kinetic = graph.binary(Binary::Sub, kinetic, effective, NOWHERE)?;
        }
        Ok(kinetic)
    }

    /// -1/2 d²/dx² is not a potential.
    fn potential(&self, _: &mut Graph, _: &Input) -> Result<Potential, ShapeError> {
        Ok(Potential::Nothing)
    }
}

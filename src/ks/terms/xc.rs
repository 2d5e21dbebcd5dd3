//! E_xc, what the functional gives.

use super::{Input, Output, Potential, Term};
use crate::graph::{Graph, NodeId, ShapeError};

/// E_xc and its derivative: `functional` evaluates both.
pub(super) struct Xc;

impl Term for Xc {
    fn name(&self) -> &'static str {
        "xc_energy"
    }

    fn about(&self) -> &'static str {
        "the exchange-correlation energy"
    }

    fn of_functional(&self) -> bool {
        true
    }

    fn energy(&self, _: &mut Graph, output: &Output) -> Result<NodeId, ShapeError> {
        Ok(output.functional)
    }

    fn potential(&self, _: &mut Graph, input: &Input) -> Result<Potential, ShapeError> {
        Ok(Potential::OfChannels(input.functional.clone()))
    }
}

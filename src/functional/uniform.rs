//! The energy per electron at densities given as plain numbers: that of fields which have these values everywhere.

use super::compiled::Compiled;
use super::xc::{At, LoweredXc};
use crate::graph::{LowerError, Node, Op};
use crate::model::{Grid, Interaction};
use crate::tensor::{Cpu, NoneTape, Value};
use std::sync::Arc;

impl Compiled {
    /// Whether the energy per electron at a point follows from the density there, without parameters.
    pub fn is_local(&self) -> bool {
        let live = self.graph.live(&[self.e]);
        !self.exchange && self.graph.nodes.iter().zip(live).filter(|(_, live)| *live).all(|(node, _)| local(node))
    }

    /// The energy per electron, hartree, of a functional that [is local](Self::is_local), at one density per input, 1/bohr. At a
    /// density of 0 it is the limit from the right, as for fields.
    ///
    /// # Errors
    /// The functional is not local; a wrong number of densities.
    pub fn at_numbers(self: &Arc<Self>, densities: &[f64]) -> Result<f64, LowerError> {
        let device = Cpu::default();
        let lowered = LoweredXc::new(self, &Grid::centred(1, 1.0), &Interaction::None)?;
        let (bound, tape) = lowered.bind(&lowered.parameters(&device, &[])?, NoneTape)?;
        let one = |&n: &f64| Value::constant(&device, (1, 1, 1), vec![n]);
        let densities = densities.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        let densities: Vec<&Value<Cpu>> = densities.iter().collect();
        let (xc, _) = lowered.energy(&bound, &At::densities(&densities), tape)?;
        Ok(xc.e.first())
    }
}

fn local(node: &Node) -> bool {
    match node.op {
        Op::Input(_) | Op::Unary(_) | Op::Binary(_) | Op::Where | Op::Broadcast => true,
        Op::SumChannels | Op::MaxChannels | Op::Concat | Op::Channels { .. } | Op::ChannelsT { .. } => true,
        Op::Const(_) => node.shape.grid.is_none(),
        Op::Param(_) | Op::Spacing | Op::Points(_) | Op::SumGrid | Op::MaxGrid => false,
        Op::Map(_) | Op::MapT(_) | Op::Hartree | Op::ExpConv | Op::ExpConvT => false,
        Op::Conv { .. } | Op::ConvT { .. } | Op::FlipWeight { .. } | Op::MergeWeight { .. } => false,
    }
}

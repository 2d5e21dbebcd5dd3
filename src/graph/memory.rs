//! How much memory the tape of one evaluation keeps for the backward pass.

use super::nodes::{Op, Shape};
use super::plan::{Operand, Plan, Step};
use std::collections::BTreeSet;

impl Plan {
    /// Bytes that the tape of one evaluation keeps, on a grid of `points` points and for a batch of `batch` densities:
    /// operands of elementwise programs and inputs of convolutions. What depends only on the parameters is kept once for
    /// all evaluations and does not count.
    pub fn tape_bytes(&self, points: usize, batch: usize) -> usize {
        let size = |shape: Shape| (0..shape.grid.unwrap_or(0)).fold(points, |n, _| n.div_ceil(2)) * shape.channels;
        let source = |index: usize| self.nodes[index].inputs.first().map(|input| input.0 as usize).into_iter();
        let mut kept = BTreeSet::new();
        for step in &self.steps {
            match step {
                Step::Fused { operands, .. } => {
                    for operand in operands {
                        match *operand {
                            Operand::Node(index) => kept.extend([index]),
                            Operand::Convolved(index) => kept.extend(source(index).chain([index])),
                        }
                    }
                }
                Step::Single(index) if keeps_argument(&self.nodes[*index].op) => kept.extend(source(*index)),
                Step::Single(_) => {}
            }
        }
        let of_grid = |index: &usize| !self.fixed[*index] && self.nodes[*index].shape.grid.is_some();
        let values: usize = kept.iter().filter(|i| of_grid(i)).map(|&i| size(self.nodes[i].shape)).sum();
        8 * batch * values
    }
}

/// Whether the backward pass of an operation, on its own, needs the field that it was applied to.
fn keeps_argument(op: &Op) -> bool {
    match op {
        Op::Conv { .. } | Op::ConvT { .. } | Op::ExpConv | Op::ExpConvT => true,
        Op::Input(_) | Op::Param(_) | Op::Const(_) | Op::Spacing | Op::Points(_) => false,
        // Programs keep their operands, which are counted with them.
        Op::Unary(_) | Op::Binary(_) | Op::Where | Op::Broadcast => false,
        // The position of the largest value is one number per channel.
        Op::SumGrid | Op::SumChannels | Op::MaxGrid => false,
        Op::Concat | Op::Channels { .. } | Op::ChannelsT { .. } => false,
        Op::Map(_) | Op::MapT(_) | Op::Hartree => false,
        Op::FlipWeight { .. } | Op::MergeWeight { .. } => false,
    }
}

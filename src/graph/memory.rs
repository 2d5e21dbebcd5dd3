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
                Step::Single(index) => {
                    if let Op::Conv { .. } | Op::ConvT { .. } | Op::ExpConv | Op::ExpConvT = self.nodes[*index].op {
                        kept.extend(source(*index));
                    }
                }
            }
        }
        let of_grid = |index: &usize| !self.fixed[*index] && self.nodes[*index].shape.grid.is_some();
        let values: usize = kept.iter().filter(|i| of_grid(i)).map(|&i| size(self.nodes[i].shape)).sum();
        8 * batch * values
    }
}

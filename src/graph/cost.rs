//! What a routine costs, counted from its nodes: floating-point operations, to compare with the time, and the memory that its
//! tape keeps for the backward pass.
//!
//! A product, a sum and an elementary function count as one each. Moving numbers does not count, nor does what depends only on
//! the parameters, which is done once per tape.

use super::nodes::{Node, Op};
use super::routine::{Reading, Routine, RoutineStep};
use super::shapes::Shape;
use crate::tensor::program::{Instruction, Program};
use std::collections::BTreeSet;
use std::ops::Add;

/// Operations for one number and one exponential kernel: the recursions from left and right, and their sum with its factor.
const RECURSION: u64 = 6;
/// The same summed over kernels: every kernel's recursion has its factor and its sum on both sides.
const GATHERED: u64 = 8;
/// The slope with respect to a kernel's width, per number: sum and moment from both sides.
const SLOPE: u64 = 18;

/// Floating-point operations of one evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Those of the evaluation.
    pub forward: u64,
    /// Those of the backward pass, to densities and parameters.
    pub backward: u64,
}

impl Operations {
    /// Those of the evaluation and the backward pass.
    pub fn total(self) -> u64 {
        self.forward + self.backward
    }

    /// The same `count` times.
    pub fn times(self, count: u64) -> Self {
        Self { forward: count * self.forward, backward: count * self.backward }
    }
}

impl Add for Operations {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { forward: self.forward + other.forward, backward: self.backward + other.backward }
    }
}

impl Routine {
    /// Operations of one evaluation on a grid of `points` points, for a batch of `batch` inputs. A Hartree potential counts as
    /// the recursion for an exponential interaction.
    pub fn operations(&self, points: usize, batch: usize) -> Operations {
        let numbers = |shape: Shape| {
            let level = shape.grid.map_or(1, |level| (0..level).fold(points, |points, _| points.div_ceil(2)));
            (batch * level * shape.channels) as u64
        };
        let one = |index: usize| {
            let node = &self.nodes[index];
            let source = node.inputs.first().map_or(node.shape, |input| self.nodes[input.0 as usize].shape);
            single(node, numbers(node.shape), numbers(source))
        };
        let cost = |step: &RoutineStep| match step {
            RoutineStep::Single(index) => one(*index),
            RoutineStep::Fused { program, operands, shape, .. } => {
                let made = operands.iter().map(|operand| match operand {
                    Reading::Node(_) => Operations::default(),
                    Reading::Convolved(index) => one(*index),
                });
                made.fold(elementwise(program).times(numbers(*shape)), Add::add)
            }
        };
        self.steps.iter().map(cost).fold(Operations::default(), Add::add)
    }

    /// Bytes that the tape of one evaluation keeps, on a grid of `points` points and for a batch of `batch` densities:
    /// operands of elementwise programs and inputs of convolutions. What depends only on the parameters is kept once for
    /// all evaluations and does not count.
    pub fn tape_bytes(&self, points: usize, batch: usize) -> usize {
        let size = |shape: Shape| (0..shape.grid.unwrap_or(0)).fold(points, |n, _| n.div_ceil(2)) * shape.channels;
        let source = |index: usize| self.nodes[index].inputs.first().map(|input| input.0 as usize).into_iter();
        let mut kept = BTreeSet::new();
        for step in &self.steps {
            match step {
                RoutineStep::Fused { operands, .. } => {
                    for operand in operands {
                        match *operand {
                            Reading::Node(index) => kept.extend([index]),
                            Reading::Convolved(index) => kept.extend(source(index).chain([index])),
                        }
                    }
                }
                RoutineStep::Single(index) if keeps_argument(&self.nodes[*index].op) => kept.extend(source(*index)),
                RoutineStep::Single(_) => {}
            }
        }
        let of_grid = |index: &usize| !self.fixed[*index] && self.nodes[*index].shape.grid.is_some();
        let values: usize = kept.iter().filter(|i| of_grid(i)).map(|&i| size(self.nodes[i].shape)).sum();
        8 * batch * values
    }
}

/// Those of a node that calculates `out` numbers from `source` numbers.
fn single(node: &Node, out: u64, source: u64) -> Operations {
    let both = |count: u64| Operations { forward: count, backward: count };
    match &node.op {
        // A row of the window times a column of the weight; backward, the transposes for both.
        Op::Conv { width, input, output: _ } => {
            let forward = 2 * (width * input) as u64 * out;
            Operations { forward, backward: 2 * forward }
        }
        Op::ConvT { width, output, input: _ } => {
            let forward = 2 * (width * output) as u64 * out;
            Operations { forward, backward: 2 * forward }
        }
        Op::ExpConv => Operations { forward: RECURSION * out, backward: (GATHERED + SLOPE) * out },
        Op::ExpConvT => Operations { forward: GATHERED * source, backward: (RECURSION + SLOPE) * source },
        Op::Hartree => both(RECURSION * out),
        Op::SumGrid | Op::SumChannels | Op::MaxGrid | Op::MaxChannels => both(source),
        Op::Map(map) => both(map.operations()[0] * out),
        Op::MapT(map) => both(map.operations()[1] * out),
        // Known, moved, or of parameters alone.
        Op::Input(_) | Op::Param(_) | Op::Const(_) | Op::Spacing | Op::Points(_) => Operations::default(),
        Op::Concat | Op::Channels { .. } | Op::ChannelsT { .. } => Operations::default(),
        Op::FlipWeight { .. } | Op::MergeWeight { .. } => Operations::default(),
        // Counted with their program.
        Op::Unary(_) | Op::Binary(_) | Op::Where | Op::Broadcast => Operations::default(),
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
        Op::SumGrid | Op::SumChannels | Op::MaxGrid | Op::MaxChannels => false,
        Op::Concat | Op::Channels { .. } | Op::ChannelsT { .. } => false,
        Op::Map(_) | Op::MapT(_) | Op::Hartree => false,
        Op::FlipWeight { .. } | Op::MergeWeight { .. } => false,
    }
}

/// Those of a program for one number. In the backward pass every argument takes a product and a sum; recomputed values do not
/// count.
fn elementwise(program: &Program) -> Operations {
    let arguments = |instruction: &Instruction| match instruction {
        Instruction::Load(_) | Instruction::Number(_) => 0,
        Instruction::Unary(..) => 1,
        Instruction::Binary(..) | Instruction::Where(..) => 2,
    };
    let forward = program.instructions.iter().filter(|i| arguments(i) > 0).count() as u64;
    let arguments: u64 = program.instructions.iter().map(arguments).sum();
    Operations { forward, backward: 2 * arguments }
}

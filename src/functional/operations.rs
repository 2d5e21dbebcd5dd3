//! How many floating-point operations a plan takes, counted from its nodes: what a time is to be held against.
//!
//! A product and a sum count one each, and so does an elementary function. What moves numbers counts nothing, nor does
//! what depends on the parameters alone, which is done once a tape.

use super::compiled::{Compiled, Density};
use super::fuse::{Operand, Plan, Step};
use super::graph::{Node, Op, Shape};
use crate::tensor::elementwise::{Instruction, Program};
use std::ops::Add;

/// Recursions of a number through one exponential kernel: there, back, and their sum with its factor.
const RECURSION: u64 = 6;
/// The same summed over the kernels: every kernel's recursion has its factor and its sum at both sides.
const GATHERED: u64 = 8;
/// The slope in a kernel's width, of a number: sum and moment from both sides.
const SLOPE: u64 = 18;

/// Floating-point operations of one evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Of the evaluation.
    pub forward: u64,
    /// Of the way back through it, to densities and parameters.
    pub backward: u64,
}

impl Operations {
    /// Of the evaluation and the way back.
    pub fn total(self) -> u64 {
        self.forward + self.backward
    }

    /// The same so many times.
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

impl Plan {
    /// Operations of one evaluation on a grid of so many points, of `batch` inputs side by side. A Hartree potential counts as
    /// the recursion of an exponential interaction.
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
        let cost = |step: &Step| match step {
            Step::Single(index) => one(*index),
            Step::Fused { program, operands, shape, .. } => {
                let made = operands.iter().map(|operand| match operand {
                    Operand::Node(_) => Operations::default(),
                    Operand::Convolved(index) => one(*index),
                });
                made.fold(elementwise(program).times(numbers(*shape)), Add::add)
            }
        };
        self.steps.iter().map(cost).fold(Operations::default(), Add::add)
    }
}

/// Of a node that gives so many numbers from so many.
fn single(node: &Node, out: u64, source: u64) -> Operations {
    let both = |count: u64| Operations { forward: count, backward: count };
    match &node.op {
        // A row of the window with a column of the weight; back, the transposes to both of them.
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
        Op::SumGrid | Op::SumChannels | Op::MaxGrid => both(source),
        // Two or three neighbours each.
        Op::Grad | Op::GradT => both(2 * out),
        Op::Laplacian | Op::LaplacianT => both(5 * out),
        Op::Downsample | Op::UpsampleT => both(5 * out),
        Op::Upsample | Op::DownsampleT => both(2 * out),
        _ => Operations::default(),
    }
}

/// Of a program at one number. On the way back every argument takes a product and a sum; values that are found again count nothing.
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

impl Compiled {
    /// Operations of the energy alone, and of energy and potential, at one density of a closed shell or at those of both spins.
    pub fn operations(&self, points: usize, closed: bool) -> [Operations; 2] {
        let [energy, full] = match closed {
            true => &self.closed,
            false => &[self.plan_energy.clone(), self.plan.clone()],
        };
        let exchanged = self.flip_average && self.density == Density::Spin && !closed;
        let batch = if exchanged { 2 } else { 1 };
        [energy.operations(points, batch), full.operations(points, batch)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::compiled::Definition;
    use super::super::graph::{Graph, Init, ParamSpec};
    use super::*;
    use crate::source::Span;

    /// Two convolutions, 1 to 2 channels over three points and 2 to 1 at one.
    fn network(density: Density) -> Compiled {
        let (mut g, s) = (Graph::new(), Span::default());
        let weight = |g: &mut Graph, shape: [usize; 3]| {
            let name = format!("w{}", g.params.len());
            g.param(ParamSpec { name, shape: shape.to_vec(), init: Init::Values(vec![0.5]), bounds: None, span: s })
        };
        let names = ["n_up", "n_down"];
        let inputs: Vec<_> = (0..density.inputs()).map(|i| g.input(names[i], Shape::FIELD, s)).collect();
        let x = g.concat(&inputs, s).unwrap();
        let first = weight(&mut g, [3, density.inputs(), 2]);
        let x = g.conv(x, first, 3, 2, s).unwrap();
        let last = weight(&mut g, [1, 2, 1]);
        let e = g.conv(x, last, 1, 1, s).unwrap();
        Compiled::new(Definition {
            name: "network".into(),
            graph: g,
            energy_per_electron: e,
            density,
            flip_average: density == Density::Spin,
            kinetic: false,
            made_for: None,
        })
        .unwrap()
    }

    #[test]
    fn a_network_counted_by_hand() {
        let n = 11;
        let [energy, full] = network(Density::Total).operations(n as usize, false);
        // Layers of 2 * 3 * 1 * 2 and 2 * 1 * 2 * 1, n e, its sum, and h times that; back, each matrix product twice, and two
        // products and two sums of a product.
        let layers = (12 + 4) * n;
        assert_eq!(energy, Operations { forward: layers + n + n + 1, backward: 2 * layers + 4 * n + n + 4 });
        // n goes back through both layers, and e is added.
        let forward = energy.forward + layers + n;
        let backward = energy.backward + 2 * layers + 4 * n;
        assert_eq!(full, Operations { forward, backward });
    }

    #[test]
    fn spins_are_averaged_over_their_exchange_in_a_batch_of_two() {
        let f = network(Density::Spin);
        let [open, closed] = [false, true].map(|closed| f.operations(11, closed)[1]);
        assert_eq!(open, f.plan.operations(11, 2));
        assert!(open.total() > 2 * closed.total() && closed.total() > 0);
        assert_eq!(open.times(3).forward, 3 * open.forward);
    }
}

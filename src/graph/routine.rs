//! The routine of a graph: the nodes that the outputs need, without repetitions, with chains of elementwise operations
//! fused into programs, in an order of evaluation. Made once, run on any grid and device.
//!
//! Every operation that is not elementwise starts a new stage; elementwise nodes of one stage and shape become one
//! program, with the convolutions of that stage and shape that it reads. Within a stage the smaller shapes come first, as
//! broadcasting only makes shapes larger.

use super::identity::Identity;
use super::nodes::{Graph, Node, NodeId, Op, Pointwise};
use super::shapes::Shape;
use crate::tensor::program::{Instruction, Program};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// One step of a routine; numbers are positions in [`Routine::nodes`].
#[derive(Clone, Debug)]
pub enum RoutineStep {
    /// A node that is not elementwise.
    Single(usize),
    /// A fused program.
    Fused {
        /// The program to run.
        program: Arc<Program>,
        /// Its operands: nodes, or convolutions that are made on the fly.
        operands: Vec<Reading>,
        /// The nodes of its results.
        results: Vec<usize>,
        /// Shape of the results.
        shape: Shape,
    },
}

/// What a fused program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A node.
    Node(usize),
    /// A convolution ([`Op::Conv`] or [`Op::ConvT`]) that is not made by an earlier step.
    Convolved(usize),
}

/// A graph, ready to run.
#[derive(Clone, Debug)]
pub struct Routine {
    /// The nodes needed; the inputs of a node come before it.
    pub(super) nodes: Vec<Node>,
    /// For every node, whether it does not depend on the inputs.
    pub(super) fixed: Vec<bool>,
    /// Steps that do not depend on the inputs, run once per tape.
    pub(super) prelude: Vec<RoutineStep>,
    /// The others, run for every evaluation.
    pub(super) steps: Vec<RoutineStep>,
    /// The nodes of the outputs.
    pub(super) outputs: Vec<usize>,
    /// The range of each parameter in the flat vector.
    pub(super) parameters: Vec<Range<usize>>,
    /// Shapes of the inputs.
    pub(super) inputs: Vec<Shape>,
}

impl Routine {
    /// Plans the evaluation of `outputs`.
    pub fn new(graph: &Graph, outputs: &[NodeId]) -> Self {
        let (nodes, outputs) = compact(graph, outputs);
        let mut fixed: Vec<bool> = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let moves = matches!(node.op, Op::Input(_)) || node.inputs.iter().any(|i| !fixed[i.0 as usize]);
            fixed.push(!moves);
        }
        let mut routine = Routine {
            nodes,
            fixed,
            prelude: Vec::new(),
            steps: Vec::new(),
            outputs,
            parameters: graph.parameter_ranges(),
            inputs: graph.inputs.iter().map(|input| input.shape).collect(),
        };
        let stages = routine.stages();
        let used = routine.used_elsewhere(&stages);
        let groups = routine.groups(&stages);
        let made = routine.made_on_the_fly(&groups);
        for (key, members) in groups {
            let step = match members[..] {
                [node] if made.values().any(|made| made.contains(&node)) => continue,
                [node] if !routine.nodes[node].op.elementwise() => RoutineStep::Single(node),
                _ => routine.fuse(&members, &used, made.get(&key).map_or(&[], |made| &made[..]), key.shape()),
            };
            if key.fixed { routine.prelude.push(step) } else { routine.steps.push(step) }
        }
        routine
    }

    /// The numbers of the parameter arrays that it reads.
    pub fn parameters_read(&self) -> impl Iterator<Item = usize> {
        self.nodes.iter().filter_map(|node| match node.op {
            Op::Param(index) => Some(index),
            _ => None,
        })
    }

    /// Length of the flat parameter vector.
    pub fn parameter_count(&self) -> usize {
        self.parameters.last().map_or(0, |range| range.end)
    }

    fn stages(&self) -> Vec<usize> {
        let mut stages: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let before = node.inputs.iter().map(|i| stages[i.0 as usize]).max();
            stages.push(match before {
                None => 0,
                Some(stage) => stage + usize::from(!node.op.elementwise()),
            });
        }
        stages
    }

    /// Steps in order, as groups of nodes.
    fn groups(&self, stages: &[usize]) -> BTreeMap<Key, Vec<usize>> {
        let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let single = !node.op.elementwise();
            let key = Key {
                stage: stages[index],
                elementwise: !single,
                grid: node.shape.grid,
                channels: node.shape.channels,
                fixed: self.fixed[index],
                node: if single { index } else { 0 },
            };
            groups.entry(key).or_default().push(index);
        }
        groups
    }

    /// Elementwise nodes that other steps or the outputs need.
    fn used_elsewhere(&self, stages: &[usize]) -> Vec<bool> {
        let mut used = vec![false; self.nodes.len()];
        let group = |i: usize| (stages[i], self.nodes[i].shape, self.fixed[i]);
        for (index, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                let input = input.0 as usize;
                used[input] |= !node.op.elementwise() || group(input) != group(index);
            }
        }
        for &output in &self.outputs {
            used[output] = true;
        }
        used
    }

    /// Convolutions that a program of their own stage and shape reads, by the program that makes them on the fly.
    fn made_on_the_fly(&self, groups: &BTreeMap<Key, Vec<usize>>) -> BTreeMap<Key, Vec<usize>> {
        let mut made: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (key, members) in groups.iter().filter(|(key, _)| !key.elementwise) {
            let program = Key { elementwise: true, node: 0, ..*key };
            let reads = |node: usize| {
                let members = groups.get(&program).into_iter().flatten();
                members.flat_map(|&member| &self.nodes[member].inputs).any(|input| input.0 as usize == node)
            };
            for &node in members.iter().filter(|&&node| self.nodes[node].op.convolution().is_some() && reads(node)) {
                made.entry(program).or_default().push(node);
            }
        }
        made
    }

    fn number(&self, index: usize) -> Option<f64> {
        match &self.nodes[index].op {
            Op::Const(values) if self.nodes[index].shape == Shape::SCALAR => values.first().copied(),
            _ => None,
        }
    }

    fn fuse(&self, members: &[usize], used: &[bool], made: &[usize], shape: Shape) -> RoutineStep {
        let mut builder =
            Builder { routine: self, made, registers: BTreeMap::new(), program: Program::default(), operands: vec![] };
        for &member in members {
            builder.add(member);
        }
        let results: Vec<usize> = members.iter().chain(made).copied().filter(|&node| used[node]).collect();
        builder.program.results = results.iter().map(|result| builder.registers[result]).collect();
        builder.program.operands = builder.operands.len();
        RoutineStep::Fused { program: builder.program.into(), operands: builder.operands, results, shape }
    }
}

/// The position of a group in the order of evaluation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    stage: usize,
    elementwise: bool,
    grid: Option<u8>,
    channels: usize,
    fixed: bool,
    node: usize,
}

impl Key {
    fn shape(self) -> Shape {
        Shape { grid: self.grid, channels: self.channels }
    }
}

struct Builder<'a> {
    routine: &'a Routine,
    /// Convolutions that it makes on the fly.
    made: &'a [usize],
    registers: BTreeMap<usize, usize>,
    program: Program,
    operands: Vec<Reading>,
}

impl Builder<'_> {
    fn push(&mut self, node: usize, instruction: Instruction) -> usize {
        self.program.instructions.push(instruction);
        self.registers.insert(node, self.program.instructions.len() - 1);
        self.program.instructions.len() - 1
    }

    /// The register of a node: its own, that of a number, or that of a new operand.
    fn register(&mut self, node: usize) -> usize {
        if let Some(&register) = self.registers.get(&node) {
            return register;
        }
        match self.routine.number(node) {
            Some(value) => self.push(node, Instruction::Number(value)),
            None => {
                self.operands.push(if self.made.contains(&node) {
                    Reading::Convolved(node)
                } else {
                    Reading::Node(node)
                });
                self.push(node, Instruction::Load(self.operands.len() - 1))
            }
        }
    }

    fn add(&mut self, member: usize) {
        let node = &self.routine.nodes[member];
        let r: Vec<usize> = node.inputs.iter().map(|input| self.register(input.0 as usize)).collect();
        let argument = |k: usize| r.get(k).copied().unwrap_or(0);
        match node.op.pointwise() {
            Some(Pointwise::Unary(f)) => self.push(member, Instruction::Unary(f, argument(0))),
            Some(Pointwise::Binary(f)) => self.push(member, Instruction::Binary(f, argument(0), argument(1))),
            Some(Pointwise::Where) => self.push(member, Instruction::Where(argument(0), argument(1), argument(2))),
            // Loading has broadcast it already.
            Some(Pointwise::Broadcast) | None => {
                self.registers.insert(member, argument(0));
                argument(0)
            }
        };
    }
}

/// The nodes that `outputs` need, each once, and the indices of the outputs among them.
fn compact(graph: &Graph, outputs: &[NodeId]) -> (Vec<Node>, Vec<usize>) {
    let live = graph.live(outputs);
    let mut fresh = Fresh::default();
    let mut place: Vec<NodeId> = Vec::with_capacity(live.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        if !live[index] {
            place.push(NodeId(0));
            continue;
        }
        let mut inputs: Vec<NodeId> = node.inputs.iter().map(|input| place[input.0 as usize]).collect();
        if let (Op::ConvT { width, input, output }, [_, weight]) = (&node.op, &mut inputs[..]) {
            let (width, input, output) = (*width, *input, *output);
            let shape = fresh.nodes[weight.0 as usize].shape;
            *weight = fresh.insert(Node {
                op: Op::FlipWeight { width, input, output },
                inputs: vec![*weight],
                shape,
                span: node.span,
            });
        }
        place.push(fresh.insert(Node { op: node.op.clone(), inputs, shape: node.shape, span: node.span }));
    }
    let outputs = outputs.iter().map(|output| place[output.0 as usize].0 as usize).collect();
    (fresh.nodes, outputs)
}

/// Nodes without repetitions.
#[derive(Default)]
pub(crate) struct Fresh {
    nodes: Vec<Node>,
    known: BTreeMap<(Identity, Vec<NodeId>, Shape), NodeId>,
}

impl Fresh {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    pub(crate) fn insert(&mut self, node: Node) -> NodeId {
        let key = (node.op.identity(), node.inputs.clone(), node.shape);
        let next = NodeId(self.nodes.len() as u32);
        let id = *self.known.entry(key).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }
}

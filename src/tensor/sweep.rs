//! Elementwise programs at work: block by block of rows, so that what a step leaves for the next stays in the cache. What
//! lies in memory as the result does is read where it lies; only other registers have scratch.

use super::backend::{Dims, count};
use super::cotangent::{Cotangent, add};
use super::elementwise::{Instruction, Program};
use super::scalar::{Binary, Known};
use super::scratch::with_scratch;
use super::vector::vectorised;
use std::sync::Arc;

/// Numbers in a block, about: a few dozen registers of it stay in the cache.
const BLOCK: usize = 256;

/// How an operand is laid out over the result's points and channels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stride {
    batch: usize,
    point: usize,
    channel: usize,
    /// Whether its blocks lie in memory as those of the result.
    whole: bool,
}

/// Rows of one batch entry.
#[derive(Clone, Copy)]
struct Block {
    batch: usize,
    row: usize,
    rows: usize,
    channels: usize,
}

impl Block {
    fn len(self) -> usize {
        self.rows * self.channels
    }
}

impl Stride {
    fn of((batch, points, channels): Dims, result: Dims) -> Self {
        Stride {
            batch: if batch == 1 { 0 } else { points * channels },
            point: if points == 1 { 0 } else { channels },
            channel: usize::from(channels != 1),
            whole: (points, channels) == (result.1, result.2),
        }
    }

    fn start(self, block: Block) -> usize {
        block.batch * self.batch + block.row * self.point
    }

    /// Stretches a block of an operand that is not whole.
    #[inline(always)]
    fn load(self, source: &[f64], block: Block, into: &mut [f64]) {
        let source = &source[self.start(block)..];
        match (self.point, self.channel) {
            (0, 0) => into.fill(source[0]),
            (0, _) => {
                into.chunks_exact_mut(block.channels).for_each(|row| row.copy_from_slice(&source[..block.channels]));
            }
            _ => into.chunks_exact_mut(block.channels).zip(source).for_each(|(row, &x)| row.fill(x)),
        }
    }

    /// Adds a block of cotangents to those of the operand.
    #[inline(always)]
    fn add(self, part: &[f64], block: Block, into: &mut [f64]) {
        let (into, channels) = (&mut into[self.start(block)..], block.channels);
        match (self.point, self.channel) {
            _ if self.whole => add(into, part),
            (0, 0) => into[0] += part.iter().sum::<f64>(),
            (0, _) => part.chunks_exact(channels).for_each(|row| add(into, row)),
            _ => {
                let sums = part.chunks_exact(channels).map(|row| row.iter().sum::<f64>());
                into.iter_mut().zip(sums).for_each(|(sum, x)| *sum += x);
            }
        }
    }
}

/// A program bound to shapes.
pub(super) struct Sweep {
    program: Arc<Program>,
    /// Of the operands, then of the results.
    strides: Vec<Stride>,
    dims: Dims,
    /// Rows in a block.
    rows: usize,
    /// Which registers a gradient passes through.
    active: Vec<bool>,
}

/// Where the registers are, and which steps fill those in the scratch.
struct Fill {
    /// The array (an operand, or after these a result) in which a register is read in place.
    arrays: Vec<Option<usize>>,
    steps: Vec<usize>,
}

/// One contribution to an adjoint: that of register `from` passed to the argument `position` of its instruction.
#[derive(Clone, Copy)]
struct Part {
    from: usize,
    to: usize,
    position: usize,
    /// Whether it is the first.
    fresh: bool,
}

/// What a backward pass does in every block.
struct Pull {
    /// Results whose cotangents go into the scratch: (result, register, whether it is the first there).
    arrivals: Vec<(usize, usize, bool)>,
    /// The result of which a register's adjoint is read in place.
    arrays: Vec<Option<usize>>,
    parts: Vec<Part>,
    /// Loads to deliver: (register, operand, whether they are appended to a fresh cotangent).
    loads: Vec<(usize, usize, bool)>,
}

impl Sweep {
    pub(super) fn new(program: &Arc<Program>, dims: Dims, operands: &[Dims], tracked: &[bool]) -> Self {
        let mut active: Vec<bool> = Vec::with_capacity(program.instructions.len());
        for &instruction in &program.instructions {
            let loaded = matches!(instruction, Instruction::Load(i) if tracked[i]);
            active.push(loaded || arguments(instruction).any(|(_, r, _)| active[r]));
        }
        let rows = (BLOCK / dims.2.max(1)).clamp(1, dims.1.max(1));
        let results = program.results.iter().map(|_| &dims);
        let strides = operands.iter().chain(results).map(|&d| Stride::of(d, dims)).collect();
        Sweep { program: program.clone(), strides, dims, rows, active }
    }

    pub(super) fn dims(&self) -> Dims {
        self.dims
    }

    /// The results in which a backward pass reads.
    pub(super) fn kept(&self, results: &[Arc<Vec<f64>>]) -> Vec<Option<Arc<Vec<f64>>>> {
        let read = self.fill(&self.read_backwards(), true).arrays;
        let first = self.program.operands;
        results.iter().enumerate().map(|(k, x)| read.contains(&Some(first + k)).then(|| x.clone())).collect()
    }

    fn length(&self) -> usize {
        self.rows * self.dims.2
    }

    fn blocks(&self) -> impl Iterator<Item = Block> {
        let ((batches, points, channels), step) = (self.dims, self.rows);
        (0..batches).flat_map(move |batch| {
            (0..points).step_by(step).map(move |row| Block { batch, row, rows: step.min(points - row), channels })
        })
    }

    /// Registers whose values the slopes need.
    fn read_backwards(&self) -> Vec<bool> {
        let mut wanted = vec![false; self.active.len()];
        for (i, &instruction) in self.program.instructions.iter().enumerate() {
            let registers = operand_registers(instruction);
            for (_, _, known) in arguments(instruction).filter(|(_, r, _)| self.active[*r]) {
                for known in known {
                    let register = match known {
                        Known::First => registers[0],
                        Known::Second => registers[1],
                        Known::Value => i,
                    };
                    wanted[register] = true;
                }
            }
        }
        wanted
    }

    /// How to have the values of the registers wanted; with the results at hand, or without.
    fn fill(&self, wanted: &[bool], results: bool) -> Fill {
        let (mut wanted, program) = (wanted.to_vec(), &self.program);
        let (mut arrays, mut steps) = (vec![None; wanted.len()], Vec::new());
        for (i, &instruction) in program.instructions.iter().enumerate().rev() {
            if !wanted[i] {
                continue;
            }
            let result = program.results.iter().position(|&r| r == i).filter(|_| results);
            arrays[i] = match instruction {
                Instruction::Load(k) if self.strides[k].whole => Some(k),
                _ => result.map(|k| program.operands + k),
            };
            if arrays[i].is_none() {
                steps.push(i);
                instruction.registers().for_each(|r| wanted[r] = true);
            }
        }
        steps.reverse();
        Fill { arrays, steps }
    }

    #[inline(always)]
    fn value<'a>(&self, fill: &Fill, arrays: &[&'a [f64]], block: Block, scratch: &'a [f64], r: usize) -> &'a [f64] {
        let (from, start) = match fill.arrays[r] {
            Some(k) => (arrays[k], self.strides[k].start(block)),
            None => (scratch, r * self.length()),
        };
        &from[start..start + block.len()]
    }

    /// Writes the numbers, which are the same in every block.
    fn numbers(&self, fill: &Fill, scratch: &mut [f64]) {
        for &i in &fill.steps {
            if let Instruction::Number(value) = self.program.instructions[i] {
                scratch[i * self.length()..(i + 1) * self.length()].fill(value);
            }
        }
    }

    /// Fills the registers for one block.
    #[inline(always)]
    fn forward(&self, fill: &Fill, arrays: &[&[f64]], block: Block, scratch: &mut [f64]) {
        for &i in &fill.steps {
            let (before, rest) = scratch.split_at_mut(i * self.length());
            let out = &mut rest[..block.len()];
            let value = |r: usize| self.value(fill, arrays, block, before, r);
            match self.program.instructions[i] {
                Instruction::Number(_) => {}
                // The same in all rows of a batch entry, of which the first block is the longest.
                Instruction::Load(k) if self.strides[k].point == 0 && block.row > 0 => {}
                Instruction::Load(k) => self.strides[k].load(arrays[k], block, out),
                Instruction::Unary(f, x) => f.values(value(x), out),
                Instruction::Binary(f, a, b) => f.values(value(a), value(b), out),
                Instruction::Where(c, a, b) => {
                    for (((out, &c), &a), &b) in out.iter_mut().zip(value(c)).zip(value(a)).zip(value(b)) {
                        *out = if c.is_nan() {
                            c
                        } else if c != 0.0 {
                            a
                        } else {
                            b
                        };
                    }
                }
            }
        }
    }

    /// The results.
    pub(super) fn run(&self, operands: &[Arc<Vec<f64>>]) -> Vec<Vec<f64>> {
        let fill = self.fill(&vec![true; self.active.len()], false);
        let arrays: Vec<&[f64]> = operands.iter().map(|x| &x[..]).collect();
        let mut results: Vec<Vec<f64>> =
            self.program.results.iter().map(|_| Vec::with_capacity(count(self.dims))).collect();
        with_scratch(self.active.len() * self.length(), |scratch| {
            self.numbers(&fill, scratch);
            vectorised(
                #[inline(always)]
                || {
                    for block in self.blocks() {
                        self.forward(&fill, &arrays, block, scratch);
                        for (result, &r) in results.iter_mut().zip(&self.program.results) {
                            result.extend_from_slice(self.value(&fill, &arrays, block, scratch, r));
                        }
                    }
                },
            );
        });
        results
    }

    /// Plans the way of the cotangents that have arrived.
    fn plan(&self, incoming: &[Cotangent], outgoing: &[Option<Cotangent>]) -> Pull {
        let program = &self.program;
        let mut present = vec![false; self.active.len()];
        let mut pull =
            Pull { arrivals: Vec::new(), arrays: vec![None; self.active.len()], parts: Vec::new(), loads: Vec::new() };
        for (k, &r) in program.results.iter().enumerate().filter(|(k, _)| !incoming[*k].fresh()) {
            pull.arrivals.push((k, r, !present[r]));
            present[r] = true;
        }
        for (i, &instruction) in program.instructions.iter().enumerate().rev().filter(|(i, _)| self.active[*i]) {
            if !present[i] {
                continue;
            }
            for (position, to, _) in arguments(instruction).filter(|(_, r, _)| self.active[*r]) {
                pull.parts.push(Part { from: i, to, position, fresh: !present[to] });
                present[to] = true;
            }
            if let Instruction::Load(k) = instruction
                && let Some(into) = &outgoing[k]
            {
                let stride = self.strides[k];
                let once = program.instructions.iter().filter(|other| **other == instruction).count() == 1;
                let all = stride.whole && (stride.batch > 0 || self.dims.0 == 1);
                pull.loads.push((i, k, into.fresh() && once && all));
            }
        }
        // Where one cotangent arrives and nothing is added to it, it is read in place.
        let alone = |r: usize| {
            !pull.parts.iter().any(|part| part.to == r) && pull.arrivals.iter().filter(|a| a.1 == r).count() == 1
        };
        let (direct, arrivals): (Vec<_>, Vec<_>) = pull.arrivals.iter().partition(|(_, r, _)| alone(*r));
        direct.iter().for_each(|(k, r, _)| pull.arrays[*r] = Some(*k));
        Pull { arrivals, ..pull }
    }

    /// Passes cotangents of results on to those of the operands. `results` are those that [`Sweep::kept`] asked for.
    pub(super) fn pull(
        &self,
        operands: &[Arc<Vec<f64>>],
        results: &[Option<Arc<Vec<f64>>>],
        incoming: &[Cotangent],
        outgoing: &mut [Option<Cotangent>],
    ) {
        let (fill, plan) = (self.fill(&self.read_backwards(), true), self.plan(incoming, outgoing));
        let results = results.iter().map(|x| x.as_ref().map_or(&[][..], |x| &x[..]));
        let arrays: Vec<&[f64]> = operands.iter().map(|x| &x[..]).chain(results).collect();
        let (length, size) = (self.length(), self.active.len() * self.length());
        with_scratch(2 * size + length, |scratch| {
            let (registers, rest) = scratch.split_at_mut(size);
            let (adjoints, part) = rest.split_at_mut(size);
            self.numbers(&fill, registers);
            vectorised(
                #[inline(always)]
                || {
                    let mut offset = 0;
                    for block in self.blocks() {
                        let here = offset..offset + block.len();
                        self.forward(&fill, &arrays, block, registers);
                        let value = |r: usize| self.value(&fill, &arrays, block, registers, r);
                        let arrived = |k: usize| &incoming[k].numbers()[here.clone()];
                        for &(k, r, fresh) in &plan.arrivals {
                            let adjoint = &mut adjoints[r * length..r * length + block.len()];
                            if fresh { adjoint.copy_from_slice(arrived(k)) } else { add(adjoint, arrived(k)) }
                        }
                        for step in &plan.parts {
                            let (before, rest) = adjoints.split_at_mut(step.from * length);
                            let cotangent = match plan.arrays[step.from] {
                                Some(k) => arrived(k),
                                None => &rest[..block.len()],
                            };
                            let into = &mut before[step.to * length..step.to * length + block.len()];
                            if step.fresh {
                                self.step(*step, cotangent, value, into);
                            } else {
                                let part = &mut part[..block.len()];
                                self.step(*step, cotangent, value, part);
                                add(into, part);
                            }
                        }
                        for &(r, k, append) in &plan.loads {
                            let own = &adjoints[r * length..r * length + block.len()];
                            let adjoint = match plan.arrays[r] {
                                Some(k) => arrived(k),
                                None => own,
                            };
                            match &mut outgoing[k] {
                                Some(into) if append => into.append(adjoint),
                                Some(into) => self.strides[k].add(adjoint, block, into.whole()),
                                None => {}
                            }
                        }
                        offset += block.len();
                    }
                },
            );
        });
    }

    /// What one argument of an instruction gets of its cotangent.
    #[inline(always)]
    fn step<'a>(&self, part: Part, cotangent: &[f64], value: impl Fn(usize) -> &'a [f64], into: &mut [f64]) {
        let y = || value(part.from);
        // Plain calls: what is behind a pointer gets no vector instructions.
        match self.program.instructions[part.from] {
            Instruction::Load(_) | Instruction::Number(_) => {}
            Instruction::Unary(f, x) => f.pull(cotangent, value(x), y(), into),
            Instruction::Binary(f, a, b) if part.position == 0 => f.pull_first(cotangent, value(a), value(b), into),
            Instruction::Binary(f, a, b) => f.pull_second(cotangent, value(a), value(b), y(), into),
            Instruction::Where(c, ..) => {
                for ((to, c), cotangent) in into.iter_mut().zip(value(c)).zip(cotangent) {
                    *to = if (*c != 0.0) == (part.position == 1) { *cotangent } else { 0.0 };
                }
            }
        }
    }
}

/// The registers that an instruction reads, in order.
fn operand_registers(instruction: Instruction) -> [usize; 3] {
    let mut registers = [0; 3];
    registers.iter_mut().zip(instruction.registers()).for_each(|(to, r)| *to = r);
    registers
}

/// The arguments that a cotangent is passed on to: position, register, and what the slope is calculated from.
fn arguments(instruction: Instruction) -> impl Iterator<Item = (usize, usize, &'static [Known])> {
    let [first, second] = match instruction {
        Instruction::Load(_) | Instruction::Number(_) => [None, None],
        Instruction::Unary(f, x) => [f.slope().map(|known| (0, x, known)), None],
        Instruction::Binary(f, a, b) => binary(f, a, b),
        Instruction::Where(_, a, b) => [Some((1, a, &[Known::First][..])), Some((2, b, &[Known::First][..]))],
    };
    first.into_iter().chain(second)
}

type Argument = Option<(usize, usize, &'static [Known])>;

fn binary(f: Binary, a: usize, b: usize) -> [Argument; 2] {
    [f.slope(Known::First).map(|known| (0, a, known)), f.slope(Known::Second).map(|known| (1, b, known))]
}

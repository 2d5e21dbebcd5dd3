//! Runs elementwise programs block by block of rows, so that what a step leaves for the next stays in the cache. Registers with
//! the memory layout of the result are read and written in place; only others need scratch space. Operands that are
//! convolutions are made a few blocks at a time, just before these blocks are run.

mod backward;
mod forward;

use super::backend::Dims;
use super::convolution::Convolution;
use super::cotangent::add;
use super::program::{Instruction, Program};
use super::scalar::{Binary, Known};
use super::stock::Numbers;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Approximate size of a block in numbers: a few dozen registers of this size stay in the cache.
const BLOCK: usize = 256;
/// Approximate size of the part of a convolution made at a time, in numbers: enough for a matrix product at full rate.
const CHUNK: usize = 2048;

/// Where an operand's numbers come from.
pub(super) enum Source {
    /// They are given.
    Given(Numbers),
    /// They are made on the fly. In the shape of the results.
    Made(Convolution),
}

impl Source {
    /// The given numbers; empty for those made on the fly.
    fn given(&self) -> &[f64] {
        match self {
            Source::Given(numbers) => numbers,
            Source::Made(_) => &[],
        }
    }

    pub(super) fn convolution(self) -> Option<Convolution> {
        match self {
            Source::Given(_) => None,
            Source::Made(convolution) => Some(convolution),
        }
    }
}

/// How an operand is laid out over the result's points and channels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stride {
    batch: usize,
    point: usize,
    channel: usize,
    /// Whether its blocks have the memory layout of the result.
    whole: bool,
}

/// Rows of one batch entry.
#[derive(Clone, Copy)]
struct Block {
    batch: usize,
    row: usize,
    rows: usize,
    points: usize,
    channels: usize,
}

impl Block {
    fn len(self) -> usize {
        self.rows * self.channels
    }

    /// Its range in a result.
    fn here(self) -> Range<usize> {
        let start = (self.batch * self.points + self.row) * self.channels;
        start..start + self.len()
    }

    /// Its parts of `rows` rows each.
    fn parts(self, rows: usize) -> impl Iterator<Item = Block> {
        let end = self.row + self.rows;
        (self.row..end).step_by(rows).map(move |row| Block { row, rows: rows.min(end - row), ..self })
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

    /// Broadcasts a block of an operand that is not whole.
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

    /// Adds a block of the result's cotangents to those of the operand.
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

/// Where a register's numbers are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Scratch,
    /// In an operand.
    Argument(usize),
    /// In an array with the layout of the results.
    Result(usize),
}

/// The arrays that hold registers.
struct Arrays<'a, R> {
    operands: &'a [&'a [f64]],
    results: &'a [R],
    scratch: &'a [f64],
}

/// A program bound to shapes.
pub(super) struct Sweep {
    program: Arc<Program>,
    /// The layouts of the operands.
    strides: Vec<Stride>,
    dims: Dims,
    /// Rows in a block.
    rows: usize,
    /// Which registers a gradient passes through.
    active: Vec<bool>,
}

impl Sweep {
    pub(super) fn new(program: &Arc<Program>, dims: Dims, operands: &[Dims], tracked: &[bool]) -> Self {
        let mut active: Vec<bool> = Vec::with_capacity(program.instructions.len());
        for &instruction in &program.instructions {
            let loaded = matches!(instruction, Instruction::Load(i) if tracked[i]);
            active.push(loaded || arguments(instruction).any(|(_, r, _)| active[r]));
        }
        let rows = (BLOCK / dims.2.max(1)).clamp(1, dims.1.max(1));
        let strides = operands.iter().map(|&d| Stride::of(d, dims)).collect();
        Sweep { program: program.clone(), strides, dims, rows, active }
    }

    fn length(&self) -> usize {
        self.rows * self.dims.2
    }

    /// All rows, one batch entry at a time.
    fn entries(&self) -> impl Iterator<Item = Block> {
        let (batches, points, channels) = self.dims;
        (0..batches).map(move |batch| Block { batch, row: 0, rows: points, points, channels })
    }

    #[inline(always)]
    fn value<'a, R: Deref<Target = [f64]>>(
        &self,
        place: Place,
        arrays: &Arrays<'a, R>,
        block: Block,
        r: usize,
    ) -> &'a [f64] {
        match place {
            Place::Scratch => &arrays.scratch[r * self.length()..][..block.len()],
            Place::Argument(k) => &arrays.operands[k][self.strides[k].start(block)..][..block.len()],
            Place::Result(k) => &arrays.results[k][block.here()],
        }
    }

    /// Writes the steps that are constants, which are the same in every block.
    fn numbers(&self, steps: &[usize], scratch: &mut [f64]) {
        for &i in steps {
            if let Instruction::Number(value) = self.program.instructions[i] {
                scratch[i * self.length()..(i + 1) * self.length()].fill(value);
            }
        }
    }

    /// One step in one block.
    #[inline(always)]
    fn compute<'a>(
        &self,
        i: usize,
        operands: &[&[f64]],
        block: Block,
        value: impl Fn(usize) -> &'a [f64],
        out: &mut [f64],
    ) {
        match self.program.instructions[i] {
            Instruction::Number(_) => {}
            // Loaded with the first block, which is the longest: it is the same in all rows of a batch entry.
            Instruction::Load(k) if self.strides[k].point == 0 && block.row > 0 => {}
            Instruction::Load(k) => self.strides[k].load(operands[k], block, out),
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

type Receiver = Option<(usize, usize, &'static [Known])>;

fn binary(f: Binary, a: usize, b: usize) -> [Receiver; 2] {
    [f.slope(Known::First).map(|known| (0, a, known)), f.slope(Known::Second).map(|known| (1, b, known))]
}

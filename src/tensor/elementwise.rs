//! Fused elementwise programs: a chain of scalar functions runs over blocks of points, forwards and backwards, without
//! an array per step. Operands broadcast over batch, grid and channels.

use super::backend::{Backend, Dims, TensorError};
use super::scalar::{Binary, Unary};
use super::value::{Value, record};
use super::vector::vectorised;
use dfdx::prelude::Tape;
use std::sync::Arc;

/// One step; its register is its position in the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// An operand, by index.
    Load(usize),
    /// A number.
    Number(f64),
    /// A function of a register.
    Unary(Unary, usize),
    /// A function of two registers.
    Binary(Binary, usize, usize),
    /// `[condition, a, b]`: a where the condition is not 0.
    Where(usize, usize, usize),
}

impl Instruction {
    fn registers(self) -> impl Iterator<Item = usize> {
        let (a, b, c) = match self {
            Instruction::Load(_) | Instruction::Number(_) => (None, None, None),
            Instruction::Unary(_, x) => (Some(x), None, None),
            Instruction::Binary(_, a, b) => (Some(a), Some(b), None),
            Instruction::Where(c, a, b) => (Some(c), Some(a), Some(b)),
        };
        [a, b, c].into_iter().flatten()
    }
}

/// A straight-line program with several results, all of one shape.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Program {
    /// Steps; registers refer to earlier ones.
    pub instructions: Vec<Instruction>,
    /// Number of operands.
    pub operands: usize,
    /// Registers that are results.
    pub results: Vec<usize>,
}

/// How an operand is laid out over the result's points and channels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stride {
    batch: usize,
    point: usize,
    channel: usize,
}

impl Stride {
    fn of((batch, points, channels): Dims) -> Self {
        Stride {
            batch: if batch == 1 { 0 } else { points * channels },
            point: if points == 1 { 0 } else { channels },
            channel: usize::from(channels != 1),
        }
    }

    /// Copies a block of rows into a register.
    #[inline(always)]
    fn load(self, source: &[f64], (batch, row, rows, channels): (usize, usize, usize, usize), into: &mut [f64]) {
        let start = batch * self.batch + row * self.point;
        match (self.point, self.channel) {
            (0, 0) => into.fill(source[start]),
            (0, _) => into.chunks_exact_mut(channels).for_each(|r| r.copy_from_slice(&source[start..start + channels])),
            (_, 0) if channels == 1 => into.copy_from_slice(&source[start..start + rows]),
            (_, 0) => into.chunks_exact_mut(channels).zip(&source[start..]).for_each(|(r, &x)| r.fill(x)),
            _ => into.copy_from_slice(&source[start..start + rows * channels]),
        }
    }

    /// Adds a block of cotangents to those of the operand.
    #[inline(always)]
    fn add(self, block: &[f64], (batch, row, rows, channels): (usize, usize, usize, usize), into: &mut [f64]) {
        let start = batch * self.batch + row * self.point;
        let add = |into: &mut [f64], block: &[f64]| into.iter_mut().zip(block).for_each(|(sum, x)| *sum += x);
        match (self.point, self.channel) {
            (0, 0) => into[start] += block.iter().sum::<f64>(),
            (0, _) => block.chunks_exact(channels).for_each(|r| add(&mut into[start..start + channels], r)),
            (_, 0) if channels == 1 => add(&mut into[start..start + rows], block),
            (_, 0) => {
                let sums = block.chunks_exact(channels).map(|r| r.iter().sum::<f64>());
                into[start..].iter_mut().zip(sums).for_each(|(sum, x)| *sum += x);
            }
            _ => add(&mut into[start..start + rows * channels], block),
        }
    }
}

/// Numbers in a block, about: a few dozen registers of it stay in the cache.
const BLOCK: usize = 128;

/// A program bound to shapes.
struct Sweep {
    program: Arc<Program>,
    strides: Vec<Stride>,
    dims: Dims,
    /// Rows in a block.
    rows: usize,
    /// Which registers a gradient passes through.
    active: Vec<bool>,
}

impl Sweep {
    fn new(program: &Arc<Program>, dims: Dims, operands: &[Dims], tracked: &[bool]) -> Self {
        let mut active: Vec<bool> = Vec::with_capacity(program.instructions.len());
        for &instruction in &program.instructions {
            let loaded = matches!(instruction, Instruction::Load(i) if tracked[i]);
            active.push(loaded || instruction.registers().any(|r| active[r]));
        }
        let rows = (BLOCK / dims.2.max(1)).clamp(1, dims.1.max(1));
        Sweep {
            program: program.clone(),
            strides: operands.iter().map(|&d| Stride::of(d)).collect(),
            dims,
            rows,
            active,
        }
    }

    fn length(&self) -> usize {
        self.rows * self.dims.2
    }

    /// Registers, with the numbers filled in.
    fn registers(&self) -> Vec<f64> {
        let mut registers = vec![0.0; self.program.instructions.len() * self.length()];
        for (instruction, register) in self.program.instructions.iter().zip(registers.chunks_mut(self.length().max(1)))
        {
            if let Instruction::Number(value) = instruction {
                register.fill(*value);
            }
        }
        registers
    }

    /// Every block as (batch, first row, rows, channels).
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let ((batches, points, channels), step) = (self.dims, self.rows);
        (0..batches).flat_map(move |batch| {
            (0..points).step_by(step).map(move |row| (batch, row, step.min(points - row), channels))
        })
    }

    /// Fills the registers for one block.
    #[inline(always)]
    fn forward(&self, operands: &[Arc<Vec<f64>>], block: (usize, usize, usize, usize), registers: &mut [f64]) {
        let (length, n) = (self.length(), block.2 * block.3);
        for (i, &instruction) in self.program.instructions.iter().enumerate() {
            let (before, rest) = registers.split_at_mut(i * length);
            let out = &mut rest[..n];
            let register = |r: usize| &before[r * length..r * length + n];
            match instruction {
                Instruction::Load(k) => self.strides[k].load(&operands[k], block, out),
                Instruction::Number(_) => {}
                Instruction::Unary(f, x) => f.values(register(x), out),
                Instruction::Binary(f, a, b) => f.values(register(a), register(b), out),
                Instruction::Where(c, a, b) => {
                    let (c, a, b) = (register(c), register(a), register(b));
                    for j in 0..n {
                        out[j] = if c[j].is_nan() {
                            c[j]
                        } else if c[j] != 0.0 {
                            a[j]
                        } else {
                            b[j]
                        };
                    }
                }
            }
        }
    }

    /// Passes the cotangents of one block down from the results to the loads.
    #[inline(always)]
    fn backward(&self, n: usize, registers: &[f64], adjoints: &mut [f64]) {
        let length = self.length();
        let register = |r: usize| &registers[r * length..r * length + n];
        for (i, &instruction) in self.program.instructions.iter().enumerate().rev() {
            if !self.active[i] {
                continue;
            }
            let (before, rest) = adjoints.split_at_mut(i * length);
            let (cotangent, y) = (&rest[..n], register(i));
            let at = |r: usize| r * length..r * length + n;
            // Plain calls: what is behind a pointer gets no vector instructions.
            match instruction {
                Instruction::Load(_) | Instruction::Number(_) => {}
                Instruction::Unary(f, x) => f.pull(cotangent, register(x), y, &mut before[at(x)]),
                Instruction::Binary(f, a, b) => {
                    if self.active[a] {
                        f.pull_first(cotangent, register(a), register(b), y, &mut before[at(a)]);
                    }
                    if self.active[b] {
                        f.pull_second(cotangent, register(a), register(b), y, &mut before[at(b)]);
                    }
                }
                Instruction::Where(c, a, b) => {
                    let condition = register(c);
                    for (r, taken) in [(a, true), (b, false)].into_iter().filter(|(r, _)| self.active[*r]) {
                        for ((to, c), cotangent) in before[at(r)].iter_mut().zip(condition).zip(cotangent) {
                            *to += if (*c != 0.0) == taken { *cotangent } else { 0.0 };
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn run(&self, operands: &[Arc<Vec<f64>>]) -> Vec<Vec<f64>> {
        let (length, mut registers) = (self.length(), self.registers());
        let total = super::backend::count(self.dims);
        let mut results: Vec<Vec<f64>> = self.program.results.iter().map(|_| Vec::with_capacity(total)).collect();
        for block in self.blocks() {
            self.forward(operands, block, &mut registers);
            let n = block.2 * block.3;
            for (result, &r) in results.iter_mut().zip(&self.program.results) {
                result.extend_from_slice(&registers[r * length..r * length + n]);
            }
        }
        results
    }

    #[inline(always)]
    fn pull(&self, operands: &[Arc<Vec<f64>>], incoming: &[Vec<f64>], outgoing: &mut [Option<Vec<f64>>]) {
        let (length, mut registers) = (self.length(), self.registers());
        let mut adjoints = vec![0.0; registers.len()];
        let mut offset = 0;
        for block in self.blocks() {
            let n = block.2 * block.3;
            self.forward(operands, block, &mut registers);
            adjoints.fill(0.0);
            for (cotangent, &r) in incoming.iter().zip(&self.program.results) {
                let part = &cotangent[offset..offset + n];
                adjoints[r * length..r * length + n].iter_mut().zip(part).for_each(|(sum, c)| *sum += c);
            }
            self.backward(n, &registers, &mut adjoints);
            for (i, &instruction) in self.program.instructions.iter().enumerate() {
                if let Instruction::Load(k) = instruction
                    && let Some(into) = &mut outgoing[k]
                {
                    self.strides[k].add(&adjoints[i * length..i * length + n], block, into);
                }
            }
            offset += n;
        }
    }
}

/// Runs a program. `points` and `channels` are those of the results; every operand has these or a single one; the batch
/// is the largest among the operands.
pub fn elementwise<D: Backend, T: Tape<f64, D>>(
    device: &D,
    program: &Arc<Program>,
    operands: &[&Value<D>],
    (points, channels): (usize, usize),
    tape: T,
) -> Result<(Vec<Value<D>>, T), TensorError> {
    let shapes: Vec<Dims> = operands.iter().map(|x| x.dims()).collect();
    let batch = shapes.iter().map(|d| d.0).max().unwrap_or(1);
    for &(b, p, c) in &shapes {
        let fits = (b == 1 || b == batch) && (p == 1 || p == points) && (c == 1 || c == channels);
        if !fits {
            let (expected, found) = (batch * points * channels, b * p * c);
            return Err(TensorError::Length { operation: "elementwise", expected, found });
        }
    }
    let tracked: Vec<bool> = operands.iter().map(|x| x.tracked() && T::OWNS_TAPE).collect();
    let sweep = Sweep::new(program, (batch, points, channels), &shapes, &tracked);
    let hosts: Vec<Arc<Vec<f64>>> = operands.iter().map(|x| x.host()).collect();
    let results = vectorised(
        #[inline(always)]
        || sweep.run(&hosts),
    )
    .into_iter()
    .map(|numbers| (sweep.dims, numbers))
    .collect();
    record(device, operands, results, tape, move |incoming, outgoing| {
        vectorised(
            #[inline(always)]
            || sweep.pull(&hosts, incoming, outgoing),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::Cpu;
    use super::super::testing::{check_gradient, numbers, run};
    use super::*;
    use Instruction::{Load, Number};

    fn single(instructions: Vec<Instruction>, operands: usize) -> Arc<Program> {
        let results = vec![instructions.len() - 1];
        Arc::new(Program { instructions, operands, results })
    }

    fn check(program: &Arc<Program>, inputs: &[(Dims, Vec<f64>)], extent: (usize, usize)) {
        check_gradient(inputs, |x, tape| {
            let (mut out, tape) = elementwise(&Cpu::default(), program, x, extent, tape)?;
            Ok((out.remove(0), tape))
        });
    }

    #[test]
    fn every_function_has_its_slope() {
        use Unary::*;
        let dims = (1, 5, 1);
        let functions = [
            Copy,
            Neg,
            Abs,
            Sign,
            Step,
            Recip,
            Exp,
            Expm1,
            Ln,
            Ln1p,
            Sqrt,
            Sin,
            Cos,
            Tan,
            Asin,
            Acos,
            Atan,
            Sinh,
            Cosh,
            Tanh,
            Sigmoid,
            Softplus,
            Unary::Pow(2.0),
            Unary::Pow(-3.0),
            Unary::Pow(1.5),
            Unary::Pow(0.0),
        ];
        for f in functions {
            let x = vec![0.15, 0.3, 0.52, 0.77, 0.91];
            check(&single(vec![Load(0), Instruction::Unary(f, 0)], 1), &[(dims, x)], (5, 1));
        }
        use Binary::*;
        for f in [Add, Sub, Mul, Div, Binary::Pow, Min, Max, Less, LessEq, Eq, MulZero, DivZero, SiluSlope] {
            let inputs = [(dims, vec![0.15, 0.3, 0.52, 0.77, 0.91]), (dims, vec![0.4, 0.2, 0.9, 0.3, 0.5])];
            let program = single(vec![Load(0), Load(1), Instruction::Binary(f, 0, 1)], 2);
            check(&program, &inputs, (5, 1));
            // The same operand twice, as one load and as two.
            let twice = |x: &[&Value<Cpu>], tape| {
                let (mut out, tape) = elementwise(&Cpu::default(), &program, &[x[0], x[0]], (5, 1), tape)?;
                Ok((out.remove(0), tape))
            };
            if !matches!(f, Less | LessEq | Eq) {
                check_gradient(&inputs[..1], twice);
                check(&single(vec![Load(0), Instruction::Binary(f, 0, 0)], 1), &inputs[..1], (5, 1));
            }
        }
    }

    #[test]
    fn operands_stretch() {
        // (a + b) * c where c == 0 ? d : number, over all ways to broadcast, in more than one block.
        let program = single(
            vec![
                Load(0),
                Load(1),
                Instruction::Binary(Binary::Add, 0, 1),
                Load(2),
                Instruction::Binary(Binary::Mul, 2, 3),
                Load(3),
                Number(0.5),
                Instruction::Where(5, 4, 6),
                Instruction::Binary(Binary::Mul, 7, 0),
            ],
            4,
        );
        let (points, channels) = (70, 3);
        for dims in [(1, 1, 1), (1, 1, 3), (1, points, 1), (2, points, 3), (2, 1, 1)] {
            let others = [(2, 1, 3), (1, points, 1)];
            let inputs: Vec<_> = [dims, others[0], others[1]].map(|d| (d, numbers(d, 0.3))).to_vec();
            let mask: Vec<f64> = (0..points).map(|i| (i % 2) as f64).collect();
            let run_it = |x: &[&Value<Cpu>], tape| {
                let mask = Value::constant(&Cpu::default(), (1, points, 1), mask.clone())?;
                let operands = [x[0], x[1], x[2], &mask];
                let (mut out, tape) = elementwise(&Cpu::default(), &program, &operands, (points, channels), tape)?;
                Ok((out.remove(0), tape))
            };
            let ((out, _), _) = run(&inputs, run_it);
            assert_eq!(out.dims(), (2, points, channels));
            if dims.1 == 1 {
                check_gradient(&inputs, run_it);
            }
        }
    }

    #[test]
    fn branches_not_taken_leave_no_nan() {
        // where(x > 0, sqrt(x), 0) at x < 0.
        let program = single(
            vec![
                Load(0),
                Instruction::Unary(Unary::Step, 0),
                Instruction::Unary(Unary::Sqrt, 0),
                Number(0.0),
                Instruction::Where(1, 2, 3),
            ],
            1,
        );
        check(&program, &[((1, 3, 1), vec![-1.0, 0.25, -0.3])], (3, 1));
    }
}

//! Fused elementwise programs: a chain of scalar functions runs over blocks of points, forwards and backwards, without
//! an array per step. Operands broadcast over batch, grid and channels. `sweep` runs them.

use super::backend::{Backend, Dims, TensorError};
use super::scalar::{Binary, Unary};
use super::sweep::Sweep;
use super::value::{Value, record};
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
    /// The registers that it reads.
    pub(super) fn registers(self) -> impl Iterator<Item = usize> {
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
    let results: Vec<Arc<Vec<f64>>> = sweep.run(&hosts).into_iter().map(Arc::new).collect();
    let kept = sweep.kept(&results);
    let outputs = results.into_iter().map(|numbers| (sweep.dims(), numbers)).collect();
    record(device, operands, outputs, tape, move |incoming, outgoing| sweep.pull(&hosts, &kept, incoming, outgoing))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, numbers, run};
    use super::super::{Cpu, arrange};
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
    fn cotangents_add_up() {
        // a b twice, a b + a, a itself, and b, which nobody uses; a comes back through another program as well.
        let instructions =
            vec![Load(0), Load(1), Instruction::Binary(Binary::Mul, 0, 1), Instruction::Binary(Binary::Add, 2, 0)];
        let program = Arc::new(Program { instructions, operands: 2, results: vec![2, 2, 3, 0, 1] });
        let squares = single(vec![Load(0), Load(0), Instruction::Binary(Binary::Mul, 0, 1)], 1);
        let (device, points, channels) = (Cpu::default(), 90, 3);
        for other in [(1, points, 3), (1, 1, 3), (1, points, 1), (1, 1, 1)] {
            let a = (1, points, channels);
            let inputs = [(a, numbers(a, 0.3)), (other, numbers(other, 0.2))];
            check_gradient(&inputs, |x, tape| {
                let (x, y) = (x[0], x[1]);
                let (out, tape) = elementwise(&device, &program, &[x, y], (points, channels), tape)?;
                let (square, tape) = elementwise(&device, &squares, &[x], (points, channels), tape)?;
                let weights = [0.5, 2.0, 1.0, -1.0].into_iter();
                let mut terms: Vec<_> = out.iter().zip(weights).map(|(x, weight)| (x, 0, weight)).collect();
                terms.extend([(&square[0], 0, 0.3), (x, 0, 0.1)]);
                arrange::combine(&device, &terms, 0.0, tape)
            });
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

//! Programs of elementwise operations: plain data that the compiler of graphs writes and `sweep` runs.

use super::scalar::{Binary, Unary};

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
    /// The registers it reads.
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

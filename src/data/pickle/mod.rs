//! Object arrays, which NumPy stores as pickles. This reads the few opcodes needed for lists, tuples, numbers and arrays of them
//! (protocols 2 to 5; the opcodes are described in Python's `pickletools`) and executes nothing: any call other than those by
//! which NumPy stores an array, a number or their type is an error that names it.

mod machine;
mod numpy;
#[cfg(test)]
mod tests;

use super::element::count;
use machine::Machine;
use thiserror::Error;

/// Why a pickle cannot be read.
#[derive(Clone, Debug, PartialEq, Error)]
#[allow(missing_docs)]
pub(super) enum PickleError {
    #[error("they are cut off or damaged")]
    Damaged,
    #[error("the opcode {opcode:#04x} of the pickle is not supported")]
    Opcode { opcode: u8 },
    #[error("the pickle calls `{function}`, which is not executed")]
    Call { function: String },
    #[error("they are not lists of numbers")]
    NotNumbers,
    #[error("they unfold to too many numbers")]
    Large,
}

use PickleError::Damaged;

type Result<T, E = PickleError> = std::result::Result<T, E>;

/// The deepest nesting of lists that is followed.
const DEPTH: usize = 16;
/// The limit on copied numbers or bytes, on top of [`COPIES`] times the bytes of the pickle: a small pickle may refer to the same
/// list or bytes again and again.
const MAX_COPIED: usize = 1 << 24;
/// The most values of a pickle: a byte can make one, which takes many in memory.
const MAX_VALUES: usize = 1 << 22;
/// How often a byte may be copied: into a string (protocol 2), bytes, the numbers of an array and the answer.
const COPIES: usize = 4;

/// The numbers of every element of a pickled object array; an array of several axes gives its rows.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Vec<f64>>> {
    let mut machine = Machine::new(bytes, bytes.len().saturating_mul(COPIES).saturating_add(MAX_COPIED));
    let top = machine.run()?;
    let Value::Array(Array { shape, items: Items::Objects(items), .. }) = machine.value(top)? else {
        return Err(PickleError::NotNumbers);
    };
    let flat = |id: &usize| -> Result<Vec<f64>> {
        let mut numbers = Vec::new();
        machine.numbers(*id, DEPTH, &mut numbers)?;
        Ok(numbers)
    };
    let elements: Vec<Vec<f64>> = items.iter().map(flat).collect::<Result<_>>()?;
    let width = count(shape.get(1..).unwrap_or_default()).ok_or(Damaged)?;
    if count(shape) != Some(elements.len()) {
        return Err(Damaged);
    }
    Ok(elements.chunks(width.max(1)).map(<[Vec<f64>]>::concat).collect())
}

/// A value of the pickle; its parts are indices into [`Machine::values`].
#[derive(Clone, Debug)]
enum Value {
    Nothing,
    Number(f64),
    Bytes(Vec<u8>),
    Text(String),
    Sequence(Vec<usize>),
    Global(String),
    Type { name: String, big: bool },
    Array(Array),
}

#[derive(Clone, Debug)]
struct Array {
    shape: Vec<usize>,
    fortran: bool,
    items: Items,
}

#[derive(Clone, Debug)]
enum Items {
    Numbers(Vec<f64>),
    Objects(Vec<usize>),
}

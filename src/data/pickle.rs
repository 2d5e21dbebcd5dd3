//! Object arrays: NumPy pickles them. This reads the few opcodes that lists, tuples, numbers and arrays of them are made of
//! (protocols 2 to 5; the opcodes are described in Python's `pickletools`) and executes nothing: a call is either one of
//! those by which NumPy stores an array, a number or their type, or an error that names it.

use super::element::{self, ElementError, count};
use std::cell::Cell;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a pickle is not read.
#[derive(Clone, Debug, PartialEq, Error)]
#[allow(missing_docs)]
pub(super) enum PickleError {
    #[error("they are cut off or damaged")]
    Damaged,
    #[error("the opcode {opcode:#04x} of the pickle is not read")]
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

/// Lists within lists are followed so far.
const DEPTH: usize = 16;
/// So many numbers or bytes are copied, and [`TIMES`] the bytes of the pickle: a small one may refer to the same list or bytes
/// again and again.
const MOST: usize = 1 << 24;
/// Bytes may pass through a text (protocol 2), bytes, the numbers of an array and the answer.
const TIMES: usize = 4;

/// The numbers of every element of a pickled object array; an array of more axes gives its rows.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Vec<f64>>> {
    let mut machine = Machine {
        rest: bytes,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
        left: Cell::new(bytes.len().saturating_mul(TIMES).saturating_add(MOST)),
    };
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

/// A value of the pickle; what it contains is an index into [`Machine::values`].
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

struct Machine<'a> {
    rest: &'a [u8],
    values: Vec<Value>,
    stack: Vec<usize>,
    marks: Vec<usize>,
    memo: BTreeMap<u64, usize>,
    /// How many numbers or bytes may still be copied.
    left: Cell<usize>,
}

impl Machine<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A little-endian integer of so many bytes.
    fn integer(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    /// So many bytes as the integer before them says.
    fn block(&mut self, length_bytes: usize) -> Result<Vec<u8>> {
        let length = usize::try_from(self.integer(length_bytes)?).map_err(|_| Damaged)?;
        self.take(length).map(<[u8]>::to_vec)
    }

    fn line(&mut self) -> Result<String> {
        let end = self.rest.iter().position(|b| *b == b'\n').ok_or(Damaged)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }

    /// To be called with their number before numbers or bytes are copied.
    fn charge(&self, copied: usize) -> Result<()> {
        self.left.set(self.left.get().checked_sub(copied).ok_or(PickleError::Large)?);
        Ok(())
    }

    fn value(&self, id: usize) -> Result<&Value> {
        self.values.get(id).ok_or(Damaged)
    }

    fn push(&mut self, value: Value) {
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    fn pop(&mut self) -> Result<usize> {
        self.stack.pop().ok_or(Damaged)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<usize>> {
        let from = self.stack.len().checked_sub(count).ok_or(Damaged)?;
        Ok(self.stack.split_off(from))
    }

    fn pop_mark(&mut self) -> Result<Vec<usize>> {
        let mark = self.marks.pop().filter(|m| *m <= self.stack.len()).ok_or(Damaged)?;
        Ok(self.stack.split_off(mark))
    }

    fn extend(&mut self, more: Vec<usize>) -> Result<()> {
        let list = *self.stack.last().ok_or(Damaged)?;
        match self.values.get_mut(list) {
            Some(Value::Sequence(items)) => items.extend(more),
            _ => return Err(Damaged),
        }
        Ok(())
    }

    fn remember(&mut self, key: u64) -> Result<()> {
        self.memo.insert(key, *self.stack.last().ok_or(Damaged)?);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<()> {
        self.stack.push(*self.memo.get(&key).ok_or(Damaged)?);
        Ok(())
    }

    /// Runs to the end; the index of the value that is left.
    fn run(&mut self) -> Result<usize> {
        loop {
            let opcode = self.integer(1)? as u8;
            match opcode {
                b'.' => return self.pop(),
                // Protocol and frames carry nothing.
                0x80 => self.take(1).map(|_| ())?,
                0x95 => self.take(8).map(|_| ())?,
                b'(' => self.marks.push(self.stack.len()),
                b'0' => self.pop().map(|_| ())?,
                b'N' => self.push(Value::Nothing),
                0x88 => self.push(Value::Number(1.0)),
                0x89 => self.push(Value::Number(0.0)),
                b'K' | b'M' | b'J' | 0x8a | b'G' => self.number(opcode)?,
                b'X' | 0x8c | 0x8d | b'B' | b'C' | 0x8e | 0x96 | b'U' | b'T' => self.letters(opcode)?,
                b']' | b')' => self.push(Value::Sequence(Vec::new())),
                0x85..=0x87 => {
                    let items = self.pop_many(usize::from(opcode - 0x84))?;
                    self.push(Value::Sequence(items));
                }
                b't' | b'l' => {
                    let items = self.pop_mark()?;
                    self.push(Value::Sequence(items));
                }
                b'a' => {
                    let item = self.pop()?;
                    self.extend(vec![item])?;
                }
                b'e' => {
                    let items = self.pop_mark()?;
                    self.extend(items)?;
                }
                b'q' | b'r' => {
                    let key = self.integer(if opcode == b'q' { 1 } else { 4 })?;
                    self.remember(key)?;
                }
                0x94 => self.remember(self.memo.len() as u64)?,
                b'h' | b'j' => {
                    let key = self.integer(if opcode == b'h' { 1 } else { 4 })?;
                    self.recall(key)?;
                }
                b'c' => {
                    let name = format!("{}.{}", self.line()?, self.line()?);
                    self.push(Value::Global(name));
                }
                0x93 => {
                    let parts = self.pop_many(2)?;
                    let name = format!("{}.{}", self.text(parts[0])?, self.text(parts[1])?);
                    self.push(Value::Global(name));
                }
                b'R' => self.call()?,
                b'b' => self.build()?,
                opcode => return Err(PickleError::Opcode { opcode }),
            }
        }
    }

    fn number(&mut self, opcode: u8) -> Result<()> {
        let number = match opcode {
            b'K' => self.integer(1)? as f64,
            b'M' => self.integer(2)? as f64,
            b'J' => f64::from(self.integer(4)? as u32 as i32),
            b'G' => f64::from_bits(self.integer(8)?.swap_bytes()),
            _ => {
                let length = self.integer(1)? as usize;
                if length > 8 {
                    return Err(PickleError::NotNumbers);
                }
                let raw = self.integer(length)?;
                let unused = 64 - 8 * length as u32;
                if length == 0 { 0.0 } else { ((raw << unused) as i64 >> unused) as f64 }
            }
        };
        self.push(Value::Number(number));
        Ok(())
    }

    fn letters(&mut self, opcode: u8) -> Result<()> {
        let length = match opcode {
            0x8c | b'C' | b'U' => 1,
            b'X' | b'B' | b'T' => 4,
            _ => 8,
        };
        let bytes = self.block(length)?;
        self.push(match opcode {
            b'X' | 0x8c | 0x8d => Value::Text(String::from_utf8(bytes).map_err(|_| Damaged)?),
            _ => Value::Bytes(bytes),
        });
        Ok(())
    }

    /// A text that will be compared or copied.
    fn text(&self, id: usize) -> Result<&str> {
        let bytes = match self.value(id)? {
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            _ => return Err(Damaged),
        };
        self.charge(bytes.len())?;
        str::from_utf8(bytes).map_err(|_| Damaged)
    }

    fn sequence(&self, id: usize) -> Result<&[usize]> {
        match self.value(id)? {
            Value::Sequence(items) => Ok(items),
            _ => Err(Damaged),
        }
    }

    /// A call of what stores NumPy's values; anything else is refused.
    fn call(&mut self) -> Result<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Global(name) = self.value(function)? else { return Err(Damaged) };
        let known = name.replace("numpy._core", "numpy.core");
        let arguments = self.sequence(arguments)?;
        let argument = |k: usize| arguments.get(k).copied().ok_or(Damaged);
        let made = match known.as_str() {
            "numpy.core.multiarray._reconstruct" => {
                Value::Array(Array { shape: vec![0], fortran: false, items: Items::Numbers(Vec::new()) })
            }
            "numpy.dtype" => Value::Type { name: self.text(argument(0)?)?.to_owned(), big: false },
            "numpy.core.multiarray.scalar" => {
                let numbers = self.decoded(argument(0)?, argument(1)?)?;
                Value::Number(*numbers.first().ok_or(PickleError::NotNumbers)?)
            }
            "numpy.core.numeric._frombuffer" => {
                let items = Items::Numbers(self.decoded(argument(1)?, argument(0)?)?);
                let fortran = self.text(argument(3)?)? == "F";
                Value::Array(Array { shape: self.shape(argument(2)?)?, fortran, items })
            }
            // How protocol 2 writes bytes.
            "_codecs.encode" => {
                let codes = self.text(argument(0)?)?.chars().map(|c| u8::try_from(u32::from(c)).map_err(|_| Damaged));
                Value::Bytes(codes.collect::<Result<_>>()?)
            }
            _ => return Err(PickleError::Call { function: name.clone() }),
        };
        self.push(made);
        Ok(())
    }

    /// The state of an array, (version, shape, type, Fortran order, content), or of a type, (version, byte order, …).
    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let of = *self.stack.last().ok_or(Damaged)?;
        let state = self.sequence(state)?;
        let part = |k: usize| state.get(k).copied().ok_or(Damaged);
        match self.value(of)? {
            Value::Type { .. } => {
                let order = self.text(part(1)?)? == ">";
                if let Some(Value::Type { big, .. }) = self.values.get_mut(of) {
                    *big = order;
                }
            }
            Value::Array(_) => {
                let Value::Type { name, .. } = self.value(part(2)?)? else { return Err(Damaged) };
                let items = if name.starts_with('O') {
                    let objects = self.sequence(part(4)?)?;
                    self.charge(objects.len())?;
                    Items::Objects(objects.to_vec())
                } else {
                    Items::Numbers(self.decoded(part(2)?, part(4)?)?)
                };
                let fortran = matches!(self.value(part(3)?)?, Value::Number(f) if *f != 0.0);
                let built = Array { shape: self.shape(part(1)?)?, fortran, items };
                if let Some(Value::Array(array)) = self.values.get_mut(of) {
                    *array = built;
                }
            }
            _ => return Err(Damaged),
        }
        Ok(())
    }

    fn shape(&self, id: usize) -> Result<Vec<usize>> {
        let axis = |id: &usize| match self.value(*id)? {
            Value::Number(n) if *n >= 0.0 && *n < 1e15 => Ok(*n as usize),
            _ => Err(Damaged),
        };
        let axes = self.sequence(id)?;
        self.charge(axes.len())?;
        axes.iter().map(axis).collect()
    }

    /// The numbers in bytes of a type.
    fn decoded(&self, of: usize, bytes: usize) -> Result<Vec<f64>> {
        let (Value::Type { name, big }, Value::Bytes(bytes)) = (self.value(of)?, self.value(bytes)?) else {
            return Err(Damaged);
        };
        self.charge(bytes.len())?;
        element::numbers(name, *big, bytes).map_err(|error| match error {
            ElementError::Type => PickleError::NotNumbers,
            ElementError::Length => Damaged,
        })
    }

    /// Appends the numbers of a value, lists and arrays followed `depth` deep.
    fn numbers(&self, id: usize, depth: usize, into: &mut Vec<f64>) -> Result<()> {
        let deeper = depth.checked_sub(1).ok_or(PickleError::NotNumbers)?;
        let value = self.value(id)?;
        self.charge(if let Value::Array(Array { items: Items::Numbers(n), .. }) = value { n.len().max(1) } else { 1 })?;
        match value {
            Value::Number(x) => into.push(*x),
            Value::Sequence(items) | Value::Array(Array { items: Items::Objects(items), .. }) => {
                for item in items {
                    self.numbers(*item, deeper, into)?;
                }
            }
            Value::Array(Array { shape, fortran, items: Items::Numbers(numbers) }) => {
                let axes = shape.iter().filter(|n| **n > 1).count();
                if count(shape) != Some(numbers.len()) || (*fortran && axes > 1) {
                    return Err(PickleError::NotNumbers);
                }
                into.extend(numbers);
            }
            _ => return Err(PickleError::NotNumbers),
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "pickle_tests.rs"]
mod tests;

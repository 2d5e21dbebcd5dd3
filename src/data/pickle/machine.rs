//! The stack machine of a pickle: opcodes, stack, memo.

use super::PickleError::{self, Damaged};
use super::{MAX_VALUES, Result, Value};
use std::cell::Cell;
use std::collections::BTreeMap;

/// A pickle being read.
pub(super) struct Machine<'a> {
    rest: &'a [u8],
    pub values: Vec<Value>,
    pub stack: Vec<usize>,
    marks: Vec<usize>,
    memo: BTreeMap<u64, usize>,
    /// How many numbers or bytes may still be copied.
    left: Cell<usize>,
}

impl<'a> Machine<'a> {
    /// A machine at the start of a pickle that may copy up to `limit` numbers or bytes.
    pub fn new(bytes: &'a [u8], limit: usize) -> Self {
        let (values, stack, marks, memo) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        Self { rest: bytes, values, stack, marks, memo, left: Cell::new(limit) }
    }

    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A little-endian integer of the given number of bytes.
    fn integer(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    /// A length of `length_bytes` bytes, and as many bytes as it says.
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

    /// Must be called before numbers or bytes are copied, with their number.
    pub fn charge(&self, copied: usize) -> Result<()> {
        self.left.set(self.left.get().checked_sub(copied).ok_or(PickleError::Large)?);
        Ok(())
    }

    pub fn value(&self, id: usize) -> Result<&Value> {
        self.values.get(id).ok_or(Damaged)
    }

    pub fn push(&mut self, value: Value) {
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    pub fn pop(&mut self) -> Result<usize> {
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

    /// Runs to the end; gives the index of the value that is left.
    pub fn run(&mut self) -> Result<usize> {
        loop {
            if self.values.len().max(self.stack.len()).max(self.marks.len()) > MAX_VALUES {
                return Err(PickleError::Large);
            }
            let opcode = self.integer(1)? as u8;
            match opcode {
                b'.' => return self.pop(),
                // Protocol and frames carry no data.
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

    /// A string to be compared or copied.
    pub fn text(&self, id: usize) -> Result<&str> {
        let bytes = match self.value(id)? {
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            _ => return Err(Damaged),
        };
        self.charge(bytes.len())?;
        str::from_utf8(bytes).map_err(|_| Damaged)
    }

    pub fn sequence(&self, id: usize) -> Result<&[usize]> {
        match self.value(id)? {
            Value::Sequence(items) => Ok(items),
            _ => Err(Damaged),
        }
    }
}

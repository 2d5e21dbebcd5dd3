//! The calls by which NumPy stores arrays, numbers and their types: the only ones that are interpreted; none is executed.

use super::PickleError::{self, Damaged};
use super::machine::Machine;
use super::{Array, Items, Result, Value};
use crate::data::element::{self, ElementError, count};
use crate::problem::visible;

impl Machine<'_> {
    /// Interprets a call by which NumPy stores a value; any other call is an error.
    pub fn call(&mut self) -> Result<()> {
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
            // Protocol 2 writes bytes this way.
            "_codecs.encode" => {
                let codes = self.text(argument(0)?)?.chars().map(|c| u8::try_from(u32::from(c)).map_err(|_| Damaged));
                Value::Bytes(codes.collect::<Result<_>>()?)
            }
            _ => return Err(PickleError::Call { function: visible(name) }),
        };
        self.push(made);
        Ok(())
    }

    /// The state of an array, (version, shape, type, Fortran order, content), or of a type, (version, byte order, …).
    pub fn build(&mut self) -> Result<()> {
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

    /// The numbers in bytes of the given type.
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

    /// Appends the numbers of a value, following lists and arrays up to a nesting of `depth`.
    pub fn numbers(&self, id: usize, depth: usize, into: &mut Vec<f64>) -> Result<()> {
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

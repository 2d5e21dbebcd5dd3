//! `v[i]`: from 0, `-1` the last, `a .. b` a slice with both ends.

use crate::interp::Interpreter;
use crate::interp::arith::symbols;
use crate::interp::call::{mismatch, quantity};
use crate::interp::error::{RunError, fail};
use crate::interp::value::scope::Scope;
use crate::interp::value::{Field, Operand, Quantity, Table, Value, text};
use crate::lang::ast::{Expr, Ident};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

/// What an index picks.
enum Pick {
    One(usize),
    Many(Vec<usize>),
}

impl Interpreter {
    pub(crate) fn eval_index(&mut self, value: &Expr, index: &Expr, scope: &Scope) -> Result<Value> {
        let whole = self.eval(value, scope)?;
        let index_value = self.eval(index, scope)?;
        self.index(Operand::new(&whole, value.span), Operand::new(&index_value, index.span))
    }

    /// An element or slice of a list, string, field or table (rows); with a name in quotes, an entry of a record or a column of a
    /// table.
    ///
    /// # Errors
    /// An index that is outside or not a whole number; a value without elements.
    pub(crate) fn index(&mut self, whole: Operand<'_>, index: Operand<'_>) -> Result<Value> {
        if let (Value::Record(_) | Value::Table(_), Value::Str(name)) = (whole.value, index.value) {
            return self.member(whole, &Ident { name: name.clone(), span: index.span });
        }
        match whole.value {
            Value::List(items) => Ok(match pick(items.len(), "a list", index)? {
                Pick::One(i) => items[i].clone(),
                Pick::Many(all) => Value::list(all.into_iter().map(|i| items[i].clone()).collect()),
            }),
            Value::Str(letters) => {
                let letters: Vec<char> = letters.chars().collect();
                let chosen = pick(letters.len(), "a string", index)?.all();
                Ok(Value::text(chosen.into_iter().map(|i| letters[i]).collect::<String>()))
            }
            Value::Field(field) => point(field, index),
            Value::Symbol(symbol) => symbols::index(symbol, index),
            Value::Table(table) => rows(table, index),
            Value::Interval(from, to) => {
                let listed = self.listed(from, to, whole.span)?;
                self.index(Operand::new(&listed, whole.span), index)
            }
            Value::Record(record) if record.label.is_some() => {
                let help = "a loss gets a list of runs only for a group of systems: `on: [[a, b]]`";
                mismatch("the index of a run", "a name in quotes", index.value, Some(help.into()), index.span)
            }
            Value::Record(_) => mismatch("the index of a record", "a name in quotes", index.value, None, index.span),
            other => mismatch("the indexed value", "a list, field, table or string", other, None, whole.span),
        }
    }
}

impl Pick {
    fn all(self) -> Vec<usize> {
        match self {
            Pick::One(i) => vec![i],
            Pick::Many(all) => all,
        }
    }
}

fn point(field: &Field, index: Operand<'_>) -> Result<Value> {
    let at = |i: usize| match field.channels {
        1 => field.number(field.data[i]),
        n => field.numbers(&field.data[i * n..(i + 1) * n]),
    };
    Ok(match pick(field.grid.points, "a field", index)? {
        Pick::One(i) => at(i),
        Pick::Many(all) => Value::list(all.into_iter().map(at).collect()),
    })
}

fn rows(table: &Table, index: Operand<'_>) -> Result<Value> {
    Ok(match pick(table.rows(), "a table", index)? {
        Pick::One(i) => table.row(i),
        Pick::Many(all) => Value::Table(Rc::new(table.only(&all))),
    })
}

fn pick(length: usize, found: &str, index: Operand<'_>) -> Result<Pick> {
    match index.value {
        Value::Interval(from, to) => {
            let (first, last) = (slice_end(from, length, found, index)?, slice_end(to, length, found, index)?);
            Ok(Pick::Many((first..=last).collect()))
        }
        // Which to keep: `t[t.R > 1]`.
        Value::List(mask) if mask.len() == length && mask.iter().all(|v| matches!(v, Value::Bool(_))) => {
            Ok(Pick::Many((0..length).filter(|i| matches!(mask[*i], Value::Bool(true))).collect()))
        }
        Value::List(mask) if !mask.is_empty() && mask.iter().all(|v| matches!(v, Value::Bool(_))) => {
            let message = format!("{} values say which elements to keep, but {found} has {length}", mask.len());
            let help = Some("there is one value for each element, as in `t[t.R > 1]`".into());
            fail(RunError::Value { message, help, span: index.span }, index.span)
        }
        Value::List(items) => {
            let one = |v| position(v, length, found, index.span);
            items.iter().map(one).collect::<Result<_>>().map(Pick::Many)
        }
        other => position(other, length, found, index.span).map(Pick::One),
    }
}

fn slice_end(end: &Quantity, length: usize, found: &str, index: Operand<'_>) -> Result<usize> {
    position(&Value::Number(end.clone()), length, found, index.span)
}

/// A whole number within -length .. length - 1, counted from the end if negative.
fn position(index: &Value, length: usize, found: &str, span: Span) -> Result<usize> {
    let q = quantity(Operand::new(index, span), "an index")?;
    let whole = q.dim.is_plain() && q.value.is_finite() && q.value == q.value.round();
    if !whole {
        let help = q.dim.is_plain().then(|| "round it first: `floor(x)`, `round(x)`".to_string());
        return match help {
            Some(_) => fail(
                RunError::Value {
                    message: format!("an index must be a whole number, not {}", text::number(q.value)),
                    help,
                    span,
                },
                span,
            ),
            None => mismatch("an index", "a plain whole number", index, None, span),
        };
    }
    let from_start = if q.value < 0.0 { q.value + length as f64 } else { q.value };
    if from_start < 0.0 || from_start >= length as f64 {
        let (index, found) = (text::number(q.value), found.to_string());
        return fail(RunError::Index { index, found, length, span }, span);
    }
    Ok(from_start as usize)
}

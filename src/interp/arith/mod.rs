//! Arithmetic and elementwise functions: one function for one value, one for two. Numbers carry dimensions, lists are
//! vectors, fields combine point by point. Support for other kinds of values is to be added here.

mod lists;
mod numbers;
pub(crate) mod symbols;

use super::Interpreter;
use super::error::{TypesError, UnitsError, fail};
use super::value::{Field, Operand, Quantity, Value, text};
use crate::graph::{Binary, Unary};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use numbers::{agree, scaled_sum};

impl Interpreter {
    /// An elementwise function of one value.
    ///
    /// # Errors
    /// A kind without arithmetic; a dimension where the function needs a plain number.
    pub fn unary(&mut self, op: Unary, x: Operand<'_>) -> Result<Value> {
        match x.value {
            Value::Number(q) => Ok(Value::Number(numbers::unary(op, q, x.span)?)),
            Value::Symbol(s) => Ok(symbols::unary(op, s, x.span)),
            Value::Field(f) => {
                let data = f.data.iter().map(|&v| op.value(v)).collect();
                Ok(Value::Field(Rc::new(f.made(f.channels, data))))
            }
            Value::List(items) => {
                let each = |v: &Value, s: &mut Self| {
                    s.check_interrupt(x.span)?;
                    s.unary(op, Operand::new(v, x.span))
                };
                items.iter().map(|v| each(v, self)).collect::<Result<Vec<_>>>().map(Value::list)
            }
            Value::Interval(from, to) => {
                let listed = self.listed(from, to, x.span)?;
                self.unary(op, Operand::new(&listed, x.span))
            }
            other => {
                fail(TypesError::Operand { operator: op.name().into(), found: other.kind(), span: x.span }, x.span)
            }
        }
    }

    /// A step function that is not part of graphs, for plain numbers, lists and concrete fields.
    pub(crate) fn rounded(&mut self, x: Operand<'_>, name: &'static str, f: fn(f64) -> f64) -> Result<Value> {
        match x.value {
            Value::Number(q) if q.dim.is_plain() => {
                Ok(Value::Number(Quantity::plain(f(q.value)).trusted(q.trust.through(f))))
            }
            Value::Number(q) => {
                fail(UnitsError::NotPlain { function: name.into(), found: q.dim.words(), span: x.span }, x.span)
            }
            Value::Field(field) => Ok(with_number(field, false, f)),
            Value::List(items) => {
                let each = |v: &Value| self.rounded(Operand::new(v, x.span), name, f);
                items.iter().map(each).collect::<Result<Vec<_>>>().map(Value::list)
            }
            other => fail(TypesError::Operand { operator: name.into(), found: other.kind(), span: x.span }, x.span),
        }
    }

    /// `where(condition, a, b)`.
    ///
    /// # Errors
    /// A condition that is not a Boolean; parts that do not combine.
    pub(crate) fn choose(
        &mut self,
        condition: Operand<'_>,
        a: Operand<'_>,
        b: Operand<'_>,
        place: Span,
    ) -> Result<Value> {
        if let Some(chosen) = symbols::select(condition, a, b, place)? {
            return Ok(chosen);
        }
        match condition.value {
            Value::Bool(true) => Ok(a.value.clone()),
            Value::Bool(false) => Ok(b.value.clone()),
            Value::List(conditions) => self.choose_listed(conditions, condition.span, a, b, place),
            Value::Field(mask) => {
                // Weights of 1 and 0 would turn an infinity in the part not chosen into NaN: choose by index instead.
                let stretch = |s: &mut Self, x: Operand<'_>| {
                    let zero = s.binary(Binary::Mul, condition, Operand::new(&Value::plain(0.0), place), place)?;
                    s.binary(Binary::Add, Operand::new(&zero, condition.span), x, place)
                };
                match (stretch(self, a)?, stretch(self, b)?) {
                    (Value::Field(x), Value::Field(y)) => Ok(masked(mask, &x, &y)),
                    (x, _) => crate::interp::call::mismatch("a part of `where`", "a field or number", &x, None, a.span),
                }
            }
            other => {
                let help = Some("compare something: `where(n > 0.1, a, b)`".to_string());
                crate::interp::call::mismatch("the condition of `where`", "true or false", other, help, condition.span)
            }
        }
    }

    /// An elementwise function of two values; numbers broadcast to lists and fields. Comparisons of numbers give a Boolean,
    /// of lists a list of Booleans, of fields a field of 0 and 1.
    ///
    /// # Errors
    /// Kinds that do not combine, clashing dimensions, lists of different lengths, fields on different grids.
    pub fn binary(&mut self, op: Binary, a: Operand<'_>, b: Operand<'_>, place: Span) -> Result<Value> {
        if let Some(value) = symbols::binary(op, a, b, place)? {
            return Ok(value);
        }
        match (a.value, b.value) {
            (Value::Number(x), Value::Number(y)) => numbers::binary(op, (x, a.span), (y, b.span), place),
            (Value::Interval(from, to), _) => {
                let listed = self.listed(from, to, a.span)?;
                self.binary(op, Operand::new(&listed, a.span), b, place)
            }
            (_, Value::Interval(from, to)) => {
                let listed = self.listed(from, to, b.span)?;
                self.binary(op, a, Operand::new(&listed, b.span), place)
            }
            (Value::List(items), Value::Field(_)) | (Value::Field(_), Value::List(items)) if has_number(items) => {
                fail(operands(op, a, b), place)
            }
            (Value::List(_), _) | (_, Value::List(_)) => self.binary_lists(op, a, b, place),
            (Value::Field(x), Value::Field(y)) => fields(op, (x, a.span), (y, b.span), place),
            (Value::Field(x), Value::Number(y)) => Ok(with_number(x, y.trust.unconverged(), |v| op.value(v, y.value))),
            (Value::Number(x), Value::Field(y)) => Ok(with_number(y, x.trust.unconverged(), |v| op.value(x.value, v))),
            _ => fail(operands(op, a, b), place),
        }
    }
}

fn masked(mask: &Field, x: &Field, y: &Field) -> Value {
    let channels = x.channels.max(y.channels);
    let pick = |f: &Field, i: usize, c: usize| f.data[i * f.channels + if f.channels == 1 { 0 } else { c }];
    let at = |i: usize, c: usize| if pick(mask, i, c) != 0.0 { pick(x, i, c) } else { pick(y, i, c) };
    let data = (0..mask.grid.points).flat_map(|i| (0..channels).map(move |c| (i, c))).map(|(i, c)| at(i, c)).collect();
    Value::Field(Rc::new(mask.made(channels, data).doubted(x.unconverged || y.unconverged)))
}

fn with_number(x: &Field, doubt: bool, f: impl Fn(f64) -> f64) -> Value {
    let data = x.data.iter().map(|&v| f(v)).collect();
    Value::Field(Rc::new(x.made(x.channels, data).doubted(doubt)))
}

fn fields(op: Binary, (x, xs): (&Field, Span), (y, ys): (&Field, Span), place: Span) -> Result<Value> {
    same_grid(op.name(), (x, xs), (y, ys), place)?;
    let channels = match (x.channels, y.channels) {
        (a, b) if a == b => a,
        (1, b) => b,
        (a, 1) => a,
        (left, right) => {
            let operator = op.name().into();
            return fail(TypesError::Channels { operator, left, right, left_span: xs, right_span: ys }, place);
        }
    };
    let pick = |f: &Field, i: usize, c: usize| f.data[i * f.channels + if f.channels == 1 { 0 } else { c }];
    let data = (0..x.grid.points)
        .flat_map(|i| (0..channels).map(move |c| (i, c)))
        .map(|(i, c)| op.value(pick(x, i, c), pick(y, i, c)))
        .collect();
    Ok(Value::Field(Rc::new(x.made(channels, data).doubted(y.unconverged))))
}

/// Checks that two fields are on one grid.
pub fn same_grid(operator: &str, (x, xs): (&Field, Span), (y, ys): (&Field, Span), place: Span) -> Result<()> {
    if Arc::ptr_eq(&x.grid, &y.grid) || x.grid == y.grid {
        return Ok(());
    }
    let (left, right) = (text::grid(&x.grid), text::grid(&y.grid));
    fail(TypesError::Grids { operator: operator.into(), left, right, left_span: xs, right_span: ys }, place)
}

/// Whether an element, or an element of an element, is a number.
fn has_number(items: &[Value]) -> bool {
    items.iter().any(|v| match v {
        Value::Number(_) => true,
        Value::List(items) => has_number(items),
        _ => false,
    })
}

fn operands(op: Binary, a: Operand<'_>, b: Operand<'_>) -> TypesError {
    let either = |is: fn(&Value) -> bool| is(a.value) || is(b.value);
    let help = match op {
        Binary::Add if either(|v| matches!(v, Value::Str(_))) => {
            Some("insert values into a string with braces: `\"R = {R}\"`".to_string())
        }
        _ if either(|v| matches!(v, Value::Loss(_))) => Some(
            "a loss made of others calls them: `loss both(run, exact) = losses.ksr(run, exact) + losses.final(run, exact)`".into(),
        ),
        _ if either(|v| matches!(v, Value::List(_))) && either(|v| matches!(v, Value::Field(_))) => Some(
            "the values of a field are a list, `n.values`; for a list of fields write `[c * n for c in list]`".into(),
        ),
        _ => None,
    };
    TypesError::Operands {
        operator: op.name().into(),
        left: a.value.kind(),
        right: b.value.kind(),
        help,
        left_span: a.span,
        right_span: b.span,
    }
}

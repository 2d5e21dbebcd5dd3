//! Lists as vectors: two lists combine element by element, anything else combines with every element.

use crate::graph::Binary;
use crate::interp::Interpreter;
use crate::interp::error::{TypesError, fail};
use crate::interp::value::{Operand, Value};
use crate::problem::Result;
use crate::source::Span;

impl Interpreter {
    /// Two lists of equal length, or a list and anything else.
    pub(crate) fn binary_lists(&mut self, op: Binary, a: Operand<'_>, b: Operand<'_>, place: Span) -> Result<Value> {
        let mut pair = |x: &Value, y: &Value| {
            self.check_interrupt(place)?;
            self.binary(op, Operand::new(x, a.span), Operand::new(y, b.span), place)
        };
        let items: Result<Vec<Value>> = match (a.value, b.value) {
            (Value::List(x), Value::List(y)) if x.len() != y.len() => {
                let operator = op.name().into();
                let (left, right) = (x.len(), y.len());
                let (left_span, right_span) = (a.span, b.span);
                return fail(TypesError::Lengths { operator, left, right, left_span, right_span }, place);
            }
            (Value::List(x), Value::List(y)) => x.iter().zip(y.iter()).map(|(x, y)| pair(x, y)).collect(),
            (Value::List(x), y) => x.iter().map(|x| pair(x, y)).collect(),
            (x, Value::List(y)) => y.iter().map(|y| pair(x, y)).collect(),
            (x, y) => return pair(x, y),
        };
        items.map(Value::list)
    }

    /// `where` with a list of Booleans: element by element.
    pub(crate) fn choose_listed(
        &mut self,
        conditions: &[Value],
        span: Span,
        a: Operand<'_>,
        b: Operand<'_>,
        place: Span,
    ) -> Result<Value> {
        let mut items = Vec::with_capacity(conditions.len());
        for (i, condition) in conditions.iter().enumerate() {
            let (x, y) = (element(a, i, conditions.len(), span, place)?, element(b, i, conditions.len(), span, place)?);
            items.push(self.choose(Operand::new(condition, span), x, y, place)?);
        }
        Ok(Value::list(items))
    }
}

/// Element i of a list as long as the condition, or the value used for all elements.
fn element<'a>(x: Operand<'a>, i: usize, length: usize, span: Span, place: Span) -> Result<Operand<'a>> {
    match x.value {
        Value::List(items) if items.len() != length => {
            let (operator, left_span, right_span) = ("where".into(), span, x.span);
            fail(TypesError::Lengths { operator, left: length, right: items.len(), left_span, right_span }, place)
        }
        Value::List(items) => Ok(Operand::new(items.get(i).unwrap_or(x.value), x.span)),
        _ => Ok(x),
    }
}

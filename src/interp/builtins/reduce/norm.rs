//! The norm of everything in a list or record.

use super::{Reduction, one_dimension};
use crate::graph::{Binary, Unary};
use crate::interp::Interpreter;
use crate::interp::call::Args;
use crate::interp::error::TraceError;
use crate::interp::error::fail;
use crate::interp::value::{Operand, Symbol, Value};
use crate::problem::Result;

pub(super) fn norm(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let span = args.span_of("x");
    let mut leaves = Vec::new();
    if let Some(other) = strange(&args.arg("x")?.value, &mut leaves) {
        let help = matches!(other, Value::Field(_)).then(|| "of a field: `sqrt(integral(f^2))`".to_owned());
        return crate::interp::call::mismatch(&args.what("x"), "numbers", &other, help, span);
    }
    one_dimension("norm", &leaves, span)?;
    let mut sum = Value::plain(0.0);
    for leaf in &leaves {
        let leaf = Operand::new(leaf, span);
        let square = interp.binary(Binary::Mul, leaf, leaf, args.span)?;
        let square = interp.reduce(Reduction::Sum, Operand::new(&square, span))?;
        sum = match (&sum, &square) {
            (Value::Number(zero), _) if zero.value == 0.0 && zero.dim.is_plain() => square,
            _ => interp.binary(Binary::Add, Operand::new(&sum, span), Operand::new(&square, span), args.span)?,
        };
    }
    match &sum {
        Value::Symbol(sum) => root(sum, args),
        sum => interp.unary(Unary::Sqrt, Operand::new(sum, span)),
    }
}

/// The root of a sum of squares, with slope 0 where it is 0.
fn root(sum: &Symbol, args: &Args) -> Result<Value> {
    let (x, span) = (sum.node(), args.span);
    let made = sum.trace().add(|g| {
        let (zero, one) = (g.constant(0.0, span), g.constant(1.0, span));
        let positive = g.binary(Binary::Less, zero, x, span)?;
        let safe = g.select(positive, x, one, span)?;
        let root = g.unary(Unary::Sqrt, safe, span);
        g.select(positive, root, zero, span)
    });
    match made {
        Ok(node) => Ok(sum.trace().value(node)),
        Err(error) => fail(TraceError::shape(&error, span), span),
    }
}

/// Collects the numbers of a value; the first part that is none is returned.
fn strange(value: &Value, leaves: &mut Vec<Value>) -> Option<Value> {
    match value {
        Value::Number(_) => leaves.push(value.clone()),
        Value::Symbol(symbol) if symbol.shape().grid.is_none() => leaves.push(value.clone()),
        Value::List(items) => return items.iter().find_map(|item| strange(item, leaves)),
        Value::Record(record) => return record.entries.iter().find_map(|(_, entry)| strange(entry, leaves)),
        other => return Some(other.clone()),
    }
    None
}

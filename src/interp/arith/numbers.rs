//! Numbers with dimensions.

use crate::graph::{Binary, Unary};
use crate::interp::error::{UnitsError, fail};
use crate::interp::value::{Quantity, Value, text};
use crate::lang::Dimension;
use crate::problem::Result;
use crate::source::Span;

/// A function of one number.
pub fn unary(op: Unary, x: &Quantity, span: Span) -> Result<Quantity> {
    let value = op.value(x.value);
    let dim = match op {
        Unary::Neg | Unary::Abs => {
            let trust = x.trust.through(|x| op.value(x));
            return Ok(Quantity { value, dim: x.dim, unit: x.unit, trust });
        }
        Unary::Sign => Dimension::PLAIN,
        Unary::Recip => Dimension::PLAIN.over(x.dim),
        Unary::Sqrt => powered(x.dim, 0.5, span)?,
        Unary::Pow(p) => powered(x.dim, p, span)?,
        Unary::Exp | Unary::Expm1 | Unary::Sigmoid | Unary::Softplus => plain(op, x, span)?,
        Unary::Ln | Unary::Log2 | Unary::Log10 | Unary::Ln1p => plain(op, x, span)?,
        Unary::Sin | Unary::Cos | Unary::Tan | Unary::Asin | Unary::Acos | Unary::Atan => plain(op, x, span)?,
        Unary::Sinh | Unary::Cosh | Unary::Tanh => plain(op, x, span)?,
    };
    Ok(Quantity::of(value, dim).trusted(x.trust.through(|x| op.value(x))))
}

/// The dimension of a function of a plain number.
fn plain(op: Unary, x: &Quantity, span: Span) -> Result<Dimension> {
    match x.dim.is_plain() {
        true => Ok(Dimension::PLAIN),
        false => {
            let function = op.name().into();
            fail(UnitsError::NotPlain { function, found: x.dim.words(), span }, span)
        }
    }
}

fn powered(dim: Dimension, exponent: f64, span: Span) -> Result<Dimension> {
    dim.power(exponent).map_or_else(
        || fail(UnitsError::Power { found: dim.words(), exponent: text::number(exponent), span }, span),
        Ok,
    )
}

/// A factor times the sum of numbers, where their plain sum is too large for a number: they are scaled first. It is still infinite if
/// the result is too large; `None` if a number is not finite itself.
pub fn scaled_sum(factor: f64, numbers: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let largest = numbers.clone().fold(0.0f64, |largest, x| if x.abs() > largest { x.abs() } else { largest });
    let known = largest > 0.0 && numbers.clone().all(f64::is_finite);
    known.then(|| factor * numbers.map(|x| x / largest).sum::<f64>() * largest)
}

/// The dimension that both operands share.
///
/// # Errors
/// The dimensions clash; both operands are labelled.
pub fn agree(operator: &str, a: (Dimension, Span), b: (Dimension, Span), place: Span) -> Result<Dimension> {
    a.0.agree(b.0).map_or_else(
        || {
            let (left, right) = (a.0.words(), b.0.words());
            fail(UnitsError::Clash { operator: operator.into(), left, right, left_span: a.1, right_span: b.1 }, place)
        },
        Ok,
    )
}

/// A function of two numbers. Comparisons give Booleans.
pub fn binary(op: Binary, (x, xs): (&Quantity, Span), (y, ys): (&Quantity, Span), place: Span) -> Result<Value> {
    let value = op.value(x.value, y.value);
    let dim = match op {
        Binary::Mul | Binary::MulZero | Binary::MulZeros => x.dim.times(y.dim),
        Binary::Div | Binary::DivZero => x.dim.over(y.dim),
        Binary::Pow if !y.dim.is_plain() => {
            let function = "a power".to_string();
            return fail(UnitsError::NotPlain { function, found: y.dim.words(), span: ys }, place);
        }
        Binary::Pow => powered(x.dim, y.value, xs)?,
        Binary::Add | Binary::Sub | Binary::Min | Binary::Max => agree(op.name(), (x.dim, xs), (y.dim, ys), place)?,
        Binary::Less | Binary::LessEq | Binary::Eq => {
            agree(op.name(), (x.dim, xs), (y.dim, ys), place)?;
            return Ok(Value::Bool(value != 0.0));
        }
        // Of derivatives, which have no dimensions.
        Binary::SiluSlope | Binary::Share => agree(op.name(), (x.dim, xs), (y.dim, ys), place)?,
    };
    let unit = match op {
        Binary::Add | Binary::Sub | Binary::Min | Binary::Max if x.unit == y.unit => x.unit,
        Binary::Mul if x.dim.is_plain() => y.unit,
        Binary::Mul | Binary::Div if y.dim.is_plain() => x.unit,
        _ => None,
    };
    Ok(Value::Number(Quantity {
        value,
        dim,
        unit,
        trust: x.trust.combined(x.value, &y.trust, y.value, |x, y| op.value(x, y)),
    }))
}

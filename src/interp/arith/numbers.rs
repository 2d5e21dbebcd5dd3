//! Numbers with dimensions.

use crate::functional::{Binary, Unary};
use crate::interp::error::{UnitsError, fail};
use crate::interp::text;
use crate::interp::value::{Dim, Quantity, Value};
use crate::problem::Result;
use crate::source::Span;

/// What the user calls a function of one argument.
pub fn unary_name(op: Unary) -> &'static str {
    match op {
        Unary::Neg => "-",
        Unary::Abs => "abs",
        Unary::Sign => "sign",
        Unary::Step => "step",
        Unary::Recip => "1 /",
        Unary::Exp => "exp",
        Unary::Expm1 => "expm1",
        Unary::Ln => "ln",
        Unary::Ln1p => "ln1p",
        Unary::Sqrt => "sqrt",
        Unary::Sin => "sin",
        Unary::Cos => "cos",
        Unary::Tan => "tan",
        Unary::Asin => "asin",
        Unary::Acos => "acos",
        Unary::Atan => "atan",
        Unary::Sinh => "sinh",
        Unary::Cosh => "cosh",
        Unary::Tanh => "tanh",
        Unary::Sigmoid => "sigmoid",
        Unary::Softplus => "softplus",
        Unary::Pow(_) => "^",
    }
}

/// What the user calls a function of two arguments.
pub fn binary_name(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::Pow => "^",
        Binary::Min => "min",
        Binary::Max => "max",
        Binary::Less => "<",
        Binary::LessEq => "<=",
        Binary::Eq => "==",
    }
}

/// The value of a function of one plain number.
pub fn evaluate_unary(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign if x == 0.0 => 0.0,
        Unary::Sign => x.signum(),
        Unary::Step => f64::from(u8::from(x > 0.0)),
        Unary::Recip => 1.0 / x,
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.exp_m1(),
        Unary::Ln => x.ln(),
        Unary::Ln1p => x.ln_1p(),
        Unary::Sqrt => x.sqrt(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Asin => x.asin(),
        Unary::Acos => x.acos(),
        Unary::Atan => x.atan(),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid if x >= 0.0 => 1.0 / (1.0 + (-x).exp()),
        Unary::Sigmoid => x.exp() / (1.0 + x.exp()),
        Unary::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Unary::Pow(p) => x.powf(p),
    }
}

/// The value of a function of two plain numbers; comparisons give 1 or 0.
pub fn evaluate_binary(op: Binary, a: f64, b: f64) -> f64 {
    let truth = |t: bool| f64::from(u8::from(t));
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.powf(b),
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        Binary::Less => truth(a < b),
        Binary::LessEq => truth(a <= b),
        Binary::Eq => truth(a == b),
    }
}

/// A function of one number.
pub fn unary(op: Unary, x: Quantity, span: Span) -> Result<Quantity> {
    let value = evaluate_unary(op, x.value);
    let dim = match op {
        Unary::Neg | Unary::Abs => return Ok(Quantity { value, ..x }),
        Unary::Sign | Unary::Step => Dim::PLAIN,
        Unary::Recip => Dim::PLAIN.over(x.dim),
        Unary::Sqrt => powered(x.dim, 0.5, span)?,
        Unary::Pow(p) => powered(x.dim, p, span)?,
        _ if x.dim.is_plain() => Dim::PLAIN,
        _ => {
            let function = unary_name(op).into();
            return fail(UnitsError::NotPlain { function, found: x.dim.words(), span }, span);
        }
    };
    Ok(Quantity::of(value, dim))
}

fn powered(dim: Dim, exponent: f64, span: Span) -> Result<Dim> {
    dim.power(exponent).map_or_else(
        || fail(UnitsError::Power { found: dim.words(), exponent: text::number(exponent), span }, span),
        Ok,
    )
}

/// The dimension both operands share.
///
/// # Errors
/// The dimensions clash: labelled are both operands.
pub fn agree(operator: &str, a: (Dim, Span), b: (Dim, Span), place: Span) -> Result<Dim> {
    a.0.agree(b.0).map_or_else(
        || {
            let (left, right) = (a.0.words(), b.0.words());
            fail(UnitsError::Clash { operator: operator.into(), left, right, left_span: a.1, right_span: b.1 }, place)
        },
        Ok,
    )
}

/// A function of two numbers. Comparisons give truth values.
pub fn binary(op: Binary, (x, xs): (Quantity, Span), (y, ys): (Quantity, Span), place: Span) -> Result<Value> {
    let value = evaluate_binary(op, x.value, y.value);
    let dim = match op {
        Binary::Mul => x.dim.times(y.dim),
        Binary::Div => x.dim.over(y.dim),
        Binary::Pow if !y.dim.is_plain() => {
            let function = "a power".to_string();
            return fail(UnitsError::NotPlain { function, found: y.dim.words(), span: ys }, place);
        }
        Binary::Pow => powered(x.dim, y.value, xs)?,
        _ => agree(binary_name(op), (x.dim, xs), (y.dim, ys), place)?,
    };
    if matches!(op, Binary::Less | Binary::LessEq | Binary::Eq) {
        return Ok(Value::Bool(value != 0.0));
    }
    let unit = match op {
        Binary::Add | Binary::Sub | Binary::Min | Binary::Max if x.unit == y.unit => x.unit,
        Binary::Mul if x.dim.is_plain() => y.unit,
        Binary::Mul | Binary::Div if y.dim.is_plain() => x.unit,
        _ => None,
    };
    Ok(Value::Number(Quantity { value, dim, unit }))
}

//! Expected kinds of values: gives what the value holds, or an error that says what it is instead.

use crate::interp::error::{TraceError, TypesError, UnitsError, fail};
use crate::interp::value::{Operand, Quantity, Value, text};
use crate::lang::Dimension;
use crate::problem::Result;
use crate::source::Span;

/// The Boolean in a value.
pub fn truth(x: Operand<'_>, what: &str) -> Result<bool> {
    match x.value {
        Value::Bool(b) => Ok(*b),
        Value::Symbol(_) => fail(TraceError::condition(what, x.span), x.span),
        other => {
            let help = matches!(other, Value::Field(_))
                .then(|| "choose point by point with `where(condition, a, b)`".to_string());
            mismatch(what, "true or false", other, help, x.span)
        }
    }
}

/// The error for a value of the wrong kind.
pub fn mismatch<T>(what: &str, wanted: &str, found: &Value, help: Option<String>, span: Span) -> Result<T> {
    let (what, wanted, (found, own)) = (what.to_string(), wanted.to_string(), described(found, wanted));
    fail(TypesError::Mismatch { what, wanted, found, help: help.or(own), span }, span)
}

/// What a value is, by what makes it different from what is wanted, and how to help.
fn described(found: &Value, wanted: &str) -> (String, Option<String>) {
    let kind = found.kind();
    match found {
        Value::Number(q) if q.dim.is_plain() && wanted.contains("number") => (text::number(q.value), None),
        Value::Symbol(_) => {
            let help = "in the body of a functional or loss, densities and what follows from them have no values yet";
            (format!("{kind} whose values are not known yet"), Some(help.into()))
        }
        Value::Field(f) if f.channels > 1 && wanted.contains("field") => {
            (format!("a field of {} channels", f.channels), Some("take one channel with `channel(f, k)`".into()))
        }
        _ if wanted == kind => (format!("another {}", kind.split_once(' ').map_or(&*kind, |(_, noun)| noun)), None),
        _ => (kind, None),
    }
}

/// A number of any dimension.
pub fn quantity(x: Operand<'_>, what: &str) -> Result<Quantity> {
    match x.value {
        Value::Number(q) => Ok(q.clone()),
        other => mismatch(what, "a number", other, None, x.span),
    }
}

/// A number of the wanted dimension, or a plain one in atomic units.
pub(crate) fn dimensioned(x: Operand<'_>, dim: Dimension, what: &str) -> Result<f64> {
    let q = quantity(x, what)?;
    if q.dim.agree(dim).is_some() {
        return Ok(q.value);
    }
    let (wanted, found) = (dim.words(), q.dim.words());
    fail(UnitsError::Wanted { what: what.into(), wanted, found, span: x.span }, x.span)
}

/// The error for a value that is not a functional.
pub(crate) fn not_functional<T>(what: &str, value: &Value, span: Span) -> Result<T> {
    let help = match value {
        Value::Function(_) => Some("define it with `functional` instead of `fn`".to_string()),
        Value::Builtin(builtin) if builtin.name == "exact_functional" => {
            Some("with parentheses: `exact_functional()`".to_string())
        }
        Value::Machine(_) => {
            Some("a machine for energies makes one: `total functional F(n) = machine(n)`, or `total kinetic functional T(n) = …`".into())
        }
        Value::Corrected(_) => Some(
            "its correction is added to the energies of `solve` with orbitals; `corrected(…, inside: true)` is a functional".into(),
        ),
        Value::ExactFunctional => Some(
            "it is not a formula: `solve(system, with: exact_functional())`, and `energy` and `potential` at a density"
                .into(),
        ),
        Value::Module(m) => Some(format!("use one of its definitions: `{}.name`", m.name)),
        _ => None,
    };
    let error = TraceError::NotFunctional { what: what.to_string(), found: value.kind(), help, span };
    fail(error, span)
}

//! Equality of plain values.

use super::Value;

/// Whether two plain values are equal as a whole; `None` if the kinds cannot be compared.
pub fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x.dim.agree(y.dim).map(|_| x.value == y.value),
        (Value::Bool(x), Value::Bool(y)) => Some(x == y),
        (Value::Str(x), Value::Str(y)) => Some(x == y),
        (Value::List(x), Value::List(y)) if x.len() != y.len() => Some(false),
        (Value::List(x), Value::List(y)) => all(x.iter().zip(y.iter()).map(|(x, y)| equal(x, y))),
        (Value::Record(x), Value::Record(y)) if x.entries.len() != y.entries.len() => Some(false),
        (Value::Record(x), Value::Record(y)) => {
            all(x.entries.iter().map(|(n, v)| y.get(n).map_or(Some(false), |w| equal(v, w))))
        }
        (Value::Interval(a, b), Value::Interval(c, d)) => Some(a.value == c.value && b.value == d.value),
        (Value::Grid(x), Value::Grid(y)) => Some(x == y),
        (Value::System(x), Value::System(y)) => Some(x == y),
        (Value::Interaction(x), Value::Interaction(y)) => Some(x == y),
        _ => None,
    }
}

fn all(mut answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    answers.try_fold(true, |so_far, answer| answer.map(|a| so_far && a))
}

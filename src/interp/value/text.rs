//! Values as short strings, for interpolation, `print`, labels of systems and messages.

use super::{Field, Quantity, Value};
use crate::model::Grid;
use crate::number::{counted, significant, with_spread};

/// A number with at most twelve significant digits, without trailing zeros: `1.36`, `1e-6`, `nan`, `inf`.
pub fn number(x: f64) -> String {
    significant(x, 12, -5..15)
}

/// What follows a number that comes from a calculation that did not converge.
pub const UNCONVERGED: &str = "not converged";

/// A number with its unit: `1.28 bohr`; with its spread, `-1.4318(4) hartree`; and `(not converged)` if it comes from a calculation
/// that did not.
pub fn quantity(q: &Quantity) -> String {
    let q = q.readable(q.value);
    let (unit, x) = (q.unit_text(), q.shown());
    let shown = match q.spread() {
        Some(spread) if spread > 0.0 && spread.is_finite() && x.is_finite() => with_spread(x, spread),
        _ => number(x),
    };
    let text = if unit.is_empty() { shown } else { format!("{shown} {unit}") };
    if q.trust.unconverged() { format!("{text} ({UNCONVERGED})") } else { text }
}

/// `513 points 0.08 bohr apart`.
pub fn grid(grid: &Grid) -> String {
    format!("{} {} bohr apart", counted(grid.points, "point"), number(grid.spacing))
}

fn field(f: &Field) -> String {
    let channels = if f.channels == 1 { String::new() } else { format!(" and {} channels", f.channels) };
    let text = format!("a field of {}{channels}", counted(f.grid.points, "point"));
    if f.unconverged { format!("{text} ({UNCONVERGED})") } else { text }
}

/// A value as `print` and `"{…}"` write it.
pub fn value(v: &Value) -> String {
    match v {
        Value::Nothing => String::new(),
        Value::Number(q) => quantity(q),
        Value::Bool(b) => b.to_string(),
        Value::Str(s) => s.to_string(),
        Value::List(items) => format!("[{}]", joined(items.iter().map(value))),
        Value::Record(r) => match r.entries.is_empty() {
            true => "{}".into(),
            false => format!("{{ {} }}", joined(r.entries.iter().map(|(n, v)| format!("{n}: {}", value(v))))),
        },
        Value::Interval(a, b) => format!("{} .. {}", quantity(a), quantity(b)),
        Value::Field(f) => field(f),
        Value::Grid(g) => format!("a grid of {}", grid(g)),
        Value::System(s) => s.label.clone(),
        Value::Table(t) => {
            let names: Vec<&str> = t.columns.iter().map(|(n, _)| &**n).collect();
            format!("a table of {}: {}", counted(t.rows(), "row"), names.join(", "))
        }
        Value::Function(c) if &*c.def.name.name != "fn" => c.def.name.name.to_string(),
        Value::Builtin(b) => b.name.to_string(),
        Value::SystemMaker(m) => m.def.name.name.to_string(),
        Value::Module(m) => m.name.to_string(),
        Value::Kernel(kernel) => kernel.text(),
        Value::Interaction(_)
        | Value::Run(_)
        | Value::Reference(_)
        | Value::Figure(_)
        | Value::Mixing(_)
        | Value::ExactFunctional
        | Value::Corrected(_)
        | Value::Machine(_)
        | Value::Basis(_)
        | Value::Function(_)
        | Value::Symbol(_)
        | Value::Functional(_)
        | Value::Model(_)
        | Value::Optimizer(_)
        | Value::Loss(_) => v.kind(),
    }
}

/// What a value is, in more detail than [`Value::kind`]: `a list of 5 energies`, `a field on 513 points 0.08 bohr apart`.
pub fn kind(v: &Value) -> String {
    match v {
        Value::List(items) => {
            let kinds: Vec<String> = items.iter().map(Value::kind).collect();
            match kinds.split_first() {
                None => "an empty list".into(),
                Some((first, rest)) if rest.iter().all(|k| k == first) => {
                    let noun = first.split_once(' ').map_or(first.as_str(), |(_, noun)| noun);
                    format!("a list of {}", counted_kind(items.len(), noun))
                }
                Some(_) => format!("a list of {}", counted(items.len(), "value")),
            }
        }
        Value::Field(f) => {
            let channels = if f.channels == 1 { String::new() } else { format!(" with {} channels", f.channels) };
            format!("a field on {}{channels}", grid(&f.grid))
        }
        Value::Grid(g) => format!("a grid of {}", grid(g)),
        Value::Table(t) => {
            format!("a table of {} and {}", counted(t.columns.len(), "column"), counted(t.rows(), "row"))
        }
        Value::Nothing
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Str(_)
        | Value::Record(_)
        | Value::Interval(..)
        | Value::Interaction(_)
        | Value::System(_)
        | Value::Run(_)
        | Value::Reference(_)
        | Value::Figure(_)
        | Value::Mixing(_)
        | Value::ExactFunctional
        | Value::Corrected(_)
        | Value::Machine(_)
        | Value::Kernel(_)
        | Value::Basis(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::SystemMaker(_)
        | Value::Module(_)
        | Value::Symbol(_)
        | Value::Functional(_)
        | Value::Model(_)
        | Value::Optimizer(_)
        | Value::Loss(_) => v.kind(),
    }
}

/// `2 energies`, `1 quantity in bohr^2`: what follows a preposition stays.
fn counted_kind(n: usize, noun: &str) -> String {
    let (head, rest) = match [" in ", " with ", " of "].iter().filter_map(|word| noun.find(word)).min() {
        Some(at) => noun.split_at(at),
        None => (noun, ""),
    };
    format!("{}{rest}", counted(n, head))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_rounding_noise_and_no_trailing_zeros() {
        for (x, text) in [
            (0.1 + 0.2, "0.3"),
            (0.4 + 6.0 * 0.16, "1.36"),
            (513.0, "513"),
            (-1e-8, "-1e-8"),
            (1e-5, "0.00001"),
            (2.5e20, "2.5e20"),
            (1e14, "100000000000000"),
            (0.0, "0"),
            (-0.0, "0"),
            (1.0 / 3.0, "0.333333333333"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(x), text);
        }
    }
}

//! Numbers and units as a physicist writes them.

use crate::interp::value::Quantity;
use crate::number::{significant, with_spread};

/// Significant digits shown.
pub const DIGITS: usize = 7;

/// A number with at most [`DIGITS`] significant digits; whole numbers in full up to 1e15.
pub fn plain(x: f64) -> String {
    digits(x, DIGITS)
}

/// A number with at most `n` significant digits, without trailing zeros; `1.2e-9` below 1e-4 and from 1e7 (1e15 if whole).
pub fn digits(x: f64, n: usize) -> String {
    if x.fract() == 0.0 && x != 0.0 && x.abs() < 1e15 { format!("{x:.0}") } else { significant(x, n, -4..7) }
}

pub use crate::interp::value::text::UNCONVERGED;

/// A quantity with its unit: `-1.174476 hartree`; and `(not converged)` if it comes from a calculation that did not.
pub fn quantity(q: &Quantity) -> String {
    let q = q.readable(q.value);
    let (number, unit) = (bare(&q), q.unit_text());
    let text = if unit.is_empty() { number } else { format!("{number} {unit}") };
    if q.trust.unconverged() { format!("{text} ({UNCONVERGED})") } else { text }
}

/// The number of a quantity in its unit; with a spread, `-1.4318(4)`.
pub fn bare(q: &Quantity) -> String {
    let x = q.shown();
    match q.spread() {
        Some(spread) if spread > 0.0 && spread.is_finite() && x.is_finite() => with_spread(x, spread),
        _ => plain(x),
    }
}

/// The mark of a number in a list or table that comes from a calculation that did not converge; empty for others.
pub fn mark(q: &Quantity) -> &'static str {
    if q.trust.unconverged() { "*" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (513.0, "513"),
            (0.08, "0.08"),
            (-1.174475714, "-1.174476"),
            (-14.572931, "-14.57293"),
            (0.1 + 0.2, "0.3"),
            (3.14e-9, "3.14e-9"),
            (1.5e-4, "0.00015"),
            (123456789.5, "1.234568e8"),
            (1e15, "1e15"),
            (9.99999999, "10"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (x, text) in cases {
            assert_eq!(plain(x), text);
        }
    }
}

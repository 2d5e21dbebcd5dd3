//! Numbers and units as a physicist writes them.

use crate::interp::value::Quantity;

/// Significant digits shown.
pub const DIGITS: usize = 7;

/// A number with at most [`DIGITS`] significant digits; whole numbers in full up to 1e15.
pub fn plain(x: f64) -> String {
    digits(x, DIGITS)
}

/// A number with at most `n` significant digits, without trailing zeros; `1.2e-9` below 1e-4 and from 1e7 (1e15 if whole).
pub fn digits(x: f64, n: usize) -> String {
    if !x.is_finite() {
        return not_finite(x).to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    if x.fract() == 0.0 && x.abs() < 1e15 {
        return format!("{x:.0}");
    }
    let scientific = format!("{x:.*e}", n.saturating_sub(1));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..7).contains(&exponent) {
        let decimals = (n as i32 - 1 - exponent).max(0) as usize;
        trim(&format!("{x:.decimals$}")).to_owned()
    } else {
        format!("{}e{exponent}", trim(mantissa))
    }
}

/// `nan`, `inf`, `-inf`.
pub fn not_finite(x: f64) -> &'static str {
    if x.is_nan() {
        "nan"
    } else if x > 0.0 {
        "inf"
    } else {
        "-inf"
    }
}

/// Removes trailing zeros after a decimal point.
fn trim(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A quantity with its unit: `-1.174476 hartree`.
pub fn quantity(q: &Quantity) -> String {
    let q = q.readable(q.value);
    let (number, unit) = (plain(q.shown()), q.unit_text());
    if unit.is_empty() { number } else { format!("{number} {unit}") }
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

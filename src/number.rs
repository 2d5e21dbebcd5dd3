//! Numbers as text: a few digits for readers, or as many as are needed to read the same number back.

use std::ops::Range;

/// Whole numbers below it, 2^53, are exact.
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// At most `digits` significant digits, without trailing zeros: as decimals where the power of ten lies within `plain`,
/// otherwise `1.2e-9`; `nan`, `inf`, `-inf`.
pub fn significant(x: f64, digits: usize, plain: Range<i32>) -> String {
    if !x.is_finite() {
        return not_finite(x).to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{x:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if plain.contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        trimmed(&format!("{x:.decimals$}")).to_owned()
    } else {
        format!("{}e{exponent}", trimmed(mantissa))
    }
}

/// Two digits, for messages about errors and residuals: `1.4`, `22`, `0.0031`, `3e-16`.
pub fn brief(x: f64) -> String {
    significant(x, 2, -3..5)
}

/// `1 point`, `2 points`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
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

/// The shortest text that reads back as the same number, for files: decimals from 1e-5 up to 1e16, otherwise `1.2e-9`;
/// `nan`, `inf`, `-inf`.
pub fn shortest(x: f64) -> String {
    match x {
        x if !x.is_finite() => not_finite(x).to_owned(),
        x if x != 0.0 && !(1e-5..1e16).contains(&x.abs()) => format!("{x:e}"),
        x => format!("{x}"),
    }
}

/// The shortest text that ksr reads back as the same number, for finite ones: whole numbers without a point.
pub fn literal(x: f64) -> String {
    let whole = x == x.trunc() && x.abs() < 1e15 && !(x == 0.0 && x.is_sign_negative());
    if whole { format!("{x}") } else { format!("{x:?}") }
}

/// Without trailing zeros after the decimal point.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_full_reads_back() {
        for x in [0.1, -0.0, 1.0 / 3.0, 5e-324, 1e300, -2.5e-8, 3.0, 1e-5, 1e16, f64::MAX] {
            for text in [shortest(x), literal(x)] {
                assert_eq!(text.parse().map(f64::to_bits), Ok(x.to_bits()), "{text}");
            }
        }
        assert_eq!((shortest(3.0), literal(3.0), shortest(2e-9)), ("3".into(), "3".into(), "2e-9".into()));
    }

    #[test]
    fn digits_are_rounded_and_zeros_left_out() {
        assert_eq!(significant(0.1 + 0.2, 12, -5..15), "0.3");
        assert_eq!(significant(-14.572931, 7, -4..7), "-14.57293");
        assert_eq!(significant(9.9999999, 7, -4..7), "10");
        assert_eq!(significant(3.14e-9, 7, -4..7), "3.14e-9");
        assert_eq!(significant(f64::NEG_INFINITY, 7, -4..7), "-inf");
    }
}

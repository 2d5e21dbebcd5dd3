//! Numbers as text: a few digits for readers, or as many as are needed to read the same number back.

use serde_json::{Number, Value as Json};
use std::ops::Range;

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

/// A number to the digits that its spread leaves it, and the spread in units of the last one: `-1.4318(4)`, `1230(40)`, `1.2(3)e-9`. A
/// spread has one digit, or two if the first is 1.
pub fn with_spread(x: f64, spread: f64) -> String {
    if spread > x.abs() && x != 0.0 {
        // Rounded to the digits of its spread it would be zero.
        return format!("{}±{}", significant(x, 3, -4..7), significant(spread, 2, -4..7));
    }
    let size = x.abs().max(spread).log10().floor() as i32;
    if !(-4..7).contains(&size) {
        let factor = 10f64.powi(size);
        return format!("{}e{size}", with_spread(x / factor, spread / factor));
    }
    let first = spread.log10().floor() as i32;
    let digits = if spread / 10f64.powi(first) < 1.95 { 2 } else { 1 };
    let decimals = digits - 1 - first;
    match usize::try_from(decimals) {
        Ok(decimals) => format!("{x:.decimals$}({:.0})", spread * 10f64.powi(decimals as i32)),
        Err(_) => {
            let step = 10f64.powi(-decimals);
            format!("{:.0}({:.0})", (x / step).round() * step, (spread / step).round() * step)
        }
    }
}

/// Two digits, for messages about errors and residuals: `1.4`, `22`, `0.0031`, `3e-16`.
pub fn brief(x: f64) -> String {
    significant(x, 2, -3..5)
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

/// A number as JSON; `"nan"`, `"inf"`, `"-inf"`, which JSON lacks, as strings. Whole numbers have no decimal point: from 1e16 they
/// are written with an exponent. A zero keeps its sign.
pub fn json(x: f64) -> Json {
    if x == x.trunc() && x.abs() < 1e16 && !(x == 0.0 && x.is_sign_negative()) {
        return (x as i64).into();
    }
    Number::from_f64(x).map_or_else(|| not_finite(x).into(), Json::Number)
}

/// The shortest text that ksr reads back as the same number, for finite ones: whole numbers without a point.
pub fn literal(x: f64) -> String {
    let whole = x == x.trunc() && x.abs() < 1e15 && !(x == 0.0 && x.is_sign_negative());
    if whole { format!("{x}") } else { format!("{x:?}") }
}

/// `1.2 GB`.
pub fn size(bytes: u64) -> String {
    let number = |x: f64| if x < 99.95 { format!("{x:.1}") } else { format!("{x:.0}") };
    match bytes as f64 {
        x if x >= 1e9 => format!("{} GB", number(x / 1e9)),
        x if x >= 1e6 => format!("{} MB", number(x / 1e6)),
        x if x >= 1e3 => format!("{} kB", number(x / 1e3)),
        1.0 => "1 byte".into(),
        x => format!("{x} bytes"),
    }
}

/// A number of things, the noun in the singular: `1 point`, `3 points`.
pub fn counted(n: usize, noun: &str) -> String {
    format!("{n} {}", plural(n, noun))
}

/// The noun that follows a number: `entry` after 1, otherwise `entries`.
pub fn plural(n: usize, noun: &str) -> String {
    if n == 1 {
        return noun.to_owned();
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x', 'z']) || noun.ends_with("ch") || noun.ends_with("sh") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Without trailing zeros after the decimal point.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_in_units_of_the_last_digit() {
        let cases = [
            (-1.43183, 0.000_42, "-1.4318(4)"),
            (-1.43183, 0.000_12, "-1.43183(12)"),
            (1.0, 0.94, "1.0(9)"),
            (12.3, 4.0, "12(4)"),
            (1234.0, 38.0, "1230(40)"),
            (1.23e-9, 3e-10, "1.2(3)e-9"),
            (0.0, 0.02, "0.00(2)"),
            (-2.5e8, 3e6, "-2.50(3)e8"),
        ];
        for (x, spread, text) in cases {
            assert_eq!(with_spread(x, spread), text);
        }
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        let sizes = [1_250_000_000, 310_400_000, 310_400, 12_000, 999, 1].map(size);
        assert_eq!(sizes, ["1.2 GB", "310 MB", "310 kB", "12.0 kB", "999 bytes", "1 byte"]);
    }

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
    fn json_has_no_decimal_point_for_whole_numbers() {
        let cases = [
            (9_007_199_254_740_991.0, "9007199254740991"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (-9_999_999_999_999_998.0, "-9999999999999998"),
            (1e16, "1e16"),
            (-1.5e300, "-1.5e300"),
            (3.0, "3"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (f64::NAN, "\"nan\""),
            (f64::NEG_INFINITY, "\"-inf\""),
        ];
        for (x, text) in cases {
            let written = json(x).to_string();
            assert_eq!(written.replace("e+", "e"), text);
            assert!(!x.is_finite() || written.parse() == Ok(x));
        }
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(
            ["point", "entry", "box", "array", "mass"].map(|noun| counted(2, noun)),
            ["2 points", "2 entries", "2 boxes", "2 arrays", "2 masses"]
        );
        assert_eq!((counted(1, "curve"), counted(0, "row")), ("1 curve".into(), "0 rows".into()));
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

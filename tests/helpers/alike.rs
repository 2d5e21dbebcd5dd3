//! Whether two outputs agree: equal words, and numbers equal up to differences between processors.

/// Relative difference of numbers that counts as none: iterations that converge do not fix the last bits.
pub const SAME: f64 = 1e-6;
/// The same for results of training: hundreds of steps amplify the last bits. They are shown with four digits.
#[allow(dead_code)]
pub const TRAINED: f64 = 2e-3;
/// The same for training cut short to a few steps.
#[allow(dead_code)]
pub const TRAINED_BRIEFLY: f64 = 1e-5;
/// Two numbers below this are both rounding errors or residuals of an iteration.
const ROUNDING: f64 = 1e-8;
/// A unit in the last printed digit counts as no difference either, if it is smaller than this fraction of the number.
const LAST_DIGIT: f64 = 1e-4;
/// Digits of a trained number.
const DIGITS: usize = 4;

/// Whether the words are the same and the numbers differ by at most the fraction `part` of their size. Spaces, lines of tables
/// and dots of plots do not matter.
pub fn alike(a: &str, b: &str, part: f64) -> bool {
    let (a, b) = (tokens(a), tokens(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| same(x, y, part))
}

fn same(x: &str, y: &str, part: f64) -> bool {
    let (Ok(a), Ok(b)) = (x.parse::<f64>(), y.parse::<f64>()) else { return x == y };
    let size = a.abs().max(b.abs());
    let last = unit_of_last_digit(x).min(unit_of_last_digit(y)).min(LAST_DIGIT * size);
    // A little more, as neither the fraction nor a power of ten is exact.
    (a - b).abs() <= 1.001 * (part * size).max(last) || size < ROUNDING
}

/// The unit of the last digit; zero for a whole number.
fn unit_of_last_digit(number: &str) -> f64 {
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals == 0 { 0.0 } else { 10f64.powi(exponent.parse::<i32>().unwrap_or(0) - decimals as i32) }
}

/// The same text with decimal numbers of more than four digits rounded to four, for trained ones, whose other digits mean
/// nothing. In a table they stay aligned to the right.
#[allow(dead_code)]
pub fn shortened(text: &str) -> String {
    let table = text.contains('─');
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |n| start + n);
        let (before, number) = (&rest[..start], &rest[start..end]);
        let name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let short = if name { number.to_owned() } else { rounded(number) };
        let unsigned = before.trim_end_matches('-');
        result.push_str(unsigned);
        if table {
            result.extend(std::iter::repeat_n(' ', number.len() - short.len()));
        }
        result.push_str(&before[unsigned.len()..]);
        result.push_str(&short);
        rest = &rest[end..];
    }
    result + rest
}

fn rounded(number: &str) -> String {
    let Some((whole, decimals)) = number.split_once('.') else { return number.to_owned() };
    let digits = number.trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count();
    let Ok(value) = number.parse::<f64>() else { return number.to_owned() };
    if digits <= DIGITS || whole.len() >= DIGITS {
        return number.to_owned();
    }
    format!("{value:.*}", decimals.len() + DIGITS - digits)
}

/// Numbers and the text between them.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut before = ' ';
    let mut inside = false;
    for c in text.chars().filter(|c| !drawn(*c)) {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let begins = !inside && (c.is_ascii_digit() || c == '-') && !word(before);
        let goes_on = inside && (c.is_ascii_digit() || c == '.' || c == 'e' || (c == '-' && before == 'e'));
        if begins || (inside && !goes_on) {
            tokens.push(String::new());
        }
        inside = begins || goes_on;
        if !c.is_whitespace()
            && let Some(last) = tokens.last_mut()
        {
            last.push(c);
        }
        before = c;
    }
    tokens.retain(|t| !t.is_empty());
    tokens
}

fn drawn(c: char) -> bool {
    matches!(c, '\u{2800}'..='\u{28ff}' | '─' | '│' | '┤' | '└')
}

#[test]
fn numbers_may_differ_in_the_last_digits_only() {
    assert!(alike("⡎ -1.5 ⢱", "⢱⡎-1.5", SAME));
    assert!(alike("-1.440663 hartree", "-1.440664 hartree", SAME));
    assert!(!alike("-1.440663 hartree", "-1.440667 hartree", SAME));
    assert!(alike("0.119941", "0.119942", SAME), "the last digit of a column with equal decimals");
    assert!(!alike("1.5", "1.6", SAME) && !alike("10 iterations", "11 iterations", SAME));
    assert!(alike("residual 1.8e-11", "residual 2.1e-12", SAME) && !alike("1.8e-5", "1.9e-5", SAME));
    assert!(!alike("1 hartree", "1 bohr", SAME) && !alike("[1, 2]", "[1, 2, 3]", SAME));
}

#[test]
fn trained_numbers_may_differ_more() {
    assert!(alike("loss  0.003222005", "loss 0.003222", TRAINED) && alike("-1.500", "-1.5001", TRAINED));
    assert!(!alike("-1.432 hartree", "-1.437 hartree", TRAINED));
}

#[test]
fn trained_numbers_are_shown_with_four_digits() {
    let short = |text: &str| shortened(text);
    assert_eq!(short("loss   0.003222005\nconv0 in step 10 of 513"), "loss   0.003222\nconv0 in step 10 of 513");
    assert_eq!(short("[1.209134, 12.3, 39.95261] 1.2345e-5"), "[1.209, 12.3, 39.95] 1.234e-5");
    assert_eq!(short("  ────────\n  -1.453061\n   0.13"), "  ────────\n     -1.453\n   0.13");
}

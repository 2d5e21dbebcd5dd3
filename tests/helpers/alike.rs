//! Whether two outputs say the same: words equal, numbers within what another processor may change.

/// Relative difference of numbers that counts as none: a training amplifies the last bits.
const RELATIVE: f64 = 1e-2;
/// Below this, numbers are rounding.
const ROUNDING: f64 = 1e-6;

/// Spaces, lines of tables and dots of plots do not matter.
pub fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (tokens(a), tokens(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| same(x, y))
}

fn same(x: &str, y: &str) -> bool {
    match (x.parse::<f64>(), y.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= (RELATIVE * a.abs().max(b.abs())).max(ROUNDING),
        _ => x == y,
    }
}

/// Numbers, and what stands between them.
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
    assert!(alike("loss  0.003222005 (1.8e-11)", "loss 0.003222017 (2.1e-12)"));
    assert!(alike("⡎ -1.5 ⢱", "⢱⡎-1.5001"));
    assert!(!alike("-1.17 hartree", "-1.27 hartree"));
    assert!(!alike("1 hartree", "1 bohr"));
    assert!(!alike("[1, 2]", "[1, 2, 3]"));
}

//! ANSI colours of an entry while it is typed: those of its pieces, and of the bracket at the cursor and its partner.

use crate::interp::assist::highlight::{Class, ClassSpan, partner, spans};
use crate::problem::hidden;

const BRACKET: &str = "1;33";

fn colour(class: Class) -> Option<&'static str> {
    match class {
        Class::Plain => None,
        Class::Keyword => Some("35"),
        Class::Number | Class::Unit => Some("36"),
        Class::Text => Some("32"),
        Class::Comment | Class::Documentation => Some("90"),
    }
}

/// A piece of an entry in which characters that would control the terminal are replaced by pictures of them.
pub fn pictured(piece: &str) -> String {
    piece.chars().map(picture).collect()
}

fn picture(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if hidden(c) => '\u{fffd}',
        c => c,
    }
}

/// The entry with ANSI colours.
pub fn coloured(entry: &str, cursor: usize) -> String {
    let pair = partner(entry, cursor);
    let mut coloured = String::with_capacity(entry.len() + 32);
    for ClassSpan { range, class } in spans(entry) {
        let bracket = pair.is_some_and(|(open, close)| range.start == open || range.start == close);
        let piece = pictured(entry.get(range).unwrap_or_default());
        match colour(class).or(bracket.then_some(BRACKET)) {
            Some(colour) => coloured.push_str(&format!("\u{1b}[{colour}m{piece}\u{1b}[0m")),
            None => coloured.push_str(&piece),
        }
    }
    coloured
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn pieces_and_the_brackets_at_the_cursor_are_coloured() {
        let plain = coloured("let a = (1)", 0);
        assert_eq!(plain, "\u{1b}[35mlet\u{1b}[0m a = (\u{1b}[36m1\u{1b}[0m)");
        assert_eq!(coloured("\u{1b}[J\u{7f}\u{9b}\u{202e}", 0), "␛[J␡��");
        assert_eq!(coloured("(a)", 3), "\u{1b}[1;33m(\u{1b}[0ma\u{1b}[1;33m)\u{1b}[0m");
    }
}

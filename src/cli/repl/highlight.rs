//! ANSI colours of an entry while it is typed: those of its pieces, and of the bracket at the cursor and its partner.

use crate::interp::assist::highlight::{Class, ClassSpan, partner, spans};

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

/// The entry with ANSI colours.
pub fn coloured(entry: &str, cursor: usize) -> String {
    let pair = partner(entry, cursor);
    let mut coloured = String::with_capacity(entry.len() + 32);
    for ClassSpan { range, class } in spans(entry) {
        let bracket = pair.is_some_and(|(open, close)| range.start == open || range.start == close);
        let piece = entry.get(range).unwrap_or_default();
        match colour(class).or(bracket.then_some(BRACKET)) {
            Some(colour) => coloured.push_str(&format!("\u{1b}[{colour}m{piece}\u{1b}[0m")),
            None => coloured.push_str(piece),
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
        assert_eq!(coloured("(a)", 3), "\u{1b}[1;33m(\u{1b}[0ma\u{1b}[1;33m)\u{1b}[0m");
    }
}

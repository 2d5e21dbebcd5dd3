//! Colours of a line while it is typed: keywords, numbers, strings, comments, and the partner of the bracket at the cursor.

use crate::lang::words::is_reserved;

const WORD: &str = "35";
const NUMBER: &str = "36";
const TEXT: &str = "32";
const COMMENT: &str = "90";
const BRACKET: &str = "1;33";

/// The line with ANSI colours.
pub fn line(line: &str, pos: usize) -> String {
    let pair = matching(line, pos);
    let mut coloured = String::with_capacity(line.len() + 32);
    for (start, piece, colour) in pieces(line) {
        if let Some((open, close)) = pair
            && (start == open || start == close)
        {
            paint(&mut coloured, piece, BRACKET);
        } else if let Some(colour) = colour {
            paint(&mut coloured, piece, colour);
        } else {
            coloured.push_str(piece);
        }
    }
    coloured
}

fn paint(to: &mut String, piece: &str, colour: &str) {
    to.push_str(&format!("\u{1b}[{colour}m{piece}\u{1b}[0m"));
}

/// Start, text and colour of the pieces that make up the line.
fn pieces(line: &str) -> Vec<(usize, &str, Option<&'static str>)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while let Some(first) = line[start..].chars().next() {
        let rest = &line[start..];
        let (length, colour) = if first == '#' {
            (rest.find('\n').unwrap_or(rest.len()), Some(COMMENT))
        } else if first == '"' {
            (text_length(rest), Some(TEXT))
        } else if first.is_ascii_digit() {
            (length_while(rest, |c| c.is_ascii_alphanumeric() || c == '.'), Some(NUMBER))
        } else if is_word(first) {
            let length = length_while(rest, is_word);
            (length, is_reserved(&rest[..length]).then_some(WORD))
        } else {
            (first.len_utf8(), None)
        };
        pieces.push((start, &rest[..length], colour));
        start += length;
    }
    pieces
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    // `0 .. 2` is not one number.
    let end = text.char_indices().find(|(i, c)| !belongs(*c) || text[*i..].starts_with("..")).map(|(i, _)| i);
    end.unwrap_or(text.len()).max(1)
}

/// Up to the closing quote, or to the end.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The positions of the bracket at (or just before) the cursor and of its partner.
fn matching(line: &str, pos: usize) -> Option<(usize, usize)> {
    let brackets: Vec<(usize, char)> = pieces(line)
        .into_iter()
        .filter_map(|(start, piece, colour)| piece.chars().next().filter(|_| colour.is_none()).map(|c| (start, c)))
        .filter(|(_, c)| "()[]{}".contains(*c))
        .collect();
    let mut open = Vec::new();
    for (place, bracket) in brackets {
        if "([{".contains(bracket) {
            open.push((place, bracket));
        } else {
            let (start, partner) = open.pop()?;
            let fits = matches!((partner, bracket), ('(', ')') | ('[', ']') | ('{', '}'));
            if !fits {
                return None;
            }
            if [start, place, start + 1, place + 1].contains(&pos) {
                return Some((start, place));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_line() {
        for text in ["let a = [1 .. 2.5e3] # π", "print(\"α \\\" {x}\") + \"open", "", "ψ² ↔ #"] {
            assert_eq!(pieces(text).iter().map(|p| p.1).collect::<String>(), text);
        }
    }

    #[test]
    fn brackets_find_their_partners_outside_strings() {
        assert_eq!(matching("f(a, \")\", [1])", 14), Some((1, 13)));
        assert_eq!(matching("f(a, [1])", 8), Some((5, 7)));
        assert_eq!(matching("f(a", 1), None);
        assert_eq!(matching("(]", 0), None);
    }
}

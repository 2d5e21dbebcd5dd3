//! The pieces of a text that matter for its layout.

use super::roles::Roles;
use crate::lang::parse::{TokenKind, tokens};

/// Kinds of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, an option, a unit, `true`.
    Word,
    /// A reserved word where it is one: options and fields may be named by it.
    Keyword,
    /// A number, with its unit if it has one.
    Number,
    Text,
    /// An infix operator, `=`, `:`, `.`, `@`, `~`.
    Sign,
    /// A `-` before a value.
    Minus,
    Open,
    Close,
    /// `,` and `;`.
    Separator,
    Comment,
    Newline,
}

/// A token or comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub kind: Kind,
    pub text: String,
    /// Whether it is the opening brace of a record or system.
    pub opens_entries: bool,
}

impl Piece {
    fn new(kind: Kind, text: &str) -> Self {
        Piece { kind, text: text.into(), opens_entries: false }
    }

    pub(super) fn newline() -> Self {
        Piece::new(Kind::Newline, "\n")
    }

    /// Whether it is this sign, bracket or reserved word.
    pub(super) fn is(&self, text: &str) -> bool {
        !matches!(self.kind, Kind::Word | Kind::Text | Kind::Comment) && self.text == text
    }
}

/// The pieces of a text that can be parsed.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let roles = Roles::of(text);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    for token in tokens(text) {
        // Part of a string or unit that has already been taken as a whole.
        if token.start < at {
            continue;
        }
        pieces.extend(comment(&text[at..token.start]));
        let plain = match token.kind {
            TokenKind::Word => Kind::Keyword,
            TokenKind::Number => Kind::Number,
            TokenKind::Text => Kind::Text,
            TokenKind::Sign => Kind::Sign,
            TokenKind::Open => Kind::Open,
            TokenKind::Close => Kind::Close,
            TokenKind::Separator => Kind::Separator,
            TokenKind::Newline => Kind::Newline,
        };
        let (kind, end) = roles.token(token.start).unwrap_or((plain, token.end));
        match kind {
            Kind::Open => open.push(pieces.len()),
            Kind::Close => {
                if let Some(opener) = open.pop().and_then(|opener| pieces.get_mut(opener)) {
                    opener.opens_entries = roles.ends_entries(token.start);
                }
            }
            _ => {}
        }
        let written = &text[token.start..end];
        pieces.push(match kind {
            Kind::Number => Piece::new(kind, &with_unit(written)),
            _ => Piece::new(kind, written),
        });
        at = end;
    }
    pieces.extend(comment(&text[at..]));
    pieces
}

/// The comment between two tokens.
fn comment(between: &str) -> Option<Piece> {
    let start = between.find('#')?;
    Some(Piece::new(Kind::Comment, between[start..].trim_end()))
}

/// One space between a number and its unit.
fn with_unit(quantity: &str) -> String {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | '+' | '-');
    let exponent = |i: usize| quantity[i + 1..].starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    let unit = quantity.char_indices().find(|&(i, c)| !(number(c) || matches!(c, 'e' | 'E') && exponent(i)));
    match unit {
        Some((at, _)) => format!("{} {}", quantity[..at].trim_end(), quantity[at..].trim_start()),
        None => quantity.to_string(),
    }
}

/// Removes what line ends make superfluous: separators before them in records and systems, all but one of successive empty lines,
/// and empty lines at the beginning and end of the text and of every bracket.
pub(super) fn tidy(pieces: &mut Vec<Piece>) {
    let entries = of_entries(pieces);
    let ends_line = |i: usize| {
        let mut after = pieces[i + 1..].iter().filter(|p| !matches!(p.kind, Kind::Comment | Kind::Separator));
        after.next().is_none_or(|p| p.kind == Kind::Newline)
            && !after.find(|p| p.kind != Kind::Newline).is_some_and(needs_separator)
    };
    let needless = |i: usize| pieces[i].kind == Kind::Separator && entries[i] && ends_line(i);
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for (i, piece) in pieces.iter().enumerate() {
        let newlines = kept.iter().rev().take_while(|p| p.kind == Kind::Newline).count();
        let before = kept.iter().rev().nth(newlines);
        match piece.kind {
            Kind::Separator if needless(i) => continue,
            Kind::Newline if before.is_none() || newlines == 2 => continue,
            Kind::Newline if newlines == 1 && before.is_some_and(|p| p.kind == Kind::Open) => continue,
            Kind::Close if newlines == 2 => drop(kept.pop()),
            _ => {}
        }
        kept.push(piece.clone());
    }
    while kept.last().is_some_and(|p| p.kind == Kind::Newline) {
        kept.pop();
    }
    *pieces = kept;
}

/// For each piece, whether it is between the entries of a record or system.
pub(super) fn of_entries(pieces: &[Piece]) -> Vec<bool> {
    let mut open: Vec<bool> = Vec::new();
    let mut inside = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if piece.kind == Kind::Close {
            open.pop();
        }
        inside.push(open.last().copied().unwrap_or(false));
        if piece.kind == Kind::Open {
            open.push(piece.opens_entries);
        }
    }
    inside
}

/// Whether an entry that begins with this piece needs a separator before it, because a line that begins with `and` or `or` continues
/// the one above.
pub(super) fn needs_separator(entry: &Piece) -> bool {
    entry.kind == Kind::Word && matches!(&*entry.text, "and" | "or")
}

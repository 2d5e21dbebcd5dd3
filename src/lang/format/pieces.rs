//! The pieces of a text that matter for its layout.

use super::roles::{PieceKind, Roles};
use crate::lang::parse::{TokenKind, tokens};

/// A token or comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub kind: PieceKind,
    pub text: String,
    /// Whether it is the opening brace of a record or system.
    pub opens_entries: bool,
}

impl Piece {
    fn new(kind: PieceKind, text: &str) -> Self {
        Piece { kind, text: text.into(), opens_entries: false }
    }

    pub(super) fn newline() -> Self {
        Piece::new(PieceKind::Newline, "\n")
    }

    /// Whether it is this sign, bracket or reserved word.
    pub(super) fn is(&self, text: &str) -> bool {
        !matches!(self.kind, PieceKind::Word | PieceKind::Text | PieceKind::Comment) && self.text == text
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
            TokenKind::Word => PieceKind::Keyword,
            TokenKind::Number => PieceKind::Number,
            TokenKind::Text => PieceKind::Text,
            TokenKind::Sign => PieceKind::Sign,
            TokenKind::Open => PieceKind::Open,
            TokenKind::Close => PieceKind::Close,
            TokenKind::Separator => PieceKind::Separator,
            TokenKind::Newline => PieceKind::Newline,
        };
        let (kind, end) = roles.token(token.start).unwrap_or((plain, token.end));
        match kind {
            PieceKind::Open => open.push(pieces.len()),
            PieceKind::Close => {
                if let Some(opener) = open.pop().and_then(|opener| pieces.get_mut(opener)) {
                    opener.opens_entries = roles.ends_entries(token.start);
                }
            }
            _ => {}
        }
        let written = &text[token.start..end];
        pieces.push(match kind {
            PieceKind::Number => Piece::new(kind, &with_unit(written)),
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
    Some(Piece::new(PieceKind::Comment, between[start..].trim_end()))
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
        let mut after = pieces[i + 1..].iter().filter(|p| !matches!(p.kind, PieceKind::Comment | PieceKind::Separator));
        after.next().is_none_or(|p| p.kind == PieceKind::Newline)
            && !after.find(|p| p.kind != PieceKind::Newline).is_some_and(needs_separator)
    };
    let needless = |i: usize| pieces[i].kind == PieceKind::Separator && entries[i] && ends_line(i);
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for (i, piece) in pieces.iter().enumerate() {
        let newlines = kept.iter().rev().take_while(|p| p.kind == PieceKind::Newline).count();
        let before = kept.iter().rev().nth(newlines);
        match piece.kind {
            PieceKind::Separator if needless(i) => continue,
            PieceKind::Newline if before.is_none() || newlines == 2 => continue,
            PieceKind::Newline if newlines == 1 && before.is_some_and(|p| p.kind == PieceKind::Open) => continue,
            PieceKind::Close if newlines == 2 => drop(kept.pop()),
            _ => {}
        }
        kept.push(piece.clone());
    }
    while kept.last().is_some_and(|p| p.kind == PieceKind::Newline) {
        kept.pop();
    }
    *pieces = kept;
}

/// For each piece, whether it is between the entries of a record or system.
pub(super) fn of_entries(pieces: &[Piece]) -> Vec<bool> {
    let mut open: Vec<bool> = Vec::new();
    let mut inside = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if piece.kind == PieceKind::Close {
            open.pop();
        }
        inside.push(open.last().copied().unwrap_or(false));
        if piece.kind == PieceKind::Open {
            open.push(piece.opens_entries);
        }
    }
    inside
}

/// Whether an entry that begins with this piece needs a separator before it, because a line that begins with `and` or `or` continues
/// the one above.
pub(super) fn needs_separator(entry: &Piece) -> bool {
    entry.kind == PieceKind::Word && matches!(&*entry.text, "and" | "or")
}

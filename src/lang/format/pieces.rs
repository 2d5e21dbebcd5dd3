//! The pieces of a text that matter for its layout.

use crate::lang::parse::{Grammar, Rule, TokenKind, ends_value, tokens};
use pest::Parser;

/// Kinds of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
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
}

impl Piece {
    pub(super) fn newline() -> Self {
        Piece { kind: Kind::Newline, text: "\n".into() }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        !matches!(self.kind, Kind::Text | Kind::Comment) && self.text == text
    }

    /// Whether an operator may follow it.
    pub(super) fn ends_value(&self) -> bool {
        match self.kind {
            Kind::Number | Kind::Text | Kind::Close => true,
            Kind::Word => ends_value(TokenKind::Word, &self.text),
            _ => false,
        }
    }
}

/// The pieces of a text that can be parsed.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open: Vec<char> = Vec::new();
    let mut at = 0;
    for token in tokens(text) {
        // Part of a string or unit that has already been taken as a whole.
        if token.start < at {
            continue;
        }
        comment(&text[at..token.start], &mut pieces);
        let (kind, end) = match token.kind {
            TokenKind::Word => (Kind::Word, token.end),
            TokenKind::Number => (Kind::Number, matched(Rule::quantity, text, token.start, token.end)),
            TokenKind::Text => (Kind::Text, matched(Rule::string, text, token.start, token.end)),
            TokenKind::Sign => (Kind::Sign, token.end),
            TokenKind::Open => (Kind::Open, token.end),
            TokenKind::Close => (Kind::Close, token.end),
            TokenKind::Separator => (Kind::Separator, token.end),
            TokenKind::Newline => (Kind::Newline, token.end),
        };
        let unit = pieces.last().is_some_and(|last| last.is("->"));
        let end = if unit && kind == Kind::Word { matched(Rule::unit, text, token.start, end) } else { end };
        let mut written = text[token.start..end].to_string();
        if kind == Kind::Number {
            written = with_unit(&written);
        }
        let kind =
            if kind == Kind::Sign && written == "-" && before_value(&pieces, &open) { Kind::Minus } else { kind };
        match kind {
            Kind::Open => open.push(written.chars().next().unwrap_or('(')),
            Kind::Close => drop(open.pop()),
            _ => {}
        }
        pieces.push(Piece { kind, text: written });
        at = end;
    }
    comment(&text[at..], &mut pieces);
    pieces
}

/// The comment between two tokens.
fn comment(between: &str, pieces: &mut Vec<Piece>) {
    if let Some(start) = between.find('#') {
        let text = between[start..].trim_end().to_string();
        pieces.push(Piece { kind: Kind::Comment, text });
    }
}

/// The end of a match of a grammar rule that starts at `start`.
fn matched(rule: Rule, text: &str, start: usize, end: usize) -> usize {
    // Numbers and strings end on their line.
    let line = text[start..].split('\n').next().unwrap_or_default();
    Grammar::parse(rule, line).map_or(end, |pairs| start + pairs.as_str().len())
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

/// Whether a `-` after these pieces belongs to the value after it. A line that begins with `-` is a new statement.
fn before_value(pieces: &[Piece], open: &[char]) -> bool {
    let free = matches!(open.last(), Some('(' | '['));
    let mut earlier = pieces.iter().rev().filter(|p| p.kind != Kind::Comment && !(free && p.kind == Kind::Newline));
    match (earlier.next(), earlier.next()) {
        // `H at -R`, where `at` is not a name: names do not follow values.
        (Some(at), Some(element)) if at.is("at") && element.ends_value() => true,
        (last, _) => last.is_none_or(|last| !last.ends_value()),
    }
}

/// Removes what line ends make superfluous: separators before them in records and systems, all but one of successive empty lines,
/// and empty lines at the beginning and end of the text and of every bracket.
pub(super) fn tidy(pieces: &mut Vec<Piece>) {
    let entries = of_entries(pieces);
    let ends_line = |i: usize| {
        let next = pieces[i + 1..].iter().find(|p| p.kind != Kind::Comment);
        next.is_none_or(|p| p.kind == Kind::Newline)
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
    let mut system = false;
    let mut inside = Vec::with_capacity(pieces.len());
    for (i, piece) in pieces.iter().enumerate() {
        match piece.kind {
            Kind::Close => drop(open.pop()),
            Kind::Word if piece.is("system") && starts_statement(&pieces[..i]) => system = true,
            _ => {}
        }
        inside.push(open.last().copied().unwrap_or(false));
        if piece.kind == Kind::Open {
            let entries = piece.is("{") && (is_record(&pieces[i + 1..]) || system);
            system &= !piece.is("{");
            open.push(entries);
        }
    }
    inside
}

fn starts_statement(before: &[Piece]) -> bool {
    before
        .iter()
        .rev()
        .find(|p| p.kind != Kind::Comment)
        .is_none_or(|p| p.kind == Kind::Newline || p.is(";") || p.is("{"))
}

/// Whether a `{` with these pieces after it is a record: `name:` or `}`.
pub(super) fn is_record(after: &[Piece]) -> bool {
    let mut next = after.iter().filter(|p| !matches!(p.kind, Kind::Comment | Kind::Newline | Kind::Separator));
    match (next.next(), next.next()) {
        (Some(close), _) if close.kind == Kind::Close => true,
        (Some(name), Some(colon)) => name.kind == Kind::Word && colon.is(":"),
        _ => false,
    }
}

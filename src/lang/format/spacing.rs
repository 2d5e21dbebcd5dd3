//! Which pieces of a line have a space between them.

use super::pieces::Piece;
use super::roles::PieceKind;

/// Whether there is a space between the pieces `at - 1` and `at` of a line.
pub(super) fn spaced(line: &[Piece], at: usize) -> bool {
    let (before, next) = (&line[at - 1], &line[at]);
    match (before.kind, next.kind) {
        (_, PieceKind::Separator) | (PieceKind::Minus, _) => false,
        (PieceKind::Open, PieceKind::Close) => false,
        (PieceKind::Open, _) => before.is("{"),
        (_, PieceKind::Close) => next.is("}"),
        // `2.x` and `2 bohr^2.x` would be numbers with a point.
        (PieceKind::Number, PieceKind::Sign) if next.is(".") => before.text.ends_with(|c: char| c.is_ascii_digit()),
        _ if before.is(".") || next.is(".") || before.is("@") || next.is(":") => false,
        _ if next.is("^") || before.is("^") => false,
        (_, PieceKind::Open) if !next.is("{") => before_bracket(line, at),
        _ => true,
    }
}

/// Whether there is a space before a `(` or `[`: it does not begin a call, an index or a parameter list.
fn before_bracket(line: &[Piece], at: usize) -> bool {
    let before = &line[at - 1];
    match before.kind {
        PieceKind::Keyword => !matches!(&*before.text, "fn" | "train" | "table"),
        // `use "a.ksr" (f, g)`, `use std.losses (ksr)`.
        PieceKind::Text | PieceKind::Word => {
            let path = |p: &&Piece| matches!(p.kind, PieceKind::Text | PieceKind::Word) || p.is(".");
            line[..at].iter().rev().find(|p| !path(p)).is_some_and(|p| p.is("use"))
        }
        PieceKind::Close | PieceKind::Number => false,
        _ => true,
    }
}

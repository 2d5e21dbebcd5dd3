//! Which pieces of a line have a space between them.

use super::pieces::{Kind, Piece};
use crate::lang::words::is_reserved;

/// Whether there is a space between the pieces `at - 1` and `at` of a line.
pub(super) fn spaced(line: &[Piece], at: usize) -> bool {
    let (before, next) = (&line[at - 1], &line[at]);
    match (before.kind, next.kind) {
        (_, Kind::Separator) | (Kind::Minus, _) => false,
        (Kind::Open, Kind::Close) => false,
        (Kind::Open, _) => before.is("{"),
        (_, Kind::Close) => next.is("}"),
        _ if before.is(".") || next.is(".") || before.is("@") || next.is(":") => false,
        _ if next.is("^") || before.is("^") => false,
        (_, Kind::Open) if !next.is("{") => before_bracket(line, at),
        _ => true,
    }
}

/// Whether there is a space before a `(` or `[`: it does not begin a call, an index or a parameter list.
fn before_bracket(line: &[Piece], at: usize) -> bool {
    let before = &line[at - 1];
    match before.kind {
        // `use "a.ksr" (f, g)`, `use std.losses (ksr)`.
        Kind::Text | Kind::Word if line[0].is("use") => true,
        Kind::Word if matches!(&*before.text, "fn" | "train" | "table" | "true" | "false") => false,
        // `H at (i - 1) * R`; but `at(n, x: 1)` is a call.
        Kind::Word if before.is("at") => at >= 2 && line[at - 2].ends_value(),
        Kind::Word => is_reserved(&before.text) && !(at >= 2 && line[at - 2].is(".")),
        Kind::Close | Kind::Text | Kind::Number => false,
        _ => true,
    }
}

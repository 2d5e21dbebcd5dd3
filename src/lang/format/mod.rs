//! The formatter: the same tokens in the same order, with standard spaces, indentation and line ends.
//!
//! It does not print a tree, but changes the white space between the tokens of the text, so that numbers, strings, parentheses and
//! comments stay as they were written. Broken lines stay broken, and a line that is too long is broken at its outermost joint.
//! [`format()`] parses its own result and rejects it if the tree or the comments differ from those of the text.

mod breaks;
mod lines;
mod pieces;
mod roles;
mod spacing;
#[cfg(test)]
mod tests;

use crate::lang::ast::Program;
use crate::lang::parse::parse;
use crate::problem::Problem;
use crate::source::SourceId;
use pieces::Piece;
use roles::PieceKind;

/// Lines with more columns are broken if possible.
pub const WIDTH: usize = 120;

/// Why a text was not formatted.
#[derive(Debug)]
pub enum FormatError {
    /// It has syntax errors.
    Unreadable(Vec<Problem>),
    /// The result would mean something else, which is a bug in the formatter.
    Changed,
}

/// A script with standard white space; formatting it again changes nothing.
///
/// Line ends are like that of the first line; a byte order mark is removed.
///
/// # Errors
/// The text has syntax errors, or the result would not mean the same.
pub fn format(source: SourceId, text: &str) -> Result<String, FormatError> {
    let before = parse(source, text).map_err(FormatError::Unreadable)?;
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut pieces = pieces::pieces(&text);
    let comments_before = comments(&pieces);
    pieces::tidy(&mut pieces);
    breaks::break_long_lines(&mut pieces);
    let formatted = lines::rendered(&pieces);
    let same = parse(source, &formatted).is_ok_and(|after| {
        placeless(&before) == placeless(&after) && comments_before == comments(&pieces::pieces(&formatted))
    });
    match same {
        true if first.ends_with("\r\n") => Ok(formatted.replace('\n', "\r\n")),
        true => Ok(formatted),
        false => Err(FormatError::Changed),
    }
}

/// All comments, in order.
fn comments(pieces: &[Piece]) -> Vec<String> {
    pieces.iter().filter(|piece| piece.kind == PieceKind::Comment).map(|piece| piece.text.clone()).collect()
}

/// A tree as text, without places.
fn placeless(program: &Program) -> String {
    let text = format!("{program:?}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        out.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}

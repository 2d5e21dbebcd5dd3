//! The formatter: the same tokens in the same order, with the spaces, indentation and line ends that everybody's scripts have.
//!
//! It never prints a tree: it moves white space between the tokens of the text, so that numbers, strings, parentheses and
//! comments stay as they were written. Where the writer broke a line it stays broken, and a line that is too long is broken at
//! its outermost joint. [`format()`] reads its own result back and refuses it if the tree or the comments are not those of the text.

mod breaks;
mod lines;
mod pieces;
mod spacing;
#[cfg(test)]
mod tests;

use crate::lang::ast::Program;
use crate::lang::parse::parse;
use crate::problem::Problem;
use crate::source::SourceId;

/// Columns of a line, after which it is broken where that is possible.
pub const WIDTH: usize = 120;

/// Why a text was not formatted.
#[derive(Debug)]
pub enum FormatError {
    /// It cannot be read: what is wrong with it.
    Unreadable(Vec<Problem>),
    /// The result would mean something else, which is a fault of the formatter.
    Changed,
}

/// A script with the white space that all scripts have; formatting twice changes nothing more.
///
/// Line ends are those of the first line; a byte order mark is left out.
///
/// # Errors
/// The text cannot be read, or the result would not mean the same.
pub fn format(source: SourceId, text: &str) -> Result<String, FormatError> {
    let before = parse(source, text).map_err(FormatError::Unreadable)?;
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut pieces = pieces::pieces(&text);
    pieces::tidy(&mut pieces);
    breaks::break_long_lines(&mut pieces);
    let formatted = lines::rendered(&pieces);
    let same = parse(source, &formatted)
        .is_ok_and(|after| placeless(&before) == placeless(&after) && comments(&text) == comments(&formatted));
    match same {
        true if first.ends_with("\r\n") => Ok(formatted.replace('\n', "\r\n")),
        true => Ok(formatted),
        false => Err(FormatError::Changed),
    }
}

/// All comments, in order.
fn comments(text: &str) -> Vec<String> {
    let pieces = pieces::pieces(text);
    pieces.into_iter().filter(|piece| piece.kind == pieces::Kind::Comment).map(|piece| piece.text).collect()
}

/// A tree as text, without its places.
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

//! From source text to syntax tree: parser, tree, checks.
//!
//! [`parse()`] reads a text with the grammar of `grammar/ksr.pest` and reports all errors at once; [`check`](mod@check)
//! finds wrong names, calls, systems and units in the tree; [`format()`] gives a text the standard white space.

pub mod absent;
pub mod ast;
pub mod check;
mod dimension;
pub mod format;
pub mod kinds;
pub mod nearest;
pub mod parse;
mod quote;
pub mod units;
pub mod words;

pub use check::{Names, check};
pub use dimension::Dimension;
pub use format::{FormatError, format};
pub use kinds::Kind;
pub use parse::{Entry, ParseError, Partial, Token, TokenKind, parse, parse_entry, partial, tokens};
pub use quote::{escaped, quoted, unescaped};

//! Text to tree: parser, tree, checks.
//!
//! [`parse()`] reads a text with the grammar of `grammar/ksr.pest` and reports all errors at once; [`check`](mod@check)
//! finds wrong names, calls, systems and units in the tree; [`print`](mod@print) writes a tree as text again.

pub mod ast;
pub mod check;
pub mod nearest;
pub mod parse;
pub mod print;
pub mod units;
pub mod words;

pub use check::{Names, check};
pub use parse::{Entry, ParseError, parse, parse_entry};

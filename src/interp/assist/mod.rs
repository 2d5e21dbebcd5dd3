//! Answers for an editor, a notebook or the REPL about a session: names, documentation, and what the checker knows.

mod entries;
mod known;
mod survey;

pub use entries::{Entries, entries};
pub use survey::{Doc, Listed};

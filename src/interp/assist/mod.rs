//! Answers for an editor, a notebook or the REPL about a session and a text that is being written: completion, documentation,
//! classes for colours, definitions, and what the checker knows. Nothing here evaluates, except [`Interpreter::type_of`], and
//! nothing knows a terminal or a protocol.
//!
//! Positions are bytes, and any number is accepted: one inside a character counts as the start of it.
//! The text may have errors anywhere. As everywhere, deeply nested texts need [`on_large_stack`](crate::interp::on_large_stack).
//!
//! - [`complete`]: candidates at a cursor; `context` says what is being written there, `paths` lists files
//! - [`hover`]: the documentation of the name at a position
//! - [`highlight`]: classes of the pieces of a text, and partners of brackets
//! - [`outline`]: the definitions of a text
//! - [`unfinished`]: whether an entry needs another line
//! - [`topics`]: short introductions
//! - `before`: the tokens before a position; `locals`: the names bound around it
//! - `draft`: what the names in a text mean; `infer`: the kinds of their values
//! - `names`, `doc`, `survey`, `entries`: the names of a session, their documentation, search
//! - `known`: what the checker knows; `used`: the files that a script uses
//!
//! [`Interpreter::type_of`]: crate::interp::Interpreter::type_of

mod before;
pub mod complete;
mod context;
mod doc;
mod draft;
mod entries;
pub mod highlight;
pub mod hover;
mod infer;
mod known;
mod locals;
mod names;
pub mod outline;
mod paths;
mod survey;
pub mod topics;
pub mod unfinished;
mod used;

pub use doc::Doc;
pub use entries::{Entries, entries};
pub use survey::Listed;

/// The examples of the repository: name and text.
#[cfg(test)]
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let scripts = files.filter(|path| path.extension().is_some_and(|extension| extension == "ksr"));
    let examples: Vec<_> =
        scripts.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect();
    assert!(examples.len() > 5);
    examples
}

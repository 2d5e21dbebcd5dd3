//! Evaluates a checked program: values, environment, builtins (a file a topic), and the tracing of bodies and losses.
//!
//! - [`value`]: what names stand for; [`dim`]: their dimensions; [`text`]: short texts of them
//! - [`scope`], [`module`]: lexical scopes, lazily evaluated modules
//! - [`eval`]: expressions, calls, blocks, sequences, members, systems
//! - [`arith`]: arithmetic and elementwise functions over all kinds of values
//! - [`builtins`]: the functions of the language, one record each
//! - [`ENTRIES`]: what the entries of blocks mean
//! - [`trace`]: bodies and losses evaluated over symbols, into graphs; functionals, models, training
//! - [`session`]: the interpreter itself; [`host`]: what it needs of the world

pub mod arith;
pub mod builtins;
pub mod dim;
mod entries;
pub mod error;
pub mod eval;
pub mod host;
mod known;
#[cfg(test)]
mod language_tests;
mod library;
#[cfg(test)]
mod library_tests;
pub mod module;
mod modules;
mod program;
pub mod scope;
pub mod session;
mod survey;
#[cfg(test)]
mod system_tests;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod trace;
mod units;
#[cfg(test)]
mod units_tests;
pub mod value;

pub use entries::{ENTRIES, Entries};
pub use host::Host;
pub use library::standard_modules;
pub use program::Evaluated;
pub use session::{Device, Interpreter, Options, Outcome};
pub use survey::{Doc, Listed};
pub use value::Value;

/// Stack of the evaluator, bytes: enough for the deepest calls and nesting allowed. Pages are only taken when touched.
const STACK: usize = 1 << 30;

/// Runs `work` on a thread with a stack large enough for parser, checker and interpreter.
///
/// # Errors
/// The system refuses such a thread, or `work` panicked.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Box<error::RunError>> {
    let failed = |message: &str| Box::new(error::RunError::Machine { message: message.to_string() });
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|e| failed(&format!("no thread with a large stack can be started: {e}")))?;
        thread.join().map_err(|_| failed("an internal error stopped the interpreter"))
    })
}

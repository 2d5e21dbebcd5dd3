//! Evaluates a checked program, and traces the bodies of functionals and losses into graphs.
//!
//! - [`value`]: the values of names, scopes, dimensions
//! - [`call`]: the record of a builtin, arguments, binding
//! - `arith`: arithmetic and elementwise functions over all kinds of values
//! - [`eval`]: expressions, calls, blocks, sequences, members, systems
//! - `trace`: bodies and losses evaluated over symbols, into graphs
//! - `builtins`: library functions; `verbs`: the physics that a script calls; [`registry`]: the single list of both
//! - [`session`]: the interpreter itself, modules, and the interface to its host
//! - [`assist`]: answers for editors, notebooks and the REPL about a session and a text that is being written

pub(crate) mod arith;
pub mod assist;
pub(crate) mod builtins;
pub mod call;
pub mod error;
pub mod eval;
pub mod registry;
pub mod session;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod trace;
pub mod value;
pub(crate) mod verbs;

pub use assist::{Doc, Entries, Listed, entries};
pub use session::{Device, Evaluated, Host, Interpreter, Options, ScriptEnding, standard_modules};
pub use value::Value;

/// Stack of the evaluator, bytes: enough for the deepest calls and nesting allowed. Pages are only taken when touched.
const STACK: usize = 1 << 30;

/// Runs `work` on a thread with a stack large enough for parser, checker and interpreter.
///
/// # Errors
/// The system cannot start such a thread, or `work` panicked.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Box<error::RunError>> {
    let failed = |message: &str| Box::new(error::RunError::Machine { message: message.to_string() });
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|e| failed(&format!("no thread with a large stack can be started: {e}")))?;
        thread.join().map_err(|_| failed("an internal error stopped the interpreter"))
    })
}

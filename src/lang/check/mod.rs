//! Finds what is certainly wrong with a program before anything is evaluated: names, calls, systems, units of literals.
//!
//! The checker never guesses: it says nothing about what depends on values. All errors are reported, sorted by place.

mod calls;
mod error;
mod modules;
mod names;
mod systems;
#[cfg(test)]
mod tests;
mod units;
mod walk;

pub use error::CheckError;
pub use modules::SESSION;
pub use names::{Answer, Known, Module, Names, Parameter, Signature, defines, definitions};

use super::ast::Program;
use crate::problem::Problem;

/// The errors of a program that may use `names`.
pub fn check(program: &Program, names: &Names) -> Vec<Problem> {
    let mut errors = walk::Checker::new(names, program).program(program);
    errors.sort_by_key(|e| (e.span().start, e.span().end));
    errors.dedup();
    let problem = |error: CheckError| {
        let span = error.span();
        Problem::new(error, span)
    };
    errors.into_iter().map(problem).collect()
}

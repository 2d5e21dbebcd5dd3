//! Errors of answers that cannot be trusted, where the user asked for errors.

use crate::number::{brief, counted};
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Answers that cannot be trusted.
#[derive(Debug, Error, Diagnostic)]
pub enum TrustError {
    /// With `--strict`, a calculation that did not converge ends the script.
    ///
    /// What to do: follow the help line, or run without `--strict`: then it is a warning, and what is made from the run is marked.
    #[error(
        "`{system}` has not converged: after {} the density still changes by {} electrons",
        counted(*iterations, "iteration"),
        brief(*residual)
    )]
    #[diagnostic(code(ksr::run::not_converged))]
    NotConverged {
        /// Label of the system.
        system: String,
        /// Integral of |n_out - n_in|, electrons.
        residual: f64,
        /// Iterations done.
        iterations: usize,
        /// What to try.
        #[help]
        advice: String,
        /// The calculation.
        #[label("with `--strict` this is an error")]
        span: Span,
    },
}

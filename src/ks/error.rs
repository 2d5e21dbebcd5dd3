//! Errors of Kohn-Sham calculations. They know no source text: who calls attaches the place.

use crate::model::MirrorError;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Why a Kohn-Sham calculation could not be done.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum KsError {
    /// A value stopped being finite.
    #[error("{operation} is not finite in Kohn-Sham iteration {iteration} of `{system}`")]
    #[diagnostic(
        code(ksr::ks::not_finite),
        help("look for a division, logarithm or root that meets 0 or a negative density, or lower the mixing")
    )]
    NotFinite {
        /// Which operation, in the user's words.
        operation: String,
        /// Iteration, from 0.
        iteration: usize,
        /// Label of the system.
        system: String,
        /// The expression it comes from, if it is of the functional.
        place: Option<Span>,
    },
    /// The orbitals were not found.
    #[error("the orbitals of Kohn-Sham iteration {iteration} of `{system}` were not found: {cause}")]
    #[diagnostic(code(ksr::ks::orbitals))]
    Orbitals {
        /// Iteration, from 0.
        iteration: usize,
        /// Label of the system.
        system: String,
        /// What the eigen-solver says.
        cause: String,
    },
    /// A density that was to be converged is not.
    #[error(
        "the density of `{system}` is not converged after {iterations} iterations: it still moves by {residual:.1e} electrons"
    )]
    #[diagnostic(code(ksr::ks::not_settled))]
    NotSettled {
        /// Label of the system.
        system: String,
        /// Iterations done.
        iterations: usize,
        /// Integral of |n_out - n_in|.
        residual: f64,
        /// Options that may do better.
        #[help]
        advice: String,
    },
    /// The gradient cannot go back through the orbitals.
    #[error("the gradient cannot go back through the orbitals of `{system}`: {cause}")]
    #[diagnostic(code(ksr::ks::response))]
    Response {
        /// Label of the system.
        system: String,
        /// What the linear response says (a vanishing gap, mostly).
        cause: String,
    },
    /// `symmetric: true`, but the system is not.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mirror(#[from] MirrorError),
    /// An option that cannot be.
    #[error("`{option}` of a Kohn-Sham calculation {problem}")]
    #[diagnostic(code(ksr::ks::option))]
    Option {
        /// Name of the option.
        option: &'static str,
        /// What is wrong with it, in words: `must be at least 1, not 0`.
        problem: String,
    },
    /// A given start density that does not fit.
    #[error("the start density does not fit `{system}`: {problem}")]
    #[diagnostic(code(ksr::ks::start))]
    Start {
        /// Label of the system.
        system: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A loss asks for something that the trajectory does not have.
    #[error("the loss asks for {what}, but a run of `{system}` {has}")]
    #[diagnostic(code(ksr::ks::no_such_observable))]
    NoSuchObservable {
        /// What it asks for.
        what: String,
        /// Label of the system.
        system: String,
        /// What there is.
        has: String,
    },
    /// The functional cannot be evaluated here.
    #[error("`{functional}` cannot be evaluated for `{system}`: {cause}")]
    #[diagnostic(code(ksr::ks::functional))]
    Functional {
        /// Name of the functional.
        functional: String,
        /// Label of the system.
        system: String,
        /// Why.
        cause: String,
    },
    /// The device failed (out of memory, a driver).
    #[error("the device failed: {cause}")]
    #[diagnostic(
        code(ksr::ks::device),
        help(
            "if its memory ran out, a training takes `memory: 4 GB`: `automatic` counts the computer's memory, not the device's"
        )
    )]
    Device {
        /// What it says.
        cause: String,
    },
}

impl KsError {
    /// The expression of the functional that is to blame, if one is known.
    pub fn place(&self) -> Option<Span> {
        match self {
            KsError::NotFinite { place, .. } => *place,
            _ => None,
        }
    }

    /// Whether other parameters of the functional may do better: a training then shortens its step.
    pub fn diverged(&self) -> bool {
        use KsError::{NotFinite, NotSettled, Orbitals, Response};
        matches!(self, NotFinite { .. } | Orbitals { .. } | Response { .. } | NotSettled { .. })
    }
}

//! Errors of training. They know no source text: who calls attaches the place.

use crate::ks::KsError;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Why a training gave no model.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum TrainError {
    /// Nothing to train on.
    #[error("there is no system to train `{functional}` on")]
    #[diagnostic(code(ksr::train::no_systems), help("give systems or references in `on: […]`"))]
    NoSystems {
        /// Name of the functional.
        functional: String,
    },
    /// Nothing to train.
    #[error("`{functional}` has no parameters to train")]
    #[diagnostic(code(ksr::train::no_parameters), help("a layer (`conv`, `dense`, …) or a `param` brings some"))]
    NoParameters {
        /// Name of the functional.
        functional: String,
    },
    /// An option that cannot be.
    #[error("`{option}` of a training {problem}")]
    #[diagnostic(code(ksr::train::option))]
    Option {
        /// Name of the option.
        option: &'static str,
        /// What is wrong with it, in words.
        problem: String,
    },
    /// A system, its options or its loss are wrong for every seed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Setup(#[from] KsError),
    /// No seed gave a model.
    #[error("no seed of `{functional}` could be trained; seed {seed}: {cause}")]
    #[diagnostic(code(ksr::train::all_failed))]
    AllFailed {
        /// Name of the functional.
        functional: String,
        /// The first seed.
        seed: u64,
        /// What failed: operation, iteration, system.
        cause: String,
        /// The expression of the functional that is to blame, if one is known.
        place: Option<Span>,
        /// What may do better.
        #[help]
        advice: String,
    },
    /// Stopped before any seed had a loss.
    #[error("the training was stopped before its first step")]
    #[diagnostic(code(ksr::train::interrupted))]
    Interrupted,
    /// A thread died.
    #[error("a worker thread of the training died")]
    #[diagnostic(
        code(ksr::train::worker),
        help("this is a fault of the program or a lack of memory: please report it")
    )]
    Worker,
}

impl TrainError {
    /// The expression of the functional that is to blame, if one is known.
    pub fn place(&self) -> Option<Span> {
        match self {
            TrainError::AllFailed { place, .. } => *place,
            TrainError::Setup(error) => error.place(),
            _ => None,
        }
    }
}

//! Errors of training. They know no source text: who calls attaches the place.

use crate::ks::KsError;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Why a training gave no model.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum TrainError {
    /// `on:` is empty, so there is nothing to learn from.
    ///
    /// What to do: give at least one system or reference: `on: [h2(1.28)]`.
    #[error("there is no system to train `{functional}` on")]
    #[diagnostic(code(ksr::train::no_systems), help("give systems or references in `on: […]`"))]
    NoSystems {
        /// Name of the functional.
        functional: String,
    },
    /// The functional has nothing that could be trained.
    ///
    /// What to do: add a `param` or a layer (`conv`, `dense`, …) to its body.
    #[error("`{functional}` has no parameters to train")]
    #[diagnostic(code(ksr::train::no_parameters), help("a layer (`conv`, `dense`, …) or a `param` brings some"))]
    NoParameters {
        /// Name of the functional.
        functional: String,
    },
    /// An option of the training or of its optimizer is out of range.
    ///
    /// What to do: change it as the message says.
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
    /// With every seed the first calculation failed, mostly because the iterations diverge with the initial parameters.
    ///
    /// What to do: follow the help line; try the functional with `solve` first, start near zero (`param a = 0`), or
    /// take smaller steps with `scf: { mixing: linear(0.3) }`.
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
    /// You stopped the training with Ctrl-C before it had done a single step, so that there is no model yet.
    ///
    /// What to do: run it again. What was reached after the first steps is kept when a training is stopped later.
    #[error("the training was stopped before its first step")]
    #[diagnostic(code(ksr::train::interrupted))]
    Interrupted,
    /// A thread that calculates has stopped, because memory ran out or because of a fault in ksr.
    ///
    /// What to do: limit `memory:`, or use fewer threads (`RAYON_NUM_THREADS=1`). If it happens again, please report it
    /// with the script.
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

//! Errors of training. They do not know the source text: the caller attaches the place.

use crate::ks::KsError;
use crate::source::Span;
use crate::team::Died;
use miette::Diagnostic;
use thiserror::Error;

/// Why training has no result.
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
    /// The functional has no trainable parameters.
    ///
    /// What to do: add a `param` or a layer (`conv`, `dense`, …) to its body.
    #[error("`{functional}` has no parameters to train")]
    #[diagnostic(code(ksr::train::no_parameters), help("add a layer (`conv`, `dense`, …) or a `param`"))]
    NoParameters {
        /// Name of the functional.
        functional: String,
    },
    /// With `scf: none` the density is that of the reference, whatever the functional is: a loss that compares densities alone does
    /// not depend on the functional.
    ///
    /// What to do: use an energy or a potential of the run in the loss, as `losses.xc_potential()` does, or leave out `scf: none`.
    #[error("the loss does not depend on `{functional}`: with `scf: none` densities are those of the references")]
    #[diagnostic(
        code(ksr::train::loss_without_functional),
        help("use `run.energy`, `run.xc_energy` or `run.xc_potential` in the loss, or leave out `scf: none`")
    )]
    LossWithoutFunctional {
        /// Name of the functional.
        functional: String,
    },
    /// An option of `train` or of its optimiser is out of range.
    ///
    /// What to do: change it as the message says.
    #[error("the training option `{option}` {problem}")]
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
    /// For every seed the first calculation failed, usually because the iterations diverge with the initial parameters.
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
        /// The expression of the functional that caused it, if known.
        place: Option<Span>,
        /// What may help.
        #[help]
        advice: String,
    },
    /// You stopped the training with Ctrl-C before its first step, so there is no model yet.
    ///
    /// What to do: run it again. A training run that is stopped after its first step keeps its best parameters.
    #[error("the training was stopped before its first step")]
    #[diagnostic(code(ksr::train::interrupted))]
    Interrupted,
    /// A worker thread has stopped, because memory ran out or because of a bug in ksr.
    ///
    /// What to do: limit `memory:`, or use fewer threads (`RAYON_NUM_THREADS=1`). If it happens again, please report it
    /// with the script.
    #[error("a worker thread of the training died")]
    #[diagnostic(code(ksr::train::worker), help("this is a bug in ksr or a lack of memory: please report it"))]
    Worker,
}

impl From<Died> for TrainError {
    fn from(_: Died) -> Self {
        TrainError::Worker
    }
}

impl TrainError {
    /// The expression of the functional that caused it, if known.
    pub fn place(&self) -> Option<Span> {
        match self {
            TrainError::AllFailed { place, .. } => *place,
            TrainError::Setup(error) => error.place(),
            _ => None,
        }
    }
}

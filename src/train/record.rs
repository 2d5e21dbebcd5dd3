//! The record of a training run.

use super::{TrainError, TrainWarning};
use crate::control::SeedEnd;
use crate::ks::KsError;
use crate::number::counted;
use crate::source::Span;
use serde::{Deserialize, Serialize};

/// One step of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Steps done, 0 for the initial parameters.
    pub step: usize,
    /// Training loss.
    pub loss: f64,
    /// Euclidean norm of its gradient.
    pub gradient_norm: f64,
    /// Validation loss, if it was calculated and is finite.
    pub validation: Option<f64>,
}

/// Why a seed ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ending {
    /// All steps done.
    Finished,
    /// No step lowers the loss by more than rounding any longer.
    Flat,
    /// The gradient is below the tolerance.
    Converged,
    /// Its patience ended: no better loss for that many steps.
    Stalled,
    /// The user stopped it.
    Interrupted,
    /// It could not start, or failed later.
    Failed {
        /// Operation, iteration, system.
        cause: String,
        /// The expression of the functional that caused it, if known.
        #[serde(skip)]
        place: Option<Span>,
        /// Advice, if there is any.
        #[serde(skip)]
        advice: Option<String>,
    },
}

/// Advice for a loss that is not finite, although everything that it is calculated from is.
const BROKEN_LOSS: &str = "the loss itself is not finite: look in it for a division by 0, or for a logarithm or root of a number that is \
                           not positive";
/// Advice for a loss that is finite, but whose gradient is not.
const INFINITE_SLOPE: &str = "the slope of the loss or of the functional is infinite there: look for the root, or another power below 1, of a \
                              number that is 0";

impl Ending {
    /// The outcome of an error in the physics.
    pub(crate) fn failed(error: &KsError) -> Self {
        let advice = match error {
            KsError::ImplicitNotConverged { advice, .. } => Some(advice.clone()),
            KsError::NotFinite { operation, .. } if operation.contains("the gradient of the loss") => {
                Some(INFINITE_SLOPE.to_owned())
            }
            KsError::NotFinite { operation, .. } if operation.contains("the loss") => Some(BROKEN_LOSS.to_owned()),
            _ => None,
        };
        Ending::Failed { cause: error.to_string(), place: error.place(), advice }
    }

    /// The outcome of a fault in the program.
    pub(crate) fn broken(error: &TrainError) -> Self {
        Ending::Failed { cause: error.to_string(), place: error.place(), advice: None }
    }
}

/// The parameters kept from one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The number of steps that led to them.
    pub step: usize,
    /// Training loss there.
    pub loss: f64,
    /// Validation loss there, if there is validation and it is finite.
    pub validation: Option<f64>,
    /// The parameters, flat.
    pub parameters: Vec<f64>,
}

/// Validation losses that were not finite.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unjudged {
    /// How many.
    pub count: usize,
    /// What was not finite the first time; empty if there was none.
    pub cause: String,
}

impl Unjudged {
    pub(crate) fn add(&mut self, cause: &str) {
        if self.count == 0 {
            cause.clone_into(&mut self.cause);
        }
        self.count += 1;
    }
}

/// One seed of a training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedRecord {
    /// Seed of the initial parameters.
    pub seed: u64,
    /// Why it ended.
    pub outcome: Ending,
    /// Its best parameters; `None` if it failed at once.
    pub kept: Option<Kept>,
    /// The best steps after it, best first, if more were to be kept.
    pub runners_up: Vec<Kept>,
    /// Loss-and-gradient evaluations.
    pub evaluations: usize,
    /// Every step.
    pub history: Vec<Step>,
    /// Validation losses that were not finite.
    pub unjudged: Unjudged,
    /// How many calculations of the systems trained on and validated with do not converge at the kept parameters; `None`: not known.
    #[serde(skip)]
    pub unconverged: Option<usize>,
    /// Whether it had been trained before and was only read.
    #[serde(skip)]
    pub reused: bool,
}

/// A trained functional.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The best parameters over all steps and seeds.
    pub best: Kept,
    /// Their seed.
    pub seed: u64,
    /// All seeds, in the order given (only those that had started, if it was interrupted).
    pub seeds: Vec<SeedRecord>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// Whether every seed had been trained before and was only read.
    pub reused: bool,
    /// Problems that do not affect the result, such as an unwritable checkpoint.
    pub warnings: Vec<String>,
    /// Concerns about the calculations at the best parameters.
    pub concerns: Vec<TrainWarning>,
}

impl SeedRecord {
    /// A summary of how it ended.
    pub fn end(&self) -> SeedEnd {
        let step = self.history.last().map_or(0, |last| last.step);
        let outcome = match &self.outcome {
            Ending::Finished => counted(step, "step"),
            Ending::Flat => format!("flat at step {step}"),
            Ending::Converged => format!("converged at step {step}"),
            Ending::Stalled => format!("no better since step {}", self.kept.as_ref().map_or(0, |kept| kept.step)),
            Ending::Interrupted => format!("interrupted at step {step}"),
            Ending::Failed { .. } => "failed".to_owned(),
        };
        let kept = self.kept.as_ref();
        let (loss, validation) = (kept.map(|kept| kept.loss), kept.and_then(|kept| kept.validation));
        SeedEnd { seed: self.seed, outcome, loss, validation }
    }

    /// Whether no step has a lower loss than the initial parameters, though there was one or none could be found.
    pub fn never_moved(&self) -> bool {
        let Some((first, later)) = self.history.split_first() else { return false };
        match self.outcome {
            Ending::Flat | Ending::Converged if later.is_empty() => true,
            Ending::Flat | Ending::Converged | Ending::Finished | Ending::Stalled => {
                !later.is_empty() && later.iter().all(|step| step.loss >= first.loss)
            }
            Ending::Interrupted | Ending::Failed { .. } => false,
        }
    }
}

impl Trained {
    /// The record of the chosen seed.
    pub fn chosen(&self) -> Option<&SeedRecord> {
        self.seeds.iter().find(|record| record.seed == self.seed)
    }

    /// The steps of the chosen seed.
    pub fn history(&self) -> &[Step] {
        self.chosen().map_or(&[], |record| &record.history)
    }
}

/// Whether `a` is better than `b`: by the validation loss if there is one, otherwise by the loss.
pub(crate) fn better(a: &Kept, b: &Kept) -> bool {
    match (a.validation, b.validation) {
        (Some(a), Some(b)) => a < b,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => a.loss < b.loss,
    }
}

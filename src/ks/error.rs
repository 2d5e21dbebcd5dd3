//! Errors of Kohn-Sham calculations. They do not know the source text: the caller attaches the place.

use crate::model::{MirrorError, System};
use crate::number::{brief, counted};
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Why a Kohn-Sham calculation could not be done.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum KsError {
    /// During the Kohn-Sham iterations a value became infinite or undefined. Usually a division, a logarithm or a root
    /// in the functional meets a density that is zero or negative, or the iterations diverge.
    ///
    /// What to do: keep arguments away from zero, as in `n / (n + 1e-6)`, or take smaller steps with
    /// `mixing: linear(0.3)`. Training shortens such steps automatically.
    #[error("{operation} is not finite in Kohn-Sham iteration {iteration} of `{system}`")]
    #[diagnostic(
        code(ksr::ks::not_finite),
        help("look for a division, logarithm or root that meets 0 or a negative density, or lower the mixing")
    )]
    NotFinite {
        /// The operation, as in the language.
        operation: String,
        /// Iteration, from 0.
        iteration: usize,
        /// Label of the system.
        system: String,
        /// The expression it comes from, if it is of the functional.
        place: Option<Span>,
    },
    /// With `scf: none` the functional is evaluated at the density of a reference, and a value became infinite or undefined. Usually a
    /// division, a logarithm or a root in the functional or the loss meets a density that is zero.
    ///
    /// What to do: keep arguments away from zero, as in `n / (n + 1e-6)`, or start from other parameters. Training shortens a step
    /// that leads there.
    #[error("{operation} is not finite at the density of `{system}`")]
    #[diagnostic(
        code(ksr::ks::not_finite_unsolved),
        help("look for a division, logarithm or root that meets 0, in the functional or the loss")
    )]
    NotFiniteUnsolved {
        /// The operation, as in the language.
        operation: String,
        /// Labels of the systems of the loss.
        system: String,
        /// The expression it comes from.
        place: Option<Span>,
    },
    /// You stopped the calculation with Ctrl-C.
    ///
    /// What to do: run it again. Training resumes from its checkpoint.
    #[error("the Kohn-Sham calculation of `{system}` was interrupted")]
    #[diagnostic(code(ksr::ks::interrupted))]
    Interrupted {
        /// Label of the system.
        system: String,
    },
    /// The eigenvalue problem of one iteration has no usable solution, nearly always because the functional makes the
    /// potential infinite or extremely deep.
    ///
    /// What to do: look at the energy density of the functional where the density is very small, and at its parameters;
    /// take smaller steps with `mixing: linear(0.3)`.
    #[error("the orbitals of `{system}` in Kohn-Sham iteration {iteration} could not be found: {cause}")]
    #[diagnostic(code(ksr::ks::orbitals))]
    Orbitals {
        /// Iteration, from 0.
        iteration: usize,
        /// Label of the system.
        system: String,
        /// The error of the eigensolver.
        cause: String,
    },
    /// `gradient: implicit` is the gradient of a converged density, but the iterations of this system did not converge.
    ///
    /// What to do: follow the help line: more `iterations:`, another mixing, or train with `gradient: unrolled` first.
    #[error(
        "the density of `{system}` is not converged after {}: it still changes by {} electrons",
        counted(*iterations, "iteration"),
        brief(*residual)
    )]
    #[diagnostic(code(ksr::ks::implicit_not_converged))]
    ImplicitNotConverged {
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
    /// The density does not respond smoothly to the potential, usually because an occupied and an empty level coincide.
    /// Then there is no gradient.
    ///
    /// What to do: choose a different number of electrons or `unpaired:` that fills whole levels; or leave this system
    /// or distance out of the training.
    #[error("no gradient through the orbitals of `{system}`: {cause}")]
    #[diagnostic(code(ksr::ks::response))]
    Response {
        /// Label of the system.
        system: String,
        /// The error of the linear response (usually a vanishing gap).
        cause: String,
    },
    /// `symmetric: true`, but the system is not.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mirror(#[from] MirrorError),
    /// The lowest eigenvalue of the second derivative of the energy is not known well enough to say whether it is negative.
    ///
    /// What to do: solve the system to a tighter tolerance first, or compare energies from several starts instead.
    #[error("whether the run of `{system}` is a minimum could not be determined")]
    #[diagnostic(
        code(ksr::ks::stability),
        help("solve it to a tighter tolerance, or compare the energies of several `start:`s")
    )]
    Stability {
        /// Label of the system.
        system: String,
    },
    /// An option of the iterations is out of range, or is not suited to training, which runs a fixed number of
    /// iterations with `linear(…)` mixing, or converges with `gradient: implicit`.
    ///
    /// What to do: change the option as the message says.
    #[error("`{option}` of a Kohn-Sham calculation {problem}")]
    #[diagnostic(code(ksr::ks::option))]
    Option {
        /// Name of the option.
        option: &'static str,
        /// What is wrong with it, in words: `must be at least 1, not 0`.
        problem: String,
    },
    /// The initial density of the iterations has the wrong number of points, or values that are negative or not finite.
    ///
    /// What to do: give the density of a run or reference on the same grid.
    #[error("the initial density does not fit `{system}`: {problem}")]
    #[diagnostic(code(ksr::ks::start))]
    Start {
        /// Label of the system.
        system: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The loss uses an iteration or an orbital energy that the calculation does not have. Both are counted from 0.
    ///
    /// What to do: use one that exists, or raise `iterations:` in `scf:`.
    #[error("the loss uses {what}, but a run of `{system}` {has}")]
    #[diagnostic(code(ksr::ks::no_such_observable))]
    NoSuchObservable {
        /// What it uses.
        what: String,
        /// Label of the system.
        system: String,
        /// What there is.
        has: String,
    },
    /// The functional does not suit this system, for example because it contains a field on a different grid.
    ///
    /// What to do: look at the cause in the message, and try the functional with `energy(f, n)` on the density of the
    /// system.
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
    /// The processor or graphics card reported a failure, usually that its memory is full.
    ///
    /// What to do: limit the memory of the training with `memory: 4 GB`, use fewer systems or iterations, or use
    /// `--device cpu`.
    #[error("the device failed: {cause}")]
    #[diagnostic(
        code(ksr::ks::device),
        help(
            "if it ran out of memory, set `memory: 4 GB` in the training: `automatic` looks at the computer's memory, not the device's"
        )
    )]
    Device {
        /// Its message.
        cause: String,
    },
}

impl KsError {
    /// Orbitals of a system that were not found, and why.
    pub(crate) fn orbitals(iteration: usize, system: &System, cause: impl ToString) -> Self {
        Self::Orbitals { iteration, system: system.label.clone(), cause: cause.to_string() }
    }

    /// The expression of the functional that caused it, if known.
    pub fn place(&self) -> Option<Span> {
        match self {
            KsError::NotFinite { place, .. } | KsError::NotFiniteUnsolved { place, .. } => *place,
            _ => None,
        }
    }

    /// Whether other parameters of the functional may avoid it: training then shortens its step.
    pub fn diverged(&self) -> bool {
        use KsError::{ImplicitNotConverged, NotFinite, NotFiniteUnsolved, Orbitals, Response};
        matches!(
            self,
            NotFinite { .. }
                | NotFiniteUnsolved { .. }
                | Orbitals { .. }
                | Response { .. }
                | ImplicitNotConverged { .. }
        )
    }
}

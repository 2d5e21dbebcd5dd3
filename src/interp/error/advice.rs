//! Warnings and notes about how functionals are used and trained.

use crate::number::{brief, counted};
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Warnings and notes.
#[derive(Debug, Error, Diagnostic)]
pub enum Advice {
    /// The functional was fitted for one interaction between electrons (`for exponential` in its head), but the system
    /// has another. It runs, but its energies mean little.
    ///
    /// What to do: use a functional made for the interaction of the system, or write one. A functional without a `for`
    /// in its head is used without this warning.
    #[error("`{functional}` was made for the interaction `{made_for}`, but that of `{system}` is {found}")]
    #[diagnostic(
        code(ksr::functional::made_for),
        severity(Warning),
        help("its energies mean little here; write one for this interaction")
    )]
    MadeFor {
        /// The functional.
        functional: String,
        /// `exponential`.
        made_for: String,
        /// The system.
        system: String,
        /// Its interaction.
        found: String,
        /// The use.
        #[label("used here")]
        span: Span,
    },
    /// The functional of a model counts grid points, as convolutions do (their window is some points wide), and it was trained on
    /// grids of another spacing. It runs, but its energies mean little.
    ///
    /// What to do: put the system on a grid with the spacing of the training, or train on this grid.
    #[error(
        "`{model}` was trained on grids with spacing {with} bohr, and its convolutions count points; here it is {found} bohr"
    )]
    #[diagnostic(
        code(ksr::model::trained_on),
        severity(Warning),
        help("its energies mean little for `{system}`; use a grid with the spacing of the training")
    )]
    TrainedOn {
        /// The model.
        model: String,
        /// Spacings, bohr.
        with: String,
        /// The system.
        system: String,
        /// Its spacing, bohr.
        found: String,
        /// The use.
        #[label("used here")]
        span: Span,
    },
    /// The model was trained on systems with one interaction between electrons, but it is used where the interaction is
    /// another. It runs, but its energies mean little.
    ///
    /// What to do: use a model trained with the interaction of the system, or train one.
    #[error("`{model}` was trained with the interaction {with}, but that of `{system}` is {found}")]
    #[diagnostic(
        code(ksr::model::trained_with),
        severity(Warning),
        help("its energies mean little here; train one with this interaction")
    )]
    TrainedWith {
        /// The model.
        model: String,
        /// `` `exponential` ``.
        with: String,
        /// The system.
        system: String,
        /// Its interaction.
        found: String,
        /// The use.
        #[label("used here")]
        span: Span,
    },
    /// ksr notes in the second line of a model file what was in it, and the file has been edited since. What it says about its training
    /// may not hold any more.
    ///
    /// What to do: get the file again from where it came. If the edit was yours, delete the second line.
    #[error("`{path}` has been edited since it was saved")]
    #[diagnostic(
        code(ksr::model::edited),
        severity(Warning),
        help("it is used as it is now; what it says about its training may not hold any more")
    )]
    EditedFile {
        /// The file, as written.
        path: String,
        /// Where it is used.
        #[label("used here")]
        span: Span,
    },
    /// A saved model notes the hash of its parameters, and it is not that of the parameters in the file: somebody has
    /// edited them.
    ///
    /// What to do: get the file again from where it came. If the edit was yours, delete the `hash:` line.
    #[error("the parameters of `{model}` are not those that were saved")]
    #[diagnostic(
        code(ksr::model::edited),
        severity(Warning),
        help("they have been edited; they are used as they are now")
    )]
    Edited {
        /// The model.
        model: String,
        /// The parameters.
        #[label("these have another hash")]
        span: Span,
    },
    /// The file has arrays that the functional has no parameter for. All parameters were found, but the file may
    /// belong to another functional.
    ///
    /// What to do: compare with `describe(f)`. If the surplus arrays are something else, such as the state of an
    /// optimiser, nothing is wrong.
    #[error("{arrays} of `{file}` {verb} not used")]
    #[diagnostic(code(ksr::model::surplus), severity(Warning), help("`{functional}` has {parameters}"))]
    Surplus {
        /// Their names.
        arrays: String,
        /// `is`, `are`.
        verb: &'static str,
        /// The archive.
        file: String,
        /// The functional.
        functional: String,
        /// What it has.
        parameters: String,
        /// The call.
        #[label("loaded here")]
        span: Span,
    },
    /// Some of the calculations that were written at this place, in a list or in a function of the library, ended with a density that
    /// still changes by more than the tolerance, or without one by more than the threshold. Their energies are those of unfinished
    /// calculations, and numbers made from them are marked.
    ///
    /// What to do: follow the help line, which is about the worst of them.
    #[error(
        "{count} of {} here did not converge; the largest residual is {} electrons, of `{system}`",
        counted(*total, "calculation"), brief(*residual)
    )]
    #[diagnostic(code(ksr::ks::not_converged), severity(Warning))]
    NotConverged {
        /// How many did not.
        count: usize,
        /// How many there were.
        total: usize,
        /// The largest integral of |n_out - n_in|, electrons.
        residual: f64,
        /// The system that has it.
        system: String,
        /// What to try for that.
        #[help]
        advice: String,
        /// The calculations.
        #[label("here")]
        span: Span,
    },
    /// For some of the calculations that were written at this place the chosen iterations did not find a self-consistent density, and
    /// something else did. All these runs are converged.
    ///
    /// What to do: nothing. `.how` of a run names the way; `remedies: false` does only the chosen iterations.
    #[error(
        "{count} of {} here converged by {ways}, where {first} left up to {} electrons (`{system}`)",
        counted(*total, "calculation"), brief(*residual)
    )]
    #[diagnostic(
        code(ksr::ks::remedied),
        severity(Advice),
        help("the energies are those of converged densities; `remedies: false` keeps the chosen iterations")
    )]
    Remedied {
        /// How many.
        count: usize,
        /// How many there were.
        total: usize,
        /// The ways, in words.
        ways: String,
        /// The chosen mixing.
        first: String,
        /// The largest integral of |n_out - n_in| that it left, electrons.
        residual: f64,
        /// The system that has it.
        system: String,
        /// The calculations.
        #[label("here")]
        span: Span,
    },
    /// No step along the gradient lowers the loss, so the training ends with its initial parameters. The loss may not
    /// depend on the parameters, or may be infinite close to them.
    ///
    /// What to do: follow the help line; try another seed, smaller layers, or a loss that depends on what the
    /// functional changes.
    #[error("no step from the initial parameters of `{functional}` lowers the loss (seeds: {seeds})")]
    #[diagnostic(code(ksr::train::unmoved), severity(Warning))]
    Unmoved {
        /// The functional.
        functional: String,
        /// The seeds.
        seeds: String,
        /// The likely cause.
        #[help]
        help: String,
        /// The training.
        #[label("in this training run")]
        span: Span,
    },
    /// For some parameters on the way the loss of the validation systems is infinite or not a number, usually because their
    /// Kohn-Sham iterations diverge. It cannot be compared, so these parameters are not kept; if it is never finite, the
    /// training loss decides.
    ///
    /// What to do: look at the cause in the help line. Leave that system out of `validate:`, give it a lower mixing, or change
    /// the functional where its density is outside of what the functional allows.
    #[error("{message}")]
    #[diagnostic(code(ksr::train::unjudged), severity(Warning))]
    Unjudged {
        /// How many of them, and what decided.
        message: String,
        /// The first cause.
        #[help]
        help: String,
        /// The training.
        #[label("in this training run")]
        span: Span,
    },
    /// The density is negative somewhere, and the functional has no value there: roots and logarithms of negative numbers are `nan`, and so is
    /// everything made of them.
    ///
    /// What to do: give it a density, which is nowhere negative; `max(n, 0)` cuts off what is below zero.
    #[error("`{functional}` is not finite, and the density is negative: {least} per bohr at x = {x:.2} bohr")]
    #[diagnostic(
        code(ksr::functional::negative_density),
        severity(Warning),
        help("a functional need not have a value at a negative density: `max(n, 0)` is nowhere negative")
    )]
    NegativeDensity {
        /// The functional.
        functional: String,
        /// The lowest density, 1/bohr.
        least: String,
        /// Where, bohr.
        x: f64,
        /// The density.
        #[label("negative somewhere")]
        span: Span,
    },
    /// With exact exchange the orbitals feel an operator that is no potential. `.potential` and `.xc_potential` of such a run are its local
    /// parts; of Hartree-Fock alone `.xc_potential` is zero.
    ///
    /// What to do: do not compare it with the potential of another functional. A local potential with the same density is
    /// `invert(run).xc_potential`.
    #[error("`.{member}` of a run of `{functional}` is without exact exchange, which is no potential")]
    #[diagnostic(
        code(ksr::run::local_part),
        severity(Advice),
        help("`invert(run).{member}` is the local potential that gives the same density")
    )]
    LocalPart {
        /// `xc_potential`.
        member: String,
        /// The functional.
        functional: String,
        /// The name.
        #[label("the local part alone")]
        span: Span,
    },
    /// The calculation is done, but there is something you should know: it was interrupted, an option had no effect,
    /// or some seeds failed.
    ///
    /// What to do: read the message. If it describes what you intended, nothing.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::note), severity(Warning))]
    Note {
        /// A sentence.
        message: String,
        /// The call.
        #[label("here")]
        span: Span,
    },
}

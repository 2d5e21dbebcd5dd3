//! Why nothing can be learned from data.

use miette::Diagnostic;
use thiserror::Error;

/// Why nothing can be learned from data.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum LearnError {
    /// Two inputs are the same: they say nothing about how outputs change, and with different outputs they contradict each other.
    ///
    /// What to do: leave one of them out.
    #[error("inputs {first} and {second} are the same")]
    #[diagnostic(code(ksr::learn::twins), help("leave one of them out (they are counted from 0)"))]
    Twins { first: usize, second: usize },
    /// Every input needs one output.
    ///
    /// What to do: give lists of the same length.
    #[error("there are {inputs} inputs, but {outputs} outputs")]
    #[diagnostic(code(ksr::learn::lengths), help("give one output for each input"))]
    Lengths { inputs: usize, outputs: usize },
    /// There is nothing to learn from, or so little that nothing can be left out to validate it.
    ///
    /// What to do: give more data, or fewer `folds:`.
    #[error("{found} inputs are too few: at least {least} are needed")]
    #[diagnostic(code(ksr::learn::too_few), help("give more, or in a cross-validation fewer `folds:`"))]
    TooFew { found: usize, least: usize },
    /// A number among the data is not finite.
    ///
    /// What to do: look at where it was made.
    #[error("{what} {index} is not finite")]
    #[diagnostic(code(ksr::learn::not_finite), help("they are counted from 0"))]
    NotFinite { what: &'static str, index: usize },
    /// All inputs or outputs are fields on one grid, or lists of one length.
    ///
    /// What to do: make them on one grid. A field is resampled by none of the functions of the language: calculate it again.
    #[error("{what} {index} is not like the first one: {found}, not {expected}")]
    #[diagnostic(code(ksr::learn::unequal), help("all of them are on one grid, or of one length"))]
    Unequal { what: &'static str, index: usize, found: String, expected: String },
    /// A basis has no more functions than the grid has points.
    ///
    /// What to do: ask for fewer.
    #[error("a grid of {points} points has no {functions} basis functions")]
    #[diagnostic(code(ksr::learn::basis), help("ask for at most {points}"))]
    Basis { functions: usize, points: usize },
    /// A kernel is a function of the distance that is finite everywhere.
    ///
    /// What to do: look at the function.
    #[error("the kernel is not finite at a distance of {distance}")]
    #[diagnostic(code(ksr::learn::kernel))]
    Kernel { distance: f64 },
    /// The eigenproblem of the kernel matrix failed, which suggests values that are not finite.
    ///
    /// What to do: look at the data. If they look normal, please report it with the script.
    #[error("the eigenproblem of the kernel matrix failed")]
    #[diagnostic(code(ksr::learn::eigen))]
    Eigen,
    /// You stopped it with Ctrl-C.
    ///
    /// What to do: nothing.
    #[error("the cross-validation was interrupted")]
    #[diagnostic(code(ksr::learn::interrupted))]
    Interrupted,
}

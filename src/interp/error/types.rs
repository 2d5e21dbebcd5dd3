//! Values of the wrong kind.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// A value that is not what its place needs.
#[derive(Debug, Error, Diagnostic)]
pub enum TypesError {
    /// An argument, entry or operand of the wrong kind.
    #[error("{what} must be {wanted}, not {found}")]
    #[diagnostic(code(ksr::types::mismatch))]
    Mismatch {
        /// `` `points` of `uniform` ``.
        what: String,
        /// `a whole number`.
        wanted: String,
        /// `a text`.
        found: String,
        /// How to mend it.
        #[help]
        help: Option<String>,
        /// The value.
        #[label("this is {found}")]
        span: Span,
    },
    /// An operator between values that it does not combine.
    #[error("`{operator}` does not combine {left} with {right}")]
    #[diagnostic(code(ksr::types::operands))]
    Operands {
        /// `+`.
        operator: String,
        /// Kind of the left operand.
        left: String,
        /// Kind of the right operand.
        right: String,
        /// How to mend it.
        #[help]
        help: Option<String>,
        /// The left operand.
        #[label("{left}")]
        left_span: Span,
        /// The right operand.
        #[label("{right}")]
        right_span: Span,
    },
    /// An operator or function before a value that it does not take.
    #[error("`{operator}` does not take {found}")]
    #[diagnostic(code(ksr::types::operand))]
    Operand {
        /// `-`, `exp`.
        operator: String,
        /// Kind of the value.
        found: String,
        /// The value.
        #[label("this is {found}")]
        span: Span,
    },
    /// Lists of different lengths side by side.
    #[error("`{operator}` needs lists of equal length, and these have {left} and {right} elements")]
    #[diagnostic(code(ksr::types::lengths))]
    Lengths {
        /// `+`.
        operator: String,
        /// Length of the left one.
        left: usize,
        /// Length of the right one.
        right: usize,
        /// The left one.
        #[label("{left} elements")]
        left_span: Span,
        /// The right one.
        #[label("{right} elements")]
        right_span: Span,
    },
    /// Fields on different grids.
    #[error("`{operator}` needs fields on one grid, and these have {left} and {right}")]
    #[diagnostic(
        code(ksr::types::grids),
        help("make both from the same grid: a field knows the grid of the `.x`, density or potential it came from")
    )]
    Grids {
        /// `+`.
        operator: String,
        /// `513 points 0.08 bohr apart`.
        left: String,
        /// The other one.
        right: String,
        /// The left one.
        #[label("{left}")]
        left_span: Span,
        /// The right one.
        #[label("{right}")]
        right_span: Span,
    },
    /// Fields whose channels do not match.
    #[error("`{operator}` needs equal channels or one, and these fields have {left} and {right}")]
    #[diagnostic(code(ksr::types::channels))]
    Channels {
        /// `+`.
        operator: String,
        /// Channels of the left one.
        left: usize,
        /// Channels of the right one.
        right: usize,
        /// The left one.
        #[label("{left} channels")]
        left_span: Span,
        /// The right one.
        #[label("{right} channels")]
        right_span: Span,
    },
    /// Something called that cannot be.
    #[error("{found} cannot be called")]
    #[diagnostic(code(ksr::types::not_callable), help("{help}"))]
    NotCallable {
        /// `a number`.
        found: String,
        /// How to mend it.
        help: String,
        /// The value.
        #[label("this is {found}")]
        span: Span,
    },
    /// A `.name` that the value does not have.
    #[error("{found} has no `.{name}`")]
    #[diagnostic(code(ksr::types::no_field), help("{help}"))]
    NoField {
        /// `a run`.
        found: String,
        /// The name.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The name.
        #[label("no such name")]
        span: Span,
    },
}

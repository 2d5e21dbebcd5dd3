//! Values of the wrong kind.

use crate::number::counted;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// What an operator does with two values: `==` compares them.
pub(super) fn verb(operator: &str) -> &'static str {
    if matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=" | "assert_eq") { "compare" } else { "combine" }
}

/// A value of the wrong kind.
#[derive(Debug, Error, Diagnostic)]
pub enum TypesError {
    /// An argument, option, entry or operand is of the wrong kind, such as a string instead of a number.
    ///
    /// What to do: give a value of the kind that the message names; the reference says what each function takes.
    #[error("{what} must be {wanted}, not {found}")]
    #[diagnostic(code(ksr::types::mismatch))]
    Mismatch {
        /// `` `points` of `uniform` ``.
        what: String,
        /// `a whole number`.
        wanted: String,
        /// `a string`.
        found: String,
        /// How to fix it.
        #[help]
        help: Option<String>,
        /// The value.
        #[label("this is {found}")]
        span: Span,
    },
    /// The operator does not exist for these two kinds of values: a string cannot be added to a number, nor a list to a
    /// field.
    ///
    /// What to do: convert one side first. Insert values into a string with braces (`"R = {R}"`); a list becomes a
    /// field only on a grid.
    #[error("`{operator}` does not {} {left} with {right}", verb(operator))]
    #[diagnostic(code(ksr::types::operands))]
    Operands {
        /// `+`.
        operator: String,
        /// Kind of the left operand.
        left: String,
        /// Kind of the right operand.
        right: String,
        /// How to fix it.
        #[help]
        help: Option<String>,
        /// The left operand.
        #[label("{left}")]
        left_span: Span,
        /// The right operand.
        #[label("{right}")]
        right_span: Span,
    },
    /// The operator or function does not exist for this kind of value.
    ///
    /// What to do: check what the name refers to; the label says what kind of value it is.
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
    /// Lists are combined element by element, so both must have the same length.
    ///
    /// What to do: make them equally long, take a part of one, as in `a[0 .. 5]`, or combine a list with a single
    /// number.
    #[error("`{operator}` needs lists of equal length, but these have {left} and {right} elements")]
    #[diagnostic(code(ksr::types::lengths))]
    Lengths {
        /// `+`.
        operator: String,
        /// Length of the left one.
        left: usize,
        /// Length of the right one.
        right: usize,
        /// The left one.
        #[label("{}", counted(*left, "element"))]
        left_span: Span,
        /// The right one.
        #[label("{}", counted(*right, "element"))]
        right_span: Span,
    },
    /// Fields are combined point by point, so both must be on the same grid.
    ///
    /// What to do: make both from systems on one grid, or from its `.x`.
    #[error("`{operator}` needs fields on one grid, but these have {left} and {right}")]
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
    /// Fields are combined channel by channel, so both must have the same number of channels, or one of them a single
    /// channel.
    ///
    /// What to do: take one channel with `channel(f, k)`, or give both the same number.
    #[error("`{operator}` needs equal numbers of channels, or one channel, but these fields have {left} and {right}")]
    #[diagnostic(code(ksr::types::channels))]
    Channels {
        /// `+`.
        operator: String,
        /// Channels of the left one.
        left: usize,
        /// Channels of the right one.
        right: usize,
        /// The left one.
        #[label("{}", counted(*left, "channel"))]
        left_span: Span,
        /// The right one.
        #[label("{}", counted(*right, "channel"))]
        right_span: Span,
    },
    /// A call of something that is not a function.
    #[error("{found} cannot be called")]
    #[diagnostic(code(ksr::types::not_callable), help("{help}"))]
    NotCallable {
        /// `a number`.
        found: String,
        /// How to fix it.
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

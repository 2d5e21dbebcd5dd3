//! Dimensions that do not fit.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Dimensions that clash.
#[derive(Debug, Error, Diagnostic)]
pub enum UnitsError {
    /// Two dimensions where there must be one.
    #[error("`{operator}` cannot combine {left} with {right}")]
    #[diagnostic(
        code(ksr::units::clash),
        help("a plain number combines with both: divide one side by its unit, as in `R / (1 bohr)`")
    )]
    Clash {
        /// `+`.
        operator: String,
        /// `an energy`.
        left: String,
        /// `a length`.
        right: String,
        /// Left operand.
        #[label("{left}")]
        left_span: Span,
        /// Right operand.
        #[label("{right}")]
        right_span: Span,
    },
    /// A list whose elements differ in dimension.
    #[error("`{function}` of a list that has {first} and {other} in it")]
    #[diagnostic(code(ksr::units::mixed), help("all elements must be of one dimension, or plain"))]
    Mixed {
        /// `sum`.
        function: String,
        /// `an energy`.
        first: String,
        /// `a length`.
        other: String,
        /// The list.
        #[label("{first} and {other}")]
        span: Span,
    },
    /// A dimension where only plain numbers make sense.
    #[error("`{function}` needs a plain number, not {found}")]
    #[diagnostic(
        code(ksr::units::not_plain),
        help("divide by a unit first, as in `x / (1 hartree)` or `x / (1 bohr)`")
    )]
    NotPlain {
        /// `exp`.
        function: String,
        /// `an energy`.
        found: String,
        /// The value.
        #[label("{found}")]
        span: Span,
    },
    /// A value with a dimension other than the one its place has.
    #[error("{what} must be {wanted}, not {found}")]
    #[diagnostic(code(ksr::units::wanted), help("a plain number is read in atomic units"))]
    Wanted {
        /// `the position of a nucleus`.
        what: String,
        /// `a length`.
        wanted: String,
        /// `an energy`.
        found: String,
        /// The value.
        #[label("{found}")]
        span: Span,
    },
    /// `->` to a unit of another dimension.
    #[error("{found} cannot be shown in `{unit}`, which is for {wanted}")]
    #[diagnostic(code(ksr::units::conversion), help("{help}"))]
    Conversion {
        /// `an energy`.
        found: String,
        /// `angstrom`.
        unit: String,
        /// `a length`.
        wanted: String,
        /// Units that would do.
        help: String,
        /// The value.
        #[label("{found}")]
        value_span: Span,
        /// The unit.
        #[label("a unit of {wanted}")]
        unit_span: Span,
    },
    /// A power that leaves no whole dimension.
    #[error("{found} to the power {exponent} has no dimension that can be written")]
    #[diagnostic(code(ksr::units::power), help("whole and half powers of energies and lengths are known"))]
    Power {
        /// `an energy`.
        found: String,
        /// `0.3`.
        exponent: String,
        /// The base.
        #[label("{found}")]
        span: Span,
    },
    /// A unit that is not in the list.
    #[error("there is no unit `{name}`")]
    #[diagnostic(code(ksr::units::unknown), help("{help}"))]
    Unknown {
        /// The name.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The unit.
        #[label("not a unit")]
        span: Span,
    },
}

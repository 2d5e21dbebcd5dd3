//! Clashes of dimensions.

use super::types::verb;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// Dimensions that clash.
#[derive(Debug, Error, Diagnostic)]
pub enum UnitsError {
    /// Two quantities of different dimensions are added, subtracted or compared, such as an energy and a length.
    ///
    /// What to do: check the formula. To combine them anyway, make one a plain number by dividing it by its unit, as in
    /// `R / (1 bohr)`.
    #[error("`{operator}` cannot {} {left} with {right}", verb(operator))]
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
    /// The elements of the list have different dimensions, so their sum, mean or maximum has no meaning.
    ///
    /// What to do: keep quantities of one dimension in a list, or divide them by their units.
    #[error("`{function}` cannot combine {first} with {other} in one list")]
    #[diagnostic(code(ksr::units::mixed), help("all elements must have the same dimension, or be plain numbers"))]
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
    /// Functions such as `exp` and `log` are defined for plain numbers only.
    ///
    /// What to do: divide by a unit or by a typical size first: `exp(-R / (1 bohr))`.
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
    /// The parameter or option is a quantity of the wrong dimension, such as a length instead of an energy.
    ///
    /// What to do: give a quantity of the dimension that the message names. A plain number is taken to be in atomic
    /// units.
    #[error("{what} must be {wanted}, not {found}")]
    #[diagnostic(code(ksr::units::wanted), help("a plain number is taken to be in atomic units"))]
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
    /// `->` shows a quantity in another unit of the same dimension, and this unit measures something else.
    ///
    /// What to do: choose a suitable unit; the help line names some.
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
    /// The result would have a dimension that ksr does not support, such as a length to the power 0.3.
    ///
    /// What to do: divide by a unit first. Whole and half-integer powers of energies and lengths are supported.
    #[error("{found} to the power {exponent} has an unsupported dimension")]
    #[diagnostic(
        code(ksr::units::power),
        help("only integer and half-integer powers of energies and lengths are supported")
    )]
    Power {
        /// `an energy`.
        found: String,
        /// `0.3`.
        exponent: String,
        /// The base.
        #[label("{found}")]
        span: Span,
    },
    /// There is no unit with this name.
    ///
    /// What to do: check the spelling; the reference lists all units.
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

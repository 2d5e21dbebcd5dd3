//! Wrong entries of systems. Entries that are physically impossible are errors of the model.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// A wrong entry of a system.
#[derive(Debug, Error, Diagnostic)]
pub enum SystemProblem {
    /// An entry that systems do not have.
    #[error("a system has no entry `{name}`")]
    #[diagnostic(code(ksr::system::unknown_entry), help("{help}"))]
    UnknownEntry {
        /// The name.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The name.
        #[label("no such entry")]
        span: Span,
    },
    /// An option of the system is given more than once.
    ///
    /// What to do: keep one of them.
    #[error("`{name}` is given twice")]
    #[diagnostic(code(ksr::system::doubled_entry), help("keep one of them"))]
    Doubled {
        /// The name.
        name: String,
        /// First.
        #[label("here")]
        first: Span,
        /// Second.
        #[label("and here")]
        second: Span,
    },
    /// No `on GRID`.
    #[error("the system `{name}` has no grid")]
    #[diagnostic(code(ksr::system::no_grid), help("give its grid: `system {name} on line {{ … }}`"))]
    NoGrid {
        /// The system.
        name: String,
        /// Its head.
        #[label("`on` is missing")]
        span: Span,
    },
    /// The value before `at` is neither an atom nor anything else with a charge.
    ///
    /// What to do: place an atom of `std.atoms` (`H at 0`), any charge (`nucleus(1.5) at 0`) or a record with an entry
    /// `charge`.
    #[error("{found} cannot be placed as a nucleus")]
    #[diagnostic(
        code(ksr::system::not_a_nucleus),
        help("place an atom (`H at 0`), a charge (`nucleus(1.5) at 0`) or a record with a `charge`")
    )]
    NotANucleus {
        /// Kind of the value.
        found: String,
        /// The value.
        #[label("this is {found}")]
        span: Span,
    },
    /// The field given as `potential:` is on a different grid from the system.
    ///
    /// What to do: make the field from the `.x` of the grid that the system is on, or write the potential as a
    /// function: `potential(x): …`.
    #[error("the potential is on a different grid: {found} instead of {wanted}")]
    #[diagnostic(code(ksr::system::potential_grid), help("make the field from the `.x` of the system's own grid"))]
    PotentialGrid {
        /// Its grid.
        found: String,
        /// The system's grid.
        wanted: String,
        /// The field.
        #[label("{found}")]
        span: Span,
    },
}

//! Arguments that do not match the parameters.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// A call whose arguments do not match.
#[derive(Debug, Error, Diagnostic)]
pub enum ArityError {
    /// An argument name that the function does not have.
    #[error("{callee} has no parameter `{name}`")]
    #[diagnostic(code(ksr::arity::unknown), help("{help}"))]
    Unknown {
        /// `` `f` ``.
        callee: String,
        /// The name given.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The name.
        #[label("no such parameter")]
        span: Span,
    },
    /// A parameter without a default that got no value.
    #[error("{callee} needs a value for {missing}")]
    #[diagnostic(code(ksr::arity::missing), help("{help}"))]
    Missing {
        /// `` `f` ``.
        callee: String,
        /// The parameters.
        missing: String,
        /// The signature.
        help: String,
        /// The call.
        #[label("missing here")]
        span: Span,
    },
    /// A parameter that got two values.
    #[error("{callee} is given `{name}` twice")]
    #[diagnostic(code(ksr::arity::doubled), help("{help}"))]
    Doubled {
        /// `` `f` ``.
        callee: String,
        /// The parameter.
        name: String,
        /// The signature.
        help: String,
        /// First value.
        #[label("`{name}` is given here")]
        first: Span,
        /// Second value.
        #[label("and again here")]
        second: Span,
    },
    /// More values than parameters.
    #[error("{callee} takes {takes}, but this is one too many")]
    #[diagnostic(code(ksr::arity::too_many), help("{help}"))]
    TooMany {
        /// `` `f` ``.
        callee: String,
        /// `no arguments`, `at most 2 arguments`.
        takes: String,
        /// The signature.
        help: String,
        /// The first value too many.
        #[label("not expected")]
        span: Span,
    },
}

//! What can be seen to be wrong in a tree before anything is evaluated.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// An error of the checker.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum CheckError {
    /// A name that stands for nothing.
    #[error("nothing is called `{name}`")]
    #[diagnostic(code(ksr::names::unknown))]
    UnknownName {
        name: String,
        #[label("unknown")]
        span: Span,
        #[help]
        help: Option<String>,
    },

    /// A name that a module does not define.
    #[error("`{module}` has no `{name}`")]
    #[diagnostic(code(ksr::names::not_in_module))]
    NotInModule {
        module: String,
        name: String,
        #[label("not in `{module}`")]
        span: Span,
        #[help]
        help: Option<String>,
    },

    /// `use std.foo`.
    #[error("the library has no module `{module}`")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    NoModule {
        module: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// `use "my-lib.ksr"`.
    #[error("`{stem}` cannot be the name of a module")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    StemNoName {
        stem: String,
        #[label("not a name")]
        span: Span,
        help: String,
    },

    /// A member that a value cannot have.
    #[error("{what} has no `{name}`")]
    #[diagnostic(code(ksr::types::no_field), help("{help}"))]
    NoField {
        what: String,
        name: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// The same name twice where each may stand once.
    #[error("{what} `{name}` is there twice")]
    #[diagnostic(code(ksr::names::doubled), help("{help}"))]
    Doubled {
        what: String,
        name: String,
        #[label("the first")]
        first: Span,
        #[label("again")]
        span: Span,
        help: String,
    },

    /// A parameter with a default before one without.
    #[error("`{name}` has no default, but `{before}` before it has one")]
    #[diagnostic(code(ksr::names::default_order), help("parameters with defaults come last"))]
    DefaultOrder {
        name: String,
        before: String,
        #[label("needs a default, or a place before `{before}`")]
        span: Span,
    },

    /// An argument name that the function does not have.
    #[error("`{callee}` has no parameter `{name}`")]
    #[diagnostic(code(ksr::arity::unknown), help("{help}"))]
    UnknownArgument {
        callee: String,
        name: String,
        #[label("no such parameter")]
        span: Span,
        help: String,
    },

    /// A literal where a value of another kind belongs.
    #[error("`{name}` of `{callee}` must be {wanted}, not {found}")]
    #[diagnostic(code(ksr::types::mismatch))]
    Literal {
        callee: String,
        name: String,
        wanted: &'static str,
        found: &'static str,
        #[label("this is {found}")]
        span: Span,
    },

    /// A parameter without default that gets nothing.
    #[error("`{callee}` needs a value for {missing}")]
    #[diagnostic(code(ksr::arity::missing), help("it is called `{signature}`"))]
    MissingArgument {
        callee: String,
        missing: String,
        #[label("missing here")]
        span: Span,
        signature: String,
    },

    /// A parameter that gets two values.
    #[error("`{callee}` gets `{name}` twice")]
    #[diagnostic(code(ksr::arity::doubled), help("it is called `{signature}`"))]
    DoubledArgument {
        callee: String,
        name: String,
        #[label("given here")]
        first: Span,
        #[label("and again")]
        span: Span,
        signature: String,
    },

    /// More values than parameters.
    #[error("`{callee}` takes {takes}, and here is one more")]
    #[diagnostic(code(ksr::arity::too_many), help("it is called `{signature}`"))]
    TooManyArguments {
        callee: String,
        takes: String,
        #[label("not expected")]
        span: Span,
        signature: String,
    },

    /// `2 (x + 1)`, `well(3)` of a system without parameters.
    #[error("{what} cannot be called")]
    #[diagnostic(code(ksr::types::not_callable), help("{help}"))]
    NotCallable {
        what: String,
        #[label("called here")]
        span: Span,
        help: String,
    },

    /// A system that lies nowhere.
    #[error("system `{name}` is on no grid")]
    #[diagnostic(code(ksr::system::no_grid), help("say on which grid it lives: `system {head} on line {{ … }}`"))]
    NoGrid {
        name: String,
        head: String,
        #[label("no `on` here")]
        span: Span,
    },

    /// `electron: 2`.
    #[error("a system has no option `{name}`")]
    #[diagnostic(code(ksr::system::unknown_entry), help("{help}"))]
    UnknownEntry {
        name: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// `electrons: 2; charge: 1`.
    #[error("`electrons` and `charge` say the same thing")]
    #[diagnostic(code(ksr::system::electrons_and_charge), help("keep one of them"))]
    ElectronsAndCharge {
        #[label("the first")]
        first: Span,
        #[label("the second")]
        span: Span,
    },

    /// `potential(x, y): …`.
    #[error("`{name}` is a function of one variable")]
    #[diagnostic(code(ksr::system::variables), help("write `{better}`"))]
    Variables {
        name: String,
        #[label("{count} variables")]
        span: Span,
        count: usize,
        better: String,
    },

    /// `param` where nothing is trained.
    #[error("`param` stands in functionals, and in the functions they call")]
    #[diagnostic(code(ksr::names::param), help("{help}"))]
    Param {
        #[label("outside of both")]
        span: Span,
        help: String,
    },

    /// A functional or loss without its first parameters.
    #[error("{what} `{name}` needs {needs}")]
    #[diagnostic(code(ksr::arity::head), help("{help}"))]
    Head {
        what: String,
        name: String,
        needs: String,
        #[label("here")]
        span: Span,
        help: String,
    },

    /// `0.5 bohr + 1 eV`.
    #[error("{left} and {right} cannot be {done}")]
    #[diagnostic(code(ksr::units::clash), help("{help}"))]
    UnitClash {
        left: String,
        right: String,
        done: String,
        #[label("{left}")]
        left_span: Span,
        #[label("{right}")]
        span: Span,
        help: String,
    },

    /// `1 eV -> bohr`.
    #[error("{value} cannot be shown in `{unit}`, {measures}")]
    #[diagnostic(code(ksr::units::conversion), help("{help}"))]
    Conversion {
        value: String,
        unit: String,
        measures: String,
        #[label("{value}")]
        value_span: Span,
        #[label("{measures}")]
        span: Span,
        help: String,
    },

    /// A call alone in a block whose value nothing takes.
    #[error("this value is not used")]
    #[diagnostic(code(ksr::parse::unused_value), help("{help}"))]
    UnusedValue {
        #[label("not used, and not the last of its block")]
        span: Span,
        help: String,
    },
}

impl CheckError {
    /// The place of the error.
    pub fn span(&self) -> Span {
        use CheckError::*;
        match self {
            UnknownName { span, .. }
            | NotInModule { span, .. }
            | NoModule { span, .. }
            | StemNoName { span, .. }
            | NoField { span, .. }
            | Doubled { span, .. }
            | DefaultOrder { span, .. }
            | UnknownArgument { span, .. }
            | Literal { span, .. }
            | MissingArgument { span, .. }
            | DoubledArgument { span, .. }
            | TooManyArguments { span, .. }
            | NotCallable { span, .. }
            | NoGrid { span, .. }
            | UnknownEntry { span, .. }
            | ElectronsAndCharge { span, .. }
            | Variables { span, .. }
            | Param { span, .. }
            | Head { span, .. }
            | UnitClash { span, .. }
            | Conversion { span, .. }
            | UnusedValue { span, .. } => *span,
        }
    }
}

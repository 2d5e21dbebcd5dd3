//! Errors that can be found in a tree before anything is evaluated.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// An error of the checker.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum CheckError {
    /// The name is neither defined in this script nor part of the language, nor imported by a `use`.
    ///
    /// What to do: check the spelling, define it with `let` or `fn`, or add a `use` of the module that defines it. A
    /// name inside a module is written `module.name`.
    #[error("the name `{name}` is not defined")]
    #[diagnostic(code(ksr::names::unknown))]
    UnknownName {
        name: String,
        #[label("unknown")]
        span: Span,
        #[help]
        help: Option<String>,
    },

    /// The module exists but does not define this name.
    ///
    /// What to do: check the spelling; in the REPL the TAB key shows what a module defines.
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

    /// There is no module with this name in ksr's standard library.
    ///
    /// What to do: check the spelling. Your own file goes in quotes: `use "lda.ksr"`.
    #[error("the library has no module `{module}`")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    NoModule {
        module: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// A used file becomes a module with the name of the file, and this file name is not a valid name.
    ///
    /// What to do: rename the file, or give the module a name: `use "my-lib.ksr" as lib`.
    #[error("`{stem}` cannot be the name of a module")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    StemNoName {
        stem: String,
        #[label("not a valid name")]
        span: Span,
        help: String,
    },

    /// This kind of value does not have the member after the dot.
    ///
    /// What to do: check the spelling. The reference lists the members of every kind of value.
    #[error("{what} has no `{name}`")]
    #[diagnostic(code(ksr::types::no_field), help("{help}"))]
    NoField {
        what: String,
        name: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// Two definitions, parameters or entries at the same place have the same name.
    ///
    /// What to do: rename or remove one of them. A name keeps its first value; there is no reassignment.
    #[error("{what} `{name}` occurs twice")]
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

    /// Arguments without a name fill the parameters from the left, so a parameter without a default cannot follow one
    /// that has a default.
    ///
    /// What to do: move parameters with defaults to the end, or give this one a default.
    #[error("`{name}` has no default, but `{before}` before it has one")]
    #[diagnostic(code(ksr::names::default_order), help("parameters with defaults come last"))]
    DefaultOrder {
        name: String,
        before: String,
        #[label("needs a default, or must come before `{before}`")]
        span: Span,
    },

    /// The function has no parameter with the name of this argument.
    ///
    /// What to do: check the spelling against the signature in the help line.
    #[error("`{callee}` has no parameter `{name}`")]
    #[diagnostic(code(ksr::arity::unknown), help("{help}"))]
    UnknownArgument {
        callee: String,
        name: String,
        #[label("no such parameter")]
        span: Span,
        help: String,
    },

    /// A literal of the wrong kind.
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

    /// The function is called without a value for a parameter that has no default.
    ///
    /// What to do: add the argument, by position or as `name: value`.
    #[error("`{callee}` needs a value for {missing}")]
    #[diagnostic(code(ksr::arity::missing), help("the signature is `{signature}`"))]
    MissingArgument {
        callee: String,
        missing: String,
        #[label("missing here")]
        span: Span,
        signature: String,
    },

    /// A parameter is given a value by position and again by name, or twice by name.
    ///
    /// What to do: keep one of the two.
    #[error("`{callee}` is given `{name}` twice")]
    #[diagnostic(code(ksr::arity::doubled), help("the signature is `{signature}`"))]
    DoubledArgument {
        callee: String,
        name: String,
        #[label("given here")]
        first: Span,
        #[label("and again")]
        span: Span,
        signature: String,
    },

    /// The call has more arguments than the function has parameters.
    ///
    /// What to do: remove the extra ones. Numbers that belong together go into one list: `[1, 2, 3]`.
    #[error("`{callee}` takes {takes}, but this is one too many")]
    #[diagnostic(code(ksr::arity::too_many), help("the signature is `{signature}`"))]
    TooManyArguments {
        callee: String,
        takes: String,
        #[label("not expected")]
        span: Span,
        signature: String,
    },

    /// Parentheses after a value call it, but this value is not a function. A product always needs a `*`.
    ///
    /// What to do: write `*` for a product; take an element of a list with `[i]`; use a system without parameters
    /// without parentheses.
    #[error("{what} cannot be called")]
    #[diagnostic(code(ksr::types::not_callable), help("{help}"))]
    NotCallable {
        what: String,
        #[label("called here")]
        span: Span,
        help: String,
    },

    /// Everything in a system is sampled on a grid, but this system does not say which.
    ///
    /// What to do: define a grid and name it in the head: `system h on line { … }`.
    #[error("system `{name}` has no grid")]
    #[diagnostic(code(ksr::system::no_grid), help("give its grid: `system {head} on line {{ … }}`"))]
    NoGrid {
        name: String,
        head: String,
        #[label("no `on` here")]
        span: Span,
    },

    /// A system has a fixed set of options, and this is not one of them.
    ///
    /// What to do: check the spelling against the help line. Atoms are placed with `at`: `H at 0`.
    #[error("a system has no option `{name}`")]
    #[diagnostic(code(ksr::system::unknown_entry), help("{help}"))]
    UnknownEntry {
        name: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// The number of electrons follows from the nuclei and `charge:`, or is given by `electrons:`; both together could
    /// contradict each other.
    ///
    /// What to do: keep one of them.
    #[error("a system takes either `electrons:` or `charge:`, not both")]
    #[diagnostic(code(ksr::system::electrons_and_charge), help("keep one of them"))]
    ElectronsAndCharge {
        #[label("the first")]
        first: Span,
        #[label("the second")]
        span: Span,
    },

    /// The potential is a function of one coordinate, the interaction of one distance; more or fewer variables make no
    /// sense.
    ///
    /// What to do: write it as a function of one variable. Parameters of the system can be used inside.
    #[error("`{name}` must be a function of one variable")]
    #[diagnostic(code(ksr::system::variables), help("write `{better}`"))]
    Variables {
        name: String,
        #[label("{count} variables")]
        span: Span,
        count: usize,
        better: String,
    },

    /// `param` declares a number that training changes. It belongs to a functional, so it is allowed only there, or in
    /// a function that functionals call.
    ///
    /// What to do: move it into the `functional`, or use `let` for a fixed number.
    #[error("`param` is allowed only in functionals, and in functions that they call")]
    #[diagnostic(code(ksr::names::param), help("{help}"))]
    Param {
        #[label("outside both")]
        span: Span,
        help: String,
    },

    /// A functional begins with one density, or with one for each spin; a loss begins with a run and a reference. All
    /// further parameters are options, which need defaults.
    ///
    /// What to do: write `functional f(n) = …`, `functional f(n_up, n_down) = …` or `loss l(run, exact) { … }`, and
    /// give every further parameter a default.
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

    /// A quantity of the wrong dimension.
    #[error("{what} must be {wanted}, not {found}")]
    #[diagnostic(code(ksr::units::wanted))]
    Wanted {
        what: String,
        wanted: String,
        found: String,
        #[label("{found}")]
        span: Span,
        #[help]
        help: Option<String>,
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

    /// A call in a block whose value is not used.
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
            | Wanted { span, .. }
            | Conversion { span, .. }
            | UnusedValue { span, .. } => *span,
        }
    }
}

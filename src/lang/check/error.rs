//! What can be seen to be wrong in a tree before anything is evaluated.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// An error of the checker.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum CheckError {
    /// The name is neither defined in this text nor part of the language, nor brought in by a `use`.
    ///
    /// What to do: check the spelling, define it with `let` or `fn`, or add the `use` of the module that has it. A name
    /// inside a module is written `module.name`.
    #[error("nothing is called `{name}`")]
    #[diagnostic(code(ksr::names::unknown))]
    UnknownName {
        name: String,
        #[label("unknown")]
        span: Span,
        #[help]
        help: Option<String>,
    },

    /// The module exists and does not define this name.
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

    /// There is no module of this name in the library that ksr brings along.
    ///
    /// What to do: check the spelling. A file of your own is used in quotes: `use "lda.ksr"`.
    #[error("the library has no module `{module}`")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    NoModule {
        module: String,
        #[label("unknown")]
        span: Span,
        help: String,
    },

    /// A used file becomes a module with the name of the file, and this file name is no name of the language.
    ///
    /// What to do: rename the file, or give the module a name: `use "my-lib.ksr" as lib`.
    #[error("`{stem}` cannot be the name of a module")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    StemNoName {
        stem: String,
        #[label("not a name")]
        span: Span,
        help: String,
    },

    /// A value of this kind does not have the member that stands after the dot.
    ///
    /// What to do: check the spelling. The reference lists what stands after the dot, for every kind of value.
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

    /// Arguments without a name fill the parameters from the left, so that a parameter without a default cannot follow
    /// one that has a default.
    ///
    /// What to do: move parameters with defaults to the end, or give this one a default.
    #[error("`{name}` has no default, but `{before}` before it has one")]
    #[diagnostic(code(ksr::names::default_order), help("parameters with defaults come last"))]
    DefaultOrder {
        name: String,
        before: String,
        #[label("needs a default, or a place before `{before}`")]
        span: Span,
    },

    /// The function is given an argument by a name that none of its parameters has.
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

    /// The function is called without a value for a parameter that has no default.
    ///
    /// What to do: add the argument, by place or as `name: value`.
    #[error("`{callee}` needs a value for {missing}")]
    #[diagnostic(code(ksr::arity::missing), help("it is called `{signature}`"))]
    MissingArgument {
        callee: String,
        missing: String,
        #[label("missing here")]
        span: Span,
        signature: String,
    },

    /// A parameter gets a value by its place and again by its name, or twice by its name.
    ///
    /// What to do: keep one of the two.
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

    /// The call has more arguments than the function has parameters.
    ///
    /// What to do: remove those that are too many. Numbers that belong together are one list: `[1, 2, 3]`.
    #[error("`{callee}` takes {takes}, and here is one more")]
    #[diagnostic(code(ksr::arity::too_many), help("it is called `{signature}`"))]
    TooManyArguments {
        callee: String,
        takes: String,
        #[label("not expected")]
        span: Span,
        signature: String,
    },

    /// Parentheses after a value call it, and this value is not a function. A product is never written without its
    /// sign.
    ///
    /// What to do: write `*` if a product is meant; take an element of a list with `[i]`; a system without parameters
    /// is used without parentheses.
    #[error("{what} cannot be called")]
    #[diagnostic(code(ksr::types::not_callable), help("{help}"))]
    NotCallable {
        what: String,
        #[label("called here")]
        span: Span,
        help: String,
    },

    /// Everything in a system is sampled on a grid, and this system does not say on which.
    ///
    /// What to do: define a grid and name it in the head: `system h on line { … }`.
    #[error("system `{name}` is on no grid")]
    #[diagnostic(code(ksr::system::no_grid), help("say on which grid it lives: `system {head} on line {{ … }}`"))]
    NoGrid {
        name: String,
        head: String,
        #[label("no `on` here")]
        span: Span,
    },

    /// A system has a fixed set of options, and this is none of them.
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
    #[error("`electrons` and `charge` say the same thing")]
    #[diagnostic(code(ksr::system::electrons_and_charge), help("keep one of them"))]
    ElectronsAndCharge {
        #[label("the first")]
        first: Span,
        #[label("the second")]
        span: Span,
    },

    /// The potential depends on one coordinate, the interaction on one distance: functions of another number of
    /// variables have no meaning there.
    ///
    /// What to do: write it as a function of one variable. Parameters of the system can be used inside.
    #[error("`{name}` is a function of one variable")]
    #[diagnostic(code(ksr::system::variables), help("write `{better}`"))]
    Variables {
        name: String,
        #[label("{count} variables")]
        span: Span,
        count: usize,
        better: String,
    },

    /// `param` declares a number that a training changes. It belongs to a functional, so it can stand only there, or in
    /// a function that functionals call.
    ///
    /// What to do: move it into the `functional`, or use `let` for a fixed number.
    #[error("`param` stands in functionals, and in the functions they call")]
    #[diagnostic(code(ksr::names::param), help("{help}"))]
    Param {
        #[label("outside of both")]
        span: Span,
        help: String,
    },

    /// A functional begins with one density, or with one for each spin; a loss begins with a run and a reference. What
    /// follows are options, and these have defaults.
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

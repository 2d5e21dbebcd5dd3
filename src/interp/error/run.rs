//! What goes wrong while a program runs.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// A failure of evaluation.
#[derive(Debug, Error, Diagnostic)]
pub enum RunError {
    /// A name that nothing has.
    #[error("there is nothing called `{name}`")]
    #[diagnostic(code(ksr::names::unknown))]
    UnknownName {
        /// The name.
        name: String,
        /// The nearest.
        #[help]
        help: Option<String>,
        /// Where it is used.
        #[label("not known here")]
        span: Span,
    },
    /// Calls too deep.
    #[error("calls are nested deeper than {limit}")]
    #[diagnostic(code(ksr::run::recursion), help("does `{name}` call itself without an end?"))]
    Recursion {
        /// The limit.
        limit: usize,
        /// The function.
        name: String,
        /// The call.
        #[label("this call")]
        span: Span,
    },
    /// A definition that needs itself.
    #[error("the value of `{name}` depends on itself")]
    #[diagnostic(code(ksr::run::cycle))]
    Cycle {
        /// The name.
        name: String,
        /// Where it is used.
        #[label("needed here while it is being evaluated")]
        span: Span,
    },
    /// Files that use each other.
    #[error("`{module}` uses itself, through the files it uses")]
    #[diagnostic(code(ksr::run::module_cycle), help("move what both need into a third file"))]
    ModuleCycle {
        /// The module.
        module: String,
        /// The `use`.
        #[label("here")]
        span: Span,
    },
    /// A module that is not there.
    #[error("there is no module `{name}`")]
    #[diagnostic(code(ksr::names::module), help("{help}"))]
    NoModule {
        /// `std.lossess`.
        name: String,
        /// Those that exist.
        help: String,
        /// The path.
        #[label("not found")]
        span: Span,
    },
    /// A name that a module does not have.
    #[error("`{module}` has no `{name}`")]
    #[diagnostic(code(ksr::names::not_in_module), help("{help}"))]
    NotInModule {
        /// The module.
        module: String,
        /// The name.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The name.
        #[label("not there")]
        span: Span,
    },
    /// A file that cannot be read or written.
    #[error("cannot {verb} `{path}`: {reason}")]
    #[diagnostic(code(ksr::run::file), help("paths are relative to the folder of the file they stand in"))]
    File {
        /// `read`, `write`.
        verb: &'static str,
        /// The path.
        path: String,
        /// Why.
        reason: String,
        /// The path in the script.
        #[label("here")]
        span: Span,
    },
    /// An index outside.
    #[error("index {index} is outside {found} of {length} elements")]
    #[diagnostic(code(ksr::run::index), help("indices count from 0; `-1` is the last"))]
    Index {
        /// The index.
        index: String,
        /// `a list`.
        found: String,
        /// Its length.
        length: usize,
        /// The index.
        #[label("outside")]
        span: Span,
    },
    /// An interval of which not all values can be listed.
    #[error("`{interval}` has no list of values")]
    #[diagnostic(code(ksr::run::interval), help("give a step: `{interval} by 0.1`"))]
    Interval {
        /// `0 .. 1.5`.
        interval: String,
        /// The interval.
        #[label("its ends are not whole numbers")]
        span: Span,
    },
    /// A step that does not lead from one end to the other.
    #[error("a step of {step} does not lead from {from} to {to}")]
    #[diagnostic(code(ksr::run::step), help("the step must point from the first value to the last, and not be 0"))]
    Step {
        /// The step.
        step: String,
        /// First value.
        from: String,
        /// Last value.
        to: String,
        /// The step.
        #[label("this step")]
        span: Span,
    },
    /// A list that would not fit.
    #[error("a list of {length} elements is too long")]
    #[diagnostic(code(ksr::run::too_long), help("lists hold at most {limit} elements"))]
    TooLong {
        /// Its length.
        length: String,
        /// The limit.
        limit: usize,
        /// Where it is made.
        #[label("here")]
        span: Span,
    },
    /// A value that is outside what a builtin takes.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::value))]
    Value {
        /// What is wrong.
        message: String,
        /// How to mend it.
        #[help]
        help: Option<String>,
        /// The value.
        #[label("here")]
        span: Span,
    },
    /// Nothing to take a mean or maximum of.
    #[error("`{function}` of nothing")]
    #[diagnostic(code(ksr::run::empty), help("the list is empty"))]
    Empty {
        /// `max`.
        function: String,
        /// The list.
        #[label("empty")]
        span: Span,
    },
    /// Columns of a table that differ in length.
    #[error(
        "the columns of a table must be equally long: `{first}` has {first_length} values, `{second}` {second_length}"
    )]
    #[diagnostic(code(ksr::run::columns))]
    Columns {
        /// A column.
        first: String,
        /// Its length.
        first_length: usize,
        /// Another column.
        second: String,
        /// Its length.
        second_length: usize,
        /// The first one.
        #[label("{first_length} values")]
        first_span: Span,
        /// The other one.
        #[label("{second_length} values")]
        second_span: Span,
    },
    /// An assertion that does not hold.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::assertion))]
    Assertion {
        /// The user's sentence, or `the assertion does not hold`.
        message: String,
        /// The condition.
        #[label("this is false")]
        span: Span,
    },
    /// Values that should be equal.
    #[error("{left} and {right} differ by {difference}, more than {tolerance}")]
    #[diagnostic(code(ksr::run::not_equal))]
    NotEqual {
        /// First value.
        left: String,
        /// Second value.
        right: String,
        /// Distance.
        difference: String,
        /// Tolerance.
        tolerance: String,
        /// Where in a list or field the largest difference is.
        #[help]
        help: Option<String>,
        /// First value.
        #[label("{left}")]
        left_span: Span,
        /// Second value.
        #[label("{right}")]
        right_span: Span,
    },
    /// Values without numbers that should be equal.
    #[error("{left} is not {right}")]
    #[diagnostic(code(ksr::run::different))]
    Different {
        /// First value.
        left: String,
        /// Second value.
        right: String,
        /// First value.
        #[label("{left}")]
        left_span: Span,
        /// Second value.
        #[label("{right}")]
        right_span: Span,
    },
    /// No change of sign for `root`.
    #[error("the function has no change of sign: it is {at_from} at {from} and {at_to} at {to}")]
    #[diagnostic(code(ksr::run::no_root), help("choose an interval with one end on each side of the root"))]
    NoRoot {
        /// Left end.
        from: String,
        /// Value there.
        at_from: String,
        /// Right end.
        to: String,
        /// Value there.
        at_to: String,
        /// The interval.
        #[label("this interval")]
        span: Span,
    },
    /// `--set` of a name that the script does not bind.
    #[error("the script has no top-level `let {name}` to set")]
    #[diagnostic(code(ksr::run::set), help("{help}"))]
    NoLet {
        /// The name.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The value given.
        #[label("this value has no place")]
        span: Span,
    },
    /// `--set` with more or less than one expression.
    #[error("`--set {name}=…` needs one expression")]
    #[diagnostic(code(ksr::run::set_value), help("as in `--set {name}=2` or `--set {name}='[1, 2]'`"))]
    SetValue {
        /// The name.
        name: String,
        /// The text.
        #[label("this is not one expression")]
        span: Span,
    },
    /// The user stopped the script.
    #[error("interrupted")]
    #[diagnostic(code(ksr::run::interrupted))]
    Interrupted {
        /// What was being evaluated.
        #[label("while evaluating this")]
        span: Span,
    },
    /// A definition where none can stand.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::misplaced))]
    Misplaced {
        /// What and where it belongs.
        message: String,
        /// The statement.
        #[label("here")]
        span: Span,
    },
    /// A failure of the machine the interpreter runs on.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::machine))]
    Machine {
        /// What failed.
        message: String,
    },
}

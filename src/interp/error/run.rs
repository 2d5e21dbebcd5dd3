//! Errors while a program runs.

use crate::number::counted;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// A failure of evaluation.
#[derive(Debug, Error, Diagnostic)]
pub enum RunError {
    /// An unknown name.
    #[error("the name `{name}` is not defined")]
    #[diagnostic(code(ksr::names::unknown))]
    UnknownName {
        /// The name.
        name: String,
        /// The nearest.
        #[help]
        help: Option<String>,
        /// Where it is used.
        #[label("not defined here")]
        span: Span,
    },
    /// A function calls itself, directly or through others, too many times: usually the base case is missing or is
    /// never reached.
    ///
    /// What to do: check the condition that ends the recursion, or use `sum`, `map` or `fold` over an interval.
    #[error("calls are nested more than {limit} levels deep")]
    #[diagnostic(code(ksr::run::recursion), help("does `{name}` call itself forever?"))]
    Recursion {
        /// The limit.
        limit: usize,
        /// The function.
        name: String,
        /// The call.
        #[label("this call")]
        span: Span,
    },
    /// The value is needed while it is being calculated: the definitions refer to each other in a circle.
    ///
    /// What to do: break the circle. A function may call itself; a value may not use itself.
    #[error("the value of `{name}` depends on itself")]
    #[diagnostic(code(ksr::run::cycle))]
    Cycle {
        /// The name.
        name: String,
        /// Where it is used.
        #[label("needed here while it is being evaluated")]
        span: Span,
    },
    /// Two files use each other, directly or through others, so neither can be read first.
    ///
    /// What to do: move what both need into a third file, and use that in both.
    #[error("`{module}` uses itself, through the files it uses")]
    #[diagnostic(code(ksr::run::module_cycle), help("move what both need into a third file"))]
    ModuleCycle {
        /// The module.
        module: String,
        /// The `use`.
        #[label("here")]
        span: Span,
    },
    /// A module that does not exist.
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
    /// The file cannot be opened: it does not exist, is a folder, or you may not read or write it. Paths are relative
    /// to the folder of the script that contains them.
    ///
    /// What to do: check the path. Missing folders are not created: make them first.
    #[error("cannot {verb} `{path}`: {reason}")]
    #[diagnostic(code(ksr::run::file), help("paths are relative to the folder of the script that contains them"))]
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
    /// `save` replaces only what ksr has written itself as the same kind of file, and of the files that end in `.ksr` only a
    /// model that it saved under the same name and that nobody has edited since. It never replaces the script that is
    /// running or a file that the script uses.
    ///
    /// What to do: save under another name. `ksr run --force` replaces the file anyway, unless the script uses it.
    #[error("`{path}` is not replaced: {reason}")]
    #[diagnostic(code(ksr::run::not_replaced), help("{help}"))]
    NotReplaced {
        /// The path.
        path: String,
        /// What the file is.
        reason: String,
        /// The way out.
        help: &'static str,
        /// The path in the script.
        #[label("not written")]
        span: Span,
    },
    /// A file that a script uses, or loads as a model, may define things, but not print or write files, whoever calls its
    /// functions: what somebody else has sent can be looked at and used without harm.
    ///
    /// What to do: let the function return the value, and print or save it in the script.
    #[error("`{function}` works only in the script itself, not in a file that it uses")]
    #[diagnostic(code(ksr::run::used_file_acts), help("return the value instead, and call `{function}` in the script"))]
    Acts {
        /// `save`.
        function: String,
        /// Its use.
        #[label("in a used file")]
        span: Span,
    },
    /// The index is beyond the last element. Indices start from 0; negative ones count from the end.
    ///
    /// What to do: use indices from 0 to `len(list) - 1`; `-1` is the last element.
    #[error("index {index} is outside {found} of {}", counted(*length, "element"))]
    #[diagnostic(code(ksr::run::index), help("indices start from 0; `-1` is the last"))]
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
    /// An interval without a step can be listed only if its ends are whole numbers.
    ///
    /// What to do: give the step: `0 .. 1.5 by 0.1`.
    #[error("the values of `{interval}` cannot be listed")]
    #[diagnostic(code(ksr::run::interval), help("give a step: `{interval} by 0.1`"))]
    Interval {
        /// `0 .. 1.5`.
        interval: String,
        /// The interval.
        #[label("its ends are not whole numbers")]
        span: Span,
    },
    /// The step is zero, or leads away from the last value, so the interval would never end.
    ///
    /// What to do: use a negative step for a decreasing sequence: `3 .. 1 by -0.5`.
    #[error("a step of {step} does not lead from {from} to {to}")]
    #[diagnostic(
        code(ksr::run::step),
        help("the step must lead from the first value towards the last and must not be 0")
    )]
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
    /// The list would have more elements than fit in memory; most likely the step is too small.
    ///
    /// What to do: use a larger step.
    #[error("a list of {length} elements is too long")]
    #[diagnostic(
        code(ksr::run::too_long),
        help("a list has at most {limit} elements, those of the lists in it included")
    )]
    TooLong {
        /// Its length.
        length: String,
        /// The limit.
        limit: usize,
        /// Where it is made.
        #[label("here")]
        span: Span,
    },
    /// Lists and records are nested in each other more deeply than any data are: usually a `fold` or a loop wraps its result again in
    /// each step.
    ///
    /// What to do: use `join` to make a list longer instead of `[list, x]`.
    #[error("values are nested more than {limit} levels deep")]
    #[diagnostic(code(ksr::run::nested), help("to make a list longer, write `join(list, x)`"))]
    Nested {
        /// The limit.
        limit: u32,
        /// Where the last level is added.
        #[label("one level too many")]
        span: Span,
    },
    /// The script needs more memory than it may take: 4 GB unless another limit is set. It is refused before the memory is taken.
    /// What training keeps for its backward pass does not count; it has its own limit, `memory:` of `train`.
    ///
    /// What to do: use fewer points or channels, or fewer and shorter lists. If the computer has the memory, allow more with
    /// `--max-memory`, as in `ksr run --max-memory 16GB script.ksr`.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::memory), help("`--max-memory` sets the limit, as in `--max-memory 16GB`"))]
    Memory {
        /// What needs how much.
        message: String,
        /// What needs it.
        #[label("here")]
        span: Span,
    },
    /// The script takes longer than `--max-time` allows.
    ///
    /// What to do: allow more time, and run it again. Training resumes from its checkpoint, and finished exact answers are cached.
    #[error("the time of {time} is over", time = seconds(*limit))]
    #[diagnostic(
        code(ksr::run::time),
        help("`--max-time` sets the limit; training resumes from its checkpoint when it is run again")
    )]
    Time {
        /// Seconds.
        limit: f64,
        /// What was being evaluated.
        #[label("while evaluating this")]
        span: Span,
    },
    /// The argument is of the right kind, but its value makes no sense here, such as a negative number of steps.
    ///
    /// What to do: choose a value in the range that the message or the help line gives.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::value))]
    Value {
        /// What is wrong.
        message: String,
        /// How to fix it.
        #[help]
        help: Option<String>,
        /// The value.
        #[label("here")]
        span: Span,
    },
    /// The mean, maximum or first element of an empty list does not exist.
    ///
    /// What to do: check where the list comes from, or test for it: `if len(list) == 0 then … else …`.
    #[error("`{function}` of an empty list has no value")]
    #[diagnostic(code(ksr::run::empty), help("check where the list comes from, or test `len(list) > 0` first"))]
    Empty {
        /// `max`.
        function: String,
        /// The list.
        #[label("empty")]
        span: Span,
    },
    /// The columns of a table must all have the same number of rows.
    ///
    /// What to do: make the lists equally long. A single number fills a whole column.
    #[error(
        "the columns of a table must be equally long: `{first}` has {}, `{second}` {second_length}",
        counted(*first_length, "value")
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
        #[label("{}", counted(*first_length, "value"))]
        first_span: Span,
        /// The other one.
        #[label("{}", counted(*second_length, "value"))]
        second_span: Span,
    },
    /// The condition of an `assert` is false.
    ///
    /// What to do: look at the values in the condition: either they are wrong, or the assertion is too strict.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::assertion))]
    Assertion {
        /// The user's sentence, or `the assertion is false`.
        message: String,
        /// The condition.
        #[label("this is false")]
        span: Span,
    },
    /// Two values of an `assert_eq` differ by more than the tolerance. Without a tolerance they must agree to the last
    /// bit.
    ///
    /// What to do: find out which of the two is wrong, or give a tolerance as the third argument:
    /// `assert_eq(a, b, 1e-6)`.
    #[error("{left} and {right} differ by {difference}, more than {tolerance}")]
    #[diagnostic(code(ksr::run::not_equal))]
    NotEqual {
        /// First value.
        left: String,
        /// Second value.
        right: String,
        /// Their difference.
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
    /// Two values of an `assert_eq` are not equal. They are not numbers, so a tolerance would not help.
    ///
    /// What to do: find out which of the two is wrong.
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
    /// `root` bisects an interval at whose ends the function has opposite signs, but here both have the same sign.
    ///
    /// What to do: choose an interval that contains exactly one root; a table or plot of the function shows where.
    #[error("the function does not change sign: it is {at_from} at {from} and {at_to} at {to}")]
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
    /// `root` found a place where the function changes sign, but its value there is not small: the function jumps, or has a pole as
    /// `1 / x` has at 0. A root is a zero of a continuous function.
    ///
    /// What to do: choose an interval without the jump; a table or plot of the function shows where it is.
    #[error("the function changes sign at {x} without a root: it is {value} there")]
    #[diagnostic(code(ksr::run::jump), help("choose an interval in which the function is continuous"))]
    Jump {
        /// Where.
        x: String,
        /// The value there.
        value: String,
        /// The interval.
        #[label("in this interval")]
        span: Span,
    },
    /// `--set name=value` replaces the right-hand side of a top-level `let` of the script, and there is no such `let`.
    ///
    /// What to do: check the spelling, or add `let name = …` to the script.
    #[error("the script has no top-level `let {name}` to set")]
    #[diagnostic(code(ksr::run::set), help("{help}"))]
    NoLet {
        /// The name.
        name: String,
        /// The nearest, or those that exist.
        help: String,
        /// The value given.
        #[label("this value is not used")]
        span: Span,
    },
    /// The text after the `=` of `--set` is not exactly one expression.
    ///
    /// What to do: write one expression, and quote it for the shell if it contains spaces or brackets:
    /// `--set R='[1, 2]'`.
    #[error("`--set {name}=…` needs one expression")]
    #[diagnostic(code(ksr::run::set_value), help("as in `--set {name}=2` or `--set {name}='[1, 2]'`"))]
    SetValue {
        /// The name.
        name: String,
        /// The text.
        #[label("this is not one expression")]
        span: Span,
    },
    /// You stopped the script with Ctrl-C.
    ///
    /// What to do: run it again. Training resumes from the last checkpoint, and finished exact answers are cached.
    #[error("interrupted")]
    #[diagnostic(code(ksr::run::interrupted))]
    Interrupted {
        /// What was being evaluated.
        #[label("while evaluating this")]
        span: Span,
    },
    /// A `use`, a `param` or an expression is in a place where only definitions make sense.
    ///
    /// What to do: move it to the top of the file, or for a `param` into a functional.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::misplaced))]
    Misplaced {
        /// What and where it belongs.
        message: String,
        /// The statement.
        #[label("here")]
        span: Span,
    },
    /// The machine could not provide what the interpreter needs, such as memory for its thread, or the interpreter
    /// itself has a bug.
    ///
    /// What to do: free memory and run it again. If it happens again, please report it with the script.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::machine))]
    Machine {
        /// What failed.
        message: String,
    },
}

/// `90 seconds`.
fn seconds(limit: f64) -> String {
    let unit = if limit == 1.0 { "second" } else { "seconds" };
    format!("{} {unit}", crate::number::brief(limit))
}

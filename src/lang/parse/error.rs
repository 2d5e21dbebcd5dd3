//! What can be wrong with a text before it means anything.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// An error of the parser. It says what was being written at the place, never what the grammar calls it.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum ParseError {
    /// An operator, `=`, `then` … is there, and what it needs is not.
    #[error("expected {expected} after `{after}`")]
    #[diagnostic(code(ksr::parse::expected_value))]
    ExpectedAfter {
        expected: String,
        after: String,
        #[label("{label}")]
        span: Span,
        label: String,
        #[help]
        help: Option<String>,
    },

    /// Anything else that is missing or out of place.
    #[error("expected {expected}, found {found}")]
    #[diagnostic(code(ksr::parse::unexpected))]
    Unexpected {
        expected: String,
        found: String,
        #[label("{label}")]
        span: Span,
        label: String,
        #[help]
        help: Option<String>,
    },

    /// Two values side by side.
    #[error("an operator is missing between `{left}` and `{right}`")]
    #[diagnostic(code(ksr::parse::missing_operator))]
    MissingOperator {
        left: String,
        right: String,
        #[label("before this")]
        span: Span,
        #[help]
        help: Option<String>,
    },

    /// A comma is missing between arguments, elements or entries.
    #[error("a {separator} is missing before `{right}`")]
    #[diagnostic(code(ksr::parse::missing_separator), help("{help}"))]
    MissingSeparator {
        separator: String,
        right: String,
        #[label("before this")]
        span: Span,
        help: String,
    },

    /// `if a = b`, `x = 3`.
    #[error("`=` is for definitions, `==` compares")]
    #[diagnostic(code(ksr::parse::equals), help("{help}"))]
    Equals {
        #[label("here")]
        span: Span,
        help: String,
    },

    /// A definition without a name.
    #[error("{what} needs a name")]
    #[diagnostic(code(ksr::parse::needs_name))]
    NeedsName {
        what: String,
        #[label("{label}")]
        span: Span,
        label: String,
        #[help]
        help: Option<String>,
    },

    /// A reserved word where a value has its name.
    #[error("`{word}` is a reserved word and cannot name a value")]
    #[diagnostic(code(ksr::parse::reserved), help("{help}"))]
    Reserved {
        word: String,
        #[label("reserved")]
        span: Span,
        help: String,
    },

    /// A word or sign of another language.
    #[error("{message}")]
    #[diagnostic(code(ksr::parse::foreign), help("{help}"))]
    Foreign {
        message: String,
        #[label("not part of ksr")]
        span: Span,
        help: String,
    },

    /// A statement that begins with a misspelt keyword.
    #[error("no statement begins with `{word}`")]
    #[diagnostic(code(ksr::parse::unknown_keyword), help("did you mean `{nearest}`?"))]
    UnknownKeyword {
        word: String,
        nearest: String,
        #[label("not a keyword")]
        span: Span,
    },

    /// A line that begins with an operator.
    #[error("no statement begins with `{word}`")]
    #[diagnostic(code(ksr::parse::no_statement), help("{help}"))]
    NoStatement {
        word: String,
        #[label("at the start of a statement")]
        span: Span,
        help: String,
    },

    /// An opener without its end.
    #[error("this `{opener}` is never closed")]
    #[diagnostic(code(ksr::parse::never_closed), help("write `{closer}` where it ends"))]
    NeverClosed {
        opener: char,
        closer: char,
        #[label("opened here")]
        span: Span,
    },

    /// `( … ]`.
    #[error("`{opener}` is closed by `{found}`")]
    #[diagnostic(code(ksr::parse::mismatched), help("write `{closer}` here, or close the `{opener}` before"))]
    Mismatched {
        opener: char,
        closer: char,
        found: char,
        #[label("opened here")]
        opened: Span,
        #[label("does not fit")]
        span: Span,
    },

    /// `)` without `(`.
    #[error("there is no `{opener}` for this `{closer}`")]
    #[diagnostic(code(ksr::parse::never_opened), help("remove it, or open a `{opener}` before"))]
    NeverOpened {
        opener: char,
        closer: char,
        #[label("closes nothing")]
        span: Span,
    },

    /// A string without its end.
    #[error("this string has no end")]
    #[diagnostic(code(ksr::parse::unterminated_string), help("{help}"))]
    UnterminatedString {
        #[label("begins here")]
        span: Span,
        help: String,
    },

    /// `\q`.
    #[error("`{escape}` means nothing in a string")]
    #[diagnostic(
        code(ksr::parse::escape),
        help("a string knows \\n, \\t, \\\", \\\\; `{{{{` and `}}}}` are braces; write \\\\ for a backslash")
    )]
    Escape {
        escape: String,
        #[label("here")]
        span: Span,
    },

    /// `{}` in a string.
    #[error("nothing stands between the braces of this string")]
    #[diagnostic(code(ksr::parse::empty_interpolation), help("`\"{{R}}\"` puts a value in; `{{{{` is a brace itself"))]
    EmptyInterpolation {
        #[label("empty")]
        span: Span,
    },

    /// `1.`, `.5`.
    #[error("a number has digits on both sides of its point")]
    #[diagnostic(code(ksr::parse::number), help("write `{better}`"))]
    Digits {
        better: String,
        #[label("here")]
        span: Span,
    },

    /// `1e400`.
    #[error("the number `{number}` is too large")]
    #[diagnostic(code(ksr::parse::number_too_large), help("the largest number is about 1.8e308"))]
    NumberTooLarge {
        number: String,
        #[label("does not fit a 64-bit float")]
        span: Span,
    },

    /// `0.5 bohrs`.
    #[error("`{name}` is not a unit")]
    #[diagnostic(code(ksr::parse::unknown_unit), help("{help}"))]
    UnknownUnit {
        name: String,
        #[label("not a unit")]
        span: Span,
        help: String,
    },

    /// `2 bohr^n`, `2 bohr^0.5`.
    #[error("the power of a unit is a whole number")]
    #[diagnostic(code(ksr::parse::unit_power), help("put the quantity in parentheses to take its power: `(2 bohr)^n`"))]
    UnitPower {
        #[label("not a whole number")]
        span: Span,
    },

    /// `1 bohr^2000`.
    #[error("the power of a unit lies between -99 and 99, and is not `{power}`")]
    #[diagnostic(code(ksr::parse::unit_power), help("write a power as small as the unit has"))]
    UnitPowerLarge {
        power: String,
        #[label("too large a power")]
        span: Span,
    },

    /// Characters of no meaning.
    #[error("the character `{character}` ({name}) has no meaning here")]
    #[diagnostic(code(ksr::parse::character))]
    Character {
        character: char,
        name: String,
        #[label("here")]
        span: Span,
        #[help]
        help: Option<String>,
    },

    /// Brackets, `if`s or signs nested too deeply.
    #[error("this is nested more than {limit} deep")]
    #[diagnostic(code(ksr::parse::too_deep), help("give inner parts a name with `let`, or make them a function"))]
    TooDeep {
        limit: usize,
        #[label("here it becomes too deep")]
        span: Span,
    },

    /// Too many operators in a row.
    #[error("this expression chains more than {limit} operators")]
    #[diagnostic(code(ksr::parse::too_deep), help("split it with `let`, or add up a list with `sum([…])`"))]
    TooLong {
        limit: usize,
        #[label("here it becomes too long")]
        span: Span,
    },

    /// `a < b < c`.
    #[error("comparisons do not chain")]
    #[diagnostic(code(ksr::parse::chained_comparison), help("write `{better}`"))]
    ChainedComparison {
        better: String,
        #[label("a second comparison")]
        span: Span,
    },

    /// `a .. b .. c`.
    #[error("an interval has two ends")]
    #[diagnostic(code(ksr::parse::chained_interval), help("a step is written `{better}`"))]
    ChainedInterval {
        better: String,
        #[label("a third end")]
        span: Span,
    },

    /// `a by b`.
    #[error("`by` gives an interval its step")]
    #[diagnostic(code(ksr::parse::by), help("write `from .. to by step`"))]
    By {
        #[label("not an interval before this")]
        span: Span,
    },

    /// `x -> eV + 1`.
    #[error("nothing follows a conversion")]
    #[diagnostic(
        code(ksr::parse::after_conversion),
        help("`->` is the loosest operator: write `(… -> {unit}) {operator} …`")
    )]
    AfterConversion {
        unit: String,
        operator: String,
        #[label("after `-> {unit}`")]
        span: Span,
    },

    /// `f { a: 1 }`.
    #[error("a record follows a call only")]
    #[diagnostic(code(ksr::parse::trailing_record), help("{help}"))]
    TrailingRecord {
        #[label("after something that is not a call")]
        span: Span,
        help: String,
    },

    /// `a + b` alone within a block.
    #[error("this value is not used")]
    #[diagnostic(code(ksr::parse::unused_value), help("{help}"))]
    UnusedValue {
        #[label("not used, and not the last of its block")]
        span: Span,
        help: String,
    },

    /// A block whose last statement has no value.
    #[error("this block has no value")]
    #[diagnostic(code(ksr::parse::no_value), help("{help}"))]
    NoValue {
        #[label("its last statement gives none")]
        span: Span,
        help: String,
    },

    /// `if c then a`.
    #[error("this `if` has no `{missing}`")]
    #[diagnostic(code(ksr::parse::incomplete_if), help("an `if` has a value in both cases: `if c then a else b`"))]
    IncompleteIf {
        missing: String,
        #[label("{label}")]
        span: Span,
        label: String,
    },

    /// `use losses`.
    #[error("a module is `std.name` or a file in quotes")]
    #[diagnostic(code(ksr::parse::module), help("{help}"))]
    Module {
        #[label("neither")]
        span: Span,
        help: String,
    },

    /// `use` inside a block.
    #[error("`use` stands at the top of a text, not in a block")]
    #[diagnostic(code(ksr::parse::use_in_block), help("move it to the first lines"))]
    UseInBlock {
        #[label("in a block")]
        span: Span,
    },

    /// `@spin_polarised`.
    #[error("there is no attribute `@{name}`")]
    #[diagnostic(code(ksr::parse::attribute), help("the only one is `@spin_dependent`"))]
    Attribute {
        name: String,
        #[label("unknown")]
        span: Span,
    },

    /// `param a = 1 = 2`, `@spin_dependent @spin_dependent`.
    #[error("{what} is given twice")]
    #[diagnostic(code(ksr::parse::twice), help("keep one"))]
    Twice {
        what: String,
        #[label("the first")]
        first: Span,
        #[label("again")]
        span: Span,
    },
}

impl ParseError {
    /// The place of the error.
    pub fn span(&self) -> Span {
        use ParseError::*;
        match self {
            ExpectedAfter { span, .. }
            | Unexpected { span, .. }
            | MissingOperator { span, .. }
            | MissingSeparator { span, .. }
            | Equals { span, .. }
            | NeedsName { span, .. }
            | Reserved { span, .. }
            | Foreign { span, .. }
            | UnknownKeyword { span, .. }
            | NoStatement { span, .. }
            | NeverClosed { span, .. }
            | Mismatched { span, .. }
            | NeverOpened { span, .. }
            | UnterminatedString { span, .. }
            | Escape { span, .. }
            | EmptyInterpolation { span }
            | Digits { span, .. }
            | NumberTooLarge { span, .. }
            | UnknownUnit { span, .. }
            | UnitPower { span }
            | UnitPowerLarge { span, .. }
            | Character { span, .. }
            | TooDeep { span, .. }
            | TooLong { span, .. }
            | ChainedComparison { span, .. }
            | ChainedInterval { span, .. }
            | By { span }
            | AfterConversion { span, .. }
            | TrailingRecord { span, .. }
            | UnusedValue { span, .. }
            | NoValue { span, .. }
            | IncompleteIf { span, .. }
            | Module { span, .. }
            | UseInBlock { span }
            | Attribute { span, .. }
            | Twice { span, .. } => *span,
        }
    }
}

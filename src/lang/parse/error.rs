//! Syntax errors.

use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// A parser error. It refers to what was being written, never to the grammar's rules.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum ParseError {
    /// An operator, an `=`, a `then` or another word that needs something after it is at the end, or before something
    /// that does not fit.
    ///
    /// What to do: complete the expression. To continue it on the next line, leave the operator at the end of the line
    /// or put the whole expression in parentheses.
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

    /// The language does not allow what is written here.
    ///
    /// What to do: look at what is expected, and at the few characters before this place: often a bracket, a comma or a
    /// `:` is missing.
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

    /// Two values follow each other without an operator. A product always needs a `*`: `2 x` and `(a) (b)` mean nothing.
    ///
    /// What to do: write the operator, as in `2 * x`. In a call the parenthesis directly follows the name: `f(x)`.
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

    /// Two arguments, list elements or entries follow each other with nothing between them.
    ///
    /// What to do: put a comma between arguments and elements, and a comma, a `;` or a new line between entries.
    #[error("a {separator} is missing before `{right}`")]
    #[diagnostic(code(ksr::parse::missing_separator), help("{help}"))]
    MissingSeparator {
        separator: String,
        right: String,
        #[label("before this")]
        span: Span,
        help: String,
    },

    /// `=` gives a name to a value; it neither compares nor passes an argument, and a name keeps its first value.
    ///
    /// What to do: compare with `==`, give arguments and entries as `name: value`, and define a new name with `let`.
    #[error("`=` defines, `==` compares")]
    #[diagnostic(code(ksr::parse::equals), help("{help}"))]
    Equals {
        #[label("here")]
        span: Span,
        help: String,
    },

    /// `let`, `fn`, `grid`, `system`, `functional` and `loss` define something, and a definition has a name.
    ///
    /// What to do: write the name after the keyword, as in `let R = 1.4`.
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

    /// The word is part of the language, so you cannot use it as a name.
    ///
    /// What to do: choose another name; a longer word that contains it is fine. The reference lists the reserved words.
    #[error("`{word}` is a reserved word and cannot name a value")]
    #[diagnostic(code(ksr::parse::reserved), help("{help}"))]
    Reserved {
        word: String,
        #[label("reserved")]
        span: Span,
        help: String,
    },

    /// This is the syntax of another language: `&&`, `**`, `return`, `def`, `while` and the like are not part of ksr.
    ///
    /// What to do: use the form that the help line shows.
    #[error("{message}")]
    #[diagnostic(code(ksr::parse::foreign), help("{help}"))]
    Foreign {
        message: String,
        #[label("not part of ksr")]
        span: Span,
        help: String,
    },

    /// A statement begins with a word that looks like a misspelt keyword.
    ///
    /// What to do: correct the keyword. If the word is a value or function, define it or call it with parentheses.
    #[error("a statement cannot begin with `{word}`")]
    #[diagnostic(code(ksr::parse::unknown_keyword), help("did you mean `{nearest}`?"))]
    UnknownKeyword {
        word: String,
        nearest: String,
        #[label("not a keyword")]
        span: Span,
    },

    /// A line begins with an operator or a word that only continues an expression. A new line ends a statement, so the
    /// line above is already complete.
    ///
    /// What to do: put the operator at the end of the line above, or the whole expression in parentheses.
    #[error("a statement cannot begin with `{word}`")]
    #[diagnostic(code(ksr::parse::no_statement), help("{help}"))]
    NoStatement {
        word: String,
        #[label("at the start of a statement")]
        span: Span,
        help: String,
    },

    /// A bracket is opened, and the script ends before it is closed.
    ///
    /// What to do: add the closing bracket where the group ends. Everything after the opening one is read as part of
    /// it, so the cause may be far above the end.
    #[error("this `{opener}` is never closed")]
    #[diagnostic(code(ksr::parse::never_closed), help("write `{closer}` where it ends"))]
    NeverClosed {
        opener: char,
        closer: char,
        #[label("opened here")]
        span: Span,
    },

    /// A bracket is closed by one of a different kind, so either two groups overlap or one was not closed.
    ///
    /// What to do: close brackets in the reverse order in which they were opened.
    #[error("`{opener}` is closed by `{found}`")]
    #[diagnostic(code(ksr::parse::mismatched), help("write `{closer}` here, or close the `{opener}` first"))]
    Mismatched {
        opener: char,
        closer: char,
        found: char,
        #[label("opened here")]
        opened: Span,
        #[label("does not match")]
        span: Span,
    },

    /// There is one closing bracket too many.
    ///
    /// What to do: remove it, or add the opening one where the group begins.
    #[error("there is no matching `{opener}` for this `{closer}`")]
    #[diagnostic(code(ksr::parse::never_opened), help("remove it, or open a `{opener}` before it"))]
    NeverOpened {
        opener: char,
        closer: char,
        #[label("unmatched")]
        span: Span,
    },

    /// A string is not closed before the end of its line, or a `{` in it opens an expression that is not closed.
    ///
    /// What to do: add the closing `"`. Double a literal brace: `{{`.
    #[error("this string is never closed")]
    #[diagnostic(code(ksr::parse::unterminated_string), help("{help}"))]
    UnterminatedString {
        #[label("begins here")]
        span: Span,
        help: String,
    },

    /// A backslash in a string starts one of a few special characters, and this is not one of them.
    ///
    /// What to do: write `\\` for the backslash itself, `\n` for a new line, `\t` for a tab and `\"` for a quote.
    #[error("`{escape}` has no meaning in a string")]
    #[diagnostic(
        code(ksr::parse::escape),
        help("a string can contain \\n, \\t, \\\", \\\\ (a backslash), and `{{{{` and `}}}}` for braces")
    )]
    Escape {
        escape: String,
        #[label("here")]
        span: Span,
    },

    /// Braces in a string insert the value of an expression, and there is none between these.
    ///
    /// What to do: write an expression between them, or `{{` and `}}` for literal braces.
    #[error("the braces in this string are empty")]
    #[diagnostic(code(ksr::parse::empty_interpolation), help("`\"{{R}}\"` inserts a value; `{{{{` is a literal brace"))]
    EmptyInterpolation {
        #[label("empty")]
        span: Span,
    },

    /// A number needs at least one digit before and one after its decimal point.
    ///
    /// What to do: add the zero: `1.0` or `0.5`.
    #[error("a number needs digits on both sides of its decimal point")]
    #[diagnostic(code(ksr::parse::number), help("write `{better}`"))]
    Digits {
        better: String,
        #[label("here")]
        span: Span,
    },

    /// The number is larger than double precision allows, about 1.8e308.
    ///
    /// What to do: check the exponent, or work with the logarithm.
    #[error("the number `{number}` is too large")]
    #[diagnostic(code(ksr::parse::number_too_large), help("the largest number is about 1.8e308"))]
    NumberTooLarge {
        number: String,
        #[label("does not fit in a 64-bit float")]
        span: Span,
    },

    /// A name directly after a number, or after `->`, is read as a unit, and there is no unit with this name.
    ///
    /// What to do: correct the unit; the reference lists all of them. For a product, write `*` between the two.
    #[error("`{name}` is not a unit")]
    #[diagnostic(code(ksr::parse::unknown_unit), help("{help}"))]
    UnknownUnit {
        name: String,
        #[label("not a unit")]
        span: Span,
        help: String,
    },

    /// The power of a unit after a number must be a whole number in digits, as in `bohr^2`.
    ///
    /// What to do: put the quantity in parentheses to raise it to any other power: `(2 bohr)^n`.
    #[error("the power of a unit must be a whole number")]
    #[diagnostic(code(ksr::parse::unit_power), help("put the quantity in parentheses to take its power: `(2 bohr)^n`"))]
    UnitPower {
        #[label("not a whole number")]
        span: Span,
    },

    /// The power of this unit is absurdly large; most likely a digit is wrong.
    ///
    /// What to do: correct the power. It must be between -99 and 99.
    #[error("the power of a unit must be between -99 and 99, not `{power}`")]
    #[diagnostic(code(ksr::parse::unit_power), help("use a smaller power"))]
    UnitPowerLarge {
        power: String,
        #[label("too large a power")]
        span: Span,
    },

    /// The script contains a character that the language does not use, often one that a word processor or web page put
    /// in place of a plain one.
    ///
    /// What to do: replace it with the plain character that the help line names, or remove it.
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

    /// Brackets, conditions or signs are nested so deeply that this is probably not intended.
    ///
    /// What to do: give inner parts a name with `let`, or make them a function.
    #[error("this is nested more than {limit} levels deep")]
    #[diagnostic(code(ksr::parse::too_deep), help("give inner parts a name with `let`, or make them a function"))]
    TooDeep {
        limit: usize,
        #[label("too deep here")]
        span: Span,
    },

    /// One expression chains more operators than can be evaluated safely; such scripts are usually generated.
    ///
    /// What to do: split it with `let`, or sum a list: `sum([…])`.
    #[error("this expression chains more than {limit} operators")]
    #[diagnostic(code(ksr::parse::too_deep), help("split it with `let`, or sum a list with `sum([…])`"))]
    TooLong {
        limit: usize,
        #[label("too long here")]
        span: Span,
    },

    /// A comparison gives true or false, which cannot be compared with a number again.
    ///
    /// What to do: compare twice: `a < b and b < c`.
    #[error("comparisons cannot be chained")]
    #[diagnostic(code(ksr::parse::chained_comparison), help("write `{better}`"))]
    ChainedComparison {
        better: String,
        #[label("a second comparison")]
        span: Span,
    },

    /// An interval has a first and a last value, joined by one `..`.
    ///
    /// What to do: write a step with `by`: `a .. b by 0.1`.
    #[error("an interval has only two ends")]
    #[diagnostic(code(ksr::parse::chained_interval), help("a step is written `{better}`"))]
    ChainedInterval {
        better: String,
        #[label("a third end")]
        span: Span,
    },

    /// `by` sets the step of an interval, and there is no interval before it.
    ///
    /// What to do: write `from .. to by step`; put an interval that is calculated in parentheses.
    #[error("`by` needs an interval before it")]
    #[diagnostic(code(ksr::parse::by), help("write `from .. to by step`"))]
    By {
        #[label("no interval before this")]
        span: Span,
    },

    /// `->` binds more loosely than all other operators and comes last: it sets the unit in which the value of the whole
    /// expression is shown.
    ///
    /// What to do: put the conversion in parentheses to continue the calculation after it.
    #[error("nothing may follow a conversion")]
    #[diagnostic(
        code(ksr::parse::after_conversion),
        help("`->` binds most loosely: write `(… -> {unit}) {operator} …`")
    )]
    AfterConversion {
        unit: String,
        operator: String,
        #[label("after `-> {unit}`")]
        span: Span,
    },

    /// A record in braces can follow a call, as its last argument; here it follows something else.
    ///
    /// What to do: call the function, as in `f() { a: 1 }`, or put a `:`, `=` or operator before the braces.
    #[error("a record can only follow a call")]
    #[diagnostic(code(ksr::parse::trailing_record), help("{help}"))]
    TrailingRecord {
        #[label("after something that is not a call")]
        span: Span,
        help: String,
    },

    /// The value of a block is that of its last line. The value of this line is neither the last nor bound to a name, so
    /// it would be lost.
    ///
    /// What to do: name it with `let`, move it to the end, or remove it. To see it while the script runs, use `print`.
    #[error("this value is not used")]
    #[diagnostic(code(ksr::parse::unused_value), help("{help}"))]
    UnusedValue {
        #[label("not used, and not the last of its block")]
        span: Span,
        help: String,
    },

    /// The value of a block is that of its last line, but here the last line is a definition or the block is empty.
    ///
    /// What to do: end the block with the expression for its value.
    #[error("this block has no value")]
    #[diagnostic(code(ksr::parse::no_value), help("{help}"))]
    NoValue {
        #[label("its last statement has no value")]
        span: Span,
        help: String,
    },

    /// `if` is an expression that has a value in both cases, and so needs both `then` and `else`.
    ///
    /// What to do: write `if condition then a else b`.
    #[error("this `if` has no `{missing}`")]
    #[diagnostic(code(ksr::parse::incomplete_if), help("an `if` has a value in both cases: `if c then a else b`"))]
    IncompleteIf {
        missing: String,
        #[label("{label}")]
        span: Span,
        label: String,
    },

    /// `use` takes a module of the library, written `std.name`, or one of your files, in quotes.
    ///
    /// What to do: write `use std.losses` or `use "losses.ksr"`.
    #[error("a module is `std.name` or a file in quotes")]
    #[diagnostic(code(ksr::parse::module), help("{help}"))]
    Module {
        #[label("neither")]
        span: Span,
        help: String,
    },

    /// Modules belong to a whole file, not to a block.
    ///
    /// What to do: move the `use` to the top of the file.
    #[error("`use` is not allowed in a block")]
    #[diagnostic(code(ksr::parse::use_in_block), help("move it to the top of the file"))]
    UseInBlock {
        #[label("in a block")]
        span: Span,
    },

    /// An attribute says how a functional treats spin, and this one does not exist.
    ///
    /// What to do: write `@spin_dependent`, or leave it out: a functional of two densities is then averaged over
    /// exchange of the spins.
    #[error("there is no attribute `@{name}`")]
    #[diagnostic(code(ksr::parse::attribute), help("the only one is `@spin_dependent`"))]
    Attribute {
        name: String,
        #[label("unknown")]
        span: Span,
    },

    /// The body of a potential functional of both spin densities is the potential of spin up, and that of spin down is the body with the
    /// spins exchanged. Nothing is averaged, so there is nothing that `@spin_dependent` could switch off.
    ///
    /// What to do: leave out `@spin_dependent`.
    #[error("a potential functional is never averaged over the spins")]
    #[diagnostic(code(ksr::parse::spin_dependent_potential), help("leave out `@spin_dependent`"))]
    SpinDependentPotential {
        #[label("has no meaning here")]
        span: Span,
    },

    /// The body of a potential functional is a field, the potential; that of a total functional is a number, the energy. One cannot be both.
    ///
    /// What to do: leave out `total` or `potential`.
    #[error("a potential functional has no total energy")]
    #[diagnostic(code(ksr::parse::total_potential), help("leave out `total`, or `potential`"))]
    TotalPotential {
        #[label("has no meaning here")]
        span: Span,
    },

    /// Something that can be given only once is given twice, so it is unclear which one counts.
    ///
    /// What to do: keep one of the two.
    #[error("{what} is given twice")]
    #[diagnostic(code(ksr::parse::twice), help("keep one of them"))]
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
            | SpinDependentPotential { span }
            | TotalPotential { span }
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

//! What goes wrong while bodies are traced, and what is worth a warning.

use crate::graph::ShapeError;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// An error in the body of a functional or loss, or in its use.
#[derive(Debug, Error, Diagnostic)]
pub enum TraceError {
    /// Shapes that do not fit.
    #[error("{message}")]
    #[diagnostic(code(ksr::shape::mismatch))]
    Shape {
        /// Both shapes, in words.
        message: String,
        /// The likely way out.
        #[help]
        help: Option<String>,
        /// The layer or operation.
        #[label("does not fit here")]
        span: Span,
    },
    /// Something else where a density is needed.
    #[error("`{functional}` needs a density, one number a grid point, but has {found}")]
    #[diagnostic(code(ksr::shape::density), help("take one channel of a field with `channel(f, k)`"))]
    NotDensity {
        /// The functional.
        functional: String,
        /// What it has.
        found: String,
        /// The argument.
        #[label("given here")]
        span: Span,
    },
    /// A body whose value is not one number a grid point.
    #[error("the value of a functional is one number a grid point, but `{functional}` ends in {found}")]
    #[diagnostic(code(ksr::shape::result), help("{help}"))]
    NotEnergy {
        /// The functional.
        functional: String,
        /// In what it ends.
        found: String,
        /// The likely way out.
        help: String,
        /// The last expression.
        #[label("ends in {found}")]
        span: Span,
    },
    /// A loss whose value is not one number.
    #[error("the value of a loss is a single number, but `{loss}` ends in {found}")]
    #[diagnostic(code(ksr::loss::result), help("take an `integral`, `sum` or `mean`"))]
    NotLoss {
        /// The loss.
        loss: String,
        /// In what it ends.
        found: String,
        /// The last expression.
        #[label("ends in {found}")]
        span: Span,
    },
    /// A decision that depends on a density.
    #[error("{what} depends on a value that is not known when the body is read")]
    #[diagnostic(code(ksr::functional::condition), help("{help}"))]
    Condition {
        /// `the condition of `if``.
        what: String,
        /// The way out.
        help: &'static str,
        /// The condition.
        #[label("not known yet")]
        span: Span,
    },
    /// A symbol outside its body.
    #[error("this depends on the density of another functional")]
    #[diagnostic(code(ksr::functional::outside), help("pass what is needed as an argument"))]
    Escaped {
        /// Where it is used.
        #[label("used outside its body")]
        span: Span,
    },
    /// Two grids in one body.
    #[error("this body already holds values on another grid")]
    #[diagnostic(
        code(ksr::functional::grid),
        help("use fields of one grid only, or write them as functions of the density")
    )]
    Grids {
        /// The field.
        #[label("on another grid")]
        span: Span,
    },
    /// A functional that holds values on a grid, used on another.
    #[error("`{functional}` holds values on one grid, and this is another")]
    #[diagnostic(code(ksr::functional::other_grid), help("use it for systems on the grid of the fields in its body"))]
    OtherGrid {
        /// The functional.
        functional: String,
        /// The system or density.
        #[label("on another grid")]
        span: Span,
    },
    /// `param` or a layer outside a body.
    #[error("trainable parameters belong to a functional, and this is in none")]
    #[diagnostic(code(ksr::functional::param_outside), help("use `param` and layers in the body of a `functional`"))]
    ParamOutside {
        /// The statement or layer.
        #[label("outside a functional")]
        span: Span,
    },
    /// Two applications of a functional that need different arrays.
    #[error("this needs a parameter of {now}, but another use of the same functional made it of {first}")]
    #[diagnostic(
        code(ksr::functional::params_differ),
        help("a functional's parameters exist once; write a `fn` for layers that are made anew at each call")
    )]
    ParamsDiffer {
        /// Its shape at first.
        first: String,
        /// Its shape now.
        now: String,
        /// The layer.
        #[label("of {now}")]
        span: Span,
    },
    /// Values of a model that end too soon.
    #[error("the model has {found} parameter values, but its functional needs at least {needed}")]
    #[diagnostic(code(ksr::model::too_few))]
    TooFewValues {
        /// Those it has.
        found: usize,
        /// Those needed so far.
        needed: usize,
        /// The layer.
        #[label("needed here")]
        span: Span,
    },
    /// A `param` statement that makes no sense.
    #[error("{message}")]
    #[diagnostic(code(ksr::functional::param))]
    Param {
        /// What is wrong.
        message: String,
        /// The likely fix.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("here")]
        span: Span,
    },
    /// A layer without channels, a width that is none, …
    #[error("{message}")]
    #[diagnostic(code(ksr::functional::layer))]
    Layer {
        /// What is wrong.
        message: String,
        /// The likely fix.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("here")]
        span: Span,
    },
    /// A number of densities a functional cannot take.
    #[error("`{functional}` takes {takes}, but has {found} densities here")]
    #[diagnostic(code(ksr::functional::densities))]
    Densities {
        /// The functional.
        functional: String,
        /// `one density`, `two densities`.
        takes: &'static str,
        /// How many there are.
        found: usize,
        /// The call.
        #[label("here")]
        span: Span,
    },
    /// An option that does not exist.
    #[error("`{of}` has no option `{name}`")]
    #[diagnostic(code(ksr::arity::option), help("{help}"))]
    Option {
        /// `scf`.
        of: String,
        /// The name.
        name: String,
        /// The nearest, or all.
        help: String,
        /// The record.
        #[label("in this record")]
        span: Span,
    },
    /// Something that is none where a functional is needed.
    #[error("{what} must be a functional or a model, not {found}")]
    #[diagnostic(code(ksr::types::functional))]
    NotFunctional {
        /// `with`.
        what: String,
        /// What it is.
        found: String,
        /// The likely fix.
        #[help]
        help: Option<String>,
        /// Where.
        #[label("{found}")]
        span: Span,
    },
    /// The numbers below have failed.
    #[error("{message}")]
    #[diagnostic(code(ksr::functional::failed))]
    Failed {
        /// Why.
        message: String,
        /// Where.
        #[label("here")]
        span: Span,
    },
}

impl TraceError {
    /// A decision about a symbol.
    pub fn condition(what: &str, span: Span) -> Self {
        let help = "`where(condition, a, b)` chooses point by point";
        TraceError::Condition { what: what.to_string(), help, span }
    }

    /// Shapes that do not fit, at a place.
    pub fn shape(error: &ShapeError, span: Span) -> Self {
        TraceError::Shape { message: error.to_string(), help: error.help(), span }
    }
}

/// What is worth a warning.
#[derive(Debug, Error, Diagnostic)]
pub enum Advice {
    /// A functional made for another interaction.
    #[error("`{functional}` is made for the interaction `{made_for}`, but that of `{system}` is {found}")]
    #[diagnostic(
        code(ksr::functional::made_for),
        severity(Warning),
        help("its energies mean little here; write one for this interaction")
    )]
    MadeFor {
        /// The functional.
        functional: String,
        /// `exponential`.
        made_for: String,
        /// The system.
        system: String,
        /// Its interaction.
        found: String,
        /// The use.
        #[label("used here")]
        span: Span,
    },
    /// Arrays that nothing takes.
    #[error("{arrays} of `{file}` {verb} not used")]
    #[diagnostic(code(ksr::model::surplus), severity(Warning), help("`{functional}` has {parameters}"))]
    Surplus {
        /// Their names.
        arrays: String,
        /// `is`, `are`.
        verb: &'static str,
        /// The archive.
        file: String,
        /// The functional.
        functional: String,
        /// What it has.
        parameters: String,
        /// The call.
        #[label("loaded here")]
        span: Span,
    },
    /// Trainings that ended where they began.
    #[error("no step from the initial parameters of `{functional}` lowers the loss (seeds: {seeds})")]
    #[diagnostic(code(ksr::train::unmoved), severity(Warning))]
    Unmoved {
        /// The functional.
        functional: String,
        /// The seeds.
        seeds: String,
        /// The likely cause.
        #[help]
        help: String,
        /// The training.
        #[label("in this training")]
        span: Span,
    },
    /// Anything a layer below has to say.
    #[error("{message}")]
    #[diagnostic(code(ksr::run::note), severity(Warning))]
    Note {
        /// A sentence.
        message: String,
        /// The call.
        #[label("here")]
        span: Span,
    },
}

//! Errors while bodies are traced.

use crate::graph::ShapeError;
use crate::source::Span;
use miette::Diagnostic;
use thiserror::Error;

/// An error in the body of a functional or loss, or in its use.
#[derive(Debug, Error, Diagnostic)]
pub enum TraceError {
    /// Inside a functional or loss every value is a number or a field with a number of channels, on the grid or on a
    /// coarser one, and these two do not combine.
    ///
    /// What to do: bring both to the same shape: `channel(f, k)` takes one channel, `dense` changes their number,
    /// `upsample` returns to the finer grid.
    #[error("{message}")]
    #[diagnostic(code(ksr::shape::mismatch))]
    Shape {
        /// Both shapes, in words.
        message: String,
        /// The likely fix.
        #[help]
        help: Option<String>,
        /// The layer or operation.
        #[label("does not fit here")]
        span: Span,
    },
    /// The functional is applied to something with several channels, or to a number, instead of a density.
    ///
    /// What to do: give it one field with one channel, such as the density itself or `channel(f, 0)`.
    #[error("`{functional}` needs a density, one number per grid point, but got {found}")]
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
    /// The body of a total functional is the energy itself, one number for the whole density. Its last line gives something else.
    ///
    /// What to do: end in a number, such as an `integral(…)`, or leave out `total`: then the value at a point is the energy per electron
    /// there.
    #[error("the value of a total functional is one number, but `{functional}` returns {found}")]
    #[diagnostic(code(ksr::shape::total), help("end in a number, such as `integral(…)`, or leave out `total`"))]
    NotTotal {
        /// The functional.
        functional: String,
        /// What it ends in.
        found: String,
        /// The last expression.
        #[label("returns {found}")]
        span: Span,
    },
    /// A functional must give the energy per electron, one number per grid point. Its last line gives something else.
    ///
    /// What to do: end in one channel on the full grid, for example with `dense(f, 1)` or `channel(f, 0)`, and undo a
    /// `downsample` with `upsample`.
    #[error("the value of a functional is one number per grid point, but `{functional}` returns {found}")]
    #[diagnostic(code(ksr::shape::result), help("{help}"))]
    NotEnergy {
        /// The functional.
        functional: String,
        /// What it ends in.
        found: String,
        /// The likely fix.
        help: String,
        /// The last expression.
        #[label("returns {found}")]
        span: Span,
    },
    /// A loss must give one number per system, but this one returns a field or a list.
    ///
    /// What to do: reduce it with `integral`, `sum`, `mean` or `norm`.
    #[error("the value of a loss is a single number, but `{loss}` returns {found}")]
    #[diagnostic(code(ksr::loss::result), help("reduce it with `integral`, `sum`, `mean` or `norm`"))]
    NotLoss {
        /// The loss.
        loss: String,
        /// What it ends in.
        found: String,
        /// The last expression.
        #[label("returns {found}")]
        span: Span,
    },
    /// The body of a functional or loss is evaluated once, before any density is known, so an `if` cannot depend on a
    /// density or a parameter.
    ///
    /// What to do: choose point by point with `where(condition, a, b)`, which evaluates both branches.
    #[error("{what} depends on a value that is not known when the body is evaluated")]
    #[diagnostic(code(ksr::functional::condition), help("{help}"))]
    Condition {
        /// `the condition of `if``.
        what: String,
        /// What to do.
        help: &'static str,
        /// The condition.
        #[label("not known yet")]
        span: Span,
    },
    /// A value from the body of one functional is used in another, where it has no meaning.
    ///
    /// What to do: pass it as an argument.
    #[error("this depends on the density of another functional")]
    #[diagnostic(code(ksr::functional::outside), help("pass the value as an argument"))]
    Escaped {
        /// Where it is used.
        #[label("used outside its body")]
        span: Span,
    },
    /// The body contains fields on two different grids, so the functional could not be used on any grid.
    ///
    /// What to do: take all fields from one grid, or write them as functions of the density.
    #[error("this body already contains a field on a different grid")]
    #[diagnostic(
        code(ksr::functional::grid),
        help("use fields of one grid only, or write them as functions of the density")
    )]
    Grids {
        /// The field.
        #[label("on a different grid")]
        span: Span,
    },
    /// The body contains a field, which fixes the grid of the functional, and the system or density is on a different
    /// grid.
    ///
    /// What to do: use the functional on the grid of its fields, or write the field as a formula.
    #[error("`{functional}` contains a field on a different grid from this one")]
    #[diagnostic(code(ksr::functional::other_grid), help("use it for systems on the grid of the fields in its body"))]
    OtherGrid {
        /// The functional.
        functional: String,
        /// The system or density.
        #[label("on a different grid")]
        span: Span,
    },
    /// Exact exchange is made of the orbitals of a calculation. In the body of a functional it stands for that of the calculation that the
    /// functional is used in; anywhere else there are no orbitals.
    ///
    /// What to do: write it in the body of a `functional`, as in `functional pbe0(n) = 0.25 * exact_exchange + 0.75 * lda(n)`. Hartree-Fock
    /// itself is `hartree_fock`, and its exchange energy is `solve(system, with: hartree_fock).xc_energy`.
    #[error("`exact_exchange` stands for the exchange of the orbitals of a calculation, and here is none")]
    #[diagnostic(
        code(ksr::functional::exchange_outside),
        help(
            "use it in the body of a `functional`; `solve(system, with: hartree_fock).xc_energy` is the exchange energy of Hartree-Fock"
        )
    )]
    ExchangeOutside {
        /// The name.
        #[label("not in the body of an energy functional that is solved with")]
        span: Span,
    },
    /// Exact exchange is made of the orbitals of a calculation, with their whole density. A functional that contains it cannot be taken at
    /// another density, such as a half of it or that of one spin.
    ///
    /// What to do: give it the density of the functional itself, as in `functional f(n) = 0.5 * hx(n)`.
    #[error(
        "`{functional}` contains exact exchange, which is that of the whole density, and here it is given another one"
    )]
    #[diagnostic(
        code(ksr::functional::exchange_elsewhere),
        help("give it the density of the functional itself: its orbitals are those of the calculation")
    )]
    ExchangeElsewhere {
        /// The functional.
        functional: String,
        /// The call.
        #[label("at another density")]
        span: Span,
    },
    /// With exact exchange the orbitals feel an operator that is no potential. `potential` and `xc_potential` of a run are its local parts,
    /// and a loss of them would be one of a fraction of what the functional does.
    ///
    /// What to do: compare energies, levels or densities in the loss.
    #[error(
        "`{functional}` contains exact exchange, which is no potential: `.{member}` is only the rest of what its orbitals feel"
    )]
    #[diagnostic(
        code(ksr::functional::exchange_is_no_potential),
        help("a loss may compare energies, levels and densities: `run.energy`, `run.orbital_energies`, `run.density`")
    )]
    ExchangeIsNoPotential {
        /// The functional.
        functional: String,
        /// `xc_potential`.
        member: String,
        /// The name.
        #[label("without exact exchange")]
        span: Span,
    },
    /// The functional contains exact exchange, so it depends on orbitals and not only on the density that it is given.
    ///
    /// What to do: solve a system with it, and use the energies of the run.
    #[error("`{functional}` depends on exact exchange, so it has no value at a density without orbitals")]
    #[diagnostic(code(ksr::functional::needs_orbitals), help("solve a system with it: the run has `.xc_energy`"))]
    NeedsOrbitals {
        /// The functional.
        functional: String,
        /// The use.
        #[label("given a density only")]
        span: Span,
    },
    /// `param` and layers such as `conv` and `dense` create trainable parameters, which must belong to a functional.
    /// Here they are evaluated outside any functional.
    ///
    /// What to do: move them into the body of a `functional`, or into a function that is called there.
    #[error("trainable parameters must be in a functional")]
    #[diagnostic(code(ksr::functional::param_outside), help("use `param` and layers in the body of a `functional`"))]
    ParamOutside {
        /// The statement or layer.
        #[label("outside a functional")]
        span: Span,
    },
    /// The same functional is used twice with different numbers of channels. It has one set of parameters, which cannot
    /// fit both.
    ///
    /// What to do: use it on fields with the same number of channels, or write a `fn`, which creates new layers at each
    /// call.
    #[error("this needs a parameter of {now}, but an earlier use of the same functional created one of {first}")]
    #[diagnostic(
        code(ksr::functional::params_differ),
        help("a functional has one set of parameters; a `fn` creates new layers at each call")
    )]
    ParamsDiffer {
        /// Its shape at first.
        first: String,
        /// Its shape now.
        now: String,
        /// The layer.
        #[label("needs {now}")]
        span: Span,
    },
    /// The model has fewer parameters than its functional needs, so they belong to another functional or to other
    /// widths.
    ///
    /// What to do: use the functional and the options that the parameters were made for; `describe` shows what it needs.
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
    /// The declaration contradicts itself: the initial value is outside the bounds, the bounds are reversed, or the
    /// number of initial values is wrong. Or a functional that has parameters is evaluated at plain numbers, where it
    /// has no grid.
    ///
    /// What to do: follow the help line: start inside the bounds, lower bound first; give the functional a density, as
    /// in `energy(f, n)`.
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
    /// A layer has no channels, or its widths are meaningless.
    ///
    /// What to do: give it at least one channel, and widths between two positive numbers, the smaller one first.
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
    /// The potential is the derivative of the energy with respect to the density, and an operation whose own weights or
    /// widths depend on the density has no derivative here.
    ///
    /// What to do: make the weights and widths parameters or numbers, and let them act on the density.
    #[error("the {what} of `{operation}` depend on the density, so the potential cannot be derived")]
    #[diagnostic(code(ksr::functional::moving))]
    Moving {
        /// `weights`, `widths`.
        what: &'static str,
        /// `conv`.
        operation: &'static str,
        /// The operation.
        #[label("here")]
        span: Span,
    },
    /// In the body of a functional the number of grid points is not known, so a slice of a field has a known length
    /// only if both ends are counted from the same side, and it holds at most 10,000 points.
    ///
    /// What to do: count both ends from the beginning (`n[0 .. 9]`) or both from the end (`n[-10 .. -1]`).
    #[error("the length of the slice {from} .. {to} is unknown until the grid is known")]
    #[diagnostic(code(ksr::functional::slice), help("count both ends from the same side, the first one first"))]
    Slice {
        /// First index.
        from: i64,
        /// Last index.
        to: i64,
        /// The slice.
        #[label("here")]
        span: Span,
    },
    /// A functional is used for many systems, each with its own interaction between electrons, which `hartree` uses in
    /// the body of a functional.
    ///
    /// What to do: leave `interaction:` out, or give the interaction to the system.
    #[error("in the body of a functional, `hartree` uses the interaction of the system")]
    #[diagnostic(code(ksr::functional::interaction), help("leave `interaction:` out"))]
    OwnInteraction {
        /// The interaction.
        #[label("here")]
        span: Span,
    },
    /// A kinetic functional gives the kinetic energy of the electrons, which a Kohn-Sham calculation takes from its orbitals.
    ///
    /// What to do: solve with a functional of exchange and correlation; without orbitals the kinetic one is `kinetic:`.
    #[error(
        "`{functional}` is a kinetic functional, and a Kohn-Sham calculation needs one of exchange and correlation"
    )]
    #[diagnostic(
        code(ksr::functional::kinetic),
        help(
            "calculations without orbitals take it as `kinetic:`; its `energy` and `potential` can be evaluated at any density"
        )
    )]
    Kinetic {
        /// The functional.
        functional: String,
        /// The calculation.
        #[label("here")]
        span: Span,
    },
    /// `kinetic:` is the kinetic energy as a functional of the density, and this functional is one of exchange and correlation.
    ///
    /// What to do: define it with `kinetic functional`, or use one of `std.kinetic`.
    #[error("`{functional}` is not a kinetic functional")]
    #[diagnostic(
        code(ksr::functional::not_kinetic),
        help("define it with `kinetic functional …`, or `use std.kinetic`; exchange and correlation are `with:`")
    )]
    NotKinetic {
        /// The functional.
        functional: String,
        /// The use.
        #[label("a kinetic functional is needed here")]
        span: Span,
    },
    /// A potential functional gives a potential, which need not be the derivative of an energy. Along different paths of densities its
    /// line integral differs.
    ///
    /// What to do: use its `potential`, or `analysis.path_energy` along a path that you choose.
    #[error("`{functional}` is a potential functional and has no energy")]
    #[diagnostic(
        code(ksr::functional::no_energy),
        help("it has a `potential`; `analysis.path_energy` integrates it along a path of densities")
    )]
    NoEnergy {
        /// The functional.
        functional: String,
        /// The use.
        #[label("here")]
        span: Span,
    },
    /// The body of this functional is an energy per electron, and a potential is none.
    ///
    /// What to do: write `potential functional` before the head of the outer one, too, or use a functional that has an energy.
    #[error("`{potential}` is a potential functional, but `{whole}`, whose body uses it, gives an energy per electron")]
    #[diagnostic(
        code(ksr::functional::potential_in_energy),
        help("a potential functional may use other potential functionals")
    )]
    PotentialInEnergy {
        /// What is used.
        potential: String,
        /// The outer one.
        whole: String,
        /// The use.
        #[label("here")]
        span: Span,
    },
    /// The options of a functional are chosen before it is trained, because its parameters depend on them; a model is
    /// applied to densities only.
    ///
    /// What to do: give densities alone, or train the functional again with other options.
    #[error("`{model}` is already trained: it takes densities but no options")]
    #[diagnostic(code(ksr::model::options))]
    ModelOptions {
        /// The model.
        model: String,
        /// The call.
        #[label("here")]
        span: Span,
    },
    /// A loss compares a run with the exact answer, but was given only one of the two.
    ///
    /// What to do: give both to get a number, or neither to get the loss itself, with its options bound.
    #[error("`{loss}` needs both a run and the exact answer, or neither")]
    #[diagnostic(code(ksr::loss::half), help("`{loss}(run, exact)` is a number, `{loss}(option: value)` a loss"))]
    HalfLoss {
        /// The loss.
        loss: String,
        /// What is given.
        #[label("here")]
        span: Span,
    },
    /// A loss names the functional that is being trained, but with other options or initial values. That would be another functional,
    /// with parameters that are not trained.
    ///
    /// What to do: write `run.functional`, which is the functional being trained with the parameters of the step; or save the other
    /// one as a model and name that.
    #[error("this loss is for `{trained}`, but uses `{named}`")]
    #[diagnostic(code(ksr::loss::other_functional), help("`run.functional` is the functional of the run"))]
    OtherThanTrained {
        /// What is named.
        named: String,
        /// What is trained.
        trained: String,
        /// The use.
        #[label("would have its initial parameters")]
        span: Span,
    },
    /// A loss names a functional that is a part of the one being trained. Parameters are known only for the whole.
    ///
    /// What to do: use the whole, `run.functional`, or numbers from `run.parameters`; or give the loss a formula of its own.
    #[error("`{named}` is a part of `{trained}`, for which this loss is")]
    #[diagnostic(
        code(ksr::loss::part),
        help("a loss can use the whole, `run.functional`, and its parameters, `run.parameters`")
    )]
    PartOfTrained {
        /// What is named.
        named: String,
        /// What is trained.
        trained: String,
        /// The use.
        #[label("not by itself")]
        span: Span,
    },
    /// A loss is evaluated once, before the parameters are known. It can take the energy, the potential and the energy per electron
    /// of the functional that is being trained, but nothing that needs numbers, such as `solve`.
    ///
    /// What to do: use `energy(run.functional, n)`, `potential(run.functional, n)` or `run.functional(n)`; to couple several
    /// calculations, train on groups of systems: `on: [[a, b]]`.
    #[error("`{functional}` is being trained: this needs its parameters as numbers, which a loss does not have")]
    #[diagnostic(
        code(ksr::loss::trained),
        help("a loss can use `energy(run.functional, n)`, `potential(run.functional, n)` and `run.functional(n)`")
    )]
    TrainedElsewhere {
        /// The functional.
        functional: String,
        /// The use.
        #[label("is being trained")]
        span: Span,
    },
    /// The functional takes one density, or one for each spin, and was applied to a different number of them.
    ///
    /// What to do: give it as many densities as in its definition.
    #[error("`{functional}` takes {takes}, but got {found}")]
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
    /// The record of options contains a name that does not exist there.
    ///
    /// What to do: check the spelling against the help line.
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
    /// A functional or a model is needed here, but the value is something else. A function of numbers is not a
    /// functional.
    ///
    /// What to do: define it with `functional f(n) = …`, or use one of `std.functionals` and `std.networks`.
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
    /// The functional could not be evaluated at this density.
    ///
    /// What to do: look at the message: usually a value is not finite, or the parameters do not fit.
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

    /// A shape mismatch, at a place.
    pub fn shape(error: &ShapeError, span: Span) -> Self {
        TraceError::Shape { message: error.to_string(), help: error.help(), span }
    }
}

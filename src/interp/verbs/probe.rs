//! Functionals under test: their energy and potential at any density, their structure, other initial values.

use super::describe::describe;
use super::exact_functional;
use super::fits::Met;
use crate::functional::Evaluation;
use crate::graph::LowerError;
use crate::interp::Interpreter;
use crate::interp::call::{
    Args, Builtin, DefaultValue, Param, example, function, local, mismatch, optional, required, shown,
};
use crate::interp::error::{Advice, TraceError, fail};
use crate::interp::trace::{Ready, no_interaction, potential_functional};
use crate::interp::value::model::Model;
use crate::interp::value::params::Entry;
use crate::interp::value::{Field, Functional, Quantity, StartFrom, Trust, Value};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::model::{Grid, Interaction};
use crate::number::brief;
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

const PROBE: &[Param] = &[
    required("functional", &[Kind::Functional, Kind::Model, Kind::ExactFunctional]),
    required("n", &[Kind::Field]),
    optional("n_down", &[Kind::Field], DefaultValue::Absent("n / 2")),
    optional(
        "interaction",
        &[Kind::Interaction, Kind::Function],
        DefaultValue::Value("exponential()", || Value::Interaction(Interaction::BAKER)),
    ),
];

/// Functions of a functional.
pub const FUNCTIONALS: &[Builtin] = &[
    function(
        "energy",
        PROBE,
        &[Kind::Measured(Dimension::ENERGY)],
        "the energy of a functional at a density, or at densities of up and down electrons",
        &["functional", "xc", "exchange", "evaluate", "test"],
        &[shown(
            "use std.functionals\nlet g = uniform(points: 101, spacing: 0.1)\nenergy(functionals.lda, exp(-g.x^2))",
        )],
        energy,
    ),
    function(
        "potential",
        PROBE,
        &[Kind::Field, Kind::Record],
        "the potential of a functional at a density, v(x) = dE/dn(x); with densities of up and down electrons, \
         `.up` and `.down`",
        &["functional", "xc", "derivative", "evaluate", "test"],
        &[shown(
            "use std.functionals\nlet g = uniform(points: 101, spacing: 0.1)\npotential(functionals.lda, exp(-g.x^2))",
        )],
        potential,
    ),
    function(
        "describe",
        &[
            required("functional", &[Kind::Functional, Kind::Model]),
            optional("on", &[Kind::System, Kind::Reference, Kind::List], DefaultValue::Absent("none")),
            optional("iterations", &[Kind::Whole], DefaultValue::Number(15.0)),
        ],
        &[Kind::Record],
        "the structure of a functional: densities, parameters, operations in order, layers with their results; the \
         memory that training `on:` systems (by default a closed and an open shell on 513 points) needs for all its \
         iterations, if its loss uses the energies of all of them, and the least it needs; and, with `on:`, the \
         floating-point operations of one evaluation at the densities of the systems: of the energy, with the \
         potential, and of the backward pass through both (`flop`)",
        &["layers", "network", "parameters", "shape", "summary", "count", "memory", "forecast"],
        &[example("use std.networks\ndescribe(networks.ksr_global).parameters", "1568")],
        describe,
    ),
    function(
        "init",
        &[
            required("functional", &[Kind::Functional, Kind::Model]),
            optional("seed", &[Kind::Whole], DefaultValue::Number(0.0)),
        ],
        &[Kind::Functional],
        "a functional with initial parameters drawn with a given seed",
        &["seed", "random", "parameters", "initial"],
        &[shown("use std.networks\ninit(networks.ksr_lda, seed: 3)")],
        init,
    ),
    function(
        "trainable",
        &[required("model", &[Kind::Model, Kind::Functional])],
        &[Kind::Functional],
        "the functional of a model, with the model's parameters as initial values for training",
        &["model", "continue", "fine-tune", "unfreeze"],
        &[],
        trainable,
    ),
    local(
        "exact_exchange",
        "in the body of a functional: the exchange energy per electron of the orbitals of the calculation, -1/2 of the sum over spins and \
         pairs of occupied orbitals of psi_a psi_b (w * psi_a psi_b), over n. Fractions of it make hybrids; alone it is `hartree_fock`. \
         With it the energy is minimised over the orbitals, and training takes the implicit gradient",
        &["exact exchange", "fock", "hartree-fock", "hybrid", "exx", "orbitals"],
        &[shown(
            "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem he on g { He at 0 }\n\
             functional hybrid(n) = 0.25 * exact_exchange + 0.75 * functionals.exchange(n)\nsolve(he, with: hybrid).total_energy",
        )],
        exact_exchange,
    ),
];

/// `exact_exchange`.
fn exact_exchange(interp: &mut Interpreter, span: Span) -> Result<Value> {
    let found = interp.traces.last().and_then(|trace| trace.exact_exchange(span));
    found.unwrap_or_else(|| fail(TraceError::ExchangeOutside { span }, span))
}

fn energy(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    if exact_functional::given(args, "functional") {
        return exact_functional::probed(interp, args).map(|probed| probed.energy());
    }
    if let Some(probe) = interp.traced_probe(args)? {
        return probe.energy(args.span);
    }
    let of = args.arg("functional")?;
    if let Some(functional) = potential_functional(&of.value) {
        return fail(TraceError::NoEnergy { functional: functional.label(), span: of.span }, of.span);
    }
    let Probed { found, doubt, .. } = interp.probed(args)?;
    let energy = if interp.in_loss > 0 { Quantity::plain } else { Quantity::energy };
    Ok(Value::Number(energy(found.energy).trusted(Trust::of(!doubt, None))))
}

fn potential(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    if exact_functional::given(args, "functional") {
        return exact_functional::probed(interp, args).map(|probed| probed.potential());
    }
    if let Some(probe) = interp.traced_probe(args)? {
        return probe.potential(args.span);
    }
    let Probed { grid, found, spins, doubt } = interp.probed(args)?;
    let [up, down] = found.potential.map(|v| Value::Field(Rc::new(Field::simple(grid.clone(), v).doubted(doubt))));
    Ok(if spins { Value::record([("up", up), ("down", down)]) } else { up })
}

/// A functional at the densities of a call.
struct Probed {
    grid: Arc<Grid>,
    found: Evaluation,
    /// Whether both spins were given.
    spins: bool,
    /// Whether a density comes from a calculation that did not converge.
    doubt: bool,
}

/// A single evaluation that takes this much memory, bytes, may take so long that it can be interrupted.
const MANY: u64 = 10_000_000;

impl Interpreter {
    /// A functional at the densities of a call.
    fn probed(&mut self, args: &Args) -> Result<Probed> {
        let ready = self.ready(args.operand("functional")?, &args.what("functional"))?;
        let mut densities = vec![(density_field(args, "n")?, args.arg("n")?.span)];
        if args.has("n_down") {
            densities.push((density_field(args, "n_down")?, args.arg("n_down")?.span));
        }
        let grid = densities[0].0.grid.clone();
        let interaction = self.interaction_of(args, &grid)?;
        self.check_interaction(
            &ready,
            Met { interaction: &interaction, grid: &grid, at: args.name() },
            args.span_of("functional"),
        );
        let found = self.evaluate(&ready, &densities, &interaction, args.span)?;
        let doubt = densities.iter().any(|(density, _)| density.unconverged);
        Ok(Probed { grid, found, spins: densities.len() == 2, doubt })
    }

    /// The interaction of a call at concrete densities on a grid. In a loss it is that of the loss's systems.
    ///
    /// # Errors
    /// One is given inside a loss, or the grid is not that of its systems; it is not an interaction.
    pub(crate) fn interaction_of(&mut self, args: &Args, grid: &Grid) -> Result<Interaction> {
        let Some(interaction) = self.judging_interaction(grid, args.span)? else {
            return self.interaction(&*args.value("interaction")?, args.span_of("interaction"), grid);
        };
        no_interaction(args)?;
        Ok(interaction)
    }

    /// The interaction of the systems of the loss that is being evaluated, if one is.
    fn judging_interaction(&self, grid: &Grid, span: Span) -> Result<Option<Interaction>> {
        match self.judging.last() {
            Some(system) if *system.grid != *grid => fail(TraceError::Grids { span }, span),
            system => Ok(system.map(|system| system.interaction.clone())),
        }
    }

    /// A functional at concrete densities.
    fn evaluate(
        &mut self,
        ready: &Ready,
        densities: &[(Rc<Field>, Span)],
        interaction: &Interaction,
        span: Span,
    ) -> Result<Evaluation> {
        let grid = densities[0].0.grid.clone();
        self.check_density_only(ready, span)?;
        for (density, place) in densities {
            if *density.grid != *grid {
                return fail(TraceError::Grids { span: *place }, *place);
            }
            self.check_grid(ready, &density.grid, *place)?;
        }
        let bytes = ready.traced.compiled.tape_bytes(grid.points, densities.len())[1] as u64;
        self.afford(bytes, &format!("`{}` on {} points", ready.name, grid.points), span)?;
        let (compiled, interaction) = (ready.traced.compiled.clone(), interaction.clone());
        let parameters = ready.parameters.to_vec();
        let fields: Vec<Vec<f64>> = densities.iter().map(|(f, _)| f.data.clone()).collect();
        let found = self.stoppable(bytes >= MANY, span, move || {
            let fields: Vec<&[f64]> = fields.iter().map(Vec::as_slice).collect();
            compiled.evaluate(&grid, &interaction, &parameters, &fields)
        })?;
        let found = found.or_else(|error| fail(TraceError::lower(&error, span), span))?;
        let energy = found.energy.is_finite() || !ready.traced.compiled.kind.has_energy();
        let finite = energy && found.potential.iter().flatten().all(|v| v.is_finite());
        self.tell_negative(&ready.name, densities, finite);
        Ok(found)
    }

    /// Tells that a density is negative somewhere, where a functional of it is not finite.
    pub(super) fn tell_negative(&mut self, functional: &str, densities: &[(Rc<Field>, Span)], finite: bool) {
        if finite {
            return;
        }
        for (density, span) in densities {
            let of = &density.data;
            let Some(at) = (0..of.len()).min_by(|a, b| of[*a].total_cmp(&of[*b])).filter(|at| of[*at] < 0.0) else {
                continue;
            };
            let (functional, least, x, span) = (functional.to_owned(), brief(of[at]), density.grid.x(at), *span);
            self.warn_with(Problem::new(Advice::NegativeDensity { functional, least, x, span }, span), true);
            return;
        }
    }

    /// A functional called with concrete fields, outside any body: its energy per electron.
    pub(crate) fn energy_per_electron(
        &mut self,
        functional: &Rc<Functional>,
        entry: &Entry,
        densities: &[(Value, Span)],
        span: Span,
    ) -> Result<Value> {
        let traced = self.traced(functional, span)?;
        let parameters = match entry {
            Entry::Shared => self.parameters_of(functional, &traced, span)?,
            Entry::Frozen(values) | Entry::From(values) => values.clone(),
        };
        let ready = Ready {
            name: functional.label(),
            functional: functional.clone(),
            traced,
            parameters,
            model: false,
            scf: None,
            parent: None,
        };
        let grid = densities.iter().find_map(|(v, _)| match v {
            Value::Field(f) => Some(f.grid.clone()),
            _ => None,
        });
        let Some(grid) = grid else {
            let (value, place) = &densities[0];
            let functional = ready.name;
            return fail(TraceError::NotDensity { functional, found: value.kind(), span: *place }, *place);
        };
        let mut fields = Vec::with_capacity(2);
        for (value, place) in densities {
            let field = match value {
                Value::Field(f) if f.channels == 1 => f.clone(),
                Value::Number(q) => {
                    let constant = Field::simple(grid.clone(), vec![q.value; grid.points]);
                    Rc::new(constant.doubted(q.trust.unconverged()))
                }
                other => {
                    let error = TraceError::NotDensity { functional: ready.name, found: other.kind(), span: *place };
                    return fail(error, *place);
                }
            };
            fields.push((field, *place));
        }
        let interaction = self.judging_interaction(&grid, span)?.unwrap_or(Interaction::BAKER);
        let found = self.evaluate(&ready, &fields, &interaction, span)?;
        let doubt = fields.iter().any(|(field, _)| field.unconverged);
        Ok(Value::Field(Rc::new(Field::simple(grid, found.e).doubted(doubt))))
    }
}

/// A density: a field of one channel.
pub(super) fn density_field(args: &Args, name: &str) -> Result<Rc<Field>> {
    let field = args.field(name)?;
    if field.channels == 1 {
        return Ok(field);
    }
    let span = args.arg(name)?.span;
    let found = format!("a field of {} channels", field.channels);
    fail(TraceError::NotDensity { functional: args.name().into(), found, span }, span)
}

impl TraceError {
    /// An error of the layers below, at a place.
    pub(crate) fn lower(error: &LowerError, span: Span) -> Self {
        TraceError::Failed { message: error.to_string(), span }
    }
}

fn init(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let seed = args.whole("seed")? as u64;
    match &args.arg("functional")?.value {
        Value::Functional(f) => Ok(Value::Functional(Rc::new(f.with_start(StartFrom::Seed(seed))))),
        Value::Model(m) => Ok(Value::Functional(Rc::new(m.functional.with_start(StartFrom::Seed(seed))))),
        other => crate::interp::call::not_functional(&args.what("functional"), other, args.arg("functional")?.span),
    }
}

fn trainable(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    match &args.arg("model")?.value {
        Value::Model(m) => Ok(Value::Functional(m.trainable())),
        f @ Value::Functional(_) => Ok(f.clone()),
        other => mismatch(&args.what("model"), "a model", other, None, args.arg("model")?.span),
    }
}

impl Model {
    /// Its functional, with the model's parameters as initial values.
    pub fn trainable(self: &Rc<Self>) -> Rc<Functional> {
        let functional = self.functional.with_start(StartFrom::Values(self.parameters.clone()));
        Rc::new(Functional { parent: Some(self.clone()), ..functional })
    }
}

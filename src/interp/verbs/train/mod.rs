//! `train f { … }`: makes a plan from the options, traces the losses for every system, and returns the result as a model.

mod outcome;
mod settings;
#[cfg(test)]
mod tests;
mod told;

use super::fits::Met;
use super::scf::{self, training};
use super::solve::system_in;
use crate::exact::Reference;
use crate::functional::{Compiled, FunctionalKind};
use crate::graph::Init;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Param, Style, function, optional, required};
use crate::interp::error::{Advice, Placed, RunError, TraceError, fail};
use crate::interp::trace::{Ready, Subject};
use crate::interp::value::model::hash;
use crate::interp::value::params::bounded;
use crate::interp::value::{Loss, Model, StartFrom, Value, scf as options, text};
use crate::ks::Schedule;
use crate::lang::Kind;
use crate::model::{Interaction, System};
use crate::number::size;
use crate::problem::{Problem, Result};
use crate::source::Span;
use crate::train::{self, Budget, Case, Forecast, Gradient, Plan, Store, TrainError, Trained};
use settings::SETTINGS;
use std::rc::Rc;
use std::sync::Arc;

/// Training.
pub const TRAINING: &[Builtin] = &[function(
    "train",
    &TRAIN,
    &[Kind::Model],
    "fits the parameters of a functional so that its Kohn-Sham calculations approach the exact answers, and returns a model",
    &["fit", "learn", "optimize", "network", "model", "loss"],
    &[],
    train_call,
)
.with(Style::Options)];

/// A list of systems, or one.
const SYSTEMS: &[Kind] = &[Kind::List, Kind::System, Kind::Reference];

/// The functional, the systems and the loss.
const SUBJECT: [Param; 8] = [
    required("functional", &[Kind::Functional, Kind::Model]),
    required("on", SYSTEMS)
        .about("systems or references to train on, at least one; a list of some is a group with one loss"),
    optional("validate", SYSTEMS, DefaultValue::Value("[]", || Value::list(Vec::new())))
        .about("systems or references whose loss decides which parameters are kept; by default those of `on:`"),
    required("loss", &[Kind::Loss]).about("the loss to minimise, with its options: `losses.ksr(skip: 10)`"),
    optional("validate_with", &[Kind::Loss], DefaultValue::Absent("loss")).about("another loss for `validate:`"),
    optional(
        "scf",
        &[Kind::Record, Kind::Word(&["none"])],
        DefaultValue::Value("{ iterations: 15, mixing: linear(0.5, decay: 0.9), symmetric: false }", || {
            options::record(&training())
        }),
    )
    .about(
        "options of the Kohn-Sham iterations: `iterations:`, `mixing:`, `tolerance:`, `symmetric:`; or `none`: nothing is solved, and \
         losses see the functional at the density of the reference",
    ),
    optional("with", &[Kind::Functional, Kind::Model], DefaultValue::Absent("none")).about(
        "where a kinetic functional is trained by minimising the energy, the functional of exchange and correlation",
    ),
    optional("members", &[Kind::Truth], DefaultValue::Truth(false)).about(
        "whether all members of a model that was trained from several seeds are trained further, each from its own parameters; \
         otherwise only the best one is",
    ),
];

/// The parameters of `train`.
const TRAIN: [Param; SUBJECT.len() + SETTINGS.len()] = {
    let mut params = [SUBJECT[0]; SUBJECT.len() + SETTINGS.len()];
    let mut i = 1;
    while i < params.len() {
        params[i] = if i < SUBJECT.len() { SUBJECT[i] } else { SETTINGS[i - SUBJECT.len()].param };
        i += 1;
    }
    params
};

/// Systems with their references and losses.
struct Cases {
    cases: Vec<Case>,
    labels: Vec<String>,
}

/// A loss and its place in the script.
struct Judge {
    loss: Rc<Loss>,
    span: Span,
}

impl Judge {
    fn of(interp: &mut Interpreter, args: &Args, name: &str) -> Result<Self> {
        let arg = args.arg(name)?;
        Ok(Self { loss: interp.loss(&arg.value, &format!("`{name}`"), arg.span)?, span: arg.span })
    }

    /// `losses.ksr(skip: 10)`: its name and the options that were set.
    fn text(&self) -> String {
        let options: Vec<String> =
            self.loss.options.iter().map(|(name, value)| format!("{name}: {}", text::value(value))).collect();
        format!("{}({})", self.loss.name(), options.join(", "))
    }

    /// Its call, and below it what it means.
    fn told(&self, interp: &mut Interpreter) -> String {
        self.text() + &interp.definitions_of(self)
    }
}

fn train_call(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let ready = interp.ready(args.operand("functional")?, "the functional to train")?;
    let mut plan = interp.plan(args, &ready)?;
    // Of a converged calculation the loss sees only the last iteration.
    let iterations = plan.gradient.iterations(&plan.scf);
    let loss = Judge::of(interp, args, "loss")?;
    for option in ["validate_with", "validate_every"] {
        if args.has(option) && !args.has("validate") {
            let message = "there are no systems to validate with";
            return args.wrong(args.span_of(option), message, Some("add `validate: […]`".into()));
        }
    }
    let criterion = match args.has("validate_with") {
        true => Some(Judge::of(interp, args, "validate_with")?),
        false => None,
    };
    let free = plan.gradient == Gradient::Minimised && plan.xc.is_none();
    let on = interp.cases(args, "on", (&ready, free), &loss, iterations)?;
    let validation = match args.has("validate") {
        true => interp.cases(args, "validate", (&ready, free), criterion.as_ref().unwrap_or(&loss), iterations)?,
        false => Cases { cases: Vec::new(), labels: Vec::new() },
    };
    (plan.cases, plan.validation) = (on.cases, validation.cases);
    if let Some(planned) = &mut interp.planned {
        planned.push(plan);
        return Ok(Value::Nothing);
    }
    interp.grant_memory(&mut plan, args);
    let trained = interp.run_training(&plan, args)?;
    let judges = (loss.told(interp), criterion.map(|judge| judge.told(interp)));
    let mut origin = outcome::origin((&on.labels, &validation.labels), judges, &plan, &trained);
    origin.extend(ready.parent.iter().map(|parent| match plan.starts {
        Some(_) => format!("begun with the parameters of every seed of `{}`", parent.name),
        None => format!("begun with the parameters of `{}`, hash {}", parent.name, hash(&parent.parameters)),
    }));
    Ok(Value::Model(Rc::new(outcome::model(&ready, &plan, &trained, origin))))
}

/// The systems and references of an element: it is one, or a group of them.
fn in_group(item: &Value) -> &[Value] {
    match item {
        Value::List(members) => members.as_slice(),
        one => std::slice::from_ref(one),
    }
}

impl Interpreter {
    /// The systems of an option, each with its reference and traced loss; `free`: their electrons must not interact, because there is no
    /// functional of exchange and correlation.
    fn cases(
        &mut self,
        args: &Args,
        name: &str,
        (ready, free): (&Ready, bool),
        judge: &Judge,
        iterations: Option<usize>,
    ) -> Result<Cases> {
        let arg = args.arg(name)?;
        let span = arg.span;
        let items = match &arg.value {
            one @ (Value::System(_) | Value::Reference(_)) => Rc::new(vec![one.clone()].into()),
            _ => args.list(self, name)?,
        };
        let mut found = Cases { cases: Vec::new(), labels: Vec::new() };
        let what = format!("an element of `{name}`");
        let mut unsolved: Vec<Arc<System>> = Vec::new();
        // Training fits the parameters to this interaction, whatever they come from.
        let retrained = Ready { parent: None, ..ready.clone() };
        for member in items.iter().flat_map(in_group) {
            let system = system_in(member, span, &what)?;
            if free && system.interaction != Interaction::None {
                let message = format!(
                    "the electrons of `{}` interact, which needs a functional of exchange and correlation, `with:`",
                    system.label
                );
                return args.wrong(
                    span,
                    message,
                    Some("or evaluate the functional at exact densities, `scf: none`".into()),
                );
            }
            self.check_grid(ready, &system.grid, span)?;
            self.check_interaction(&retrained, Met::in_system(&system), args.arg("functional")?.span);
            if matches!(member, Value::System(_)) {
                unsolved.push(system);
            }
        }
        let mut answers = self.all_exact(&unsolved, span)?.into_iter();
        for item in items.iter() {
            let members = in_group(item);
            let mut systems: Vec<Arc<System>> = Vec::with_capacity(members.len());
            let mut references: Vec<Arc<Reference>> = Vec::with_capacity(members.len());
            for member in members {
                let reference = match member {
                    Value::System(system) => answers.next().map_or_else(|| self.exact(system, span), Ok)?,
                    other => self.reference(other, span)?,
                };
                let system = reference.system.clone();
                if !reference.converged() {
                    let message = format!("`{}` is the result of a calculation that did not converge", system.label);
                    self.warn_with(Problem::new(Advice::Note { message, span }, span), true);
                }
                references.push(reference);
                systems.push(system);
            }
            let Some(first) = systems.first() else {
                return args.wrong(span, format!("a group in `{name}` is empty"), None);
            };
            let apart = |s: &Arc<System>| *s.grid != *first.grid || s.interaction != first.interaction;
            if let Some(other) = systems.iter().find(|s| apart(s)) {
                let (first, other) = (&first.label, &other.label);
                let message = format!("`{first}` and `{other}` are in one group, but differ in grid or interaction");
                return args.wrong(span, message, Some("put systems of one grid and interaction in a group".into()));
            }
            let group = matches!(item, Value::List(_));
            let subject = Subject { ready, references: &references, group, iterations };
            let case = Case { loss: self.trace_loss(&judge.loss, &subject, judge.span)?, systems };
            found.labels.push(if group { format!("[{}]", case.label()) } else { case.label() });
            found.cases.push(case);
        }
        Ok(found)
    }

    /// The plan of a call, without its systems.
    fn plan(&mut self, args: &Args, ready: &Ready) -> Result<Plan> {
        let (functional, own) = started(ready);
        let mut plan = Plan::new(functional, Vec::new(), training());
        plan.seeds = vec![own];
        for setting in &SETTINGS {
            (setting.set)(self, args, &mut plan)?;
        }
        if ready.traced.compiled.exchange {
            if settings::is_unsolved(args) {
                let name = ready.name.clone();
                return fail(
                    TraceError::NeedsOrbitals { functional: name, span: args.span_of("scf") },
                    args.span_of("scf"),
                );
            }
            if args.has("gradient") && plan.gradient == Gradient::Unrolled {
                let message = format!("`{}` contains exact exchange, so there are no iterations to unroll", ready.name);
                let help = "its gradient is `implicit`, that of the orbitals of lowest energy; leave `gradient:` out";
                return args.wrong(args.span_of("gradient"), message, Some(help.into()));
            }
            plan.gradient = Gradient::Implicit;
            let given: Vec<&str> = match args.get("scf").map(|scf| &scf.value) {
                Some(Value::Record(scf)) => scf.entries.iter().map(|(name, _)| &**name).collect(),
                _ => Vec::new(),
            };
            if let Some(message) = scf::without_iterations(&ready.name, &given) {
                let note = Advice::Note { message, span: args.span_of("scf") };
                self.warn_with(Problem::new(note, args.span), true);
            }
        }
        let minimised = ready.traced.compiled.kind == FunctionalKind::Kinetic && !settings::is_unsolved(args);
        if args.has("with") && !minimised {
            let message =
                "`with:` is for kinetic functionals, and for calculations: without orbitals, and not `scf: none`";
            return args.wrong(args.span_of("with"), message, Some("leave it out".into()));
        }
        if minimised {
            self.minimising(args, &mut plan)?;
        } else if settings::is_unsolved(args) {
            if args.has("gradient") {
                let message = "with `scf: none` nothing is solved, and `gradient:` has no meaning";
                return args.wrong(args.span_of("gradient"), message, Some("leave out one of the two".into()));
            }
            plan.gradient = Gradient::Unsolved;
        }
        if !settings::is_unsolved(args) {
            plan.scf = settings::loop_of(args, ready, plan.gradient)?;
        }
        // Before losses are traced for every iteration.
        let suited = match plan.gradient {
            Gradient::Unrolled => Schedule::of(&plan.scf).map(drop),
            Gradient::Implicit => plan.scf.check_converges(),
            Gradient::Unsolved | Gradient::Minimised => Ok(()),
        };
        if let Err(error) = suited {
            let span = args.span_of(if args.has("scf") { "scf" } else { "functional" });
            return fail(Placed::new(error, span, "here"), span);
        }
        if let Some((seeds, starts)) = members(args, ready)? {
            (plan.seeds, plan.starts) = (seeds, Some(starts));
            return Ok(plan);
        }
        let given = ready.model || !matches!(ready.functional.start, StartFrom::Seed(_));
        let compiled = &plan.functional;
        if plan.seeds.len() > 1 && (given || compiled.initial(0) == compiled.initial(1)) {
            plan.seeds.truncate(1);
            let starts = if given { "from given parameters" } else { "from the same parameters with every seed" };
            let message = format!("`{}` starts {starts}, so one seed is enough", ready.name);
            let note = Advice::Note { message, span: args.arg("seeds")?.span };
            self.warn_with(Problem::new(note, args.span), true);
        }
        Ok(plan)
    }

    /// What there is to a plan whose densities minimise the energy, without orbitals.
    fn minimising(&mut self, args: &Args, plan: &mut Plan) -> Result<()> {
        if args.has("gradient") {
            let message = "without orbitals the gradient is that of the density that minimises the energy";
            return args.wrong(args.span_of("gradient"), message, Some("leave `gradient:` out".into()));
        }
        if let Some(given) = args.get("scf")
            && let Value::Record(record) = &given.value
            && let Some((name, _)) =
                record.entries.iter().find(|(name, _)| !["tolerance", "iterations"].contains(&&**name))
        {
            let message =
                format!("`{name}` has no meaning without orbitals: there `scf:` has a `tolerance` and `iterations`");
            return args.wrong(given.span, message, None);
        }
        plan.gradient = Gradient::Minimised;
        if args.has("with") {
            let span = args.span_of("with");
            let xc = self.ready(args.operand("with")?, "`with`")?;
            self.check_kinetic(&xc, span)?;
            self.check_density_only(&xc, span)?;
            if !xc.traced.compiled.kind.has_energy() {
                return fail(TraceError::NoEnergy { functional: xc.name, span }, span);
            }
            plan.xc = Some((xc.traced.compiled.clone(), xc.parameters.to_vec()));
        }
        Ok(())
    }

    /// The memory of a training run is also limited by that of its script.
    fn grant_memory(&mut self, plan: &mut Plan, args: &Args) {
        let granted = self.granted(plan.memory);
        if let Budget::Bytes(asked) = plan.memory
            && asked > granted
        {
            let message =
                format!("a training run of this script may take {}; `--max-memory` sets another limit", size(granted));
            self.warn_with(Problem::new(Advice::Note { message, span: args.span_of("memory") }, args.span), true);
        }
        plan.memory = Budget::Bytes(granted);
    }

    fn run_training(&mut self, plan: &Plan, args: &Args) -> Result<Trained> {
        let span = args.span;
        let folder = self.options.cache.as_ref().map(|cache| cache.join("training"));
        let store = Store { folder, fresh: self.options.fresh, together: self.options.together.clone() };
        let place = args.span_of("functional");
        for note in [told::idle(plan, place), told::saturated(plan, place)].into_iter().flatten() {
            self.warn_with(Problem::new(note, span), true);
        }
        let (least, own) = (Forecast::new(plan).least(), plan.memory.bytes());
        if least > own {
            let what = match plan.gradient {
                Gradient::Unsolved => "a single evaluation of the losses of this training",
                _ => "a single iteration of this training",
            };
            self.afford(least, what, span)?;
        }
        let trained = self.sparing(|s| train::train(s.options.device, plan, &store, &s.control()));
        let trained = match trained {
            Ok(trained) => trained,
            Err(TrainError::Interrupted) => {
                self.check_interrupt(span)?;
                return fail(RunError::Interrupted { span }, span);
            }
            Err(error @ TrainError::Option { option, .. }) => {
                let place = args.get(option).or_else(|| args.get("optimizer")).map_or(span, |arg| arg.span);
                return fail(Placed::new(error, place, "here"), place);
            }
            Err(error @ TrainError::LossWithoutFunctional { .. }) => {
                let place = args.span_of("loss");
                return fail(Placed::new(error, place, "this loss"), place);
            }
            Err(error) => {
                let Some(place) = error.place() else {
                    return fail(Placed::new(error, span, "in this training run"), span);
                };
                let problem = Problem::new(Placed::new(error, place, "not finite here"), place);
                return Err(Box::new(problem.via(span, "in this training run")));
            }
        };
        if trained.interrupted {
            // Out of time, the host itself is not interrupted.
            if !self.host.interrupted() {
                self.check_interrupt(span)?;
            }
            if !self.host.answered() {
                return fail(RunError::Interrupted { span }, span);
            }
            let message = told::interrupted(plan.seeds.len(), &trained);
            self.warn_with(Problem::new(Advice::Note { message, span }, span), false);
        }
        for advice in [told::unmoved(plan, &trained, span), told::unjudged(plan, &trained, span)].into_iter().flatten()
        {
            self.warn_with(Problem::new(advice, span), false);
        }
        for concern in &trained.concerns {
            self.warn_with(Problem::new(Placed::new(concern.clone(), span, "here"), span), true);
        }
        for message in &trained.warnings {
            let note = Advice::Note { message: message.clone(), span };
            self.warn_with(Problem::new(note, span), false);
        }
        Ok(trained)
    }
}

/// The seeds of the members of a model and their parameters, if all are to be trained further.
#[allow(clippy::type_complexity)]
fn members(args: &Args, ready: &Ready) -> Result<Option<(Vec<u64>, Vec<Vec<f64>>)>> {
    if !args.truth("members")? {
        return Ok(None);
    }
    let parent = ready.parent.as_ref().filter(|parent| ready.model && parent.functional.committee().is_empty());
    let of_seed = |member: &Rc<Model>| Some((member.training.as_ref()?.seed, member.parameters.to_vec()));
    let found: Vec<_> = parent.iter().flat_map(|parent| &parent.members).filter_map(of_seed).collect();
    if found.is_empty() {
        let message = format!("`{}` has no members that could be trained further", ready.name);
        let help =
            "members are those of a model that `train` returned in this script; of a committee train each one".into();
        return args.wrong(args.span_of("members"), message, Some(help));
    }
    if args.has("seeds") {
        let message = "the members have their seeds already";
        return args.wrong(args.span_of("seeds"), message, Some("leave out `seeds:` or `members:`".into()));
    }
    Ok(Some(found.into_iter().unzip()))
}

/// The functional with its initial values, and the seed for them.
fn started(ready: &Ready) -> (Arc<Compiled>, u64) {
    let values = match ready.functional.start {
        StartFrom::Seed(seed) if !ready.model => return (ready.traced.compiled.clone(), seed),
        _ => &ready.parameters,
    };
    let mut compiled = (*ready.traced.compiled).clone();
    let ranges = compiled.graph.parameter_ranges();
    for (spec, range) in compiled.graph.params.iter_mut().zip(ranges) {
        let raw = values.get(range).unwrap_or_default();
        // The builder takes the initial value of a bounded parameter itself, not its t.
        spec.init = Init::Values(raw.iter().map(|&t| spec.bounds.map_or(t, |b| bounded(b, t))).collect());
    }
    (Arc::new(compiled), 0)
}

//! `train f { … }`: makes a plan from the options, traces the losses for every system, and returns the result as a model.

use super::optimizers;
use super::scf::{from_value, training};
use super::solve::{Met, system_in};
use crate::exact::Reference;
use crate::functional::Compiled;
use crate::graph::Init;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Param, Style, function, optional, required};
use crate::interp::error::{Advice, Placed, RunError, fail};
use crate::interp::trace::{Ready, Subject};
use crate::interp::value::model::{Model, SeedRow, TrainedWith, Training, UNJUDGED, VALIDATED, hash};
use crate::interp::value::params::bounded;
use crate::interp::value::{Loss, StartFrom, Value, scf, text};
use crate::ks::{Mixing, ScfOptions, Schedule};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::model::System;
use crate::number::significant;
use crate::problem::{Problem, Result};
use crate::source::Span;
use crate::train;
use crate::train::{
    Budget, Case, Ending, Forecast, Gradient, Kept, Optimizer, Plan, SeedRecord, Step, Store, TrainError, Trained,
};
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
const SUBJECT: [Param; 6] = [
    required("functional", &[Kind::Functional, Kind::Model]),
    required("on", SYSTEMS)
        .about("systems or references to train on, at least one; a list of some is a group with one loss"),
    optional("validate", SYSTEMS, DefaultValue::Value("[]", || Value::list(Vec::new())))
        .about("systems or references whose loss decides which parameters are kept; by default those of `on:`"),
    required("loss", &[Kind::Loss]).about("the loss to minimise, with its options: `losses.ksr(skip: 10)`"),
    optional("validate_with", &[Kind::Loss], DefaultValue::Absent("loss")).about("another loss for `validate:`"),
    optional(
        "scf",
        &[Kind::Record],
        DefaultValue::Value("{ iterations: 15, mixing: linear(0.5, decay: 0.9), symmetric: false }", || {
            scf::record(&training())
        }),
    )
    .about("options of the Kohn-Sham iterations: `iterations:`, `mixing:`, `tolerance:`, `symmetric:`"),
];

/// An option that says how to train: its declaration, and how it changes the plan.
struct Setting {
    param: Param,
    set: fn(&mut Interpreter, &Args, &mut Plan) -> Result<()>,
}

/// All of them.
const SETTINGS: [Setting; 6] = [
    Setting {
        param: optional(
            "optimizer",
            &[Kind::Optimizer],
            DefaultValue::Value("lbfgs()", || Value::Optimizer(Optimizer::default())),
        )
        .about("`lbfgs(…)` or `adam(…)`, with the number of steps"),
        set: |_, args, plan| match &*args.value("optimizer")? {
            Value::Optimizer(optimizer) => {
                plan.optimizer = optimizer.clone();
                Ok(())
            }
            _ => {
                let help = Some("`lbfgs(steps: 200)` or `adam(steps: 1000, rate: 0.001)`".into());
                args.mismatch("optimizer", "an optimizer", help)
            }
        },
    },
    Setting {
        param: optional("seeds", &[Kind::Whole, Kind::List], DefaultValue::Absent("the functional's"))
            .about("a seed or a list of seeds; each draws its own initial parameters, and the best one wins"),
        set: |interp, args, plan| {
            if args.has("seeds") {
                plan.seeds = seeds(interp, args)?;
            }
            Ok(())
        },
    },
    Setting {
        param: optional("validate_every", &[Kind::Whole], DefaultValue::Number(Plan::EVERY as f64))
            .about("the number of steps between validations; the last step is always validated"),
        set: |_, args, plan| {
            plan.validate_every = every(args, "validate_every")?;
            Ok(())
        },
    },
    Setting {
        param: optional("checkpoint", &[Kind::Whole], DefaultValue::Number(Plan::EVERY as f64))
            .about("the number of steps between checkpoints; the result does not depend on it"),
        set: |_, args, plan| {
            plan.checkpoint_every = every(args, "checkpoint")?;
            Ok(())
        },
    },
    Setting {
        param: optional(
            "memory",
            &[Kind::Measured(Dimension::MEMORY), Kind::Word(&["automatic"])],
            DefaultValue::Word("automatic"),
        )
        .about(
            "the limit on what the iterations keep for the backward pass, such as `2 GB`: `automatic` is half of the \
             computer's free memory, `inf` means no limit. Iterations that do not fit are recomputed, and the result \
             is bitwise identical",
        ),
        set: |_, args, plan| {
            plan.memory = budget(args)?;
            Ok(())
        },
    },
    Setting {
        param: optional("gradient", &[Kind::Word(&["unrolled", "implicit"])], DefaultValue::Word("unrolled")).about(
            "`unrolled` backpropagates through every iteration, `implicit` converges the density and takes the \
             gradient from the equation that it satisfies",
        ),
        set: |_, args, plan| {
            plan.gradient = gradient(args)?;
            Ok(())
        },
    },
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
}

fn train_call(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let ready = interp.ready(args.operand("functional")?, "the functional to train")?;
    interp.check_kinetic(&ready, args.arg("functional")?.span)?;
    let mut plan = interp.plan(args, &ready)?;
    // Of a converged calculation the loss sees only the last iteration.
    let iterations = if plan.gradient == Gradient::Implicit { 1 } else { plan.scf.iterations };
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
    let on = interp.cases(args, "on", &ready, &loss, iterations)?;
    let validation = match args.has("validate") {
        true => interp.cases(args, "validate", &ready, criterion.as_ref().unwrap_or(&loss), iterations)?,
        false => Cases { cases: Vec::new(), labels: Vec::new() },
    };
    (plan.cases, plan.validation) = (on.cases, validation.cases);
    if let Some(planned) = &mut interp.planned {
        planned.push(plan);
        return Ok(Value::Nothing);
    }
    let trained = interp.run_training(&plan, args)?;
    let mut origin = origin(&on.labels, &validation.labels, &loss, criterion.as_ref(), &plan, &trained);
    let definition = interp.definition_of(&loss);
    origin.iter_mut().filter(|entry| entry.starts_with("loss ")).for_each(|entry| *entry += &definition);
    origin.extend(
        ready
            .parent
            .iter()
            .map(|parent| format!("begun with the parameters of `{}`, hash {}", parent.name, hash(&parent.parameters))),
    );
    Ok(Value::Model(Rc::new(model(&ready, &plan, &trained, origin))))
}

impl Interpreter {
    /// The systems of an option, each with its reference and traced loss.
    fn cases(&mut self, args: &Args, name: &str, ready: &Ready, judge: &Judge, iterations: usize) -> Result<Cases> {
        let arg = args.arg(name)?;
        let span = arg.span;
        let items = match &arg.value {
            one @ (Value::System(_) | Value::Reference(_)) => Rc::new(vec![one.clone()].into()),
            _ => args.list(self, name)?,
        };
        let mut found = Cases { cases: Vec::new(), labels: Vec::new() };
        let what = format!("an element of `{name}`");
        // Training fits the parameters to these interactions, whatever they come from.
        let retrained = Ready { parent: None, ..ready.clone() };
        for item in items.iter() {
            let members = match item {
                Value::List(members) => members.as_slice(),
                one => std::slice::from_ref(one),
            };
            let mut systems: Vec<Arc<System>> = Vec::with_capacity(members.len());
            let mut references: Vec<Arc<Reference>> = Vec::with_capacity(members.len());
            for member in members {
                let system = system_in(member, span, &what)?;
                self.check_grid(ready, &system.grid, span)?;
                self.check_interaction(&retrained, Met::in_system(&system), args.arg("functional")?.span);
                references.push(self.reference(member, span)?);
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

    /// The text of a loss, on lines of its own; empty for one of the library.
    fn definition_of(&self, judge: &Judge) -> String {
        let def = &judge.loss.closure.def;
        let whole = def.span.to(def.body.span);
        if self.of_library(whole) { String::new() } else { format!("\n{}", self.sources.text(whole)) }
    }

    /// The plan of a call, without its systems.
    fn plan(&mut self, args: &Args, ready: &Ready) -> Result<Plan> {
        let (functional, own) = started(ready);
        let mut plan = Plan::new(functional, Vec::new(), training());
        plan.seeds = vec![own];
        for setting in &SETTINGS {
            (setting.set)(self, args, &mut plan)?;
        }
        plan.scf = loop_of(args, ready, plan.gradient)?;
        // Before losses are traced for every iteration.
        let suited = match plan.gradient {
            Gradient::Unrolled => Schedule::of(&plan.scf).map(drop),
            Gradient::Implicit => plan.scf.check_converges(),
        };
        if let Err(error) = suited {
            let span = args.span_of(if args.has("scf") { "scf" } else { "functional" });
            return fail(Placed::new(error, span, "here"), span);
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

    fn run_training(&mut self, plan: &Plan, args: &Args) -> Result<Trained> {
        let span = args.span;
        let folder = self.options.cache.as_ref().map(|cache| cache.join("training"));
        let store = Store { folder, fresh: self.options.fresh };
        let (least, own) = (Forecast::new(plan, rayon::current_num_threads()).least(), plan.memory.bytes());
        if least > own {
            self.afford(least, "a single iteration of this training", span)?;
        }
        let trained = self.sparing(|s| train::train(s.options.device, plan, &store, &s.control()));
        let trained = match trained {
            Ok(trained) => trained,
            Err(TrainError::Interrupted) => {
                self.check_interrupt(span)?;
                return fail(RunError::Interrupted { span }, span);
            }
            Err(error) => return fail(Placed::new(error, span, "in this training run"), span),
        };
        if trained.interrupted {
            // Out of time, the host itself is not interrupted.
            if !self.host.interrupted() {
                self.check_interrupt(span)?;
            }
            if !self.host.answered() {
                return fail(RunError::Interrupted { span }, span);
            }
            let message = interrupted(plan.seeds.len(), &trained);
            self.warn_with(Problem::new(Advice::Note { message, span }, span), false);
        }
        for advice in [unmoved(plan, &trained, span), unjudged(plan, &trained, span)].into_iter().flatten() {
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

/// Whole numbers up to here are exact.
const LARGEST_SEED: f64 = 9e15;

/// `seeds:` a number, a list or an interval.
fn seeds(interp: &mut Interpreter, args: &Args) -> Result<Vec<u64>> {
    match &args.arg("seeds")?.value {
        Value::Number(_) => return Ok(vec![args.whole("seeds")? as u64]),
        Value::List(_) | Value::Interval(..) => {}
        _ => return args.mismatch("seeds", "a seed or a list of seeds", Some("`seeds: 0 .. 9` is ten seeds".into())),
    }
    let span = args.arg("seeds")?.span;
    let seed = |value: &Value| match value {
        Value::Number(q)
            if q.dim.is_plain() && (0.0..LARGEST_SEED).contains(&q.value) && q.value == q.value.round() =>
        {
            Ok(q.value as u64)
        }
        Value::Number(q) if q.dim.is_plain() && q.value >= LARGEST_SEED => {
            args.wrong(span, format!("a seed must be below {LARGEST_SEED:e}, not {:e}", q.value), None)
        }
        other => crate::interp::call::mismatch("a seed", "a whole number, 0 or above", other, None, span),
    };
    args.list(interp, "seeds")?.iter().map(seed).collect()
}

/// A number of steps, of at least one.
fn every(args: &Args, name: &str) -> Result<usize> {
    match args.whole(name)? {
        0 => {
            let help = Some("a number larger than `steps` leaves only that at the last step".into());
            args.wrong(args.span_of(name), format!("`{name}` must be at least 1 step"), help)
        }
        every => Ok(every),
    }
}

/// `gradient: implicit`.
fn gradient(args: &Args) -> Result<Gradient> {
    let given = args.value("gradient")?;
    let word = if let Value::Str(word) = &*given { Some(&**word) } else { None };
    match word {
        Some("unrolled") => Ok(Gradient::Unrolled),
        Some("implicit") => Ok(Gradient::Implicit),
        _ => {
            let help = "`unrolled` backpropagates through every iteration, `implicit` takes the gradient at the \
                        converged density";
            args.mismatch("gradient", "`unrolled` or `implicit`", Some(help.into()))
        }
    }
}

/// The Kohn-Sham loop of a training run. If the gradient is that of a converged density, the loop has a tolerance, and
/// its defaults are those of `solve`.
fn loop_of(args: &Args, ready: &Ready, gradient: Gradient) -> Result<ScfOptions> {
    let own = ready.scf.clone();
    let symmetric = own.as_ref().is_some_and(|scf| scf.symmetric);
    let base = match gradient {
        Gradient::Unrolled => own
            .filter(|scf| scf.tolerance.is_none() && matches!(scf.mixing, Mixing::Linear { .. }))
            .unwrap_or_else(|| ScfOptions { symmetric, ..training() }),
        Gradient::Implicit => own.filter(|scf| scf.tolerance.is_some()).unwrap_or_else(|| ScfOptions {
            tolerance: Some(IMPLICIT_TOLERANCE),
            symmetric,
            ..ScfOptions::default()
        }),
    };
    let mut scf = match args.get("scf") {
        Some(given) => from_value(&given.value, given.span, &base)?,
        None => base,
    };
    if gradient == Gradient::Implicit && scf.tolerance.is_none() {
        // By default linear mixing does a fixed number of iterations, fewer than a density needs to converge.
        let given = |name: &str| matches!(args.get("scf").map(|scf| &scf.value), Some(Value::Record(r)) if r.entries.iter().any(|(n, _)| &**n == name));
        scf.tolerance = Some(IMPLICIT_TOLERANCE);
        if !given("iterations") {
            scf.iterations = ScfOptions::default().iterations;
        }
    }
    Ok(scf)
}

/// The tolerance, in electrons, for a density whose gradient is that of a fixed point.
const IMPLICIT_TOLERANCE: f64 = 1e-10;

/// `memory: 2 GB`.
fn budget(args: &Args) -> Result<Budget> {
    let span = args.span_of("memory");
    match &*args.value("memory")? {
        Value::Number(q) if q.value == f64::INFINITY && (q.dim.is_plain() || q.dim == Dimension::MEMORY) => {
            Ok(Budget::Unlimited)
        }
        Value::Number(q) if q.dim == Dimension::MEMORY && q.value >= 1.0 => Ok(Budget::Bytes(q.value as u64)),
        Value::Number(q) if q.dim == Dimension::MEMORY => args.wrong(span, "`memory` must be at least 1 byte", None),
        Value::Str(text) if &**text == "automatic" => Ok(Budget::Automatic),
        _ => args.mismatch("memory", "an amount of memory", Some("`memory: 2 GB`, `automatic` or `inf`".into())),
    }
}

/// The message about an interrupted training.
fn interrupted(seeds: usize, trained: &Trained) -> String {
    let missing = seeds.saturating_sub(trained.seeds.len());
    let missing = match missing {
        0 => String::new(),
        1 => format!("; 1 of {seeds} seeds was never started"),
        n => format!("; {n} of {seeds} seeds were never started"),
    };
    format!("the training was interrupted: its best parameters so far are used{missing}; run it again to continue")
}

/// A warning if seeds found nothing better than their initial parameters without a good reason.
fn unmoved(plan: &Plan, trained: &Trained, span: Span) -> Option<Advice> {
    let gradient = |record: &SeedRecord| record.history.first().map_or(0.0, |first| first.gradient_norm);
    let stuck = |r: &&SeedRecord| r.never_moved() && (r.outcome != Ending::Converged || gradient(r) == 0.0);
    let stuck: Vec<&SeedRecord> = trained.seeds.iter().filter(stuck).collect();
    let help = match &plan.optimizer {
        _ if stuck.iter().all(|record| gradient(record) == 0.0) => {
            "the gradient is 0: the loss does not depend on the parameters".to_owned()
        }
        Optimizer::Lbfgs(_) => {
            "the loss or the functional has a kink or a jump, or the Kohn-Sham iterations are so far from convergence that the loss is \
             rough: try a lower mixing, other `iterations`, or `adam(…)`"
                .to_owned()
        }
        Optimizer::Adam(adam) => format!(
            "the steps are too long, or too few: try a `rate` other than {}, lower at first, or more `steps`",
            optimizers::rate_text(&adam.rate)
        ),
    };
    let seeds = some(stuck.iter().map(|record| record.seed));
    (!stuck.is_empty()).then(|| Advice::Unmoved { functional: plan.functional.name.clone(), seeds, help, span })
}

/// A warning if validation losses were not finite: their parameters cannot be chosen by them.
fn unjudged(plan: &Plan, trained: &Trained, span: Span) -> Option<Advice> {
    let without: Vec<&SeedRecord> = trained.seeds.iter().filter(|record| record.unjudged.count > 0).collect();
    let cause = &without.first()?.unjudged.cause;
    let judged = |record: &SeedRecord| record.history.iter().filter(|step| step.validation.is_some()).count();
    let failed: usize = without.iter().map(|record| record.unjudged.count).sum();
    let all = failed + trained.seeds.iter().map(judged).sum::<usize>();
    let name = &plan.functional.name;
    let message = match trained.best.validation {
        None => format!(
            "no validation loss of `{name}` is finite, so the loss of `on:` has decided which parameters are kept"
        ),
        Some(_) => format!(
            "{failed} of {all} validation losses of `{name}` are not finite, and their parameters are passed over (seeds: {})",
            some(without.iter().map(|record| record.seed))
        ),
    };
    Some(Advice::Unjudged { message, help: format!("the first one: {cause}"), span })
}

/// The first few of some seeds.
fn some(seeds: impl ExactSizeIterator<Item = u64>) -> String {
    const SHOWN: usize = 10;
    let hidden = seeds.len().saturating_sub(SHOWN);
    let shown: Vec<String> = seeds.take(SHOWN).map(|seed| seed.to_string()).collect();
    let more = if hidden > 0 { format!(" and {hidden} more") } else { String::new() };
    shown.join(", ") + &more
}

/// The seeds of a training: many in a row as an interval.
fn every_seed(seeds: &[u64]) -> String {
    match seeds {
        [first, .., last] if seeds.len() > 30 && seeds.iter().zip(*first..).all(|(seed, next)| *seed == next) => {
            format!("{first} .. {last}")
        }
        _ => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// The functional with its initial values, and the seed for them.
fn started(ready: &Ready) -> (Arc<Compiled>, u64) {
    let values = match ready.functional.start {
        StartFrom::Seed(seed) if !ready.model => return (ready.traced.compiled.clone(), seed),
        _ => &ready.parameters,
    };
    let mut compiled = (*ready.traced.compiled).clone();
    let mut start = 0;
    for spec in &mut compiled.graph.params {
        let raw = values.get(start..start + spec.len()).unwrap_or_default();
        start += spec.len();
        // The builder takes the initial value of a bounded parameter itself, not its t.
        spec.init = Init::Values(raw.iter().map(|&t| spec.bounds.map_or(t, |b| bounded(b, t))).collect());
    }
    (Arc::new(compiled), 0)
}

/// The best parameters of all seeds as a model, with those of every seed as its members.
fn model(ready: &Ready, plan: &Plan, trained: &Trained, origin: Vec<String>) -> Model {
    let interactions = met(plan);
    let of = |kept: &Kept, seed: u64, seeds: Vec<SeedRow>, history: &[Step], members: Vec<Rc<Model>>| Model {
        name: ready.functional.name().to_string(),
        functional: ready.functional.clone(),
        traced: ready.traced.clone(),
        parameters: kept.parameters.as_slice().into(),
        scf: Some(plan.scf.clone()),
        training: Some(Training {
            loss: kept.loss,
            validation_loss: kept.validation,
            seed,
            step: kept.step,
            seeds,
            history: history.to_vec(),
        }),
        members,
        origin: origin.clone(),
        interactions: interactions.clone(),
    };
    let member = |record: &SeedRecord| {
        let kept = record.kept.as_ref()?;
        Some(Rc::new(of(kept, record.seed, Vec::new(), &record.history, Vec::new())))
    };
    let members = trained.seeds.iter().filter_map(member).collect();
    of(&trained.best, trained.seed, trained.seeds.iter().map(row).collect(), trained.history(), members)
}

/// A seed's row in the table of seeds.
fn row(record: &SeedRecord) -> SeedRow {
    let kept = record.kept.as_ref();
    SeedRow {
        seed: record.seed,
        step: kept.map_or(0, |k| k.step),
        loss: kept.map_or(f64::NAN, |k| k.loss),
        validation_loss: kept.and_then(|k| k.validation),
        evaluations: record.evaluations,
        outcome: match &record.outcome {
            Ending::Finished => "finished".into(),
            Ending::Flat => "flat".into(),
            Ending::Converged => "converged".into(),
            Ending::Stalled => "stalled".into(),
            Ending::Interrupted => "interrupted".into(),
            Ending::Failed { cause, .. } => cause.clone(),
        },
    }
}

/// The grids and interactions of the training.
fn surroundings(plan: &Plan) -> String {
    let grid = |system: &Arc<System>| {
        let grid = &system.grid;
        format!("{} points with spacing {} bohr", grid.points, significant(grid.spacing, 6, -4..6))
    };
    let mut grids: Vec<String> = plan.cases.iter().flat_map(|case| &case.systems).map(grid).collect();
    grids.dedup();
    let interactions: Vec<String> = met(plan).into_iter().map(|with| with.name).collect();
    format!("on {}; interaction {}", grids.join(" and "), interactions.join(" and "))
}

/// The interactions of the training, each once.
fn met(plan: &Plan) -> Vec<TrainedWith> {
    let mut all: Vec<TrainedWith> = Vec::new();
    for system in plan.cases.iter().flat_map(|case| &case.systems) {
        let with = TrainedWith::of(&system.interaction, &system.grid);
        if !all.iter().any(|known| known.is(&with)) {
            all.push(with);
        }
    }
    all
}

/// Where a model comes from, one sentence per line.
fn origin(
    on: &[String],
    validation: &[String],
    loss: &Judge,
    criterion: Option<&Judge>,
    plan: &Plan,
    trained: &Trained,
) -> Vec<String> {
    let mut lines = vec![format!("trained on {}", on.join(", ")), surroundings(plan)];
    if !validation.is_empty() {
        let with = criterion.map(|judge| format!(" with {}", judge.text())).unwrap_or_default();
        let judged = if trained.best.validation.is_some() { VALIDATED } else { UNJUDGED };
        lines.push(format!("{judged} {}{with}", validation.join(", ")));
    }
    lines.push(format!("loss {}", loss.text()));
    if plan.gradient == Gradient::Implicit {
        lines.push("gradient at the converged density".into());
    }
    lines.push(format!("{}, seeds {}", optimizers::text(&plan.optimizer), every_seed(&plan.seeds)));
    lines
}

//! Solves systems: Kohn-Sham calculations and exact answers.

use super::scf;
use crate::control::Event;
use crate::exact::{ExactError, Method, Origin, Reference};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Param, Style, function, mismatch, optional, required, shown};
use crate::interp::error::{Advice, Placed, TraceError, fail, listed, suggestion};
use crate::interp::trace::Ready;
use crate::interp::value::model::each_once;
use crate::interp::value::scf::PARAMS;
use crate::interp::value::{Model, Solved, TrainedWith, Value};
use crate::ks::{KsWarning, Run, ScfOptions};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::model::{Grid, Interaction, System};
use crate::number::brief;
use crate::problem::{Problem, Result};
use crate::source::Span;
use crate::{exact, ks};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The parameters of `solve`: the system, the functional, and the options of the calculation.
const SOLVE: [Param; 2 + PARAMS.len()] = {
    let mut params = [required("system", SOLVED); 2 + PARAMS.len()];
    params[1] = required("with", &[Kind::Functional, Kind::Model]);
    let mut i = 0;
    while i < PARAMS.len() {
        params[2 + i] = PARAMS[i];
        i += 1;
    }
    params
};

/// A system, or a value that has one.
const SOLVED: &[Kind] = &[Kind::System, Kind::Reference, Kind::Run];

/// Functions of a system.
pub const ANSWERS: &[Builtin] = &[
    function(
        "solve",
        &SOLVE,
        &[Kind::Run],
        "the Kohn-Sham calculation of a system (or that of a reference) with a functional or model: a run. A model \
         comes with the options it was trained with; with `linear(…)` and no `tolerance:` it does exactly `iterations` (30)",
        &["scf", "kohn-sham", "run", "ground state", "energy", "density"],
        &[shown(
            "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem he on g { He at 0 }\n\
             solve(he, with: functionals.lda)",
        )],
        solve,
    )
    .with(Style::Options),
    function(
        "exact",
        &[
            required("system", SOLVED),
            optional(
                "accuracy",
                &[Kind::Measured(Dimension::ENERGY)],
                DefaultValue::Absent("by electron count"),
            )
            .about("the largest acceptable error of the energy"),
            optional("time_limit", &[Kind::Number], DefaultValue::Number(f64::INFINITY))
                .about("the time in seconds after which the best answer so far is returned"),
            optional(
                "method",
                &[Kind::Quoted(exact::METHOD_NAMES)],
                DefaultValue::Value("\"automatic\"", || Value::text(exact::AUTOMATIC)),
            )
            .about(
                "\"independent\" (one electron, or any number without interaction), \"two_electrons\", \"determinants\" (two \
                 to about ten electrons), or \"automatic\": the first of these that suits the system",
            ),
        ],
        &[Kind::Reference],
        "the exact solution of the interacting problem, on the grid itself; cached on disk. `accuracy` is that of the \
         energy, by default 1e-9 by the methods for independent and for two electrons, and by determinants 1e-6 for up \
         to four, 1e-5 for five, 2e-5 for more; after `time_limit` seconds the best answer so far is returned. A \
         reference is returned unchanged, unless it was calculated and `accuracy` requests a better one (found by \
         the same method) or `method` another method",
        &["reference", "full ci", "wave function", "ground state", "benchmark"],
        &[shown("grid g = uniform(points: 65, spacing: 0.3)\nsystem h on g { H at 0 }\nexact(h)")],
        exact_answer,
    )
    .with(Style::Options),
];

fn solve(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let system = system_of(args, "system")?;
    let ready = interp.ready(args.operand("with")?, "`with`")?;
    let mut scf = scf::from_args(args, ready.scf.as_ref())?;
    if scf.symmetric && !args.has("symmetric") && system.mirror().is_err() {
        // A model brings the symmetry of its training.
        scf.symmetric = false;
        let (name, label) = (&ready.name, &system.label);
        let message = format!(
            "`{name}` was trained with `symmetric: true`; `{label}` has no such symmetry and is solved without it"
        );
        let span = args.span;
        interp.warn_with(Problem::new(Advice::Note { message, span }, span), true);
    }
    let run = interp.solve(&system, &ready, &scf, args)?;
    let with = args.arg("with")?.value.clone();
    let arrays = ready.traced.compiled.graph.params.as_slice().into();
    Ok(Value::Run(Rc::new(Solved { run, with, arrays, parameters: ready.parameters })))
}

fn exact_answer(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let system = system_of(args, "system")?;
    let by = match &args.arg("system")?.value {
        Value::Reference(reference) => reference.method(),
        _ => None,
    };
    // A more accurate answer is by the same method, unless another one is named.
    let method = if args.has("method") { method(args)? } else { by };
    if let Some(method) = method.filter(|method| !method.suits(&system)) {
        let (error, span) = (ExactError::unsuitable(method, &system), args.span_of("method"));
        return fail(Placed::new(error, span, "this method"), span);
    }
    let accuracy = match args.has("accuracy") {
        true => args.dimensioned("accuracy", Dimension::ENERGY)?,
        false => exact::Options::by(method, &system).accuracy,
    };
    let options = exact::Options { accuracy, time_limit: time_limit(args)?, method };
    if let Value::Reference(reference) = &args.arg("system")?.value {
        let asked = ["accuracy", "time_limit", "method"].into_iter().find(|option| args.has(option));
        match (asked, &reference.origin) {
            (Some(option), Origin::Data(_)) => {
                let message = format!("`{}` comes from a data set and cannot be recalculated", system.label);
                let help = Some(format!("`exact(r.system, {option}: …)` calculates the answer instead"));
                return args.wrong(args.span_of(option), message, help);
            }
            // Calculated, but less accurately than now requested.
            (Some(_), Origin::Solved(_)) if reference.error > accuracy => {}
            // By another method than the one now requested.
            (Some(_), Origin::Solved(by)) if method.is_some_and(|method| method != *by) => {}
            _ => return Ok(Value::Reference(reference.clone())),
        }
    }
    interp.exactly(&system, &options, args.span).map(Value::Reference)
}

/// The requested method, if any.
fn method(args: &Args) -> Result<Option<&'static dyn Method>> {
    let Some(name) = args.opt_text("method")?.filter(|name| **name != *exact::AUTOMATIC) else { return Ok(None) };
    exact::named(&name).map(Some).map_or_else(
        || {
            let help = Some(suggestion(&name, exact::METHOD_NAMES, "methods"));
            args.wrong(args.span_of("method"), format!("there is no exact method {name:?}"), help)
        },
        Ok,
    )
}

/// Seconds; infinity means no limit.
fn time_limit(args: &Args) -> Result<Option<Duration>> {
    let seconds = args.number("time_limit")?;
    if seconds == f64::INFINITY {
        return Ok(None);
    }
    let limit = Duration::try_from_secs_f64(seconds);
    limit.map(Some).or_else(|_| {
        let help = Some("a number of seconds, such as 60".into());
        args.wrong(args.span_of("time_limit"), format!("`time_limit` cannot be {seconds} seconds"), help)
    })
}

/// The system of an argument: itself, or that of a reference or run.
fn system_of(args: &Args, name: &str) -> Result<Arc<System>> {
    let arg = args.arg(name)?;
    system_in(&arg.value, arg.span, &args.what(name))
}

/// The system in a value.
pub(crate) fn system_in(value: &Value, span: Span, what: &str) -> Result<Arc<System>> {
    match value {
        Value::System(system) => Ok(system.clone()),
        Value::Reference(reference) => Ok(reference.system.clone()),
        Value::Run(run) => Ok(run.system.clone()),
        Value::SystemMaker(maker) => {
            let help = Some(format!("give it values: `{}(…)`", maker.def.name.name));
            mismatch(what, "a system", value, help, span)
        }
        other => mismatch(what, "a system", other, None, span),
    }
}

/// The interaction that a functional meets.
#[derive(Clone, Copy)]
pub(crate) struct Met<'a> {
    pub interaction: &'a Interaction,
    pub grid: &'a Grid,
    /// The system or function whose interaction it is.
    pub at: &'a str,
}

impl<'a> Met<'a> {
    /// That of a system.
    pub fn in_system(system: &'a System) -> Self {
        Self { interaction: &system.interaction, grid: &system.grid, at: &system.label }
    }

    /// Whether it is the one with this name in the head of a functional.
    fn is(&self, name: &str, here: &TrainedWith) -> bool {
        match (name, self.interaction) {
            ("exponential", _) => here.is(&TrainedWith::of(&Interaction::BAKER, self.grid)),
            ("none", interaction) => *interaction == Interaction::None,
            // One of a family: `soft_coulomb(softening: 2)`.
            (name, Interaction::Sampled { name: written, .. }) => written.split('(').next() == Some(name),
            _ => false,
        }
    }
}

impl Interpreter {
    fn solve(&mut self, system: &Arc<System>, ready: &Ready, scf: &ScfOptions, args: &Args) -> Result<Run> {
        let span = args.span;
        self.check_grid(ready, &system.grid, args.arg("system")?.span)?;
        self.check_kinetic(ready, span)?;
        self.check_interaction(ready, Met::in_system(system), args.arg("with")?.span);
        let compiled = &ready.traced.compiled;
        let (points, spins) = (system.grid.points, if system.closed_shell() { 1 } else { 2 });
        // Without a tape, a part of it at a time; and the density of every iteration is kept.
        let bytes = (compiled.tape_bytes(points, spins)[1] / 4) as u64;
        let densities = 8 * (points as u64).saturating_mul(scf.iterations as u64);
        self.afford(bytes.saturating_add(densities), "this calculation", span)?;
        let start = ks::InitialDensity::NonInteracting;
        let (device, system, compiled, scf) = (self.options.device, system.clone(), compiled.clone(), scf.clone());
        let params = ready.parameters.to_vec();
        // On many points a single iteration takes long.
        let run = self.unless_stopped(span, move |control| {
            ks::solve(device, &system, &compiled, &params, &scf, &start, control)
        })?;
        let mut run = run.or_else(|error| fail(Placed::new(error, span, "in this calculation"), span))?;
        self.check_interrupt(span)?;
        for warning in std::mem::take(&mut run.warnings) {
            // Who asks for a few iterations gets a few.
            if matches!(warning, KsWarning::Unsettled { .. }) && args.has("iterations") {
                continue;
            }
            let place = match (&warning, args.get("tolerance"), args.get("mixing")) {
                (KsWarning::DecayingMixing { .. }, Some(arg), _) | (KsWarning::DecayingMixing { .. }, _, Some(arg)) => {
                    arg.span
                }
                _ => span,
            };
            let once = matches!(warning, KsWarning::DecayingMixing { .. });
            self.warn_with(Problem::new(Placed::new(warning, place, "here"), place), once);
        }
        run.functional = ready.name.clone();
        Ok(run)
    }

    /// The exact answer for a system, cached on disk.
    ///
    /// # Errors
    /// It has too many electrons; the user stopped it.
    pub(crate) fn exact(&mut self, system: &Arc<System>, span: Span) -> Result<Arc<Reference>> {
        self.exactly(system, &exact::Options::of(system), span)
    }

    fn exactly(&mut self, system: &Arc<System>, options: &exact::Options, span: Span) -> Result<Arc<Reference>> {
        let folder = self.options.cache.as_ref().map(|cache| cache.join("exact"));
        let found = exact::cached(system, options, folder.as_deref(), &self.control());
        if let Err(error @ ExactError::Interrupted { .. }) = &found {
            self.host.report(Event::Message(error.to_string()));
        }
        self.check_interrupt(span)?;
        let (reference, warnings) =
            found.or_else(|error| fail(Placed::new(error, span, "the exact answer is needed here"), span))?;
        for warning in warnings {
            // The same answer may be read from the cache many times.
            if !self.told_of_exact.contains(&warning) {
                self.told_of_exact.push(warning.clone());
                self.warn_with(Problem::new(Placed::new(warning, span, "here"), span), false);
            }
        }
        Ok(Arc::new(reference))
    }

    /// Rejects a kinetic functional where an exchange-correlation functional is needed.
    pub(crate) fn check_kinetic(&self, ready: &Ready, span: Span) -> Result<()> {
        if !ready.traced.compiled.kinetic {
            return Ok(());
        }
        fail(TraceError::Kinetic { functional: ready.name.clone(), span }, span)
    }

    /// Warns, once per place, if a functional was made for another interaction, or trained with one or on a grid whose spacing matters
    /// to it.
    pub(crate) fn check_interaction(&mut self, ready: &Ready, met: Met<'_>, span: Span) {
        let here = TrainedWith::of(met.interaction, met.grid);
        if let Some(made_for) = ready.traced.interactions.iter().find(|made_for| !met.is(made_for, &here)) {
            let (functional, made_for, system) = (ready.name.clone(), made_for.to_string(), met.at.into());
            let found = here.name.clone();
            self.warn_with(Problem::new(Advice::MadeFor { functional, made_for, system, found, span }, span), true);
        }
        let other = |model: &&Rc<Model>| {
            !model.interactions.is_empty() && !model.interactions.iter().any(|with| with.is(&here))
        };
        if let Some(model) = ready.parent.iter().chain(&ready.traced.models).find(other) {
            let names = each_once(model.interactions.iter().map(|with| with.name.as_str()));
            let (model, with, system, found) = (model.name.clone(), listed(&names), met.at.into(), here.name);
            self.warn_with(Problem::new(Advice::TrainedWith { model, with, system, found, span }, span), true);
            return;
        }
        let coarser = |model: &&Rc<Model>| {
            !model.interactions.is_empty()
                && !model.interactions.iter().any(|with| with.as_fine(&here))
                && model.traced.compiled.graph.counts_points()
        };
        if let Some(model) = ready.parent.iter().chain(&ready.traced.models).find(coarser) {
            let with = each_once(model.interactions.iter().filter_map(|with| with.spacing).map(brief)).join(" and ");
            let (model, system, found) = (model.name.clone(), met.at.into(), brief(met.grid.spacing));
            self.warn_with(Problem::new(Advice::TrainedOn { model, with, system, found, span }, span), true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_exact_names_every_method() {
        let record = ANSWERS.iter().find(|builtin| builtin.name == "exact").expect("a record");
        let method = record.params.iter().find(|param| param.name == "method").expect("a parameter");
        for name in exact::METHOD_NAMES {
            assert!(method.about.contains(&format!("{name:?}")), "{name}");
        }
    }
}

//! Solves systems: Kohn-Sham calculations and exact answers.

use super::scf;
use crate::control::Event;
use crate::data::ContentKey;
use crate::exact::{ExactError, Method, Origin, Reference};
use crate::interp::Interpreter;
use crate::interp::call::{
    Args, Builtin, DefaultValue, Param, Style, constant, function, mismatch, optional, required, shown,
};
use crate::interp::error::{Advice, Placed, TraceError, TrustError, fail, listed, suggestion};
use crate::interp::trace::Ready;
use crate::interp::value::model::{each_once, hash};
use crate::interp::value::scf::PARAMS;
use crate::interp::value::{Model, Operand, Solved, TrainedWith, Value};
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
const SOLVE: [Param; 3 + PARAMS.len()] = {
    let mut params = [required("system", SOLVED); 3 + PARAMS.len()];
    params[1] = required("with", &[Kind::Functional, Kind::Model]);
    params[2 + PARAMS.len()] = optional(
        "start",
        &[Kind::Word(&[NON_INTERACTING, BROKEN_SPIN]), Kind::Run, Kind::Reference],
        DefaultValue::Word(NON_INTERACTING),
    )
    .about(
        "the density to begin with: that of non-interacting electrons; that of a run or reference on the same grid; or `broken_spin`, \
         in which electrons of opposite spin are in different places",
    );
    let mut i = 0;
    while i < PARAMS.len() {
        params[2 + i] = PARAMS[i];
        i += 1;
    }
    params
};

const NON_INTERACTING: &str = "non_interacting";
const BROKEN_SPIN: &str = "broken_spin";

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
    constant(
        NON_INTERACTING,
        &[Kind::Text],
        "a start of `solve`: the density of non-interacting electrons in the external potential",
        &["start", "initial density", "guess"],
        &[shown(
            "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem he on g { He at 0 }\n\
             solve(he, with: functionals.lda, start: non_interacting).total_energy",
        )],
        || Value::text(NON_INTERACTING),
    ),
    constant(
        BROKEN_SPIN,
        &[Kind::Text],
        "a start of `solve`: electrons of opposite spin in different places, which finds solutions with broken spin, as of stretched bonds",
        &["start", "unrestricted", "antiferromagnetic", "spin symmetry"],
        &[shown(
            "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem h2 on g { H at -4; H at 4 }\n\
             solve(h2, with: functionals.lsda, start: broken_spin)",
        )],
        || Value::text(BROKEN_SPIN),
    ),
    function(
        "stability",
        &[required("run", &[Kind::Run])],
        &[Kind::Record],
        "whether a converged run is a minimum of the energy: a record of `stable`, `lowest_eigenvalue` (of the second derivative with \
         respect to rotations of the occupied orbitals; negative if one of them lowers the energy), and `breaks_spin` (whether that \
         rotation makes spins differ that are alike: `solve(…, start: broken_spin)` follows it)",
        &["hessian", "saddle", "minimum", "instability", "broken symmetry"],
        &[shown(
            "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem h2 on g { H at -4; H at 4 }\n\
             stability(solve(h2, with: functionals.lsda))",
        )],
        stability,
    ),
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
    let broken = matches!(args.get("start").map(|arg| &arg.value), Some(Value::Str(word)) if **word == *BROKEN_SPIN);
    if scf.symmetric && broken {
        if args.has("symmetric") {
            let message = "`symmetric: true` gives both spins symmetric densities, which `broken_spin` is to avoid";
            return args.wrong(args.span_of("start"), message, Some("leave out one of them".into()));
        }
        scf.symmetric = false;
    }
    let run = interp.solve(&system, &ready, &scf, args)?;
    let members = interp.with_members(&system, &ready, &scf, &run, args)?;
    let committee = committee_id(&ready);
    let with = args.arg("with")?.value.clone();
    let arrays = ready.traced.compiled.graph.params.as_slice().into();
    let weights = ready.functional.weights().into();
    Ok(Value::Run(Rc::new(Solved { run, with, arrays, parameters: ready.parameters, members, weights, committee })))
}

/// The initial density of `solve`.
fn start_of(args: &Args, system: &System) -> Result<ks::InitialDensity> {
    let Some(given) = args.get("start") else { return Ok(ks::InitialDensity::NonInteracting) };
    let (grid, density) = match &given.value {
        Value::Str(word) if **word == *BROKEN_SPIN => return Ok(ks::InitialDensity::BrokenSpin),
        Value::Str(word) if **word == *NON_INTERACTING => return Ok(ks::InitialDensity::NonInteracting),
        Value::Run(run) => (&run.system.grid, run.density.clone()),
        Value::Reference(reference) if !reference.spins() && !system.closed_shell() => {
            let message = format!(
                "`{}` has only the total density, but `{}` has unpaired electrons",
                reference.system.label, system.label
            );
            return args.wrong(given.span, message, Some("start from a run, or from `exact(r.system)`".into()));
        }
        Value::Reference(reference) => (&reference.system.grid, reference.density.clone()),
        _ => {
            let help = Some("for example `start: broken_spin`, or a run on the same grid".into());
            return args.mismatch("start", "`non_interacting`, `broken_spin`, a run or a reference", help);
        }
    };
    if **grid != *system.grid {
        return args.wrong(given.span, "the density to begin with is on another grid than the system", None);
    }
    let electrons = |n: &[f64]| grid.integrate(n);
    let (up, down) = system.spins();
    // A run of another number of electrons still has a density of about the right shape.
    let scaled = |n: Vec<f64>, count: usize| -> Vec<f64> {
        let found = electrons(&n);
        if found > 0.0 { n.into_iter().map(|n| n * count as f64 / found).collect() } else { n }
    };
    let [first, second] = density;
    Ok(ks::InitialDensity::Given([scaled(first, up), scaled(second, down)]))
}

/// `stability(run)`.
fn stability(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let span = args.span;
    let Value::Run(solved) = &args.arg("run")?.value else { return args.mismatch("run", "a run", None) };
    let solved = solved.clone();
    if !solved.converged() || solved.residual > ScfOptions::THRESHOLD {
        let message = format!("`{}` has not converged, so it is neither a minimum nor a saddle", solved.system.label);
        return args.wrong(args.span_of("run"), message, Some("solve it to convergence first".into()));
    }
    let with = args.arg("run")?;
    let ready = interp.ready(Operand::new(&solved.with, with.span), "the functional of the run")?;
    let (device, compiled) = (interp.options.device, ready.traced.compiled.clone());
    let (run, params) = (solved.run.clone(), solved.parameters.to_vec());
    let found = interp.unless_stopped(span, move |control| ks::stability(device, &run, &compiled, &params, control))?;
    let found = found.or_else(|error| fail(Placed::new(error, span, "in this analysis"), span))?;
    interp.check_interrupt(span)?;
    Ok(Value::record([
        ("stable", Value::Bool(found.stable())),
        ("lowest_eigenvalue", Value::energy(found.lowest)),
        ("breaks_spin", Value::Bool(!found.stable() && found.breaks_spin)),
    ]))
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

/// Which committee, by the parameters of its members: numbers that come from the same one vary together.
fn committee_id(ready: &Ready) -> u64 {
    let members = ready.parent.iter().filter(|_| ready.model).flat_map(|model| &model.members);
    let words = members.map(|member| hash(&member.parameters)).collect::<Vec<_>>().join(" ");
    ContentKey::new("committee").text(&words).number()
}

impl Interpreter {
    /// The calculation of a run again with every member of a committee, beginning with the density of the run; none if it is not one.
    fn with_members(
        &mut self,
        system: &Arc<System>,
        ready: &Ready,
        scf: &ScfOptions,
        run: &Run,
        args: &Args,
    ) -> Result<Vec<Run>> {
        let members = ready.functional.committee();
        if members.len() < 2 {
            return Ok(Vec::new());
        }
        let mut runs = Vec::with_capacity(members.len());
        for member in members {
            let value = Value::Model(member);
            let one = self.ready(Operand::new(&value, args.span_of("with")), "a member")?;
            let start = ks::InitialDensity::Given(run.density.clone());
            let mut found = self.solve_from(system, &one, scf, start, args)?;
            // Only its results are compared.
            found.densities = Vec::new();
            runs.push(found);
        }
        Ok(runs)
    }

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
        let start = start_of(args, system)?;
        self.solve_from(system, ready, scf, start, args)
    }

    /// A calculation that begins with a density.
    fn solve_from(
        &mut self,
        system: &Arc<System>,
        ready: &Ready,
        scf: &ScfOptions,
        start: ks::InitialDensity,
        args: &Args,
    ) -> Result<Run> {
        let span = args.span;
        let (device, system, compiled) = (self.options.device, system.clone(), ready.traced.compiled.clone());
        let scf = scf.clone();
        let params = ready.parameters.to_vec();
        // On many points a single iteration takes long.
        let run = self.unless_stopped(span, move |control| {
            ks::solve(device, &system, &compiled, &params, &scf, &start, control)
        })?;
        let mut run = run.or_else(|error| fail(Placed::new(error, span, "in this calculation"), span))?;
        self.check_interrupt(span)?;
        let warnings = std::mem::take(&mut run.warnings);
        if let Some(KsWarning::NotConverged { advice, .. }) = warnings.first().filter(|_| self.options.strict) {
            let (system, residual, iterations) = (run.system.label.clone(), run.residual, run.iterations);
            let advice = advice.clone();
            return fail(TrustError::NotConverged { system, residual, iterations, advice, span }, span);
        }
        for warning in self.judge(&run, warnings, span) {
            use KsWarning::{AtEdge, DecayingMixing, Unbound};
            let place = match (&warning, args.get("tolerance"), args.get("mixing")) {
                (DecayingMixing { .. }, Some(arg), _) | (DecayingMixing { .. }, _, Some(arg)) => arg.span,
                _ => span,
            };
            let once = matches!(warning, DecayingMixing { .. } | Unbound { .. } | AtEdge { .. });
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

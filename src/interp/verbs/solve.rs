//! Solves systems: Kohn-Sham calculations and exact answers.

use super::fits::Met;
use super::task::{Runs, Task, TaskError, each, key_of};
use super::{corrected, exact_functional, orbital_free, scf};
use crate::control::Control;
use crate::data::ContentKey;
use crate::interp::Interpreter;
use crate::interp::call::{
    Args, Builtin, DefaultValue, Param, Style, constant, function, mismatch, named, optional, required, shown,
};
use crate::interp::error::{Advice, Placed, TraceError, TrustError, fail};
use crate::interp::trace::Ready;
use crate::interp::value::model::hash;
use crate::interp::value::scf::PARAMS;
use crate::interp::value::{Model, Operand, Solved, Value};
use crate::ks;
use crate::ks::{InitialDensity, KsError, KsWarning, Run, ScfOptions};
use crate::lang::Kind;
use crate::model::System;
use crate::problem::{Problem, Result};
use crate::source::Span;
use crate::team;
use crate::tensor::Device;
use crate::train::key;
use std::rc::Rc;
use std::sync::Arc;

/// The parameters of `solve`: the system, the functional, and the options of the calculation.
const SOLVE: [Param; 5 + PARAMS.len()] = {
    let mut params = [required("system", SOLVED); 5 + PARAMS.len()];
    params[1] = optional(
        "with",
        &[Kind::Functional, Kind::Model, Kind::Corrected, Kind::ExactFunctional],
        DefaultValue::Absent("none"),
    )
    .about("exchange and correlation; only with `kinetic:`, for electrons that do not interact, it may be left out");
    params[3 + PARAMS.len()] = named("kinetic", &[Kind::Functional, Kind::Model], DefaultValue::Absent("orbitals"))
        .about("a kinetic functional: then there are no orbitals, and the energy is minimised over the density");
    params[4 + PARAMS.len()] = named("projected", &[Kind::Basis], DefaultValue::Absent("all densities")).about(
        "with `kinetic:`, among which densities the energy is minimised: `principal(samples, neighbours: 30, dimensions: 5)`, for a \
         functional that has learned from samples",
    );
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
pub(super) const BROKEN_SPIN: &str = "broken_spin";

/// A system, or a value that has one; or a list of these.
pub(super) const SOLVED: &[Kind] = &[Kind::System, Kind::Reference, Kind::Run, Kind::List];

/// Functions of a system.
pub const ANSWERS: &[Builtin] = &[
    function(
        "solve",
        &SOLVE,
        &[Kind::Run, Kind::List],
        "the Kohn-Sham calculation of a system (or that of a reference) with a functional or model: a run. For a list, a list \
         of runs, calculated side by side. A model \
         comes with the options it was trained with; with `linear(…)` and no `tolerance:` it does exactly `iterations` (30). With \
         `kinetic:`, a calculation without orbitals: the density that minimises the energy",
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
];

fn solve(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let Some(each) = each(interp, args, "system")? else {
        let task = task(interp, args, 1)?;
        return interp.done(args, task).map(|found| Value::Run(Rc::new(found)));
    };
    let count = each.len();
    let tasks = each.into_iter().map(|args| task(interp, &args, count).map(|task| (args, task)));
    let tasks = tasks.collect::<Result<Vec<_>>>()?;
    interp.all_done(tasks, args.span)
}

/// What `solve` does for one system of `count`.
fn task(interp: &mut Interpreter, args: &Args, count: usize) -> Result<Task> {
    let system = system_of(args, "system")?;
    let together = count.min(rayon::current_num_threads()).max(1) as u64;
    if args.has("kinetic") {
        return orbital_free::task(interp, args, &system, together);
    }
    if args.has("projected") {
        let message = "`projected:` is for calculations without orbitals, with `kinetic:`";
        return args.wrong(args.span_of("projected"), message, Some("leave it out".into()));
    }
    if exact_functional::given(args, "with") {
        return exact_functional::task(interp, args, &system, together);
    }
    if let Value::Corrected(of) = &args.arg("with")?.value {
        return corrected::task(interp, args, of, together);
    }
    let with = args.arg("with")?.value.clone();
    kohn_sham(interp, args, &with, together)
}

/// A calculation with a functional or model, of which `together` are done at a time.
pub(super) fn kohn_sham(interp: &mut Interpreter, args: &Args, with: &Value, together: u64) -> Result<Task> {
    let system = system_of(args, "system")?;
    let ready = interp.ready(Operand::new(with, args.span_of("with")), "`with`")?;
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
    if ready.traced.compiled.exchange {
        let given: Vec<&str> = PARAMS.iter().map(|param| param.name).filter(|name| args.has(name)).collect();
        if let Some(message) = scf::without_iterations(&ready.name, &given) {
            let span = args.span;
            interp.warn_with(Problem::new(Advice::Note { message, span }, span), true);
        }
        scf = ks::ScfOptions { tolerance: Some(scf.tolerance.unwrap_or(ScfOptions::TOLERANCE)), ..scf };
    }
    let broken = matches!(args.get("start").map(|arg| &arg.value), Some(Value::Str(word)) if **word == *BROKEN_SPIN);
    if scf.symmetric && broken {
        if args.has("symmetric") {
            let message = "`symmetric: true` gives both spins symmetric densities, which `broken_spin` is to avoid";
            return args.wrong(args.span_of("start"), message, Some("leave out one of them".into()));
        }
        scf.symmetric = false;
    }
    let start = interp.prepared(&system, &ready, &scf, args, together)?;
    let members = interp.committee_members(&ready, args.span_of("with"))?;
    let (device, own) = (interp.options.device, calculated(&ready));
    let others: Vec<_> = members.iter().map(calculated).collect();
    let key = interp.shared_key(|| {
        let key = key_of("orbitals", device, &system, &scf, Some(&start));
        std::iter::once(&ready).chain(&members).fold(key, functional_key)
    });
    let of = system.clone();
    let work = move |control: &dyn Control| -> Runs {
        // On many points a single iteration takes long.
        let first = own(device, &system, &scf, &start, control)?;
        // Those of the members begin with its density.
        let start = InitialDensity::Given(first.density.clone());
        let (system, scf, start) = (&system, &scf, &start);
        // Only their results are compared.
        let alone = |run: Run| Run { densities: Vec::new(), ..run };
        let jobs = others.into_iter().map(|one| move || one(device, system, scf, start, control).map(alone)).collect();
        let others = team::all_side_by_side(jobs);
        std::iter::once(Ok(first))
            .chain(others)
            .collect::<std::result::Result<Vec<Run>, KsError>>()
            .map_err(TaskError::from)
    };
    let with = with.clone();
    Ok(Task::new(key, of, work, move |interp, args, runs| {
        let mut runs = settled(interp, args, runs)?.into_iter();
        let run = only(runs.by_ref().take(1).collect(), args)?;
        let members: Vec<Run> = runs.collect();
        let committee = committee_id(&ready);
        let arrays = ready.traced.compiled.graph.params.as_slice().into();
        let weights = ready.functional.weights().into();
        let kinetic = Value::Nothing;
        Ok(Solved { run, with, kinetic, arrays, parameters: ready.parameters, members, weights, committee })
    }))
}

/// Adds a functional with its parameters to the key of a calculation.
pub(super) fn functional_key(key: ContentKey, ready: &Ready) -> ContentKey {
    let compiled = &ready.traced.compiled;
    key::functional(key, compiled).integer(compiled.exchange.into()).numbers(&ready.parameters).text(&ready.name)
}

/// The calculation with a functional, plain data.
fn calculated(
    ready: &Ready,
) -> impl FnOnce(Device, &Arc<System>, &ScfOptions, &InitialDensity, &dyn Control) -> std::result::Result<Run, KsError>
+ Send
+ use<> {
    let (compiled, params, functional) = (ready.traced.compiled.clone(), ready.parameters.to_vec(), ready.name.clone());
    move |device, system, scf, start, control| {
        let run = ks::solve(device, system, &compiled, &params, scf, start, control)?;
        Ok(Run { functional, ..run })
    }
}

/// Runs whose warnings are told; an error at its place.
pub(super) fn settled(interp: &mut Interpreter, args: &Args, runs: Runs) -> Result<Vec<Run>> {
    let span = args.span;
    let runs = match runs {
        Ok(runs) => runs,
        Err(TaskError::Solve(error)) => return fail(Placed::new(error, span, "in this calculation"), span),
        Err(TaskError::Functional(error)) => return exact_functional::failed(error, args, "system"),
    };
    interp.check_interrupt(span)?;
    runs.into_iter().map(|run| interp.settled(run, args)).collect()
}

/// The run of a calculation that has a single one.
pub(super) fn only(runs: Vec<Run>, args: &Args) -> Result<Run> {
    runs.into_iter().next().map_or_else(|| args.wrong(args.span, "the calculation has no result", None), Ok)
}

/// The initial density of `solve`.
pub(super) fn start_of(args: &Args, system: &System) -> Result<InitialDensity> {
    let Some(given) = args.get("start") else { return Ok(InitialDensity::NonInteracting) };
    let (grid, density) = match &given.value {
        Value::Str(word) if **word == *BROKEN_SPIN => return Ok(InitialDensity::BrokenSpin),
        Value::Str(word) if **word == *NON_INTERACTING => return Ok(InitialDensity::NonInteracting),
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
    Ok(InitialDensity::Given([scaled(first, up), scaled(second, down)]))
}

/// `stability(run)`.
fn stability(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let span = args.span;
    let Value::Run(solved) = &args.arg("run")?.value else { return args.mismatch("run", "a run", None) };
    let solved = solved.clone();
    if solved.orbital_free.is_some() {
        let message = format!("the run with `{}` has no orbitals that could be rotated", solved.run.functional);
        let help =
            "it is the end of a minimisation over the density: `start:` another one to see whether there are others";
        return args.wrong(args.span_of("run"), message, Some(help.into()));
    }
    if !solved.has_energy {
        let (functional, span) = (solved.functional.clone(), args.span_of("run"));
        return fail(TraceError::NoEnergy { functional, span }, span);
    }
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
    let Some(stable) = found.stable() else {
        let unknown = KsError::Stability { system: solved.system.label.clone() };
        return fail(Placed::new(unknown, span, "in this analysis"), span);
    };
    Ok(Value::record([
        ("stable", Value::Bool(stable)),
        ("lowest_eigenvalue", Value::energy(found.lowest)),
        ("breaks_spin", Value::Bool(!stable && found.breaks_spin)),
    ]))
}

/// The system of an argument: itself, or that of a reference or run.
pub(super) fn system_of(args: &Args, name: &str) -> Result<Arc<System>> {
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

/// Which committee, by its members and their weights: numbers that come from the same one vary together.
fn committee_id(ready: &Ready) -> u64 {
    let (members, weights) = (ready.functional.committee(), ready.functional.weights());
    let word = |(member, weight): (&Rc<Model>, &f64)| {
        format!("{} {} {weight:?}", member.functional.label(), hash(&member.parameters))
    };
    let words: Vec<String> = members.iter().zip(&weights).map(word).collect();
    ContentKey::new("committee").text(&words.join("\n")).number()
}

impl Interpreter {
    /// The members of a committee; none if it is not one.
    fn committee_members(&mut self, ready: &Ready, span: Span) -> Result<Vec<Ready>> {
        let members = ready.functional.committee();
        if members.len() < 2 {
            return Ok(Vec::new());
        }
        members.into_iter().map(|member| self.ready(Operand::new(&Value::Model(member), span), "a member")).collect()
    }

    /// Checks that a calculation is possible; the density with which it begins.
    fn prepared(
        &mut self,
        system: &Arc<System>,
        ready: &Ready,
        scf: &ScfOptions,
        args: &Args,
        together: u64,
    ) -> Result<InitialDensity> {
        let span = args.span;
        self.check_grid(ready, &system.grid, args.arg("system")?.span)?;
        self.check_kinetic(ready, span)?;
        self.check_interaction(ready, Met::in_system(system), args.arg("with")?.span);
        let compiled = &ready.traced.compiled;
        let (points, spins) = (system.grid.points, if system.closed_shell() { 1 } else { 2 });
        // Without a tape, a part of it at a time; and the density of every iteration is kept.
        let bytes = (compiled.tape_bytes(points, spins)[1] / 4) as u64;
        let densities = 8 * (points as u64).saturating_mul(scf.iterations as u64);
        self.afford(together.saturating_mul(bytes.saturating_add(densities)), "this calculation", span)?;
        start_of(args, system)
    }

    /// A run whose warnings are told.
    ///
    /// # Errors
    /// It did not converge, and that is an error here.
    fn settled(&mut self, mut run: Run, args: &Args) -> Result<Run> {
        let span = args.span;
        let warnings = std::mem::take(&mut run.warnings);
        if let Some(KsWarning::NotConverged { advice, .. }) = warnings.first().filter(|_| self.options.strict) {
            let (system, residual, iterations) = (run.system.label.clone(), run.residual, run.iterations);
            let advice = advice.clone();
            return fail(TrustError::NotConverged { system, residual, iterations, advice, span }, span);
        }
        let mixing = args.get("tolerance").or(args.get("mixing")).map(|arg| arg.span);
        self.judge(&run, warnings, span, mixing);
        Ok(run)
    }
}

//! A calculation of `solve` as a task: what is done on any thread, and what is made of the runs then. Tasks of a list are done side by side.

use super::solve::system_in;
use crate::control::{Control, Event};
use crate::data::{ContentKey, keep, recall};
use crate::exact::functional::FunctionalError;
use crate::interp::Interpreter;
use crate::interp::call::Args;
use crate::interp::error::{RunError, fail};
use crate::interp::value::{Solved, Value};
use crate::ks::{self, InitialDensity, KsError, Run, ScfOptions};
use crate::model::System;
use crate::problem::Result;
use crate::source::Span;
use crate::team;
use crate::tensor::Device;
use crate::together::{Outcome, Queue, Turn, Unit};
use crate::train::key;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Why a calculation has no runs.
pub(super) enum TaskError {
    /// Of Kohn-Sham iterations, or of a minimisation over the density.
    Solve(KsError),
    /// Of the exact functional.
    Functional(FunctionalError),
}

impl From<KsError> for TaskError {
    fn from(error: KsError) -> Self {
        TaskError::Solve(error)
    }
}

/// The runs of a calculation: with a functional one, with a committee also that of every member.
pub(super) type Runs = std::result::Result<Vec<Run>, TaskError>;

type Work = Box<dyn FnOnce(&dyn Control) -> Runs + Send>;
type Finish = Box<dyn FnOnce(&mut Interpreter, &Args, Runs) -> Result<Solved>>;

/// A calculation that has been checked and can begin.
pub(super) struct Task {
    /// All that the runs depend on; nothing if they are not shared.
    key: Option<ContentKey>,
    system: Arc<System>,
    work: Work,
    finish: Finish,
    /// Whether the work tells its progress and looks for an interruption often.
    in_place: bool,
}

impl Task {
    /// For a system: all that the runs depend on, if they are shared, what is done on any thread, and what is made of the runs.
    pub fn new(
        key: Option<ContentKey>,
        system: Arc<System>,
        work: impl FnOnce(&dyn Control) -> Runs + Send + 'static,
        finish: impl FnOnce(&mut Interpreter, &Args, Runs) -> Result<Solved> + 'static,
    ) -> Self {
        Self { key, system, work: Box::new(work), finish: Box::new(finish), in_place: false }
    }

    /// The same task, with something more made of its result.
    pub fn then(self, next: impl FnOnce(&mut Interpreter, &Args, Solved) -> Result<Solved> + 'static) -> Self {
        let Self { key, system, work, finish, in_place } = self;
        let finish = Box::new(move |interp: &mut Interpreter, args: &Args, runs: Runs| {
            let solved = finish(interp, args, runs)?;
            next(interp, args, solved)
        });
        Self { key, system, work, finish, in_place }
    }

    /// The same task, whose work tells its progress and looks often whether it is interrupted.
    pub fn in_place(self) -> Self {
        Self { in_place: true, ..self }
    }
}

/// The key of a calculation of a system, without that of its functional. Change the version when the same calculation gives another result.
pub(super) fn key_of(
    kind: &str,
    device: Device,
    system: &System,
    scf: &ScfOptions,
    start: Option<&InitialDensity>,
) -> ContentKey {
    let key = ContentKey::new("ksr solve 1").text(env!("CARGO_PKG_VERSION")).text(kind).text(device.name());
    // The label is in warnings.
    let charges: Vec<f64> = system.nuclei.iter().map(|nucleus| nucleus.charge).collect();
    let key = key::system(key, system).text(&system.label).numbers(&[system.nuclear_repulsion]).numbers(&charges);
    let key = key.text(&scf.content()).text(&format!("{:?} {}", scf.threshold, scf.remedies));
    match start {
        None => key.text("none"),
        Some(InitialDensity::NonInteracting) => key.text("non-interacting"),
        Some(InitialDensity::BrokenSpin) => key.text("broken spin"),
        Some(InitialDensity::Given([up, down])) => key.text("given").numbers(up).numbers(down),
    }
}

/// Control of one piece of work among others: its own progress is not told.
pub(super) struct Muted<'a>(pub &'a dyn Control);

impl Control for Muted<'_> {
    fn report(&self, event: Event) {
        if let Event::Trouble(_) = event {
            self.0.report(event);
        }
    }
    fn interrupted(&self) -> bool {
        self.0.interrupted()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The arguments of a call for a list, once for every system in its argument `name`; none if that is not a list.
///
/// # Errors
/// An element has no system.
pub(super) fn each(interp: &mut Interpreter, args: &Args, name: &str) -> Result<Option<Vec<Args>>> {
    if !matches!(args.arg(name)?.value, Value::List(_)) {
        return Ok(None);
    }
    let (items, what) = (args.list(interp, name)?, format!("an element of {}", args.what(name)));
    for item in items.iter() {
        system_in(item, args.span_of(name), &what)?;
    }
    Ok(Some(items.iter().map(|item| args.with(name, item.clone())).collect()))
}

impl Interpreter {
    /// The key of a calculation, if other processes share its result.
    pub(super) fn shared_key(&self, key: impl FnOnce() -> ContentKey) -> Option<ContentKey> {
        self.options.together.is_some().then(key)
    }

    /// Units of work, side by side and with other processes, results in their order; `what` names them where progress is told. A job says
    /// what has become of its unit.
    ///
    /// # Errors
    /// The user stopped it.
    pub(super) fn side_by_side<T, J>(&self, what: &str, jobs: Vec<(Unit, J)>, span: Span) -> Result<Vec<T>>
    where
        T: Send,
        J: FnOnce(&dyn Control) -> (T, Outcome) + Send,
    {
        let (control, total, ended) = (self.control(), jobs.len(), AtomicUsize::new(0));
        let muted = Muted(&control);
        // A single one tells its own progress.
        let heard: &dyn Control = if total == 1 { &control } else { &muted };
        let (units, jobs): (Vec<Unit>, Vec<J>) = jobs.into_iter().unzip();
        let queue = Queue::new(self.options.together.as_deref(), what, units);
        let job = |job: J| {
            |turn: Turn<'_>| {
                let (found, outcome) = job(heard);
                turn.finish(outcome, &control);
                let done = ended.fetch_add(1, Ordering::Relaxed) + 1;
                control.report(Event::Work { what: what.to_owned(), done, total });
                found
            }
        };
        let jobs = jobs.into_iter().map(job).collect();
        let found: Vec<T> = team::side_by_side(jobs, &|| queue.next(&control)).into_iter().flatten().collect();
        if found.len() < total {
            self.check_interrupt(span)?;
            return fail(RunError::Interrupted { span }, span);
        }
        Ok(found)
    }

    /// The result of a task, which can be given up at any moment.
    pub(super) fn done(&mut self, args: &Args, task: Task) -> Result<Solved> {
        let Task { work, finish, in_place, .. } = task;
        let runs = if in_place { work(&self.control()) } else { self.unless_stopped(args.span, work)? };
        finish(self, args, runs)
    }

    /// The results of tasks that are done side by side, a list of runs.
    pub(super) fn all_done(&mut self, tasks: Vec<(Args, Task)>, span: Span) -> Result<Value> {
        let what = format!("solve {} systems", tasks.len());
        let together = self.options.together.clone();
        let (mut jobs, mut rest) = (Vec::with_capacity(tasks.len()), Vec::with_capacity(tasks.len()));
        for (args, Task { key, system, work, finish, .. }) in tasks {
            let key = key.map_or_else(String::new, |key| key.finish());
            let path = together.as_ref().map_or_else(PathBuf::new, |together| together.runs(&key));
            let unit = Unit { key: key.clone(), what: format!("solve {}", system.label), result: path.clone() };
            let others = together.clone();
            let job = move |control: &dyn Control| {
                let known = || ks::recalled(&key, &recall(&path).ok()?, &system);
                if let Some(runs) = others.as_ref().and_then(|_| known()) {
                    return (Ok(runs), Outcome::Shared);
                }
                let found = work(control);
                let outcome = Outcome::of(found.is_ok(), control);
                if let (Some(others), Outcome::Shared, Ok(runs)) = (others, outcome, &found)
                    && let Some(Err(reason)) = ks::kept(&key, runs).map(|bytes| keep(&path, &bytes))
                {
                    others.cannot_share(&reason, control);
                }
                (found, outcome)
            };
            jobs.push((unit, job));
            rest.push((args, finish));
        }
        let found = self.side_by_side(&what, jobs, span)?;
        self.check_interrupt(span)?;
        let mut runs = Vec::with_capacity(found.len());
        for ((args, finish), found) in rest.into_iter().zip(found) {
            runs.push(Value::Run(Rc::new(finish(self, &args, found)?)));
        }
        Ok(Value::list(runs))
    }
}

#[cfg(test)]
mod tests {
    use crate::interp::tests::helpers::{code, interpreter, number, take_lines};

    const HEAD: &str = "use std.functionals\nuse std.kinetic\nuse std.models\ngrid g = uniform(points: 65, spacing: 0.4)\n\
                        system atom(Z, N) on g { nucleus(Z) at 0; electrons: N }\n\
                        let all = [atom(2, 2), atom(3, 3), exact(atom(2, 1)), atom(2.5, 2)]\n";

    /// Side by side or one by one, every bit is the same.
    #[test]
    fn a_list_gives_what_its_elements_give() {
        let methods = [
            "exact(LIST)",
            "exact(LIST, accuracy: 1e-5 hartree)",
            "solve(LIST, with: functionals.lsda)",
            "solve(LIST, with: hartree_fock)",
            "solve(LIST, with: models.h2)",
            "solve(LIST, with: functionals.lsda, kinetic: kinetic.gradient_expansion)",
            "solve(LIST, with: corrected(functionals.lda, by: fn(n) = 0.1 * integral(n)))",
        ];
        for method in methods {
            let (together, one) = (method.replace("LIST", "all"), method.replace("LIST", "s"));
            let script = format!(
                "{HEAD}let a = {together}\nlet b = [{one} for s in all]\n\
                 max([abs(a[k].energy - b[k].energy) / (1 hartree) + max(abs(a[k].density - b[k].density)) for k in 0 .. 3]) + abs(len(a) - 4)"
            );
            assert_eq!(number(&script), 0.0, "{method}");
        }
        let few = format!("{HEAD}let rs = solve([atom(2, 2), atom(1, 1)], with: exact_functional())\n");
        assert!(number(&format!("{few}abs(rs[1].energy - exact(atom(1, 1)).energy) / (1 hartree)")) < 1e-7);
        assert_eq!(number(&format!("{HEAD}len(solve([], with: functionals.lda)) + len(exact([]))")), 0.0);
    }

    /// An error is that of the first system that has one, and a warning is told as for a single one.
    #[test]
    fn errors_and_warnings_of_a_list() {
        assert_eq!(code(&format!("{HEAD}solve([atom(2, 2), 3], with: functionals.lda)")), "ksr::types::mismatch");
        assert_eq!(code(&format!("{HEAD}exact([atom(2, 2), [atom(1, 1)]])")), "ksr::types::mismatch");
        assert_eq!(
            code(&format!("{HEAD}exact([atom(2, 2), atom(2, 30)])")),
            code(&format!("{HEAD}exact(atom(2, 30))"))
        );
        let script =
            format!("{HEAD}solve([atom(2, 2), atom(3, 2)], with: functionals.lda, iterations: 1, mixing: linear(0.1))");
        interpreter().run("test.ksr", &script).expect("runs");
        let lines = take_lines();
        assert!(lines.iter().any(|line| line.contains("converge")), "{lines:?}");
    }
}

//! A whole training run: seeds run side by side, their systems on a team of threads, and the best of all is kept.

use super::evaluate::Prepared;
use super::key::key;
use super::minimised::Minimised;
use super::plan::{Case, Gradient, Plan};
use super::record::{Ending, SeedRecord, Trained, better};
use super::seed::{Context, Halt};
use super::state::SeedState;
use super::unsolved::Unsolved;
use super::verdict;
use super::{Budget, Forecast, Store, TrainError};
use crate::control::{Control, Event, Quiet};
use crate::ks::KsError;
use crate::number::counted;
use crate::team::{Team, with_team};
use crate::tensor::{Device, on_device};
use crate::together::{Outcome, Queue};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

/// Trains. Every seed draws initial parameters, takes the steps of the optimiser and keeps the parameters with the
/// lowest validation loss (without validation: the lowest loss); the best of all seeds is returned. A step whose
/// Kohn-Sham loop diverges is shortened. The results are bitwise identical for any number of threads, and for a run
/// that was interrupted and resumes from its checkpoint.
///
/// # Errors
/// An unavailable device; a plan that cannot be trained; a system that does not fit its options; all seeds failed; an
/// interruption before there was anything to keep.
pub fn train(device: Device, plan: &Plan, store: &Store, control: &dyn Control) -> Result<Trained, TrainError> {
    check(device)?;
    plan.check()?;
    let (forecast, memory) = (Forecast::new(plan), plan.memory.fixed());
    let cases = kept(&forecast, memory, prepare(plan, &plan.cases)?);
    let validation = prepare(plan, &plan.validation)?;
    let warnings = Mutex::new(Vec::new());
    let records = with_team(plan.team(), |team| {
        let job = Job {
            device,
            plan,
            store,
            control,
            cases: &cases,
            validation: &validation,
            key: key(plan, device.name()),
            forecast: &forecast,
            memory,
            memory_told: Once::new(),
            warnings: &warnings,
        };
        job.seeds(&team)
    })??;
    let warnings = warnings.into_inner().unwrap_or_default();
    let mut trained = choose(plan, records, warnings, store.together.is_none(), control)?;
    for record in &mut trained.seeds {
        if let Some(kept) = &record.kept {
            record.unconverged = verdict::unconverged(device, plan, &kept.parameters, control)?;
        }
    }
    trained.concerns.extend(verdict::concerns(device, plan, &trained.best.parameters, control)?);
    Ok(trained)
}

/// The loss of a plan, the mean over its cases, and its gradient at given parameters.
///
/// # Errors
/// An unavailable device, a plan that cannot be trained, a case that does not fit; a value that is not finite.
pub fn evaluate(device: Device, plan: &Plan, params: &[f64]) -> Result<(f64, Vec<f64>), TrainError> {
    with_evaluation(device, plan, |evaluate| evaluate(params))?
}

/// A function of the parameters: loss and gradient.
pub type Evaluation<'a> = dyn Fn(&[f64]) -> Result<(f64, Vec<f64>), TrainError> + 'a;

/// Passes [`evaluate`] to `work`, which may call it many times: cases are prepared and threads started once, as in
/// training.
///
/// # Errors
/// An unavailable device, a plan that cannot be trained, a case that does not fit.
pub fn with_evaluation<R>(
    device: Device,
    plan: &Plan,
    work: impl FnOnce(&Evaluation<'_>) -> R,
) -> Result<R, TrainError> {
    check(device)?;
    plan.check()?;
    let forecast = Forecast::new(plan);
    let cases = kept(&forecast, plan.memory, prepare(plan, &plan.cases)?);
    Ok(with_team(plan.team(), |team| {
        work(&|params| {
            mean_and_gradient((device, &Quiet), &team, &cases, &params.into()).map_err(|halt| match halt {
                Halt::Physics(error) => TrainError::Setup(error),
                Halt::Program(error) => error,
                Halt::Interrupted => TrainError::Interrupted,
            })
        })
    })?)
}

fn check(device: Device) -> Result<(), KsError> {
    device.check().map_err(|cause| KsError::Device { cause })
}

fn prepare<'a>(plan: &'a Plan, cases: &'a [Case]) -> Result<Vec<Ready<'a>>, KsError> {
    let prepare = |case| match plan.gradient {
        Gradient::Unsolved => Unsolved::new(case).map(Ready::Unsolved),
        Gradient::Minimised => Minimised::new(plan, case).map(Ready::Minimised),
        _ => Prepared::new(&plan.functional, case, &plan.scf, plan.gradient).map(Box::new).map(Ready::Solved),
    };
    cases.iter().map(prepare).collect()
}

/// The cases, set to keep as many tapes as fit in memory.
fn kept<'a>(forecast: &Forecast, memory: Budget, mut cases: Vec<Ready<'a>>) -> Vec<Ready<'a>> {
    for (case, kept) in cases.iter_mut().zip(forecast.kept(memory)) {
        if let Ready::Solved(case) = case {
            case.kept = kept;
        }
    }
    cases
}

/// A case that is ready to be evaluated. Threads share it.
#[derive(Debug)]
enum Ready<'a> {
    /// With its Kohn-Sham calculations.
    Solved(Box<Prepared<'a>>),
    /// Without any.
    Unsolved(Unsolved<'a>),
    /// With minimisations over the density.
    Minimised(Minimised<'a>),
}

impl Ready<'_> {
    /// The loss.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    fn loss(&self, device: Device, params: &[f64], control: &dyn Control) -> Result<f64, KsError> {
        match self {
            Ready::Solved(case) => case.loss(device, params, control),
            Ready::Unsolved(case) => {
                on_device!(device, D => case.loss::<D>(params)).map_err(|cause| KsError::Device { cause })?
            }
            Ready::Minimised(case) => {
                on_device!(device, D => case.loss::<D>(params, control)).map_err(|cause| KsError::Device { cause })?
            }
        }
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    fn loss_and_gradient(
        &self,
        device: Device,
        params: &[f64],
        control: &dyn Control,
    ) -> Result<(f64, Vec<f64>), KsError> {
        match self {
            Ready::Solved(case) => case.loss_and_gradient(device, params, control),
            Ready::Unsolved(case) => on_device!(device, D => case.loss_and_gradient::<D>(params))
                .map_err(|cause| KsError::Device { cause })?,
            Ready::Minimised(case) => on_device!(device, D => case.loss_and_gradient::<D>(params, control))
                .map_err(|cause| KsError::Device { cause })?,
        }
    }
}

/// Everything that the seeds of a training run share.
struct Job<'env> {
    device: Device,
    plan: &'env Plan,
    store: &'env Store,
    control: &'env dyn Control,
    cases: &'env [Ready<'env>],
    validation: &'env [Ready<'env>],
    key: String,
    forecast: &'env Forecast,
    /// The budget in bytes.
    memory: Budget,
    /// Reports once what does not fit into the budget.
    memory_told: Once,
    warnings: &'env Mutex<Vec<String>>,
}

/// Control that is also interrupted when a fault has ended the training.
struct Until<'a> {
    control: &'a dyn Control,
    ended: &'a AtomicBool,
}

impl Control for Until<'_> {
    fn report(&self, event: Event) {
        self.control.report(event);
    }
    fn interrupted(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.control.interrupted()
    }
    fn elapsed(&self) -> Duration {
        self.control.elapsed()
    }
}

impl<'env> Job<'env> {
    /// Trains all seeds, as many at a time as there are threads; records are in the order of the plan.
    fn seeds(&self, team: &Team<'env>) -> Result<Vec<SeedRecord>, TrainError> {
        let seeds = &self.plan.seeds;
        let (name, steps) = (&self.plan.functional.name, self.plan.optimizer.steps());
        let units = seeds.iter().map(|seed| self.store.unit(name, &self.key, *seed, steps)).collect();
        let together = self.store.together.as_deref();
        let queue = Queue::new(together, &format!("train {name}, {}", counted(seeds.len(), "seed")), units);
        let (ended, done) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
        let at_a_time = self.plan.team().clamp(1, seeds.len());
        self.tell(0, None);
        std::thread::scope(|scope| {
            for _ in 0..at_a_time {
                let (team, queue, ended, done) = (team.clone(), &queue, &ended, &done);
                scope.spawn(move || {
                    let until = Until { control: self.control, ended };
                    while let Some((k, turn)) = queue.next(&until) {
                        let record = self.seed(&team, seeds[k]);
                        let failed = record.is_err();
                        turn.finish(Outcome::of(!failed, self.control), self.control);
                        if let Ok(mut done) = done.lock() {
                            self.tell(done.len() + 1, record.as_ref().ok());
                            done.insert(seeds[k], record);
                        }
                        if failed || self.control.interrupted() {
                            // The others end too: a fault affects every seed.
                            ended.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let mut done = done.into_inner().map_err(|_| TrainError::Worker)?;
        seeds.iter().filter_map(|seed| done.remove(seed)).collect()
    }

    /// Reports the progress of an ensemble.
    fn tell(&self, done: usize, last: Option<&SeedRecord>) {
        let total = self.plan.seeds.len();
        if total > 1 {
            self.control.report(Event::Ensemble { done, total, last: last.map(SeedRecord::end) });
        }
    }

    /// Reports what does not fit into the budget, once training has started.
    fn tell_memory(&self) {
        let counted = match self.plan.memory {
            Budget::Automatic if !self.device.on_host() => {
                ", half of the computer's free memory (the device's own is not known)"
            }
            _ => "",
        };
        if let Some(sentence) = self.forecast.repeated(self.memory, counted) {
            self.control.report(Event::Message(sentence));
        }
        self.forecast.too_small(self.memory, counted).into_iter().for_each(|sentence| self.warn(sentence));
    }

    /// Keeps a warning, once.
    fn warn(&self, message: String) {
        if let Ok(mut warnings) = self.warnings.lock()
            && !warnings.contains(&message)
        {
            warnings.push(message);
        }
    }

    fn seed(&self, team: &Team<'env>, seed: u64) -> Result<SeedRecord, TrainError> {
        let interrupted = || if self.control.interrupted() { Err(Halt::Interrupted) } else { Ok(()) };
        let evaluate = |params: &[f64]| {
            interrupted()?;
            self.memory_told.call_once(|| self.tell_memory());
            mean_and_gradient((self.device, self.control), team, self.cases, &params.into())
        };
        let validate = |params: &[f64]| {
            interrupted()?;
            mean((self.device, self.control), team, self.validation, &params.into())
        };
        let specs = self.plan.functional.graph.params.iter();
        let free: Vec<bool> = specs.flat_map(|spec| vec![spec.bounds.is_none(); spec.len()]).collect();
        let context = Context {
            key: &self.key,
            free: &free,
            optimizer: &self.plan.optimizer,
            validated: !self.validation.is_empty(),
            validate_every: self.plan.validate_every,
            snapshots: self.plan.snapshots,
            checkpoint_every: self.plan.checkpoint_every,
            store: self.store,
            control: self.control,
            evaluate: &evaluate,
            validate: &validate,
            warn: &|message| self.warn(message),
        };
        SeedState::run(&context, seed, || self.plan.start(seed))
    }
}

/// Mean loss over the cases and its gradient, summed in the order of the cases.
fn mean_and_gradient<'env>(
    (device, control): (Device, &'env dyn Control),
    team: &Team<'env>,
    cases: &'env [Ready<'env>],
    params: &Arc<[f64]>,
) -> Result<(f64, Vec<f64>), Halt> {
    let shared = params.clone();
    let found = team
        .map(cases.len(), move |i| cases[i].loss_and_gradient(device, &shared, control))
        .map_err(|died| Halt::Program(died.into()))?;
    let weight = 1.0 / cases.len() as f64;
    let (mut loss, mut gradient) = (0.0, vec![0.0; params.len()]);
    for found in found {
        let (value, slope) = found?;
        loss += weight * value;
        gradient.iter_mut().zip(&slope).for_each(|(sum, slope)| *sum += weight * slope);
    }
    Ok((loss, gradient))
}

/// Mean loss over the cases.
fn mean<'env>(
    (device, control): (Device, &'env dyn Control),
    team: &Team<'env>,
    cases: &'env [Ready<'env>],
    params: &Arc<[f64]>,
) -> Result<f64, Halt> {
    let shared = params.clone();
    let found = team
        .map(cases.len(), move |i| cases[i].loss(device, &shared, control))
        .map_err(|died| Halt::Program(died.into()))?;
    let losses: Vec<f64> = found.into_iter().collect::<Result<_, _>>()?;
    Ok(losses.iter().sum::<f64>() / cases.len() as f64)
}

/// The best of all seeds.
fn choose(
    plan: &Plan,
    seeds: Vec<SeedRecord>,
    warnings: Vec<String>,
    alone: bool,
    control: &dyn Control,
) -> Result<Trained, TrainError> {
    let interrupted =
        seeds.iter().any(|record| record.outcome == Ending::Interrupted) || seeds.len() < plan.seeds.len();
    let best = seeds
        .iter()
        .filter_map(|record| record.kept.as_ref().map(|kept| (record.seed, kept)))
        .reduce(|best, next| if better(next.1, best.1) { next } else { best });
    let Some((seed, kept)) = best else {
        if interrupted {
            return Err(TrainError::Interrupted);
        }
        return Err(all_failed(&plan.functional.name, &seeds));
    };
    let (read, name) = (seeds.iter().filter(|record| record.reused).count(), &plan.functional.name);
    let reused = read == seeds.len();
    // Among others, what was read may have been trained a moment ago.
    if alone && reused {
        control.report(Event::Message(format!("`{name}` has been trained before: its parameters are reused")));
    } else if alone && read > 0 {
        let message = format!(
            "{read} of {} of `{name}` {} been trained before and {} reused",
            counted(seeds.len(), "seed"),
            if read == 1 { "has" } else { "have" },
            if read == 1 { "is" } else { "are" }
        );
        control.report(Event::Message(message));
    }
    Ok(Trained { best: kept.clone(), seed, interrupted, reused, warnings, concerns: Vec::new(), seeds })
}

/// The error if no seed gave a model: that of the first seed, with advice if all of them have some.
fn all_failed(functional: &str, seeds: &[SeedRecord]) -> TrainError {
    let advised = |record: &SeedRecord| matches!(record.outcome, Ending::Failed { advice: Some(_), .. });
    let known = seeds.iter().all(advised);
    let seed = seeds.first().map_or(0, |record| record.seed);
    let (cause, place, advice) = match seeds.first() {
        Some(SeedRecord { outcome: Ending::Failed { cause, place, advice }, .. }) => {
            (cause.clone(), *place, advice.clone().filter(|_| known))
        }
        Some(record) => (record.end().outcome, None, None),
        None => ("there is no seed".to_owned(), None, None),
    };
    let advice = advice.unwrap_or_else(|| TOO_LARGE.to_owned());
    TrainError::AllFailed { functional: functional.to_owned(), seed, cause, place, advice }
}

/// Advice for a functional whose first evaluation fails.
const TOO_LARGE: &str = "the initial parameters may be too large: look at `energy(f, n)` of the untrained functional, lower the \
                         mixing, or try other `seeds`";

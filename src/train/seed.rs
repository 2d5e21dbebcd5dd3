//! The training of one seed, from initial parameters or a checkpoint, step by step, to its record.

use super::optimizer::{Memory, Optimizer};
use super::record::{Ending, Kept, SeedRecord, Step, Unjudged, better};
use super::state::{End, SeedState};
use super::step::{Point, Stepped};
use super::{Store, TrainError};
use crate::control::{Control, Event};
use crate::ks::KsError;

/// Loss and gradient at given parameters.
pub(crate) type Evaluate<'a> = dyn Fn(&[f64]) -> Result<(f64, Vec<f64>), Halt> + Sync + 'a;

/// What a seed is trained with.
pub(crate) struct Context<'a> {
    /// Content key of the training run.
    pub key: &'a str,
    /// For each parameter whether it has no bounds.
    pub free: &'a [bool],
    pub optimizer: &'a Optimizer,
    /// Whether there are validation systems.
    pub validated: bool,
    /// Steps between validations.
    pub validate_every: usize,
    /// How many steps to keep.
    pub snapshots: usize,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
    pub store: &'a Store,
    pub control: &'a dyn Control,
    /// Loss and gradient.
    pub evaluate: &'a Evaluate<'a>,
    /// Validation loss.
    pub validate: &'a (dyn Fn(&[f64]) -> Result<f64, Halt> + Sync),
    /// Receives warnings about problems that do not affect the result.
    pub warn: &'a (dyn Fn(String) + Sync),
}

/// Why an evaluation has no result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Halt {
    /// An error in the physics or on the device.
    Physics(KsError),
    /// The user stopped it.
    Interrupted,
    /// A fault in the program.
    Program(TrainError),
}

impl From<KsError> for Halt {
    fn from(error: KsError) -> Self {
        match error {
            KsError::Interrupted { .. } => Self::Interrupted,
            other => Self::Physics(other),
        }
    }
}

impl SeedState {
    /// Steps `seed` until it ends, from its checkpoint if there is one.
    ///
    /// # Errors
    /// A fault that affects every seed, of the device or the program.
    pub fn run(context: &Context<'_>, seed: u64, initial: impl FnOnce() -> Vec<f64>) -> Result<SeedRecord, TrainError> {
        let steps = context.optimizer.steps();
        let stored = context.store.read(context.key, seed, steps, context.free.len(), &context.warn);
        if let Some(state) = stored.as_ref().filter(|state| state.outcome.is_some()) {
            return Ok(state.clone().record(true));
        }
        let mut state = match stored {
            Some(state) => {
                let message = format!("seed {seed} resumes from its checkpoint at step {}", state.step);
                context.control.report(Event::Message(message));
                state
            }
            None => match Self::begin(context, seed, initial())? {
                Ok(state) => state,
                Err(record) => return Ok(record),
            },
        };
        while state.outcome.is_none() {
            match state.advance(context) {
                Ok(()) => {}
                Err(Halt::Interrupted) => {
                    state.checkpoint(context);
                    state.outcome = Some(Ending::Interrupted);
                    return Ok(state.record(false));
                }
                Err(Halt::Physics(error)) => return Err(TrainError::Setup(error)),
                Err(Halt::Program(error)) => {
                    // Only this seed fails; the others continue.
                    state.outcome = Some(Ending::broken(&error));
                    return Ok(state.record(false));
                }
            }
        }
        state.checkpoint(context);
        Ok(state.record(false))
    }

    /// The state at the initial parameters, or the record of a seed that failed or was stopped there.
    fn begin(context: &Context<'_>, seed: u64, parameters: Vec<f64>) -> Result<Result<Self, SeedRecord>, TrainError> {
        let ended = |outcome| SeedRecord {
            seed,
            outcome,
            kept: None,
            runners_up: Vec::new(),
            evaluations: 0,
            history: vec![],
            unjudged: Unjudged::default(),
            unconverged: None,
            reused: false,
        };
        match (context.evaluate)(&parameters) {
            Ok((loss, gradient)) => {
                let mut state = Self {
                    seed,
                    step: 0,
                    evaluations: 1,
                    point: Point { parameters, loss, gradient },
                    memory: Memory::default(),
                    kept: None,
                    runners_up: Vec::new(),
                    history: Vec::new(),
                    outcome: None,
                    unjudged: Unjudged::default(),
                    end: None,
                };
                match state.take_stock(context) {
                    Ok(()) => Ok(Ok(state)),
                    Err(Halt::Interrupted) => Ok(Err(ended(Ending::Interrupted))),
                    Err(Halt::Physics(error)) => Err(TrainError::Setup(error)),
                    Err(Halt::Program(error)) => Ok(Err(ended(Ending::broken(&error)))),
                }
            }
            Err(Halt::Physics(error)) if error.diverged() => Ok(Err(ended(Ending::failed(&error)))),
            Err(Halt::Physics(error)) => Err(TrainError::Setup(error)),
            Err(Halt::Interrupted) => Ok(Err(ended(Ending::Interrupted))),
            Err(Halt::Program(error)) => Ok(Err(ended(Ending::broken(&error)))),
        }
    }

    /// One step, with validation and checkpoint if they are due. An error leaves the state unchanged.
    fn advance(&mut self, context: &Context<'_>) -> Result<(), Halt> {
        if self.step >= context.optimizer.steps() {
            return self.finish(context, Ending::Finished);
        }
        if self.stalled(context) {
            return self.finish(context, Ending::Stalled);
        }
        let before = self.clone();
        let result = self.step_once(context);
        if result.is_err() {
            *self = before;
        }
        result
    }

    /// Whether nothing better was found for as long as the optimiser is patient. Where validation chooses, only a step that was
    /// validated can tell.
    fn stalled(&self, context: &Context<'_>) -> bool {
        let Some(patience) = context.optimizer.patience() else { return false };
        let judged = !context.validated || self.step.is_multiple_of(context.validate_every.max(1));
        let best = self.kept.as_ref().map_or(0, |kept| kept.step);
        judged && self.step - best >= patience
    }

    fn step_once(&mut self, context: &Context<'_>) -> Result<(), Halt> {
        let mut evaluations = 0;
        let mut objective = |parameters: &[f64]| {
            evaluations += 1;
            match (context.evaluate)(parameters) {
                Ok(found) => Ok(Some(found)),
                Err(Halt::Physics(error)) if error.diverged() => Ok(None),
                Err(halt) => Err(halt),
            }
        };
        let stepped = self.memory.step(context.optimizer, &self.point, context.free, &mut objective)?;
        self.evaluations += evaluations;
        match stepped {
            Stepped::To(point) => self.point = point,
            Stepped::Flat => return self.finish(context, Ending::Flat),
            Stepped::Converged => return self.finish(context, Ending::Converged),
        }
        self.step += 1;
        self.take_stock(context)?;
        if self.step.is_multiple_of(context.checkpoint_every.max(1)) {
            self.checkpoint(context);
        }
        Ok(())
    }

    /// Records the step just done: validation if due, the best so far, history, progress.
    fn take_stock(&mut self, context: &Context<'_>) -> Result<(), Halt> {
        let validation = match self.due(context).then(|| self.validation(context)).transpose()? {
            Some(End::Loss(loss)) => Some(loss),
            Some(End::Unjudged(cause)) => {
                self.unjudged.add(&cause);
                None
            }
            None => None,
        };
        let candidate = self.candidate(validation);
        self.keep(candidate, context);
        let gradient_norm = self.point.gradient_norm();
        self.history.push(Step { step: self.step, loss: self.point.loss, gradient_norm, validation });
        self.report(context, validation);
        Ok(())
    }

    /// Keeps a step if it is the best one, or one of the best if several are to be kept and it is one that may be.
    fn keep(&mut self, candidate: Kept, context: &Context<'_>) {
        let regular = self.step.is_multiple_of(context.validate_every.max(1));
        let listed = context.snapshots > 1 && if context.validated { candidate.validation.is_some() } else { regular };
        let loser = match &self.kept {
            Some(best) if !better(&candidate, best) => Some(candidate),
            _ => self.kept.replace(candidate),
        };
        if let Some(loser) = loser.filter(|_| listed) {
            let place = self.runners_up.iter().position(|other| better(&loser, other));
            self.runners_up.insert(place.unwrap_or(self.runners_up.len()), loser);
            self.runners_up.truncate(context.snapshots - 1);
        }
    }

    /// Whether the point is to be validated, wherever the run ends.
    fn due(&self, context: &Context<'_>) -> bool {
        context.validated && self.step.is_multiple_of(context.validate_every.max(1))
    }

    /// Ends the seed; the last point is validated if it has not been.
    fn finish(&mut self, context: &Context<'_>, outcome: Ending) -> Result<(), Halt> {
        if context.validated && !self.due(context) {
            let end = self.validation(context)?;
            self.report(context, if let End::Loss(loss) = end { Some(loss) } else { None });
            self.end = Some(end);
        }
        self.outcome = Some(outcome);
        Ok(())
    }

    /// The validation of the point.
    fn validation(&self, context: &Context<'_>) -> Result<End, Halt> {
        match (context.validate)(&self.point.parameters) {
            Ok(value) => Ok(End::Loss(value)),
            Err(Halt::Physics(error)) if error.diverged() => Ok(End::Unjudged(error.to_string())),
            Err(halt) => Err(halt),
        }
    }

    fn candidate(&self, validation: Option<f64>) -> Kept {
        Kept { step: self.step, loss: self.point.loss, validation, parameters: self.point.parameters.clone() }
    }

    fn report(&self, context: &Context<'_>, validation: Option<f64>) {
        context.control.report(Event::Step {
            seed: self.seed,
            step: self.step,
            steps: context.optimizer.steps(),
            loss: self.point.loss,
            gradient_norm: self.point.gradient_norm(),
            validation,
        });
    }

    fn checkpoint(&self, context: &Context<'_>) {
        if let Err(trouble) = context.store.write(context.key, context.optimizer.steps(), self) {
            (context.warn)(format!("the checkpoint could not be written: {trouble}"));
        }
    }

    fn record(mut self, reused: bool) -> SeedRecord {
        match &self.end {
            Some(End::Loss(loss)) => {
                let last = self.candidate(Some(*loss));
                if self.kept.as_ref().is_none_or(|best| better(&last, best)) {
                    self.kept = Some(last);
                }
                if let Some(step) = self.history.last_mut() {
                    step.validation = Some(*loss);
                }
            }
            Some(End::Unjudged(cause)) => self.unjudged.add(cause),
            None => {}
        }
        SeedRecord {
            seed: self.seed,
            outcome: self.outcome.unwrap_or(Ending::Interrupted),
            kept: self.kept,
            runners_up: self.runners_up,
            evaluations: self.evaluations,
            history: self.history,
            unjudged: self.unjudged,
            unconverged: None,
            reused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Quiet;

    #[test]
    fn the_last_point_of_a_flat_training_is_validated() {
        let evaluate = |p: &[f64]| Ok((p[0] * p[0], vec![2.0 * p[0]]));
        let validate = |p: &[f64]| Ok(p[0].abs());
        let context = Context {
            key: "key",
            free: &[true],
            optimizer: &Optimizer::default(),
            validated: true,
            validate_every: 1000,
            snapshots: 1,
            checkpoint_every: 1000,
            store: &Store::none(),
            control: &Quiet,
            evaluate: &evaluate,
            validate: &validate,
            warn: &|_| {},
        };
        let record = SeedState::run(&context, 0, || vec![1.0]).unwrap();
        assert!(matches!(record.outcome, Ending::Flat | Ending::Converged));
        let last = record.history.last().unwrap();
        assert!(last.step > 0 && last.validation.is_some_and(|v| v < 1e-6), "{last:?}");
        assert_eq!(record.kept.map(|kept| kept.step), Some(last.step));
    }
}

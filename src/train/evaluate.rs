//! Loss and gradient of one system: one tape, made, run backwards and dropped here.

use super::plan::Case;
use crate::functional::{self, Compiled, LowerError, Lowered};
use crate::ks::{KohnSham, KsError, Occupation, ScfOptions, Schedule, Setting, device_error, functional_error, unroll};
use crate::tensor::{Backend, NoneTape, OwnedTape, Tape, Value, backward};
use std::sync::Arc;

/// What of a case does not depend on the parameters.
#[derive(Clone, Debug)]
pub(crate) struct Prepared<'a> {
    functional: &'a Arc<Compiled>,
    case: &'a Case,
    loss: Arc<functional::Plan>,
    schedule: Schedule,
    symmetric: bool,
    occupation: Occupation,
    /// Density of non-interacting electrons, of every spin channel.
    start: Vec<Vec<f64>>,
}

impl<'a> Prepared<'a> {
    /// Checks a case and finds its initial density.
    ///
    /// # Errors
    /// What is wrong with it whatever the parameters.
    pub fn new<D: Backend>(functional: &'a Arc<Compiled>, case: &'a Case, scf: &ScfOptions) -> Result<Self, KsError> {
        let mut prepared = Self {
            functional,
            case,
            loss: Arc::new(functional::Plan::new(&case.loss.graph, &[case.loss.output])),
            schedule: Schedule::of(scf)?,
            symmetric: scf.symmetric,
            occupation: Occupation::of(&case.system).without_idle(&case.loss.inputs),
            start: Vec::new(),
        };
        let (ks, _) = prepared.bind(&D::default(), &vec![0.0; functional.parameter_count()], NoneTape)?;
        for observable in &case.loss.inputs {
            observable.check(prepared.schedule.iterations, &ks)?;
        }
        prepared.start = ks.non_interacting()?.iter().map(|n| n.host().to_vec()).collect();
        Ok(prepared)
    }

    /// The loss.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss<D: Backend>(&self, params: &[f64]) -> Result<f64, KsError> {
        let (ks, tape) = self.bind(&D::default(), params, NoneTape)?;
        Ok(self.forward(&ks, tape)?.0.first())
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss_and_gradient<D: Backend>(&self, params: &[f64]) -> Result<(f64, Vec<f64>), KsError> {
        let (ks, tape) = self.bind(&D::default(), params, OwnedTape::<f64, D>::default())?;
        let (loss, tape) = self.forward(&ks, tape)?;
        let mut cotangents = backward(&loss, tape).map_err(device_error)?;
        let gradient = ks.gradient(&mut cotangents)?;
        if gradient.iter().all(|g| g.is_finite()) {
            return Ok((loss.first(), gradient));
        }
        Err(self.not_finite("the gradient of the loss"))
    }

    fn bind<D: Backend, T: Tape<f64, D>>(
        &self,
        device: &D,
        params: &[f64],
        tape: T,
    ) -> Result<(KohnSham<D>, T), KsError> {
        let setting = Setting {
            system: &self.case.system,
            functional: self.functional,
            occupation: &self.occupation,
            symmetric: self.symmetric,
        };
        KohnSham::new(&setting, device, params, tape)
    }

    fn forward<D: Backend, T: Tape<f64, D>>(&self, ks: &KohnSham<D>, tape: T) -> Result<(Value<D>, T), KsError> {
        let system = &self.case.system;
        let field = |n: &Vec<f64>| Value::constant(&ks.device, (1, system.grid.points, 1), n.clone());
        let start = self.start.iter().map(field).collect::<Result<_, _>>().map_err(device_error)?;
        let (seen, tape) = unroll(ks, self.schedule, &start, &self.case.loss.inputs, tape)?;
        let values: Vec<&Value<D>> = seen.iter().collect();
        let unfit = |cause: LowerError| functional_error("loss", system, &cause);
        let lowered = Lowered::new(&self.loss, &system.grid, &system.interaction, &ks.device).map_err(unfit)?;
        let leaf = lowered.parameters(&[]).map_err(unfit)?;
        let (bound, tape) = lowered.bind(&leaf, tape).map_err(unfit)?;
        let (mut values, tape) = lowered.run(&bound, &values, tape).map_err(unfit)?;
        match values.pop() {
            Some(value) if value.first().is_finite() => Ok((value, tape)),
            _ => Err(self.broken_loss(&seen)),
        }
    }

    /// The error of a loss that is not finite, with the operation in it that is to blame.
    fn broken_loss<D: Backend>(&self, seen: &[Value<D>]) -> KsError {
        let (loss, system) = (&self.case.loss, &self.case.system);
        let inputs: Vec<Vec<f64>> = seen.iter().map(|value| value.host().to_vec()).collect();
        let found = loss.graph.first_non_finite(&[loss.output], &system.grid, &system.interaction, &[], &inputs);
        let Some(found) = found.ok().flatten() else { return self.not_finite("the loss") };
        let at = found.point.map(|i| format!(" at x = {:.2} bohr", system.grid.x(i))).unwrap_or_default();
        match self.not_finite(&format!("`{}` in the loss{at}", found.operation)) {
            KsError::NotFinite { operation, iteration, system, .. } => {
                KsError::NotFinite { operation, iteration, system, place: Some(found.span) }
            }
            other => other,
        }
    }

    fn not_finite(&self, operation: &str) -> KsError {
        KsError::NotFinite {
            operation: operation.to_owned(),
            iteration: self.schedule.iterations - 1,
            system: self.case.system.label.clone(),
            place: None,
        }
    }
}

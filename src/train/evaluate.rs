//! Loss and gradient of one system: tapes made, run backwards and dropped here.

use super::plan::{Case, Gradient};
use crate::control::Quiet;
use crate::functional::Compiled;
use crate::graph::{LowerError, Lowered};
use crate::ks::{
    KohnSham, KsError, Occupation, ScfOptions, Schedule, Setting, Spins, Start, Stop, Unrolled, adjoint, device_error,
    functional_error, pull, solve_bound, taken,
};
use crate::tensor::{Backend, Cotangents, Dims, NoneTape, OwnedTape, Tape, TensorError, Value, backward, resume};
use std::sync::Arc;

/// What of a case does not depend on the parameters.
#[derive(Clone, Debug)]
pub(crate) struct Prepared<'a> {
    functional: &'a Arc<Compiled>,
    case: &'a Case,
    loss: Arc<crate::graph::Plan>,
    /// What the loss sees: of a converged calculation one iteration, from its density.
    schedule: Schedule,
    /// How the density is converged first, if the gradient is that of the fixed point.
    converge: Option<ScfOptions>,
    symmetric: bool,
    /// Iterations, from the last, whose tapes are kept for the way back; the others are done again.
    pub kept: usize,
    occupation: Occupation,
    /// Density of non-interacting electrons, of every spin channel.
    start: Vec<Vec<f64>>,
}

impl<'a> Prepared<'a> {
    /// Checks a case and finds its initial density.
    ///
    /// # Errors
    /// What is wrong with it whatever the parameters.
    pub fn new<D: Backend>(
        functional: &'a Arc<Compiled>,
        case: &'a Case,
        scf: &ScfOptions,
        gradient: Gradient,
    ) -> Result<Self, KsError> {
        let (schedule, converge) = match gradient {
            Gradient::Unrolled => (Schedule::of(scf)?, None),
            Gradient::Implicit => {
                scf.check_settles()?;
                (Schedule::ONCE, Some(scf.clone()))
            }
        };
        let mut prepared = Self {
            functional,
            case,
            loss: Arc::new(crate::graph::Plan::new(&case.loss.graph, &[case.loss.output])),
            schedule,
            converge,
            symmetric: scf.symmetric,
            kept: usize::MAX,
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
        let (ks, _) = self.bind(&D::default(), params, NoneTape)?;
        let start = match &self.converge {
            None => self.start.clone(),
            Some(scf) => self.converged(&ks, scf)?,
        };
        let start = fields(&ks.device, &start, Value::constant)?;
        let unrolled = Unrolled::<D, NoneTape>::run(&ks, self.schedule, start, &self.case.loss.inputs, 1)?;
        Ok(self.judged(&ks, &unrolled, NoneTape)?.0.first())
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss_and_gradient<D: Backend>(&self, params: &[f64]) -> Result<(f64, Vec<f64>), KsError> {
        let device = D::default();
        let (ks, binding) = self.bind(&device, params, OwnedTape::<f64, D>::default())?;
        let (loss, cotangents) = match &self.converge {
            None => self.unrolled(&ks)?,
            Some(scf) => self.implicit(&ks, &self.bind(&device, params, NoneTape)?.0, scf)?,
        };
        let mut cotangents = resume(&device, cotangents, binding).map_err(device_error)?;
        let gradient = ks.gradient(&mut cotangents)?;
        if gradient.iter().all(|g| g.is_finite()) {
            return Ok((loss, gradient));
        }
        Err(self.not_finite("the gradient of the loss"))
    }

    /// The loss of the unrolled calculation, and the cotangents of what is bound in `ks`.
    fn unrolled<D: Backend>(&self, ks: &KohnSham<D>) -> Result<(f64, Cotangents<D>), KsError> {
        let start = fields(&ks.device, &self.start, Value::constant)?;
        let unrolled = Unrolled::run(ks, self.schedule, start, &self.case.loss.inputs, self.kept)?;
        let (loss, tape) = self.judged(ks, &unrolled, OwnedTape::default())?;
        Ok((loss.first(), unrolled.backward(backward(&loss, tape).map_err(device_error)?)?))
    }

    /// The same of the converged calculation, whose density answers to the parameters as the fixed point that it is. `free`
    /// is `ks` with its parameters on no tape.
    fn implicit<D: Backend>(
        &self,
        ks: &KohnSham<D>,
        free: &KohnSham<D>,
        scf: &ScfOptions,
    ) -> Result<(f64, Cotangents<D>), KsError> {
        let density = self.converged(free, scf)?;
        let leaves = fields(&ks.device, &density, Value::leaf)?;
        let unrolled = Unrolled::run(ks, self.schedule, leaves.clone(), &self.case.loss.inputs, 1)?;
        let warm = unrolled.orbitals();
        let (loss, tape) = self.judged(ks, &unrolled, OwnedTape::default())?;
        let mut cotangents = unrolled.backward(backward(&loss, tape).map_err(device_error)?)?;
        ks.check_response()?;
        let right = taken(&leaves, &mut cotangents)?;
        if right.iter().any(|x| !x.is_finite()) {
            return Err(self.not_finite("the gradient of the loss"));
        }
        let lambda = adjoint(free, &density, &warm, &right)?;
        Ok((loss.first(), pull(ks, &fields(&ks.device, &density, Value::constant)?, &warm, &lambda, cotangents)?))
    }

    /// The converged density of every channel.
    fn converged<D: Backend>(&self, ks: &KohnSham<D>, scf: &ScfOptions) -> Result<Vec<Vec<f64>>, KsError> {
        let run = solve_bound(ks, &self.functional.name, scf, &Start::NonInteracting, &Quiet)?;
        if run.stop != Stop::Converged {
            let (system, iterations, residual) = (self.case.system.label.clone(), run.iterations, run.residual);
            return Err(KsError::NotSettled { system, iterations, residual, advice: scf.to_settle() });
        }
        Ok(if self.occupation.spins() == 1 { vec![run.total_density()] } else { run.density.to_vec() })
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

    /// What the loss says of a calculation.
    fn judged<D: Backend, T: Tape<f64, D>, S: Tape<f64, D>>(
        &self,
        ks: &KohnSham<D>,
        unrolled: &Unrolled<'_, D, S>,
        tape: T,
    ) -> Result<(Value<D>, T), KsError> {
        let system = &self.case.system;
        let (seen, tape) = unrolled.observe(tape)?;
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

/// A field `[1, points, 1]` of every channel.
fn fields<D: Backend>(
    device: &D,
    density: &[Vec<f64>],
    make: impl Fn(&D, Dims, Vec<f64>) -> Result<Value<D>, TensorError>,
) -> Result<Spins<D>, KsError> {
    density.iter().map(|n| make(device, (1, n.len(), 1), n.clone())).collect::<Result<_, _>>().map_err(device_error)
}

//! Loss and gradient of one system: its tapes are made, run backward and dropped here.

use super::plan::{Case, Gradient};
use crate::control::Quiet;
use crate::functional::Compiled;
use crate::graph::{Formula, Routine};
use crate::ks::{
    Equations, InitialDensity, KohnSham, KsError, Occupation, ScfOptions, Schedule, Setting, Stop, Unrolled, adjoint,
    device_error, fields, functional_error, pull, solve_bound, taken,
};
use crate::tensor::{Backend, Cotangents, Cpu, Device, NoneTape, OwnedTape, Tape, Value, backward, on_device, resume};
use std::sync::Arc;

/// The part of a case that does not depend on the parameters. Threads share it.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    case: &'a Case,
    functional: &'a str,
    equations: Arc<Equations>,
    loss: Formula,
    /// The iterations that the loss sees: for a converged calculation a single one, from its density.
    schedule: Schedule,
    /// For the gradient of the fixed point, how the density is converged first.
    converge: Option<ScfOptions>,
    /// How many of the last iterations keep their tapes for the backward pass; the others are recomputed.
    pub kept: usize,
    /// Density of non-interacting electrons for every spin channel.
    start: Vec<Vec<f64>>,
}

impl<'a> Prepared<'a> {
    /// Checks a case, lowers it, and finds its initial density.
    ///
    /// # Errors
    /// What is wrong with it for any parameters.
    pub fn new(
        functional: &'a Arc<Compiled>,
        case: &'a Case,
        scf: &ScfOptions,
        gradient: Gradient,
    ) -> Result<Self, KsError> {
        let (schedule, converge) = match gradient {
            Gradient::Unrolled => (Schedule::of(scf)?, None),
            Gradient::Implicit => {
                scf.check_converges()?;
                (Schedule::ONCE, Some(scf.clone()))
            }
        };
        let Case { system, loss, .. } = case;
        let asked = |spin| loss.inputs.iter().any(|input| input.is_orbital_energy(spin));
        let occupation = Occupation::of(system).without_idle(asked);
        let setting = Setting { system, functional, occupation: &occupation, symmetric: scf.symmetric };
        let equations = Arc::new(Equations::new(&setting)?);
        for observable in &loss.inputs {
            observable.check(schedule.iterations, system, &occupation)?;
        }
        let routine = Arc::new(Routine::new(&loss.graph, &[loss.output]));
        let lowered = Formula::new(&routine, &system.grid, &system.interaction);
        let params = vec![0.0; functional.parameter_count()];
        let (ks, _) = KohnSham::new(&equations, &Cpu::default(), &params, NoneTape)?;
        Ok(Self {
            case,
            functional: &functional.name,
            loss: lowered.map_err(|cause| functional_error("loss", system, &cause))?,
            schedule,
            converge,
            kept: usize::MAX,
            start: ks.non_interacting()?.iter().map(|n| n.host().to_vec()).collect(),
            equations,
        })
    }

    /// The loss.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss(&self, device: Device, params: &[f64]) -> Result<f64, KsError> {
        on_device!(device, D => self.loss_on::<D>(params)).map_err(|cause| KsError::Device { cause })?
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss_and_gradient(&self, device: Device, params: &[f64]) -> Result<(f64, Vec<f64>), KsError> {
        on_device!(device, D => self.gradient_on::<D>(params)).map_err(|cause| KsError::Device { cause })?
    }

    fn loss_on<D: Backend>(&self, params: &[f64]) -> Result<f64, KsError> {
        let (ks, _) = KohnSham::new(&self.equations, &D::default(), params, NoneTape)?;
        let start = match &self.converge {
            None => self.start.clone(),
            Some(scf) => self.converged(&ks, scf)?,
        };
        let start = fields(&ks.device, &start, Value::constant)?;
        let unrolled = Unrolled::<D, NoneTape>::run(&ks, self.schedule, start, &self.case.loss.inputs, 1)?;
        Ok(self.judged(&ks, &unrolled, NoneTape)?.0.first())
    }

    fn gradient_on<D: Backend>(&self, params: &[f64]) -> Result<(f64, Vec<f64>), KsError> {
        let (ks, binding) = KohnSham::new(&self.equations, &D::default(), params, OwnedTape::<f64, D>::default())?;
        let (loss, cotangents) = match &self.converge {
            None => self.unrolled(&ks)?,
            Some(scf) => self.implicit(&ks, scf)?,
        };
        let mut cotangents = resume(&ks.device, cotangents, binding).map_err(device_error)?;
        let gradient = ks.gradient(&mut cotangents)?;
        if gradient.iter().all(|g| g.is_finite()) {
            return Ok((loss, gradient));
        }
        Err(self.not_finite("the gradient of the loss"))
    }

    /// The loss of the unrolled calculation, and the cotangents of the parameters bound in `ks`.
    fn unrolled<D: Backend>(&self, ks: &KohnSham<D>) -> Result<(f64, Cotangents<D>), KsError> {
        let start = fields(&ks.device, &self.start, Value::constant)?;
        let unrolled = Unrolled::run(ks, self.schedule, start, &self.case.loss.inputs, self.kept)?;
        let (loss, tape) = self.judged(ks, &unrolled, OwnedTape::default())?;
        Ok((loss.first(), unrolled.backward(backward(&loss, tape).map_err(device_error)?)?))
    }

    /// The same for the converged calculation, whose density depends on the parameters as a fixed point.
    fn implicit<D: Backend>(&self, ks: &KohnSham<D>, scf: &ScfOptions) -> Result<(f64, Cotangents<D>), KsError> {
        let free = &ks.detached();
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

    /// The converged density for every spin channel.
    fn converged<D: Backend>(&self, ks: &KohnSham<D>, scf: &ScfOptions) -> Result<Vec<Vec<f64>>, KsError> {
        let run = solve_bound(ks, self.functional, scf, &InitialDensity::NonInteracting, &Quiet)?;
        if run.stop != Stop::Converged {
            let (system, iterations, residual) = (self.case.system.label.clone(), run.iterations, run.residual);
            let advice = scf.to_converge(residual);
            return Err(KsError::ImplicitNotConverged { system, iterations, residual, advice });
        }
        Ok(if self.equations.occupation.spins() == 1 { vec![run.total_density()] } else { run.density.to_vec() })
    }

    /// The loss of a calculation.
    fn judged<D: Backend, T: Tape<f64, D>, S: Tape<f64, D>>(
        &self,
        ks: &KohnSham<D>,
        unrolled: &Unrolled<'_, D, S>,
        tape: T,
    ) -> Result<(Value<D>, T), KsError> {
        let (seen, tape) = unrolled.observe(tape)?;
        let values: Vec<&Value<D>> = seen.iter().collect();
        let judged = self.loss.on(&ks.device).and_then(|constants| self.loss.run(&constants, &values, tape));
        let (mut values, tape) = judged.map_err(|cause| functional_error("loss", &self.case.system, &cause))?;
        match values.pop() {
            Some(value) if value.first().is_finite() => Ok((value, tape)),
            _ => Err(self.broken_loss(&seen)),
        }
    }

    /// The error for a loss that is not finite, with the operation that caused it.
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

//! Loss and gradient of one case: its tapes are made, run backward and dropped here.

use super::plan::{Case, Gradient};
use crate::control::Control;
use crate::functional::Compiled;
use crate::graph::{Formula, Routine};
use crate::ks::{
    Equations, InitialDensity, KohnSham, KsError, Observable, Occupation, Run, ScfOptions, Schedule, Setting, Settled,
    Stop, Unrolled, adjoint, device_error, fields, functional_error, pull, solve_bound, taken,
};
use crate::model::System;
use crate::number::brief;
use crate::tensor::{Backend, Cotangents, Cpu, Device, NoneTape, OwnedTape, Tape, Value, backward, on_device, resume};
use std::sync::Arc;

/// The part of a case that does not depend on the parameters. Threads share it.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    case: &'a Case,
    functional: &'a str,
    members: Vec<Member>,
    loss: Formula,
    /// The iterations that the loss sees: for a converged calculation a single one, from its density.
    schedule: Schedule,
    /// For the gradient of the fixed point, how the density is converged first.
    converge: Option<ScfOptions>,
    /// How many of the last iterations keep their tapes for the backward pass; the others are recomputed.
    pub kept: usize,
}

/// One system of a case.
#[derive(Debug)]
struct Member {
    equations: Arc<Equations>,
    /// What the loss uses of it.
    wanted: Vec<Observable>,
    /// Density of non-interacting electrons for every spin channel.
    start: Vec<Vec<f64>>,
}

impl Member {
    fn new(
        functional: &Arc<Compiled>,
        system: &Arc<System>,
        wanted: Vec<Observable>,
        iterations: usize,
        symmetric: bool,
    ) -> Result<Self, KsError> {
        let asked = |spin| wanted.iter().any(|observable| observable.is_orbital_energy(spin));
        let occupation = Occupation::of(system).without_idle(asked);
        let setting = Setting { system, functional, occupation: &occupation, symmetric };
        let equations = Arc::new(Equations::new(&setting)?);
        for observable in &wanted {
            observable.check(iterations, system, &occupation)?;
        }
        let params = vec![0.0; functional.parameter_count()];
        let (ks, _) = KohnSham::new(&equations, &Cpu::default(), &params, NoneTape)?;
        let start = ks.non_interacting()?.iter().map(|n| n.host().to_vec()).collect();
        Ok(Self { equations, wanted, start })
    }

    fn label(&self) -> &str {
        &self.equations.system.label
    }

    /// What a loss sees of a run with exact exchange.
    fn settled<'m, D: Backend, T: Tape<f64, D>>(
        &'m self,
        ks: &'m KohnSham<D>,
        run: Run,
        control: &dyn Control,
        tape: T,
    ) -> Result<(Settled<'m, D>, T), KsError> {
        let Run { orbitals, residual, .. } = run;
        let orbitals = orbitals.into_iter().take(self.equations.occupation.spins()).collect();
        Settled::new(ks, orbitals, residual, &self.wanted, control, tape)
    }

    /// The converged density for every spin channel.
    fn converged<D: Backend>(
        &self,
        functional: &str,
        ks: &KohnSham<D>,
        scf: &ScfOptions,
        control: &dyn Control,
    ) -> Result<Vec<Vec<f64>>, KsError> {
        Ok(self.run(functional, ks, scf, control)?.channels())
    }

    /// The converged calculation.
    fn run<D: Backend>(
        &self,
        functional: &str,
        ks: &KohnSham<D>,
        scf: &ScfOptions,
        control: &dyn Control,
    ) -> Result<Run, KsError> {
        // A step that needs more than the chosen iterations is shortened instead.
        let scf = ScfOptions { remedies: false, ..scf.clone() };
        let run = solve_bound(ks, functional, &scf, &InitialDensity::NonInteracting, control)?;
        if run.stop == Stop::Interrupted {
            return Err(KsError::Interrupted { system: self.label().to_owned() });
        }
        if run.stop != Stop::Converged {
            let (system, iterations, residual) = (self.label().to_owned(), run.iterations, run.residual);
            let advice = match ks.exchange() {
                true => format!(
                    "try a looser `tolerance:` in `scf:`, or other initial parameters: {} electrons are left",
                    brief(residual)
                ),
                false => scf.to_converge(residual),
            };
            return Err(KsError::ImplicitNotConverged { system, iterations, residual, advice });
        }
        Ok(run)
    }
}

/// A member with parameters, and the tape that leads to them.
type Bound<D> = (KohnSham<D>, OwnedTape<f64, D>);

impl<'a> Prepared<'a> {
    /// Checks a case, lowers it, and finds its initial densities.
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
            // Of such a case there is nothing to prepare here.
            Gradient::Unsolved | Gradient::Minimised => (Schedule::ONCE, None),
        };
        let Case { systems, loss } = case;
        let member = |(index, system): (usize, &Arc<System>)| {
            Member::new(functional, system, case.wanted(index), schedule.iterations, scf.symmetric)
        };
        let members = systems.iter().enumerate().map(member).collect::<Result<Vec<_>, _>>()?;
        let routine = Arc::new(Routine::new(&loss.graph, &[loss.output]));
        let lowered = Formula::new(&routine, &systems[0].grid, &systems[0].interaction);
        Ok(Self {
            case,
            functional: &functional.name,
            loss: lowered.map_err(|cause| functional_error("loss", &systems[0], &cause))?,
            members,
            schedule,
            converge,
            kept: usize::MAX,
        })
    }

    /// The loss.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss(&self, device: Device, params: &[f64], control: &dyn Control) -> Result<f64, KsError> {
        on_device!(device, D => self.loss_on::<D>(params, control)).map_err(|cause| KsError::Device { cause })?
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// See [`KsError::diverged`].
    pub fn loss_and_gradient(
        &self,
        device: Device,
        params: &[f64],
        control: &dyn Control,
    ) -> Result<(f64, Vec<f64>), KsError> {
        on_device!(device, D => self.gradient_on::<D>(params, control)).map_err(|cause| KsError::Device { cause })?
    }

    fn loss_on<D: Backend>(&self, params: &[f64], control: &dyn Control) -> Result<f64, KsError> {
        let device = D::default();
        let mut seen = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let (ks, _) = KohnSham::new(&member.equations, &device, params, NoneTape)?;
            if let (true, Some(scf)) = (ks.exchange(), &self.converge) {
                let run = member.run(self.functional, &ks, scf, control)?;
                let (settled, _) = member.settled(&ks, run, control, NoneTape)?;
                seen.push(settled.observe(NoneTape)?.0);
                continue;
            }
            let start = match &self.converge {
                None => member.start.clone(),
                Some(scf) => member.converged(self.functional, &ks, scf, control)?,
            };
            let start = fields(&device, &start, Value::constant)?;
            let unrolled = Unrolled::<D, NoneTape>::run(&ks, self.schedule, start, &member.wanted, 1, control)?;
            seen.push(unrolled.observe(NoneTape)?.0);
        }
        Ok(self.judged(&device, &seen, NoneTape)?.0.first())
    }

    fn gradient_on<D: Backend>(&self, params: &[f64], control: &dyn Control) -> Result<(f64, Vec<f64>), KsError> {
        let device = D::default();
        let mut bound: Vec<Bound<D>> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            bound.push(KohnSham::new(&member.equations, &device, params, OwnedTape::<f64, D>::default())?);
        }
        let exchange = bound.iter().any(|(ks, _)| ks.exchange());
        let (loss, mut cotangents) = match &self.converge {
            None => self.unrolled(&device, &bound, control)?,
            Some(scf) if exchange => self.minimised(&device, &bound, scf, control)?,
            Some(scf) => self.implicit(&device, &bound, scf, control)?,
        };
        let mut gradient: Vec<f64> = Vec::new();
        for (ks, binding) in bound {
            cotangents = resume(&device, cotangents, binding).map_err(device_error)?;
            let own = ks.gradient(&mut cotangents)?;
            match gradient.is_empty() {
                true => gradient = own,
                false => gradient.iter_mut().zip(own).for_each(|(sum, slope)| *sum += slope),
            }
        }
        if gradient.iter().all(|g| g.is_finite()) {
            return Ok((loss, gradient));
        }
        Err(self.not_finite("the gradient of the loss"))
    }

    /// The loss of the unrolled calculations, and the cotangents of the parameters that `bound` are bound to.
    fn unrolled<D: Backend>(
        &self,
        device: &D,
        bound: &[Bound<D>],
        control: &dyn Control,
    ) -> Result<(f64, Cotangents<D>), KsError> {
        let mut all = Vec::with_capacity(bound.len());
        for (member, (ks, _)) in self.members.iter().zip(bound) {
            let start = fields(device, &member.start, Value::constant)?;
            all.push(Unrolled::run(ks, self.schedule, start, &member.wanted, self.kept, control)?);
        }
        let (loss, mut cotangents) = self.observed(device, all.len(), |k, tape| all[k].observe(tape))?;
        for unrolled in all {
            cotangents = unrolled.backward(cotangents)?;
        }
        Ok((loss, cotangents))
    }

    /// The same for converged calculations, whose densities depend on the parameters as fixed points.
    fn implicit<D: Backend>(
        &self,
        device: &D,
        bound: &[Bound<D>],
        scf: &ScfOptions,
        control: &dyn Control,
    ) -> Result<(f64, Cotangents<D>), KsError> {
        let (mut densities, mut leaves, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for (member, (ks, _)) in self.members.iter().zip(bound) {
            let density = member.converged(self.functional, &ks.detached(), scf, control)?;
            let leaf = fields(device, &density, Value::leaf)?;
            all.push(Unrolled::run(ks, self.schedule, leaf.clone(), &member.wanted, 1, control)?);
            densities.push(density);
            leaves.push(leaf);
        }
        let (loss, mut cotangents) = self.observed(device, all.len(), |k, tape| all[k].observe(tape))?;
        for (index, unrolled) in all.into_iter().enumerate() {
            let (ks, density) = (&bound[index].0, &densities[index]);
            let warm = unrolled.orbitals();
            cotangents = unrolled.backward(cotangents)?;
            ks.check_response()?;
            let right = taken(&leaves[index], &mut cotangents)?;
            if right.iter().any(|x| !x.is_finite()) {
                return Err(self.not_finite("the gradient of the loss"));
            }
            let lambda = adjoint(&ks.detached(), density, &warm, &right)?;
            cotangents = pull(ks, &fields(device, density, Value::constant)?, &warm, &lambda, cotangents)?;
        }
        Ok((loss, cotangents))
    }

    /// The same for the orbitals of lowest energy of functionals with exact exchange.
    fn minimised<D: Backend>(
        &self,
        device: &D,
        bound: &[Bound<D>],
        scf: &ScfOptions,
        control: &dyn Control,
    ) -> Result<(f64, Cotangents<D>), KsError> {
        let (mut all, mut tapes) = (Vec::with_capacity(bound.len()), Vec::with_capacity(bound.len()));
        for (member, (ks, _)) in self.members.iter().zip(bound) {
            let run = member.run(self.functional, &ks.detached(), scf, control)?;
            let (settled, tape) = member.settled(ks, run, control, OwnedTape::default())?;
            all.push(settled);
            tapes.push(tape);
        }
        let (loss, mut cotangents) = self.observed(device, all.len(), |k, tape| all[k].observe(tape))?;
        for (settled, tape) in all.into_iter().zip(tapes) {
            cotangents = settled.backward(cotangents, tape)?;
        }
        Ok((loss, cotangents))
    }

    /// The loss of calculations, `observe` giving what it sees of each, and the cotangents of that.
    fn observed<D: Backend>(
        &self,
        device: &D,
        count: usize,
        observe: impl Fn(usize, OwnedTape<f64, D>) -> Result<(Vec<Value<D>>, OwnedTape<f64, D>), KsError>,
    ) -> Result<(f64, Cotangents<D>), KsError> {
        let (mut seen, mut tape) = (Vec::with_capacity(count), OwnedTape::default());
        for k in 0..count {
            let (own, next) = observe(k, tape)?;
            seen.push(own);
            tape = next;
        }
        let (loss, tape) = self.judged(device, &seen, tape)?;
        Ok((loss.first(), backward(&loss, tape).map_err(device_error)?))
    }

    /// The loss of what is seen of every member.
    fn judged<D: Backend, T: Tape<f64, D>>(
        &self,
        device: &D,
        seen: &[Vec<Value<D>>],
        tape: T,
    ) -> Result<(Value<D>, T), KsError> {
        let mut next: Vec<_> = seen.iter().map(|values| values.iter()).collect();
        let values: Vec<&Value<D>> =
            self.case.loss.inputs.iter().filter_map(|input| next.get_mut(input.system)?.next()).collect();
        let judged = self.loss.on(device).and_then(|constants| self.loss.run(&constants, &values, tape));
        let (mut found, tape) = judged.map_err(|cause| functional_error("loss", &self.case.systems[0], &cause))?;
        match found.pop() {
            Some(value) if value.first().is_finite() => Ok((value, tape)),
            _ => Err(self.broken_loss(&values)),
        }
    }

    /// The error for a loss that is not finite, with the operation that caused it.
    fn broken_loss<D: Backend>(&self, seen: &[&Value<D>]) -> KsError {
        let inputs: Vec<Vec<f64>> = seen.iter().map(|value| value.host().to_vec()).collect();
        let Some((operation, at, span)) = self.case.broken_at(&inputs) else { return self.not_finite("the loss") };
        let what = match operation.as_str() {
            "number" => "a number in the loss".to_owned(),
            operation => format!("`{operation}` in the loss{at}"),
        };
        match self.not_finite(&what) {
            KsError::NotFinite { operation, iteration, system, .. } => {
                KsError::NotFinite { operation, iteration, system, place: Some(span) }
            }
            other => other,
        }
    }

    fn not_finite(&self, operation: &str) -> KsError {
        KsError::NotFinite {
            operation: operation.to_owned(),
            iteration: self.schedule.iterations - 1,
            system: self.case.label(),
            place: None,
        }
    }
}

//! Loss and gradient of a case whose densities minimise the energy with the kinetic functional that is trained.

use super::plan::{Case, Plan};
use crate::control::Control;
use crate::functional::Compiled;
use crate::graph::{Formula, LowerError, Routine};
use crate::ks::{KsError, Minimum, Observable, ScfOptions, device_error, first_density, functional_error};
use crate::tensor::{Backend, NoneTape, OwnedTape, Tape, Value, backward};
use std::sync::Arc;

/// A case without orbitals. Threads share it.
#[derive(Debug)]
pub(super) struct Minimised<'a> {
    case: &'a Case,
    functional: &'a Arc<Compiled>,
    xc: Option<(&'a Arc<Compiled>, &'a [f64])>,
    options: ScfOptions,
    loss: Formula,
    /// The density of both spins with which the minimisation of every system begins.
    starts: Vec<[Vec<f64>; 2]>,
}

impl<'a> Minimised<'a> {
    /// Lowers the loss of a case, and finds the densities to begin with.
    ///
    /// # Errors
    /// A loss that does not fit the grid of its systems; a potential without orbitals.
    pub fn new(plan: &'a Plan, case: &'a Case) -> Result<Self, KsError> {
        let Case { systems, loss } = case;
        let routine = Arc::new(Routine::new(&loss.graph, &[loss.output]));
        let formula = Formula::new(&routine, &systems[0].grid, &systems[0].interaction);
        Ok(Self {
            case,
            functional: &plan.functional,
            xc: plan.xc.as_ref().map(|(xc, parameters)| (xc, &parameters[..])),
            options: plan.scf.clone(),
            loss: formula.map_err(|cause| unfit(case, &cause))?,
            starts: systems
                .iter()
                .map(|system| first_density(system, &crate::control::Quiet))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The loss.
    ///
    /// # Errors
    /// A minimum that is not found, a value that is not finite.
    pub fn loss<D: Backend>(&self, params: &[f64], control: &dyn Control) -> Result<f64, KsError> {
        let minima = self.minima::<D>(params, control)?;
        let seen = self.seen(&minima, Value::constant)?;
        Ok(self.judged(&seen, NoneTape)?.0.first())
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// As for the loss; a density that does not respond.
    pub fn loss_and_gradient<D: Backend>(
        &self,
        params: &[f64],
        control: &dyn Control,
    ) -> Result<(f64, Vec<f64>), KsError> {
        let minima = self.minima::<D>(params, control)?;
        let seen = self.seen(&minima, Value::leaf)?;
        let (loss, tape) = self.judged(&seen, OwnedTape::default())?;
        let mut gradient = vec![0.0; params.len()];
        if self.case.loss.inputs.is_empty() {
            return Ok((loss.first(), gradient));
        }
        let mut cotangents = backward(&loss, tape).map_err(device_error)?;
        let mut bars: Vec<Vec<(Observable, Vec<f64>)>> = vec![Vec::new(); minima.len()];
        for (input, value) in self.case.loss.inputs.iter().zip(&seen) {
            let bar = value.cotangent(&mut cotangents).map_err(device_error)?;
            bars[input.system].push((input.observable, bar));
        }
        for (minimum, bars) in minima.iter().zip(&bars) {
            let own = minimum.gradient(bars)?;
            gradient.iter_mut().zip(own).for_each(|(sum, slope)| *sum += slope);
        }
        match gradient.iter().all(|slope| slope.is_finite()) {
            true => Ok((loss.first(), gradient)),
            false => Err(self.not_finite("the gradient of the loss".into(), None)),
        }
    }

    fn minima<D: Backend>(&self, params: &[f64], control: &dyn Control) -> Result<Vec<Minimum<D>>, KsError> {
        let pairs = self.case.systems.iter().zip(&self.starts);
        pairs
            .map(|(system, start)| {
                let parts = ((self.functional, params), self.xc);
                Minimum::find(system, D::default(), parts, (&self.options, start), control)
            })
            .collect()
    }

    /// The inputs of the loss.
    fn seen<D: Backend>(
        &self,
        minima: &[Minimum<D>],
        make: impl Fn(&D, (usize, usize, usize), Vec<f64>) -> Result<Value<D>, crate::tensor::TensorError>,
    ) -> Result<Vec<Value<D>>, KsError> {
        let device = D::default();
        let mut all = Vec::with_capacity(self.case.loss.inputs.len());
        for input in &self.case.loss.inputs {
            let numbers = minima[input.system].seen(input.observable)?;
            let dims = match input.observable.is_field() {
                true => (1, numbers.len(), 1),
                false => (1, 1, numbers.len()),
            };
            all.push(make(&device, dims, numbers).map_err(device_error)?);
        }
        Ok(all)
    }

    fn judged<D: Backend, T: Tape<f64, D>>(&self, seen: &[Value<D>], tape: T) -> Result<(Value<D>, T), KsError> {
        let values: Vec<&Value<D>> = seen.iter().collect();
        let judged = self.loss.on(&D::default()).and_then(|constants| self.loss.run(&constants, &values, tape));
        let (mut found, tape) = judged.map_err(|cause| unfit(self.case, &cause))?;
        match found.pop() {
            Some(value) if value.first().is_finite() => Ok((value, tape)),
            _ => {
                let inputs: Vec<Vec<f64>> = seen.iter().map(|value| value.host().to_vec()).collect();
                let place = self.case.broken_at(&inputs);
                Err(self.not_finite("the loss".into(), place.map(|(.., span)| span)))
            }
        }
    }

    fn not_finite(&self, operation: String, place: Option<crate::source::Span>) -> KsError {
        KsError::NotFiniteUnsolved { operation, system: self.case.label(), place }
    }
}

fn unfit(case: &Case, cause: &LowerError) -> KsError {
    functional_error("loss", &case.systems[0], cause)
}

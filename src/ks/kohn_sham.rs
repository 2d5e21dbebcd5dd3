//! The Kohn-Sham equations of one system with one functional on one device, and one iteration of them.

use super::KsError;
use super::formulas::Formulas;
use super::mirror::mirrored;
use super::occupation::Occupation;
use super::orbitals::Orbitals;
use super::orbitals_operator::{Fault, FillError, Filled, fill};
use super::terms::{self, TERMS};
use crate::functional::{At, BoundXc, Compiled, LoweredXc};
use crate::graph::{Binding, Formula, LowerError};
use crate::model::{Grid, Interaction, Mirror, System};
use crate::source::Span;
use crate::tensor::{Backend, Cotangents, Dims, NoneTape, Numbers, Tape, TensorError, Value, turn_to};
use std::sync::Arc;

/// One field per spin channel, each `[1, points, 1]`.
pub(crate) type Spins<D> = Vec<Value<D>>;

/// The equations of a system with a functional: everything that depends neither on its parameters nor on a device. Threads share it.
#[derive(Debug)]
pub(crate) struct Equations {
    pub system: Arc<System>,
    pub occupation: Occupation,
    xc: LoweredXc,
    potential: Formula,
    energy: Formula,
    distance: Formula,
    external: Numbers,
    mirror: Option<Mirror>,
}

/// Everything that the iterations of one calculation share: the equations, and their parameters on a device.
pub(crate) struct KohnSham<D: Backend> {
    pub equations: Arc<Equations>,
    pub device: D,
    parameters: Value<D>,
    xc: BoundXc<D>,
    potential: Binding<D>,
    energy: Binding<D>,
    distance: Binding<D>,
    external: Value<D>,
    fault: Fault,
}

/// v_xc, one per channel, and g of exact exchange.
type XcPotentials<D> = (Spins<D>, Option<Value<D>>);

/// Potentials at a density, one per channel.
pub(crate) struct Potentials<D: Backend> {
    /// v_s.
    pub whole: Spins<D>,
    /// v_xc.
    pub xc: Spins<D>,
    /// g = dE/dX(x) of a functional of the energy density X of exact exchange (see `exchange`).
    pub exchange: Option<Value<D>>,
}

/// One iteration: from an input density to orbitals.
pub(crate) struct Iteration<D: Backend> {
    /// v_s.
    pub potential: Spins<D>,
    /// v_xc.
    pub xc_potential: Spins<D>,
    /// The orbitals of every channel and their density n_out.
    pub filled: Vec<Filled<D>>,
    /// n_out, mirror-averaged if the calculation is symmetric.
    pub output: Spins<D>,
    /// X of the orbitals, for a functional that depends on it.
    pub exchange: Option<Value<D>>,
}

impl<D: Backend> Iteration<D> {
    /// The orbitals, as a start for another iteration.
    pub fn orbitals(&self) -> Vec<Arc<Orbitals>> {
        self.filled.iter().map(|filled| filled.orbitals.clone()).collect()
    }
}

/// Energies of an iteration's output, each a single number, hartree.
#[derive(Clone)]
pub(crate) struct Energies<D: Backend> {
    /// One per term, in the order of [`TERMS`].
    pub terms: Vec<Value<D>>,
    /// Electronic energy.
    pub total: Value<D>,
}

impl<D: Backend> Energies<D> {
    /// That of a term, by name.
    pub fn part(&self, name: &str) -> Option<&Value<D>> {
        self.terms.get(terms::position(name)?)
    }

    /// Names and numbers of the terms.
    pub fn parts(&self) -> Vec<(&'static str, f64)> {
        TERMS.iter().zip(&self.terms).map(|(term, energy)| (term.name(), energy.first())).collect()
    }
}

/// What binding a functional to a system needs.
pub(crate) struct Setting<'a> {
    pub system: &'a Arc<System>,
    pub functional: &'a Arc<Compiled>,
    pub occupation: &'a Occupation,
    pub symmetric: bool,
}

impl Equations {
    /// Lowers a functional, and the formulas of the loop, for a system.
    ///
    /// # Errors
    /// A requested symmetry that does not exist; a functional that does not fit.
    pub fn new(setting: &Setting<'_>) -> Result<Self, KsError> {
        let Setting { system, functional, occupation, symmetric } = *setting;
        let mirror = if symmetric { Some(system.mirror()?) } else { None };
        let unfit = |cause: LowerError| functional_error(&functional.name, system, &cause);
        let lower = if occupation.spins() == 1 { LoweredXc::closed } else { LoweredXc::new };
        let xc = lower(functional, &system.grid, &system.interaction).map_err(unfit)?;
        let formulas = Formulas::new(occupation).map_err(|cause| unfit(impossible(&cause)))?;
        let formula = |plan| Formula::new(plan, &system.grid, &system.interaction).map_err(unfit);
        Ok(Self {
            system: system.clone(),
            occupation: occupation.clone(),
            xc,
            potential: formula(&formulas.potential)?,
            energy: formula(&formulas.energy)?,
            distance: formula(&formulas.distance)?,
            external: system.potential.to_vec().into(),
            mirror,
        })
    }

    fn unfit(&self, cause: &LowerError) -> KsError {
        functional_error(&self.xc.compiled().name, &self.system, cause)
    }
}

impl<D: Backend> KohnSham<D> {
    /// Puts the flat parameters `params` into the equations, on a device; `tape` follows what depends on them.
    ///
    /// # Errors
    /// A wrong number of parameters.
    pub fn new<T: Tape<f64, D>>(
        equations: &Arc<Equations>,
        device: &D,
        params: &[f64],
        tape: T,
    ) -> Result<(Self, T), KsError> {
        let points = equations.system.grid.points;
        turn_to(points);
        let unfit = |cause: LowerError| equations.unfit(&cause);
        let parameters = equations.xc.parameters(device, params).map_err(unfit)?;
        let (xc, tape) = equations.xc.bind(&parameters, tape).map_err(unfit)?;
        let external = equations.external.clone();
        let ks = Self {
            parameters,
            xc,
            potential: equations.potential.on(device).map_err(unfit)?,
            energy: equations.energy.on(device).map_err(unfit)?,
            distance: equations.distance.on(device).map_err(unfit)?,
            external: Value::constant(device, (1, points, 1), external).map_err(device_error)?,
            equations: equations.clone(),
            device: device.clone(),
            fault: Fault::default(),
        };
        Ok((ks, tape))
    }

    /// The same with its parameters on no tape.
    pub fn detached(&self) -> Self {
        Self {
            equations: self.equations.clone(),
            device: self.device.clone(),
            parameters: self.parameters.detached(),
            xc: self.xc.detached(),
            potential: self.potential.clone(),
            energy: self.energy.clone(),
            distance: self.distance.clone(),
            external: self.external.clone(),
            fault: Fault::default(),
        }
    }

    /// The same functional with the same parameters for another system of as many electrons.
    ///
    /// # Errors
    /// As [`Equations::new`].
    pub fn elsewhere(&self, system: &Arc<System>) -> Result<Self, KsError> {
        let Equations { xc, occupation, mirror, .. } = &*self.equations;
        let (functional, symmetric) = (xc.compiled(), mirror.is_some());
        let equations = Arc::new(Equations::new(&Setting { system, functional, occupation, symmetric })?);
        Ok(Self::new(&equations, &self.device, &self.flat(), NoneTape)?.0)
    }

    /// The flat parameters as numbers.
    fn flat(&self) -> Vec<f64> {
        let mut flat = self.parameters.host().to_vec();
        flat.truncate(self.equations.xc.compiled().parameter_count());
        flat
    }

    /// The flat parameters, a leaf.
    pub(super) fn parameters(&self) -> &Value<D> {
        &self.parameters
    }

    /// The density of non-interacting electrons in v.
    pub fn non_interacting(&self) -> Result<Spins<D>, KsError> {
        let potential = vec![self.external.clone(); self.equations.occupation.spins()];
        let (filled, _) = self.fill(0, &potential, &[], NoneTape)?;
        let density: Spins<D> = filled.into_iter().map(|filled| filled.density).collect();
        Ok(self.symmetrised(&density, NoneTape)?.0)
    }

    /// One iteration from an input density; orbitals of a similar iteration, one set per channel (or none), save time.
    ///
    /// # Errors
    /// A value that is not finite, with the operation that made it; orbitals that cannot be found.
    pub fn iterate<T: Tape<f64, D>>(
        &self,
        iteration: usize,
        density: &Spins<D>,
        warm: &[Arc<Orbitals>],
        tape: T,
    ) -> Result<(Iteration<D>, T), KsError> {
        let (Potentials { whole: potential, xc: xc_potential, .. }, tape) =
            self.potentials(iteration, density, None, tape)?;
        let (filled, tape) = self.fill(iteration, &potential, warm, tape)?;
        let raw: Spins<D> = filled.iter().map(|filled| filled.density.clone()).collect();
        let (output, tape) = self.symmetrised(&raw, tape)?;
        self.expect_finite(iteration, "the output density", &output)?;
        Ok((Iteration { potential, xc_potential, filled, output, exchange: None }, tape))
    }

    /// The potentials at an input density, and an energy density of exact exchange if the functional depends on it.
    ///
    /// # Errors
    /// A value that is not finite, with the operation that made it.
    pub fn potentials<T: Tape<f64, D>>(
        &self,
        iteration: usize,
        density: &Spins<D>,
        exchange: Option<&Value<D>>,
        tape: T,
    ) -> Result<(Potentials<D>, T), KsError> {
        let ((xc, weight), tape) = self.xc_potential(iteration, density, exchange, tape)?;
        let inputs: Vec<&Value<D>> = [&self.external].into_iter().chain(density).chain(&xc).collect();
        let (whole, tape) = self.run(&self.equations.potential, &self.potential, &inputs, tape)?;
        self.expect_finite(iteration, "the Kohn-Sham potential", &whole)?;
        Ok((Potentials { whole, xc, exchange: weight }, tape))
    }

    /// Energies at the output density (before the mirror) of an iteration.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn energies<T: Tape<f64, D>>(
        &self,
        iteration: usize,
        of: &Iteration<D>,
        tape: T,
    ) -> Result<(Energies<D>, T), KsError> {
        let density: Spins<D> = of.filled.iter().map(|filled| filled.density.clone()).collect();
        let (seen, tape) = self.symmetrised(&density, tape)?;
        let (exchange, tape) = self.symmetrised_one(of.exchange.as_ref(), tape)?;
        let densities: Vec<&Value<D>> = seen.iter().collect();
        let at = At { densities: &densities, exchange: exchange.as_ref() };
        let (xc, tape) = match self.has_energy() {
            true => {
                let xc = self.equations.xc.energy(&self.xc, &at, tape);
                let (xc, tape) = xc.map_err(|cause| self.equations.unfit(&cause))?;
                (xc.energy, tape)
            }
            // The other terms are those of the density.
            false => (Value::number(&self.device, 0.0).map_err(device_error)?, tape),
        };
        self.expect_finite_xc(iteration, "the exchange-correlation energy", std::slice::from_ref(&xc), &at)?;
        let mut inputs = vec![&self.external, &xc];
        inputs.extend(&density);
        inputs.extend(&of.potential);
        inputs.extend(of.filled.iter().map(|filled| &filled.energies));
        let (mut terms, tape) = self.run(&self.equations.energy, &self.energy, &inputs, tape)?;
        self.expect_finite(iteration, "the energy", &terms)?;
        let total = terms.pop().ok_or_else(|| miscount("energies", TERMS.len() + 1, 0))?;
        Ok((Energies { terms, total }, tape))
    }

    /// Integral of |a - b|, summed over spins.
    pub fn distance<T: Tape<f64, D>>(&self, a: &Spins<D>, b: &Spins<D>, tape: T) -> Result<(Value<D>, T), KsError> {
        let inputs: Vec<&Value<D>> = a.iter().chain(b).collect();
        let (mut values, tape) = self.run(&self.equations.distance, &self.distance, &inputs, tape)?;
        let distance = values.pop().ok_or_else(|| miscount("distance", 1, 0))?;
        Ok((distance, tape))
    }

    /// The flat gradient with respect to the parameters after a backward pass.
    ///
    /// # Errors
    /// An error of the backward pass through the orbitals.
    pub fn gradient(&self, cotangents: &mut Cotangents<D>) -> Result<Vec<f64>, KsError> {
        self.check_response()?;
        self.equations.xc.gradient(&self.parameters, cotangents).map_err(|cause| self.equations.unfit(&cause))
    }

    /// # Errors
    /// An error of the backward pass through the orbitals.
    pub fn check_response(&self) -> Result<(), KsError> {
        match self.fault.borrow().as_ref() {
            Some(cause) => {
                Err(KsError::Response { system: self.equations.system.label.clone(), cause: cause.to_string() })
            }
            None => Ok(()),
        }
    }

    /// P v_xc\[P n, P X\], and P g.
    fn xc_potential<T: Tape<f64, D>>(
        &self,
        iteration: usize,
        density: &Spins<D>,
        exchange: Option<&Value<D>>,
        tape: T,
    ) -> Result<(XcPotentials<D>, T), KsError> {
        let (seen, tape) = self.symmetrised(density, tape)?;
        let (exchange, tape) = self.symmetrised_one(exchange, tape)?;
        let densities: Vec<&Value<D>> = seen.iter().collect();
        let at = At { densities: &densities, exchange: exchange.as_ref() };
        let (xc, tape) =
            self.equations.xc.evaluate(&self.xc, &at, tape).map_err(|cause| self.equations.unfit(&cause))?;
        self.expect_finite_xc(iteration, "the exchange-correlation potential", &xc.potential, &at)?;
        let (potential, tape) = self.symmetrised(&xc.potential, tape)?;
        let (weight, tape) = self.symmetrised_one(xc.exchange.as_ref(), tape)?;
        Ok(((potential, weight), tape))
    }

    fn fill<T: Tape<f64, D>>(
        &self,
        iteration: usize,
        potential: &Spins<D>,
        warm: &[Arc<Orbitals>],
        mut tape: T,
    ) -> Result<(Vec<Filled<D>>, T), KsError> {
        let system = &*self.equations.system;
        let mut channels = Vec::with_capacity(potential.len());
        for (k, (potential, channel)) in potential.iter().zip(&self.equations.occupation.channels).enumerate() {
            let warm = warm.get(k).map(|orbitals| &**orbitals);
            let filled = fill(&system.grid, *channel, potential, warm, &self.fault, tape);
            let (filled, next) = filled.map_err(|error| match error {
                FillError::Orbitals(cause) => KsError::orbitals(iteration, system, cause),
                FillError::Tensor(cause) => device_error(cause),
            })?;
            channels.push(filled);
            tape = next;
        }
        Ok((channels, tape))
    }

    /// Whether the functional has an energy, so that one density can be said to be lower than another.
    pub fn has_energy(&self) -> bool {
        self.equations.xc.compiled().kind.has_energy()
    }

    /// The mirror with whose images densities are averaged, if the calculation is symmetric.
    pub fn mirror(&self) -> Option<Mirror> {
        self.equations.mirror
    }

    /// Whether densities are averaged with their mirror images.
    pub fn symmetric(&self) -> bool {
        self.equations.mirror.is_some()
    }

    /// Whether the functional depends on exact exchange, so that no local potential has its orbitals.
    pub fn exchange(&self) -> bool {
        self.equations.xc.compiled().exchange
    }

    /// P of a field, if the calculation is symmetric.
    fn symmetrised_one<T: Tape<f64, D>>(
        &self,
        field: Option<&Value<D>>,
        tape: T,
    ) -> Result<(Option<Value<D>>, T), KsError> {
        let Some(field) = field else { return Ok((None, tape)) };
        let (mut fields, tape) = self.symmetrised(&vec![field.clone()], tape)?;
        Ok((fields.pop(), tape))
    }

    /// P of every channel, if the calculation is symmetric.
    pub fn symmetrised<T: Tape<f64, D>>(&self, fields: &Spins<D>, mut tape: T) -> Result<(Spins<D>, T), KsError> {
        let Some(mirror) = self.equations.mirror else { return Ok((fields.clone(), tape)) };
        let mut averages = Vec::with_capacity(fields.len());
        for field in fields {
            let (average, next) = mirrored(mirror, field, tape).map_err(device_error)?;
            averages.push(average);
            tape = next;
        }
        Ok((averages, tape))
    }

    fn run<T: Tape<f64, D>>(
        &self,
        formula: &Formula,
        constants: &Binding<D>,
        inputs: &[&Value<D>],
        tape: T,
    ) -> Result<(Vec<Value<D>>, T), KsError> {
        formula.run(constants, inputs, tape).map_err(|cause| self.equations.unfit(&cause))
    }

    fn expect_finite(&self, iteration: usize, operation: &str, values: &[Value<D>]) -> Result<(), KsError> {
        if finite(values) {
            return Ok(());
        }
        Err(self.not_finite(iteration, operation.to_owned(), None))
    }

    /// The same for values of the functional at `density`: finds the operation in its body that caused it.
    fn expect_finite_xc(
        &self,
        iteration: usize,
        what: &str,
        values: &[Value<D>],
        at: &At<'_, D>,
    ) -> Result<(), KsError> {
        if finite(values) {
            return Ok(());
        }
        let System { grid, interaction, .. } = &*self.equations.system;
        let compiled = self.equations.xc.compiled();
        let found = culprit(compiled, (grid, interaction), &self.flat(), at);
        let (operation, place) = found.map_or((what.to_owned(), None), |(operation, span)| (operation, Some(span)));
        Err(self.not_finite(iteration, operation, place))
    }

    fn not_finite(&self, iteration: usize, operation: String, place: Option<Span>) -> KsError {
        KsError::NotFinite { operation, iteration, system: self.equations.system.label.clone(), place }
    }
}

/// The operation of a functional that is not finite at densities, in words, and its place.
pub(super) fn culprit<D: Backend>(
    compiled: &Compiled,
    (grid, interaction): (&Grid, &Interaction),
    parameters: &[f64],
    at: &At<'_, D>,
) -> Option<(String, Span)> {
    let hosts: Vec<_> = at.densities.iter().map(|n| n.host()).collect();
    let densities: Vec<&[f64]> = hosts.iter().map(|n| &n[..]).collect();
    let exchange = at.exchange.map(Value::host);
    let found = compiled.first_non_finite(grid, interaction, parameters, &densities, exchange.as_deref());
    let found = found.ok().flatten()?;
    let derivative = if found.derivative { "the derivative of " } else { "" };
    let at = found.point.map(|i| format!(" at x = {:.2} bohr", grid.x(i))).unwrap_or_default();
    Some((format!("{derivative}`{}` in `{}`{at}", found.operation, compiled.name), found.span))
}

fn finite<D: Backend>(values: &[Value<D>]) -> bool {
    values.iter().all(|value| value.host().iter().all(|x| x.is_finite()))
}

/// A density as fields `[1, points, 1]`, one for every spin channel, by [`Value::constant`] or [`Value::leaf`].
///
/// # Errors
/// The device's own.
pub(crate) fn fields<D: Backend>(
    device: &D,
    density: &[Vec<f64>],
    make: impl Fn(&D, Dims, Vec<f64>) -> Result<Value<D>, TensorError>,
) -> Result<Spins<D>, KsError> {
    density.iter().map(|n| make(device, (1, n.len(), 1), n.clone())).collect::<Result<_, _>>().map_err(device_error)
}

/// The error of a failed device.
pub(crate) fn device_error(cause: TensorError) -> KsError {
    KsError::Device { cause: cause.to_string() }
}

/// The error of a graph that cannot run on this system.
pub(crate) fn functional_error(name: &str, system: &System, cause: &LowerError) -> KsError {
    KsError::Functional { functional: name.to_owned(), system: system.label.clone(), cause: cause.to_string() }
}

fn miscount(operation: &'static str, expected: usize, found: usize) -> KsError {
    device_error(TensorError::Length { operation, expected, found })
}

/// A shape error in our own formulas.
fn impossible(cause: &crate::graph::ShapeError) -> LowerError {
    LowerError::Tensor(TensorError::device(cause))
}

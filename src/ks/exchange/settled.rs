//! What a loss sees of the orbitals of lowest energy, and how they respond to the parameters: the gradient of training with exact
//! exchange.
//!
//! With G_k = (F - e_k) psi_k = 0 for every occupied orbital, F the operator that they feel, and a loss L of the orbitals and parameters,
//! dL = dL|psi - lambda·dG|psi with A lambda = Q dL/dpsi, where A = dG/dpsi is the second derivative of the energy (`direct`). Levels
//! need no response of their own orbital (Hellmann and Feynman), only that of F.

use crate::control::Control;
use crate::ks::direct::{AroundOrbitals, State, respond};
use crate::ks::kohn_sham::{Energies, Iteration, KohnSham, Potentials, Spins, device_error, fields};
use crate::ks::observable::observe;
use crate::ks::orbitals::Orbitals;
use crate::ks::orbitals_operator::Filled;
use crate::ks::unroll::sum;
use crate::ks::{KsError, Observable, taken};
use crate::tensor::arrange::take;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use crate::tensor::{Backend, Cotangent, Cotangents, OwnedTape, Tape, Value, record, resume};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Orbitals of lowest energy, with what a loss may use of them.
pub(crate) struct Settled<'a, D: Backend> {
    ks: &'a KohnSham<D>,
    wanted: &'a [Observable],
    state: Rc<State<D>>,
    /// What depends on the orbitals: the density of every channel, X, and the kinetic energies of the orbitals of every channel.
    density: Spins<D>,
    exchange: Value<D>,
    kinetic: Spins<D>,
    /// What follows from these.
    potentials: Potentials<D>,
    levels: Vec<Value<D>>,
    energies: Energies<D>,
    residual: f64,
    /// How a loss depends on the orbitals through the operator in levels, after the backward pass.
    through_levels: Rc<RefCell<Vec<f64>>>,
}

impl<'a, D: Backend> Settled<'a, D> {
    /// From the occupied orbitals of every channel, which are converged within `residual` electrons; `tape` follows the parameters.
    ///
    /// # Errors
    /// A value that is not finite; an observable that there is not.
    pub fn new<T: Tape<f64, D>>(
        ks: &'a KohnSham<D>,
        orbitals: Vec<Vec<Vec<f64>>>,
        residual: f64,
        wanted: &'a [Observable],
        control: &dyn Control,
        tape: T,
    ) -> Result<(Self, T), KsError> {
        for observable in wanted {
            observable.check(1, &ks.equations.system, &ks.equations.occupation)?;
        }
        let state = State::new(&ks.detached(), orbitals)?;
        let numbers: Vec<Vec<f64>> = state.density.iter().map(|n| n.host().to_vec()).collect();
        let density = fields(&ks.device, &numbers, Value::leaf)?;
        let leaf = |numbers: Vec<f64>, dims| Value::leaf(&ks.device, dims, numbers).map_err(device_error);
        let x = state.exchange.as_ref().map(|exchange| exchange.density.clone()).unwrap_or_default();
        let points = ks.equations.system.grid.points;
        let exchange = leaf(x, (1, points, 1))?;
        let mut kinetic = Vec::new();
        for (k, channel) in ks.equations.occupation.channels.iter().enumerate() {
            let mut energies: Vec<f64> = state.orbitals[k].iter().map(|psi| dot(psi, &state.kinetic(psi))).collect();
            energies.resize(channel.levels.max(1), 0.0);
            kinetic.push(leaf(energies.clone(), (1, 1, energies.len()))?);
        }
        let (seen, tape) = ks.symmetrised(&density, tape)?;
        let (potentials, tape) = ks.potentials(0, &seen, Some(&exchange), tape)?;
        let nothing = fields(&ks.device, &vec![vec![0.0; points]; density.len()], Value::constant)?;
        let mut filled = Vec::with_capacity(density.len());
        for (density, energies) in density.iter().zip(&kinetic) {
            let orbitals = Arc::new(Orbitals { energies: Vec::new(), vectors: Vec::new() });
            filled.push(Filled { density: density.clone(), energies: energies.clone(), orbitals });
        }
        // The levels of electrons that only move, in no potential.
        let (xc_potential, output) = (potentials.xc.clone(), seen);
        let moving = Iteration { potential: nothing, xc_potential, filled, output, exchange: Some(exchange.clone()) };
        let (energies, mut tape) = ks.energies(0, &moving, tape)?;
        let state = Rc::new(state);
        let through_levels = Rc::new(RefCell::new(vec![0.0; state.gradient.len()]));
        let mut levels = Vec::new();
        for (channel, filled) in ks.equations.occupation.channels.iter().enumerate() {
            let asked = |index: usize| {
                wanted.iter().any(|observable| {
                    matches!(*observable, Observable::OrbitalEnergy { spin, index: at }
                        if ks.equations.occupation.channel(spin) == channel && at == index)
                })
            };
            let mut orbitals = state.orbitals[channel].clone();
            if asked(filled.occupied)
                && let Some((_, empty)) =
                    super::empty::lowest_empty(&ks.equations.system.label, &state, channel, control)?
            {
                orbitals.push(empty);
            }
            let (value, next) = level_values(channel, orbitals, &state, &potentials, &through_levels, tape)?;
            levels.push(value);
            tape = next;
        }
        let settled = Self {
            ks,
            wanted,
            state,
            density,
            exchange,
            kinetic,
            potentials,
            levels,
            energies,
            residual,
            through_levels,
        };
        Ok((settled, tape))
    }

    /// The wanted observables in order: fields `[1, points, 1]`, numbers `[1, 1, 1]`.
    ///
    /// # Errors
    /// Those of the device.
    pub fn observe<S: Tape<f64, D>>(&self, tape: S) -> Result<(Vec<Value<D>>, S), KsError> {
        observe(self.wanted, tape, |observable, tape| self.observed(observable, tape))
    }

    fn observed<S: Tape<f64, D>>(&self, observable: Observable, tape: S) -> Result<(Value<D>, S), KsError> {
        let occupation = &self.ks.equations.occupation;
        let found = match observable {
            Observable::Density(_) => return sum(&self.density, 1.0, tape),
            Observable::SpinDensity(spin) => {
                let channel = occupation.channel(spin);
                return sum(&self.density[channel..=channel], occupation.share(), tape);
            }
            Observable::OrbitalEnergy { spin, index } => {
                return take(&self.levels[occupation.channel(spin)], index, index + 1, tape).map_err(device_error);
            }
            Observable::Potential(spin) => self.potentials.whole.get(occupation.channel(spin)).cloned(),
            Observable::XcPotential(spin) => self.potentials.xc.get(occupation.channel(spin)).cloned(),
            Observable::Energy(_) => Some(self.energies.total.clone()),
            Observable::Part(name) => self.energies.part(name).cloned(),
            Observable::KineticPotential(_) | Observable::ChemicalPotential(_) => None,
            Observable::Residual => Some(Value::number(&self.ks.device, self.residual).map_err(device_error)?),
            Observable::Parameters => Some(self.ks.parameters().clone()),
        };
        match found {
            Some(value) => Ok((value, tape)),
            None => Err(observable.absent(&self.ks.equations.system, "does not keep it".to_owned())),
        }
    }

    /// The backward pass to the parameters, from the cotangents of the observables; `tape` is that of [`Self::new`].
    ///
    /// # Errors
    /// [`KsError::Response`] if the orbitals have no response: a rotation of them costs no energy. Those of the device.
    pub fn backward(self, cotangents: Cotangents<D>, tape: OwnedTape<f64, D>) -> Result<Cotangents<D>, KsError> {
        let Self { ks, state, .. } = &self;
        let mut cotangents = resume(&ks.device, cotangents, tape).map_err(device_error)?;
        let (right, scale) = self.orbital_slopes(&mut cotangents)?;
        if right.iter().any(|x| !x.is_finite()) {
            return Ok(cotangents);
        }
        let around = AroundOrbitals { ks: &ks.detached(), state };
        let lambda = respond(&around, &right, scale, &ks.equations.system.label)?;
        let Some(exchange) = &state.exchange else { return Ok(cotangents) };
        let (points, numbers) = (ks.equations.system.grid.points, exchange.density.clone());
        let x = Value::constant(&ks.device, (1, points, 1), numbers).map_err(device_error)?;
        let (seen, tape) = ks.symmetrised(&state.density, OwnedTape::default())?;
        let (potentials, tape) = ks.potentials(0, &seen, Some(&x), tape)?;
        let mut parts = lambda.chunks(points);
        for (potential, orbitals) in potentials.whole.iter().zip(&state.orbitals) {
            let mut slope = vec![0.0; points];
            for (psi, part) in orbitals.iter().zip(parts.by_ref()) {
                slope.iter_mut().zip(psi.iter().zip(part)).for_each(|(v, (psi, part))| *v -= psi * part);
            }
            potential.put_cotangent(&mut cotangents, slope).map_err(device_error)?;
        }
        if let Some(weight) = &potentials.exchange {
            let slope = exchange.weight_slope(&lambda).iter().map(|g| -g).collect();
            weight.put_cotangent(&mut cotangents, slope).map_err(device_error)?;
        }
        resume(&ks.device, cotangents, tape).map_err(device_error)
    }

    /// The derivative of the loss with respect to the orbitals, those of all channels one after another, with the mixing of occupied ones
    /// removed; and the size of what it is the sum of.
    fn orbital_slopes(&self, cotangents: &mut Cotangents<D>) -> Result<(Vec<f64>, f64), KsError> {
        let Self { ks, state, .. } = self;
        let points = ks.equations.system.grid.points;
        let weight = state.weight() / ks.equations.system.grid.spacing;
        let densities = taken(&self.density, cotangents)?;
        let x = self.exchange.take_cotangent(cotangents).map_err(device_error)?;
        let mut slopes = self.through_levels.borrow().clone();
        let mut scale = norm(&slopes);
        if let Some(exchange) = &state.exchange {
            let images = exchange.occupied_with(&x);
            slopes.chunks_mut(points).zip(&images).for_each(|(slope, image)| add(slope, weight, image));
            scale += weight * images.iter().map(|image| norm(image)).sum::<f64>();
        }
        let mut parts = slopes.chunks_mut(points);
        for ((orbitals, n), kinetic) in state.orbitals.iter().zip(densities.chunks(points)).zip(&self.kinetic) {
            let kinetic = kinetic.take_cotangent(cotangents).map_err(device_error)?;
            for ((psi, bar), slope) in orbitals.iter().zip(kinetic).zip(parts.by_ref()) {
                let part: Vec<f64> = psi.iter().zip(n).map(|(psi, n)| weight * n * psi).collect();
                let moving = state.kinetic(psi);
                scale += norm(&part) + 2.0 * bar.abs() * norm(&moving);
                add(slope, 1.0, &part);
                add(slope, 2.0 * bar, &moving);
            }
        }
        state.project(&mut slopes);
        Ok((slopes, scale))
    }
}

/// The levels `[1, 1, k]` of orbitals of a channel, canonical ones, as a function of the potential and of g. In the backward pass what
/// they depend on the occupied orbitals through the operator is added to `through`.
fn level_values<D: Backend, T: Tape<f64, D>>(
    channel: usize,
    orbitals: Vec<Vec<f64>>,
    state: &Rc<State<D>>,
    potentials: &Potentials<D>,
    through: &Rc<RefCell<Vec<f64>>>,
    tape: T,
) -> Result<(Value<D>, T), KsError> {
    let (potential, weight) = (&potentials.whole[channel], potentials.exchange.as_ref());
    let level = |psi: &Vec<f64>| {
        let exchanged = state.exchange.as_ref().map_or(0.0, |exchange| dot(psi, &exchange.apply(channel, psi)));
        dot(psi, &state.hamiltonians[channel].apply(psi)) + exchanged
    };
    let mut numbers: Vec<f64> = orbitals.iter().map(level).collect();
    numbers.resize(numbers.len().max(1), 0.0);
    let outputs = vec![((1, 1, numbers.len()), numbers)];
    let inputs: Vec<&Value<D>> = [potential].into_iter().chain(weight).collect();
    let (state, through) = (state.clone(), through.clone());
    let pullback = move |incoming: &mut [Cotangent], outgoing: &mut [Option<Cotangent>]| {
        let Some(bars) = incoming.first_mut().map(|bar| bar.whole().to_vec()) else { return };
        for (psi, bar) in orbitals.iter().zip(bars).filter(|(_, bar)| *bar != 0.0) {
            if let Some(Some(into)) = outgoing.first_mut() {
                into.whole().iter_mut().zip(psi).for_each(|(v, psi)| *v += bar * psi * psi);
            }
            let Some(exchange) = &state.exchange else { continue };
            if let Some(Some(into)) = outgoing.get_mut(1) {
                add(into.whole(), bar, &exchange.expectation_weight_slope(channel, psi));
            }
            exchange.add_expectation_slopes(channel, psi, bar, &mut through.borrow_mut());
        }
    };
    let (mut values, tape) = record(potential.device(), &inputs, outputs, tape, pullback).map_err(device_error)?;
    match values.pop() {
        Some(value) => Ok((value, tape)),
        None => Err(KsError::Device { cause: "no levels".to_owned() }),
    }
}

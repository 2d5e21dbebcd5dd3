//! A fixed number of iterations, each on its own tape, and what a loss uses of them.
//!
//! In the backward pass the tapes run one after another from the last. Those that were not kept are recomputed from the
//! input of their iteration: the same operations on the same numbers, so the gradient is bitwise identical.

use super::kohn_sham::{Energies, Iteration, KohnSham, Spins, device_error};
use super::observable::observe;
use super::orbitals::Orbitals;
use super::{KsError, Observable, ScfOptions, Schedule};
use crate::control::Control;
use crate::tensor::arrange::{combine, take};
use crate::tensor::{Backend, Cotangents, OwnedTape, Tape, Value, resume};
use std::sync::Arc;

/// The results kept of one iteration.
struct Step<D: Backend> {
    iteration: Iteration<D>,
    /// If they are wanted.
    energies: Option<Energies<D>>,
    residual: Option<Value<D>>,
    /// Mixed density of every channel after it.
    mixed: Spins<D>,
    /// Total mixed density after it, if wanted.
    density: Option<Value<D>>,
}

impl<D: Backend> Step<D> {
    /// The values that later iterations and the loss may depend on.
    fn results(&self) -> impl Iterator<Item = &Value<D>> {
        let total = self.energies.iter().map(|energies| &energies.total);
        self.iteration.output.iter().chain(&self.mixed).chain(total).chain(&self.density)
    }
}

/// An unrolled calculation.
pub(crate) struct Unrolled<'a, D: Backend, T> {
    ks: &'a KohnSham<D>,
    schedule: Schedule,
    wanted: &'a [Observable],
    start: Spins<D>,
    steps: Vec<Step<D>>,
    /// Tapes of the last iterations.
    tapes: Vec<T>,
    control: &'a dyn Control,
}

impl<'a, D: Backend, T: Tape<f64, D>> Unrolled<'a, D, T> {
    /// Runs the schedule from the density `start`, keeping what the `wanted` observables need and the tapes of the last
    /// `kept` iterations (at least one).
    ///
    /// # Errors
    /// An observable that the trajectory does not have; a value that is not finite; orbitals that cannot be found; an interruption.
    pub fn run(
        ks: &'a KohnSham<D>,
        schedule: Schedule,
        start: Spins<D>,
        wanted: &'a [Observable],
        kept: usize,
        control: &'a dyn Control,
    ) -> Result<Self, KsError> {
        for observable in wanted {
            observable.check(schedule.iterations, &ks.equations.system, &ks.equations.occupation)?;
        }
        let mut unrolled = Self { ks, schedule, wanted, start, steps: Vec::new(), tapes: Vec::new(), control };
        for k in 0..schedule.iterations {
            let (step, tape) = unrolled.step(k, T::default())?;
            unrolled.steps.push(step);
            if kept.max(1) >= schedule.iterations - k {
                unrolled.tapes.push(tape);
            }
        }
        Ok(unrolled)
    }

    /// The orbitals of the last iteration.
    pub fn orbitals(&self) -> Vec<Arc<Orbitals>> {
        self.steps.last().map(|step| step.iteration.orbitals()).unwrap_or_default()
    }

    /// The input of iteration k.
    fn input(&self, k: usize) -> &Spins<D> {
        k.checked_sub(1).map_or(&self.start, |before| &self.steps[before].mixed)
    }

    /// Runs iteration k, after those before it.
    fn step<S: Tape<f64, D>>(&self, k: usize, tape: S) -> Result<(Step<D>, S), KsError> {
        let (ks, density) = (self.ks, self.input(k));
        if self.control.interrupted() {
            return Err(KsError::Interrupted { system: ks.equations.system.label.clone() });
        }
        let has = |observable| self.wanted.contains(&observable);
        let end = k + 1 == self.schedule.iterations;
        let warm = k.checked_sub(1).map(|before| self.steps[before].iteration.orbitals()).unwrap_or_default();
        let (iteration, mut tape) = ks.iterate(k, density, &warm, tape)?;
        let (mut energies, mut residual, mut total) = (None, None, None);
        if has(Observable::Energy(k)) || (end && self.wanted.iter().any(Observable::is_energy_part)) {
            let (found, next) = ks.energies(k, &iteration, tape)?;
            (energies, tape) = (Some(found), next);
        }
        if end && has(Observable::Residual) {
            let (found, next) = ks.distance(&iteration.output, density, tape)?;
            (residual, tape) = (Some(found), next);
        }
        let first = (k + 1).saturating_sub(self.schedule.mixing.history);
        let mut differences: Vec<_> = (first..k).map(|j| (&self.steps[j].iteration.output, self.input(j))).collect();
        differences.push((&iteration.output, density));
        let (mixed, mut tape) = self.schedule.mixing.mix(k, density, &differences, tape)?;
        if has(Observable::Density(k)) {
            let (found, next) = sum(&mixed, 1.0, tape)?;
            (total, tape) = (Some(found), next);
        }
        Ok((Step { iteration, energies, residual, mixed, density: total }, tape))
    }

    /// The wanted observables in order: fields `[1, points, 1]`, numbers `[1, 1, 1]`.
    ///
    /// # Errors
    /// One that the trajectory does not have.
    pub fn observe<S: Tape<f64, D>>(&self, tape: S) -> Result<(Vec<Value<D>>, S), KsError> {
        observe(self.wanted, tape, |observable, tape| self.observed(observable, tape))
    }

    fn observed<S: Tape<f64, D>>(&self, observable: Observable, tape: S) -> Result<(Value<D>, S), KsError> {
        let Some(last) = self.steps.last() else { return Err(ScfOptions::no_iterations()) };
        let occupation = &self.ks.equations.occupation;
        let spin = |fields: &Spins<D>, spin: usize| fields.get(occupation.channel(spin)).cloned();
        let found = match observable {
            Observable::SpinDensity(s) => {
                let channel = occupation.channel(s);
                return sum(&last.mixed[channel..=channel], occupation.share(), tape);
            }
            Observable::OrbitalEnergy { spin, index } => {
                let levels = &last.iteration.filled[occupation.channel(spin)].energies;
                return take(levels, index, index + 1, tape).map_err(device_error);
            }
            Observable::Potential(s) => spin(&last.iteration.potential, s),
            Observable::XcPotential(s) => spin(&last.iteration.xc_potential, s),
            Observable::Energy(k) => self.steps.get(k).and_then(|s| s.energies.as_ref()).map(|e| e.total.clone()),
            Observable::Density(k) => self.steps.get(k).and_then(|s| s.density.clone()),
            Observable::Part(name) => last.energies.as_ref().and_then(|energies| energies.part(name)).cloned(),
            Observable::KineticPotential(_) | Observable::ChemicalPotential(_) => None,
            Observable::Residual => last.residual.clone(),
            Observable::Parameters => Some(self.ks.parameters().clone()),
        };
        match found {
            Some(value) => Ok((value, tape)),
            None => Err(observable.absent(&self.ks.equations.system, "does not keep it".to_owned())),
        }
    }
}

impl<D: Backend> Unrolled<'_, D, OwnedTape<f64, D>> {
    /// The backward pass through all iterations, from the cotangents of the observables.
    ///
    /// # Errors
    /// Those of the device.
    pub fn backward(mut self, mut cotangents: Cotangents<D>) -> Result<Cotangents<D>, KsError> {
        while let Some(step) = self.steps.pop() {
            let tape = match self.tapes.pop() {
                Some(tape) => tape,
                None => {
                    let (again, tape) = self.step(self.steps.len(), OwnedTape::default())?;
                    for (first, second) in step.results().zip(again.results()) {
                        first.hand_over(second, &mut cotangents).map_err(device_error)?;
                    }
                    tape
                }
            };
            cotangents = resume(&self.ks.device, cotangents, tape).map_err(device_error)?;
        }
        Ok(cotangents)
    }
}

/// `weight` times the sum of fields.
pub(super) fn sum<D: Backend, T: Tape<f64, D>>(
    fields: &[Value<D>],
    weight: f64,
    tape: T,
) -> Result<(Value<D>, T), KsError> {
    let terms: Vec<_> = fields.iter().map(|field| (field, 0, weight)).collect();
    let Some(first) = fields.first() else { return Err(ScfOptions::no_iterations()) };
    combine(first.device(), &terms, 0.0, tape).map_err(device_error)
}

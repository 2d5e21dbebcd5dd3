//! A fixed number of iterations on one tape, and what a loss sees of them.

use super::kohn_sham::{Energies, Iteration, KohnSham, Spins, device_error};
use super::mixing::step_length;
use super::{KsError, Mixing, Observable, ScfOptions};
use crate::tensor::arrange::{combine, take};
use crate::tensor::{Backend, Tape, Value};
use std::collections::VecDeque;

/// Plain mixing without a tolerance: what can be unrolled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub iterations: usize,
    alpha: f64,
    decay: f64,
    history: usize,
}

/// Iterations of a training at most: all of them are on the tape.
const MOST_ITERATIONS: usize = 10_000;

impl Schedule {
    /// The schedule of `options`.
    ///
    /// # Errors
    /// [`KsError::Option`] for anything else than a fixed number of iterations with plain mixing.
    pub fn of(options: &ScfOptions) -> Result<Self, KsError> {
        options.check()?;
        let option = |option, problem: &str| KsError::Option { option, problem: problem.to_owned() };
        let Mixing::Linear { alpha, decay, history } = options.mixing else {
            return Err(option("mixing", "must be `linear(…)` in training, not `diis(…)`"));
        };
        if options.tolerance.is_some() {
            return Err(option("tolerance", "is for solving; training runs a fixed number of `iterations`"));
        }
        if options.iterations > MOST_ITERATIONS {
            let problem = format!("must be at most {MOST_ITERATIONS} in training, not {}", options.iterations);
            return Err(KsError::Option { option: "iterations", problem });
        }
        Ok(Self { iterations: options.iterations, alpha, decay, history })
    }
}

/// What a trajectory leaves behind for the observables.
struct Trajectory<D: Backend> {
    /// Energy of every iteration's output that is wanted.
    energies: Vec<Option<Value<D>>>,
    /// Total density mixed after every iteration, where wanted.
    densities: Vec<Option<Value<D>>>,
    /// Mixed after the last iteration.
    mixed: Spins<D>,
    last: Iteration<D>,
    parts: Option<Energies<D>>,
    residual: Option<Value<D>>,
}

/// Runs the schedule from the density `start` and gives the `wanted` observables in their order: fields
/// `[1, points, 1]`, numbers `[1, 1, 1]`.
///
/// # Errors
/// An observable that the trajectory does not have; a value that is not finite; orbitals that are not found.
pub(crate) fn unroll<D: Backend, T: Tape<f64, D>>(
    ks: &KohnSham<D>,
    schedule: Schedule,
    start: &Spins<D>,
    wanted: &[Observable],
    tape: T,
) -> Result<(Vec<Value<D>>, T), KsError> {
    for observable in wanted {
        observable.check(schedule.iterations, ks)?;
    }
    let (trajectory, mut tape) = run(ks, schedule, start, wanted, tape)?;
    let mut values = Vec::with_capacity(wanted.len());
    for observable in wanted {
        let (value, next) = trajectory.observe(ks, *observable, tape)?;
        values.push(value);
        tape = next;
    }
    Ok((values, tape))
}

fn run<D: Backend, T: Tape<f64, D>>(
    ks: &KohnSham<D>,
    schedule: Schedule,
    start: &Spins<D>,
    wanted: &[Observable],
    mut tape: T,
) -> Result<(Trajectory<D>, T), KsError> {
    let has = |observable| wanted.contains(&observable);
    let ends = wanted.iter().any(Observable::is_energy_part);
    let mut density = start.clone();
    let mut differences = VecDeque::new();
    let (mut energies, mut densities) = (Vec::new(), Vec::new());
    let (mut last, mut parts, mut residual) = (None, None, None);
    for k in 0..schedule.iterations {
        let end = k + 1 == schedule.iterations;
        let (iteration, next) = ks.iterate(k, &density, last.as_ref(), tape)?;
        tape = next;
        let mut energy = None;
        if has(Observable::Energy(k)) || (end && ends) {
            let (found, next) = ks.energies(k, &iteration, tape)?;
            tape = next;
            energy = Some(found.total.clone());
            parts = Some(found);
        }
        energies.push(energy);
        if end && has(Observable::Residual) {
            let (found, next) = ks.distance(&iteration.output, &density, tape)?;
            tape = next;
            residual = Some(found);
        }
        differences.push_back((iteration.output.clone(), density.clone()));
        if differences.len() > schedule.history {
            differences.pop_front();
        }
        (density, tape) = schedule.mix(k, &density, &differences, tape)?;
        let mut seen = None;
        if has(Observable::Density(k)) {
            let (total, next) = sum(&density, 1.0, tape)?;
            tape = next;
            seen = Some(total);
        }
        densities.push(seen);
        last = Some(iteration);
    }
    let Some(last) = last else { return Err(ScfOptions::no_iterations()) };
    Ok((Trajectory { energies, densities, mixed: density, last, parts, residual }, tape))
}

impl Schedule {
    /// n plus the step length times the mean of the differences (n_out, n_in), channel by channel.
    fn mix<D: Backend, T: Tape<f64, D>>(
        &self,
        iteration: usize,
        density: &Spins<D>,
        differences: &VecDeque<(Spins<D>, Spins<D>)>,
        mut tape: T,
    ) -> Result<(Spins<D>, T), KsError> {
        let weight = step_length(self.alpha, self.decay, iteration) / differences.len() as f64;
        let mut mixed = Vec::with_capacity(density.len());
        for (channel, density) in density.iter().enumerate() {
            let mut terms = vec![(density, 0, 1.0)];
            for (output, input) in differences {
                terms.extend([(&output[channel], 0, weight), (&input[channel], 0, -weight)]);
            }
            let (next, after) = combine(density.device(), &terms, 0.0, tape).map_err(device_error)?;
            mixed.push(next);
            tape = after;
        }
        Ok((mixed, tape))
    }
}

/// `weight` times the sum of fields.
fn sum<D: Backend, T: Tape<f64, D>>(fields: &[Value<D>], weight: f64, tape: T) -> Result<(Value<D>, T), KsError> {
    let terms: Vec<_> = fields.iter().map(|field| (field, 0, weight)).collect();
    let Some(first) = fields.first() else { return Err(ScfOptions::no_iterations()) };
    combine(first.device(), &terms, 0.0, tape).map_err(device_error)
}

impl<D: Backend> Trajectory<D> {
    fn observe<T: Tape<f64, D>>(
        &self,
        ks: &KohnSham<D>,
        observable: Observable,
        tape: T,
    ) -> Result<(Value<D>, T), KsError> {
        let occupation = &ks.occupation;
        let spin = |fields: &Spins<D>, spin: usize| fields.get(occupation.channel(spin)).cloned();
        let parts = |part: fn(&Energies<D>) -> &Value<D>| self.parts.as_ref().map(|parts| part(parts).clone());
        let found = match observable {
            Observable::SpinDensity(s) => {
                let channel = occupation.channel(s);
                return sum(&self.mixed[channel..=channel], occupation.share(), tape);
            }
            Observable::OrbitalEnergy { spin, index } => {
                let levels = &self.last.filled[occupation.channel(spin)].energies;
                return take(levels, index, index + 1, tape).map_err(device_error);
            }
            Observable::Potential(s) => spin(&self.last.potential, s),
            Observable::XcPotential(s) => spin(&self.last.xc_potential, s),
            Observable::Energy(k) => self.energies.get(k).cloned().flatten(),
            Observable::Density(k) => self.densities.get(k).cloned().flatten(),
            Observable::KineticEnergy => parts(|parts| &parts.kinetic),
            Observable::HartreeEnergy => parts(|parts| &parts.hartree),
            Observable::XcEnergy => parts(|parts| &parts.xc),
            Observable::ExternalEnergy => parts(|parts| &parts.external),
            Observable::Residual => self.residual.clone(),
        };
        match found {
            Some(value) => Ok((value, tape)),
            None => Err(observable.absent(ks, "does not keep it".to_owned())),
        }
    }
}

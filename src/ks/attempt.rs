//! Attempts to find a self-consistent density, and what is known after them.

use super::direct::State;
use super::kohn_sham::{Energies, Iteration, KohnSham, Spins, fields};
use super::occupation::Closest;
use super::search::Search;
use super::stability::Levels;
use super::way::Way;
use super::{KsError, ScfOptions, Stop};
use crate::control::Control;
use crate::tensor::{Backend, NoneTape, Value};

/// The end of an attempt.
pub(super) struct Outcome<D: Backend> {
    /// Which way it went.
    pub way: Way,
    /// The last iteration.
    pub iteration: Iteration<D>,
    /// Its energies.
    pub energies: Energies<D>,
    /// The mixed density after it.
    pub mixed: Spins<D>,
    /// Integral of |n_out - n_in|, electrons.
    pub residual: f64,
    /// Why it ended.
    pub stop: Stop,
    /// Its iterations.
    pub log: Log,
}

/// The iterations of an attempt, in order.
#[derive(Default)]
pub(super) struct Log {
    /// Electronic energies of the outputs.
    pub energies: Vec<f64>,
    /// Total mixed densities.
    pub densities: Vec<Vec<f64>>,
    /// Integrals of |n_out - n_in|, electrons.
    pub residuals: Vec<f64>,
    /// The levels at the gap.
    pub closest: Vec<Option<Closest>>,
}

/// A converged energy is above another one if it is by this much, hartree: more than an unconverged density changes it.
const LOWER: f64 = 1e-5;

/// The smallest residual so far, and the input density that has it.
struct Best {
    residual: f64,
    density: Vec<Vec<f64>>,
}

/// The lowest energy of orbitals that were occupied in full, hartree, and these orbitals, those of every channel.
pub(super) struct Lowest {
    pub energy: f64,
    pub orbitals: Vec<Vec<Vec<f64>>>,
}

/// The attempts for one system.
pub(super) struct Attempts<'a, D: Backend> {
    pub ks: &'a KohnSham<D>,
    pub control: &'a dyn Control,
    /// Of the attempt that is under way.
    log: Log,
    /// Iterations of all attempts, those for other geometries too.
    iterations: usize,
    tried: Vec<Way>,
    /// The iterations of the first attempt, and the residual after them, electrons.
    first: (usize, f64),
    best: Option<Best>,
    lowest: Option<Lowest>,
    lowered: Option<f64>,
    outcome: Option<Outcome<D>>,
}

/// What all attempts together have found.
pub(super) struct Found<D: Backend> {
    pub outcome: Outcome<D>,
    /// The ways that were tried; the last one gave the outcome.
    pub how: Vec<Way>,
    /// Iterations of all of them.
    pub iterations: usize,
    /// Iterations of the first one, and the residual after them, electrons.
    pub first: (usize, f64),
    /// The lowest energy that was seen, hartree, if it is below that of the outcome, which is converged.
    pub lower: Option<f64>,
    /// The energy of a converged outcome, hartree, that was overruled by a lower one.
    pub lowered: Option<f64>,
}

impl<'a, D: Backend> Attempts<'a, D> {
    /// Before the first one.
    pub fn new(ks: &'a KohnSham<D>, control: &'a dyn Control) -> Self {
        Self {
            ks,
            control,
            log: Log::default(),
            iterations: 0,
            tried: Vec::new(),
            first: (0, f64::INFINITY),
            best: None,
            lowest: None,
            lowered: None,
            outcome: None,
        }
    }

    /// Iterates from a density with the mixing of `options` until these say that it ends.
    ///
    /// # Errors
    /// A value that is not finite; orbitals that are not found; impossible options.
    pub fn run(&mut self, way: Way, options: &ScfOptions, start: Spins<D>) -> Result<Outcome<D>, KsError> {
        let ks = self.ks;
        self.begin(way);
        let mut search = Search::new(options, ks.equations.system.grid.points);
        let mut density = start;
        let mut warm = Vec::new();
        for k in 0..options.iterations {
            let (iteration, _) = ks.iterate(k, &density, &warm, NoneTape)?;
            let (energies, _) = ks.energies(k, &iteration, NoneTape)?;
            let (residual, _) = ks.distance(&iteration.output, &density, NoneTape)?;
            let residual = residual.first();
            let mixed = search.next(ks, &density, &iteration, residual)?;
            self.note(&iteration, &energies, residual, &density, &mixed);
            if !search.shares() {
                self.weigh(&iteration, &energies);
            }
            let stop = match options.tolerance {
                Some(tolerance) if residual <= tolerance => Some(Stop::Converged),
                _ if k + 1 == options.iterations && options.tolerance.is_some() => Some(Stop::Exhausted),
                _ if k + 1 == options.iterations => Some(Stop::Fixed),
                _ if self.control.interrupted() => Some(Stop::Interrupted),
                _ => None,
            };
            if let Some(stop) = stop {
                let way = if search.shares() { Way::Shared } else { way };
                if way == Way::Shared {
                    self.tried.push(way);
                }
                return Ok(Outcome { way, iteration, energies, mixed, residual, stop, log: self.end() });
            }
            density = mixed;
            warm = iteration.orbitals();
        }
        Err(ScfOptions::no_iterations())
    }

    /// Adds an iteration to the log.
    pub fn note(
        &mut self,
        iteration: &Iteration<D>,
        energies: &Energies<D>,
        residual: f64,
        input: &Spins<D>,
        mixed: &Spins<D>,
    ) {
        self.iterations += 1;
        self.log.energies.push(energies.total.first());
        self.log.residuals.push(residual);
        let mixed: Vec<_> = mixed.iter().map(Value::host).collect();
        let points = mixed.first().map_or(0, |n| n.len());
        self.log.densities.push((0..points).map(|i| mixed.iter().map(|n| n[i]).sum()).collect());
        let occupation = &self.ks.equations.occupation;
        let levels = [0, 1].map(|s| iteration.filled[occupation.channel(s)].orbitals.energies.as_slice());
        self.log.closest.push(occupation.closest(levels));
        if self.best.as_ref().is_none_or(|best| residual < best.residual) {
            self.best = Some(Best { residual, density: input.iter().map(|n| n.host().to_vec()).collect() });
        }
    }

    /// Notes the energy of orbitals that are occupied in full: no converged solution above it is the lowest one.
    pub fn weigh(&mut self, iteration: &Iteration<D>, energies: &Energies<D>) {
        let energy = energies.total.first();
        // Densities that are kept symmetric are not those of the orbitals.
        let comparable = energy.is_finite() && !self.ks.symmetric() && self.ks.has_energy();
        if comparable && self.lowest.as_ref().is_none_or(|lowest| energy < lowest.energy) {
            let orbitals = State::occupied(self.ks, &iteration.orbitals());
            self.lowest = Some(Lowest { energy, orbitals });
        }
    }

    /// The lowest energy that was seen and its orbitals, if it is below that of a converged outcome.
    pub fn lower(&self, limit: f64) -> Option<&Lowest> {
        let outcome = self.outcome.as_ref().filter(|outcome| outcome.stop.converged(outcome.residual, limit))?;
        self.lowest.as_ref().filter(|lowest| lowest.energy < outcome.energies.total.first() - LOWER)
    }

    /// Notes that the first attempt is over; it ended with a residual, electrons.
    pub fn first_is_over(&mut self, residual: f64) {
        self.first = (self.iterations, residual);
    }

    /// Counts iterations for another geometry.
    pub fn count(&mut self, iterations: usize) {
        self.iterations += iterations;
    }

    /// The number of iterations so far.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Begins an attempt.
    pub fn begin(&mut self, way: Way) {
        self.tried.push(way);
        self.log = Log::default();
    }

    /// Ends an attempt: its iterations.
    pub fn end(&mut self) -> Log {
        std::mem::take(&mut self.log)
    }

    /// Keeps an outcome if it is converged, or closer to it than the one before.
    pub fn keep_better(&mut self, outcome: Outcome<D>) {
        let better = self.outcome.as_ref().is_none_or(|before| outcome.residual < before.residual);
        if better || matches!(outcome.stop, Stop::Converged | Stop::Interrupted) {
            self.outcome = Some(outcome);
        }
    }

    /// Keeps an outcome in place of the one before.
    pub fn overrule(&mut self, outcome: Outcome<D>) {
        self.outcome = Some(outcome);
    }

    /// Keeps an outcome in place of a converged one, if it has a lower energy.
    pub fn lowered(&mut self, outcome: Outcome<D>) {
        let before = self.outcome.as_ref().map_or(f64::INFINITY, |before| before.energies.total.first());
        if outcome.energies.total.first() < before {
            self.lowered = self.lowered.or(Some(before));
            self.overrule(outcome);
        }
    }

    /// The levels of the outcome, if it is converged within `limit`.
    ///
    /// # Errors
    /// Orbitals that are not found.
    pub fn converged_levels(&self, limit: f64) -> Result<Option<Levels>, KsError> {
        let converged = |outcome: &&Outcome<D>| outcome.stop.converged(outcome.residual, limit);
        let Some(Outcome { iteration, .. }) = self.outcome.as_ref().filter(converged) else { return Ok(None) };
        let potentials: Vec<Vec<f64>> = iteration.potential.iter().map(|v| v.host().to_vec()).collect();
        if self.ks.exchange() {
            let occupied = State::occupied(self.ks, &iteration.orbitals());
            return Levels::around(self.ks, &potentials, occupied).map(Some);
        }
        Levels::of(self.ks, &potentials).map(Some)
    }

    /// Whether there is nothing left to try: it is converged within `limit`, or the user stopped it.
    pub fn done(&self, limit: f64) -> bool {
        self.outcome
            .as_ref()
            .is_some_and(|outcome| outcome.stop == Stop::Interrupted || outcome.stop.converged(outcome.residual, limit))
    }

    /// The input density with the smallest residual so far; that of non-interacting electrons if there is none.
    ///
    /// # Errors
    /// Orbitals that are not found.
    pub fn best_density(&self) -> Result<Spins<D>, KsError> {
        match &self.best {
            Some(best) => fields(&self.ks.device, &best.density, Value::constant),
            None => self.ks.non_interacting(),
        }
    }

    /// The best outcome, if any; it counts as converged up to `limit`.
    pub fn found(self, limit: f64) -> Option<Found<D>> {
        let iterations = self.iterations();
        let lower = self.lower(limit).map(|lowest| lowest.energy);
        let outcome = self.outcome?;
        let mut how: Vec<Way> = Vec::new();
        for way in self.tried {
            if way != outcome.way && !how.contains(&way) {
                how.push(way);
            }
        }
        how.push(outcome.way);
        Some(Found { outcome, how, iterations, first: self.first, lower, lowered: self.lowered })
    }
}

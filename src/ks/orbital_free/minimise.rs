//! The density of lowest energy, by Newton's method within a radius.

use super::energy::{Energies, Terms, total};
use super::state::State;
use crate::control::Control;
use crate::ks::direct::{Curved, FIRST_RADIUS, Step, Surface, advance, step};
use crate::ks::{KsError, ScfOptions, Stop};
use crate::tensor::Backend;
use crate::tensor::vector::norm_in_order as norm;

/// What a minimisation has found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// n of every channel, 1/bohr.
    pub density: Vec<Vec<f64>>,
    pub energies: Energies,
    /// μ of every channel, hartree.
    pub levels: Vec<f64>,
    /// The change of the density in the last step, electrons.
    pub residual: f64,
    pub stop: Stop,
    pub log: Log,
}

/// What there was in every iteration.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub energies: Vec<f64>,
    pub densities: Vec<Vec<f64>>,
    pub residuals: Vec<f64>,
}

impl Log {
    pub fn note(&mut self, energy: f64, density: &[Vec<f64>], residual: f64) {
        self.energies.push(energy);
        self.densities.push(total(density));
        self.residuals.push(residual);
    }
}

/// A gradient below this fraction of the energy is rounding errors, in which products with the second derivative are lost.
const ROUNDING: f64 = 1e-12;

/// About the step to the minimum where only rounding errors are left of the gradient.
fn steepest<D: Backend>(state: &State<'_, D>) -> Result<Step, KsError> {
    let step: Vec<f64> = state.preconditioner()?(state.gradient()).iter().map(|x| -x).collect();
    Ok(Step { image: step.clone(), step, at_edge: false })
}

/// How often electrons are put where there were none.
const TRANSFERS: usize = 6;
/// Below this fraction of the largest density a place counts as empty.
const EMPTY: f64 = 1e-8;
/// The share of the electrons that is put there.
const MOVED: f64 = 0.3;
/// How far the derivative of the energy may be from the chemical potential, as a mean over the electrons relative to the energy of one.
const STATIONARY: f64 = 1e-4;

/// The lowest of the minima that are found from densities, one per channel. Where a place is empty and an electron there would lower the
/// energy, δE/δn < μ, minimising does not see it: ψ is 0 there. So some electrons are put there, as long as that helps.
///
/// # Errors
/// A value that is not finite.
pub(super) fn lowest<D: Backend>(
    terms: &Terms<D>,
    start: &[Vec<f64>],
    options: &ScfOptions,
    control: &dyn Control,
) -> Result<Found, KsError> {
    let mut best = minimise(terms, start, options, control)?;
    for _ in 0..TRANSFERS {
        if best.stop == Stop::Interrupted {
            break;
        }
        let Some(begin) = best.with_empty_places(terms) else { break };
        let other = match minimise(terms, &begin, options, control) {
            Err(error) if error.diverged() => break,
            other => other?,
        };
        if other.energies.total() >= best.energies.total() - 1e-10 * best.energies.size() {
            break;
        }
        best = other;
    }
    Ok(best)
}

impl Found {
    /// The densities with some of their electrons where there are none and δE/δn is below μ; `None`: there is no such place.
    fn with_empty_places<D: Backend>(&self, terms: &Terms<D>) -> Option<Vec<Vec<f64>>> {
        let spacing = terms.system.grid.spacing;
        let mut any = false;
        let electrons = terms.channels.electrons(&terms.system);
        let mut all = Vec::with_capacity(self.density.len());
        for (c, n) in self.density.iter().enumerate() {
            let largest = n.iter().copied().fold(0.0, f64::max);
            let margin = 1e-6 * (1.0 + self.levels[c].abs());
            let slope = &self.energies.slope[c];
            let gain =
                |i: usize| if n[i] < EMPTY * largest { (self.levels[c] - margin - slope[i]).max(0.0) } else { 0.0 };
            let put: Vec<f64> = (0..n.len()).map(|i| gain(i).sqrt()).collect();
            let sum = spacing * put.iter().sum::<f64>();
            any |= sum > 0.0;
            let share = if sum > 0.0 { MOVED } else { 0.0 };
            let factor = if sum > 0.0 { share * electrons[c] / sum } else { 0.0 };
            all.push(n.iter().zip(put).map(|(n, put)| (1.0 - share) * n + factor * put).collect());
        }
        any.then_some(all)
    }
}

/// Minimises the energy, beginning with densities, one per channel.
///
/// # Errors
/// A value that is not finite.
pub(super) fn minimise<D: Backend>(
    terms: &Terms<D>,
    start: &[Vec<f64>],
    options: &ScfOptions,
    control: &dyn Control,
) -> Result<Found, KsError> {
    let largest = (terms.system.electrons as f64).sqrt();
    let mut state = State::new(terms, start)?;
    let mut radius = FIRST_RADIUS * largest;
    let mut log = Log::default();
    let tolerance = options.tolerance.unwrap_or(ScfOptions::TOLERANCE);
    loop {
        let newton =
            if norm(state.gradient()) > ROUNDING * state.size() { step(&state, largest)? } else { steepest(&state)? };
        let residual = state.size_of(&newton.step);
        log.note(state.energies.total(), &state.density, residual);
        let stop = match () {
            () if residual <= tolerance && !newton.at_edge && state.stationary() < STATIONARY => Stop::Converged,
            () if control.interrupted() => Stop::Interrupted,
            () => Stop::Exhausted,
        };
        let done = stop != Stop::Exhausted || log.energies.len() >= options.iterations;
        if done || !advance(&mut state, (&mut radius, largest), Some(newton), control)? {
            let mut stop = if stop == Stop::Exhausted && control.interrupted() { Stop::Interrupted } else { stop };
            let mut residual = residual;
            if stop == Stop::Exhausted && !done {
                // No step lowers the energy: where the products are rounding errors, the first of the conjugate gradients says what is left.
                let least = state.size_of(&steepest(&state)?.step);
                if least <= tolerance && state.stationary() < STATIONARY {
                    (stop, residual) = (Stop::Converged, least);
                }
            }
            // A small residual says little of a derivative that is not smooth.
            let residual =
                if stop == Stop::Exhausted && state.stationary() >= STATIONARY { residual.max(1.0) } else { residual };
            let State { density, energies, levels, .. } = state;
            return Ok(Found { density, energies, levels, residual, stop, log });
        }
    }
}

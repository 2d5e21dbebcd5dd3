//! The density of lowest energy, by Newton's method within a radius.

use super::energy::{Energies, Terms};
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
        let points = density.first().map_or(0, Vec::len);
        self.energies.push(energy);
        self.densities.push((0..points).map(|i| density.iter().map(|n| n[i]).sum()).collect());
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
            () if residual <= tolerance && !newton.at_edge => Stop::Converged,
            () if control.interrupted() => Stop::Interrupted,
            () => Stop::Exhausted,
        };
        let done = stop != Stop::Exhausted || log.energies.len() >= options.iterations;
        if done || !advance(&mut state, (&mut radius, largest), Some(newton), control)? {
            let stop = if stop == Stop::Exhausted && control.interrupted() { Stop::Interrupted } else { stop };
            let State { density, energies, levels, .. } = state;
            return Ok(Found { density, energies, levels, residual, stop, log });
        }
    }
}

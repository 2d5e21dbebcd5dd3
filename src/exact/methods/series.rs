//! Interacting electrons in one potential after another, each close to the one before.

use super::{few_electrons, two_electrons};
use crate::control::Control;
use crate::exact::ExactError;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::model::System;

/// The gain in energy, hartree, that a change of a wave function of length 1 has at least: the square of a length is this much.
const LEAST_EXCITATION: f64 = 0.1;

/// What may be left to gain, hartree, where the integral of the density may have an error, electrons: a change of the wave function changes
/// the density of each electron by twice the overlap with it.
pub(super) fn left_to_gain(error: f64, electrons: usize) -> f64 {
    LEAST_EXCITATION * (0.5 * error / electrons as f64).powi(2)
}

/// The lowest state with the spin of the system, in potentials that are close to each other, one of each spin.
pub(in crate::exact) struct Series {
    system: System,
    method: Method,
}

enum Method {
    One,
    /// Of electrons that feel the same potential.
    Two(two_electrons::Series),
    Few(few_electrons::Series),
}

impl Series {
    /// For the electrons, the grid and the interaction of a system, beginning in its potential. `density`, 1/bohr: about that of all electrons
    /// in it. `symmetric`: all potentials are mirror images of themselves about a point; `closed`: as many electrons of each spin always feel
    /// the same one.
    ///
    /// # Errors
    /// A grid that is too large; an eigenproblem that fails; an interruption.
    pub fn new(
        system: System,
        density: &[f64],
        (symmetric, closed): (bool, bool),
        control: &dyn Control,
    ) -> Result<Self, ExactError> {
        let given = system.clone();
        let method = match system.electrons {
            0 | 1 => Method::One,
            2 if closed || !system.closed_shell() => Method::Two(two_electrons::Series::new(given, density, control)?),
            _ => Method::Few(few_electrons::Series::new(given, density, (symmetric, closed))?),
        };
        Ok(Self { system, method })
    }

    /// The energy, hartree, and the density of each spin, 1/bohr, in a potential of each; `error`: about that of the integral of the
    /// density, electrons.
    ///
    /// # Errors
    /// An eigenproblem that fails; an interruption.
    pub fn ground(
        &mut self,
        potentials: [&[f64]; 2],
        error: f64,
        control: &dyn Control,
    ) -> Result<(f64, [Vec<f64>; 2]), ExactError> {
        let none = || vec![0.0; self.system.grid.points];
        match &mut self.method {
            Method::One => {
                let found = lowest(&Hamiltonian::new(&self.system.grid, potentials[0]), 1, None)?;
                let psi = found.vectors.first().cloned().unwrap_or_else(none);
                let density = psi.iter().map(|psi| psi * psi / self.system.grid.spacing).collect();
                Ok((found.energies.first().copied().unwrap_or(0.0), [density, none()]))
            }
            Method::Two(series) => {
                let (energy, density) = series.ground(potentials[0], error, control)?;
                if !self.system.closed_shell() {
                    return Ok((energy, [density, none()]));
                }
                let half: Vec<f64> = density.iter().map(|n| 0.5 * n).collect();
                Ok((energy, [half.clone(), half]))
            }
            Method::Few(series) => series.ground(potentials, error, control),
        }
    }
}

//! Interacting electrons in one potential after another, each close to the one before.

use super::{few_electrons, two_electrons};
use crate::control::Control;
use crate::exact::{ExactError, davidson};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::model::System;

/// The relative accuracy of a first-order change, and its maximum number of iterations.
pub(super) const RESPONSE: (f64, usize) = (1e-5, 300);

/// An excitation energy below this, hartree, is that of states as good as degenerate.
const LEAST_EXCITATION: f64 = 1e-3;

/// What an error of the energy says about the density: a change of the wave function by a length adds the square of that times an excitation
/// energy to the energy, and changes the density of each electron by twice that length.
#[derive(Clone, Copy)]
pub(super) struct Softest {
    electrons: usize,
    /// The lowest excitation energy, hartree; the states of an iteration contain every one that is lower than its first value.
    excitation: f64,
}

impl Softest {
    pub fn new(electrons: usize) -> Self {
        Self { electrons, excitation: davidson::LEAST_GAP }
    }

    /// What may be left to gain, hartree, where the integral of the density may have an error, electrons.
    pub fn left_to_gain(&self, error: f64) -> f64 {
        self.excitation * (0.5 * error / self.electrons as f64).powi(2)
    }

    /// With the states that were found; the error of the integral of the density, electrons.
    pub fn found(&mut self, found: &davidson::Found) -> f64 {
        let excitation = found.energies.get(1).map_or(davidson::LEAST_GAP, |next| next - found.energies[0]);
        self.excitation = excitation.clamp(LEAST_EXCITATION, davidson::LEAST_GAP);
        2.0 * self.electrons as f64 * (found.left / self.excitation).sqrt()
    }
}

/// The lowest state in a potential.
pub(in crate::exact) struct Ground {
    /// Hartree.
    pub energy: f64,
    /// Of each spin, 1/bohr.
    pub density: [Vec<f64>; 2],
    /// About that of the integral of the density, electrons: more than was asked for where the iterations have not converged.
    pub error: f64,
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

    /// In a potential of each spin; `error`: about that of the integral of the density, electrons.
    ///
    /// # Errors
    /// An eigenproblem that fails; an interruption.
    pub fn ground(&mut self, potentials: [&[f64]; 2], error: f64, control: &dyn Control) -> Result<Ground, ExactError> {
        let none = || vec![0.0; self.system.grid.points];
        match &mut self.method {
            Method::One => {
                let found = lowest(&Hamiltonian::new(&self.system.grid, potentials[0]), 1, None)?;
                let psi = found.vectors.first().cloned().unwrap_or_else(none);
                let density = psi.iter().map(|psi| psi * psi / self.system.grid.spacing).collect();
                let energy = found.energies.first().copied().unwrap_or(0.0);
                Ok(Ground { energy, density: [density, none()], error: 0.0 })
            }
            Method::Two(series) => {
                let (energy, density, error) = series.ground(potentials[0], error, control)?;
                if !self.system.closed_shell() {
                    return Ok(Ground { energy, density: [density, none()], error });
                }
                let half: Vec<f64> = density.iter().map(|n| 0.5 * n).collect();
                Ok(Ground { energy, density: [half.clone(), half], error })
            }
            Method::Few(series) => series.ground(potentials, error, control),
        }
    }

    /// The first-order change of the density of each spin, 1/bohr, when the potentials change, hartree, around those in which the ground state
    /// was found last.
    ///
    /// # Errors
    /// An interruption.
    pub fn response(
        &self,
        potentials: [&[f64]; 2],
        changes: [&[f64]; 2],
        control: &dyn Control,
    ) -> Result<[Vec<f64>; 2], ExactError> {
        let none = || vec![0.0; self.system.grid.points];
        match &self.method {
            // Asked for by none: one electron has a closed form.
            Method::One => Ok([none(), none()]),
            Method::Two(series) => {
                let change = series.response(potentials[0], changes[0], control)?;
                if !self.system.closed_shell() {
                    return Ok([change, none()]);
                }
                let half: Vec<f64> = change.iter().map(|n| 0.5 * n).collect();
                Ok([half.clone(), half])
            }
            Method::Few(series) => series.response(potentials, changes, control),
        }
    }
}

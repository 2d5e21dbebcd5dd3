//! The field of an electron: the external potential and the mean field of the other electrons.

use super::ExactError;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::model::System;

/// A potential that differs from its mirror image by less than this fraction of itself, or of a hartree, counts as symmetric.
const ASYMMETRY: f64 = 1e-12;

/// Self-consistent iterations. They need not converge fully: the mean field is only a start and a preconditioner.
const ROUNDS: usize = 12;

/// The fraction of the new density in the next.
const STEP: f64 = 0.5;

/// The system's one-electron Hamiltonian, made exactly symmetric if it is symmetric to within rounding.
pub(super) struct Field {
    pub hamiltonian: Hamiltonian,
    /// The external potential, hartree.
    potential: Vec<f64>,
    /// Whether it is its own mirror image on the grid.
    pub symmetric: bool,
}

impl Field {
    pub(super) fn new(system: &System) -> Self {
        let v = &system.potential;
        let symmetric = v.iter().zip(v.iter().rev()).all(|(a, b)| (a - b).abs() <= ASYMMETRY * (1.0 + a.abs()));
        let potential = if symmetric { even(v) } else { v.to_vec() };
        Self { hamiltonian: Hamiltonian::new(&system.grid, &potential), potential, symmetric }
    }

    /// The error that symmetrising the potential may have caused for electrons of the given density, hartree, to first order in the
    /// change.
    pub(super) fn evened(&self, system: &System, density: &[f64]) -> f64 {
        let taken = self.potential.iter().zip(system.potential.iter()).map(|(even, v)| (even - v).abs());
        system.grid.spacing * taken.zip(density).map(|(taken, n)| taken * n).sum::<f64>()
    }

    /// h plus the field of all electrons but one.
    pub(super) fn screened(&self, system: &System, density: &[f64]) -> Hamiltonian {
        let rest = 1.0 - 1.0 / system.electrons as f64;
        let mut v = system.interaction.hartree(&system.grid, density);
        v.iter_mut().zip(&self.potential).for_each(|(w, v)| *w = v + rest * *w);
        let v = if self.symmetric { even(&v) } else { v };
        Hamiltonian::new(&system.grid, &v)
    }

    /// The self-consistent density of electrons in each other's mean field, 1/bohr.
    pub(super) fn self_consistent_density(&self, system: &System) -> Result<Vec<f64>, ExactError> {
        let (up, down) = system.spins();
        let mut density = vec![0.0; system.grid.points];
        let mut warm = None;
        for round in 0..ROUNDS {
            let orbitals = lowest(&self.screened(system, &density), up, warm.as_ref())?;
            let step = if round == 0 { 1.0 } else { STEP };
            density.iter_mut().for_each(|n| *n *= 1.0 - step);
            for psi in orbitals.vectors[..up].iter().chain(&orbitals.vectors[..down]) {
                density.iter_mut().zip(psi).for_each(|(n, psi)| *n += step * psi * psi / system.grid.spacing);
            }
            warm = Some(orbitals);
        }
        Ok(density)
    }

    /// The parts of a vector by parity.
    pub(super) fn parts(&self, vector: &[f64]) -> Vec<(Vec<f64>, u8)> {
        if !self.symmetric {
            return vec![(vector.to_vec(), 0)];
        }
        let odd = vector.iter().zip(vector.iter().rev()).map(|(a, b)| 0.5 * (a - b)).collect();
        vec![(even(vector), 0), (odd, 1)]
    }
}

/// The mean of a vector and its mirror image.
fn even(vector: &[f64]) -> Vec<f64> {
    vector.iter().zip(vector.iter().rev()).map(|(a, b)| 0.5 * (a + b)).collect()
}

/// Makes a vector exactly even or odd.
pub(super) fn purify(vector: &mut [f64], parity: u8) {
    let sign = if parity == 0 { 1.0 } else { -1.0 };
    let n = vector.len();
    for i in 0..n.div_ceil(2) {
        let mean = 0.5 * (vector[i] + sign * vector[n - 1 - i]);
        vector[i] = mean;
        vector[n - 1 - i] = sign * mean;
    }
}

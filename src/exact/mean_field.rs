//! Two electrons in each other's mean field: the orbitals in which the true wave function is nearly diagonal.

use super::ExactError;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::{Orbitals, lowest};
use crate::model::System;

/// Rounds of the self-consistency. It need not be perfect: the mean field only steers the iterations.
const ROUNDS: usize = 12;

/// One-electron problem whose sum over two electrons, less `constant`, imitates the interacting H.
pub(super) struct MeanField {
    /// h + v_H/2: an electron feels the other one.
    pub hamiltonian: Hamiltonian,
    /// What the sum counts twice, hartree.
    pub constant: f64,
}

/// Self-consistent field of two electrons, both in the lowest orbital (`unpaired` 0) or one each in the lowest two.
pub(super) fn mean_field(system: &System) -> Result<MeanField, ExactError> {
    let grid = &system.grid;
    let levels = if system.closed_shell() { 1 } else { 2 };
    let mut density = vec![0.0; grid.points];
    let mut warm: Option<Orbitals> = None;
    for round in 0..ROUNDS {
        let orbitals = lowest(&with_field(system, &density).0, levels, warm.as_ref())?;
        let step = if round == 0 { 1.0 } else { 0.6 };
        density.iter_mut().for_each(|n| *n *= 1.0 - step);
        for psi in &orbitals.vectors {
            let weight = step * 2.0 / (levels as f64 * grid.spacing);
            density.iter_mut().zip(psi).for_each(|(n, psi)| *n += weight * psi * psi);
        }
        warm = Some(orbitals);
    }
    let (hamiltonian, half) = with_field(system, &density);
    let constant = 0.5 * grid.spacing * density.iter().zip(&half).map(|(n, v)| n * v).sum::<f64>();
    Ok(MeanField { hamiltonian, constant })
}

/// h + v_H/2, and v_H/2.
fn with_field(system: &System, density: &[f64]) -> (Hamiltonian, Vec<f64>) {
    let mut half = system.interaction.hartree(&system.grid, density);
    half.iter_mut().for_each(|v| *v *= 0.5);
    let v: Vec<f64> = system.potential.iter().zip(&half).map(|(v, w)| v + w).collect();
    (Hamiltonian::new(&system.grid, &v), half)
}

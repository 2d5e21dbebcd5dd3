//! How occupied orbitals and levels respond to the potential: the backward rule of the eigenproblem.

use super::banded::Lu;
use super::hamiltonian::Hamiltonian;
use super::orbitals::{OrbitalError, Orbitals, project_out};
use crate::model::Grid;

/// A gap below this fraction of the norm of H is none.
const NO_GAP: f64 = 1e-12;

/// How far below the level the linear system is shifted, as a fraction of the gap.
const SHIFT: f64 = 1e-4;

/// Most corrections of a solution; each gains a factor `SHIFT`.
const CORRECTIONS: usize = 6;

/// Cotangent of the potential v_i, from that of the density n_i = `occupation`/h sum_k psi_k,i^2 of the lowest `occupied`
/// orbitals (`density_bar`, dL/dn_i without any h) and those of the levels (`energy_bar`, one a level of `orbitals`).
///
/// With Q the projection out of the occupied orbitals, (H - e_k) phi_k = -Q (n_bar psi_k), phi_k = Q phi_k, and
/// v_bar = 2 f/h sum_k phi_k psi_k + sum_k e_bar_k psi_k^2. Only mixing with unoccupied orbitals enters, so that degenerate
/// occupied levels do no harm. `orbitals` must hold the lowest unoccupied one wherever there is one; if its level coincides with
/// the highest occupied one the result is [`OrbitalError::NoGap`].
pub fn pullback(
    h: &Hamiltonian,
    orbitals: &Orbitals,
    occupied: usize,
    occupation: f64,
    density_bar: &[f64],
    energy_bar: &[f64],
    grid: &Grid,
) -> Result<Vec<f64>, OrbitalError> {
    let mut v_bar = vec![0.0; h.points()];
    for (psi, bar) in orbitals.vectors.iter().zip(energy_bar).filter(|(_, bar)| **bar != 0.0) {
        v_bar.iter_mut().zip(psi).for_each(|(v, psi)| *v += bar * psi * psi);
    }
    let occupied = occupied.min(orbitals.vectors.len());
    if occupied == 0 || occupied == h.points() || density_bar.iter().all(|n| *n == 0.0) {
        return Ok(v_bar);
    }
    let gap = gap(h, orbitals, occupied)?;
    let scale = h.scale();
    let factor = 2.0 * occupation / grid.spacing;
    let filled = &orbitals.vectors[..occupied];
    for (psi, &energy) in filled.iter().zip(&orbitals.energies) {
        let source: Vec<f64> = density_bar.iter().zip(psi).map(|(n, psi)| -n * psi).collect();
        let phi = resolvent(h, scale, energy, gap, filled, source);
        for i in 0..v_bar.len() {
            v_bar[i] += factor * phi[i] * psi[i];
        }
    }
    Ok(v_bar)
}

/// From the highest occupied to the lowest unoccupied level.
fn gap(h: &Hamiltonian, orbitals: &Orbitals, occupied: usize) -> Result<f64, OrbitalError> {
    // Without the unoccupied level, any shift well inside the spectrum's own spacing serves.
    let gap = orbitals.energies.get(occupied).map_or(1e-3, |above| above - orbitals.energies[occupied - 1]);
    if gap > NO_GAP * h.scale() { Ok(gap) } else { Err(OrbitalError::NoGap { gap }) }
}

/// Solves (H - energy) phi = Q source, phi = Q phi. The system is singular along the occupied orbitals, so a slightly shifted one
/// is factorised, whose solution is corrected until the residual no longer falls.
fn resolvent(
    h: &Hamiltonian,
    scale: f64,
    energy: f64,
    gap: f64,
    filled: &[Vec<f64>],
    mut source: Vec<f64>,
) -> Vec<f64> {
    project_out(&mut source, filled);
    let lu = Lu::new(h, scale, energy - SHIFT * gap);
    let mut phi = vec![0.0; source.len()];
    let mut rest = source.clone();
    let size = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    for _ in 0..CORRECTIONS {
        let before = size(&rest);
        let mut step = rest.clone();
        lu.solve(&mut step);
        project_out(&mut step, filled);
        let trial: Vec<f64> = phi.iter().zip(&step).map(|(phi, s)| phi + s).collect();
        let image = h.apply(&trial);
        let mut left: Vec<f64> =
            source.iter().zip(&image).zip(&trial).map(|((s, a), phi)| s - (a - energy * phi)).collect();
        project_out(&mut left, filled);
        let after = size(&left);
        // Also where it is not a number.
        if after.is_nan() || after >= before {
            break;
        }
        (phi, rest) = (trial, left);
        if after <= 1e-28 * size(&source) {
            break;
        }
    }
    phi
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;

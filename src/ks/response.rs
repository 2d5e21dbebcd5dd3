//! How occupied orbitals and levels respond to the potential: the backward rule of the eigenproblem.

use super::banded::Lu;
use super::block::{Block, lane};
use super::hamiltonian::Hamiltonian;
use super::lanes::{keep, norms, project_out};
use super::ldl::Ldl;
use super::orthonormal::{OrbitalError, Orbitals};
use crate::model::Grid;
use crate::tensor::Buffer;

/// A gap below this fraction of the norm of H counts as zero.
const MIN_GAP: f64 = 1e-12;

/// How far below the level the linear system is shifted, as a fraction of the gap.
const SHIFT_OF_GAP: f64 = 1e-6;

/// The maximum number of corrections of a solution; each gains a factor `SHIFT_OF_GAP`.
const MAX_CORRECTIONS: usize = 6;

/// The rounding error of a residual may be this many times its usual size.
const ROUNDING_FACTOR: f64 = 16.0;

/// Cotangent of the potential v_i, from that of the density n_i = `occupation`/h sum_k psi_k,i^2 of the lowest `occupied`
/// orbitals (`density_bar`, dL/dn_i without a factor h) and those of the levels (`energy_bar`, one per level of `orbitals`).
///
/// With Q the projection out of the occupied orbitals, (H - e_k) phi_k = -Q (n_bar psi_k), phi_k = Q phi_k, and v_bar =
/// 2 f/h sum_k phi_k psi_k + sum_k e_bar_k psi_k^2. Only mixing with unoccupied orbitals enters, so degenerate occupied
/// levels do no harm. `orbitals` must include the lowest unoccupied one if there is one; if its level coincides with
/// the highest occupied one, the result is [`OrbitalError::NoGap`].
pub fn pullback(
    h: &Hamiltonian,
    orbitals: &Orbitals,
    occupied: usize,
    occupation: f64,
    density_bar: &[f64],
    energy_bar: &[f64],
    grid: &Grid,
) -> Result<Buffer, OrbitalError> {
    let mut v_bar = Buffer::filled(h.points(), 0.0);
    for (psi, bar) in orbitals.vectors.iter().zip(energy_bar).filter(|(_, bar)| **bar != 0.0) {
        v_bar.iter_mut().zip(psi).for_each(|(v, psi)| *v += bar * psi * psi);
    }
    let occupied = occupied.min(orbitals.vectors.len());
    if occupied == 0 || occupied == h.points() || density_bar.iter().all(|n| *n == 0.0) {
        return Ok(v_bar);
    }
    if density_bar.iter().any(|n| !n.is_finite()) {
        return Ok(Buffer::filled(h.points(), f64::NAN));
    }
    let gap = gap(h, orbitals, occupied)?;
    let problem = Problem { h, scale: h.scale(), gap, filled: &orbitals.vectors[..occupied] };
    let phis = match occupied {
        1 => problem.responses::<1>(&orbitals.energies, density_bar),
        2 => problem.responses::<2>(&orbitals.energies, density_bar),
        _ => problem.responses::<4>(&orbitals.energies, density_bar),
    };
    let factor = 2.0 * occupation / grid.spacing;
    for (phi, psi) in phis.iter().zip(&orbitals.vectors) {
        for i in 0..v_bar.len() {
            v_bar[i] += factor * phi[i] * psi[i];
        }
    }
    Ok(v_bar)
}

/// The gap between the highest occupied and the lowest unoccupied level.
fn gap(h: &Hamiltonian, orbitals: &Orbitals, occupied: usize) -> Result<f64, OrbitalError> {
    // Without an unoccupied level, any shift well below the spacing of the spectrum will do.
    let gap = orbitals.energies.get(occupied).map_or(1e-3, |above| above - orbitals.energies[occupied - 1]);
    if gap > MIN_GAP * h.scale() { Ok(gap) } else { Err(OrbitalError::NoGap { gap }) }
}

/// What the linear systems of all occupied orbitals share.
struct Problem<'a> {
    h: &'a Hamiltonian,
    scale: f64,
    gap: f64,
    filled: &'a [Vec<f64>],
}

impl Problem<'_> {
    /// phi_k of every occupied orbital, `W` of them side by side.
    fn responses<const W: usize>(&self, energies: &[f64], density_bar: &[f64]) -> Vec<Buffer> {
        let mut phis = Vec::with_capacity(self.filled.len());
        for (psis, energies) in self.filled.chunks(W).zip(energies.chunks(W)) {
            // Lanes without an orbital repeat the last one, and are ignored.
            let of = |w: usize| w.min(psis.len() - 1);
            let energies: [f64; W] = std::array::from_fn(|w| energies[of(w)]);
            let source = |i: usize| std::array::from_fn(|w| -density_bar[i] * psis[of(w)][i]);
            let source: Block<W> = Block::of(self.h.points(), source);
            let shifts = energies.map(|energy| energy - SHIFT_OF_GAP * self.gap);
            let factors = Ldl::new(self.h, self.scale, &shifts);
            let (phi, solved) = self.solve(&energies, source.clone(), |x| factors.solve(x));
            for w in 0..psis.len() {
                if solved[w] {
                    phis.push(lane(&phi, w).flattened());
                    continue;
                }
                let lu = Lu::new(self.h, self.scale, shifts[w]);
                let source = lane(&source, w);
                let (phi, _) = self.solve(&[energies[w]], source, |x| lu.solve(x.as_flattened_mut()));
                phis.push(phi.flattened());
            }
        }
        phis
    }

    /// Solves (H - energy) phi = Q source, phi = Q phi, lane by lane, and reports whether the residual is rounding error. The system
    /// is singular along the occupied orbitals: `solve` solves it for a slightly lower energy, and its solution is corrected until
    /// the residual no longer falls.
    fn solve<const W: usize>(
        &self,
        energies: &[f64; W],
        mut source: Block<W>,
        solve: impl Fn(&mut Block<W>),
    ) -> (Block<W>, [bool; W]) {
        project_out(&mut source, self.filled);
        let mut phi = Block::zeros(source.len());
        let mut rest = source.clone();
        let mut size = norms(&rest);
        let mut solved = [false; W];
        for _ in 0..MAX_CORRECTIONS {
            let mut trial = rest.clone();
            solve(&mut trial);
            project_out(&mut trial, self.filled);
            add(&mut trial, &phi);
            let mut left = self.h.apply_block(&trial);
            leave(&mut left, &trial, &source, energies);
            project_out(&mut left, self.filled);
            let after = norms(&left);
            // Written so that a lane also stays unchanged if the new residual is NaN.
            let better: [bool; W] = std::array::from_fn(|w| after[w] < size[w]);
            keep(&mut phi, &trial, &better);
            keep(&mut rest, &left, &better);
            let rounding = norms(&phi).map(|phi| f64::EPSILON * self.scale * phi);
            for w in 0..W {
                size[w] = if better[w] { after[w] } else { size[w] };
                solved[w] = size[w] <= if better[w] { rounding[w] } else { ROUNDING_FACTOR * rounding[w] };
            }
            if (0..W).all(|w| solved[w] || !better[w]) {
                break;
            }
        }
        (phi, solved)
    }
}

fn add<const W: usize>(x: &mut Block<W>, y: &Block<W>) {
    x.as_flattened_mut().iter_mut().zip(y.as_flattened()).for_each(|(x, y)| *x += y);
}

/// Turns `image` = H phi into the residual source - (H - energy) phi.
fn leave<const W: usize>(image: &mut Block<W>, phi: &Block<W>, source: &Block<W>, energies: &[f64; W]) {
    for ((image, phi), source) in image.iter_mut().zip(phi.iter()).zip(source.iter()) {
        for w in 0..W {
            image[w] = source[w] - (image[w] - energies[w] * phi[w]);
        }
    }
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;

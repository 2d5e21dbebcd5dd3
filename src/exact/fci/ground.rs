//! The lowest state in the determinants of given orbitals.

use super::super::ExactError;
use super::super::davidson;
use super::Watch;
use super::integrals::Integrals;
use super::operator::{Operator, diagonal};
use super::space::Space;
use crate::ks::orbitals::dot;

/// Most iterations.
const ITERATIONS: usize = 120;

/// Denominators of the preconditioner are at least this, hartree.
const LEAST: f64 = 0.08;

/// A state, its energy, and what second-order perturbation theory expects the next iteration to gain, hartree.
pub(super) struct Ground {
    pub state: Vec<f64>,
    pub energy: f64,
    pub left: f64,
}

/// Davidson iterations from `start` until the next would gain less than `tolerance`, or time is up.
pub(super) fn ground(
    space: &Space,
    integrals: &Integrals,
    start: Vec<f64>,
    tolerance: f64,
    watch: &Watch,
) -> Result<Ground, ExactError> {
    let operator = Operator::new(space, integrals);
    let energies = diagonal(space, integrals);
    let apply = |state: &[f64]| operator.apply(state);
    let mut krylov = davidson::Space::new(space.len());
    krylov.extend(symmetrised(space, start), &apply);
    for iterations in 1..=ITERATIONS {
        watch.check()?;
        let ritz = krylov.lowest().ok_or_else(|| ExactError::Eigen { label: watch.label() })?;
        let mut step = ritz.residual;
        let before = step.clone();
        step.iter_mut().zip(&energies).for_each(|(r, d)| *r /= (d - ritz.energy).max(LEAST));
        let left = dot(&before, &step);
        let done = left <= tolerance || iterations == ITERATIONS || watch.late();
        if done || !krylov.extend(symmetrised(space, step), &apply) {
            return Ok(Ground { state: ritz.vector, energy: ritz.energy, left });
        }
    }
    Err(ExactError::Eigen { label: watch.label() })
}

/// Symmetric under exchange of the spins to the last bit, where there are as many up as down.
fn symmetrised(space: &Space, mut state: Vec<f64>) -> Vec<f64> {
    if space.balanced() {
        let other = space.transpose(&state);
        state.iter_mut().zip(other).for_each(|(x, y)| *x = 0.5 * (*x + y));
    }
    state
}

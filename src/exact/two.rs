//! Two interacting electrons: the lowest symmetric (singlet) or antisymmetric (triplet) function on the product grid.

use super::davidson::{Ritz, Space};
use super::mean_field::{MeanField, mean_field};
use super::product::{Exchange, Preconditioner, Product, exchange};
use super::progress::Progress;
use super::start::start;
use super::{ExactError, Options, Origin, PairDensity, Reference};
use crate::control::Control;
use crate::ks::orbitals::dot;
use crate::model::System;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use std::sync::Arc;

/// The most grid points: a wave function of as many squared is 128 MiB.
const MOST_POINTS: usize = 4096;

/// Most iterations; about ten are needed.
const ITERATIONS: usize = 200;

/// The part of the accuracy that the estimated error must reach.
const MARGIN: f64 = 0.1;

/// Occupations below this are not listed.
const NEGLIGIBLE: f64 = 1e-14;

/// Solves for the ground state of the spin of the system.
pub(super) fn solve(system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Reference, ExactError> {
    let points = system.grid.points;
    if points > MOST_POINTS {
        return Err(ExactError::Grid { points, most: MOST_POINTS });
    }
    let field = mean_field(system)?;
    let (state, error) = iterate(system, &field, options, control)?;
    let error = error.max(1e-15 * field.hamiltonian.scale());
    let (density, occupations) = observe(system, &state.vector)?;
    let pairs = pairs(system, &state.vector)?;
    let (system, energy, origin) = (system.clone(), state.energy, Origin::Solved);
    Ok(Reference { system, energy, density, occupations, pairs, error, origin })
}

fn symmetry(system: &System) -> Exchange {
    if system.closed_shell() { Exchange::Symmetric } else { Exchange::Antisymmetric }
}

/// Davidson iterations until the estimated error of the energy is small enough; the state and that error, hartree.
fn iterate(
    system: &System,
    field: &MeanField,
    options: &Options,
    control: &dyn Control,
) -> Result<(Ritz, f64), ExactError> {
    let label = || system.label.clone();
    let begun = control.elapsed();
    let late = || options.time_limit.is_some_and(|limit| control.elapsed().saturating_sub(begun) > limit);
    let (n, symmetry) = (system.grid.points, symmetry(system));
    let operator = Product::new(system);
    let apply = |psi: &[f64]| operator.apply(psi);
    let mut space = Space::new(n * n);
    for state in start(system, field, symmetry)? {
        space.extend(state, &apply);
    }
    let inverse = Preconditioner::new(field, &system.label)?;
    let wanted = MARGIN * options.accuracy;
    let mut progress = Progress::new(label(), wanted);
    let mut error = f64::INFINITY;
    for _ in 0..ITERATIONS {
        if control.interrupted() {
            return Err(ExactError::Interrupted { label: label() });
        }
        let state = space.lowest().ok_or_else(|| ExactError::Eigen { label: label() })?;
        let mut step = inverse.apply(&state.residual, state.energy);
        // Twice what second-order perturbation theory expects the step to gain.
        error = 2.0 * dot(&state.residual, &step).abs();
        control.report(progress.at(error));
        if error <= wanted || late() {
            return Ok((state, error));
        }
        exchange(&mut step, n, symmetry);
        if !space.extend(step, &apply) {
            // Nothing is left to add: the state is as good as it gets, which must be good enough.
            if error <= options.accuracy {
                return Ok((state, error));
            }
            break;
        }
    }
    Err(ExactError::NotConverged { label: label(), error })
}

/// Density of each spin, 1/bohr, and natural occupations.
fn observe(system: &System, psi: &[f64]) -> Result<([Vec<f64>; 2], Vec<f64>), ExactError> {
    let n = system.grid.points;
    let share = 2.0 / system.grid.spacing;
    let density: Vec<f64> = psi.chunks_exact(n).map(|column| share * dot(column, column)).collect();
    let state = MatRef::from_column_major_slice(psi, n, n);
    let mut matrix = Mat::<f64>::zeros(n, n);
    matmul(&mut matrix, Accum::Replace, state, state.transpose(), 2.0, Par::Seq);
    let mut occupations =
        matrix.self_adjoint_eigenvalues(Side::Lower).map_err(|_| ExactError::Eigen { label: system.label.clone() })?;
    occupations.retain(|o| *o > NEGLIGIBLE);
    occupations.sort_by(|a, b| b.total_cmp(a));
    let densities = match symmetry(system) {
        Exchange::Symmetric => {
            let half: Vec<f64> = density.iter().map(|n| 0.5 * n).collect();
            [half.clone(), half]
        }
        Exchange::Antisymmetric => [density, vec![0.0; n]],
    };
    Ok((densities, occupations))
}

/// 2 |psi|².
fn pairs(system: &System, psi: &[f64]) -> Result<PairDensity, ExactError> {
    let (n, share) = (system.grid.points, 2.0 / system.grid.spacing.powi(2));
    PairDensity::of_matrix(&Mat::from_fn(n, n, |i, j| share * psi[j * n + i].powi(2)), &system.label)
}

#[cfg(test)]
#[path = "two_tests.rs"]
mod tests;

//! Two interacting electrons: the lowest symmetric (singlet) or antisymmetric (triplet) function on the product grid.

mod product;
mod series;
mod start;
#[cfg(test)]
mod tests;

use super::mean_field::counted_twice;
use super::{Answer, Method};
use crate::control::{Control, unless_interrupted};
use crate::exact::davidson::{self, Found};
use crate::exact::field::{Field, purify};
use crate::exact::progress::Progress;
use crate::exact::{ExactError, Options, PairDensity};
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::{System, both_spins};
use crate::tensor::vector::dot;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use product::{Exchange, Preconditioner, Product, exchange};
use start::start;
use std::sync::Arc;

pub(super) use series::Series;

/// The maximum number of grid points: a wave function is then 128 MiB.
const MAX_POINTS: usize = 4096;

/// The maximum number of iterations; about ten are needed, a few hundred if the repulsion changes strongly from point
/// to point.
const ITERATIONS: usize = 400;

/// The error is estimated as this times the gain of the next step in second-order perturbation theory.
const ERROR_FACTOR: f64 = 2.0;

/// The estimated error must reach this fraction of the accuracy.
const ERROR_SHARE: f64 = 0.1;

/// Occupations below this are not listed.
const LEAST_OCCUPATION: f64 = 1e-14;

/// The wave function on the product of the grid with itself.
#[derive(Debug)]
pub(super) struct TwoElectrons;

impl Method for TwoElectrons {
    fn name(&self) -> &'static str {
        "two_electrons"
    }

    fn takes(&self) -> &'static str {
        "two electrons"
    }

    fn suits(&self, system: &System) -> bool {
        system.electrons == 2
    }

    fn accuracy(&self, _: &System) -> f64 {
        1e-9
    }

    fn solve(&self, system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Answer, ExactError> {
        solve(system, options, control)
    }
}

fn solve(system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Answer, ExactError> {
    let points = system.grid.points;
    if points > MAX_POINTS {
        return Err(ExactError::Grid { electrons: 2, points, most: MAX_POINTS });
    }
    let field = Field::new(system);
    let mut found = iterate(system, &field, options, control)?;
    let (state, energy) = (std::mem::take(&mut found.states[0]), found.energies[0]);
    let observed = system.clone();
    let observed = unless_interrupted(control, move |_| {
        let (density, occupations) = observe(&observed, &state)?;
        Ok::<_, ExactError>((density, occupations, pairs(&observed, &state)?))
    });
    let (density, occupations, pairs) = observed.map_err(|_| stopped(system))??;
    let error = (ERROR_FACTOR * found.left).max(1e-15 * field.hamiltonian.scale());
    let error = error + field.evened(system, &both_spins(&density));
    Ok(Answer { energy, density, occupations: Some(occupations), pairs: Some(pairs), error })
}

fn stopped(system: &System) -> ExactError {
    ExactError::Interrupted { label: system.label.clone() }
}

fn symmetry(system: &System) -> Exchange {
    if system.closed_shell() { Exchange::Symmetric } else { Exchange::Antisymmetric }
}

/// H of two electrons, and the preconditioner.
struct Pair<'a> {
    system: &'a System,
    product: Product,
    inverse: Arc<Preconditioner>,
    symmetric: bool,
    control: &'a dyn Control,
}

impl davidson::Operator for Pair<'_> {
    fn apply(&self, psi: &[f64]) -> Vec<f64> {
        self.product.apply(psi)
    }

    fn correct(&self, residual: &[f64], energy: f64) -> Vec<f64> {
        let (inverse, given) = (self.inverse.clone(), residual.to_vec());
        // Given up, the search ends before it uses the correction.
        let corrected = unless_interrupted(self.control, move |_| inverse.apply(&given, energy));
        corrected.unwrap_or_else(|_| vec![0.0; residual.len()])
    }

    /// In one dimension the lowest function does not change sign for x < y, which determines its parity.
    fn symmetrise(&self, psi: &mut Vec<f64>) {
        let symmetry = symmetry(self.system);
        exchange(psi, self.system.grid.points, symmetry);
        if self.symmetric {
            purify(psi, symmetry.parity());
        }
    }

    fn label(&self) -> String {
        self.system.label.clone()
    }
}

/// The preconditioner around a density, 1/bohr, and the Hamiltonian of one electron that is screened by it.
fn preconditioner(
    system: &System,
    screened: &Hamiltonian,
    density: &[f64],
    control: &dyn Control,
) -> Result<Arc<Preconditioner>, ExactError> {
    let constant = counted_twice(system, density);
    let (mean_field, label) = (screened.clone(), system.label.clone());
    let inverse = unless_interrupted(control, move |_| Preconditioner::new(&mean_field, constant, &label));
    Ok(Arc::new(inverse.map_err(|_| stopped(system))??))
}

/// The density of both electrons, 1/bohr.
fn density_of(system: &System, psi: &[f64]) -> Vec<f64> {
    let share = 2.0 / system.grid.spacing;
    psi.chunks_exact(system.grid.points).map(|column| share * dot(column, column)).collect()
}

/// Davidson iterations until the estimated error of the energy is small enough.
fn iterate(system: &System, field: &Field, options: &Options, control: &dyn Control) -> Result<Found, ExactError> {
    let begun = control.elapsed();
    let late = || options.time_limit.is_some_and(|limit| control.elapsed().saturating_sub(begun) > limit);
    let density = field.self_consistent_density(system)?;
    let screened = field.screened(system, &density);
    let inverse = preconditioner(system, &screened, &density, control)?;
    let pair = Pair {
        system,
        product: Product::new(system, &field.hamiltonian),
        inverse,
        symmetric: field.symmetric,
        control,
    };
    let starts = start(system, field, &screened, symmetry(system))?;
    // There is nothing to gain below the rounding error.
    let wanted = (ERROR_SHARE * options.accuracy).max(1e-16 * field.hamiltonian.scale());
    let mut progress = Progress::new(system.label.clone(), wanted);
    davidson::lowest(&pair, starts, (wanted / ERROR_FACTOR, ITERATIONS), &mut |left| {
        if control.interrupted() {
            return Err(stopped(system));
        }
        progress.at(ERROR_FACTOR * left).into_iter().for_each(|event| control.report(event));
        Ok(late())
    })
}

/// The density of each spin, 1/bohr, and the natural occupations.
fn observe(system: &System, psi: &[f64]) -> Result<([Vec<f64>; 2], Vec<f64>), ExactError> {
    let n = system.grid.points;
    let density = density_of(system, psi);
    let state = MatRef::from_column_major_slice(psi, n, n);
    let mut matrix = Mat::<f64>::zeros(n, n);
    matmul(&mut matrix, Accum::Replace, state, state.transpose(), 2.0, Par::Seq);
    let mut occupations =
        matrix.self_adjoint_eigenvalues(Side::Lower).map_err(|_| ExactError::Eigen { label: system.label.clone() })?;
    occupations.retain(|o| *o > LEAST_OCCUPATION);
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

//! The mean field of electrons, as an approximation to what they do in each other's repulsion.

use crate::exact::ExactError;
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::System;
use crate::tensor::vector::{dot, leave_vector_registers};
use faer::{Mat, Side};

/// What a sum of mean-field energies counts twice, hartree, where each electron feels the repulsion of a density, 1/bohr, but for its own share.
pub(super) fn counted_twice(system: &System, density: &[f64]) -> f64 {
    let repulsion = system.interaction.hartree(&system.grid, density);
    let others = 1.0 - 1.0 / system.electrons as f64;
    0.5 * others * system.grid.spacing * dot(density, &repulsion)
}

/// The levels, hartree, and eigenvectors of a mean field, these in single precision for a preconditioner: that does not limit the accuracy of
/// iterations.
pub(super) fn eigenvectors(field: &Hamiltonian, label: &str) -> Result<(Vec<f64>, Mat<f32>), ExactError> {
    let points = field.points();
    let dense = Mat::from_fn(points, points, |i, j| field.entry(i, j));
    let eigen = dense.self_adjoint_eigen(Side::Lower).map_err(|_| ExactError::Eigen { label: label.into() })?;
    leave_vector_registers();
    let vectors = Mat::from_fn(points, points, |i, j| eigen.U()[(i, j)] as f32);
    Ok(((0..points).map(|k| eigen.S()[k]).collect(), vectors))
}

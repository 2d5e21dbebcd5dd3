//! Natural orbitals, in which the one-electron density matrix is diagonal.

use super::rotate::Replacement;
use super::space::Space;
use super::{Watch, density};
use crate::exact::ExactError;
use crate::exact::field::purify;
use crate::exact::orbitals::Basis;
use crate::tensor::vector::{add, leave_vector_registers};
use faer::{Mat, Side};

/// States in natural orbitals of the lowest state, or of the average of several.
pub(super) struct Natural {
    pub basis: Basis,
    pub space: Space,
    /// The lowest state, and those just above it.
    pub states: Vec<Vec<f64>>,
    /// How many of them the orbitals are averaged over.
    pub averaged: usize,
    /// Occupations of the orbitals, both spins together.
    pub occupations: Vec<f64>,
}

impl Natural {
    /// Transforms states from any orthonormal orbitals.
    pub(super) fn new(
        basis: &Basis,
        space: Space,
        (states, averaged): (&[Vec<f64>], usize),
        watch: &Watch,
    ) -> Result<Self, ExactError> {
        let [up, down] = density::one(&space, &states[..averaged]);
        let (u, occupations) = eigen(&(&up + &down), &space.parities, watch)?;
        let replacement = Replacement::new(&u);
        let states = states.iter().map(|state| replacement.apply(&space, state)).collect();
        let count = basis.vectors.len();
        let vectors = (0..count)
            .map(|q| {
                let mut vector = vec![0.0; basis.vectors[0].len()];
                for (r, phi) in basis.vectors.iter().enumerate() {
                    add(&mut vector, u[(r, replacement.slots[q])], phi);
                }
                if space.parities.contains(&1) {
                    purify(&mut vector, space.parities[q]);
                }
                vector
            })
            .collect();
        let occupations = replacement.slots.iter().map(|m| occupations[*m]).collect();
        let basis = Basis { vectors, parities: space.parities.clone() };
        Ok(Self { basis, space, states, averaged, occupations })
    }

    /// The states whose average has these natural orbitals.
    pub(super) fn mean(&self) -> &[Vec<f64>] {
        &self.states[..self.averaged]
    }

    /// Their density of each spin, 1/bohr.
    pub(super) fn densities(&self, spacing: f64) -> [Vec<f64>; 2] {
        density::one(&self.space, self.mean()).map(|gamma| {
            let mut n = vec![0.0; self.basis.vectors[0].len()];
            for (q, b) in self.basis.vectors.iter().enumerate() {
                for (p, a) in self.basis.vectors.iter().enumerate() {
                    let factor = gamma[(p, q)] / spacing;
                    n.iter_mut().zip(a.iter().zip(b)).for_each(|(n, (a, b))| *n += factor * a * b);
                }
            }
            n
        })
    }
}

/// Eigenvectors (as columns, within each parity) and eigenvalues of a density matrix.
fn eigen(gamma: &Mat<f64>, parities: &[u8], watch: &Watch) -> Result<(Mat<f64>, Vec<f64>), ExactError> {
    let count = parities.len();
    let (mut u, mut occupations) = (Mat::zeros(count, count), vec![0.0; count]);
    for parity in 0..2 {
        let members: Vec<usize> = (0..count).filter(|p| parities[*p] == parity).collect();
        if members.is_empty() {
            continue;
        }
        let block = Mat::from_fn(members.len(), members.len(), |i, j| gamma[(members[i], members[j])]);
        let eigen = block.self_adjoint_eigen(Side::Lower).map_err(|_| ExactError::Eigen { label: watch.label() })?;
        for (k, m) in members.iter().enumerate() {
            occupations[*m] = eigen.S()[k];
            members.iter().enumerate().for_each(|(i, p)| u[(*p, *m)] = eigen.U()[(i, k)]);
        }
    }
    leave_vector_registers();
    Ok((u, occupations))
}

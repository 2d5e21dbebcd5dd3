//! The start of the two-electron iterations: all configurations of a few mean-field orbitals.

use super::product::Exchange;
use crate::exact::ExactError;
use crate::exact::field::Field;
use crate::exact::integrals::Integrals;
use crate::exact::orbitals::mean_field;
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::System;
use crate::tensor::vector::add;
use faer::{Mat, Side};

/// Mean-field orbitals that both electrons may occupy.
const ORBITALS: usize = 12;

/// Number of initial states: those close to the lowest must be resolved.
const STATES: usize = 3;

/// The lowest states within all configurations of the lowest orbitals of a mean field, as functions on the product grid.
pub(super) fn start(
    system: &System,
    field: &Field,
    screened: &Hamiltonian,
    symmetry: Exchange,
) -> Result<Vec<Vec<f64>>, ExactError> {
    let basis = mean_field(field, screened, ORBITALS.min(screened.points()))?;
    let count = basis.vectors.len();
    let parity = if field.symmetric { symmetry.parity() } else { 0 };
    let configurations: Vec<(usize, usize)> = (0..count)
        .flat_map(|a| (a..count).map(move |b| (a, b)))
        .filter(|(a, b)| a != b || symmetry == Exchange::Symmetric)
        .filter(|(a, b)| basis.parities[*a] ^ basis.parities[*b] == parity)
        .collect();
    let integrals = Integrals::new(system, &field.hamiltonian, &basis);
    let size = configurations.len();
    let matrix = Mat::from_fn(size, size, |i, j| {
        let (i, j) = (i.max(j), i.min(j));
        element(&integrals, configurations[i], configurations[j], symmetry)
    });
    let eigen =
        matrix.self_adjoint_eigen(Side::Lower).map_err(|_| ExactError::Eigen { label: system.label.clone() })?;
    let state = |k: usize| {
        let mut coefficients = Mat::zeros(count, count);
        for (i, &(a, b)) in configurations.iter().enumerate() {
            coefficients[(a, b)] += norm(a, b) * eigen.U()[(i, k)];
            coefficients[(b, a)] += symmetry.sign() * norm(a, b) * eigen.U()[(i, k)];
        }
        expand(&basis.vectors, &coefficients)
    };
    Ok((0..STATES.min(size)).map(state).collect())
}

/// Normalisation of |ab> + |ba>.
fn norm(a: usize, b: usize) -> f64 {
    if a == b { 0.5 } else { std::f64::consts::FRAC_1_SQRT_2 }
}

/// sum_ab c_ab phi_a(x) phi_b(y).
fn expand(orbitals: &[Vec<f64>], coefficients: &Mat<f64>) -> Vec<f64> {
    let n = orbitals[0].len();
    let mut psi = vec![0.0; n * n];
    for (a, phi) in orbitals.iter().enumerate() {
        let mut partner = vec![0.0; n];
        orbitals.iter().enumerate().for_each(|(b, other)| add(&mut partner, coefficients[(a, b)], other));
        psi.chunks_exact_mut(n).zip(&partner).for_each(|(column, p)| add(column, *p, phi));
    }
    psi
}

/// <ab|H|cd> between plain products.
fn plain(integrals: &Integrals, (a, b): (usize, usize), (c, d): (usize, usize)) -> f64 {
    let mut element = integrals.coulomb(a, c, b, d);
    if b == d {
        element += integrals.one[(a, c)];
    }
    if a == c {
        element += integrals.one[(b, d)];
    }
    element
}

/// The same between normalised (anti)symmetric products.
fn element(integrals: &Integrals, bra: (usize, usize), ket: (usize, usize), symmetry: Exchange) -> f64 {
    let both = plain(integrals, bra, ket) + symmetry.sign() * plain(integrals, bra, (ket.1, ket.0));
    2.0 * norm(bra.0, bra.1) * norm(ket.0, ket.1) * both
}

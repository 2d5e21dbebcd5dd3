//! Where the two-electron iterations start: all configurations of a few mean-field orbitals.

use super::ExactError;
use super::mean_field::MeanField;
use super::product::{Exchange, add};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::{dot, lowest};
use crate::model::System;
use faer::{Mat, Side};

/// Mean-field orbitals that both electrons may occupy.
const ORBITALS: usize = 12;

/// States handed on: a second one keeps a nearly degenerate state from slowing the iterations.
const STATES: usize = 2;

/// The lowest states within all configurations of the lowest mean-field orbitals, as functions on the product grid.
pub(super) fn start(system: &System, field: &MeanField, symmetry: Exchange) -> Result<Vec<Vec<f64>>, ExactError> {
    let count = ORBITALS.min(field.hamiltonian.points());
    let orbitals = lowest(&field.hamiltonian, count, None)?.vectors;
    let configurations: Vec<(usize, usize)> = (0..count)
        .flat_map(|a| (a..count).map(move |b| (a, b)))
        .filter(|(a, b)| a != b || symmetric(symmetry))
        .collect();
    let integrals = Integrals::new(system, &orbitals);
    let size = configurations.len();
    let matrix = Mat::from_fn(size, size, |i, j| integrals.element(configurations[i], configurations[j], symmetry));
    let eigen =
        matrix.self_adjoint_eigen(Side::Lower).map_err(|_| ExactError::Eigen { label: system.label.clone() })?;
    let sign = sign(symmetry);
    let state = |k: usize| {
        let mut coefficients = Mat::zeros(count, count);
        for (i, &(a, b)) in configurations.iter().enumerate() {
            coefficients[(a, b)] += norm(a, b) * eigen.U()[(i, k)];
            coefficients[(b, a)] += sign * norm(a, b) * eigen.U()[(i, k)];
        }
        expand(&orbitals, &coefficients)
    };
    Ok((0..STATES.min(size)).map(state).collect())
}

fn symmetric(symmetry: Exchange) -> bool {
    symmetry == Exchange::Symmetric
}

fn sign(symmetry: Exchange) -> f64 {
    if symmetric(symmetry) { 1.0 } else { -1.0 }
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

/// Matrix elements between orbitals: h_ac and (ac|bd).
struct Integrals {
    one: Mat<f64>,
    /// By pairs.
    two: Mat<f64>,
}

impl Integrals {
    fn new(system: &System, orbitals: &[Vec<f64>]) -> Self {
        let count = orbitals.len();
        let h = Hamiltonian::new(&system.grid, &system.potential);
        let images: Vec<Vec<f64>> = orbitals.iter().map(|phi| h.apply(phi)).collect();
        let one = Mat::from_fn(count, count, |a, c| dot(&orbitals[a.max(c)], &images[a.min(c)]));
        let densities: Vec<Vec<f64>> = (0..count)
            .flat_map(|a| (0..=a).map(move |c| (a, c)))
            .map(|(a, c)| orbitals[a].iter().zip(&orbitals[c]).map(|(a, c)| a * c).collect())
            .collect();
        let fields: Vec<Vec<f64>> = densities.iter().map(|n| system.interaction.hartree(&system.grid, n)).collect();
        let pairs = densities.len();
        let two = Mat::from_fn(pairs, pairs, |p, q| dot(&densities[p.max(q)], &fields[p.min(q)]) / system.grid.spacing);
        Self { one, two }
    }

    /// <ab|H|cd> between plain products.
    fn plain(&self, (a, b): (usize, usize), (c, d): (usize, usize)) -> f64 {
        let pair = |a: usize, c: usize| a.max(c) * (a.max(c) + 1) / 2 + a.min(c);
        let mut element = self.two[(pair(a, c), pair(b, d))];
        if b == d {
            element += self.one[(a, c)];
        }
        if a == c {
            element += self.one[(b, d)];
        }
        element
    }

    /// The same between normalised (anti)symmetric ones.
    fn element(&self, bra: (usize, usize), ket: (usize, usize), symmetry: Exchange) -> f64 {
        let both = self.plain(bra, ket) + sign(symmetry) * self.plain(bra, (ket.1, ket.0));
        2.0 * norm(bra.0, bra.1) * norm(ket.0, ket.1) * both
    }
}

//! The orbitals of a calculation: a mean field to begin with, even and odd ones apart where the potential is its own mirror image.

use super::super::ExactError;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::{dot, lowest};
use crate::model::System;

/// A potential that differs from its mirror image by less than this part of itself, or of a hartree, counts as symmetric.
const LOPSIDED: f64 = 1e-12;

/// What is left of a vector that lies in the space of others.
const DEPENDENT: f64 = 1e-6;

/// Rounds of the mean field: it is only a start.
const ROUNDS: usize = 12;

/// Orthonormal orbitals (sums of squares 1) and the parity of each: 0, or 1 for odd ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Basis {
    pub vectors: Vec<Vec<f64>>,
    pub parities: Vec<u8>,
}

impl Basis {
    /// Adds what is new in a vector of that parity; false if nothing is.
    pub(super) fn extend(&mut self, mut vector: Vec<f64>, parity: u8) -> bool {
        let begun = dot(&vector, &vector).sqrt();
        if begun.is_nan() || begun <= 1e-150 {
            return false;
        }
        vector.iter_mut().for_each(|x| *x /= begun);
        for round in 0..3 {
            for v in self.vectors.iter().zip(&self.parities).filter(|(_, p)| **p == parity).map(|(v, _)| v) {
                let overlap = dot(v, &vector);
                vector.iter_mut().zip(v).for_each(|(x, v)| *x -= overlap * v);
            }
            let length = dot(&vector, &vector).sqrt();
            if length.is_nan() || (round == 0 && length < DEPENDENT) || length < 0.5 && round == 2 {
                return false;
            }
            vector.iter_mut().for_each(|x| *x /= length);
        }
        self.vectors.push(vector);
        self.parities.push(parity);
        true
    }
}

/// The system's one-electron Hamiltonian, exactly symmetric if it is so within rounding.
pub(super) struct Field {
    pub hamiltonian: Hamiltonian,
    /// The external potential.
    potential: Vec<f64>,
    /// Whether it is its own mirror image on the grid.
    pub symmetric: bool,
}

impl Field {
    pub(super) fn new(system: &System) -> Self {
        let v = &system.potential;
        let symmetric = v.iter().zip(v.iter().rev()).all(|(a, b)| (a - b).abs() <= LOPSIDED * (1.0 + a.abs()));
        let potential = if symmetric { even(v) } else { v.to_vec() };
        Self { hamiltonian: Hamiltonian::new(&system.grid, &potential), potential, symmetric }
    }

    /// What the symmetry may have cost electrons of that density, hartree: of first order in what was taken off the potential.
    pub(super) fn evened(&self, system: &System, density: &[f64]) -> f64 {
        let taken = self.potential.iter().zip(system.potential.iter()).map(|(even, v)| (even - v).abs());
        system.grid.spacing * taken.zip(density).map(|(taken, n)| taken * n).sum::<f64>()
    }

    /// h + what a density of all electrons but one does to the one left.
    pub(super) fn screened(&self, system: &System, density: &[f64]) -> Hamiltonian {
        let rest = 1.0 - 1.0 / system.electrons as f64;
        let mut v = system.interaction.hartree(&system.grid, density);
        v.iter_mut().zip(&self.potential).for_each(|(w, v)| *w = v + rest * *w);
        let v = if self.symmetric { even(&v) } else { v };
        Hamiltonian::new(&system.grid, &v)
    }

    /// The parts of a vector by parity.
    fn parts(&self, vector: &[f64]) -> Vec<(Vec<f64>, u8)> {
        if !self.symmetric {
            return vec![(vector.to_vec(), 0)];
        }
        let odd = vector.iter().zip(vector.iter().rev()).map(|(a, b)| 0.5 * (a - b)).collect();
        vec![(even(vector), 0), (odd, 1)]
    }
}

/// The mean of a vector and its mirror image.
fn even(vector: &[f64]) -> Vec<f64> {
    vector.iter().zip(vector.iter().rev()).map(|(a, b)| 0.5 * (a + b)).collect()
}

/// Makes a vector exactly even or odd.
pub(super) fn purify(vector: &mut [f64], parity: u8) {
    let sign = if parity == 0 { 1.0 } else { -1.0 };
    let n = vector.len();
    for i in 0..n.div_ceil(2) {
        let mean = 0.5 * (vector[i] + sign * vector[n - 1 - i]);
        vector[i] = mean;
        vector[n - 1 - i] = sign * mean;
    }
}

/// Up to `count` orbitals of the mean field, from below; even and odd ones alternate, as they do in one dimension.
pub(super) fn mean_field(system: &System, field: &Field, count: usize) -> Result<Basis, ExactError> {
    let (up, down) = system.spins();
    let mut density = vec![0.0; system.grid.points];
    let mut warm = None;
    for round in 0..ROUNDS {
        let orbitals = lowest(&field.screened(system, &density), up, warm.as_ref())?;
        let step = if round == 0 { 1.0 } else { 0.5 };
        density.iter_mut().for_each(|n| *n *= 1.0 - step);
        for psi in orbitals.vectors[..up].iter().chain(&orbitals.vectors[..down]) {
            density.iter_mut().zip(psi).for_each(|(n, psi)| *n += step * psi * psi / system.grid.spacing);
        }
        warm = Some(orbitals);
    }
    let found = lowest(&field.screened(system, &density), count, None)?;
    if !field.symmetric {
        return Ok(Basis { parities: vec![0; found.vectors.len()], vectors: found.vectors });
    }
    // Levels may come in pairs that differ by rounding, each a mixture of even and odd.
    let mut all = Basis::default();
    for (part, parity) in found.vectors.iter().flat_map(|vector| field.parts(vector)) {
        if dot(&part, &part) > 1e-6 {
            all.extend(part, parity);
        }
    }
    let mut sorted = Basis::default();
    let of = |parity: u8| all.vectors.iter().zip(&all.parities).filter(move |(_, p)| **p == parity).map(|(v, _)| v);
    let (mut evens, mut odds) = (of(0), of(1));
    while sorted.vectors.len() < all.vectors.len() {
        for (parity, next) in [(0, evens.next()), (1, odds.next())] {
            if let Some(vector) = next {
                let mut vector = vector.clone();
                purify(&mut vector, parity);
                sorted.vectors.push(vector);
                sorted.parities.push(parity);
            }
        }
    }
    Ok(sorted)
}

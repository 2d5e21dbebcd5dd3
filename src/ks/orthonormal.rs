//! Orbitals, and how vectors become orbitals: orthonormal, in the order of their levels, with an agreed sign.

use super::hamiltonian::Hamiltonian;
use crate::number::brief;
use crate::tensor::vector::{add, dot, norm};
use miette::Diagnostic;
use thiserror::Error;

/// A residual below this multiple of the norm of H is rounding error.
pub(super) const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Orbitals in ascending order of energy.
#[derive(Clone, Debug, PartialEq)]
pub struct Orbitals {
    /// Levels, hartree, ascending.
    pub energies: Vec<f64>,
    /// Orthogonal orbitals, each with a sum of squares of 1. Of the entries at least half as large as the largest, the first is
    /// positive.
    pub vectors: Vec<Vec<f64>>,
}

/// Why orbitals or their response cannot be found.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum OrbitalError {
    /// The potential of the system or of the functional is infinite or undefined at some point of the grid.
    ///
    /// What to do: look for a division by zero, a logarithm or a root at a vanishing density, in the functional or in
    /// `potential(x): …`.
    #[error("the Kohn-Sham potential is not finite")]
    #[diagnostic(
        code(ksr::orbitals::not_finite),
        help("the functional does not give a finite potential at this density")
    )]
    NotFinite,
    /// A grid has only as many orbitals as points, and more are needed.
    ///
    /// What to do: use more grid points or fewer electrons.
    #[error("a grid of {points} points does not have {count} orbitals")]
    #[diagnostic(code(ksr::orbitals::too_many))]
    TooMany { count: usize, points: usize },
    /// The search for an orbital did not converge, which happens for potentials with a great many nearly degenerate
    /// levels.
    ///
    /// What to do: look at the potential; a finer or shorter grid may help. If the potential looks normal, please
    /// report it.
    #[error("the orbitals near {energy} hartree could not be found")]
    #[diagnostic(code(ksr::orbitals::not_found))]
    NotFound { energy: f64 },
    /// The potential is so large somewhere, or everywhere, that its levels are lost in rounding errors. Usually a functional
    /// diverges at small densities, or adds a large constant.
    ///
    /// What to do: look at the lowest values of the potential and at the functional where the density is small.
    #[error("the Kohn-Sham potential is so large (about {depth} hartree) that its levels are lost in rounding errors", depth = brief(*lowest))]
    #[diagnostic(
        code(ksr::orbitals::unresolved),
        help("the functional or the potential has a spike or a large constant: look at its values")
    )]
    Unresolved { lowest: f64 },
    /// The highest occupied and the lowest empty level coincide, so any small change decides which one is filled, and
    /// the density has no derivative.
    ///
    /// What to do: choose a different number of electrons or `unpaired:` that fills whole levels.
    #[error(
        "the gap between occupied and unoccupied orbitals vanishes ({left} hartree): the density has no derivative",
        left = brief(*gap)
    )]
    #[diagnostic(
        code(ksr::orbitals::no_gap),
        help("use a different number of electrons, or a different `unpaired:`, to fill whole levels")
    )]
    NoGap { gap: f64 },
}

/// The first `count` orbitals, orthogonal to rounding, in ascending order of energy, with the sign convention of [`Orbitals`].
pub(super) fn finished(h: &Hamiltonian, mut vectors: Vec<Vec<f64>>, count: usize) -> Orbitals {
    orthonormalise(&mut vectors);
    let energy = |v: &Vec<f64>| dot(v, &h.apply(v));
    let mut levels: Vec<(f64, Vec<f64>)> = vectors.into_iter().map(|v| (energy(&v), v)).collect();
    levels.sort_by(|a, b| a.0.total_cmp(&b.0));
    levels.truncate(count);
    levels.iter_mut().for_each(|(_, v)| fix_sign(v));
    let (energies, vectors) = levels.into_iter().unzip();
    Orbitals { energies, vectors }
}

fn fix_sign(vector: &mut [f64]) {
    let largest = vector.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if vector.iter().find(|x| x.abs() >= 0.5 * largest).is_some_and(|x| *x < 0.0) {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
}

/// Gram-Schmidt, twice, one vector after another.
pub(super) fn orthonormalise(vectors: &mut [Vec<f64>]) {
    for k in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(k);
        normalise(&mut rest[0]);
        if k > 0 {
            for _ in 0..2 {
                project_out(&mut rest[0], before);
                normalise(&mut rest[0]);
            }
        }
    }
}

/// Removes the components along orthonormal vectors from `x`.
fn project_out(x: &mut [f64], orthonormal: &[Vec<f64>]) {
    for v in orthonormal {
        let overlap = dot(v, x);
        add(x, -overlap, v);
    }
}

fn normalise(a: &mut [f64]) {
    // Scaled first: after a solve at an exact level the squares may overflow.
    let largest = a.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if largest > 0.0 && largest.is_finite() {
        a.iter_mut().for_each(|x| *x /= largest);
        let length = norm(a);
        a.iter_mut().for_each(|x| *x /= length);
    }
}

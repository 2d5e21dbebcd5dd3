//! The inverse response of non-interacting electrons: by which change of the potential a density changes as wanted.

use super::InversionError;
use super::channel::{Found, Target};
use crate::model::Grid;
use std::ops::Range;

/// The relative accuracy of the conjugate gradients. Far out, where there is little density, more of it would be noise.
const ACCURACY: f64 = 1e-4;

/// Electrons of one spin in a potential, ready to be asked for changes.
pub(crate) struct Softness {
    grid: Grid,
    count: usize,
    inside: Range<usize>,
    none: Vec<f64>,
    found: Found,
}

impl Softness {
    /// The lowest `count` orbitals in a potential, hartree. Outside the points `inside` changes of the potential are continued as constants.
    ///
    /// # Errors
    /// Orbitals that are not found.
    pub fn new(grid: &Grid, potential: &[f64], count: usize, inside: Range<usize>) -> Result<Self, InversionError> {
        let none = vec![0.0; grid.points];
        let target = Target { grid, density: &none, count, inside: inside.clone(), tail: &none };
        let found = target.found(potential.to_vec(), None)?;
        Ok(Self { grid: grid.clone(), count, inside, none, found })
    }

    /// The change of the potential, hartree, that changes the density by `wanted`, 1/bohr, to first order. Of the potentials that
    /// differ by a constant it is the one with ∫ n δv = 0 inside. `None`: numbers that are not finite.
    pub fn change(&self, wanted: &[f64]) -> Option<Vec<f64>> {
        let (grid, density) = (&self.grid, &self.found.density[..]);
        let target = Target { grid, density, count: self.count, inside: self.inside.clone(), tail: &self.none };
        target.change(&self.found, wanted, ACCURACY)
    }
}

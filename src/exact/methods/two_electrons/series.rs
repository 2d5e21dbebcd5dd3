//! Two electrons in one potential after another, each close to the one before: what is found in one is the start in the next.

use super::product::{Preconditioner, Product};
use super::start::start;
use super::{ITERATIONS, MAX_POINTS, Pair, density_of, preconditioner, stopped, symmetry};
use crate::control::Control;
use crate::exact::ExactError;
use crate::exact::davidson;
use crate::exact::field::Field;
use crate::exact::methods::series::Softest;
use crate::model::System;
use std::sync::Arc;

/// The lowest singlet or triplet in potentials that are close to each other.
pub(in crate::exact::methods) struct Series {
    system: System,
    inverse: Arc<Preconditioner>,
    softest: Softest,
    states: Vec<Vec<f64>>,
}

impl Series {
    /// For the electrons, the grid and the interaction of a system; its potential is one of the series. `density`, 1/bohr: about that of
    /// the electrons in it.
    ///
    /// # Errors
    /// A grid that is too large; an interruption.
    pub fn new(system: System, density: &[f64], control: &dyn Control) -> Result<Self, ExactError> {
        let points = system.grid.points;
        if points > MAX_POINTS {
            return Err(ExactError::Grid { electrons: 2, points, most: MAX_POINTS });
        }
        let field = Field::new(&system);
        let screened = field.screened(&system, density);
        let inverse = preconditioner(&system, &screened, density, control)?;
        let states = start(&system, &field, &screened, symmetry(&system))?;
        Ok(Self { softest: Softest::new(system.electrons), system, inverse, states })
    }

    /// The energy, hartree, the density of both electrons, 1/bohr, and about the error of its integral, electrons, in a potential; `error`:
    /// the one to reach.
    ///
    /// # Errors
    /// An eigenproblem that fails; an interruption.
    pub fn ground(
        &mut self,
        potential: &[f64],
        error: f64,
        control: &dyn Control,
    ) -> Result<(f64, Vec<f64>, f64), ExactError> {
        self.system.potential = potential.into();
        let field = Field::new(&self.system);
        let pair = Pair {
            system: &self.system,
            product: Product::new(&self.system, &field.hamiltonian),
            inverse: self.inverse.clone(),
            symmetric: field.symmetric,
            control,
        };
        let left = self.softest.left_to_gain(error);
        let starts = std::mem::take(&mut self.states);
        let found = davidson::lowest(&pair, starts, (left, ITERATIONS), &mut |_| match control.interrupted() {
            true => Err(stopped(&self.system)),
            false => Ok(false),
        })?;
        let (energy, error) = (found.energies[0], self.softest.found(&found));
        self.states = found.states;
        Ok((energy, density_of(&self.system, &self.states[0]), error))
    }
}

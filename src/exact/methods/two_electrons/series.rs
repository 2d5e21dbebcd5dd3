//! Two electrons in one potential after another, each close to the one before: what is found in one is the start in the next.

use super::product::{Preconditioner, Product};
use super::start::start;
use super::{ITERATIONS, MAX_POINTS, Pair, density_of, preconditioner, stopped, symmetry};
use crate::control::Control;
use crate::exact::ExactError;
use crate::exact::davidson;
use crate::exact::field::Field;
use crate::exact::methods::series::{RESPONSE, Softest};
use crate::model::System;
use crate::tensor::vector::dot;
use std::sync::Arc;

/// A change that differs from its mirror image by less than this is even.
const EVEN: f64 = 1e-12;

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

    /// The electrons in a potential; `even`: whether what is calculated in it has its mirror symmetry, if it has one.
    fn pair<'a>(&'a self, system: &'a System, even: bool, control: &'a dyn Control) -> Pair<'a> {
        let field = Field::new(system);
        let product = Product::new(system, &field.hamiltonian);
        Pair { system, product, inverse: self.inverse.clone(), symmetric: field.symmetric && even, control }
    }

    /// The first-order change of the density of both electrons, 1/bohr, when the potential in which their state was found last changes.
    ///
    /// # Errors
    /// An interruption.
    pub fn response(&self, potential: &[f64], change: &[f64], control: &dyn Control) -> Result<Vec<f64>, ExactError> {
        let points = self.system.grid.points;
        let system = System { potential: potential.into(), ..self.system.clone() };
        let even = change.iter().zip(change.iter().rev()).all(|(a, b)| (a - b).abs() <= EVEN * (1.0 + a.abs()));
        let pair = self.pair(&system, even, control);
        let Some(state) = self.states.first() else { return Ok(vec![0.0; points]) };
        let source = (0..state.len()).map(|k| (change[k / points] + change[k % points]) * state[k]).collect();
        let moved = davidson::respond(&pair, state, source, RESPONSE, &mut || match control.interrupted() {
            true => Err(stopped(&self.system)),
            false => Ok(()),
        })?;
        let share = 4.0 / self.system.grid.spacing;
        let columns = state.chunks_exact(points).zip(moved.chunks_exact(points));
        Ok(columns.map(|(psi, change)| share * dot(psi, change)).collect())
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
        let system = System { potential: potential.into(), ..self.system.clone() };
        let left = self.softest.left_to_gain(error);
        let starts = std::mem::take(&mut self.states);
        let pair = self.pair(&system, true, control);
        let found = davidson::lowest(&pair, starts, (left, ITERATIONS), &mut |_| match control.interrupted() {
            true => Err(stopped(&self.system)),
            false => Ok(false),
        })?;
        let (energy, error) = (found.energies[0], self.softest.found(&found));
        self.states = found.states;
        Ok((energy, density_of(&self.system, &self.states[0]), error))
    }
}

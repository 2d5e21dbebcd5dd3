//! Two to four electrons of which each spin feels its own potential: the wave function on the product of the grid with itself, one
//! axis for each electron, first those of up and then those of down spin. It takes N^k numbers, and nothing is left out.

mod preconditioner;
mod product;
mod symmetry;
#[cfg(test)]
mod tests;

use crate::control::Control;
use crate::exact::ExactError;
use crate::exact::davidson;
use crate::exact::field::Field;
use crate::exact::methods::series::{Ground, RESPONSE, Softest};
use crate::exact::orbitals::{Basis, mean_field};
use crate::model::System;
use preconditioner::Preconditioner;
use product::Product;
use std::sync::Arc;
use symmetry::Symmetry;

/// The maximum number of points of the product grid: as many vectors as the iterations work with then take 1 GiB.
const MOST: usize = 6_000_000;

/// The maximum number of iterations.
const ITERATIONS: usize = 400;

/// The maximum number of grid points for a number of electrons.
pub(in crate::exact) fn most_points(electrons: usize) -> usize {
    (1..).take_while(|n: &usize| n.checked_pow(electrons as u32).is_some_and(|all| all <= MOST)).last().unwrap_or(1)
}

/// The lowest state in potentials that are close to each other.
pub(in crate::exact::methods) struct Series {
    system: System,
    repulsion: Arc<Vec<f64>>,
    inverse: Arc<Preconditioner>,
    symmetry: Symmetry,
    softest: Softest,
    states: Vec<Vec<f64>>,
}

impl Series {
    /// For the electrons, the grid and the interaction of a system, beginning in its potential. `density`, 1/bohr: about that of all electrons
    /// in it. `symmetric`: all potentials are mirror images of themselves about a point. `closed`: both spins always feel the same one.
    ///
    /// # Errors
    /// A grid that is too large; an eigenproblem that fails.
    pub fn new(system: System, density: &[f64], (symmetric, closed): (bool, bool)) -> Result<Self, ExactError> {
        let (points, most) = (system.grid.points, most_points(system.electrons));
        if points > most {
            return Err(ExactError::Grid { electrons: system.electrons, points, most });
        }
        let field = Field::new(&system);
        let screened = field.screened(&system, density);
        let inverse = Arc::new(Preconditioner::new(&system, &screened, density)?);
        let spins = system.spins();
        let orbitals = mean_field(&field, &screened, (spins.0 + 1).min(points))?;
        let odd = |count: usize| orbitals.parities.iter().take(count).fold(0, |odd, parity| odd ^ parity);
        let parity = (symmetric && field.symmetric).then(|| odd(spins.0) ^ odd(spins.1));
        let symmetry = Symmetry::new(points, spins, closed && system.closed_shell(), parity);
        let states = starts(&orbitals, spins);
        let repulsion = Arc::new(product::repulsion(&system));
        let softest = Softest::new(system.electrons);
        Ok(Self { system, repulsion, inverse, symmetry, softest, states })
    }

    /// In a potential of each spin; `error`: about that of the integral of the density, electrons.
    ///
    /// # Errors
    /// An eigenproblem that fails; an interruption.
    pub fn ground(&mut self, potentials: [&[f64]; 2], error: f64, control: &dyn Control) -> Result<Ground, ExactError> {
        let left = self.softest.left_to_gain(error);
        let starts = std::mem::take(&mut self.states);
        let electrons = self.electrons(potentials);
        let found = davidson::lowest(&electrons, starts, (left, ITERATIONS), &mut |_| {
            self.unless_stopped(control)?;
            Ok(false)
        })?;
        let (energy, error) = (found.energies[0], self.softest.found(&found));
        self.states = found.states;
        Ok(Ground { energy, density: product::densities(&self.system, &self.states[0]), error })
    }
}

impl Series {
    /// The electrons in a potential of each spin.
    fn electrons(&self, potentials: [&[f64]; 2]) -> Electrons<'_> {
        Electrons {
            label: &self.system.label,
            product: Product::new(&self.system, potentials, self.repulsion.clone()),
            inverse: &self.inverse,
            symmetry: &self.symmetry,
        }
    }

    fn unless_stopped(&self, control: &dyn Control) -> Result<(), ExactError> {
        match control.interrupted() {
            true => Err(ExactError::Interrupted { label: self.system.label.clone() }),
            false => Ok(()),
        }
    }

    /// The first-order change of the density of each spin, 1/bohr, when the potentials in which their state was found last change. The changes
    /// have the symmetry of the potentials.
    ///
    /// # Errors
    /// An interruption.
    pub fn response(
        &self,
        potentials: [&[f64]; 2],
        changes: [&[f64]; 2],
        control: &dyn Control,
    ) -> Result<[Vec<f64>; 2], ExactError> {
        let electrons = self.electrons(potentials);
        let Some(state) = self.states.first() else { return Ok([Vec::new(), Vec::new()]) };
        let source = product::in_potential(&self.system, changes, state);
        let moved = davidson::respond(&electrons, state, source, RESPONSE, &mut || self.unless_stopped(control))?;
        Ok(product::densities_of(&self.system, state, &moved).map(|n| n.iter().map(|n| 2.0 * n).collect()))
    }
}

/// H and the preconditioner.
struct Electrons<'a> {
    label: &'a str,
    product: Product,
    inverse: &'a Preconditioner,
    symmetry: &'a Symmetry,
}

impl davidson::Operator for Electrons<'_> {
    fn apply(&self, state: &[f64]) -> Vec<f64> {
        self.product.apply(state)
    }

    fn correct(&self, residual: &[f64], energy: f64) -> Vec<f64> {
        self.inverse.apply(residual, energy)
    }

    fn symmetrise(&self, state: &mut Vec<f64>) {
        self.symmetry.project(state);
    }

    fn label(&self) -> String {
        self.label.to_owned()
    }
}

/// Products of the lowest orbitals, and those with an electron of each spin one level higher.
fn starts(orbitals: &Basis, (up, down): (usize, usize)) -> Vec<Vec<f64>> {
    let level = |k: usize, count: usize, raised: bool| if raised && k + 1 == count { k + 1 } else { k };
    let product = |raised: [bool; 2]| {
        let ups = (0..up).map(|k| level(k, up, raised[0]));
        let downs = (0..down).map(|k| level(k, down, raised[1]));
        let mut all = vec![1.0];
        for k in ups.chain(downs) {
            let Some(orbital) = orbitals.vectors.get(k) else { continue };
            all = orbital.iter().flat_map(|psi| all.iter().map(move |x| x * psi)).collect();
        }
        all
    };
    let more = orbitals.vectors.len() > up;
    let raised = [[false, false], [true, true], [true, false], [false, true]];
    let possible = |[of_up, of_down]: &[bool; 2]| (more || !of_up) && (more && down > 0 || !of_down);
    raised.into_iter().filter(possible).map(product).collect()
}

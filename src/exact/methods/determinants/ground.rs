//! The lowest states in the space of determinants of given orbitals.

use super::Watch;
use super::operator::{Operator, diagonal};
use super::space::Space;
use crate::exact::ExactError;
use crate::exact::davidson::{self, Found, LEAST_GAP};
use crate::exact::integrals::Integrals;

/// The maximum number of iterations.
const ITERATIONS: usize = 120;

/// Denominators of the corrections are at least this, hartree.
const LEAST_DENOMINATOR: f64 = 0.8 * LEAST_GAP;

/// How many states close to the lowest are searched for.
const NEIGHBOURS: u64 = 4;

/// H, and the energies of the determinants.
struct Problem<'a> {
    space: &'a Space,
    operator: Operator<'a>,
    energies: Vec<f64>,
    watch: &'a Watch<'a>,
}

impl davidson::Operator for Problem<'_> {
    fn apply(&self, state: &[f64]) -> Vec<f64> {
        self.operator.apply(state)
    }

    fn correct(&self, residual: &[f64], energy: f64) -> Vec<f64> {
        residual.iter().zip(&self.energies).map(|(r, d)| r / (d - energy).max(LEAST_DENOMINATOR)).collect()
    }

    /// Makes it symmetric under exchange of the spins to the last bit, if there are as many up as down.
    fn symmetrise(&self, state: &mut Vec<f64>) {
        if self.space.balanced() {
            let other = self.space.transpose(state);
            state.iter_mut().zip(other).for_each(|(x, y)| *x = 0.5 * (*x + y));
        }
    }

    fn label(&self) -> String {
        self.watch.label()
    }
}

impl Problem<'_> {
    /// Starting states of the same spin and parity as `state`, which overlap with states close to it in energy.
    fn neighbours(&self, state: &[f64], energy: f64) -> Vec<Vec<f64>> {
        let near = |seed| {
            let other = Integrals::arbitrary(self.space.orbitals(), seed);
            let image = Operator::new(self.space, &other, self.watch).apply(state);
            davidson::Operator::correct(self, &image, energy)
        };
        (1..=NEIGHBOURS).map(near).collect()
    }
}

/// Davidson iterations from some states, until the next would gain less than `tolerance` or time is up. `search`: also look for other
/// states close to the first.
pub(super) fn ground(
    space: &Space,
    integrals: &Integrals,
    mut states: Vec<Vec<f64>>,
    (tolerance, search): (f64, bool),
    watch: &Watch,
) -> Result<Found, ExactError> {
    let (operator, energies) = (Operator::new(space, integrals, watch), diagonal(space, integrals));
    let lowest = energies.iter().copied().fold(f64::INFINITY, f64::min);
    let determinants = Problem { space, operator, energies, watch };
    if search {
        states.extend(determinants.neighbours(&states[0], lowest));
    }
    davidson::lowest(&determinants, states, (tolerance, ITERATIONS), &mut |_| {
        watch.check()?;
        Ok(watch.late())
    })
}

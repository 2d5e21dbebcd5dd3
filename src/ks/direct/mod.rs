//! Direct minimisation of the energy over the occupied orbitals. It cannot oscillate: every accepted step lowers the energy.
//!
//! With E = E\[n\] of the density of orthonormal orbitals psi_k (f electrons in each), and psi_k + phi_k with phi_k orthogonal to all
//! occupied ones, E changes by 2f (sum_k <phi_k|H psi_k> + 1/2 <phi|A phi> + ..). The steps minimise this within a radius in which it
//! is trusted: Newton's method with conjugate gradients (T. Steihaug, SIAM J. Numer. Anal. 20, 626 (1983)) on the orbitals
//! (A. Edelman, T. Arias, S. Smith, SIAM J. Matrix Anal. Appl. 20, 303 (1998)).

mod parity;
mod respond;
mod state;
#[cfg(test)]
pub(in crate::ks) mod tests;
mod trust;

pub(super) use parity::even_or_odd;
pub(super) use state::{State, product, project};

use super::attempt::{Attempts, Log, Outcome};
use super::kohn_sham::{Energies, Iteration, KohnSham, Spins};
use super::orbitals::Orbitals;
use super::way::Way;
use super::{KsError, ScfOptions, Stop};
use crate::tensor::vector::norm_in_order as norm;
use crate::tensor::{Backend, NoneTape};
pub(in crate::ks) use respond::respond;
use std::sync::Arc;
pub(in crate::ks) use trust::{Curved, FIRST_RADIUS, Step, Surface, advance, step};

/// The maximum number of steps.
const MAX_STEPS: usize = 200;

/// The largest radius, a rotation of the orbitals, radian.
const LARGEST_RADIUS: f64 = 1.0;

/// A gradient below this, hartree, is rounding error.
const LEAST_GRADIENT: f64 = 1e-12;

/// Orbitals, and the energy around them as a function of their rotations.
struct Rotating<'k, D: Backend> {
    ks: &'k KohnSham<D>,
    state: State<D>,
}

impl<D: Backend> Surface for Rotating<'_, D> {
    fn gradient(&self) -> &[f64] {
        &self.state.gradient
    }

    fn energy(&self) -> f64 {
        self.state.energy()
    }

    fn size(&self) -> f64 {
        self.state.size()
    }

    fn weight(&self) -> f64 {
        self.state.weight()
    }

    fn moved(&self, step: &[f64]) -> Result<Self, KsError> {
        Ok(Self { ks: self.ks, state: State::new(self.ks, self.state.rotated(step))? })
    }
}

impl<D: Backend> Curved for Rotating<'_, D> {
    fn product(&self, step: &[f64]) -> Result<Vec<f64>, KsError> {
        AroundOrbitals { ks: self.ks, state: &self.state }.product(step)
    }

    fn preconditioner(&self) -> Result<impl Fn(&[f64]) -> Vec<f64>, KsError> {
        let preconditioner = self.state.preconditioner();
        Ok(move |step: &[f64]| preconditioner.apply(step))
    }
}

/// What is around orbitals that stay.
pub(in crate::ks) struct AroundOrbitals<'k, D: Backend> {
    pub ks: &'k KohnSham<D>,
    pub state: &'k State<D>,
}

impl<D: Backend> Curved for AroundOrbitals<'_, D> {
    fn product(&self, step: &[f64]) -> Result<Vec<f64>, KsError> {
        product(self.ks, self.state, step)
    }

    fn preconditioner(&self) -> Result<impl Fn(&[f64]) -> Vec<f64>, KsError> {
        let preconditioner = self.state.preconditioner();
        Ok(move |step: &[f64]| preconditioner.apply(step))
    }
}

/// Minimises the energy, starting from orbitals, those of every channel. `None`: not a single step was possible.
///
/// # Errors
/// A value that is not finite; orbitals that are not found.
pub(super) fn minimise<D: Backend>(
    attempts: &mut Attempts<'_, D>,
    options: &ScfOptions,
    orbitals: Vec<Vec<Vec<f64>>>,
) -> Result<Option<Outcome<D>>, KsError> {
    let ks = attempts.ks;
    attempts.begin(Way::Direct);
    let mut at = Rotating { ks, state: State::new(ks, orbitals)? };
    let mut warm = Vec::new();
    let mut radius = FIRST_RADIUS * LARGEST_RADIUS;
    let mut outcome: Option<Outcome<D>> = None;
    for k in 0..MAX_STEPS {
        let Look { seen, iteration, energies, residual, newton } = Look::at(&at, k, &warm)?;
        attempts.note(&iteration, &energies, residual, &seen, &seen);
        attempts.weigh(&iteration, &energies);
        warm = iteration.orbitals();
        let stop = match options.tolerance {
            Some(tolerance) if residual <= tolerance => Stop::Converged,
            _ if attempts.control.interrupted() => Stop::Interrupted,
            _ => Stop::Exhausted,
        };
        let ends = stop != Stop::Exhausted;
        let mixed: Spins<D> = iteration.output.clone();
        if ends || outcome.as_ref().is_none_or(|before| residual < before.residual) {
            let log = Log::default();
            outcome = Some(Outcome { way: Way::Direct, iteration, energies, mixed, residual, stop, log });
        }
        if ends || norm(at.gradient()) < LEAST_GRADIENT {
            break;
        }
        if !advance(&mut at, (&mut radius, LARGEST_RADIUS), newton, attempts.control)? {
            break;
        }
    }
    let log = attempts.end();
    Ok(outcome.map(|outcome| Outcome { log, ..outcome }))
}

/// What is known of orbitals before a step.
struct Look<D: Backend> {
    /// Their density, mirror-averaged if the calculation is symmetric.
    seen: Spins<D>,
    iteration: Iteration<D>,
    energies: Energies<D>,
    /// How far the density is from a self-consistent one, electrons: that of the iteration from it, or, where exact exchange is no
    /// potential to iterate with, that of Newton's step.
    residual: f64,
    /// That step, if it was needed.
    newton: Option<Step>,
}

impl<D: Backend> Look<D> {
    /// Looks at a state.
    fn at(rotating: &Rotating<'_, D>, k: usize, warm: &[Arc<Orbitals>]) -> Result<Self, KsError> {
        let Rotating { ks, state } = rotating;
        let (seen, _) = ks.symmetrised(&state.density, NoneTape)?;
        if !ks.exchange() {
            let (iteration, _) = ks.iterate(k, &seen, warm, NoneTape)?;
            let (energies, _) = ks.energies(k, &iteration, NoneTape)?;
            let residual = ks.distance(&iteration.output, &seen, NoneTape)?.0.first();
            return Ok(Self { seen, iteration, energies, residual, newton: None });
        }
        let newton = step(rotating, LARGEST_RADIUS)?;
        let changes = state.density_changes(&newton.step);
        let spacing = ks.equations.system.grid.spacing;
        let residual = changes.iter().flatten().map(|n| n.abs() * spacing).sum();
        let iteration = state.iteration(ks, &[])?;
        Ok(Self { seen, iteration, energies: state.energies.clone(), residual, newton: Some(newton) })
    }
}

//! Direct minimisation of the energy over the occupied orbitals. It cannot oscillate: every accepted step lowers the energy.
//!
//! With E = E\[n\] of the density of orthonormal orbitals psi_k (f electrons in each), and psi_k + phi_k with phi_k orthogonal to all
//! occupied ones, E changes by 2f (sum_k <phi_k|H psi_k> + 1/2 <phi|A phi> + ..). The steps minimise this within a radius in which it
//! is trusted: Newton's method with conjugate gradients (T. Steihaug, SIAM J. Numer. Anal. 20, 626 (1983)) on the orbitals
//! (A. Edelman, T. Arias, S. Smith, SIAM J. Matrix Anal. Appl. 20, 303 (1998)).

mod parity;
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
use crate::control::Control;
use crate::tensor::vector::{dot_in_order as dot, norm_in_order as norm};
use crate::tensor::{Backend, NoneTape};
use std::sync::Arc;
use trust::{Step, step};

/// The maximum number of steps.
const MAX_STEPS: usize = 200;

/// The first radius, a rotation of the orbitals, radian.
const FIRST_RADIUS: f64 = 0.3;
/// The largest.
const LARGEST_RADIUS: f64 = 1.0;
/// The radius below which nothing can be gained.
const LEAST_RADIUS: f64 = 1e-9;

/// Changes of the energy below this fraction of the sum of its terms are rounding errors.
const ROUNDING: f64 = 1e-14;

/// A gradient below this, hartree, is rounding error.
const LEAST_GRADIENT: f64 = 1e-12;

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
    let mut state = State::new(ks, orbitals)?;
    let mut warm = Vec::new();
    let mut radius = FIRST_RADIUS;
    let mut outcome: Option<Outcome<D>> = None;
    for k in 0..MAX_STEPS {
        let Look { seen, iteration, energies, residual, newton } = Look::at(ks, &state, k, &warm)?;
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
        if ends || norm(&state.gradient) < LEAST_GRADIENT {
            break;
        }
        if !advance(ks, &mut state, &mut radius, newton, attempts.control)? {
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
    fn at(ks: &KohnSham<D>, state: &State<D>, k: usize, warm: &[Arc<Orbitals>]) -> Result<Self, KsError> {
        let (seen, _) = ks.symmetrised(&state.density, NoneTape)?;
        if !ks.exchange() {
            let (iteration, _) = ks.iterate(k, &seen, warm, NoneTape)?;
            let (energies, _) = ks.energies(k, &iteration, NoneTape)?;
            let residual = ks.distance(&iteration.output, &seen, NoneTape)?.0.first();
            return Ok(Self { seen, iteration, energies, residual, newton: None });
        }
        let newton = step(&state.preconditioner(), &state.gradient, LARGEST_RADIUS, |x| product(ks, state, x))?;
        let changes = state.density_changes(&newton.rotation);
        let spacing = ks.equations.system.grid.spacing;
        let residual = changes.iter().flatten().map(|n| n.abs() * spacing).sum();
        let iteration = state.iteration(ks, &[])?;
        Ok(Self { seen, iteration, energies: state.energies.clone(), residual, newton: Some(newton) })
    }
}

/// One step downhill, `first` if it is short enough; false if there is none, or the user has stopped it.
fn advance<D: Backend>(
    ks: &KohnSham<D>,
    state: &mut State<D>,
    radius: &mut f64,
    first: Option<Step>,
    control: &dyn Control,
) -> Result<bool, KsError> {
    let mut first = first.filter(|first| norm(&first.rotation) <= *radius);
    while *radius > LEAST_RADIUS && !control.interrupted() {
        let Step { rotation, image, at_edge } = match first.take() {
            Some(first) => first,
            None => step(&state.preconditioner(), &state.gradient, *radius, |x| product(ks, state, x))?,
        };
        let expected = -state.weight() * (dot(&state.gradient, &rotation) + 0.5 * dot(&rotation, &image));
        if !expected.is_finite() {
            *radius *= 0.25;
            continue;
        }
        let trial = match State::new(ks, state.rotated(&rotation)) {
            Ok(trial) => trial,
            Err(error) if error.diverged() => {
                *radius *= 0.25;
                continue;
            }
            Err(error) => return Err(error),
        };
        let gained = state.energy() - trial.energy();
        let rounding = ROUNDING * state.size();
        let fine = if expected.abs() < 100.0 * rounding {
            // Too small to be seen in the energy: what counts is the gradient.
            gained > -100.0 * rounding && norm(&trial.gradient) < norm(&state.gradient)
        } else {
            gained > 0.05 * expected
        };
        if gained > 0.75 * expected && at_edge {
            *radius = (2.0 * *radius).min(LARGEST_RADIUS);
        } else if gained < 0.25 * expected {
            *radius = 0.25 * norm(&rotation).min(*radius);
        }
        if fine {
            *state = trial;
            return Ok(true);
        }
        if expected.abs() < 100.0 * rounding {
            return Ok(false);
        }
    }
    Ok(false)
}

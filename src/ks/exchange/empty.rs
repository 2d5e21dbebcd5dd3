//! The lowest empty level. Exact exchange is no potential, so that it is not found by the banded eigensolver, but by Davidson's method
//! with the banded part as the preconditioner.

use crate::control::Control;
use crate::ks::KsError;
use crate::ks::banded::Lu;
use crate::ks::direct::{State, project};
use crate::ks::orbitals;
use crate::ks::stability::Space;
use crate::tensor::Backend;
use crate::tensor::vector::{add, norm_in_order as norm};

/// Levels of the banded part that the search begins with.
const STARTS: usize = 4;
/// The equation is solved when what is left of it, hartree, is below this.
const TOLERANCE: f64 = 1e-9;
/// The maximum number of products with the Hamiltonian.
const MAX_PRODUCTS: usize = 300;
/// A vector of which less than this fraction is outside the occupied orbitals is one of them.
const LEAST_OUTSIDE: f64 = 1e-6;
/// The preconditioner is shifted this far below the level, hartree.
const SHIFT: f64 = 0.01;

/// The lowest level of a channel outside its occupied orbitals, hartree, and its orbital; `None` if there is no room for one.
///
/// # Errors
/// Orbitals that are not found; an interruption.
pub(super) fn lowest_empty<D: Backend>(
    system: &str,
    state: &State<D>,
    channel: usize,
    control: &dyn Control,
) -> Result<Option<(f64, Vec<f64>)>, KsError> {
    let (h, occupied) = (&state.hamiltonians[channel], &state.orbitals[channel]);
    if occupied.len() >= h.points() {
        return Ok(None);
    }
    let failed = |cause: String| KsError::Orbitals { iteration: 0, system: system.to_owned(), cause };
    let outside = |mut phi: Vec<f64>| {
        let whole = norm(&phi);
        project(&mut phi, occupied);
        // What is left of an occupied orbital is rounding error, in which there is some of it again.
        if norm(&phi) < LEAST_OUTSIDE * whole {
            phi.iter_mut().for_each(|x| *x = 0.0);
        }
        project(&mut phi, occupied);
        phi
    };
    let product = |phi: &[f64]| -> Result<Vec<f64>, KsError> {
        let mut image = h.apply(phi).to_vec();
        if let Some(exchange) = &state.exchange {
            add(&mut image, 1.0, &exchange.apply(channel, phi));
        }
        Ok(outside(image))
    };
    let count = (occupied.len() + STARTS).min(h.points());
    let starts = orbitals::lowest(h, count, None).map_err(|cause| failed(cause.to_string()))?;
    let mut space = Space::default();
    for start in starts.vectors {
        space.admit(outside(start), product)?;
    }
    loop {
        if control.interrupted() {
            return Err(KsError::Interrupted { system: system.to_owned() });
        }
        let lowest = space.lowest().map_err(|()| failed("an eigenproblem failed".to_owned()))?;
        let Some((level, orbital, mut rest)) = lowest else { return Ok(None) };
        if norm(&rest) <= TOLERANCE * h.scale().max(1.0).sqrt() || space.products >= MAX_PRODUCTS {
            return Ok(Some((level, orbital)));
        }
        Lu::new(h, h.scale(), level - SHIFT).solve(&mut rest);
        if !space.admit(outside(rest), product)? {
            return Ok(Some((level, orbital)));
        }
    }
}

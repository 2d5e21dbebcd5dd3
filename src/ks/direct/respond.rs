//! The equation A lambda = right for how a minimum moves, by preconditioned conjugate gradients.

use super::trust::Curved;
use crate::ks::KsError;
use crate::number::brief;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};

/// The equation is solved when the residual relative to `scale` is below this.
const TOLERANCE: f64 = 1e-11;
/// A solution with a larger one, because of rounding, is none.
const LARGEST: f64 = 1e-8;
/// The maximum number of products with A.
const MAX_PRODUCTS: usize = 400;

/// The solution at a minimum of `system`. `scale` is the size of what the right-hand side is the sum of: for a loss of the energy,
/// which has no slope at its minimum, rounding errors are left of that, and there is nothing to solve for.
///
/// # Errors
/// [`KsError::Response`] where a step costs no energy or lowers it; those of the products.
pub(in crate::ks) fn respond(
    around: &impl Curved,
    right: &[f64],
    scale: f64,
    system: &str,
) -> Result<Vec<f64>, KsError> {
    let mut x = vec![0.0; right.len()];
    if norm(right) <= TOLERANCE * scale {
        return Ok(x);
    }
    let without = |cause: String| KsError::Response { system: system.to_owned(), cause };
    let precondition = around.preconditioner()?;
    let mut residual = right.to_vec();
    let mut steep = precondition(&residual);
    let mut direction = steep.clone();
    let mut slope = dot(&residual, &steep);
    for _ in 0..MAX_PRODUCTS {
        let along = around.product(&direction)?;
        let curvature = dot(&direction, &along);
        if curvature.is_nan() || curvature <= 0.0 {
            return Err(without("a rotation of its orbitals lowers the energy, so they have no response".to_owned()));
        }
        let factor = slope / curvature;
        add(&mut x, factor, &direction);
        add(&mut residual, -factor, &along);
        if norm(&residual) <= TOLERANCE * scale {
            break;
        }
        steep = precondition(&residual);
        let next = dot(&residual, &steep);
        direction.iter_mut().zip(&steep).for_each(|(d, z)| *d = next / slope * *d + z);
        slope = next;
    }
    let left = norm(&residual) / scale;
    if left <= LARGEST {
        return Ok(x);
    }
    Err(without(format!("the response of the orbitals was not found (residual {})", brief(left))))
}

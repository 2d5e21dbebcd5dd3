//! The step that minimises a quadratic within a radius, by conjugate gradients.

use super::state::Preconditioner;
use crate::ks::KsError;
use crate::tensor::Backend;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};

/// The maximum number of products of one step.
const MAX_PRODUCTS: usize = 60;

/// A step.
pub(super) struct Step {
    /// The step itself.
    pub rotation: Vec<f64>,
    /// The second derivative times it.
    pub image: Vec<f64>,
    /// Whether it ends at the radius.
    pub at_edge: bool,
}

/// A step x that lowers `gradient`·x + x·A x/2, with |x| at most `radius`; A is given by its products.
///
/// # Errors
/// Those of the products.
pub(super) fn step<D: Backend>(
    preconditioner: &Preconditioner<'_, D>,
    gradient: &[f64],
    radius: f64,
    mut product: impl FnMut(&[f64]) -> Result<Vec<f64>, KsError>,
) -> Result<Step, KsError> {
    let size = gradient.len();
    let (mut x, mut image) = (vec![0.0; size], vec![0.0; size]);
    let mut residual = gradient.to_vec();
    let length = norm(gradient);
    // Quadratic convergence close to the minimum.
    let tolerance = length * length.sqrt().min(0.1);
    let mut steep = preconditioner.apply(&residual);
    let mut direction: Vec<f64> = steep.iter().map(|z| -z).collect();
    for _ in 0..MAX_PRODUCTS {
        let along = product(&direction)?;
        let curvature = dot(&direction, &along);
        let slope = dot(&residual, &steep);
        let factor = slope / curvature;
        let mut next = x.clone();
        add(&mut next, factor, &direction);
        // Downhill to the edge where the energy has no minimum in this direction.
        if curvature.is_nan() || curvature <= 0.0 || norm(&next) >= radius {
            let factor = to_edge(&x, &direction, radius);
            add(&mut x, factor, &direction);
            add(&mut image, factor, &along);
            return Ok(Step { rotation: x, image, at_edge: true });
        }
        x = next;
        add(&mut image, factor, &along);
        add(&mut residual, factor, &along);
        if norm(&residual) <= tolerance {
            break;
        }
        steep = preconditioner.apply(&residual);
        let ratio = dot(&residual, &steep) / slope;
        direction.iter_mut().zip(&steep).for_each(|(d, z)| *d = ratio * *d - z);
    }
    Ok(Step { rotation: x, image, at_edge: false })
}

/// How far it is from x along a direction to a sphere of the given radius.
fn to_edge(x: &[f64], direction: &[f64], radius: f64) -> f64 {
    let (a, b, c) = (dot(direction, direction), dot(x, direction), dot(x, x) - radius * radius);
    let root = (b * b - a * c).max(0.0).sqrt();
    // Without cancellation.
    if b > 0.0 { -c / (b + root) } else { (root - b) / a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_is_at_the_radius() {
        for x in [[0.0, 0.0], [0.3, -0.1], [-0.5, 0.2]] {
            let direction = [0.7, 0.4];
            let factor = to_edge(&x, &direction, 1.0);
            let end: f64 = x.iter().zip(direction).map(|(x, d)| (x + factor * d).powi(2)).sum();
            assert!(factor > 0.0 && (end - 1.0).abs() < 1e-14, "{end}");
        }
    }
}

//! Minimising in steps that are trusted within a radius: Newton's method with conjugate gradients (T. Steihaug, SIAM J. Numer. Anal. 20,
//! 626 (1983)). Every accepted step lowers the energy.

use crate::control::Control;
use crate::ks::KsError;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};

/// The maximum number of products of one step.
const MAX_PRODUCTS: usize = 60;

/// The first radius, relative to the largest.
pub(in crate::ks) const FIRST_RADIUS: f64 = 0.3;
/// The radius below which nothing can be gained, relative to the largest.
const LEAST_RADIUS: f64 = 1e-9;

/// Changes of the energy below this fraction of the sum of its terms are rounding errors.
const ROUNDING: f64 = 1e-14;

/// The second derivative A around a point.
pub(in crate::ks) trait Curved {
    /// A times a step.
    ///
    /// # Errors
    /// Those of the device.
    fn product(&self, step: &[f64]) -> Result<Vec<f64>, KsError>;
    /// A positive approximation of the inverse of A.
    ///
    /// # Errors
    /// Those of the device.
    fn preconditioner(&self) -> Result<impl Fn(&[f64]) -> Vec<f64>, KsError>;
}

/// A point on a surface that is minimised, with the energy around it: E + weight (gradient·x + x·A x/2) in a step x.
pub(in crate::ks) trait Surface: Curved + Sized {
    /// The derivative.
    fn gradient(&self) -> &[f64];
    /// E, hartree.
    fn energy(&self) -> f64;
    /// The sum of the magnitudes of its terms, hartree.
    fn size(&self) -> f64;
    /// What gradient and A are multiplied with.
    fn weight(&self) -> f64;
    /// The point after a step.
    ///
    /// # Errors
    /// A value that is not finite.
    fn moved(&self, step: &[f64]) -> Result<Self, KsError>;
}

/// A step.
pub(in crate::ks) struct Step {
    /// The step itself.
    pub step: Vec<f64>,
    /// The second derivative times it.
    pub image: Vec<f64>,
    /// Whether it ends at the radius.
    pub at_edge: bool,
}

/// A step x that lowers gradient·x + x·A x/2, with |x| at most `radius`.
///
/// # Errors
/// Those of the products.
pub(in crate::ks) fn step(surface: &impl Surface, radius: f64) -> Result<Step, KsError> {
    let (gradient, precondition) = (surface.gradient(), surface.preconditioner()?);
    let size = gradient.len();
    let (mut x, mut image) = (vec![0.0; size], vec![0.0; size]);
    let mut residual = gradient.to_vec();
    let length = norm(gradient);
    // Fast convergence close to the minimum, but not below the rounding errors of the products.
    let tolerance = length * length.sqrt().clamp(1e-3, 0.1);
    let mut steep = precondition(&residual);
    let mut direction: Vec<f64> = steep.iter().map(|z| -z).collect();
    for _ in 0..MAX_PRODUCTS {
        let along = surface.product(&direction)?;
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
            return Ok(Step { step: x, image, at_edge: true });
        }
        x = next;
        add(&mut image, factor, &along);
        add(&mut residual, factor, &along);
        if norm(&residual) <= tolerance {
            break;
        }
        steep = precondition(&residual);
        let ratio = dot(&residual, &steep) / slope;
        direction.iter_mut().zip(&steep).for_each(|(d, z)| *d = ratio * *d - z);
    }
    Ok(Step { step: x, image, at_edge: false })
}

/// One step downhill, `first` if it is short enough; false if there is none, or the user has stopped it. `radius` is at most `largest`.
///
/// # Errors
/// Those of the surface that other steps would not avoid.
pub(in crate::ks) fn advance<S: Surface>(
    surface: &mut S,
    (radius, largest): (&mut f64, f64),
    first: Option<Step>,
    control: &dyn Control,
) -> Result<bool, KsError> {
    let mut first = first.filter(|first| norm(&first.step) <= *radius);
    while *radius > LEAST_RADIUS * largest && !control.interrupted() {
        let Step { step: taken, image, at_edge } = match first.take() {
            Some(first) => first,
            None => step(surface, *radius)?,
        };
        let expected = -surface.weight() * (dot(surface.gradient(), &taken) + 0.5 * dot(&taken, &image));
        if !expected.is_finite() {
            *radius *= 0.25;
            continue;
        }
        let trial = match surface.moved(&taken) {
            Ok(trial) => trial,
            Err(error) if error.diverged() => {
                *radius *= 0.25;
                continue;
            }
            Err(error) => return Err(error),
        };
        let gained = surface.energy() - trial.energy();
        let rounding = ROUNDING * surface.size();
        let fine = if expected.abs() < 100.0 * rounding {
            // Too small to be seen in the energy: what counts is the gradient.
            gained > -100.0 * rounding && norm(trial.gradient()) < norm(surface.gradient())
        } else {
            gained > 0.05 * expected
        };
        if gained > 0.75 * expected && at_edge {
            *radius = (2.0 * *radius).min(largest);
        } else if gained < 0.25 * expected {
            *radius = 0.25 * norm(&taken).min(*radius);
        }
        if fine {
            *surface = trial;
            return Ok(true);
        }
        if expected.abs() < 100.0 * rounding {
            return Ok(false);
        }
    }
    Ok(false)
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

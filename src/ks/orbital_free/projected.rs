//! Minimising among densities like those of a sample: for functionals that have learned from it, and whose derivative means nothing in
//! other directions (J. C. Snyder et al., Phys. Rev. Lett. 108, 253002 (2012)). Around the nearest samples the densities are their mean
//! plus a few principal components; the energy is minimised over the coefficients, and the neighbourhood moves with the density.

use super::energy::{Energies, Terms};
use super::minimise::{Found, Log};
use crate::control::Control;
use crate::ks::{KsError, ScfOptions, Stop};
use crate::learn::{Basis, Expansion, Inputs};
use crate::model::{Grid, System};
use crate::tensor::Backend;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use faer::{Mat, Side};
use std::sync::Arc;

/// Iterations after which the neighbours stay as they are: two sets can lead to each other.
const MOVING: usize = 40;

/// Densities and how those like them are described.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The densities of the sample, 1/bohr, on the grid of the system.
    pub samples: Arc<Inputs>,
    /// Their grid.
    pub grid: Arc<Grid>,
    /// How many of them, the nearest ones, describe the neighbourhood of a density.
    pub neighbours: usize,
    /// How many principal components of these are varied.
    pub dimensions: usize,
}

/// The neighbourhood of a density.
struct Patch {
    /// The samples in it, nearest first.
    members: Vec<usize>,
    expansion: Expansion,
    /// The mean distance of its samples from their mean, within which the expansion is trusted.
    radius: f64,
}

impl Projection {
    fn patch(&self, density: &[f64]) -> Result<Patch, KsError> {
        let distances = self.samples.distances_from(density);
        let mut members: Vec<usize> = (0..distances.len()).collect();
        members.sort_by(|a, b| distances[*a].total_cmp(&distances[*b]));
        members.truncate(self.neighbours);
        members.sort_unstable();
        let rows: Vec<&[f64]> = self.samples.rows().collect();
        let fields: Vec<f64> = members.iter().flat_map(|k| rows[*k]).copied().collect();
        let points = self.grid.points;
        let expansion = Basis::Principal(self.dimensions).expansion(&fields, points, self.grid.spacing);
        let Ok(Some(expansion)) = expansion else {
            let cause = "the principal components of the samples were not found".to_owned();
            return Err(KsError::Device { cause });
        };
        let apart = |n: &[f64]| -> f64 {
            let squares: f64 = n.iter().zip(&expansion.mean).map(|(n, mean)| (n - mean).powi(2)).sum();
            (self.grid.spacing * squares).sqrt()
        };
        let radius = fields.chunks(points).map(apart).sum::<f64>() / members.len().max(1) as f64;
        Ok(Patch { members, expansion, radius })
    }

    /// The sample with the lowest energy.
    ///
    /// # Errors
    /// A value that is not finite.
    pub(super) fn best<D: Backend>(&self, terms: &Terms<D>) -> Result<Vec<f64>, KsError> {
        let mut best: Option<(f64, &[f64])> = None;
        for row in self.samples.rows() {
            let energy = terms.at(&[row.to_vec()], 0)?.total();
            if best.is_none_or(|(lowest, _)| energy < lowest) {
                best = Some((energy, row));
            }
        }
        Ok(best.map(|(_, row)| row.to_vec()).unwrap_or_default())
    }
}

/// A density, and the energy around it in a patch.
struct Place {
    density: Vec<f64>,
    energies: Energies,
    coefficients: Vec<f64>,
}

impl Place {
    fn new<D: Backend>(terms: &Terms<D>, patch: &Patch, coefficients: Vec<f64>, k: usize) -> Result<Self, KsError> {
        let density = patch.expansion.field(&coefficients);
        let energies = terms.at(std::slice::from_ref(&density), k)?;
        Ok(Self { density, energies, coefficients })
    }

    /// The derivative of the energy with respect to the coefficients, and the second one.
    fn derivatives<D: Backend>(&self, terms: &Terms<D>, patch: &Patch) -> Result<(Vec<f64>, Mat<f64>), KsError> {
        let grid = &terms.system.grid;
        let functions: Vec<&[f64]> = patch.expansion.functions.chunks(grid.points).collect();
        let gradient = functions.iter().map(|phi| grid.overlap(phi, &self.energies.slope[0])).collect();
        let mut second = Mat::zeros(functions.len(), functions.len());
        for (j, phi) in functions.iter().enumerate() {
            let image = terms.kernel(std::slice::from_ref(&self.density), &[phi.to_vec()])?;
            for (i, other) in functions.iter().enumerate() {
                second[(i, j)] = grid.overlap(other, &image[0]);
            }
        }
        let count = functions.len();
        Ok((gradient, Mat::from_fn(count, count, |i, j| 0.5 * (second[(i, j)] + second[(j, i)]))))
    }
}

/// A matrix times a vector.
fn times(a: &Mat<f64>, x: &[f64]) -> Vec<f64> {
    (0..a.nrows()).map(|i| x.iter().enumerate().map(|(j, x)| a[(i, j)] * x).sum()).collect()
}

/// The step that minimises g·x + x·A x/2 with |x| at most `radius`, and whether it ends there.
fn within(gradient: &[f64], second: &Mat<f64>, radius: f64) -> Option<(Vec<f64>, bool)> {
    let eigen = second.self_adjoint_eigen(Side::Lower).ok()?;
    crate::tensor::vector::leave_vector_registers();
    let count = gradient.len();
    let along: Vec<f64> = (0..count).map(|k| (0..count).map(|i| eigen.U()[(i, k)] * gradient[i]).sum()).collect();
    let step = |shift: f64| -> Vec<f64> { (0..count).map(|k| -along[k] / (eigen.S()[k] + shift)).collect() };
    let lowest = if count == 0 { 0.0 } else { eigen.S()[0] };
    let scale = (0..count).map(|k| eigen.S()[k].abs()).fold(f64::MIN_POSITIVE, f64::max);
    let mut found = (lowest > 1e-13 * scale).then(|| step(0.0)).filter(|x| norm(x) <= radius);
    let at_edge = found.is_none();
    if at_edge {
        // The length falls with the shift.
        let (mut low, mut high) = ((-lowest).max(0.0), (-lowest).max(0.0) + norm(gradient) / radius + scale * 1e-12);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if norm(&step(middle)) > radius { low = middle } else { high = middle }
        }
        found = Some(step(high));
    }
    let x = found?;
    Some(((0..count).map(|i| (0..count).map(|k| eigen.U()[(i, k)] * x[k]).sum()).collect(), at_edge))
}

/// Minimises the energy of a density among those like the samples, beginning with one.
///
/// # Errors
/// A value that is not finite.
pub(super) fn minimise<D: Backend>(
    terms: &Terms<D>,
    projection: &Projection,
    start: &[f64],
    options: &ScfOptions,
    control: &dyn Control,
) -> Result<Found, KsError> {
    let grid = &terms.system.grid;
    let tolerance = options.tolerance.unwrap_or(ScfOptions::TOLERANCE);
    let mut patch = projection.patch(start)?;
    let mut place = Place::new(terms, &patch, patch.expansion.coefficients(start), 0)?;
    let mut radius = patch.radius;
    let mut log = Log::default();
    let (mut gradient, mut second) = place.derivatives(terms, &patch)?;
    loop {
        let k = log.energies.len();
        let Some((step, at_edge)) = within(&gradient, &second, radius) else {
            return Err(KsError::Device { cause: "an eigenproblem of the projection failed".to_owned() });
        };
        let mut trial = place.coefficients.clone();
        add(&mut trial, 1.0, &step);
        let moved = Place::new(terms, &patch, trial, k)?;
        let residual = grid.spacing * place.density.iter().zip(&moved.density).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let expected = -(dot(&gradient, &step) + 0.5 * dot(&step, &times(&second, &step)));
        let gained = place.energies.total() - moved.energies.total();
        if gained > 0.75 * expected && at_edge {
            radius = (2.0 * radius).min(patch.radius);
        }
        let derivatives = moved.derivatives(terms, &patch)?;
        // Large weights of a machine cancel, and the energy has fewer digits than its derivative.
        let downhill = gained > 0.05 * expected || (!at_edge && norm(&derivatives.0) < 0.5 * norm(&gradient));
        let mut settled = !at_edge && residual <= tolerance;
        if downhill {
            place = moved;
            (gradient, second) = derivatives;
            let next = projection.patch(&place.density)?;
            if k < MOVING && next.members != patch.members {
                settled = false;
                let coefficients = next.expansion.coefficients(&place.density);
                (radius, patch) = (next.radius, next);
                place = Place::new(terms, &patch, coefficients, k)?;
                (gradient, second) = place.derivatives(terms, &patch)?;
            }
        } else {
            radius = 0.25 * norm(&step).min(radius);
        }
        log.note(place.energies.total(), std::slice::from_ref(&place.density), residual);
        let stop = match () {
            () if settled => Stop::Converged,
            () if control.interrupted() => Stop::Interrupted,
            () => Stop::Exhausted,
        };
        if stop != Stop::Exhausted || log.energies.len() >= options.iterations {
            let Place { density, energies, .. } = place;
            let level = grid.overlap(&density, &energies.slope[0]) / terms.system.electrons.max(1) as f64;
            let density = vec![density];
            return Ok(Found { density, energies, levels: vec![level], residual, stop, log });
        }
    }
}

impl Projection {
    /// The first sample that has not the electrons of a system, and how many it has.
    pub fn odd(&self, system: &System) -> Option<(usize, f64)> {
        let found = self.samples.rows().map(|row| self.grid.integrate(row)).enumerate();
        let wanted = system.electrons as f64;
        found.into_iter().find(|(_, electrons)| (electrons - wanted).abs() > 1e-6 * wanted.max(1.0))
    }
}

//! Minimising among densities like those of a sample: for functionals that have learned from it, and whose derivative means nothing in
//! other directions (J. C. Snyder et al., Phys. Rev. Lett. 108, 253002 (2012)). Around the nearest samples the densities are their mean
//! plus a few principal components; the energy is minimised over the coefficients, and the neighbourhood moves with the density. In units of
//! their standard deviations the coefficients stay as close to 0 as those of the samples: outside nothing was learned.

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

/// A radius, relative to the reach of the samples, within which nothing can be gained.
const LEAST_RADIUS: f64 = 1e-9;

/// Changes of the energy below this fraction of the sum of its terms may be errors of a machine.
const NOISE: f64 = 1e-6;

/// The neighbourhood of a density.
struct Patch {
    /// The samples in it, nearest first.
    members: Vec<usize>,
    expansion: Expansion,
    /// The standard deviation of each coefficient.
    deviations: Vec<f64>,
    /// The largest distance of a sample from the mean, coefficients in units of their deviations.
    reach: f64,
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
        let Ok(expansion) = expansion else {
            let cause = "the principal components of the samples were not found".to_owned();
            return Err(KsError::Device { cause });
        };
        let all: Vec<Vec<f64>> = fields.chunks(points).map(|n| expansion.coefficients(n)).collect();
        let deviation = |k: usize| (all.iter().map(|c| c[k] * c[k]).sum::<f64>() / all.len().max(1) as f64).sqrt();
        let deviations: Vec<f64> = (0..expansion.count()).map(deviation).collect();
        let length = |c: &Vec<f64>| c.iter().zip(&deviations).map(|(c, d)| (c / d).powi(2)).sum::<f64>().sqrt();
        let reach = all.iter().map(length).fold(0.0, f64::max);
        Ok(Patch { members, expansion, deviations, reach })
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

impl Patch {
    /// The coefficients of a density, in units of their deviations, no farther from 0 than those of the samples.
    fn coefficients(&self, density: &[f64]) -> Vec<f64> {
        let all = self.expansion.coefficients(density);
        self.inside(all.iter().zip(&self.deviations).map(|(c, d)| c / d).collect())
    }

    fn inside(&self, mut u: Vec<f64>) -> Vec<f64> {
        let length = norm(&u);
        if length > self.reach {
            u.iter_mut().for_each(|u| *u *= self.reach / length);
        }
        u
    }

    fn density(&self, u: &[f64]) -> Vec<f64> {
        let all: Vec<f64> = u.iter().zip(&self.deviations).map(|(u, d)| u * d).collect();
        self.expansion.field(&all)
    }
}

/// A density, and the energy around it in a patch.
struct Place {
    density: Vec<f64>,
    energies: Energies,
    /// Its coefficients in units of their deviations.
    u: Vec<f64>,
    /// The derivative of the energy with respect to them, and the second one.
    gradient: Vec<f64>,
    second: Mat<f64>,
}

impl Place {
    fn new<D: Backend>(terms: &Terms<D>, patch: &Patch, u: Vec<f64>, k: usize) -> Result<Self, KsError> {
        let grid = &terms.system.grid;
        let density = patch.density(&u);
        let energies = terms.at(std::slice::from_ref(&density), k)?;
        let scaled = |(phi, deviation): (&[f64], &f64)| phi.iter().map(|x| x * deviation).collect::<Vec<f64>>();
        let functions: Vec<Vec<f64>> =
            patch.expansion.functions.chunks(grid.points).zip(&patch.deviations).map(scaled).collect();
        let gradient = functions.iter().map(|phi| grid.overlap(phi, &energies.slope[0])).collect();
        let count = functions.len();
        let mut second = Mat::zeros(count, count);
        for (j, phi) in functions.iter().enumerate() {
            let image = terms.kernel(std::slice::from_ref(&density), std::slice::from_ref(phi))?;
            for (i, other) in functions.iter().enumerate() {
                second[(i, j)] = grid.overlap(other, &image[0]);
            }
        }
        let second = Mat::from_fn(count, count, |i, j| 0.5 * (second[(i, j)] + second[(j, i)]));
        Ok(Self { density, energies, u, gradient, second })
    }

    /// The step to the lowest point of the quadratic around here that is within the reach of the patch. Whether it ends there.
    fn step(&self, reach: f64) -> Option<(Vec<f64>, bool)> {
        let image = times(&self.second, &self.u);
        let from_mean: Vec<f64> = self.gradient.iter().zip(image).map(|(g, image)| g - image).collect();
        let (lowest, limited) = within(&from_mean, &self.second, reach)?;
        Some((lowest.iter().zip(&self.u).map(|(w, u)| w - u).collect(), limited))
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
    let mut place = Place::new(terms, &patch, patch.coefficients(start), 0)?;
    let mut radius = patch.reach;
    let mut log = Log::default();
    loop {
        let k = log.energies.len();
        let failed = || KsError::Device { cause: "an eigenproblem of the projection failed".to_owned() };
        let (mut step, mut limited) = place.step(patch.reach).ok_or_else(failed)?;
        let moves = |step: &[f64], place: &Place| {
            let mut u = place.u.clone();
            add(&mut u, 1.0, step);
            patch.inside(u)
        };
        let apart = |n: &[f64]| grid.spacing * place.density.iter().zip(n).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let residual = apart(&patch.density(&moves(&step, &place)));
        if norm(&step) > radius {
            (step, limited) = (within(&place.gradient, &place.second, radius).ok_or_else(failed)?.0, true);
        }
        let moved = match Place::new(terms, &patch, moves(&step, &place), k) {
            // A root of a density that is negative somewhere.
            Err(error) if error.diverged() && radius > LEAST_RADIUS * patch.reach => {
                radius = 0.25 * norm(&step).min(radius);
                continue;
            }
            moved => moved?,
        };
        let expected = -(dot(&place.gradient, &step) + 0.5 * dot(&step, &times(&place.second, &step)));
        let gained = place.energies.total() - moved.energies.total();
        // Large weights of a machine cancel, and the energy has fewer digits than its derivative: near the end what counts is the next step.
        let closer = || moved.step(patch.reach).is_some_and(|(next, _)| norm(&next) < 0.5 * norm(&step));
        let downhill = gained > 0.05 * expected || (expected < NOISE * place.energies.size() && closer());
        let mut settled = residual <= tolerance;
        if gained > 0.75 * expected && limited {
            radius = (2.0 * radius).min(2.0 * patch.reach);
        }
        if downhill {
            place = moved;
            let next = projection.patch(&place.density)?;
            if k < MOVING && next.members != patch.members {
                settled = false;
                place = Place::new(terms, &next, next.coefficients(&place.density), k)?;
                (radius, patch) = (next.reach, next);
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
        let stuck = radius < LEAST_RADIUS * patch.reach;
        if stop != Stop::Exhausted || stuck || log.energies.len() >= options.iterations {
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

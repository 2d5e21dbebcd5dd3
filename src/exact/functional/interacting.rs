//! The potential in which interacting electrons have a density: one potential, or one of each spin where their numbers differ.
//!
//! It maximises E\[v\] - ∫ v n, which is concave, with the gradient n_v - n. A step of the search combines what the potentials tried before
//! say about the response, by least squares, with an approximate inverse response for the rest: that of non-interacting electrons
//! with the repulsion of the density that moves, less a share of it for exchange. Where that no longer gets closer, Newton's method takes
//! over, with the response of the interacting electrons themselves. Fields of all channels stand in one vector.

use super::FunctionalError;
use super::channels::{Response, channels, joined, total};
use crate::control::Control;
use crate::exact::ExactError;
use crate::exact::methods::{Ground, Series};
use crate::model::{Mirror, System};
use crate::tensor::vector::{add, dot, norm};
use faer::Mat;
use faer::prelude::*;

/// The maximum number of potentials that are tried for a density.
const MOST: usize = 80;
/// So many potentials without a better one end the search.
const PATIENCE: usize = 12;
/// A residual, electrons, above which a density is not reproduced.
const LARGEST_RESIDUAL: f64 = 1e-6;
/// How many earlier potentials say something about the response.
const HISTORY: usize = 6;
/// How short its changes of the density may be, as a fraction of what is missing.
const SHORTEST: f64 = 0.1;
/// The accuracy of a density in a potential, as a fraction of how far it is from the wanted one; and the best that is asked for, electrons.
const ACCURACY: f64 = 3e-3;
/// The accuracy of the first density, electrons: how far it is is not yet known.
const FIRST_ACCURACY: f64 = 1e-6;
const BEST_ACCURACY: f64 = 2e-11;
/// The accuracy of the densities of ions, electrons: that of their energies is its square.
const ION_ACCURACY: f64 = 1e-5;
/// Directions of the history that others contain to within this fraction say nothing.
const LEAST_NEW: f64 = 1e-5;
/// The largest change of the potential at a point in one step, hartree.
const LARGEST_CHANGE: f64 = 1.0;
/// A density that is further away than this many times the best one so far is left for a shorter step from the best one.
const WORSE: f64 = 2.0;
/// How much shorter.
const SHORTER: f64 = 0.3;
/// The maximum number of steps of Newton's method, of shorter trials in each, of directions that it is combined from, and the fraction of
/// what is missing that they leave.
const MOST_NEWTON: usize = 12;
const NEWTON_TRIALS: usize = 10;
const MOST_DIRECTIONS: usize = 30;
const NEWTON_ACCURACY: f64 = 0.02;
/// A density that is further away than this, electrons, is left to a shorter step of the iterations around.
const NEAR: f64 = 0.02;
/// The concave function has grown if it is higher by this fraction: more than rounding.
const HIGHER: f64 = 1e-13;

/// A potential and what interacting electrons do in it.
#[derive(Clone)]
pub(super) struct Point {
    pub potential: Vec<f64>,
    /// Of all electrons of a channel, 1/bohr.
    pub density: Vec<f64>,
    /// Of the electrons in it, hartree.
    pub energy: f64,
    /// The error of the integral of the density, electrons.
    pub error: f64,
}

/// The potentials that were tried for this and earlier densities.
pub(super) struct Search {
    series: Series,
    system: System,
    mirror: Option<Mirror>,
    /// The electrons left when one of a channel is gone.
    ions: Vec<Option<Series>>,
    /// What correlation was in the last potential found: the rest apart from the Kohn-Sham potential, the repulsion and the exchange of the
    /// density, hartree.
    correlation: Vec<f64>,
    /// A density, 1/bohr, and its integral with every potential, electrons times hartree, of each channel, which fixes the constants of the
    /// potentials: the preconditioner is made for one.
    gauge: (Vec<f64>, Vec<f64>),
    /// Differences of potentials and of the densities in them.
    pairs: Vec<(Vec<f64>, Vec<f64>)>,
}

/// A density to be reproduced.
pub(super) struct Wanted<'a> {
    pub density: &'a [f64],
    /// The potential with exchange, but without correlation.
    pub uncorrelated: &'a [f64],
    /// Of each channel.
    pub responses: &'a [Response],
    /// The residual to reach, electrons.
    pub tolerance: f64,
}

impl Search {
    /// Begins in a potential, in which the electrons of `system` have about a density, 1/bohr; `mirror`: all potentials are their mirror
    /// images.
    ///
    /// # Errors
    /// Those of the exact solution.
    pub fn new(
        system: &System,
        potential: &[f64],
        density: &[f64],
        mirror: Option<Mirror>,
        control: &dyn Control,
    ) -> Result<Self, ExactError> {
        let points = system.grid.points;
        let potential = averaged(mirror, potential, points);
        let gauge = potential.chunks(points).zip(density.chunks(points)).map(|(v, n)| dot(v, n)).collect();
        let first = System { potential: joined(&potential, points)[1].into(), ..system.clone() };
        let closed = channels(system).len() == 1;
        let series = Series::new(first, &total(density.chunks(points), points), (mirror.is_some(), closed), control)?;
        Ok(Self {
            series,
            system: system.clone(),
            mirror,
            ions: channels(system).iter().map(|_| None).collect(),
            correlation: vec![0.0; potential.len()],
            gauge: (density.to_vec(), gauge),
            pairs: Vec::new(),
        })
    }

    /// The potential in which the electrons have a density, and ∫ |n_v - n|, electrons.
    ///
    /// # Errors
    /// A density for which none was found; those of the exact solution.
    pub fn find(&mut self, wanted: &Wanted<'_>, control: &dyn Control) -> Result<(Point, f64), FunctionalError> {
        let first = wanted.uncorrelated.iter().zip(&self.correlation).map(|(v, correlation)| v + correlation).collect();
        let mut best = self.solve(first, FIRST_ACCURACY.max(wanted.tolerance), control)?;
        let mut residual = self.residual(&best, wanted);
        let (mut damping, mut idle) = (1.0, 0);
        for _ in 0..MOST {
            if residual <= wanted.tolerance || idle > PATIENCE {
                break;
            }
            let Some(change) = self.change(&best, wanted, damping) else { break };
            let mut potential = best.potential.clone();
            add(&mut potential, 1.0, &change);
            let accuracy = (ACCURACY * residual).max(BEST_ACCURACY);
            let next = self.solve(potential, accuracy, control)?;
            let then = self.residual(&next, wanted);
            self.remember(&best, &next);
            if then < residual {
                idle = if then < 0.7 * residual { 0 } else { idle + 1 };
                damping = (damping / SHORTER).min(1.0);
                (best, residual) = (next, then);
            } else {
                idle += 1;
                if then.is_nan() || then > WORSE * residual {
                    self.pairs.clear();
                    damping *= SHORTER;
                }
            }
        }
        if residual > wanted.tolerance && residual < NEAR {
            (best, residual) = self.newton(best, residual, wanted, control)?;
        }
        self.correlation = best.potential.iter().zip(wanted.uncorrelated).map(|(v, without)| v - without).collect();
        if residual <= LARGEST_RESIDUAL.max(wanted.tolerance) {
            Ok((best, residual))
        } else {
            Err(FunctionalError::NotFound { residual })
        }
    }

    /// Newton's method, with the response of the interacting electrons themselves: where they are far apart, changes of the potential that
    /// hardly change the density are what is needed, and no approximation knows those.
    fn newton(
        &mut self,
        mut best: Point,
        mut residual: f64,
        wanted: &Wanted<'_>,
        control: &dyn Control,
    ) -> Result<(Point, f64), FunctionalError> {
        let mut closest = (best.clone(), residual);
        for _ in 0..MOST_NEWTON {
            if residual <= wanted.tolerance {
                break;
            }
            // The response is that of the state that was found last.
            let accuracy = (ACCURACY * residual).max(BEST_ACCURACY);
            best = self.solve(best.potential.clone(), accuracy, control)?;
            let Some(change) = self.newton_change(&best, wanted, control)? else { break };
            let largest = change.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
            let mut factor = (LARGEST_CHANGE / largest).min(1.0);
            let mut better = None;
            for _ in 0..NEWTON_TRIALS {
                let mut potential = best.potential.clone();
                add(&mut potential, factor, &change);
                let next = self.solve(potential, accuracy, control)?;
                let then = self.residual(&next, wanted);
                // The concave function where it can be seen to grow: its step may lead through densities that are further away.
                let (height, before) = (self.height(&next, wanted), self.height(&best, wanted));
                if then < residual || height > before + HIGHER * (1.0 + before.abs()) {
                    better = Some((next, then));
                    break;
                }
                factor *= SHORTER;
            }
            let Some((next, then)) = better else { break };
            (best, residual) = (next, then);
            if residual < closest.1 {
                closest = (best.clone(), residual);
            }
        }
        Ok(closest)
    }

    /// E\[v\] - ∫ v n, hartree: largest in the potential that has the density.
    fn height(&self, at: &Point, wanted: &Wanted<'_>) -> f64 {
        at.energy - self.system.grid.spacing * dot(&at.potential, wanted.density)
    }

    /// The change of the potential that gives the wanted density to first order: the combination of directions, each the approximate change
    /// for what the ones before it leave.
    fn newton_change(
        &mut self,
        at: &Point,
        wanted: &Wanted<'_>,
        control: &dyn Control,
    ) -> Result<Option<Vec<f64>>, ExactError> {
        let points = self.system.grid.points;
        let missing: Vec<f64> = wanted.density.iter().zip(&at.density).map(|(n, now)| n - now).collect();
        let size = norm(&weighed(wanted, &missing, points));
        let (mut pairs, mut rest): (Vec<(Vec<f64>, Vec<f64>)>, _) = (Vec::new(), missing.clone());
        let mut combined = vec![0.0; missing.len()];
        for _ in 0..MOST_DIRECTIONS {
            let Some(mut direction) = self.approximate(&rest, wanted, 1.0) else { return Ok(None) };
            let largest = direction.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
            if !(largest > 0.0 && largest.is_finite()) {
                break;
            }
            direction.iter_mut().for_each(|v| *v /= largest);
            let direction = averaged(self.mirror, &direction, points);
            let potentials = joined(&at.potential, points);
            let moved = self.series.response(potentials, joined(&direction, points), control)?;
            let density = channels(&self.system).iter().flat_map(|channel| channel.of(&moved)).collect();
            pairs.push((direction, density));
            let factors = coefficients(&pairs, &missing, wanted, (points, 0.0));
            (rest, combined) = (missing.clone(), vec![0.0; missing.len()]);
            for (factor, (potential, density)) in factors.iter().zip(&pairs) {
                add(&mut combined, *factor, potential);
                add(&mut rest, -factor, density);
            }
            if norm(&weighed(wanted, &rest, points)) <= NEWTON_ACCURACY * size {
                break;
            }
        }
        Ok(combined.iter().all(|v| v.is_finite()).then_some(combined))
    }

    fn solve(&mut self, potential: Vec<f64>, accuracy: f64, control: &dyn Control) -> Result<Point, ExactError> {
        let points = self.system.grid.points;
        let mut potential = averaged(self.mirror, &potential, points);
        let (density, fixed) = &self.gauge;
        let gauged = potential.chunks_mut(points).zip(density.chunks(points)).zip(fixed);
        for ((potential, density), fixed) in gauged {
            let shift = (fixed - dot(potential, density)) / density.iter().sum::<f64>();
            potential.iter_mut().for_each(|v| *v += shift);
        }
        let Ground { energy, density: spins, error } =
            self.series.ground(joined(&potential, points), accuracy, control)?;
        let density = channels(&self.system).iter().flat_map(|channel| channel.of(&spins)).collect();
        Ok(Point { potential, density, energy, error })
    }

    /// The energy needed to remove an electron of each channel from a potential, hartree; by how much the densities of the ions are further off
    /// than was asked for, electrons.
    ///
    /// # Errors
    /// Those of the exact solution.
    pub fn ionisation_energies(&mut self, at: &Point, control: &dyn Control) -> Result<(Vec<f64>, f64), ExactError> {
        let points = self.system.grid.points;
        let potentials = joined(&at.potential, points);
        let channels = channels(&self.system);
        let (mut energies, mut off) = (Vec::with_capacity(channels.len()), 0.0f64);
        for (channel, ion) in channels.iter().zip(&mut self.ions) {
            let series = match ion {
                Some(series) => series,
                none => {
                    let system = channel.ionised(&self.system, potentials);
                    let share = system.electrons as f64 / self.system.electrons as f64;
                    let density: Vec<f64> =
                        total(at.density.chunks(points), points).iter().map(|n| share * n).collect();
                    none.insert(Series::new(system, &density, (self.mirror.is_some(), channels.len() == 1), control)?)
                }
            };
            let ion = series.ground(potentials, ION_ACCURACY, control)?;
            energies.push(ion.energy - at.energy);
            off = off.max(ion.error - ION_ACCURACY);
        }
        Ok((energies, off))
    }

    /// How far a density is from the wanted one, with its own error, electrons.
    fn residual(&self, at: &Point, wanted: &Wanted<'_>) -> f64 {
        let apart = at.density.iter().zip(wanted.density).map(|(a, b)| (a - b).abs());
        self.system.grid.spacing * apart.sum::<f64>() + at.error
    }

    fn remember(&mut self, a: &Point, b: &Point) {
        let difference = |a: &[f64], b: &[f64]| -> Vec<f64> { b.iter().zip(a).map(|(b, a)| b - a).collect() };
        self.pairs.push((difference(&a.potential, &b.potential), difference(&a.density, &b.density)));
        let surplus = self.pairs.len().saturating_sub(HISTORY);
        self.pairs.drain(..surplus);
    }

    /// The change of the potential that should give the wanted density.
    fn change(&self, at: &Point, wanted: &Wanted<'_>, damping: f64) -> Option<Vec<f64>> {
        let mut missing: Vec<f64> = wanted.density.iter().zip(&at.density).map(|(n, now)| n - now).collect();
        let mut change = vec![0.0; missing.len()];
        let factors = coefficients(&self.pairs, &missing, wanted, (self.system.grid.points, SHORTEST));
        for (factor, (potential, density)) in factors.iter().zip(&self.pairs) {
            add(&mut change, *factor, potential);
            add(&mut missing, -factor, density);
        }
        add(&mut change, 1.0, &self.approximate(&missing, wanted, damping)?);
        // In the tails small densities ask for large changes.
        change.iter_mut().for_each(|v| *v = v.clamp(-LARGEST_CHANGE, LARGEST_CHANGE));
        Some(change)
    }

    /// About the change of the potential for a change of the density: that of non-interacting electrons with the repulsion of the density that
    /// moves, less a share of it for exchange. `None`: numbers that are not finite.
    fn approximate(&self, missing: &[f64], wanted: &Wanted<'_>, damping: f64) -> Option<Vec<f64>> {
        let mut change = vec![0.0; missing.len()];
        let grid = &self.system.grid;
        let repulsion = self.system.interaction.hartree(grid, &total(missing.chunks(grid.points), grid.points));
        let each = change.chunks_mut(grid.points).zip(missing.chunks(grid.points)).zip(wanted.responses);
        for ((change, missing), response) in each {
            let of_spin: Vec<f64> = missing.iter().map(|n| n / response.filling).collect();
            add(change, damping, &response.softness.change(&of_spin)?);
            add(change, -damping, &repulsion);
            let exchange = self.system.interaction.hartree(grid, &of_spin);
            add(change, damping / response.orbitals as f64, &exchange);
            response.tails.continue_as(change, |_| 1.0);
        }
        change.iter().all(|v| v.is_finite()).then_some(change)
    }
}

/// Deviations of the density compared with its root, so that they are of the orbitals, where the density is not negligible.
fn weighed(wanted: &Wanted<'_>, n: &[f64], points: usize) -> Vec<f64> {
    let inside = wanted.responses.iter().enumerate();
    let inside = inside.flat_map(|(k, response)| response.tails.inside.clone().map(move |i| k * points + i));
    inside.map(|i| n[i] / wanted.density[i].max(f64::MIN_POSITIVE).sqrt()).collect()
}

/// The combination of changes whose densities come closest to what is missing. The latest come first, and those that add nothing to them,
/// or whose densities are shorter than a fraction of what is missing, are left out.
fn coefficients(
    pairs: &[(Vec<f64>, Vec<f64>)],
    missing: &[f64],
    wanted: &Wanted<'_>,
    (points, shortest): (usize, f64),
) -> Vec<f64> {
    let goal = weighed(wanted, missing, points);
    let far = norm(&goal).max(f64::MIN_POSITIVE);
    let mut chosen: Vec<(usize, Vec<f64>, f64)> = Vec::new();
    let mut orthogonal: Vec<Vec<f64>> = Vec::new();
    for (k, (_, density)) in pairs.iter().enumerate().rev() {
        let column = weighed(wanted, density, points);
        let length = norm(&column);
        // The response is not the same so far beyond what was tried.
        if !(length > shortest * far && length.is_finite()) {
            continue;
        }
        let mut rest: Vec<f64> = column.iter().map(|x| x / length).collect();
        for _ in 0..2 {
            for other in &orthogonal {
                let overlap = dot(other, &rest);
                add(&mut rest, -overlap, other);
            }
        }
        let new = norm(&rest);
        if new > LEAST_NEW {
            rest.iter_mut().for_each(|x| *x /= new);
            orthogonal.push(rest);
            chosen.push((k, column, length));
        }
    }
    let count = chosen.len();
    // Upper triangle: each column in terms of the orthogonal ones up to its own.
    let entry = |i: usize, j: usize| if i <= j { dot(&orthogonal[i], &chosen[j].1) / chosen[j].2 } else { 0.0 };
    let triangle = Mat::from_fn(count, count, entry);
    let right = Mat::from_fn(count, 1, |i, _| dot(&orthogonal[i], &goal));
    let solution = triangle.full_piv_lu().solve(&right);
    let mut factors = vec![0.0; pairs.len()];
    for (row, (k, _, length)) in chosen.iter().enumerate() {
        let factor = solution[(row, 0)] / length;
        factors[*k] = if factor.is_finite() { factor } else { 0.0 };
    }
    factors
}

/// The fields of all channels, averaged with their mirror images.
fn averaged(mirror: Option<Mirror>, fields: &[f64], points: usize) -> Vec<f64> {
    match mirror {
        Some(mirror) => fields.chunks(points).flat_map(|field| mirror.average(field)).collect(),
        None => fields.to_vec(),
    }
}

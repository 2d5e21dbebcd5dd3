//! The potential of one spin: that in which the lowest orbitals have a given density.
//!
//! Q. Wu, W. Yang, J. Chem. Phys. 118, 2498 (2003): the potential maximises W\[v\] = sum_k e_k - ∫ v n, which is concave, with the
//! gradient n_v - n. Newton's method on it, with the response dn_v/dv by its products. In the variables y = √n δv the linear system
//! is as well conditioned in the tails as in the middle: for a single orbital its matrix is 2 (H - e)^-1, and Newton's
//! method gives the closed form v = e + (√n)''/(2 √n) at once.

use super::InversionError;
use crate::control::Control;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::{Orbitals, lowest, pullback};
use crate::model::Grid;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use std::f64::consts::PI;
use std::ops::Range;

/// The maximum number of Newton steps.
const MAX_STEPS: usize = 100;
/// The maximum number of products with the response in one step.
const MAX_PRODUCTS: usize = 400;
/// The residual, electrons, at which a density counts as reproduced.
pub(super) const TOLERANCE: f64 = 1e-9;
/// The relative accuracy of a step of Newton's method.
const FINE: f64 = 1e-8;
/// The first damping after a step that went too far, as a fraction of the largest eigenvalue that was met, and its factor.
const FIRST_DAMPING: f64 = 1e-3;
const DAMPING_FACTOR: f64 = 8.0;
/// The maximum number of times that the damping grows in one step.
const MAX_TRIALS: usize = 14;
/// The largest change of the potential in one step, hartree.
const LONGEST_STEP: f64 = 2.0;

/// A density and what is known of it.
pub(super) struct Target<'a> {
    pub grid: &'a Grid,
    /// Of one spin, 1/bohr.
    pub density: &'a [f64],
    /// Its electrons.
    pub count: usize,
    /// The points at which the density can be trusted. At others the potential continues from them with the shape of `tail`.
    pub inside: Range<usize>,
    /// The shape of the potential outside, hartree.
    pub tail: &'a [f64],
}

/// A potential and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub potential: Vec<f64>,
    /// The occupied orbitals and, if there is one, the lowest empty one.
    pub orbitals: Orbitals,
    /// Of the occupied ones, 1/bohr.
    pub density: Vec<f64>,
    /// ∫ |n_v - n|, electrons.
    pub residual: f64,
}

impl Target<'_> {
    /// The potential, up to a constant.
    ///
    /// # Errors
    /// Orbitals that are not found; an interruption.
    pub fn invert(&self, control: &dyn Control) -> Result<Found, InversionError> {
        self.improve(self.found(self.start(), None)?, control)
    }

    /// The potential from one that is close.
    ///
    /// # Errors
    /// As [`Self::invert`].
    pub fn improve(&self, mut at: Found, control: &dyn Control) -> Result<Found, InversionError> {
        let mut damping = 0.0;
        // Where no potential has the density, the concave function grows without end, and what it leads to is not the closest one.
        let mut best = at.clone();
        for _ in 0..MAX_STEPS {
            if best.residual <= TOLERANCE {
                break;
            }
            if control.interrupted() {
                return Err(InversionError::Interrupted);
            }
            let Some(next) = self.improved(&at, &mut damping)? else { break };
            at = next;
            if at.residual < best.residual {
                best = at.clone();
            }
        }
        Ok(best)
    }

    /// That of the closed form for one electron; for more the kinetic potential of a uniform gas, -π² n²/2.
    fn start(&self) -> Vec<f64> {
        let mut v: Vec<f64> = match self.count {
            1 => {
                let root: Vec<f64> = self.density.iter().map(|n| n.max(0.0).sqrt()).collect();
                let kinetic = Hamiltonian::new(self.grid, &vec![0.0; self.grid.points]).apply(&root);
                root.iter().zip(kinetic.iter()).map(|(root, t)| if *root > 0.0 { -t / root } else { 0.0 }).collect()
            }
            _ => self.density.iter().map(|n| -0.5 * (PI * n).powi(2)).collect(),
        };
        self.extend(&mut v);
        v
    }

    /// Continues a potential outside.
    fn extend(&self, v: &mut [f64]) {
        let Range { start, end } = self.inside.clone();
        if end <= start {
            return;
        }
        let (left, right) = (v[start] - self.tail[start], v[end - 1] - self.tail[end - 1]);
        (0..start).for_each(|i| v[i] = self.tail[i] + left);
        (end..v.len()).for_each(|i| v[i] = self.tail[i] + right);
    }

    /// What is in a potential.
    pub fn found(&self, potential: Vec<f64>, warm: Option<&Orbitals>) -> Result<Found, InversionError> {
        let h = Hamiltonian::new(self.grid, &potential);
        let wanted = (self.count + 1).min(self.grid.points);
        let orbitals =
            lowest(&h, wanted, warm).map_err(|cause| InversionError::Orbitals { cause: cause.to_string() })?;
        let density = self.density_of(&orbitals);
        let residual = self.grid.spacing * density.iter().zip(self.density).map(|(a, b)| (a - b).abs()).sum::<f64>();
        Ok(Found { potential, orbitals, density, residual })
    }

    /// Of the occupied orbitals.
    fn density_of(&self, orbitals: &Orbitals) -> Vec<f64> {
        let mut density = vec![0.0; self.grid.points];
        for psi in orbitals.vectors.iter().take(self.count) {
            density.iter_mut().zip(psi).for_each(|(n, psi)| *n += psi * psi / self.grid.spacing);
        }
        density
    }

    /// A step of Newton's method, damped until it gets closer; `None`: none does.
    fn improved(&self, at: &Found, damping: &mut f64) -> Result<Option<Found>, InversionError> {
        let system = Newton::new(self, at);
        let missing: Vec<f64> = self.density.iter().zip(&at.density).map(|(target, n)| target - n).collect();
        for _ in 0..MAX_TRIALS {
            let Some(change) = system.step(&missing, (*damping, FINE)) else { return Ok(None) };
            let largest = change.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
            let factor = (LONGEST_STEP / largest).min(1.0);
            let mut potential = at.potential.clone();
            add(&mut potential, factor, &change);
            self.extend(&mut potential);
            let next = self.found(potential, Some(&at.orbitals));
            let better = next.as_ref().is_ok_and(|next| {
                // The concave function where it can be seen to grow; close to its maximum rounding hides that.
                let (now, then) = (self.height(at), self.height(next));
                then > now + 1e-12 * (1.0 + now.abs()) || next.residual < 0.9 * at.residual
            });
            if better {
                *damping = if *damping > FIRST_DAMPING { *damping / DAMPING_FACTOR } else { 0.0 };
                return next.map(Some);
            }
            *damping = if *damping == 0.0 { FIRST_DAMPING } else { *damping * DAMPING_FACTOR };
        }
        Ok(None)
    }

    /// The kinetic energy of the occupied orbitals, hartree.
    pub fn moving(&self, at: &Found) -> f64 {
        let levels: f64 = at.orbitals.energies.iter().take(self.count).sum();
        levels - self.grid.spacing * dot(&at.potential, &at.density)
    }

    /// The change of the potential that changes the density by `wanted` to first order, to a relative accuracy; continued outside.
    pub fn change(&self, at: &Found, wanted: &[f64], accuracy: f64) -> Option<Vec<f64>> {
        let mut change = Newton::new(self, at).step(wanted, (0.0, accuracy))?;
        self.extend(&mut change);
        Some(change)
    }

    /// W\[v\], hartree.
    pub fn height(&self, at: &Found) -> f64 {
        let levels: f64 = at.orbitals.energies.iter().take(self.count).sum();
        levels - self.grid.spacing * dot(&at.potential, self.density)
    }
}

/// The linear system of a step: D χ D y = D (n - n_v), δv = D y, with D = 1/√n inside and 0 outside; its matrix is negative, so
/// everything has the other sign.
struct Newton<'a> {
    target: &'a Target<'a>,
    at: &'a Found,
    h: Hamiltonian,
    scale: Vec<f64>,
    /// √n inside, of length 1: a constant added to the potential, which changes nothing.
    constant: Vec<f64>,
}

impl<'a> Newton<'a> {
    fn new(target: &'a Target<'a>, at: &'a Found) -> Self {
        let inside = |i: usize| target.inside.contains(&i) && target.density[i] > 0.0;
        let points = target.grid.points;
        let root = |i: usize| if inside(i) { target.density[i].sqrt() } else { 0.0 };
        let mut constant: Vec<f64> = (0..points).map(root).collect();
        let scale = constant.iter().map(|root| if *root > 0.0 { 1.0 / root } else { 0.0 }).collect();
        let length = norm(&constant);
        constant.iter_mut().for_each(|x| *x /= length);
        Self { target, at, h: Hamiltonian::new(target.grid, &at.potential), scale, constant }
    }

    fn project(&self, y: &mut [f64]) {
        let overlap = dot(&self.constant, y);
        add(y, -overlap, &self.constant);
    }

    /// -D χ D y.
    fn product(&self, y: &[f64]) -> Option<Vec<f64>> {
        let change: Vec<f64> = y.iter().zip(&self.scale).map(|(y, d)| y * d).collect();
        let (orbitals, count) = (&self.at.orbitals, self.target.count);
        let response = pullback(&self.h, orbitals, count, 1.0, &change, &[], self.target.grid).ok()?;
        let mut image: Vec<f64> = response.iter().zip(&self.scale).map(|(n, d)| -n * d).collect();
        self.project(&mut image);
        Some(image)
    }

    /// About the inverse of the product: (H - e_1 + gap)/2.
    fn preconditioned(&self, y: &[f64]) -> Vec<f64> {
        let energies = &self.at.orbitals.energies;
        let top = self.target.count - 1;
        let gap = energies.get(top + 1).map_or(0.1, |next| next - energies[top]).max(1e-3);
        let shift = energies[0] - gap;
        let mut image: Vec<f64> = self.h.apply(y).iter().zip(y).map(|(h, y)| 0.5 * (h - shift * y)).collect();
        image.iter_mut().zip(&self.scale).for_each(|(x, d)| {
            if *d == 0.0 {
                *x = 0.0;
            }
        });
        self.project(&mut image);
        image
    }

    /// The change of the potential that changes the density by `wanted`, by conjugate gradients to a relative accuracy, with `damping`
    /// times the unit matrix added.
    fn step(&self, wanted: &[f64], (damping, accuracy): (f64, f64)) -> Option<Vec<f64>> {
        let mut rest: Vec<f64> = wanted.iter().zip(&self.scale).map(|(n, d)| -n * d).collect();
        self.project(&mut rest);
        let size = norm(&rest);
        let mut y = vec![0.0; rest.len()];
        let mut z = self.preconditioned(&rest);
        let mut direction = z.clone();
        let mut slope = dot(&rest, &z);
        for _ in 0..MAX_PRODUCTS {
            if norm(&rest) <= accuracy * size || slope <= 0.0 {
                break;
            }
            let mut image = self.product(&direction)?;
            add(&mut image, damping, &direction);
            let curvature = dot(&direction, &image);
            if !(curvature > 0.0 && curvature.is_finite()) {
                break;
            }
            let factor = slope / curvature;
            add(&mut y, factor, &direction);
            add(&mut rest, -factor, &image);
            z = self.preconditioned(&rest);
            let next = dot(&rest, &z);
            let ratio = next / slope;
            slope = next;
            direction.iter_mut().zip(&z).for_each(|(d, z)| *d = ratio * *d + z);
        }
        let change: Vec<f64> = y.iter().zip(&self.scale).map(|(y, d)| y * d).collect();
        change.iter().all(|v| v.is_finite()).then_some(change)
    }
}

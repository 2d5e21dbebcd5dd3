//! ψ with n = ψ²/h for every channel, and the surface of the energy around it.

use super::band::{Band, Factors};
use super::energy::{Energies, Terms};
use crate::ks::KsError;
use crate::ks::direct::{Curved, Surface};
use crate::tensor::Backend;
use crate::tensor::vector::{add, dot_in_order as dot};
use std::cell::OnceCell;

/// Below this fraction of the largest |ψ| it has too few digits for the second derivative of its root: these points keep what they have.
const LEAST: f64 = 1e-10;

/// What is added to the diagonal of the preconditioner at least, hartree.
const LEAST_SHIFT: f64 = 1e-2;

/// ψ of every channel and what follows from it.
pub(super) struct State<'t, D: Backend> {
    pub terms: &'t Terms<D>,
    psi: Vec<Vec<f64>>,
    /// n, 1/bohr.
    pub density: Vec<Vec<f64>>,
    pub energies: Energies,
    /// The chemical potential of each channel, hartree: the mean of δE/δn over its electrons.
    pub levels: Vec<f64>,
    /// (δE/δn - μ) ψ of all channels, one after another.
    gradient: Vec<f64>,
    /// Which points move.
    active: Vec<Vec<bool>>,
    /// What [`Self::factors`] has found: a step that is too long is taken again, shorter.
    found: OnceCell<Vec<Factors>>,
}

impl<'t, D: Backend> State<'t, D> {
    /// That of densities, which are made to have the right number of electrons.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn new(terms: &'t Terms<D>, density: &[Vec<f64>]) -> Result<Self, KsError> {
        let root = |n: &Vec<f64>| n.iter().map(|n| n.max(0.0).sqrt()).collect();
        Self::of(terms, density.iter().map(root).collect())
    }

    fn of(terms: &'t Terms<D>, mut psi: Vec<Vec<f64>>) -> Result<Self, KsError> {
        let spacing = terms.system.grid.spacing;
        for (psi, electrons) in psi.iter_mut().zip(terms.channels.electrons(&terms.system)) {
            let factor = (electrons / dot(psi, psi)).sqrt();
            psi.iter_mut().for_each(|x| *x *= factor);
        }
        let density: Vec<Vec<f64>> = psi.iter().map(|psi| psi.iter().map(|x| x * x / spacing).collect()).collect();
        let energies = terms.at(&density, 0)?;
        let reach = terms.system.grid.reach() + 1;
        let active: Vec<Vec<bool>> = psi.iter().map(|psi| lively(psi, reach)).collect();
        let (mut levels, mut gradient) = (Vec::new(), Vec::new());
        for ((psi, slope), active) in psi.iter().zip(&energies.slope).zip(&active) {
            let level = psi.iter().zip(slope).map(|(x, v)| x * x * v).sum::<f64>() / dot(psi, psi);
            gradient.extend(
                psi.iter().zip(slope).zip(active).map(|((x, v), active)| if *active { (v - level) * x } else { 0.0 }),
            );
            levels.push(level);
        }
        Ok(Self { terms, psi, density, energies, levels, gradient, active, found: OnceCell::new() })
    }

    /// The mean over the electrons of |δE/δn - μ|, relative to the energy per electron.
    pub fn stationary(&self) -> f64 {
        let spacing = self.terms.system.grid.spacing;
        let mut off = 0.0;
        for c in 0..self.density.len() {
            let apart =
                self.density[c].iter().zip(&self.energies.slope[c]).map(|(n, v)| n * (v - self.levels[c]).abs());
            off += spacing * apart.sum::<f64>();
        }
        off / self.energies.size().max(f64::MIN_POSITIVE)
    }

    fn points(&self) -> usize {
        self.terms.system.grid.points
    }

    /// How the densities change with ψ, in first order.
    pub fn density_changes(&self, step: &[f64]) -> Vec<Vec<f64>> {
        let factor = 2.0 / self.terms.system.grid.spacing;
        let change = |(psi, step): (&Vec<f64>, &[f64])| psi.iter().zip(step).map(|(x, d)| factor * x * d).collect();
        self.psi.iter().zip(step.chunks(self.points())).map(change).collect()
    }

    /// The change of the density in a step, electrons.
    pub fn size_of(&self, step: &[f64]) -> f64 {
        let spacing = self.terms.system.grid.spacing;
        self.density_changes(step).iter().flatten().map(|n| spacing * n.abs()).sum()
    }

    /// The second derivative times a step, without the constraint.
    fn raw_product(&self, step: &[f64]) -> Result<Vec<f64>, KsError> {
        let changes = self.terms.kernel(&self.density, &self.density_changes(step))?;
        let mut result = Vec::with_capacity(step.len());
        for (c, step) in step.chunks(self.points()).enumerate() {
            let (psi, slope, level, change) = (&self.psi[c], &self.energies.slope[c], self.levels[c], &changes[c]);
            result.extend((0..psi.len()).map(|i| (slope[i] - level) * step[i] + change[i] * psi[i]));
        }
        Ok(result)
    }

    /// Removes from a step what changes the number of electrons, and what is at points that do not move.
    pub(super) fn project(&self, step: &mut [f64]) {
        for (c, part) in step.chunks_mut(self.points()).enumerate() {
            let moving = self.moving(c);
            part.iter_mut().zip(&self.active[c]).filter(|(_, active)| !**active).for_each(|(x, _)| *x = 0.0);
            let factor = dot(part, &moving) / dot(&moving, &moving);
            add(part, -factor, &moving);
        }
    }

    /// ψ times something of every channel, one after another.
    pub(super) fn times_root(&self, all: &[f64]) -> Vec<Vec<f64>> {
        let pairs = self.psi.iter().zip(all.chunks(self.points()));
        pairs.map(|(psi, of)| psi.iter().zip(of).map(|(psi, x)| psi * x).collect()).collect()
    }

    /// ψ of a channel where it moves, and 0 elsewhere.
    fn moving(&self, channel: usize) -> Vec<f64> {
        let all = self.psi[channel].iter().zip(&self.active[channel]);
        all.map(|(x, active)| if *active { *x } else { 0.0 }).collect()
    }

    /// Factors of what is near the diagonal of the second derivative, made positive, for each channel.
    fn factors(&self) -> Result<&[Factors], KsError> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let (points, half) = (self.points(), self.terms.system.grid.reach());
        let period = 2 * half + 1;
        let mut all = Vec::with_capacity(self.psi.len());
        for (channel, active) in self.active.iter().enumerate() {
            let mut products = Vec::with_capacity(period);
            for colour in 0..period {
                let mut probe = vec![0.0; points * self.psi.len()];
                let own = &mut probe[channel * points..(channel + 1) * points];
                own.iter_mut().zip(active).skip(colour).step_by(period).for_each(|(x, active)| {
                    *x = f64::from(u8::from(*active));
                });
                let product = self.raw_product(&probe)?;
                products.push(product[channel * points..(channel + 1) * points].to_vec());
            }
            let mut band = Band::probed(half, &products);
            let scale = band.scale();
            band.cut(active, scale);
            let mut shift = LEAST_SHIFT;
            all.push(loop {
                match band.factors(shift) {
                    Some(factors) => break factors,
                    None if shift < 1e12 * (1.0 + scale) => shift *= 4.0,
                    None => {
                        let cause = "the second derivative of the energy is not finite".to_owned();
                        return Err(KsError::Response { system: self.terms.system.label.clone(), cause });
                    }
                }
            });
        }
        Ok(self.found.get_or_init(|| all))
    }
}

/// The points with enough of ψ, and their neighbours up to `reach`.
fn lively(psi: &[f64], reach: usize) -> Vec<bool> {
    let largest = psi.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let mut active = vec![false; psi.len()];
    for (i, _) in psi.iter().enumerate().filter(|(_, x)| x.abs() >= LEAST * largest) {
        active[i.saturating_sub(reach)..(i + reach + 1).min(psi.len())].fill(true);
    }
    active
}

impl<D: Backend> Surface for State<'_, D> {
    fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    fn energy(&self) -> f64 {
        self.energies.total()
    }

    fn size(&self) -> f64 {
        self.energies.size()
    }

    fn weight(&self) -> f64 {
        2.0
    }

    fn moved(&self, step: &[f64]) -> Result<Self, KsError> {
        let moved = |(psi, step): (&Vec<f64>, &[f64])| {
            let mut psi = psi.clone();
            add(&mut psi, 1.0, step);
            psi
        };
        Self::of(self.terms, self.psi.iter().zip(step.chunks(self.points())).map(moved).collect())
    }
}

impl<D: Backend> Curved for State<'_, D> {
    fn product(&self, step: &[f64]) -> Result<Vec<f64>, KsError> {
        let mut step = step.to_vec();
        self.project(&mut step);
        let mut image = self.raw_product(&step)?;
        self.project(&mut image);
        Ok(image)
    }

    fn preconditioner(&self) -> Result<impl Fn(&[f64]) -> Vec<f64>, KsError> {
        let factors = self.factors()?;
        Ok(move |step: &[f64]| {
            let mut result = step.to_vec();
            for (c, part) in result.chunks_mut(self.points()).enumerate() {
                // The solution among steps that keep the number of electrons.
                let constraint = self.moving(c);
                let mut own = constraint.clone();
                factors[c].solve(&mut own);
                factors[c].solve(part);
                let factor = dot(&constraint, part) / dot(&constraint, &own);
                add(part, -factor, &own);
                part.iter_mut().zip(&self.active[c]).filter(|(_, active)| !**active).for_each(|(x, _)| *x = 0.0);
            }
            result
        })
    }
}

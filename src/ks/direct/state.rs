//! Occupied orbitals, what follows from them, and the second derivative of the energy with respect to their rotations.

use crate::ks::KsError;
use crate::ks::banded::{Lu, count_below};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::kohn_sham::{Energies, Iteration, KohnSham, Potentials, Spins, device_error, fields};
use crate::ks::orbitals::{Orbitals, rotate};
use crate::ks::orbitals_operator::Filled;
use crate::ks::orthonormal::orthonormalise;
use crate::ks::taken;
use crate::tensor::vector::{add, dot_in_order as dot};
use crate::tensor::{Backend, Cotangents, NoneTape, OwnedTape, Value, resume};
use std::sync::Arc;

/// How far below the lowest level the preconditioner is shifted at least, hartree.
const LEAST_SHIFT: f64 = 0.1;

/// The occupied orbitals of every channel and what follows from them.
pub(in crate::ks) struct State<D: Backend> {
    /// Occupied orbitals, canonical: H is diagonal among them.
    pub orbitals: Vec<Vec<Vec<f64>>>,
    /// Their levels, hartree.
    pub levels: Vec<Vec<f64>>,
    /// H of every channel.
    pub hamiltonians: Vec<Hamiltonian>,
    /// Their density, one field per channel, before the mirror.
    pub density: Spins<D>,
    /// The derivative of E / 2f with respect to rotations: (H - e_k) psi_k for all orbitals of all channels.
    pub gradient: Vec<f64>,
    energies: Energies<D>,
    filling: f64,
    spacing: f64,
}

impl<D: Backend> State<D> {
    /// The occupied ones among orbitals.
    pub fn occupied(ks: &KohnSham<D>, orbitals: &[Arc<Orbitals>]) -> Vec<Vec<Vec<f64>>> {
        let channels = &ks.equations.occupation.channels;
        orbitals.iter().zip(channels).map(|(all, channel)| all.vectors[..channel.occupied].to_vec()).collect()
    }

    /// That of orthonormal orbitals.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn new(ks: &KohnSham<D>, mut orbitals: Vec<Vec<Vec<f64>>>) -> Result<Self, KsError> {
        let grid = &ks.equations.system.grid;
        let channels = &ks.equations.occupation.channels;
        let filling = channels.first().map_or(1.0, |channel| channel.filling);
        let weight = filling / grid.spacing;
        let sum = |orbitals: &Vec<Vec<f64>>| -> Vec<f64> {
            (0..grid.points).map(|i| weight * orbitals.iter().map(|psi| psi[i] * psi[i]).sum::<f64>()).collect()
        };
        let numbers: Vec<Vec<f64>> = orbitals.iter().map(sum).collect();
        let density = fields(&ks.device, &numbers, Value::constant)?;
        let (seen, _) = ks.symmetrised(&density, NoneTape)?;
        let (Potentials { whole, xc }, _) = ks.potentials(0, &seen, NoneTape)?;
        let hamiltonians: Vec<Hamiltonian> = whole.iter().map(|v| Hamiltonian::new(grid, &v.host())).collect();
        let (mut levels, mut gradient) = (Vec::new(), Vec::new());
        for (h, orbitals) in hamiltonians.iter().zip(&mut orbitals) {
            let found = if orbitals.is_empty() { Vec::new() } else { rotate(h, orbitals).0 };
            for (psi, level) in orbitals.iter().zip(&found) {
                let mut image = h.apply(psi).to_vec();
                add(&mut image, -level, psi);
                project(&mut image, orbitals);
                gradient.extend(image);
            }
            levels.push(found);
        }
        let mut filled = Vec::with_capacity(channels.len());
        for ((density, channel), levels) in density.iter().zip(channels).zip(&levels) {
            let mut energies = levels.clone();
            energies.resize(channel.levels.max(1), 0.0);
            let energies = Value::constant(&ks.device, (1, 1, energies.len()), energies).map_err(device_error)?;
            let orbitals = Arc::new(Orbitals { energies: Vec::new(), vectors: Vec::new() });
            filled.push(Filled { density: density.clone(), energies, orbitals });
        }
        let (energies, _) =
            ks.energies(0, &Iteration { potential: whole, xc_potential: xc, filled, output: seen }, NoneTape)?;
        Ok(Self { orbitals, levels, hamiltonians, density, gradient, energies, filling, spacing: grid.spacing })
    }

    /// The electronic energy, hartree.
    pub fn energy(&self) -> f64 {
        self.energies.total.first()
    }

    /// The sum of the magnitudes of its terms, hartree.
    pub fn size(&self) -> f64 {
        self.energies.terms.iter().map(|term| term.first().abs()).sum()
    }

    /// What rotations of unit length, as in [`product`], contribute to the energy: 2f.
    pub fn weight(&self) -> f64 {
        2.0 * self.filling
    }

    /// The orbitals after a rotation.
    pub fn rotated(&self, rotation: &[f64]) -> Vec<Vec<Vec<f64>>> {
        let mut parts = rotation.chunks(self.points());
        let mut turn = |psi: &Vec<f64>| {
            let mut psi = psi.clone();
            add(&mut psi, 1.0, parts.next().unwrap_or(&[]));
            psi
        };
        let mut all: Vec<Vec<Vec<f64>>> = self.orbitals.iter().map(|of| of.iter().map(&mut turn).collect()).collect();
        all.iter_mut().for_each(|orbitals| orthonormalise(orbitals));
        all
    }

    fn points(&self) -> usize {
        self.hamiltonians.first().map_or(1, Hamiltonian::points)
    }

    /// A positive approximation of the inverse of the second derivative: (H - shift)^-1 of every channel, outside the occupied
    /// orbitals.
    pub fn preconditioner(&self) -> Preconditioner<'_> {
        let factorised = |(h, levels): (&Hamiltonian, &Vec<f64>)| {
            let (scale, lowest) = (h.scale(), levels.first().copied().unwrap_or(0.0));
            let mut below = LEAST_SHIFT;
            while count_below(h, scale, lowest - below) > 0 {
                below *= 2.0;
            }
            Lu::new(h, scale, lowest - below)
        };
        let factors = self.hamiltonians.iter().zip(&self.levels).map(factorised).collect();
        Preconditioner { factors, orbitals: &self.orbitals, points: self.points() }
    }

    /// Removes from a rotation what only mixes occupied orbitals.
    pub fn project(&self, rotation: &mut [f64]) {
        let mut parts = rotation.chunks_mut(self.points());
        for orbitals in &self.orbitals {
            for part in parts.by_ref().take(orbitals.len()) {
                project(part, orbitals);
            }
        }
    }
}

/// See [`State::preconditioner`].
pub(in crate::ks) struct Preconditioner<'a> {
    factors: Vec<Lu>,
    orbitals: &'a [Vec<Vec<f64>>],
    points: usize,
}

impl Preconditioner<'_> {
    /// Its product with a rotation.
    pub fn apply(&self, rotation: &[f64]) -> Vec<f64> {
        let mut result = rotation.to_vec();
        let mut parts = result.chunks_mut(self.points);
        for (factor, orbitals) in self.factors.iter().zip(self.orbitals) {
            for part in parts.by_ref().take(orbitals.len()) {
                factor.solve(part);
                project(part, orbitals);
            }
        }
        result
    }
}

/// The second derivative A of E / 2f with respect to rotations phi of the orbitals, times one: A phi_k = Q ((H - e_k) phi_k + dv
/// psi_k), with Q the projection out of the occupied orbitals and dv the change of the potential with the change of the density,
/// 2f/h sum_k psi_k phi_k.
///
/// # Errors
/// Those of the device.
pub(in crate::ks) fn product<D: Backend>(
    ks: &KohnSham<D>,
    state: &State<D>,
    rotation: &[f64],
) -> Result<Vec<f64>, KsError> {
    let points = state.points();
    let weight = 2.0 * state.filling / state.spacing;
    let mut parts = rotation.chunks(points);
    let mut changes = Vec::with_capacity(state.orbitals.len());
    for orbitals in &state.orbitals {
        let mut change = vec![0.0; points];
        for (psi, phi) in orbitals.iter().zip(parts.by_ref()) {
            change.iter_mut().zip(psi.iter().zip(phi)).for_each(|(n, (psi, phi))| *n += weight * psi * phi);
        }
        changes.push(change);
    }
    let potentials = kernel(ks, &state.density, &changes)?;
    let mut result = Vec::with_capacity(rotation.len());
    let mut parts = rotation.chunks(points);
    for (channel, orbitals) in state.orbitals.iter().enumerate() {
        let (h, v) = (&state.hamiltonians[channel], &potentials[channel]);
        for ((psi, level), phi) in orbitals.iter().zip(&state.levels[channel]).zip(parts.by_ref()) {
            let mut image = h.apply(phi).to_vec();
            add(&mut image, -level, phi);
            image.iter_mut().zip(psi.iter().zip(v)).for_each(|(image, (psi, v))| *image += psi * v);
            project(&mut image, orbitals);
            result.extend(image);
        }
    }
    Ok(result)
}

/// How the potentials of all channels change with their densities, in first order. The derivative of v_s with respect to n is
/// symmetric, being a second derivative of the energy, so that a backward pass gives it.
fn kernel<D: Backend>(ks: &KohnSham<D>, density: &Spins<D>, changes: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, KsError> {
    let numbers: Vec<Vec<f64>> = density.iter().map(|n| n.host().to_vec()).collect();
    let leaves = fields(&ks.device, &numbers, Value::leaf)?;
    let (seen, tape) = ks.symmetrised(&leaves, OwnedTape::default())?;
    let (potentials, tape) = ks.potentials(0, &seen, tape)?;
    let mut cotangents = Cotangents::leaky();
    for (potential, change) in potentials.whole.iter().zip(changes) {
        potential.put_cotangent(&mut cotangents, change.clone()).map_err(device_error)?;
    }
    let mut cotangents = resume(&ks.device, cotangents, tape).map_err(device_error)?;
    let all = taken(&leaves, &mut cotangents)?;
    Ok(all.chunks(ks.equations.system.grid.points).map(<[f64]>::to_vec).collect())
}

/// Removes the components along orthonormal orbitals.
fn project(x: &mut [f64], orbitals: &[Vec<f64>]) {
    for psi in orbitals {
        let overlap = dot(psi, x);
        add(x, -overlap, psi);
    }
}

//! Occupied orbitals, what follows from them, and the second derivative of the energy with respect to their rotations.

use super::parity::Parity;
use crate::ks::KsError;
use crate::ks::banded::{Lu, count_below};
use crate::ks::exchange::Exchange;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::kohn_sham::{Energies, Iteration, KohnSham, Potentials, Spins, device_error, fields};
use crate::ks::orbitals::{Orbitals, rotate_within};
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
    /// H of every channel, without exact exchange.
    pub hamiltonians: Vec<Hamiltonian>,
    /// Exact exchange, if the functional depends on it.
    pub exchange: Option<Exchange>,
    /// Their density, one field per channel, before the mirror.
    pub density: Spins<D>,
    /// The potentials at it.
    pub potentials: Potentials<D>,
    /// The derivative of E / 2f with respect to rotations: (H - e_k) psi_k for all orbitals of all channels.
    pub gradient: Vec<f64>,
    /// The energies.
    pub energies: Energies<D>,
    /// Which rotations keep them symmetric, if they have to be.
    parity: Option<Parity>,
    /// H without a potential.
    free: Hamiltonian,
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
        let exchange = ks.exchange().then(|| Exchange::new(&ks.equations.system, filling, &orbitals));
        let x = exchange.as_ref().map(|exchange| field(ks, exchange.density.clone())).transpose()?;
        let (potentials, _) = ks.potentials(0, &seen, x.as_ref(), NoneTape)?;
        let exchange = exchange.zip(potentials.exchange.as_ref()).map(|(exchange, g)| exchange.weighted(&g.host()));
        let hamiltonians: Vec<Hamiltonian> =
            potentials.whole.iter().map(|v| Hamiltonian::new(grid, &v.host())).collect();
        let (mut levels, mut gradient, mut filled) = (Vec::new(), Vec::new(), Vec::with_capacity(channels.len()));
        for (k, (h, orbitals)) in hamiltonians.iter().zip(&mut orbitals).enumerate() {
            let mut images: Vec<Vec<f64>> = orbitals.iter().map(|psi| h.apply(psi).to_vec()).collect();
            if let Some(exchange) = &exchange {
                images.iter_mut().zip(exchange.occupied(k)).for_each(|(image, part)| add(image, 1.0, &part));
            }
            let found = rotate_within(orbitals, &mut images);
            for ((psi, level), mut image) in orbitals.iter().zip(&found).zip(images) {
                add(&mut image, -level, psi);
                project(&mut image, orbitals);
                gradient.extend(image);
            }
            // The kinetic energy is what the local potential leaves of the levels in it.
            let mut local = if exchange.is_none() { found.clone() } else { expected(h, orbitals) };
            local.resize(channels[k].levels.max(1), 0.0);
            let energies = Value::constant(&ks.device, (1, 1, local.len()), local).map_err(device_error)?;
            let none = Arc::new(Orbitals { energies: Vec::new(), vectors: Vec::new() });
            filled.push(Filled { density: density[k].clone(), energies, orbitals: none });
            levels.push(found);
        }
        // Of the canonical orbitals, where there is more than one to rotate.
        let exchange = match (exchange, &potentials.exchange) {
            (Some(_), Some(g)) if orbitals.iter().any(|of| of.len() > 1) => {
                Some(Exchange::new(&ks.equations.system, filling, &orbitals).weighted(&g.host()))
            }
            (same, _) => same,
        };
        let Potentials { whole, xc, .. } = &potentials;
        let (potential, xc_potential) = (whole.clone(), xc.clone());
        let iteration = Iteration { potential, xc_potential, filled, output: seen, exchange: x };
        let (energies, _) = ks.energies(0, &iteration, NoneTape)?;
        let spacing = grid.spacing;
        let parity = Parity::of(ks, &orbitals);
        parity.iter().for_each(|parity| parity.keep(&mut gradient, grid.points));
        Ok(Self {
            orbitals,
            levels,
            hamiltonians,
            exchange,
            density,
            potentials,
            gradient,
            energies,
            parity,
            free: Hamiltonian::new(grid, &[]),
            filling,
            spacing,
        })
    }

    /// The iteration that these orbitals are the output of where they are self-consistent; `empty` levels, one per channel or none, follow
    /// the occupied ones.
    ///
    /// # Errors
    /// Those of the device.
    pub fn iteration(&self, ks: &KohnSham<D>, empty: &[Option<f64>]) -> Result<Iteration<D>, KsError> {
        let mut filled = Vec::with_capacity(self.levels.len());
        for (k, (levels, vectors)) in self.levels.iter().zip(&self.orbitals).enumerate() {
            let all: Vec<f64> = levels.iter().copied().chain(empty.get(k).copied().flatten()).collect();
            let energies = Value::constant(&ks.device, (1, 1, all.len()), all.clone()).map_err(device_error)?;
            let orbitals = Arc::new(Orbitals { energies: all, vectors: vectors.clone() });
            filled.push(Filled { density: self.density[k].clone(), energies, orbitals });
        }
        let Potentials { whole, xc, .. } = &self.potentials;
        let (output, _) = ks.symmetrised(&self.density, NoneTape)?;
        let exchange = self.exchange.as_ref().map(|exchange| field(ks, exchange.density.clone())).transpose()?;
        Ok(Iteration { potential: whole.clone(), xc_potential: xc.clone(), filled, output, exchange })
    }

    /// The change of the density of every channel, in first order, when the orbitals turn.
    pub fn density_changes(&self, rotation: &[f64]) -> Vec<Vec<f64>> {
        let points = self.points();
        let weight = 2.0 * self.filling / self.spacing;
        let mut parts = rotation.chunks(points);
        let change = |orbitals: &Vec<Vec<f64>>| {
            let mut change = vec![0.0; points];
            for (psi, phi) in orbitals.iter().zip(parts.by_ref()) {
                change.iter_mut().zip(psi.iter().zip(phi)).for_each(|(n, (psi, phi))| *n += weight * psi * phi);
            }
            change
        };
        self.orbitals.iter().map(change).collect()
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

    /// -1/2 psi'' of an orbital.
    pub fn kinetic(&self, psi: &[f64]) -> Vec<f64> {
        self.free.apply(psi).to_vec()
    }

    fn points(&self) -> usize {
        self.hamiltonians.first().map_or(1, Hamiltonian::points)
    }

    /// A positive approximation of the inverse of the second derivative: (H - shift)^-1 of every channel, outside the occupied
    /// orbitals.
    pub fn preconditioner(&self) -> Preconditioner<'_, D> {
        let factorised = |(h, levels): (&Hamiltonian, &Vec<f64>)| {
            let (scale, lowest) = (h.scale(), levels.first().copied().unwrap_or(0.0));
            let mut below = LEAST_SHIFT;
            while count_below(h, scale, lowest - below) > 0 {
                below *= 2.0;
            }
            Lu::new(h, scale, lowest - below)
        };
        let factors = self.hamiltonians.iter().zip(&self.levels).map(factorised).collect();
        Preconditioner { factors, state: self }
    }

    /// Removes from a rotation what only mixes occupied orbitals, and what breaks a symmetry that is kept.
    pub fn project(&self, rotation: &mut [f64]) {
        self.parity.iter().for_each(|parity| parity.keep(rotation, self.points()));
        let mut parts = rotation.chunks_mut(self.points());
        for orbitals in &self.orbitals {
            for part in parts.by_ref().take(orbitals.len()) {
                project(part, orbitals);
            }
        }
    }
}

/// See [`State::preconditioner`].
pub(in crate::ks) struct Preconditioner<'a, D: Backend> {
    factors: Vec<Lu>,
    state: &'a State<D>,
}

impl<D: Backend> Preconditioner<'_, D> {
    /// Its product with a rotation.
    pub fn apply(&self, rotation: &[f64]) -> Vec<f64> {
        let mut result = rotation.to_vec();
        let mut parts = result.chunks_mut(self.state.points());
        for (factor, orbitals) in self.factors.iter().zip(&self.state.orbitals) {
            parts.by_ref().take(orbitals.len()).for_each(|part| factor.solve(part));
        }
        self.state.project(&mut result);
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
    let changes = state.density_changes(rotation);
    let (potentials, weight) = kernel(ks, state, &changes, rotation)?;
    let exchanged = state.exchange.as_ref().map(|exchange| exchange.change(rotation, &weight));
    let mut exchanged = exchanged.iter().flat_map(|all| all.chunks(points));
    let mut result = Vec::with_capacity(rotation.len());
    let mut parts = rotation.chunks(points);
    for (channel, orbitals) in state.orbitals.iter().enumerate() {
        let (h, v) = (&state.hamiltonians[channel], &potentials[channel]);
        for ((psi, level), phi) in orbitals.iter().zip(&state.levels[channel]).zip(parts.by_ref()) {
            let mut image = h.apply(phi).to_vec();
            add(&mut image, -level, phi);
            image.iter_mut().zip(psi.iter().zip(v)).for_each(|(image, (psi, v))| *image += psi * v);
            if let Some(part) = exchanged.next() {
                add(&mut image, 1.0, part);
            }
            project(&mut image, orbitals);
            result.extend(image);
        }
    }
    Ok(result)
}

/// How the potentials of all channels, and g of exact exchange, change with the densities and X, in first order. These derivatives are
/// symmetric, being second derivatives of the energy, so that a backward pass gives them.
fn kernel<D: Backend>(
    ks: &KohnSham<D>,
    state: &State<D>,
    changes: &[Vec<f64>],
    rotation: &[f64],
) -> Result<(Vec<Vec<f64>>, Vec<f64>), KsError> {
    let numbers: Vec<Vec<f64>> = state.density.iter().map(|n| n.host().to_vec()).collect();
    let leaves = fields(&ks.device, &numbers, Value::leaf)?;
    let points = ks.equations.system.grid.points;
    let exchange = match &state.exchange {
        None => None,
        Some(exchange) => {
            let x = Value::leaf(&ks.device, (1, points, 1), exchange.density.clone()).map_err(device_error)?;
            Some((x, exchange.density_change(rotation)))
        }
    };
    let (seen, tape) = ks.symmetrised(&leaves, OwnedTape::default())?;
    let (potentials, tape) = ks.potentials(0, &seen, exchange.as_ref().map(|(x, _)| x), tape)?;
    let mut cotangents = Cotangents::leaky();
    for (potential, change) in potentials.whole.iter().zip(changes) {
        potential.put_cotangent(&mut cotangents, change.clone()).map_err(device_error)?;
    }
    if let (Some(weight), Some((_, change))) = (&potentials.exchange, &exchange) {
        weight.put_cotangent(&mut cotangents, change.clone()).map_err(device_error)?;
    }
    let mut cotangents = resume(&ks.device, cotangents, tape).map_err(device_error)?;
    let weight = match &exchange {
        Some((x, _)) => x.take_cotangent(&mut cotangents).map_err(device_error)?,
        None => Vec::new(),
    };
    let all = taken(&leaves, &mut cotangents)?;
    Ok((all.chunks(points).map(<[f64]>::to_vec).collect(), weight))
}

/// A field as a constant.
fn field<D: Backend>(ks: &KohnSham<D>, numbers: Vec<f64>) -> Result<Value<D>, KsError> {
    Value::constant(&ks.device, (1, numbers.len(), 1), numbers).map_err(device_error)
}

/// <psi|H psi> of every orbital.
fn expected(h: &Hamiltonian, orbitals: &[Vec<f64>]) -> Vec<f64> {
    orbitals.iter().map(|psi| dot(psi, &h.apply(psi))).collect()
}

/// Removes the components along orthonormal orbitals.
pub(in crate::ks) fn project(x: &mut [f64], orbitals: &[Vec<f64>]) {
    for psi in orbitals {
        let overlap = dot(psi, x);
        add(x, -overlap, psi);
    }
}

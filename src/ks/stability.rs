//! Whether a converged density is a minimum of the energy: the lowest eigenvalue of its second derivative with respect to rotations of
//! the occupied orbitals, both spins on their own (J. Cizek, J. Paldus, J. Chem. Phys. 47, 3976 (1967); R. Seeger, J. A. Pople, J. Chem.
//! Phys. 66, 3045 (1977)).

use super::direct::{State, product};
use super::hamiltonian::Hamiltonian;
use super::kohn_sham::{Equations, KohnSham, Setting};
use super::occupation::Occupation;
use super::{KsError, Run, orbitals, warning};
use crate::control::Control;
use crate::functional::Compiled;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use crate::tensor::{Backend, Device, NoneTape, on_device};
use faer::{Mat, Side};
use std::sync::Arc;

/// What rotation of the orbitals changes the energy least.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// The lowest eigenvalue of the second derivative, hartree. Without interaction it is the gap of a spin. Negative: some rotation
    /// lowers the energy, and the run is at a saddle.
    pub lowest: f64,
    /// What the rotation does to spins that have the same orbitals: whether it makes them differ.
    pub breaks_spin: bool,
    /// What is left of the eigenvalue equation, hartree.
    pub residual: f64,
    /// Whether the energy has a slope there: a functional that is not symmetric in the spins pulls equal ones apart at once.
    pub slopes: bool,
}

/// A gradient of the energy above this, hartree, is none of rounding or of a residual.
const SLOPE: f64 = 1e-3;

impl Stability {
    /// Whether no rotation lowers the energy. `None`: the eigenvalue is not known well enough to tell. It is never lower than it seems
    /// (Rayleigh and Ritz), so a negative one is enough for a saddle.
    pub fn stable(&self) -> Option<bool> {
        if self.slopes || self.lowest < -LEAST_EIGENVALUE {
            return Some(false);
        }
        (self.lowest - self.residual >= -LEAST_EIGENVALUE).then_some(true)
    }
}

/// An eigenvalue this close to zero, hartree, has no sign.
const LEAST_EIGENVALUE: f64 = 1e-6;
/// The eigenvalue equation is solved when what is left of it, hartree, is below this.
const TOLERANCE: f64 = 1e-6;
/// The maximum number of products with the second derivative.
const MAX_PRODUCTS: usize = 400;
/// The dimension at which the space is contracted, and what is kept of it.
const LARGEST_SPACE: usize = 40;
const KEPT: usize = 8;
/// Empty levels of every spin that the search starts with.
const EMPTY_LEVELS: usize = 3;

/// The stability of a run, with the functional and the flat parameters that it was solved with.
///
/// # Errors
/// An unavailable device; a value that is not finite; orbitals that are not found; an interruption.
pub fn stability(
    device: Device,
    run: &Run,
    functional: &Arc<Compiled>,
    params: &[f64],
    control: &dyn Control,
) -> Result<Stability, KsError> {
    let occupation = Occupation::unrestricted(&run.system);
    // Also of a run that was kept symmetric: what lowers the energy may break the symmetry.
    let setting = Setting { system: &run.system, functional, occupation: &occupation, symmetric: false };
    let equations = Arc::new(Equations::new(&setting)?);
    let found = on_device!(device, D => {
        let (ks, _) = KohnSham::new(&equations, &D::default(), params, NoneTape)?;
        let levels = match run.orbitals.iter().any(|of| !of.is_empty()) {
            true => Levels::around(&ks, &run.potential, run.orbitals.to_vec()),
            false => Levels::of(&ks, &run.potential),
        };
        let found = levels.and_then(|levels| softest(&ks, levels, control));
        found.map(|found| {
            let alike = run.restricted || warning::spins_are_alike(run);
            let slopes = norm(&found.state.gradient) > SLOPE.max(10.0 * run.residual);
            let breaks_spin = alike && (slopes || differs(&found.state, &found.rotation));
            Stability { lowest: found.value, breaks_spin, residual: found.residual, slopes }
        })
    });
    found.map_err(|cause| KsError::Device { cause })?
}

/// The rotation of the orbitals that changes the energy least.
pub(super) struct Softest<D: Backend> {
    /// The orbitals.
    pub state: State<D>,
    /// The eigenvalue, hartree.
    pub value: f64,
    /// The rotation, of length 1; empty if nothing rotates.
    pub rotation: Vec<f64>,
    /// What is left of the eigenvalue equation, hartree.
    pub residual: f64,
}

impl<D: Backend> Softest<D> {
    /// Whether it lowers the energy.
    pub fn descends(&self) -> bool {
        self.value < -LEAST_EIGENVALUE
    }
}

/// The occupied orbitals of every channel and some empty ones.
pub(super) struct Levels {
    occupied: Vec<Vec<Vec<f64>>>,
    empty: Vec<Vec<Vec<f64>>>,
}

impl Levels {
    /// The lowest ones in potentials, one per channel.
    ///
    /// # Errors
    /// Orbitals that are not found.
    pub fn of<D: Backend>(ks: &KohnSham<D>, potentials: &[Vec<f64>]) -> Result<Self, KsError> {
        let system = &ks.equations.system;
        let (mut occupied, mut empty) = (Vec::new(), Vec::new());
        for (v, channel) in potentials.iter().zip(&ks.equations.occupation.channels) {
            let count = (channel.occupied + EMPTY_LEVELS).min(system.grid.points);
            let found = orbitals::lowest(&Hamiltonian::new(&system.grid, v), count, None);
            let mut found = found.map_err(|cause| KsError::orbitals(0, system, cause))?;
            empty.push(found.vectors.split_off(channel.occupied));
            occupied.push(found.vectors);
        }
        Ok(Self { occupied, empty })
    }

    /// Given occupied orbitals, which need not be those in the potentials.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn around<D: Backend>(
        ks: &KohnSham<D>,
        potentials: &[Vec<f64>],
        occupied: Vec<Vec<Vec<f64>>>,
    ) -> Result<Self, KsError> {
        Ok(Self { occupied, ..Self::of(ks, potentials)? })
    }
}

/// That of orbitals.
///
/// # Errors
/// A value that is not finite; an interruption.
pub(super) fn softest<D: Backend>(
    ks: &KohnSham<D>,
    levels: Levels,
    control: &dyn Control,
) -> Result<Softest<D>, KsError> {
    let system = &ks.equations.system;
    let Levels { occupied, empty } = levels;
    let state = State::new(ks, occupied)?;
    let mut space = Space::default();
    for direction in starts(&state, &empty) {
        space.admit(direction, |x| product(ks, &state, x))?;
    }
    let preconditioner = state.preconditioner();
    loop {
        if control.interrupted() {
            return Err(KsError::Interrupted { system: system.label.clone() });
        }
        let failed = || KsError::Stability { system: system.label.clone() };
        let Some((value, rotation, rest)) = space.lowest().map_err(|()| failed())? else {
            // No electrons, or no empty level.
            return Ok(Softest { value: f64::INFINITY, rotation: Vec::new(), residual: 0.0, state });
        };
        let residual = norm(&rest);
        let done = residual <= TOLERANCE || space.products >= MAX_PRODUCTS;
        if done || !space.admit(preconditioner.apply(&rest), |x| product(ks, &state, x))? {
            return Ok(Softest { value, rotation, residual, state });
        }
    }
}

/// Excitations from the highest occupied levels to the lowest empty ones, of both spins alike and opposite, with a little of everything
/// else.
fn starts<D: Backend>(state: &State<D>, empty: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let size = state.gradient.len();
    let mut all = Vec::new();
    for level in 0..EMPTY_LEVELS {
        for sign in [1.0, -1.0] {
            let mut direction = vec![0.0; size];
            let mut end = 0;
            for (channel, orbitals) in state.orbitals.iter().enumerate() {
                let points = orbitals.first().map_or(0, Vec::len);
                end += orbitals.len() * points;
                let (Some(target), true) = (empty[channel].get(level), points > 0) else { continue };
                let factor = if channel == 0 { 1.0 } else { sign };
                add(&mut direction[end - points..end], factor, target);
                // Nothing may be left out for its symmetry.
                let first = end - orbitals.len() * points;
                for (i, x) in direction[first..end].iter_mut().enumerate() {
                    *x += 1e-3 * factor * ((1 + i % points) as f64 * 0.7 + level as f64).sin() / (points as f64).sqrt();
                }
            }
            state.project(&mut direction);
            all.push(direction);
        }
    }
    all
}

/// Whether a rotation of orbitals that are the same for both spins makes them differ.
fn differs<D: Backend>(state: &State<D>, rotation: &[f64]) -> bool {
    let [up, down] = state.orbitals.as_slice() else { return false };
    if up.len() != down.len() {
        return false;
    }
    let (first, second) = rotation.split_at(rotation.len() / 2);
    // The orbitals of both spins are the same, so their rotations can be compared.
    dot(first, second) < 0.5 * dot(first, first).min(dot(second, second))
}

/// An orthonormal space of vectors, and their products with a symmetric operator.
#[derive(Default)]
pub(super) struct Space {
    vectors: Vec<Vec<f64>>,
    images: Vec<Vec<f64>>,
    /// How many products there were.
    pub products: usize,
}

impl Space {
    /// Adds what is new in a direction; false if there is nothing.
    pub fn admit(
        &mut self,
        mut direction: Vec<f64>,
        product: impl FnOnce(&[f64]) -> Result<Vec<f64>, KsError>,
    ) -> Result<bool, KsError> {
        let size = norm(&direction);
        if !(size > 0.0 && size.is_finite()) {
            return Ok(false);
        }
        direction.iter_mut().for_each(|x| *x /= size);
        for _ in 0..3 {
            for v in &self.vectors {
                let overlap = dot(v, &direction);
                add(&mut direction, -overlap, v);
            }
        }
        let rest = norm(&direction);
        if rest < 1e-9 {
            return Ok(false);
        }
        direction.iter_mut().for_each(|x| *x /= rest);
        self.images.push(product(&direction)?);
        self.vectors.push(direction);
        self.products += 1;
        Ok(true)
    }

    /// The lowest eigenvalue in the space, its vector and its residual, if the space is not empty; contracts the space when it is large.
    ///
    /// # Errors
    /// The eigenvalues were not found.
    #[allow(clippy::type_complexity, clippy::result_unit_err)]
    pub fn lowest(&mut self) -> Result<Option<(f64, Vec<f64>, Vec<f64>)>, ()> {
        let size = self.vectors.len();
        let within = Mat::from_fn(size, size, |i, j| {
            0.5 * (dot(&self.vectors[i], &self.images[j]) + dot(&self.vectors[j], &self.images[i]))
        });
        if size == 0 {
            return Ok(None);
        }
        let eigen = within.self_adjoint_eigen(Side::Lower).map_err(|_| ())?;
        let combine = |of: &[Vec<f64>], k: usize| {
            let mut sum = vec![0.0; of[0].len()];
            of.iter().enumerate().for_each(|(j, v)| add(&mut sum, eigen.U()[(j, k)], v));
            sum
        };
        let (value, vector, mut residual) = (eigen.S()[0], combine(&self.vectors, 0), combine(&self.images, 0));
        add(&mut residual, -value, &vector);
        if size >= LARGEST_SPACE {
            let kept = |of: &[Vec<f64>]| (0..KEPT).map(|k| combine(of, k)).collect::<Vec<_>>();
            (self.vectors, self.images) = (kept(&self.vectors), kept(&self.images));
        }
        Ok(Some((value, vector, residual)))
    }
}

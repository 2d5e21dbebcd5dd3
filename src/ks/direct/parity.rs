//! Rotations that keep orbitals symmetric. The energy of a symmetric calculation is that of orbitals whose occupied space is its own mirror
//! image. With other orbitals the averages of their densities and of their exchange with the mirror images belong to no orbitals any
//! more, and the energy of both together may be too low.

use crate::ks::kohn_sham::KohnSham;
use crate::model::Mirror;
use crate::tensor::Backend;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use faer::{Mat, Side};

/// The mirror M, and what it does among the occupied orbitals: <psi_j|M psi_k> of every channel.
pub(super) struct Parity {
    mirror: Mirror,
    within: Vec<Mat<f64>>,
}

/// <psi_j|M psi_k>.
fn within(mirror: Mirror, orbitals: &[Vec<f64>]) -> Mat<f64> {
    let images: Vec<Vec<f64>> = orbitals.iter().map(|psi| mirror.image(psi)).collect();
    Mat::from_fn(orbitals.len(), orbitals.len(), |j, k| dot(&orbitals[j.max(k)], &images[j.min(k)]))
}

impl Parity {
    /// That of occupied orbitals, those of every channel; `None` unless the calculation is symmetric and has exact exchange. Functionals
    /// of the density alone see only its average.
    pub fn of<D: Backend>(ks: &KohnSham<D>, orbitals: &[Vec<Vec<f64>>]) -> Option<Self> {
        let mirror = ks.mirror().filter(|_| ks.exchange())?;
        Some(Self { mirror, within: orbitals.iter().map(|of| within(mirror, of)).collect() })
    }

    /// Removes from a rotation, that of the orbitals of all channels one after another, what the mirror takes to its opposite.
    pub fn keep(&self, rotation: &mut [f64], points: usize) {
        let mut rest = rotation;
        for within in &self.within {
            let count = within.nrows();
            let (own, next) = rest.split_at_mut((count * points).min(rest.len()));
            let images: Vec<Vec<f64>> = own.chunks(points).map(|phi| self.mirror.image(phi)).collect();
            for (k, phi) in own.chunks_mut(points).enumerate() {
                images.iter().enumerate().for_each(|(j, image)| add(phi, within[(j, k)], image));
                phi.iter_mut().for_each(|x| *x *= 0.5);
            }
            rest = next;
        }
    }
}

/// The orbitals of every channel of a calculation with exact exchange, made even or odd if it is symmetric: levels that nearly coincide
/// come in any mixture.
pub(in crate::ks) fn even_or_odd<D: Backend>(ks: &KohnSham<D>, mut orbitals: Vec<Vec<Vec<f64>>>) -> Vec<Vec<Vec<f64>>> {
    let Some(mirror) = ks.mirror().filter(|_| ks.exchange()) else { return orbitals };
    for channel in &mut orbitals {
        let Ok(eigen) = within(mirror, channel).self_adjoint_eigen(Side::Lower) else { continue };
        let definite = |k: usize| {
            let mut psi = vec![0.0; ks.equations.system.grid.points];
            channel.iter().enumerate().for_each(|(j, of)| add(&mut psi, eigen.U()[(j, k)], of));
            let sign = if eigen.S()[k] < 0.0 { -1.0 } else { 1.0 };
            let image = mirror.image(&psi);
            add(&mut psi, sign, &image);
            // Its length is at least the root of 2, and it stays orthogonal to the others: the mirror is diagonal among them.
            let length = norm(&psi);
            psi.iter_mut().for_each(|x| *x /= length);
            psi
        };
        *channel = (0..channel.len()).map(definite).collect();
    }
    orbitals
}

//! Matrix elements between orbitals.

use super::dense::times;
use super::orbitals::Basis;
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::{Interaction, System};
use crate::tensor::vector::{dot, leave_vector_registers};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

/// h_pq and (pq|rs) of real orbitals, hartree.
pub(super) struct Integrals {
    /// h_pq.
    pub one: Mat<f64>,
    /// (pq|rs) by pairs p >= q and r >= s.
    two: Mat<f64>,
    /// Potential of every pair density on the grid, one column per pair, hartree.
    pub fields: Mat<f64>,
}

/// The index of the pair of p and q.
pub(super) fn pair(p: usize, q: usize) -> usize {
    p.max(q) * (p.max(q) + 1) / 2 + p.min(q)
}

/// The pairs p >= q of `count` orbitals, each at the index given by [`pair`].
pub(super) fn pairs(count: usize) -> Vec<(usize, usize)> {
    (0..count).flat_map(|p| (0..=p).map(move |q| (p, q))).collect()
}

/// Products of two orbitals, one column per pair.
pub(super) fn products(vectors: &[Vec<f64>]) -> Mat<f64> {
    let points = vectors.first().map_or(0, Vec::len);
    let pairs = pairs(vectors.len());
    Mat::from_fn(points, pairs.len(), |i, k| vectors[pairs[k].0][i] * vectors[pairs[k].1][i])
}

impl Integrals {
    /// The integrals between the orbitals of a basis, with the external potential v.
    pub(super) fn new(system: &System, h: &Hamiltonian, basis: &Basis) -> Self {
        let count = basis.vectors.len();
        let images: Vec<Vec<f64>> = basis.vectors.iter().map(|phi| h.apply(phi).to_vec()).collect();
        let mut one = Mat::zeros(count, count);
        for p in 0..count {
            for q in (0..=p).filter(|q| basis.parities[p] == basis.parities[*q]) {
                one[(p, q)] = dot(&basis.vectors[p], &images[q]);
                one[(q, p)] = one[(p, q)];
            }
        }
        let densities = products(&basis.vectors);
        let fields = potentials(system, &densities);
        let two = times(densities.transpose(), fields.as_ref());
        Self { one, two, fields }
    }

    /// Random integrals between -1 and 1, not those of a system. Such an H leads from any state to its neighbours of the same spin and
    /// parity.
    pub(super) fn arbitrary(count: usize, seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            // D. Knuth's linear congruential generator.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
        };
        let mut symmetric = |size: usize| {
            let mut matrix = Mat::zeros(size, size);
            for (p, q) in pairs(size) {
                matrix[(p, q)] = next();
                matrix[(q, p)] = matrix[(p, q)];
            }
            matrix
        };
        Self { one: symmetric(count), two: symmetric(count * (count + 1) / 2), fields: Mat::zeros(0, 0) }
    }

    /// (pq|rs).
    pub(super) fn coulomb(&self, p: usize, q: usize, r: usize, s: usize) -> f64 {
        let (a, b) = (pair(p, q), pair(r, s));
        self.two[(a.max(b), a.min(b))]
    }
}

/// sum_j w(x_i - x_j) f_j for every column f.
fn potentials(system: &System, densities: &Mat<f64>) -> Mat<f64> {
    let (points, count) = (densities.nrows(), densities.ncols());
    let mut out = Mat::zeros(points, count);
    if let Interaction::Sampled { .. } = system.interaction {
        // A panel of rows of the Toeplitz matrix at a time.
        const ROWS: usize = 256;
        let kernel = system.interaction.kernel(&system.grid);
        for first in (0..points).step_by(ROWS) {
            let rows = ROWS.min(points - first);
            let matrix = Mat::from_fn(rows, points, |i, j| kernel[(first + i).abs_diff(j)]);
            let target = out.as_mut().subrows_mut(first, rows);
            matmul(target, Accum::Replace, matrix.as_ref(), densities.as_ref(), 1.0, Par::Seq);
        }
        leave_vector_registers();
        return out;
    }
    for k in 0..count {
        let density: Vec<f64> = densities.col(k).iter().copied().collect();
        let field = system.interaction.hartree(&system.grid, &density);
        field.iter().enumerate().for_each(|(i, v)| out[(i, k)] = v / system.grid.spacing);
    }
    out
}

//! Finds the orbitals that a state lacks: the preconditioned gradient of its energy with respect to its orbitals.

use crate::exact::dense::times;
use crate::exact::field::purify;
use crate::exact::integrals::{Integrals, pairs};
use crate::exact::orbitals::Basis;
use crate::ks::banded::Lu;
use crate::ks::hamiltonian::Hamiltonian;
use crate::tensor::vector::{add, dot};
use faer::{Mat, Side};

/// Occupations below this are noise.
const LEAST_OCCUPATION: f64 = 1e-13;

/// The shift is at least this far below the lowest level, hartree; also the lowest cost of an orbital.
const SHIFT_MARGIN: f64 = 0.1;

/// Directions for new orbitals.
pub(super) struct Growth {
    /// The gain of moving one electron out of the orbitals, by second-order perturbation theory, hartree.
    pub gain: f64,
    /// For every orbital, the energy from mu to the lowest empty level of the mean field, hartree: roughly the energy of one electron
    /// of a pair in it. 0 for empty orbitals.
    pub costs: Vec<f64>,
    /// New vectors (not orthogonalised), with their parity and weight, largest weight first.
    pub directions: Vec<(Vec<f64>, u8, f64)>,
}

/// A state to be improved: natural orbitals, their occupations, and the two-electron density matrix as from `Two::whole`.
pub(super) struct Correlated<'a> {
    pub basis: &'a Basis,
    pub integrals: &'a Integrals,
    pub occupations: &'a [f64],
    pub two: &'a Mat<f64>,
}

impl Correlated<'_> {
    /// G_p(x) = dE/d phi_p(x) / 2 of every orbital.
    fn gradient(&self, h: &Hamiltonian) -> Vec<Vec<f64>> {
        let (count, fields) = (self.basis.vectors.len(), &self.integrals.fields);
        let pairs = pairs(count);
        let folded = Mat::from_fn(fields.ncols(), count * count, |rs, pq| {
            let (r, s) = pairs[rs];
            let both = self.two[(r * count + s, pq)] + self.two[(s * count + r, pq)];
            if r == s { 0.5 * both } else { both }
        });
        let felt = times(fields.as_ref(), folded.as_ref());
        (0..count)
            .map(|p| {
                let mut sum: Vec<f64> =
                    h.apply(&self.basis.vectors[p]).iter().map(|x| x * self.occupations[p]).collect();
                for (q, phi) in self.basis.vectors.iter().enumerate() {
                    let field = felt.col(p * count + q);
                    sum.iter_mut().zip(field.iter()).zip(phi).for_each(|((x, v), phi)| *x += v * phi);
                }
                sum
            })
            .collect()
    }

    /// The directions for new orbitals. `screened` is the Hamiltonian of an electron outside; its lowest and its first empty level are
    /// given.
    pub(super) fn growth(&self, h: &Hamiltonian, screened: &Hamiltonian, (lowest, empty): (f64, f64)) -> Growth {
        let basis = self.basis;
        let gradient = self.gradient(h);
        let mut gain = 0.0;
        let mut costs = vec![0.0; basis.vectors.len()];
        let mut steps: Vec<(Vec<f64>, u8)> = Vec::new();
        for (p, g) in gradient.into_iter().enumerate() {
            let n = self.occupations[p];
            if n < LEAST_OCCUPATION {
                continue;
            }
            let mu = dot(&basis.vectors[p], &g) / n;
            costs[p] = (empty - mu).max(SHIFT_MARGIN);
            let inside: Vec<&Vec<f64>> = basis
                .vectors
                .iter()
                .zip(&basis.parities)
                .filter(|(_, parity)| **parity == basis.parities[p])
                .map(|(v, _)| v)
                .collect();
            let mut g = g;
            outside(&mut g, &inside);
            let shift = mu.min(lowest - SHIFT_MARGIN);
            let mut step = resolved(screened, shift, &g, &inside);
            gain += dot(&g, &step) / n;
            step.iter_mut().for_each(|x| *x /= n.sqrt());
            purify_if(&mut step, basis, p);
            steps.push((step, basis.parities[p]));
        }
        Growth { gain, costs, directions: directions(&steps) }
    }
}

/// Keeps a vector of a symmetric problem exactly even or odd.
fn purify_if(vector: &mut [f64], basis: &Basis, p: usize) {
    if basis.parities.contains(&1) {
        purify(vector, basis.parities[p]);
    }
}

/// Removes the part of a vector that lies in a space.
fn outside(vector: &mut [f64], space: &[&Vec<f64>]) {
    for v in space {
        let overlap = dot(v, vector);
        add(vector, -overlap, v);
    }
}

/// The x outside the space with (H - shift) x = g there.
fn resolved(h: &Hamiltonian, shift: f64, g: &[f64], space: &[&Vec<f64>]) -> Vec<f64> {
    let lu = Lu::new(h, h.scale(), shift);
    let solve = |b: &[f64]| {
        let mut x = b.to_vec();
        lu.solve(&mut x);
        x
    };
    let mut x = solve(g);
    let images: Vec<Vec<f64>> = space.iter().map(|v| solve(v)).collect();
    let size = space.len();
    let within = Mat::from_fn(size, size, |i, j| dot(space[i.max(j)], &images[i.min(j)]));
    let right = Mat::from_fn(size, 1, |i, _| dot(space[i], &x));
    use faer::linalg::solvers::Solve;
    let factors = within.partial_piv_lu().solve(&right);
    images.iter().enumerate().for_each(|(i, image)| add(&mut x, -factors[(i, 0)], image));
    outside(&mut x, space);
    x
}

/// Principal directions of the steps, of each parity.
fn directions(steps: &[(Vec<f64>, u8)]) -> Vec<(Vec<f64>, u8, f64)> {
    let mut all = Vec::new();
    for parity in 0..2 {
        let steps: Vec<&Vec<f64>> = steps.iter().filter(|(_, p)| *p == parity).map(|(step, _)| step).collect();
        if steps.is_empty() {
            continue;
        }
        let gram = Mat::from_fn(steps.len(), steps.len(), |i, j| dot(steps[i.max(j)], steps[i.min(j)]));
        let Ok(eigen) = gram.self_adjoint_eigen(Side::Lower) else { continue };
        for k in (0..steps.len()).rev() {
            let mut direction = vec![0.0; steps[0].len()];
            for (i, step) in steps.iter().enumerate() {
                add(&mut direction, eigen.U()[(i, k)], step);
            }
            all.push((direction, parity, eigen.S()[k].max(0.0)));
        }
    }
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    all
}

//! The Hamiltonian in the determinants of a set of orbitals.

use super::Watch;
use super::panels::{Opposite, Pairs, Same};
use super::space::Space;
use super::strings::occupied;
use crate::exact::integrals::Integrals;
use crate::tensor::vector::leave_vector_registers;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Number of partial sums, which are added in a fixed order: at most this many threads, and the same bits on any number.
const LANES: usize = 4;

/// 1/sqrt(2).
const ROOT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// H = T + V + W in a space of determinants (P. Knowles and N. Handy, Chem. Phys. Lett. 111, 315 (1984); J. Olsen et al.,
/// J. Chem. Phys. 89, 2185 (1988)).
pub(super) struct Operator<'a> {
    space: &'a Space,
    opposite: Opposite,
    /// Between symmetric and between antisymmetric pairs of an up and a down electron, by parity.
    mixed: [[Mat<f64>; 2]; 2],
    same: Same,
    /// Between pairs of up electrons, by parity.
    alike: [Mat<f64>; 2],
    /// Lets the user stop it midway.
    watch: &'a Watch<'a>,
    /// For the down electrons, if they are not equivalent to the up ones: the space with the spins exchanged.
    down: Option<Box<Down>>,
}

struct Down {
    space: Space,
    same: Same,
    alike: [Mat<f64>; 2],
}

impl<'a> Operator<'a> {
    pub(super) fn new(space: &'a Space, integrals: &Integrals, watch: &'a Watch<'a>) -> Self {
        let (up, down) = (space.up.electrons(), space.down.electrons());
        let opposite = Opposite::new(space);
        let same = Same::new(space);
        // One-electron terms are included in the pair terms. Pairs of opposite spin take the whole of h of every down electron and the
        // fraction down/up of that of every up electron; pairs of up electrons take the rest.
        let share = 1.0 / up as f64;
        let rest = if up > 1 { (1.0 - down as f64 * share) / (up - 1) as f64 } else { 0.0 };
        let mixed = [0, 1].map(|parity| between(integrals, opposite.pairs(parity), parity, share));
        let alike = [0, 1].map(|parity| antisymmetric(integrals, same.pairs(parity), rest));
        let down = space.exchanged().filter(|_| !space.balanced() && down > 1).map(|space| {
            let same = Same::new(&space);
            let alike = [0, 1].map(|parity| antisymmetric(integrals, same.pairs(parity), 0.0));
            Box::new(Down { space, same, alike })
        });
        Self { space, opposite, mixed, same, alike, watch, down }
    }

    /// H applied to a state, which must be symmetric under exchange of the spins if there are as many up as down. The result is
    /// meaningless if the user has stopped it.
    pub(super) fn apply(&self, state: &[f64]) -> Vec<f64> {
        let mut image = lanes(state.len(), |lane, image| {
            let panels = self.opposite.panels.iter().skip(lane).step_by(LANES);
            panels.take_while(|_| !self.watch.stopped()).for_each(|panel| {
                let x = self.opposite.gather(self.space, panel, state);
                let mut y = [0, 1].map(|k| product(&self.mixed[panel.parity][k], &x[k], panel.columns));
                leave_vector_registers();
                self.opposite.weigh(panel, &mut y, 0.5, 1.0);
                self.opposite.scatter(self.space, panel, &y, image);
            });
            self.pairs(self.space, &self.same, &self.alike, (state, lane, image));
        });
        if self.space.balanced() {
            let other = self.space.transpose(&image);
            image.iter_mut().zip(other).for_each(|(x, y)| *x += y);
        }
        if let Some(down) = &self.down {
            let state = self.space.transpose(state);
            let other = lanes(state.len(), |lane, image| {
                self.pairs(&down.space, &down.same, &down.alike, (&state, lane, image));
            });
            image.iter_mut().zip(down.space.transpose(&other)).for_each(|(x, y)| *x += y);
        }
        image
    }

    /// Pairs of electrons of one spin, the up spin of `space`, for the panels of one lane.
    fn pairs(
        &self,
        space: &Space,
        same: &Same,
        matrix: &[Mat<f64>; 2],
        (state, lane, image): (&[f64], usize, &mut [f64]),
    ) {
        let panels = same.panels.iter().skip(LANES - 1 - lane).step_by(LANES);
        panels.take_while(|_| !self.watch.stopped()).for_each(|panel| {
            let x = same.gather(space, panel, state);
            let y = product(&matrix[panel.parity], &x, panel.columns);
            leave_vector_registers();
            same.scatter(space, panel, &y, image);
        });
    }
}

/// Sums the contributions of all lanes, each starting from zeros.
pub(super) fn lanes(length: usize, work: impl Fn(usize, &mut [f64]) + Sync) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = (0..LANES)
        .into_par_iter()
        .map(|lane| {
            let mut sum = vec![0.0; length];
            work(lane, &mut sum);
            sum
        })
        .collect();
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    let rest: Vec<Vec<f64>> = parts.collect();
    const CHUNK: usize = 1 << 14;
    sum.par_chunks_mut(CHUNK).enumerate().for_each(|(k, sum)| {
        for part in &rest {
            sum.iter_mut().zip(&part[k * CHUNK..]).for_each(|(x, y)| *x += y);
        }
    });
    sum
}

/// a x, row by row.
fn product(a: &Mat<f64>, x: &[f64], columns: usize) -> Vec<f64> {
    let rows = a.nrows();
    let mut out = vec![0.0; rows * columns];
    let target = MatMut::from_row_major_slice_mut(&mut out, rows, columns);
    matmul(target, Accum::Replace, a.as_ref(), MatRef::from_row_major_slice(x, rows, columns), 1.0, Par::Seq);
    out
}

/// (pq|rs) between p, r and q, s, and `share` of h for each electron.
fn element(integrals: &Integrals, (p, r): (usize, usize), (q, s): (usize, usize), share: f64) -> f64 {
    let mut element = integrals.coulomb(p, q, r, s);
    if r == s {
        element += share * integrals.one[(p, q)];
    }
    if p == q {
        element += share * integrals.one[(r, s)];
    }
    element
}

/// Matrices between normalised symmetric pairs (q > s, and for parity 0 then q = s), and between antisymmetric ones.
pub(super) fn between(integrals: &Integrals, pairs: &Pairs, parity: usize, share: f64) -> [Mat<f64>; 2] {
    let twice = if parity == 0 { integrals.one.nrows() } else { 0 };
    let at = |k: usize| pairs.get(k).copied().unwrap_or_else(|| (k - pairs.len(), k - pairs.len()));
    let size = pairs.len() + twice;
    let plus = Mat::from_fn(size, size, |i, j| {
        let ((p, r), (q, s)) = (at(i.max(j)), at(i.min(j)));
        let both = element(integrals, (p, r), (q, s), share) + element(integrals, (p, r), (s, q), share);
        both * if p == r { ROOT } else { 1.0 } * if q == s { ROOT } else { 1.0 }
    });
    [plus, antisymmetric(integrals, pairs, share)]
}

/// The matrix between antisymmetric pairs.
fn antisymmetric(integrals: &Integrals, pairs: &Pairs, share: f64) -> Mat<f64> {
    Mat::from_fn(pairs.len(), pairs.len(), |i, j| {
        let ((p, r), (q, s)) = (pairs[i.max(j)], pairs[i.min(j)]);
        element(integrals, (p, r), (q, s), share) - element(integrals, (p, r), (s, q), share)
    })
}

/// Energies of the determinants, hartree, with the exchange of singly occupied orbitals averaged over their spins: depending on
/// occupations alone, they do not mix total spins.
pub(super) fn diagonal(space: &Space, integrals: &Integrals) -> Vec<f64> {
    let count = space.orbitals();
    let meet = Mat::from_fn(count, count, |p, q| {
        let classical = integrals.coulomb(p, p, q, q);
        if p == q { classical } else { classical - 0.5 * integrals.coulomb(p, q, p, q) }
    });
    let alone = |bits: u64| -> f64 {
        let pairs = |p: usize| occupied(bits).take_while(|q| *q < p).map(|q| meet[(p, q)]).sum::<f64>();
        occupied(bits).map(|p| integrals.one[(p, p)] + pairs(p)).sum()
    };
    let downs: Vec<f64> = (0..space.down.len()).map(|down| alone(space.down.bits(down))).collect();
    let mut energies = Vec::with_capacity(space.len());
    for up in 0..space.up.len() {
        let bits = space.up.bits(up);
        let own = alone(bits);
        let felt: Vec<f64> = (0..count).map(|q| occupied(bits).map(|p| meet[(p, q)]).sum()).collect();
        let row = space.down.of(space.partner(up));
        energies
            .extend(row.map(|down| own + downs[down] + occupied(space.down.bits(down)).map(|q| felt[q]).sum::<f64>()));
    }
    energies
}

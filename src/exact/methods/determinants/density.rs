//! Density matrices of a state.

use super::panels::{Opposite, Pairs, Same};
use super::space::Space;
use super::strings::Creation;
use crate::tensor::vector::{dot, leave_vector_registers};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::f64::consts::SQRT_2;

/// Number of partial sums, which are added in a fixed order.
const LANES: usize = 4;

/// One-electron density matrices of the up and of the down electrons, <a+_p a_q>, averaged over some states.
pub(super) fn one(space: &Space, states: &[Vec<f64>]) -> [Mat<f64>; 2] {
    let mut sum = [0, 1].map(|_| Mat::zeros(space.orbitals(), space.orbitals()));
    for state in states {
        let share = faer::Scale(1.0 / states.len() as f64);
        sum.iter_mut().zip(one_of(space, state)).for_each(|(sum, gamma)| *sum += share * gamma);
    }
    sum
}

fn one_of(space: &Space, state: &[f64]) -> [Mat<f64>; 2] {
    let up = one_up(space, &space.create_up, state);
    let down = match space.exchanged() {
        None => Mat::zeros(space.orbitals(), space.orbitals()),
        Some(_) if space.balanced() => up.clone(),
        Some(exchanged) => one_up(&exchanged, &exchanged.create_up, &space.transpose(state)),
    };
    [up, down]
}

fn one_up(space: &Space, create: &Creation, state: &[f64]) -> Mat<f64> {
    let count = space.orbitals();
    let entry = |p: usize, q: usize| -> f64 {
        if space.parities[p] != space.parities[q] {
            return 0.0;
        }
        let both = create.to[p].iter().zip(&create.to[q]);
        both.filter(|(a, b)| a.1 != 0.0 && b.1 != 0.0)
            .map(|(a, b)| {
                let rows = (&state[space.row(a.0 as usize)], &state[space.row(b.0 as usize)]);
                f64::from(a.1 * b.1) * dot(rows.0, rows.1)
            })
            .sum()
    };
    let rows: Vec<Vec<f64>> = (0..count).into_par_iter().map(|p| (0..=p).map(|q| entry(p, q)).collect()).collect();
    Mat::from_fn(count, count, |p, q| rows[p.max(q)][p.min(q)])
}

/// The two-electron density matrix of all spins together, <a+_p a+_r a_s a_q>, in normalised pairs (p, r) and (q, s), averaged over some
/// states.
pub(super) struct Two {
    /// By parity, the blocks of symmetric and of antisymmetric pairs.
    blocks: [[Mat<f64>; 2]; 2],
    pairs: [Pairs; 2],
    orbitals: usize,
}

impl Two {
    pub(super) fn new(space: &Space, states: &[Vec<f64>]) -> Self {
        let opposite = Opposite::new(space);
        let pairs = [0, 1].map(|parity| opposite.pairs(parity).clone());
        let sizes = [0, 1].map(|parity| [opposite.symmetric(parity, space.orbitals()), pairs[parity].len()]);
        let mut blocks = sizes.map(|sizes| sizes.map(|n| Mat::<f64>::zeros(n, n)));
        let mut count = |part: [[Mat<f64>; 2]; 2]| {
            let share = faer::Scale(1.0 / states.len() as f64);
            blocks.iter_mut().flatten().zip(part.into_iter().flatten()).for_each(|(sum, part)| *sum += share * part);
        };
        let same = Same::new(space);
        let down = space.exchanged().filter(|_| !space.balanced()).map(|exchanged| (Same::new(&exchanged), exchanged));
        // If up and down electrons are equivalent, the down ones contribute as much.
        let alike = if space.balanced() { 4.0 } else { 2.0 };
        for state in states {
            count(summed(&sizes, |lane, blocks| {
                for panel in opposite.panels.iter().skip(lane).step_by(LANES) {
                    let mut x = opposite.gather(space, panel, state);
                    opposite.weigh(panel, &mut x, 1.0, SQRT_2);
                    let [plus, minus] = &mut blocks[panel.parity];
                    square(plus, &x[0], panel.columns, 2.0);
                    square(minus, &x[1], panel.columns, 2.0);
                }
                for panel in same.panels.iter().skip(lane).step_by(LANES) {
                    let x = same.gather(space, panel, state);
                    square(&mut blocks[panel.parity][1], &x, panel.columns, alike);
                }
            }));
            if let Some((same, exchanged)) = &down {
                let state = space.transpose(state);
                count(summed(&sizes, |lane, blocks| {
                    for panel in same.panels.iter().skip(lane).step_by(LANES) {
                        let x = same.gather(exchanged, panel, &state);
                        square(&mut blocks[panel.parity][1], &x, panel.columns, 2.0);
                    }
                }));
            }
        }
        Self { blocks, pairs, orbitals: space.orbitals() }
    }

    /// <a+_p a+_r a_s a_q> = G_pq,rs as a matrix of `p K + q` and `r K + s`.
    pub(super) fn whole(&self) -> Mat<f64> {
        let k = self.orbitals;
        let mut whole = Mat::zeros(k * k, k * k);
        for (pairs, [plus, minus]) in self.pairs.iter().zip(&self.blocks) {
            let at = |i: usize| pairs.get(i).copied().unwrap_or_else(|| (i - pairs.len(), i - pairs.len()));
            for j in 0..plus.ncols() {
                for i in 0..plus.nrows() {
                    let ((p, r), (q, s)) = (at(i), at(j));
                    let weight = if p == r { SQRT_2 } else { 1.0 } * if q == s { SQRT_2 } else { 1.0 };
                    let even = weight * plus[(i, j)];
                    let odd = if i < pairs.len() && j < pairs.len() { minus[(i, j)] } else { 0.0 };
                    let (straight, crossed) = (0.5 * (even + odd), 0.5 * (even - odd));
                    whole[(p * k + q, r * k + s)] = straight;
                    whole[(r * k + s, p * k + q)] = straight;
                    whole[(p * k + s, r * k + q)] = crossed;
                    whole[(r * k + q, p * k + s)] = crossed;
                }
            }
        }
        whole
    }
}

/// Blocks of the given sizes, summed over lanes.
fn summed(sizes: &[[usize; 2]; 2], work: impl Fn(usize, &mut [[Mat<f64>; 2]; 2]) + Sync) -> [[Mat<f64>; 2]; 2] {
    let zeros = || sizes.map(|sizes| sizes.map(|n| Mat::<f64>::zeros(n, n)));
    let parts: Vec<_> = (0..LANES)
        .into_par_iter()
        .map(|lane| {
            let mut blocks = zeros();
            work(lane, &mut blocks);
            blocks
        })
        .collect();
    let mut sum = zeros();
    for part in parts {
        sum.iter_mut().flatten().zip(part.iter().flatten()).for_each(|(sum, part)| *sum += part);
    }
    sum
}

/// sum += weight x x^T.
fn square(sum: &mut Mat<f64>, x: &[f64], columns: usize, weight: f64) {
    let rows = sum.nrows();
    let x = MatRef::from_row_major_slice(x, rows, columns);
    let target: MatMut<'_, f64> = sum.as_mut();
    matmul(target, Accum::Add, x, x.transpose(), weight, Par::Seq);
    leave_vector_registers();
}

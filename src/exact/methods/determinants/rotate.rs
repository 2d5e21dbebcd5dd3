//! Transforms a state to other orbitals, replacing one orbital after another (P. Malmqvist, Int. J. Quantum Chem. 30, 479 (1986)).

use super::space::Space;
use crate::tensor::vector::add;
use faer::Mat;

/// Which new orbital replaces which old one: `slots[q]` is the new orbital in place of the old orbital q.
pub(super) struct Replacement {
    /// For each step, the place and the coefficients t with phi_place = sum_j t_j (orbitals of the step).
    steps: Vec<(usize, Vec<f64>)>,
    pub slots: Vec<usize>,
}

impl Replacement {
    /// The replacement by the orbitals phi'_m = sum_q phi_q u_qm, with u orthogonal. The largest remaining entry is the next pivot.
    pub(super) fn new(u: &Mat<f64>) -> Self {
        let count = u.nrows();
        let mut left = u.clone();
        let (mut steps, mut slots) = (Vec::with_capacity(count), vec![usize::MAX; count]);
        let mut placed = vec![false; count];
        for _ in 0..count {
            let (mut q, mut m, mut largest) = (0, 0, -1.0);
            for n in (0..count).filter(|n| !placed[*n]) {
                for k in (0..count).filter(|k| slots[*k] == usize::MAX) {
                    if left[(k, n)].abs() > largest {
                        (q, m, largest) = (k, n, left[(k, n)].abs());
                    }
                }
            }
            let pivot = left[(q, m)];
            let column: Vec<f64> = (0..count).map(|j| left[(j, m)]).collect();
            let t: Vec<f64> = (0..count).map(|j| if j == q { 1.0 / pivot } else { -column[j] / pivot }).collect();
            for n in (0..count).filter(|n| !placed[*n] && *n != m) {
                let factor = left[(q, n)];
                for j in 0..count {
                    left[(j, n)] = if j == q { t[q] * factor } else { left[(j, n)] + t[j] * factor };
                }
            }
            placed[m] = true;
            slots[q] = m;
            steps.push((q, t));
        }
        Self { steps, slots }
    }

    /// The coefficients of a state in the new orbitals, each in place of an old one.
    pub(super) fn apply(&self, space: &Space, state: &[f64]) -> Vec<f64> {
        let ups = self.replaced(space, state);
        let Some(exchanged) = space.exchanged() else { return ups };
        exchanged.transpose(&self.replaced(&exchanged, &space.transpose(&ups)))
    }

    /// For the up electrons alone.
    fn replaced(&self, space: &Space, state: &[f64]) -> Vec<f64> {
        let mut state = state.to_vec();
        let create = &space.create_up;
        for (q, t) in &self.steps {
            for k in 0..create.fewer.len() {
                let (from, sign) = create.to[*q][k];
                if sign == 0.0 {
                    continue;
                }
                let row = state[space.row(from as usize)].to_vec();
                for (p, t) in t.iter().enumerate().filter(|(p, t)| *p != *q && **t != 0.0) {
                    let (to, other) = create.to[p][k];
                    if other != 0.0 && space.parities[p] == space.parities[*q] {
                        let factor = t * f64::from(sign * other);
                        add(&mut state[space.row(to as usize)], factor, &row);
                    }
                }
                state[space.row(from as usize)].iter_mut().for_each(|x| *x *= t[*q]);
            }
        }
        state
    }
}

/// A state in a space with other orbitals: `places[q]` is the index in `to` of orbital q of `from`, if it is there; indices ascend.
pub(super) fn moved(from: &Space, to: &Space, places: &[Option<usize>], state: &[f64]) -> Vec<f64> {
    let strings = |bits: u64| -> Option<u64> {
        super::strings::occupied(bits).try_fold(0, |all, q| places[q].map(|place| all | 1 << place))
    };
    let downs: Vec<Option<usize>> =
        (0..from.down.len()).map(|down| strings(from.down.bits(down)).map(|bits| to.down.find(bits))).collect();
    let mut out = vec![0.0; to.len()];
    for up in 0..from.up.len() {
        let Some(bits) = strings(from.up.bits(up)) else { continue };
        let row = to.up.find(bits);
        let columns = from.down.of(from.partner(up));
        for (down, value) in columns.zip(&state[from.row(up)]) {
            if let Some(down) = downs[down] {
                out[to.at(row, down)] = *value;
            }
        }
    }
    out
}

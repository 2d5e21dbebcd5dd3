//! H - shift = L D L^T for several shifts side by side: the negative pivots count the levels below a shift (Sylvester's law of
//! inertia), and substitution solves linear systems.

use super::block::Block;
use super::hamiltonian::Hamiltonian;
use crate::tensor::vector::vectorised;

/// A pivot below this fraction of the norm of H makes a factorisation without row exchanges inaccurate.
const MIN_PIVOT: f64 = 1e-6;

/// The inertia of H - shift for `W` shifts.
pub(super) struct Inertia<const W: usize> {
    /// Number of levels below each shift: exact for a matrix within about 1e-10 of the norm of H, unless `spoilt`.
    below: [usize; W],
    /// Whether a pivot before the last was so small that rounding errors may have grown. (Nothing is divided by the last pivot,
    /// which is small close to a level.)
    spoilt: [bool; W],
}

impl<const W: usize> Inertia<W> {
    /// Number of levels below the shift of a lane, if it is reliable.
    pub(super) fn below(&self, lane: usize) -> Option<usize> {
        (!self.spoilt[lane]).then_some(self.below[lane])
    }
}

/// The inertia alone; `scale` is the norm of H.
pub(super) fn inertia<const W: usize>(h: &Hamiltonian, scale: f64, shifts: &[f64; W]) -> Inertia<W> {
    eliminate(h, scale, shifts, None)
}

fn eliminate<const W: usize>(
    h: &Hamiltonian,
    scale: f64,
    shifts: &[f64; W],
    keep: Option<&mut Block<W>>,
) -> Inertia<W> {
    match h.half_bandwidth() {
        1 => eliminated::<1, W>(h, scale, shifts, keep),
        2 => eliminated::<2, W>(h, scale, shifts, keep),
        3 => eliminated::<3, W>(h, scale, shifts, keep),
        _ => eliminated::<4, W>(h, scale, shifts, keep),
    }
}

/// The factors of H - shift for `W` shifts.
pub(super) struct Ldl<const W: usize> {
    half: usize,
    /// Row i: 1/d_i, l_i,i-1 .. l_i,i-b; zero where there is no such column.
    rows: Block<W>,
    /// The inertia at the shifts.
    pub inertia: Inertia<W>,
}

impl<const W: usize> Ldl<W> {
    /// Factorises H - shift. A zero last pivot is replaced by the rounding error, as needed for inverse iteration.
    pub(super) fn new(h: &Hamiltonian, scale: f64, shifts: &[f64; W]) -> Self {
        let half = h.half_bandwidth();
        let mut rows = Block::any(h.points() * (half + 1));
        let inertia = eliminate(h, scale, shifts, Some(&mut rows));
        let most = 1.0 / (f64::EPSILON * scale);
        if let Some(last) = rows.len().checked_sub(half + 1) {
            rows[last] = rows[last].map(|reciprocal| reciprocal.clamp(-most, most));
        }
        Ldl { half, rows, inertia }
    }

    /// Solves (H - shift) x = b in place, in every lane with its own shift.
    pub(super) fn solve(&self, x: &mut Block<W>) {
        match self.half {
            1 => self.substitute::<1>(x),
            2 => self.substitute::<2>(x),
            3 => self.substitute::<3>(x),
            _ => self.substitute::<4>(x),
        }
    }

    fn substitute<const B: usize>(&self, x: &mut [[f64; W]]) {
        vectorised(
            #[inline(always)]
            || {
                // The solution for the rows i-1, i-2, … above.
                let mut above = [[0.0; W]; B];
                for (row, x) in self.rows.chunks_exact(B + 1).zip(x.iter_mut()) {
                    let mut value = *x;
                    for k in (0..B).rev() {
                        for w in 0..W {
                            value[w] -= row[k + 1][w] * above[k][w];
                        }
                    }
                    above.copy_within(0..B - 1, 1);
                    above[0] = value;
                    for w in 0..W {
                        x[w] = value[w] * row[0][w];
                    }
                }
                // The rows i-1, i-2, … above, without the contributions from below row i.
                let n = x.len();
                let mut open: [[f64; W]; B] = std::array::from_fn(|k| if k < n { x[n - 1 - k] } else { [0.0; W] });
                for (i, row) in self.rows.chunks_exact(B + 1).enumerate().rev() {
                    let value = open[0];
                    let next = if i >= B { x[i - B] } else { [0.0; W] };
                    for k in 0..B {
                        let entering = if k + 1 < B { open[k + 1] } else { next };
                        for w in 0..W {
                            open[k][w] = entering[w] - row[k + 1][w] * value[w];
                        }
                    }
                    x[i] = value;
                }
            },
        );
    }
}

/// Factorises H - shift = L D L^T, and keeps the rows of the factors if they are wanted.
///
/// With T = L D, row i of which is t_ij = H_ij - sum_m t_im l_jm: d_i = H_ii - shift - sum_j t_ij l_ij.
fn eliminated<const B: usize, const W: usize>(
    h: &Hamiltonian,
    scale: f64,
    shifts: &[f64; W],
    keep: Option<&mut Block<W>>,
) -> Inertia<W> {
    let (negative, smallest) = vectorised(
        #[inline(always)]
        || match keep {
            Some(rows) => {
                let mut rows = rows.chunks_exact_mut(B + 1);
                pivots::<B, W>(h, shifts, |reciprocal, l| {
                    if let Some(row) = rows.next() {
                        row[0] = *reciprocal;
                        row[1..].copy_from_slice(l);
                    }
                })
            }
            None => pivots::<B, W>(h, shifts, |_, _| ()),
        },
    );
    let least = MIN_PIVOT * scale;
    Inertia {
        below: negative.map(|n| n as usize),
        spoilt: smallest.map(|smallest| smallest.is_nan() || smallest < least),
    }
}

/// Number of negative pivots, and the smallest |pivot| except the last.
#[inline(always)]
fn pivots<const B: usize, const W: usize>(
    h: &Hamiltonian,
    shifts: &[f64; W],
    mut keep: impl FnMut(&[f64; W], &[[f64; W]; B]),
) -> ([f64; W], [f64; W]) {
    let mut smallest = [f64::INFINITY; W];
    let mut negative = [0.0; W];
    // The pivots of the row above, not yet in `smallest`.
    let mut size = [f64::INFINITY; W];
    // For the rows i-1, i-2, …: reciprocal pivots, and l of row i-1-k in column i-2-k-m.
    let mut reciprocal = [[1.0; W]; B];
    let mut l = [[[0.0; W]; B]; B];
    for row in h.rows().chunks_exact(B + 1) {
        let mut t = [[0.0; W]; B];
        let mut fresh = [[0.0; W]; B];
        let mut pivot = [row[0]; W];
        for w in 0..W {
            pivot[w] -= shifts[w];
            smallest[w] = if size[w] < smallest[w] || size[w].is_nan() { size[w] } else { smallest[w] };
        }
        // Columns i-1-k, the farthest first.
        for k in (0..B).rev() {
            t[k] = [row[k + 1]; W];
            for m in k + 1..B {
                for w in 0..W {
                    t[k][w] -= t[m][w] * l[k][m - k - 1][w];
                }
            }
            for w in 0..W {
                fresh[k][w] = t[k][w] * reciprocal[k][w];
                pivot[w] -= t[k][w] * fresh[k][w];
            }
        }
        for k in (1..B).rev() {
            l[k] = l[k - 1];
            reciprocal[k] = reciprocal[k - 1];
        }
        l[0] = fresh;
        for w in 0..W {
            size[w] = pivot[w].abs();
            negative[w] += if pivot[w] < 0.0 { 1.0 } else { 0.0 };
            reciprocal[0][w] = 1.0 / pivot[w];
        }
        keep(&reciprocal[0], &fresh);
    }
    (negative, smallest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grid, Wall};

    #[test]
    fn solutions_solve_in_every_lane() {
        for stencil in [3, 5, 7, 9] {
            for points in [9, 10, 40] {
                let grid = Grid::centred(points, 0.2).with_stencil(stencil).with_wall(Wall::Odd);
                let v: Vec<f64> = grid.xs().iter().map(|x| 3.0 * (2.0 * x).sin() + 0.1 * x).collect();
                let h = Hamiltonian::new(&grid, &v);
                let shifts = [-7.0, 1.3, 4.2, 90.1];
                let b: Block<4> = Block::of(points, |i| [0.0, 1.0, 2.0, 3.0].map(|w| (i as f64 + w).cos()));
                let mut x = b.clone();
                let factors = Ldl::new(&h, 100.0, &shifts);
                factors.solve(&mut x);
                let image = h.apply_block(&x);
                for w in 0..4 {
                    assert!(factors.inertia.below(w).is_some(), "{stencil} {points} {w}");
                    let rest = |i: usize| (image[i][w] - shifts[w] * x[i][w] - b[i][w]).abs();
                    let worst = (0..points).map(rest).fold(0.0, f64::max);
                    assert!(worst < 1e-9, "{stencil} {points} {w}: {worst}");
                }
            }
        }
    }

    #[test]
    fn a_zero_pivot_is_reported_unless_it_is_the_last() {
        // The levels of single points are 0, 1 and 2; the first minor is that of the first point.
        let grid = Grid::centred(3, 1.0).with_stencil(3);
        let h = Hamiltonian::new(&grid, &[0.0, 1.0, 2.0]);
        let first = h.entry(0, 0);
        assert_eq!(inertia(&h, h.scale(), &[first, first + 0.1]).below(0), None);
        assert!(inertia(&h, h.scale(), &[first, first + 0.1]).below(1).is_some());
        let free = Hamiltonian::new(&Grid::centred(2, 1.0).with_stencil(3), &[]);
        // The upper level of two points, exactly: H is 1 on and -1/2 off the diagonal.
        let factors = Ldl::new(&free, free.scale(), &[1.5]);
        assert!(factors.inertia.below(0).is_some());
        let mut x = Block::of(2, |i| [[1.0], [0.0]][i]);
        factors.solve(&mut x);
        assert!(x[0][0].is_finite() && (x[0][0] / x[1][0] + 1.0).abs() < 1e-12, "{x:?}");
    }
}

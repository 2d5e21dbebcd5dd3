//! Counts of levels, and LU factors of H - shift with partial pivoting, for shifts where LDL^T without row exchanges is unstable.

use super::hamiltonian::Hamiltonian;
use super::ldl::inertia;
use crate::tensor::Buffer;

/// Number of levels below each shift: exact for a matrix within about 1e-10 `scale` (the norm of H) of H.
pub(super) fn counts<const W: usize>(h: &Hamiltonian, scale: f64, shifts: &[f64; W]) -> [usize; W] {
    let inertia = inertia(h, scale, shifts);
    std::array::from_fn(|w| inertia.below(w).unwrap_or_else(|| minors(h, shifts[w])))
}

/// [`counts`] for one shift.
pub(super) fn count_below(h: &Hamiltonian, scale: f64, shift: f64) -> usize {
    let [count] = counts(h, scale, &[shift]);
    count
}

/// Number of levels below the shift, from the signs of the leading minors of H - shift: rows enter one by one and are eliminated
/// against those above with exchanges (Martin and Wilkinson, Numer. Math. 9, 279 (1967)). Slower, but stable for any shift.
fn minors(h: &Hamiltonian, shift: f64) -> usize {
    let half = h.half_bandwidth();
    // The rows above that reach the new one's columns; entry k of row j is column j + k.
    let mut above: Vec<[f64; WIDEST + 1]> = Vec::with_capacity(half + 1);
    // The sign of the exchanges, times those of the final pivots.
    let mut sign_so_far = 1.0;
    let mut before = 1.0;
    let mut count = 0;
    for i in 0..h.points() {
        let first = i.saturating_sub(half);
        let mut new = [0.0; WIDEST + 1];
        for column in first..(i + half + 1).min(h.points()) {
            new[column - first] = h.entry(i, column);
        }
        new[i - first] -= shift;
        for row in &mut above {
            if new[0].abs() > row[0].abs() {
                std::mem::swap(row, &mut new);
                sign_so_far = -sign_so_far;
            }
            let factor = if row[0] == 0.0 { 0.0 } else { new[0] / row[0] };
            for k in 1..=WIDEST {
                new[k - 1] = new[k] - factor * row[k];
            }
            new[WIDEST] = 0.0;
        }
        above.push(new);
        let sign = above.iter().fold(sign_so_far, |sign, row| if row[0] < 0.0 { -sign } else { sign });
        count += usize::from(sign != before);
        before = sign;
        if above.len() > half {
            sign_so_far *= if above.remove(0)[0] < 0.0 { -1.0 } else { 1.0 };
        }
    }
    count
}

/// H - shift = P L U with partial pivoting. A zero pivot is replaced by the rounding error, as needed for inverse iteration.
pub(crate) struct Lu {
    half: usize,
    /// Row j: U_j,j+1 .. U_j,j+2b, preceded by 1/U_jj.
    upper: Buffer,
    /// Row j: multipliers of the b rows below.
    multipliers: Buffer,
    /// How many rows below the diagonal the pivot of column j was found.
    pivots: Vec<u8>,
}

/// Entries of a row of U for the widest stencil.
const WIDEST: usize = 9;

impl Lu {
    /// Factorises H - shift.
    pub(crate) fn new(h: &Hamiltonian, scale: f64, shift: f64) -> Lu {
        match h.half_bandwidth() {
            1 => Self::factorise::<1>(h, scale, shift),
            2 => Self::factorise::<2>(h, scale, shift),
            3 => Self::factorise::<3>(h, scale, shift),
            _ => Self::factorise::<4>(h, scale, shift),
        }
    }

    fn factorise<const B: usize>(h: &Hamiltonian, scale: f64, shift: f64) -> Lu {
        let n = h.points();
        let width = 2 * B + 1;
        let (mut upper, mut multipliers) = (Buffer::any(n * width), Buffer::any(n * B));
        let mut pivots = Vec::with_capacity(n);
        let least = f64::EPSILON * scale;
        // The rows that may contain the pivot of column j; entry k is column j + k.
        let mut window = [[0.0; WIDEST]; 5];
        for (i, rows) in window.iter_mut().enumerate().take(B) {
            *rows = aligned::<B>(h, i, shift, 0);
        }
        for j in 0..n {
            window[B] = if j + B < n { aligned::<B>(h, j + B, shift, j) } else { [0.0; WIDEST] };
            let mut best = 0;
            for r in 1..=B {
                if window[r][0].abs() > window[best][0].abs() {
                    best = r;
                }
            }
            window.swap(0, best);
            let mut row = window[0];
            if row[0].abs() < least {
                row[0] = least;
            }
            row[0] = 1.0 / row[0];
            for r in 1..=B {
                let factor = window[r][0] * row[0];
                multipliers[j * B + r - 1] = factor;
                for k in 1..width {
                    window[r - 1][k - 1] = window[r][k] - factor * row[k];
                }
                window[r - 1][width - 1] = 0.0;
            }
            upper[j * width..(j + 1) * width].copy_from_slice(&row[..width]);
            pivots.push(best as u8);
        }
        Lu { half: B, upper, multipliers, pivots }
    }

    /// Solves (H - shift) x = b in place.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        match self.half {
            1 => self.substitute::<1>(x),
            2 => self.substitute::<2>(x),
            3 => self.substitute::<3>(x),
            _ => self.substitute::<4>(x),
        }
    }

    fn substitute<const B: usize>(&self, x: &mut [f64]) {
        let n = self.pivots.len().min(x.len());
        for j in 0..n {
            x.swap(j, (j + usize::from(self.pivots[j])).min(n - 1));
            let value = x[j];
            for (x, factor) in x[j + 1..].iter_mut().zip(&self.multipliers[j * B..(j + 1) * B]) {
                *x -= factor * value;
            }
        }
        let width = 2 * B + 1;
        // The solution to the right of column j.
        let mut ahead = [0.0; WIDEST];
        for j in (0..n).rev() {
            let row = &self.upper[j * width..(j + 1) * width];
            let mut value = x[j];
            for k in (1..width).rev() {
                value -= row[k] * ahead[k - 1];
            }
            value *= row[0];
            for k in (1..width - 1).rev() {
                ahead[k] = ahead[k - 1];
            }
            ahead[0] = value;
            x[j] = value;
        }
    }
}

/// Row i of H - shift, starting at column `first` (at most i).
fn aligned<const B: usize>(h: &Hamiltonian, i: usize, shift: f64, first: usize) -> [f64; WIDEST] {
    let rows = h.rows();
    let mut row = [0.0; WIDEST];
    let middle = i - first;
    row[middle] = rows[i * (B + 1)] - shift;
    for k in 1..=B.min(middle) {
        row[middle - k] = rows[i * (B + 1) + k];
    }
    for k in 1..=B.min(h.points() - 1 - i) {
        row[middle + k] = rows[(i + k) * (B + 1) + k];
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grid, Wall};

    fn wavy(stencil: usize, points: usize) -> Hamiltonian {
        let grid = Grid::centred(points, 0.2).with_stencil(stencil).with_wall(Wall::Odd);
        let v: Vec<f64> = grid.xs().iter().map(|x| 3.0 * (2.0 * x).sin() + 0.1 * x).collect();
        Hamiltonian::new(&grid, &v)
    }

    #[test]
    fn solutions_solve() {
        for stencil in [3, 5, 7, 9] {
            for points in [9, 10, 40] {
                let h = wavy(stencil, points);
                let b: Vec<f64> = (0..points).map(|i| (i as f64).cos()).collect();
                let mut x = b.clone();
                Lu::new(&h, 100.0, 4.2).solve(&mut x);
                let image = h.apply(&x);
                let worst = (0..points).map(|i| (image[i] - 4.2 * x[i] - b[i]).abs()).fold(0.0, f64::max);
                assert!(worst < 1e-10, "{stencil} {points}: {worst}");
            }
        }
    }

    #[test]
    fn counts_grow_from_none_to_all() {
        for stencil in [3, 5, 7, 9] {
            let h = wavy(stencil, 40);
            let (low, high) = h.bounds();
            let shifts: [f64; 8] = std::array::from_fn(|k| low + (high - low) * k as f64 / 7.0);
            let counts = counts(&h, high - low, &shifts);
            assert_eq!((counts[0], counts[7]), (0, 40));
            assert!(counts.is_sorted());
            assert_eq!(counts, shifts.map(|shift| minors(&h, shift)));
        }
    }
}

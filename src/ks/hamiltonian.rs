//! The one-electron Hamiltonian: -1/2 d^2/dx^2 by a central stencil, plus a local potential. A symmetric banded matrix.

use super::block::Block;
use crate::model::Grid;
use crate::tensor::Buffer;
use crate::tensor::vector::vectorised;

/// H = -1/2 d^2/dx^2 + v on the grid, hartree.
#[derive(Clone, Debug, PartialEq)]
pub struct Hamiltonian {
    points: usize,
    /// Half the bandwidth: H_ij = 0 for |i - j| > half.
    half: usize,
    /// Row i holds H_i,i, H_i,i-1, .. H_i,i-half (zero where there is no such column).
    lower: Buffer,
}

impl Hamiltonian {
    /// The Hamiltonian with the potential v, hartree, one value per grid point.
    pub fn new(grid: &Grid, v: &[f64]) -> Self {
        let points = grid.points;
        let half = grid.reach();
        let mut lower = Buffer::filled(points * (half + 1), 0.0);
        for (i, row) in lower.chunks_exact_mut(half + 1).enumerate() {
            for (k, entry) in row.iter_mut().enumerate().take(i + 1) {
                *entry = grid.kinetic(i, k);
            }
            row[0] += v.get(i).copied().unwrap_or(0.0);
        }
        Self { points, half, lower }
    }

    /// Number of grid points N.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Half the bandwidth b: H_ij = 0 for |i - j| > b.
    pub fn half_bandwidth(&self) -> usize {
        self.half
    }

    /// H_ij.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (i.max(j), i.min(j));
        if i - j > self.half { 0.0 } else { self.row(i)[i - j] }
    }

    /// H_i,i, H_i,i-1, .. H_i,i-b; zero where there is no such column.
    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.lower[i * (self.half + 1)..(i + 1) * (self.half + 1)]
    }

    /// All rows, one after another.
    pub(super) fn rows(&self) -> &[f64] {
        &self.lower
    }

    /// H psi.
    pub fn apply(&self, psi: &[f64]) -> Buffer {
        self.apply_block(psi.as_chunks::<1>().0).flattened()
    }

    /// H psi of several psi side by side.
    pub(super) fn apply_block<const W: usize>(&self, psi: &[[f64; W]]) -> Block<W> {
        match self.half {
            1 => self.image::<1, W>(psi),
            2 => self.image::<2, W>(psi),
            3 => self.image::<3, W>(psi),
            _ => self.image::<4, W>(psi),
        }
    }

    fn image<const B: usize, const W: usize>(&self, psi: &[[f64; W]]) -> Block<W> {
        let mut result = Block::any(self.points.min(psi.len()));
        let rows = &mut result[..];
        vectorised(
            #[inline(always)]
            || {
                // psi and the sums so far for the rows i-1, i-2, …
                let mut above = [[0.0; W]; B];
                let mut open = [[0.0; W]; B];
                for (i, (row, psi)) in self.lower.chunks_exact(B + 1).zip(psi).enumerate() {
                    let mut sum = psi.map(|psi| row[0] * psi);
                    for k in 0..B {
                        for w in 0..W {
                            sum[w] += row[k + 1] * above[k][w];
                            open[k][w] += row[k + 1] * psi[w];
                        }
                    }
                    if let Some(complete) = i.checked_sub(B) {
                        rows[complete] = open[B - 1];
                    }
                    for k in (1..B).rev() {
                        (above[k], open[k]) = (above[k - 1], open[k - 1]);
                    }
                    (above[0], open[0]) = (*psi, sum);
                }
                // Rows are finished B steps late.
                rows.iter_mut().rev().zip(&open).for_each(|(row, open)| *row = *open);
            },
        );
        result
    }

    /// An interval that contains all eigenvalues (Gershgorin's discs), hartree.
    pub fn bounds(&self) -> (f64, f64) {
        let discs = self.radii().into_iter().enumerate().map(|(i, r)| (self.row(i)[0] - r, self.row(i)[0] + r));
        discs.fold((f64::INFINITY, f64::NEG_INFINITY), |all, disc| (all.0.min(disc.0), all.1.max(disc.1)))
    }

    /// The size of H at the lower end of its spectrum, hartree, to which rounding errors of low levels are relative. Walls do not
    /// count, however high.
    pub fn scale(&self) -> f64 {
        let middle = self.row(self.points.saturating_sub(1).min(self.half));
        let widest = 2.0 * middle[1..].iter().map(|entry| entry.abs()).sum::<f64>();
        let lowest = self.lower.iter().step_by(self.half + 1).copied().fold(f64::INFINITY, f64::min);
        2.0 * widest + (lowest - widest).abs()
    }

    /// Sums of |H_ij| over j other than i.
    fn radii(&self) -> Vec<f64> {
        let mut radius = vec![0.0; self.points];
        for i in 0..self.points {
            for (k, entry) in self.row(i).iter().enumerate().skip(1).take(i) {
                radius[i] += entry.abs();
                radius[i - k] += entry.abs();
            }
        }
        radius
    }

    /// Whether every entry is finite.
    pub fn is_finite(&self) -> bool {
        self.lower.iter().all(|entry| entry.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Wall;

    #[test]
    fn the_kinetic_operator_is_exact_on_polynomials() {
        for stencil in [3, 5, 7, 9] {
            let grid = Grid::centred(31, 0.1).with_stencil(stencil);
            let h = Hamiltonian::new(&grid, &[]);
            let power = (stencil - 1) as i32;
            let psi: Vec<f64> = grid.xs().iter().map(|x| x.powi(power)).collect();
            let t = h.apply(&psi);
            for (i, t) in t.iter().enumerate().take(31 - stencil).skip(stencil) {
                let exact = -0.5 * f64::from(power * (power - 1)) * grid.x(i).powi(power - 2);
                assert!((t - exact).abs() < 1e-9, "{stencil}: {t} {exact}");
            }
        }
    }

    #[test]
    fn entries_agree_with_apply() {
        for (stencil, wall) in [(3, Wall::Odd), (5, Wall::Zero), (7, Wall::Odd), (9, Wall::Odd)] {
            let grid = Grid::centred(12, 0.3).with_stencil(stencil).with_wall(wall);
            let v: Vec<f64> = grid.xs().iter().map(|x| x.sin()).collect();
            let h = Hamiltonian::new(&grid, &v);
            for j in 0..12 {
                let unit: Vec<f64> = (0..12).map(|i| f64::from(u8::from(i == j))).collect();
                let column = h.apply(&unit);
                assert!((0..12).all(|i| column[i] == h.entry(i, j)));
            }
        }
    }

    #[test]
    fn sines_are_eigenvectors_between_odd_walls() {
        for stencil in [3, 5, 7, 9] {
            let grid = Grid::between_walls(0.0, 1.0, 29).with_stencil(stencil);
            let h = Hamiltonian::new(&grid, &[]);
            let psi: Vec<f64> = grid.xs().iter().map(|x| (4.0 * std::f64::consts::PI * x).sin()).collect();
            let image = h.apply(&psi);
            let energy = image[3] / psi[3];
            assert!(image.iter().zip(&psi).all(|(a, b)| (a - energy * b).abs() < 1e-10), "stencil {stencil}");
        }
    }
}

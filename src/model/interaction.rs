//! The interaction w(r) between electrons, and (with a sign and a charge) with nuclei.

use super::Grid;
use crate::number::significant;
use std::sync::Arc;

/// A pair interaction, hartree.
#[derive(Clone, Debug, PartialEq)]
pub enum Interaction {
    /// w = 0: no Hartree energy, no nuclei.
    None,
    /// w(r) = amplitude exp(-kappa |r|); Baker et al., Phys. Rev. B 91, 235141 (2015).
    Exponential {
        /// A, hartree.
        amplitude: f64,
        /// kappa, 1/bohr.
        kappa: f64,
    },
    /// Any other even function, sampled for one grid: `kernel[k]` = w(k h), one value per grid point.
    Sampled {
        /// What the user calls it.
        name: String,
        /// w(k h) for k = 0 .. N - 1.
        kernel: Arc<[f64]>,
    },
}

impl Interaction {
    /// The exponential of Baker et al. (2015): A = 1.071295, 1/kappa = 2.385345.
    pub const BAKER: Interaction =
        Interaction::Exponential { amplitude: Self::BAKER_AMPLITUDE, kappa: Self::BAKER_KAPPA };
    /// The amplitude of [`Self::BAKER`], hartree.
    pub const BAKER_AMPLITUDE: f64 = 1.071295;
    /// The inverse decay length of [`Self::BAKER`], 1/bohr.
    pub const BAKER_KAPPA: f64 = 1.0 / 2.385345;

    /// Samples w for a grid; stops at the first failure of w.
    pub fn sample<E>(
        name: impl Into<String>,
        grid: &Grid,
        w: &mut dyn FnMut(f64) -> Result<f64, E>,
    ) -> Result<Interaction, E> {
        let kernel: Result<Vec<f64>, E> = (0..grid.points).map(|k| w(k as f64 * grid.spacing)).collect();
        Ok(Interaction::Sampled { name: name.into(), kernel: kernel?.into() })
    }

    /// w(r) where it has a closed form.
    pub fn at(&self, r: f64) -> Option<f64> {
        match self {
            Interaction::None => Some(0.0),
            Interaction::Exponential { amplitude, kappa } => Some(amplitude * (-kappa * r.abs()).exp()),
            Interaction::Sampled { .. } => None,
        }
    }

    /// w(r), hartree. For a sampled interaction, the sample itself at multiples of the spacing, otherwise the cubic through the
    /// four nearest samples.
    pub fn interpolated(&self, grid: &Grid, r: f64) -> f64 {
        let Interaction::Sampled { kernel, .. } = self else { return self.at(r).unwrap_or(f64::NAN) };
        let at =
            |k: f64| kernel.get((k.abs() as usize).min(kernel.len().saturating_sub(1))).copied().unwrap_or(f64::NAN);
        let t = r.abs() / grid.spacing;
        if (t - t.round()).abs() < 1e-9 {
            return at(t.round());
        }
        let nodes = [-1.0, 0.0, 1.0, 2.0].map(|k| t.floor() + k);
        let weight = |a: f64| nodes.iter().filter(|b| **b != a).map(|b| (t - b) / (a - b)).product::<f64>();
        nodes.iter().map(|a| at(*a) * weight(*a)).sum()
    }

    /// w, hartree, at a few distances up to 4 bohr: enough to tell interactions apart, whatever they are called. NaN beyond
    /// the grid.
    pub fn profile(&self, grid: &Grid) -> [f64; 4] {
        let longest = (grid.points - 1) as f64 * grid.spacing;
        [0.0, 1.0, 2.0, 4.0].map(|r| if r > longest { f64::NAN } else { self.interpolated(grid, r) })
    }

    /// What it is called: `none`, `exponential`, that with its parameters if they are others, or as the user wrote it.
    pub fn label(&self) -> String {
        match self {
            Interaction::None => "none".into(),
            closed if *closed == Self::BAKER => "exponential".into(),
            Interaction::Exponential { amplitude, kappa } => {
                let [amplitude, kappa] = [amplitude, kappa].map(|x| significant(*x, 6, -4..6));
                format!("exponential(amplitude: {amplitude}, kappa: {kappa})")
            }
            Interaction::Sampled { name, .. } => name.clone(),
        }
    }

    /// w(k h) for k = 0 .. N - 1, hartree.
    pub fn kernel(&self, grid: &Grid) -> Vec<f64> {
        match self {
            Interaction::Sampled { kernel, .. } => kernel.to_vec(),
            closed => (0..grid.points).map(|k| closed.at(k as f64 * grid.spacing).unwrap_or(0.0)).collect(),
        }
    }

    /// Hartree potential v_i = h sum_j w(x_i - x_j) n_j, hartree, of a density (1/bohr). The exponential takes two passes
    /// over the grid, any other interaction a Toeplitz product. The operator is its own transpose.
    pub fn hartree(&self, grid: &Grid, density: &[f64]) -> Vec<f64> {
        match self {
            Interaction::None => vec![0.0; density.len()],
            Interaction::Exponential { amplitude, kappa } => {
                let mut potential = two_pass(density, (-kappa * grid.spacing).exp());
                potential.iter_mut().for_each(|v| *v *= grid.spacing * amplitude);
                potential
            }
            Interaction::Sampled { kernel, .. } => {
                let mut potential = toeplitz(kernel, density);
                potential.iter_mut().for_each(|v| *v *= grid.spacing);
                potential
            }
        }
    }
}

/// sum_j q^|i-j| f_j = L_i + R_i - f_i, with L_i = q L_{i-1} + f_i and R_i = q R_{i+1} + f_i.
fn two_pass(f: &[f64], q: f64) -> Vec<f64> {
    let mut left = 0.0;
    let mut sum: Vec<f64> = f
        .iter()
        .map(|&f| {
            left = q * left + f;
            left
        })
        .collect();
    let mut right = 0.0;
    for (s, &f) in sum.iter_mut().zip(f).rev() {
        *s += q * right;
        right = q * right + f;
    }
    sum
}

/// sum_j k_|i-j| f_j; samples beyond the kernel's end are zero.
fn toeplitz(kernel: &[f64], f: &[f64]) -> Vec<f64> {
    let n = f.len();
    let at = |k: usize| kernel.get(k).copied().unwrap_or(0.0);
    // k_{n-1} .. k_1 k_0 k_1 .. k_{n-1}: row i of the matrix is the window that begins at n - 1 - i.
    let mirrored: Vec<f64> = (1..n).rev().chain(0..n).map(at).collect();
    (0..n).map(|i| mirrored[n - 1 - i..].iter().zip(f).map(|(k, f)| k * f).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hump(grid: &Grid) -> Vec<f64> {
        grid.xs().iter().map(|x| (-(x - 0.3).powi(2)).exp()).collect()
    }

    #[test]
    fn the_recursion_is_the_sum() {
        let grid = Grid::centred(101, 0.1);
        let density = hump(&grid);
        let fast = Interaction::BAKER.hartree(&grid, &density);
        for (i, v) in fast.iter().enumerate() {
            let direct: f64 = (0..101)
                .map(|j| Interaction::BAKER.at(grid.x(i) - grid.x(j)).expect("closed") * density[j] * grid.spacing)
                .sum();
            assert!((v - direct).abs() < 1e-13, "{v} {direct}");
        }
    }

    #[test]
    fn sampled_and_closed_agree() {
        let grid = Grid::centred(101, 0.1);
        let density = hump(&grid);
        let mut w = |r: f64| Ok::<_, ()>(Interaction::BAKER.at(r).unwrap_or(0.0));
        let sampled = Interaction::sample("baker", &grid, &mut w).expect("no failure");
        let (a, b) = (sampled.hartree(&grid, &density), Interaction::BAKER.hartree(&grid, &density));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-13));
        assert_eq!(sampled.kernel(&grid), Interaction::BAKER.kernel(&grid));
    }

    #[test]
    fn between_samples_a_cubic_goes_through() {
        let grid = Grid::centred(101, 0.1);
        let w = |r: f64| 1.0 / (r * r + 1.0).sqrt();
        let soft = Interaction::sample("soft", &grid, &mut |r| Ok::<_, ()>(w(r))).expect("no failure");
        for (r, tolerance) in [(0.0, 0.0), (-0.3, 1e-15), (0.03, 3e-5), (4.567, 1e-7)] {
            assert!((soft.interpolated(&grid, r) - w(r)).abs() <= tolerance, "{r}");
        }
        assert_eq!(Some(Interaction::BAKER.interpolated(&grid, 0.123)), Interaction::BAKER.at(0.123));
    }

    #[test]
    fn the_hartree_operator_is_symmetric() {
        let grid = Grid::centred(60, 0.2);
        let soft = Interaction::sample("soft", &grid, &mut |r: f64| Ok::<_, ()>(1.0 / (r * r + 1.0).sqrt()));
        let (a, b) = (hump(&grid), grid.xs().iter().map(|x| x.cos()).collect::<Vec<_>>());
        for interaction in [Interaction::BAKER, soft.expect("no failure"), Interaction::None] {
            let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
            let (left, right) = (dot(&a, &interaction.hartree(&grid, &b)), dot(&b, &interaction.hartree(&grid, &a)));
            assert!((left - right).abs() < 1e-12);
        }
    }
}

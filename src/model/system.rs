//! A system: electrons in a potential on a grid.

use super::{Grid, Interaction, Mirror};
use miette::Diagnostic;
use std::sync::Arc;
use thiserror::Error;

/// A potential that differs from its mirror image by less than this, hartree, counts as symmetric: published positions are
/// rounded to f32.
const ASYMMETRY: f64 = 1e-5;

/// A nucleus.
#[derive(Clone, Debug, PartialEq)]
pub struct Nucleus {
    /// Chemical symbol or `Z=2.5`.
    pub symbol: String,
    /// Charge Z.
    pub charge: f64,
    /// Position, bohr.
    pub position: f64,
}

/// Electrons in a potential on a grid; ready to be solved. Made by [`System::build`].
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// Its name: as the user wrote it, `h2(1.28)`, or named it, `H2`.
    pub label: String,
    /// The grid.
    pub grid: Arc<Grid>,
    /// Between electrons (and with nuclei).
    pub interaction: Interaction,
    /// The nuclei, if any.
    pub nuclei: Vec<Nucleus>,
    /// Total external potential v(x_i), hartree: nuclei and `potential:` together.
    pub potential: Arc<[f64]>,
    /// Nuclear repulsion E_nn, hartree.
    pub nuclear_repulsion: f64,
    /// Number of electrons.
    pub electrons: usize,
    /// Up minus down electrons.
    pub unpaired: usize,
}

/// Why a system has no mirror symmetry to be used.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum MirrorError {
    /// `symmetric: true` averages the density with its mirror image, for which the centre of the nuclei must be on a
    /// grid point or midway between two. Here it is neither.
    ///
    /// What to do: place one nucleus with `snap(…)` and the others relative to it by whole spacings, or leave out
    /// `symmetric: true`.
    #[error("`{label}` has its centre at {centre} bohr, neither on a grid point nor midway between two")]
    #[diagnostic(
        code(ksr::system::centre_off_grid),
        help("place one nucleus with `snap(…)` and the others relative to it, or drop `symmetric: true`")
    )]
    Centre {
        /// The system.
        label: String,
        /// Mean nuclear position, bohr.
        centre: f64,
    },
    /// `symmetric: true` is for systems that are their own mirror image. This one is not.
    ///
    /// What to do: leave out `symmetric: true`, or correct the positions of the nuclei.
    #[error("`{label}` is not mirror-symmetric: its nuclei are not their own mirror image")]
    #[diagnostic(code(ksr::system::lopsided), help("drop `symmetric: true`"))]
    Nuclei {
        /// The system.
        label: String,
    },
    /// v differs from its mirror image.
    #[error(
        "`{label}` is not mirror-symmetric: its potential at {x} bohr differs from the mirror image by {difference} hartree"
    )]
    #[diagnostic(code(ksr::system::lopsided), help("drop `symmetric: true`"))]
    Lopsided {
        /// The system.
        label: String,
        /// Where, bohr.
        x: f64,
        /// By how much, hartree.
        difference: f64,
    },
}

/// The sum of the densities of both spins.
pub fn both_spins(density: &[Vec<f64>; 2]) -> Vec<f64> {
    density[0].iter().zip(&density[1]).map(|(up, down)| up + down).collect()
}

impl System {
    /// (N_up, N_down).
    pub fn spins(&self) -> (usize, usize) {
        ((self.electrons + self.unpaired) / 2, (self.electrons - self.unpaired) / 2)
    }

    /// Closed shell: as many up as down.
    pub fn closed_shell(&self) -> bool {
        self.unpaired == 0
    }

    /// The repulsion that an electron of each spin feels of the others, hartree, where each of N_s electrons of a spin has the same share of
    /// their density, 1/bohr: v_H\[n\] - v_H\[n_s\]/N_s. For one electron of each spin that is Hartree-Fock.
    pub fn repulsion_of_others(&self, spins: &[Vec<f64>; 2]) -> [Vec<f64>; 2] {
        let counts = [self.spins().0, self.spins().1];
        let of = spins.each_ref().map(|n| self.interaction.hartree(&self.grid, n));
        [0, 1].map(|s: usize| {
            let rest = 1.0 - 1.0 / counts[s].max(1) as f64;
            of[s].iter().zip(&of[1 - s]).map(|(own, other)| other + rest * own).collect()
        })
    }

    /// Mean position of the nuclei, bohr; the middle of the grid if there are none.
    pub fn centre(&self) -> f64 {
        if self.nuclei.is_empty() {
            return 0.5 * (self.grid.start + self.grid.end());
        }
        self.nuclei.iter().map(|n| n.position).sum::<f64>() / self.nuclei.len() as f64
    }

    /// The Hartree energy of the densities of both spins, hartree: 1/2 ∬ n n w.
    pub fn hartree_energy(&self, density: &[Vec<f64>; 2]) -> f64 {
        let n = both_spins(density);
        0.5 * self.grid.overlap(&n, &self.interaction.hartree(&self.grid, &n))
    }

    /// The energy of the densities of both spins in the external potential, hartree: ∫ n v.
    pub fn external_energy(&self, density: &[Vec<f64>; 2]) -> f64 {
        self.grid.overlap(&both_spins(density), &self.potential)
    }

    /// The same system with all distances between its nuclei `factor` times as large, about their centre; any other potential stays.
    /// `None` if there are fewer than two nuclei.
    pub fn scaled(&self, factor: f64) -> Option<System> {
        if self.nuclei.len() < 2 {
            return None;
        }
        let centre = self.centre();
        let moved =
            |nucleus: &Nucleus| Nucleus { position: centre + factor * (nucleus.position - centre), ..nucleus.clone() };
        let nuclei: Vec<Nucleus> = self.nuclei.iter().map(moved).collect();
        let w = |r: f64| self.interaction.interpolated(&self.grid, r);
        let change = |x: f64| -> f64 {
            let pairs = self.nuclei.iter().zip(&nuclei);
            pairs.map(|(old, new)| old.charge * (w(x - old.position) - w(x - new.position))).sum()
        };
        let potential = self.grid.xs().iter().zip(self.potential.iter()).map(|(x, v)| v + change(*x)).collect();
        let mut nuclear_repulsion = 0.0;
        for (i, a) in nuclei.iter().enumerate() {
            nuclear_repulsion +=
                nuclei[..i].iter().map(|b| a.charge * b.charge * w(a.position - b.position)).sum::<f64>();
        }
        Some(System { nuclei, potential, nuclear_repulsion, ..self.clone() })
    }

    /// Distance between the first two nuclei, bohr; `None` if there are fewer than two.
    pub fn distance(&self) -> Option<f64> {
        match self.nuclei.as_slice() {
            [first, second, ..] => Some((second.position - first.position).abs()),
            _ => None,
        }
    }

    /// Whether the mirror image of every nucleus about the centre is a nucleus of the same charge, to within a grid spacing.
    fn nuclei_mirrored(&self) -> bool {
        let twice = 2.0 * self.centre();
        self.nuclei.iter().all(|a| {
            let image = |b: &Nucleus| (a.position + b.position - twice).abs() <= self.grid.spacing;
            self.nuclei.iter().any(|b| a.charge == b.charge && image(b))
        })
    }

    /// The reflection about [`System::centre`], if that maps the grid and the potential onto themselves.
    pub fn mirror(&self) -> Result<Mirror, MirrorError> {
        let (label, centre) = (self.label.clone(), self.centre());
        if !self.nuclei_mirrored() {
            return Err(MirrorError::Nuclei { label });
        }
        let Some(mirror) = self.grid.mirror(centre) else {
            return Err(MirrorError::Centre { label, centre });
        };
        let (difference, at) = mirror.asymmetry(&self.potential);
        if difference >= ASYMMETRY {
            return Err(MirrorError::Lopsided { label, x: self.grid.x(at), difference });
        }
        Ok(mirror)
    }
}

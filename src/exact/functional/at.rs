//! The exact functional and its derivative at a density.

use super::FunctionalError;
use super::interacting::{Search, Wanted};
use super::tails::Tails;
use crate::control::Control;
use crate::ks::{Density, Inversion, Softness, invert};
use crate::model::{Interaction, Mirror, System, both_spins};

/// A residual, electrons, above which the non-interacting inversion has failed.
const LARGEST_RESIDUAL: f64 = 1e-6;
/// Fields that differ from their mirror images by less than this fraction of the largest value do so by rounding.
pub(super) const ROUNDING: f64 = 1e-11;

/// The exact functional for the electrons, the grid and the interaction of a system; what is found at one density is the start at the next.
pub(crate) struct ExactFunctional {
    system: System,
    /// Whether the potential of the system is the one to which those of interacting electrons go.
    within: bool,
    search: Option<Search>,
}

/// The exact functional at a density, hartree and bohr.
#[derive(Clone, Debug)]
pub(crate) struct AtDensity {
    /// F\[n\]: the lowest kinetic and interaction energy of interacting electrons with the density.
    pub universal: f64,
    /// T_s\[n\].
    pub kinetic_energy: f64,
    /// Of the repulsion of the density.
    pub hartree_energy: f64,
    /// F - T_s - E_H.
    pub xc_energy: f64,
    /// Its derivative, of each spin. At the highest level of the Kohn-Sham potential that it makes is minus the ionisation energy.
    pub xc_potential: [Vec<f64>; 2],
    /// v_H.
    pub hartree: Vec<f64>,
    /// How far both inversions are from the density, electrons.
    pub residual: f64,
}

impl ExactFunctional {
    /// For densities of the electrons of a system; `within`: near its ground state.
    ///
    /// # Errors
    /// Too many electrons, or none.
    pub fn new(system: &System, within: bool) -> Result<Self, FunctionalError> {
        let electrons = system.electrons;
        if electrons == 0 {
            return Err(crate::ks::InversionError::Empty.into());
        }
        if electrons > 2 && system.interaction != Interaction::None {
            return Err(FunctionalError::Electrons { label: system.label.clone(), electrons });
        }
        Ok(Self { system: system.clone(), within, search: None })
    }

    /// At the density of each spin, 1/bohr; `tolerance`: the residual to reach, electrons.
    ///
    /// # Errors
    /// A density that is none, or of another number of electrons; one that is not that of a ground state; an interruption.
    pub fn at(
        &mut self,
        spins: &[Vec<f64>; 2],
        tolerance: f64,
        control: &dyn Control,
    ) -> Result<AtDensity, FunctionalError> {
        let (grid, electrons) = (&*self.system.grid, self.system.spins());
        let density = Density {
            grid,
            spins: [&spins[0], &spins[1]],
            electrons: electrons.into(),
            system: self.within.then_some((&*self.system.potential, &self.system.interaction)),
            highest: [None; 2],
            digits: true,
        };
        let free = invert(&density, control)?;
        if free.residual > LARGEST_RESIDUAL {
            return Err(FunctionalError::NoKohnShamPotential { residual: free.residual });
        }
        let total = both_spins(spins);
        let hartree = self.system.interaction.hartree(grid, &total);
        let hartree_energy = 0.5 * grid.overlap(&total, &hartree);
        if self.system.electrons == 1 || self.system.interaction == Interaction::None {
            let xc: Vec<f64> = hartree.iter().map(|v| -v).collect();
            return Ok(AtDensity {
                universal: free.kinetic_energy,
                kinetic_energy: free.kinetic_energy,
                hartree_energy,
                xc_energy: -hartree_energy,
                xc_potential: [xc.clone(), xc],
                hartree,
                residual: free.residual,
            });
        }
        let (universal, xc, residual) = self.interacting(&free, &total, &hartree, tolerance, control)?;
        Ok(AtDensity {
            universal,
            kinetic_energy: free.kinetic_energy,
            hartree_energy,
            xc_energy: universal - free.kinetic_energy - hartree_energy,
            xc_potential: [xc.clone(), xc],
            hartree,
            residual: residual + free.residual,
        })
    }

    /// F and v_xc of two electrons, and the residual.
    fn interacting(
        &mut self,
        free: &Inversion,
        total: &[f64],
        hartree: &[f64],
        tolerance: f64,
        control: &dyn Control,
    ) -> Result<(f64, Vec<f64>, f64), FunctionalError> {
        let grid = self.system.grid.clone();
        let count = self.system.spins().0;
        let tails = Tails::new(total);
        let softness = Softness::new(&grid, &free.potential[0], count, tails.inside.clone())?;
        // Exchange cancels half of the repulsion of two electrons.
        let uncorrelated: Vec<f64> = free.potential[0].iter().zip(hartree).map(|(v, w)| v - 0.5 * w).collect();
        let search = match &mut self.search {
            Some(search) => search,
            none => {
                let mirror = mirror(&self.system).filter(|mirror| symmetric(mirror, total, ROUNDING));
                none.insert(Search::new(&self.system, &uncorrelated, total, mirror, control)?)
            }
        };
        let wanted =
            Wanted { density: total, uncorrelated: &uncorrelated, tails: &tails, softness: &softness, tolerance };
        let (found, residual) = search.find(&wanted, control)?;
        let universal = found.energy - grid.overlap(&found.potential, total);
        let top = free.orbital_energies[0].get(count.saturating_sub(1)).copied().unwrap_or(0.0);
        let shift = found.energy - search.cation(&found.potential)? - top;
        let mut xc: Vec<f64> =
            (0..grid.points).map(|i| free.potential[0][i] + shift - found.potential[i] - hartree[i]).collect();
        tails.continue_as(&mut xc, |i| hartree[i]);
        Ok((universal, xc, residual))
    }
}

/// The reflection that maps the potential of a system onto itself, to within rounding.
pub(super) fn mirror(system: &System) -> Option<Mirror> {
    system.mirror().ok().filter(|mirror| symmetric(mirror, &system.potential, ROUNDING))
}

/// Whether a reflection maps a field onto itself, to within a fraction of its largest value.
pub(super) fn symmetric(mirror: &Mirror, field: &[f64], fraction: f64) -> bool {
    let largest = field.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    mirror.asymmetry(field).0 <= fraction * largest
}

//! The exact functional and its derivative at a density.

use super::FunctionalError;
use super::channels::{Response, channels};
use super::interacting::{Search, Wanted};
use super::tails::Tails;
use crate::control::Control;
use crate::exact::methods::most_points;
use crate::ks::{Density, Inversion, InversionError, Softness, invert};
use crate::model::{Interaction, Mirror, System, both_spins};
use crate::tensor::vector::dot;

/// The maximum number of electrons that interact.
pub(crate) const MOST_ELECTRONS: usize = 4;
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
    /// Those of [`Self::check`].
    pub fn new(system: &System, within: bool) -> Result<Self, FunctionalError> {
        Self::check(system)?;
        Ok(Self { system: system.clone(), within, search: None })
    }

    /// Whether there is an exact functional for the electrons and the grid of a system.
    ///
    /// # Errors
    /// Too many electrons, or none; too many points.
    pub fn check(system: &System) -> Result<(), FunctionalError> {
        let electrons = system.electrons;
        if electrons == 0 {
            return Err(InversionError::Empty.into());
        }
        if electrons > 2 && system.interaction != Interaction::None {
            if electrons > MOST_ELECTRONS {
                return Err(FunctionalError::Electrons { label: system.label.clone(), electrons });
            }
            let (points, most) = (system.grid.points, most_points(electrons));
            if points > most {
                return Err(FunctionalError::Points { electrons, points, most });
            }
        }
        Ok(())
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
        let found = self.interacting(&free, spins, &hartree, tolerance, control);
        if found.is_err() {
            // What a search has come to that led nowhere is no start.
            self.search = None;
        }
        let (universal, xc_potential, residual) = found?;
        Ok(AtDensity {
            universal,
            kinetic_energy: free.kinetic_energy,
            hartree_energy,
            xc_energy: universal - free.kinetic_energy - hartree_energy,
            xc_potential,
            hartree,
            residual: residual + free.residual,
        })
    }

    /// F and v_xc of electrons that interact, and the residual.
    fn interacting(
        &mut self,
        free: &Inversion,
        spins: &[Vec<f64>; 2],
        hartree: &[f64],
        tolerance: f64,
        control: &dyn Control,
    ) -> Result<(f64, [Vec<f64>; 2], f64), FunctionalError> {
        let system = &self.system;
        let (grid, counts) = (&*system.grid, [system.spins().0, system.spins().1]);
        let channels = channels(system);
        // Exchange cancels the repulsion of each electron with itself.
        let others = system.repulsion_of_others(spins);
        let (mut density, mut uncorrelated, mut responses) = (Vec::new(), Vec::new(), Vec::new());
        for channel in channels {
            let spin = channel.spin();
            let n = channel.of(spins);
            let tails = Tails::new(&n);
            let softness = Softness::new(grid, &free.potential[spin], counts[spin], tails.inside.clone())?;
            uncorrelated.extend(free.potential[spin].iter().zip(&others[spin]).map(|(v, rest)| v - rest));
            density.extend(n);
            let filling = if channels.len() == 1 { system.electrons as f64 / counts[0] as f64 } else { 1.0 };
            responses.push(Response { orbitals: counts[spin], filling, tails, softness });
        }
        let search = match &mut self.search {
            Some(search) => search,
            none => {
                let symmetric = |mirror: &Mirror| density.chunks(grid.points).all(|n| symmetric(mirror, n, ROUNDING));
                let mirror = mirror(system).filter(symmetric);
                none.insert(Search::new(system, &uncorrelated, &density, mirror, control)?)
            }
        };
        let wanted = Wanted { density: &density, uncorrelated: &uncorrelated, responses: &responses, tolerance };
        let (found, residual) = search.find(&wanted, control)?;
        let universal = found.energy - dot(&found.potential, &density) * grid.spacing;
        let (ionisation, error) = search.ionisation_energies(&found, control)?;
        let mut xc = channels.iter().zip(&responses).zip(found.potential.chunks(grid.points)).zip(ionisation).map(
            |(((channel, response), potential), ionisation)| {
                let spin = channel.spin();
                let top = free.orbital_energies[spin].get(counts[spin].saturating_sub(1)).copied().unwrap_or(0.0);
                let mut xc: Vec<f64> = (0..grid.points)
                    .map(|i| free.potential[spin][i] - ionisation - top - potential[i] - hartree[i])
                    .collect();
                response.tails.continue_as(&mut xc, |i| hartree[i]);
                xc
            },
        );
        let up = xc.next().unwrap_or_default();
        let down = xc.next().unwrap_or_else(|| up.clone());
        Ok((universal, [up, down], residual + error))
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

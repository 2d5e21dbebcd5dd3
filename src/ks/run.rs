//! The result of a Kohn-Sham calculation.

use super::kept::{nowhere, terms};
use super::way::{Way, listed};
use super::{KsWarning, OrbitalFree};
use crate::model::{System, both_spins};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// The tolerance was met.
    Converged,
    /// The requested fixed number of iterations is done.
    Fixed,
    /// The iterations ran out before the tolerance was met.
    Exhausted,
    /// The user stopped it.
    Interrupted,
}

impl Stop {
    /// Whether the density counts as converged, with a residual and up to a limit, electrons.
    pub fn converged(self, residual: f64, limit: f64) -> bool {
        match self {
            Stop::Converged => true,
            Stop::Interrupted => false,
            Stop::Fixed | Stop::Exhausted => residual <= limit,
        }
    }
}

/// A finished calculation with Kohn-Sham orbitals, or without orbitals: plain numbers, hartree and bohr.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// What was solved.
    #[serde(skip, default = "nowhere")]
    pub system: Arc<System>,
    /// Name of the functional.
    pub functional: String,
    /// Whether the functional has an energy: a potential functional has none. Then the energies here are NaN, and there is no term of
    /// exchange and correlation.
    pub has_energy: bool,
    /// Electronic energy, without nuclear repulsion.
    pub energy: f64,
    /// Its terms, at the output density, by name: `kinetic_energy`, `hartree_energy` and so on.
    #[serde(with = "terms")]
    pub parts: Vec<(&'static str, f64)>,
    /// Density of each spin (last mixed for a fixed number of iterations, otherwise output).
    pub density: [Vec<f64>; 2],
    /// Kohn-Sham potential of each spin, of the last iteration.
    pub potential: [Vec<f64>; 2],
    /// xc potential of each spin, at the last input density.
    pub xc_potential: [Vec<f64>; 2],
    /// Orbital energies of each spin: the occupied ones and the lowest unoccupied.
    pub orbital_energies: [Vec<f64>; 2],
    /// With exact exchange, the occupied orbitals of each spin, with sums of squares of 1: no potential has them. Otherwise none.
    pub orbitals: [Vec<Vec<f64>>; 2],
    /// Lowest unoccupied minus highest occupied orbital energy (over both spins), if there are both.
    pub gap: Option<f64>,
    /// Iterations done, by all ways that were tried.
    pub iterations: usize,
    /// Integral of |n_out - n_in| in the last iteration, summed over spins, electrons.
    pub residual: f64,
    /// Why it ended.
    pub stop: Stop,
    /// The residual, electrons, below which it counts as converged.
    pub limit: f64,
    /// The ways to a self-consistent density in the order in which they were tried; the last one gave the result.
    pub how: Vec<Way>,
    /// Whether both spins have the same orbitals.
    pub restricted: bool,
    /// Whether densities were averaged with their mirror images.
    pub symmetric: bool,
    /// Electronic energy of every iteration's output, of the way that gave the result.
    pub energies: Vec<f64>,
    /// Total mixed density after every one of these.
    pub densities: Vec<Vec<f64>>,
    /// Integral of |n_out - n_in| in every one of these, electrons.
    pub residuals: Vec<f64>,
    /// What was added to the energy of the functional, hartree, by a correction.
    pub correction: Option<f64>,
    /// What there is in the place of orbitals, if it was solved without.
    pub orbital_free: Option<OrbitalFree>,
    /// Warnings, with advice.
    pub warnings: Vec<KsWarning>,
}

impl Run {
    /// A term of the energy, hartree, by its name.
    pub fn part(&self, name: &str) -> Option<f64> {
        self.parts.iter().find(|(part, _)| *part == name).map(|(_, energy)| *energy)
    }

    /// Electronic energy plus nuclear repulsion, hartree.
    pub fn total_energy(&self) -> f64 {
        self.energy + self.system.nuclear_repulsion
    }

    /// Whether the tolerance was met, or the residual is within the threshold.
    pub fn converged(&self) -> bool {
        self.stop.converged(self.residual, self.limit)
    }

    /// The chemical potential of a spin, hartree: of orbitals the highest occupied level, or the lowest one of a spin without electrons.
    pub fn chemical_potential(&self, spin: usize) -> Option<f64> {
        let (up, down) = self.system.spins();
        match &self.orbital_free {
            Some(found) => Some(found.chemical_potential[spin]).filter(|_| !found.projected),
            None => self.orbital_energies[spin].get([up, down][spin].saturating_sub(1)).copied(),
        }
    }

    /// The derivative of the kinetic energy with respect to the density of a spin, hartree. That of self-consistent orbitals is the chemical
    /// potential minus the Kohn-Sham potential.
    pub fn kinetic_potential(&self, spin: usize) -> Vec<f64> {
        match &self.orbital_free {
            Some(found) => found.kinetic_potential[spin].clone(),
            None => {
                let level = self.chemical_potential(spin).unwrap_or(f64::NAN);
                self.potential[spin].iter().map(|v| level - v).collect()
            }
        }
    }

    /// How it was solved: `DIIS`; `direct minimisation, after DIIS and damping`.
    pub fn way(&self) -> String {
        if !self.converged() && self.how.len() > 1 {
            let mut all = self.how.clone();
            all.sort_unstable();
            return format!("none of {}", listed(&all));
        }
        match self.how.split_last() {
            None => String::new(),
            Some((last, [])) => last.name().to_owned(),
            Some((last, before)) => format!("{}, after {}", last.name(), listed(before)),
        }
    }

    /// The density of every channel: of both spins together where they have the same orbitals.
    pub(crate) fn channels(&self) -> Vec<Vec<f64>> {
        if self.restricted { vec![self.total_density()] } else { self.density.to_vec() }
    }

    /// Density of both spins together.
    pub fn total_density(&self) -> Vec<f64> {
        both_spins(&self.density)
    }
}

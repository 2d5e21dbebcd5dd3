//! Kohn-Sham: Hamiltonian, orbitals, energies, mixing, the unrolled loop.

mod banded;
pub mod hamiltonian;
mod isolate;
pub mod orbitals;
mod response;

use crate::model::System;
use std::sync::Arc;

/// How the next input density follows from the ones before.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Mixing {
    /// n_{k+1} = n_k + alpha decay^k times the mean of the last `history` differences (n_out - n_in).
    Linear {
        /// First step length.
        alpha: f64,
        /// Factor from iteration to iteration.
        decay: f64,
        /// Differences averaged.
        history: usize,
    },
    /// Pulay's direct inversion in the iterative subspace.
    Diis {
        /// Densities kept.
        history: usize,
        /// Step along the extrapolated difference.
        alpha: f64,
    },
}

/// Options of a Kohn-Sham calculation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScfOptions {
    /// At most (with a tolerance) or exactly (without) so many.
    pub iterations: usize,
    /// Mixing.
    pub mixing: Mixing,
    /// On the integral of |n_out - n_in|, electrons; `None`: all iterations, no verdict.
    pub tolerance: Option<f64>,
    /// Mirror-average about the mean nuclear position.
    pub symmetric: bool,
}

impl Default for ScfOptions {
    /// DIIS, tolerance 1e-8, at most 200 iterations.
    fn default() -> Self {
        Self {
            iterations: 200,
            mixing: Mixing::Diis { history: 8, alpha: 0.5 },
            tolerance: Some(1e-8),
            symmetric: false,
        }
    }
}

/// Why a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The tolerance is met.
    Converged,
    /// A fixed number of iterations was asked for and done; no verdict.
    Fixed,
    /// The iterations ran out before the tolerance was met.
    Exhausted,
    /// The user stopped it.
    Interrupted,
}

/// A finished Kohn-Sham calculation: plain numbers, hartree and bohr.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was solved.
    pub system: Arc<System>,
    /// Name of the functional.
    pub functional: String,
    /// Electronic energy, without nuclear repulsion.
    pub energy: f64,
    /// Its parts, at the output density.
    pub kinetic_energy: f64,
    /// E_H.
    pub hartree_energy: f64,
    /// E_xc.
    pub xc_energy: f64,
    /// Integral of v n.
    pub external_energy: f64,
    /// Density of each spin (last mixed for a fixed number of iterations, otherwise output).
    pub density: [Vec<f64>; 2],
    /// Kohn-Sham potential of each spin, of the last iteration.
    pub potential: [Vec<f64>; 2],
    /// xc potential of each spin, at the last input density.
    pub xc_potential: [Vec<f64>; 2],
    /// Orbital energies of each spin: the occupied ones and the lowest unoccupied.
    pub orbital_energies: [Vec<f64>; 2],
    /// Lowest unoccupied minus highest occupied orbital energy (over both spins), if there are both.
    pub gap: Option<f64>,
    /// Iterations done.
    pub iterations: usize,
    /// Integral of |n_out - n_in| of the last iteration, electrons.
    pub residual: f64,
    /// Why it ended.
    pub stop: Stop,
    /// Electronic energy of every iteration's output.
    pub energies: Vec<f64>,
    /// Total density mixed after every iteration.
    pub densities: Vec<Vec<f64>>,
}

/// What a loss may see of a Kohn-Sham trajectory: the inputs of its graph, one an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observable {
    /// Electronic energy of the output of iteration k (from 0). Scalar.
    Energy(usize),
    /// Total density mixed after iteration k. Field of one channel.
    Density(usize),
    /// Density at the end (as in [`Run::density`]) of spin 0 (up) or 1 (down). Field.
    SpinDensity(usize),
    /// Kohn-Sham potential of the last iteration of spin 0 or 1. Field.
    Potential(usize),
    /// xc potential of the last iteration of spin 0 or 1. Field.
    XcPotential(usize),
    /// T_s of the last iteration. Scalar.
    KineticEnergy,
    /// E_H of the last iteration. Scalar.
    HartreeEnergy,
    /// E_xc of the last iteration. Scalar.
    XcEnergy,
    /// Integral of v n of the last iteration. Scalar.
    ExternalEnergy,
    /// Orbital energy `index` (from 0; occupied ones and the lowest unoccupied) of the last iteration. Scalar.
    OrbitalEnergy {
        /// 0 up, 1 down.
        spin: usize,
        /// Which, from below.
        index: usize,
    },
    /// Integral of |n_out - n_in| of the last iteration. Scalar.
    Residual,
}

//! A system: electrons in a potential on a grid.

use super::{Grid, Interaction};
use std::sync::Arc;

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

/// Electrons in a potential on a grid; ready to be solved.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// As the user wrote it: `h2(1.28)`.
    pub label: String,
    /// The grid.
    pub grid: Arc<Grid>,
    /// Between electrons (and with nuclei).
    pub interaction: Interaction,
    /// The nuclei, if any.
    pub nuclei: Vec<Nucleus>,
    /// Whole external potential v(x_i), hartree: nuclei and `potential:` together.
    pub potential: Arc<[f64]>,
    /// Nuclear repulsion E_nn, hartree.
    pub nuclear_repulsion: f64,
    /// Number of electrons.
    pub electrons: usize,
    /// Up minus down electrons.
    pub unpaired: usize,
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
}

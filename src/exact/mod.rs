//! The interacting problem, solved on the grid itself: no functional. One electron is a banded eigenproblem, two are a symmetric or
//! antisymmetric function of two coordinates, more a superposition of all determinants of the orbitals that suit them best; electrons
//! that do not interact fill orbitals.

mod cache;
pub mod dataset;
mod davidson;
mod dense;
mod fci;
mod field;
mod integrals;
mod one;
mod orbitals;
mod pairs;
mod product;
mod progress;
mod start;
mod two;

pub use cache::{CacheWarning, cached};
pub use pairs::PairDensity;

use crate::control::Control;
use crate::ks::orbitals::OrbitalError;
use crate::model::{Interaction, System, both_spins};
use miette::Diagnostic;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// An exact answer, or one of a data set.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What was solved.
    pub system: Arc<System>,
    /// Electronic energy, hartree, without nuclear repulsion.
    pub energy: f64,
    /// Density of each spin; half of the whole each where [`Reference::spins`] is false.
    pub density: [Vec<f64>; 2],
    /// Natural occupations, largest first (both spins together, 0 .. 2); none in a data set.
    pub occupations: Vec<f64>,
    /// Density of pairs of electrons; none in a data set.
    pub pairs: PairDensity,
    /// Estimated error of the energy, hartree; not a number in a data set.
    pub error: f64,
    /// Who found it.
    pub origin: Origin,
}

/// Where a reference comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It was solved here.
    Solved,
    /// It was read from a data set.
    Data(Entry),
}

/// A place in a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What the set is called.
    pub set: String,
    /// Which of its systems.
    pub index: usize,
    /// What the set calls its distance, bohr.
    pub distance: Option<f64>,
    /// Whether the density of each spin follows from it.
    pub spins: bool,
}

impl Reference {
    /// Whether the density of each spin is known, not only their sum.
    pub fn spins(&self) -> bool {
        match &self.origin {
            Origin::Solved => true,
            Origin::Data(entry) => entry.spins,
        }
    }

    /// Density of both spins together.
    pub fn total_density(&self) -> Vec<f64> {
        both_spins(&self.density)
    }

    /// The distance a data set gives, otherwise that of the first two nuclei, bohr.
    pub fn distance(&self) -> Option<f64> {
        self.entry().and_then(|e| e.distance).or_else(|| self.system.distance())
    }

    /// Its place in a data set, if it comes from one.
    pub fn entry(&self) -> Option<&Entry> {
        match &self.origin {
            Origin::Solved => None,
            Origin::Data(entry) => Some(entry),
        }
    }
}

/// How well to solve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Error of the energy to be reached, hartree.
    pub accuracy: f64,
    /// Time after which the best so far is the answer, its `error` telling how good it is.
    pub time_limit: Option<Duration>,
}

impl Default for Options {
    /// 1e-9 hartree, however long it takes.
    fn default() -> Self {
        Self { accuracy: 1e-9, time_limit: None }
    }
}

impl Options {
    /// What seconds reach: 1e-9 hartree for one and two electrons and for any number without interaction, 1e-6 for three and four,
    /// 1e-5 for five, 2e-5 for more.
    pub fn of(system: &System) -> Self {
        let accuracy = match system.electrons {
            _ if system.interaction == Interaction::None => 1e-9,
            0..=2 => 1e-9,
            3 | 4 => 1e-6,
            5 => 1e-5,
            _ => 2e-5,
        };
        Self { accuracy, time_limit: None }
    }
}

/// Why there is no exact answer.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum ExactError {
    /// The exact wave function of this many interacting electrons does not fit in memory: its size grows exponentially
    /// with their number.
    ///
    /// What to do: use `solve` with a functional, or fewer electrons. Without interaction (`interaction: none`) any
    /// number is exact.
    #[error(
        "`{label}` has {electrons} interacting electrons, which is too many: their determinants do not fit in memory"
    )]
    #[diagnostic(
        code(ksr::exact::electrons),
        help("`exact` handles up to about ten, or any number with `interaction: none`; `solve` handles any number")
    )]
    Electrons { label: String, electrons: usize },
    /// The exact wave function of two electrons has as many numbers as the square of the number of grid points, and
    /// this is too many.
    ///
    /// What to do: use fewer points, with a larger spacing.
    #[error(
        "two electrons on {points} grid points take a wave function of {points} x {points} numbers, which is too large"
    )]
    #[diagnostic(code(ksr::exact::grid), help("use at most {most} points"))]
    Grid { points: usize, most: usize },
    /// The accuracy is zero, negative or not a number.
    ///
    /// What to do: give a positive number, such as `accuracy: 1e-9`.
    #[error("an accuracy of {accuracy} hartree cannot be reached")]
    #[diagnostic(code(ksr::exact::accuracy), help("give a positive number, such as 1e-9"))]
    Accuracy { accuracy: f64 },
    /// Orbitals could not be found.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Orbitals(#[from] OrbitalError),
    /// An eigenvalue problem within the exact solution failed, which suggests values that are not finite.
    ///
    /// What to do: look at the potential and the interaction of the system. If both look normal, please report it with
    /// the script.
    #[error("the dense eigenproblem within the solution of `{label}` failed")]
    #[diagnostic(code(ksr::exact::eigen))]
    Eigen { label: String },
    /// You stopped the exact solution with Ctrl-C before it had an answer.
    ///
    /// What to do: run it again, with `time_limit:` for the best answer within a given time, or with a larger error
    /// allowed by `accuracy:`.
    #[error("the exact solution of `{label}` was interrupted")]
    #[diagnostic(code(ksr::exact::interrupted))]
    Interrupted { label: String },
}

/// Solves the interacting problem of the system for the ground state of its spin: unpaired 2 of two electrons is the triplet.
pub fn solve(system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Reference, ExactError> {
    if options.accuracy.is_nan() || options.accuracy <= 0.0 {
        return Err(ExactError::Accuracy { accuracy: options.accuracy });
    }
    match system.electrons {
        _ if system.interaction == Interaction::None => one::independent(system),
        1 => one::independent(system),
        2 => two::solve(system, options, control),
        _ => fci::solve(system, options, control),
    }
}

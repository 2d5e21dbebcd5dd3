//! The interacting problem, solved on the grid itself, without a functional. One electron is a banded eigenproblem, two are a symmetric
//! or antisymmetric function of two coordinates, more are a superposition of all determinants of optimised orbitals; electrons that
//! do not interact fill orbitals. These methods share one interface, [`Method`].

mod cache;
pub mod dataset;
mod davidson;
mod dense;
mod field;
pub(crate) mod functional;
mod integrals;
mod methods;
mod orbitals;
mod pairs;
mod progress;

pub use cache::{CacheWarning, cached, cached_at, unit_key};
pub use methods::{AUTOMATIC, Answer, METHOD_NAMES, METHODS, Method, automatic, named};
pub use pairs::PairDensity;

use crate::control::Control;
use crate::ks::orbitals::OrbitalError;
use crate::model::{System, both_spins};
use miette::Diagnostic;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// An exact answer, or one from a data set.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What was solved.
    pub system: Arc<System>,
    /// Electronic energy, hartree, without nuclear repulsion.
    pub energy: f64,
    /// Density of each spin; each is half the total if [`Reference::spins`] is false.
    pub density: [Vec<f64>; 2],
    /// Natural occupations, largest first (both spins together, 0 .. 2); none in a data set or with a method
    /// that does not give them.
    pub occupations: Option<Vec<f64>>,
    /// Density of pairs of electrons; none in a data set or with a method that does not give it.
    pub pairs: Option<PairDensity>,
    /// Estimated error of the energy, hartree; NaN in a data set.
    pub error: f64,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a reference comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It was solved here, by this method.
    Solved(&'static dyn Method),
    /// It was read from a data set.
    Data(Entry),
}

/// An entry of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name of the set.
    pub set: String,
    /// The index of the system in the set.
    pub index: usize,
    /// The distance given by the set, bohr.
    pub distance: Option<f64>,
    /// Whether the set determines the density of each spin.
    pub spins: bool,
    /// Whether the calculation that the set has it from converged.
    pub converged: bool,
}

impl Reference {
    /// Whether the density of each spin is known, and not only their sum.
    pub fn spins(&self) -> bool {
        match &self.origin {
            Origin::Solved(_) => true,
            Origin::Data(entry) => entry.spins,
        }
    }

    /// Whether it comes from a calculation that converged, as far as is known.
    pub fn converged(&self) -> bool {
        self.entry().is_none_or(|entry| entry.converged)
    }

    /// The method that found it; none for a data set.
    pub fn method(&self) -> Option<&'static dyn Method> {
        match &self.origin {
            Origin::Solved(method) => Some(*method),
            Origin::Data(_) => None,
        }
    }

    /// Total density of both spins.
    pub fn total_density(&self) -> Vec<f64> {
        both_spins(&self.density)
    }

    /// The energy of the interaction between electrons, hartree: 1/2 ∬ P w. `None`: the pair density is not known.
    pub fn interaction_energy(&self) -> Option<f64> {
        let (system, grid) = (&self.system, &self.system.grid);
        if system.electrons < 2 || system.interaction == crate::model::Interaction::None {
            return Some(0.0);
        }
        let pairs = self.pairs.as_ref()?;
        let of = |g: &Vec<f64>| grid.overlap(g, &system.interaction.hartree(grid, g));
        Some(0.5 * pairs.weights.iter().zip(&pairs.functions).map(|(weight, g)| weight * of(g)).sum::<f64>())
    }

    /// The kinetic energy, hartree: what is left of the energy without those of the interaction and in the external potential.
    pub fn kinetic_energy(&self) -> Option<f64> {
        let external = self.system.grid.overlap(&self.total_density(), &self.system.potential);
        Some(self.energy - self.interaction_energy()? - external)
    }

    /// The distance given by a data set, otherwise that between the first two nuclei, bohr.
    pub fn distance(&self) -> Option<f64> {
        self.entry().and_then(|e| e.distance).or_else(|| self.system.distance())
    }

    /// Its entry in a data set, if it comes from one.
    pub fn entry(&self) -> Option<&Entry> {
        match &self.origin {
            Origin::Solved(_) => None,
            Origin::Data(entry) => Some(entry),
        }
    }
}

/// How accurately to solve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The error of the energy to reach, hartree.
    pub accuracy: f64,
    /// Time after which the best answer so far is returned; its `error` says how accurate it is.
    pub time_limit: Option<Duration>,
    /// The requested method; without one, the first that suits the system.
    pub method: Option<&'static dyn Method>,
}

impl Default for Options {
    /// 1e-9 hartree, without a time limit.
    fn default() -> Self {
        Self { accuracy: 1e-9, time_limit: None, method: None }
    }
}

impl Options {
    /// What can be reached in seconds: 1e-9 hartree for one and two electrons and for any number without interaction, 1e-6 for three
    /// and four, 1e-5 for five, 2e-5 for more.
    pub fn of(system: &System) -> Self {
        Self::by(None, system)
    }

    /// Checks that the accuracy is one.
    fn check(&self) -> Result<(), ExactError> {
        let accuracy = self.accuracy;
        if accuracy > 0.0 && accuracy.is_finite() { Ok(()) } else { Err(ExactError::Accuracy { accuracy }) }
    }

    /// The accuracy that a method reaches in seconds; without one, that of [`Options::of`].
    pub fn by(method: Option<&'static dyn Method>, system: &System) -> Self {
        let accuracy = method.unwrap_or_else(|| automatic(system)).accuracy(system);
        Self { accuracy, time_limit: None, method }
    }

    /// The requested method, otherwise the first that suits the system.
    fn method_for(&self, system: &System) -> &'static dyn Method {
        self.method.unwrap_or_else(|| automatic(system))
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
    /// number is solved exactly.
    #[error(
        "`{label}` has {electrons} interacting electrons, which is too many: their determinants do not fit in memory"
    )]
    #[diagnostic(
        code(ksr::exact::electrons),
        help("`exact` handles up to about ten, or any number with `interaction: none`; `solve` handles any number")
    )]
    Electrons { label: String, electrons: usize },
    /// The exact wave function of a few electrons has as many values as the number of grid points, to the power of the number of electrons,
    /// and here this is too many.
    ///
    /// What to do: use fewer points, with a larger spacing.
    #[error(
        "{electrons} electrons on {points} grid points need a wave function of {points}^{electrons} numbers, which is too large"
    )]
    #[diagnostic(code(ksr::exact::grid), help("use at most {most} points"))]
    Grid { electrons: usize, points: usize, most: usize },
    /// The requested method cannot solve this kind of system.
    ///
    /// What to do: name one that does, or leave `method:` out.
    #[error("the method \"{method}\" does not solve `{label}`: it takes {takes}")]
    #[diagnostic(
        code(ksr::exact::method),
        help("methods that do: {}; without `method:` the first of them is used", quoted(suitable))
    )]
    Method { method: &'static str, label: String, takes: &'static str, suitable: Vec<&'static str> },
    /// The accuracy is zero, negative, infinite or not a number.
    ///
    /// What to do: give a positive number, such as `accuracy: 1e-9`.
    #[error("an accuracy must be positive and finite, not {accuracy} hartree")]
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

impl ExactError {
    /// The error of a method for a system that it does not solve.
    pub fn unsuitable(method: &dyn Method, system: &System) -> Self {
        let suitable = methods::suitable(system);
        Self::Method { method: method.name(), label: system.label.clone(), takes: method.takes(), suitable }
    }
}

/// Solves the interacting problem for the ground state with the spin of the system: two electrons with `unpaired` 2 are a triplet.
pub fn solve(system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Reference, ExactError> {
    options.check()?;
    let method = options.method_for(system);
    if options.method.is_some() && !method.suits(system) {
        return Err(ExactError::unsuitable(method, system));
    }
    let Answer { energy, density, occupations, pairs, error } = method.solve(system, options, control)?;
    let origin = Origin::Solved(method);
    Ok(Reference { system: system.clone(), energy, density, occupations, pairs, error, origin })
}

/// Names as written in a script.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

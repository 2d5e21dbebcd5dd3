//! The interacting problem, solved on the grid itself: no functional. One electron is a banded eigenproblem, two are a symmetric or
//! antisymmetric function of two coordinates, more a superposition of all determinants of the orbitals that suit them best; electrons
//! that do not interact fill orbitals. These methods stand behind one interface, [`Method`].

mod cache;
pub mod dataset;
mod davidson;
mod dense;
mod field;
mod integrals;
mod methods;
mod orbitals;
mod pairs;
mod progress;

pub use cache::{CacheWarning, cached};
pub use methods::{AUTOMATIC, Answer, METHODS, Method, automatic, named};
pub use pairs::PairDensity;

use crate::control::Control;
use crate::ks::orbitals::OrbitalError;
use crate::model::{System, both_spins};
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
    /// Natural occupations, largest first (both spins together, 0 .. 2); none in a data set, nor of a method that does not give them.
    pub occupations: Option<Vec<f64>>,
    /// Density of pairs of electrons; none in a data set, nor of a method that does not give it.
    pub pairs: Option<PairDensity>,
    /// Estimated error of the energy, hartree; not a number in a data set.
    pub error: f64,
    /// Who found it.
    pub origin: Origin,
}

/// Where a reference comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It was solved here, by that method.
    Solved(&'static dyn Method),
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
            Origin::Solved(_) => true,
            Origin::Data(entry) => entry.spins,
        }
    }

    /// The method that found it; none of a data set.
    pub fn method(&self) -> Option<&'static dyn Method> {
        match &self.origin {
            Origin::Solved(method) => Some(*method),
            Origin::Data(_) => None,
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
            Origin::Solved(_) => None,
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
    /// The method that is asked for; without one, the first that suits the system.
    pub method: Option<&'static dyn Method>,
}

impl Default for Options {
    /// 1e-9 hartree, however long it takes.
    fn default() -> Self {
        Self { accuracy: 1e-9, time_limit: None, method: None }
    }
}

impl Options {
    /// What seconds reach: 1e-9 hartree for one and two electrons and for any number without interaction, 1e-6 for three and four,
    /// 1e-5 for five, 2e-5 for more.
    pub fn of(system: &System) -> Self {
        Self::by(None, system)
    }

    /// What a method reaches in seconds, or without one what [`Options::of`] says.
    pub fn by(method: Option<&'static dyn Method>, system: &System) -> Self {
        let accuracy = method.unwrap_or_else(|| automatic(system)).accuracy(system);
        Self { accuracy, time_limit: None, method }
    }

    /// The method that is asked for, otherwise the first that suits.
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
    /// The method that is asked for does not solve such systems.
    ///
    /// What to do: name one that does, or leave `method:` out.
    #[error("the method \"{method}\" does not solve `{label}`: it takes {takes}")]
    #[diagnostic(
        code(ksr::exact::method),
        help("methods that do: {}; without `method:` the first of them is used", quoted(suitable))
    )]
    Method { method: &'static str, label: String, takes: &'static str, suitable: Vec<&'static str> },
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

impl ExactError {
    /// Of asking a method for a system that it does not take.
    pub fn unsuitable(method: &dyn Method, system: &System) -> Self {
        let suitable = methods::suitable(system);
        Self::Method { method: method.name(), label: system.label.clone(), takes: method.takes(), suitable }
    }
}

/// Solves the interacting problem of the system for the ground state of its spin: unpaired 2 of two electrons is the triplet.
pub fn solve(system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Reference, ExactError> {
    if options.accuracy.is_nan() || options.accuracy <= 0.0 {
        return Err(ExactError::Accuracy { accuracy: options.accuracy });
    }
    let method = options.method_for(system);
    if options.method.is_some() && !method.suits(system) {
        return Err(ExactError::unsuitable(method, system));
    }
    let Answer { energy, density, occupations, pairs, error } = method.solve(system, options, control)?;
    let origin = Origin::Solved(method);
    Ok(Reference { system: system.clone(), energy, density, occupations, pairs, error, origin })
}

/// Names as one writes them in a script.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

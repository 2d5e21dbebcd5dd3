//! Methods for the interacting problem: one file or folder per method, all with one interface and in one list.

mod determinants;
mod few_electrons;
mod independent;
mod mean_field;
mod series;
mod two_electrons;

pub(super) use few_electrons::most_points;
pub(super) use series::{Ground, Series};

use super::{ExactError, Options, PairDensity};
use crate::control::Control;
use crate::model::System;
use std::fmt;
use std::sync::Arc;

/// A way to solve the interacting problem.
pub trait Method: fmt::Debug + Sync {
    /// Its name in `method:` and in `.method` of its answers.
    fn name(&self) -> &'static str;

    /// The systems that it solves, for messages: "two electrons".
    fn takes(&self) -> &'static str;

    /// Whether a system is one of them. It may still be too large, which is an error of [`Method::solve`].
    fn suits(&self, system: &System) -> bool;

    /// The error of the energy, hartree, reached within seconds.
    fn accuracy(&self, system: &System) -> f64;

    /// The ground state, with the spin of the system, of a system that suits it.
    ///
    /// # Errors
    /// The system is too large, something within fails, or the user stops it.
    fn solve(&self, system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Answer, ExactError>;
}

impl PartialEq for dyn Method {
    /// Names identify methods.
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// What a method finds.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Electronic energy, hartree, without nuclear repulsion.
    pub energy: f64,
    /// Density of each spin, 1/bohr.
    pub density: [Vec<f64>; 2],
    /// Natural occupations, largest first (both spins together, 0 .. 2), if the method gives them.
    pub occupations: Option<Vec<f64>>,
    /// Density of pairs of electrons, if the method gives it.
    pub pairs: Option<PairDensity>,
    /// Estimated error of the energy, hartree.
    pub error: f64,
}

/// All methods. The default is the first that suits a system.
pub const METHODS: &[&dyn Method] =
    &[&independent::Independent, &two_electrons::TwoElectrons, &determinants::Determinants];

/// The name of the choice by [`automatic`] in `method:`.
pub const AUTOMATIC: &str = "automatic";

/// All that `method:` takes: the choice by [`automatic`], and the names of [`METHODS`] in their order.
pub const METHOD_NAMES: &[&str] = &[AUTOMATIC, "independent", "two_electrons", "determinants"];

/// The default method for a system; if none suits it, determinants, whose error says why.
pub fn automatic(system: &System) -> &'static dyn Method {
    METHODS.iter().copied().find(|method| method.suits(system)).unwrap_or(&determinants::Determinants)
}

/// The method with a name.
pub fn named(name: &str) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|method| method.name() == name)
}

/// The names of the methods that suit a system.
pub(super) fn suitable(system: &System) -> Vec<&'static str> {
    METHODS.iter().filter(|method| method.suits(system)).map(|method| method.name()).collect()
}

#[cfg(test)]
mod tests;

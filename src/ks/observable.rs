//! What a loss may use of a Kohn-Sham trajectory.

use super::KsError;
use super::occupation::Occupation;
use crate::model::System;
use crate::tensor::{Backend, Value};

/// What a loss may use of a Kohn-Sham trajectory: the inputs of its graph, one per index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observable {
    /// Electronic energy of the output of iteration k (from 0). Scalar.
    Energy(usize),
    /// Total density mixed after iteration k. Field of one channel.
    Density(usize),
    /// Density at the end (as in [`Run::density`](super::Run::density)) of spin 0 (up) or 1 (down). Field.
    SpinDensity(usize),
    /// Kohn-Sham potential of the last iteration of spin 0 or 1. Field.
    Potential(usize),
    /// xc potential of the last iteration of spin 0 or 1. Field.
    XcPotential(usize),
    /// A term of the energy of the last iteration, by its name. Scalar.
    Part(&'static str),
    /// Orbital energy `index` (from 0; occupied ones and the lowest unoccupied) of the last iteration. Scalar.
    OrbitalEnergy {
        /// 0 up, 1 down.
        spin: usize,
        /// Which, from below.
        index: usize,
    },
    /// Without orbitals, the derivative of the kinetic energy with respect to the density of spin 0 or 1. Field.
    KineticPotential(usize),
    /// Without orbitals, the chemical potential of spin 0 or 1. Scalar.
    ChemicalPotential(usize),
    /// Integral of |n_out - n_in| of the last iteration. Scalar.
    Residual,
    /// The parameters of the functional, as the optimiser stores them. Vector.
    Parameters,
}

/// The values of observables in order, each from `observed`.
///
/// # Errors
/// Those of `observed`.
pub(super) fn observe<D: Backend, T>(
    wanted: &[Observable],
    mut tape: T,
    observed: impl Fn(Observable, T) -> Result<(Value<D>, T), KsError>,
) -> Result<(Vec<Value<D>>, T), KsError> {
    let mut values = Vec::with_capacity(wanted.len());
    for observable in wanted {
        let (value, next) = observed(*observable, tape)?;
        values.push(value);
        tape = next;
    }
    Ok((values, tape))
}

impl Observable {
    /// Whether it needs the energies of the last iteration.
    pub(crate) fn is_energy_part(&self) -> bool {
        matches!(self, Observable::Part(_))
    }

    /// Whether it is an orbital energy of spin 0 (up) or 1 (down).
    pub(crate) fn is_orbital_energy(&self, of: usize) -> bool {
        matches!(self, Observable::OrbitalEnergy { spin, .. } if *spin == of)
    }

    /// Whether it is a field rather than a number.
    pub(crate) fn is_field(&self) -> bool {
        use Observable::{
            ChemicalPotential, Density, Energy, KineticPotential, OrbitalEnergy, Parameters, Part, Potential, Residual,
            SpinDensity, XcPotential,
        };
        match self {
            Density(_) | SpinDensity(_) | Potential(_) | XcPotential(_) | KineticPotential(_) => true,
            Energy(_) | Part(_) | OrbitalEnergy { .. } | ChemicalPotential(_) | Residual | Parameters => false,
        }
    }

    /// Its name in messages.
    fn words(&self) -> String {
        match self {
            Observable::Energy(k) => format!("the energy of iteration {k}"),
            Observable::Density(k) => format!("the density of iteration {k}"),
            Observable::OrbitalEnergy { spin, index } => {
                format!("orbital energy {index} of spin {}", name(*spin))
            }
            Observable::SpinDensity(spin) => format!("the density of spin {}", name(*spin)),
            Observable::Potential(spin) => format!("the Kohn-Sham potential of spin {}", name(*spin)),
            Observable::XcPotential(spin) => format!("the xc potential of spin {}", name(*spin)),
            Observable::KineticPotential(spin) => format!("the kinetic potential of spin {}", name(*spin)),
            Observable::ChemicalPotential(spin) => format!("the chemical potential of spin {}", name(*spin)),
            Observable::Part(term) => format!("the {term} energy"),
            Observable::Residual => "the residual".to_owned(),
            Observable::Parameters => "the parameters".to_owned(),
        }
    }

    /// The error if it is not available.
    pub(in crate::ks) fn absent(&self, system: &System, has: String) -> KsError {
        KsError::NoSuchObservable { what: self.words(), system: system.label.clone(), has }
    }

    /// Checks that a trajectory of `iterations` iterations has it.
    ///
    /// # Errors
    /// [`KsError::NoSuchObservable`] if not.
    pub(crate) fn check(&self, iterations: usize, system: &System, occupation: &Occupation) -> Result<(), KsError> {
        match *self {
            Observable::Energy(k) | Observable::Density(k) if k >= iterations => {
                Err(self.absent(system, format!("has {iterations} iterations, counted from 0")))
            }
            Observable::OrbitalEnergy { spin, index } => {
                let levels = occupation.channels[occupation.channel(spin)].levels;
                if index < levels {
                    return Ok(());
                }
                Err(self.absent(system, format!("calculates {levels} of them, counted from 0")))
            }
            Observable::KineticPotential(_) | Observable::ChemicalPotential(_) => {
                Err(self.absent(system, "is solved with orbitals".to_owned()))
            }
            Observable::Energy(_) | Observable::Density(_) => Ok(()),
            Observable::SpinDensity(_) | Observable::Potential(_) | Observable::XcPotential(_) => Ok(()),
            Observable::Part(_) | Observable::Residual | Observable::Parameters => Ok(()),
        }
    }
}

fn name(spin: usize) -> &'static str {
    if spin == 0 { "up" } else { "down" }
}

//! The ways to a self-consistent density, by name.

use super::Mixing;
use serde::{Deserialize, Serialize};

/// A way to a self-consistent density.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Way {
    /// Linear mixing.
    Linear,
    /// Pulay's method.
    Diis,
    /// Pulay's method while levels that nearly coincide share electrons, as they would at a temperature.
    Shared,
    /// Pulay's method with short steps.
    Damped,
    /// From the density of a more compact geometry, in steps.
    Continued,
    /// Minimising the energy over the orbitals.
    Direct,
}

impl Way {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Way::Linear => "linear mixing",
            Way::Diis => "DIIS",
            Way::Shared => "shared electrons",
            Way::Damped => "damping",
            Way::Continued => "continuation",
            Way::Direct => "direct minimisation",
        }
    }

    /// That of a mixing.
    pub(super) fn of(mixing: &Mixing) -> Self {
        match mixing {
            Mixing::Linear { .. } => Way::Linear,
            Mixing::Diis { .. } => Way::Diis,
        }
    }
}

/// `DIIS, damping and continuation`.
pub(super) fn listed(ways: &[Way]) -> String {
    let names: Vec<&str> = ways.iter().map(|way| way.name()).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

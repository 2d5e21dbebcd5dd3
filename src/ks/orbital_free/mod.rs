//! Calculations without orbitals: the density that minimises E\[n\] = T\[n\] + E_H\[n\] + E_xc\[n\] + ∫ n v for a kinetic functional T and a
//! fixed number of electrons. With n = ψ² it is never negative; the derivative is 2ψ (δE/δn - μ), and μ is the chemical potential
//! (M. Levy, J. P. Perdew, V. Sahni, Phys. Rev. A 30, 2745 (1984)).

mod band;
mod energy;
mod minimise;
mod minimum;
mod projected;
mod run;
mod start;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use minimum::Minimum;
pub use projected::Projection;
pub use run::{OrbitalFree, Part, solve};
pub(crate) use run::{first_density, highest_levels};

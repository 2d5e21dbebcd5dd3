//! Exact exchange: functionals that depend on the orbitals through the energy density
//!
//! X(x) = -1/2 sum over spins, sum_ab psi_a(x) psi_b(x) integral w(x - x') psi_a(x') psi_b(x') dx'
//!
//! of their exchange (hartree/bohr), with the sums over the occupied orbitals of a spin: Hartree-Fock, whose energy is the integral of
//! X; hybrids, with a fraction of it (A. D. Becke, J. Chem. Phys. 98, 1372 (1993)); local hybrids, with a fraction that depends on the
//! density (J. Jaramillo, G. E. Scuseria, M. Ernzerhof, J. Chem. Phys. 118, 1068 (2003)). With g(x) = dE_xc/dX(x), the orbitals feel,
//! besides a local potential, the operator
//!
//! (K phi)(x) = -1/2 sum_b psi_b(x) integral \[g(x) + g(x')\] w(x - x') psi_b(x') phi(x') dx',
//!
//! which is no potential. So the orbitals are not found by iterating densities but by minimising the energy (`direct`): the generalised
//! Kohn-Sham equations of A. Seidl et al., Phys. Rev. B 53, 3764 (1996).

mod empty;
mod pairs;
mod settle;
mod settled;
mod start;
#[cfg(test)]
mod symmetry_tests;
#[cfg(test)]
mod tests;

pub(super) use pairs::Exchange;
pub(super) use settle::{from, settle};
pub(crate) use settled::Settled;

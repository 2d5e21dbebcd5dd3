//! Kohn-Sham: Hamiltonian, orbitals, energies, mixing, the unrolled loop.

mod adjoint;
pub(crate) mod banded;
mod block;
mod error;
mod follow;
mod formulas;
pub mod hamiltonian;
mod isolate;
mod kohn_sham;
mod lanes;
mod ldl;
mod linear;
mod mirror;
mod observable;
mod occupation;
mod options;
pub mod orbitals;
mod orbitals_operator;
mod orthonormal;
mod properties;
mod pulay;
mod response;
mod run;
mod schedule;
mod search;
mod solve;
mod terms;
mod unroll;
mod warning;

pub(crate) use adjoint::{adjoint, pull, taken};
pub(crate) use kohn_sham::{Equations, KohnSham, Setting, device_error, fields, functional_error};
pub(crate) use occupation::Occupation;
pub(crate) use properties::{Datum, PROPERTIES, Property, Seen, Trajectory};
pub(crate) use schedule::{MAX_ITERATIONS, Schedule};
pub(crate) use unroll::Unrolled;

pub use error::KsError;
pub use observable::Observable;
pub use options::{Mixing, ScfOptions};
pub use run::{Run, Stop};
pub(crate) use solve::solve_bound;
pub use solve::{InitialDensity, solve};
pub use warning::KsWarning;

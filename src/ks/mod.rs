//! Kohn-Sham: Hamiltonian, orbitals, energies, mixing, the unrolled loop.

mod adjoint;
mod attempt;
pub(crate) mod banded;
mod block;
mod direct;
mod error;
mod exchange;
mod follow;
mod formulas;
pub mod hamiltonian;
mod inversion;
mod isolate;
mod kept;
mod kohn_sham;
mod ladder;
mod lanes;
mod ldl;
mod linear;
mod mirror;
mod observable;
mod occupation;
mod options;
pub mod orbital_free;
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
mod stability;
mod terms;
mod unroll;
mod warning;
mod way;

pub(crate) use adjoint::{adjoint, pull, taken};
pub(crate) use exchange::Settled;
pub(crate) use inversion::{
    Constant, Density, Inversion, InversionError, InversionWarning, Softness, above, invert, whole_electrons,
};
pub(crate) use kohn_sham::{Equations, KohnSham, Setting, device_error, fields, functional_error};
pub(crate) use occupation::Occupation;
pub(crate) use orbital_free::{Minimum, first_density, highest_levels};
pub(crate) use properties::{Datum, NO_ENERGY, NO_ORBITALS, PROPERTIES, Property, Seen, Trajectory, Verdict};
pub(crate) use pulay::Pulay;
pub(crate) use schedule::{MAX_ITERATIONS, Schedule};
pub(crate) use unroll::Unrolled;

pub use error::KsError;
pub use kept::{kept, recalled};
pub use observable::Observable;
pub use options::{Mixing, ScfOptions};
pub use orbital_free::{OrbitalFree, Projection};
pub use run::{Run, Stop};
pub(crate) use solve::solve_bound;
pub use solve::{InitialDensity, solve};
pub use stability::{Stability, stability};
pub use warning::KsWarning;
pub(crate) use warning::{at_edge, beyond_convergence};
pub use way::Way;

//! Plain physics data: grid, interaction, system. Hartree atomic units. Everything here is `Send + Sync`.

mod build;
mod cusp;
mod grid;
mod interaction;
mod system;

pub use build::{BuildError, Part, Parts, SystemError, SystemNote};
pub use grid::{Grid, GridError, Mirror, ON_POINT, Wall};
pub use interaction::Interaction;
pub use system::{MirrorError, Nucleus, System, both_spins};

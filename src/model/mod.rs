//! Plain physics data: grid, interaction, system. Hartree atomic units. Everything here is `Send + Sync`.

mod grid;
mod interaction;
mod system;

pub use grid::{Grid, Wall};
pub use interaction::Interaction;
pub use system::{Nucleus, System};

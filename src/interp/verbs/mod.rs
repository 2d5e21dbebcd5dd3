//! Functions that run the physics: solving, training, probing functionals, loading and saving models.

mod archive;
mod committee;
mod corrected;
mod describe;
mod exact;
mod exact_functional;
mod fits;
mod given;
mod invert;
mod inverted;
mod kernel;
mod load;
#[cfg(test)]
mod load_tests;
mod machines;
mod mixing;
mod optimizers;
mod orbital_free;
#[cfg(test)]
mod origin_tests;
mod probe;
mod save;
#[cfg(test)]
mod save_tests;
mod scf;
mod solve;
mod task;
mod train;
mod trust;

pub(crate) use committee::COMMITTEES;
pub(crate) use corrected::CORRECTED;
pub(crate) use exact::EXACT;
pub(crate) use exact_functional::EXACT_FUNCTIONAL;
pub(crate) use invert::INVERSION;
pub(crate) use inverted::{INVERTED, Inverted};
pub(crate) use kernel::KERNEL;
pub(crate) use load::{MODELS, holds_model};
pub(crate) use machines::{MACHINES, written_machine};
pub(crate) use mixing::MIXING;
pub(crate) use optimizers::OPTIMIZERS;
pub(crate) use probe::FUNCTIONALS;
pub(crate) use save::names_of;
pub(crate) use solve::{ANSWERS, system_in};
pub(crate) use train::TRAINING;
pub(crate) use trust::TRUST;

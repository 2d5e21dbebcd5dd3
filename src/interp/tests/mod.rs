//! The language as its users see it.

mod ensembles;
pub(crate) mod helpers;
mod language;
mod library;
mod limits;
mod system;
mod trust;
mod units;
mod verdicts;

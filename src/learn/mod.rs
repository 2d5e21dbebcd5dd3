//! Learning without a graph: kernel ridge regression of numbers, lists and fields, with its cross-validation. A machine is plain data;
//! what calls it, or makes it a part of a functional, is in `interp`.

mod basis;
mod cross;
mod decomposed;
mod error;
mod inputs;
mod kernel;
mod machine;
#[cfg(test)]
mod tests;

pub use basis::{Basis, Expansion};
pub use cross::{Candidate, Choice, Scores, choose, scores};
pub use decomposed::{Decomposed, least_noise};
pub use error::LearnError;
pub use inputs::Inputs;
pub use kernel::Profile;
pub use machine::{Head, Machine, fit};

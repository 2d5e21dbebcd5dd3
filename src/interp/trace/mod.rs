//! Tracing: the bodies of functionals and losses, evaluated once by the same evaluator over symbolic values, become graphs.
//! A [`Symbol`] is a node of a graph under construction; whatever the evaluator does with it appends to that graph.

mod arithmetic;
mod body;
mod compile;
mod describe;
mod error;
mod fields;
mod functional;
mod given;
mod layers;
mod load;
#[cfg(test)]
mod load_tests;
mod loss;
mod model;
mod options;
mod params;
mod probe;
mod same;
mod save;
#[cfg(test)]
mod save_tests;
mod solve;
mod symbol;
#[cfg(test)]
mod tests;
mod train;
#[cfg(test)]
mod train_tests;

pub(crate) use arithmetic::{Reduce, binary, index, reduce, select, unary};
pub(crate) use fields::FIELDS;
pub(crate) use layers::LAYERS;
pub(crate) use load::{MODELS, holds_model};
pub(crate) use model::MEMBERS;
pub(crate) use options::OPTIMIZERS;
pub(crate) use probe::FUNCTIONALS;
pub(crate) use solve::{ANSWERS, system_in};
pub(crate) use train::TRAINING;

pub use error::{Advice, TraceError};
pub use functional::{Functional, Start, Traced};
pub use loss::Loss;
pub use model::{Model, Training};
pub use symbol::{Layer, Symbol, Trace};

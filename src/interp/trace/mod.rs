//! Tracing: the bodies of functionals and losses become graphs by being evaluated once, by the same evaluator, over symbolic values.
//! A [`Symbol`](super::value::Symbol) is a node of a graph under construction; every operation on it appends to that graph.

mod body;
mod compile;
#[cfg(test)]
mod exchange_tests;
mod fields;
mod layers;
#[cfg(test)]
mod limits_tests;
mod loss;
mod param;
mod probe;
mod same;
#[cfg(test)]
mod tests;

pub(crate) use compile::Ready;
pub(crate) use fields::FIELDS;
pub(crate) use layers::LAYERS;
pub(crate) use loss::{Subject, UNSOLVED_ENERGIES, not_solved};
pub(crate) use param::flat;
pub(crate) use probe::{by_spin, no_interaction, potential_functional};

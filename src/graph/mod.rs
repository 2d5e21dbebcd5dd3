//! The compiler for formulas of fields (functionals, losses, field formulas, those of the loop): a graph of typed nodes, its
//! differentiation (graph to graph), its routine, and the lowering to dfdx. It knows neither syntax trees nor functionals.

mod build;
mod cost;
mod differentiate;
mod error;
mod evaluate;
mod fold;
mod identity;
mod layers;
mod linear;
mod lower;
mod maps;
mod nodes;
mod operators;
pub(crate) mod parameters;
pub(crate) mod routine;
mod shapes;

pub use cost::Operations;
pub use differentiate::{DifferentiateError, gradient};
pub use error::LowerError;
pub use evaluate::{Binding, Formula};
pub use identity::Identity;
pub use layers::Layer;
pub use linear::adds_up;
pub use lower::Lowered;
pub use maps::GridMap;
pub use nodes::{Binary, Graph, Init, InputSpec, Node, NodeId, Op, ParamSpec, Unary};
pub use routine::Routine;
pub use shapes::{Shape, ShapeError, size};

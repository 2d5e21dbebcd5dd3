//! The differentiable core, which knows no syntax tree: a graph of typed nodes, its differentiation (graph to graph), its
//! lowering to dfdx, and its parameters.

mod build;
mod differentiate;
mod fold;
mod fuse;
pub mod graph;
mod parameters;
mod shapes;

pub use differentiate::{DifferentiateError, gradient};
pub use fuse::Plan;
pub use graph::{Binary, Graph, Init, InputSpec, Node, NodeId, Op, ParamSpec, Shape, Unary};
pub use shapes::ShapeError;

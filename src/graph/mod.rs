//! The compiler for formulas of fields (functionals, losses, field formulas, those of the loop): a graph of typed nodes, its
//! differentiation (graph to graph), its plan, and the lowering to dfdx. It knows neither syntax trees nor functionals.

mod build;
mod differentiate;
mod evaluate;
mod fold;
mod layers;
mod lower;
mod maps;
mod memory;
mod nodes;
mod operations;
pub mod parameters;
pub(crate) mod plan;

mod shapes;

pub use differentiate::{DifferentiateError, gradient};
pub use evaluate::{Bound, Formula};
pub use layers::Layer;
pub use lower::{LowerError, Lowered};
pub use maps::GridMap;
pub use nodes::{Binary, Graph, Init, InputSpec, Node, NodeId, Op, ParamSpec, Shape, Unary};
pub use operations::Operations;
pub use plan::Plan;
pub use shapes::{ShapeError, size};

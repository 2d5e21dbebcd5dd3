//! The differentiable core, which knows no syntax tree: a graph of typed nodes, its differentiation (graph to graph), its
//! lowering to dfdx, and its parameters.

mod build;
mod closed;
mod compiled;
mod describe;
mod diagnose;
mod differentiate;
mod fold;
mod fuse;
pub mod graph;
mod lower;
mod memory;
mod operations;
mod parameters;
mod shapes;
mod xc;

pub use compiled::{CompileError, Compiled, Definition, Density};
pub use describe::Layer;
pub use diagnose::NonFinite;
pub use differentiate::{DifferentiateError, gradient};
pub use fuse::Plan;
pub use graph::{Binary, Graph, Init, InputSpec, Node, NodeId, Op, ParamSpec, Shape, Unary};
pub use lower::{Bound, LowerError, Lowered};
pub use operations::Operations;
pub use shapes::{ShapeError, size};
pub use xc::{BoundXc, DENSITY_SHIFT, Evaluation, LoweredXc, Xc};

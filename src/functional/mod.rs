//! The differentiable core, which knows no syntax tree: a graph of typed nodes, its differentiation (graph to graph), its
//! lowering to dfdx, and its parameters.

pub mod graph;

pub use graph::{Binary, Graph, Init, InputSpec, Node, NodeId, Op, ParamSpec, Shape, Unary};

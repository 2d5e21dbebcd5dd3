//! Losses as values.

use super::{Closure, Value};
use crate::graph::{Graph, NodeId};
use crate::ks::Observable;
use crate::lang::ast::ParamDecl;
use std::rc::Rc;

/// A loss.
#[derive(Debug)]
pub struct Loss {
    /// Parameters (the run, the reference, options), body, and the names it sees.
    pub closure: Rc<Closure>,
    /// Options bound by a call.
    pub options: Vec<(Rc<str>, Value)>,
}

/// A loss of one system as a graph over what a trajectory shows.
#[derive(Clone, Debug)]
pub struct TracedLoss {
    /// The graph; input i is `inputs[i]`.
    pub graph: Graph,
    /// The loss: a single number.
    pub output: NodeId,
    /// What the inputs are.
    pub inputs: Vec<Observable>,
}

impl Loss {
    /// A definition as it stands.
    pub fn new(closure: Rc<Closure>) -> Self {
        Self { closure, options: Vec::new() }
    }

    /// Its name.
    pub fn name(&self) -> &Rc<str> {
        &self.closure.def.name.name
    }

    /// What its definition declares.
    pub(crate) fn params(&self) -> &[ParamDecl] {
        &self.closure.def.params
    }
}

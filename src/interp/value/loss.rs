//! Losses as values.

use super::{Closure, Value};
use crate::lang::ast::ParamDecl;
use std::rc::Rc;

/// A loss.
#[derive(Debug)]
pub struct Loss {
    /// Parameters (the run, the reference, options), body, and the names it sees.
    pub closure: Rc<Closure>,
    /// Options set by a call.
    pub options: Vec<(Rc<str>, Value)>,
}

impl Loss {
    /// The loss of a definition, without options.
    pub fn new(closure: Rc<Closure>) -> Self {
        Self { closure, options: Vec::new() }
    }

    /// Its name.
    pub fn name(&self) -> &Rc<str> {
        &self.closure.def.name.name
    }

    /// The parameters of its definition.
    pub(crate) fn params(&self) -> &[ParamDecl] {
        &self.closure.def.params
    }
}

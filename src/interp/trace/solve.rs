//! Systems into answers: the exact one.

use super::error::TraceError;
use crate::exact::Reference;
use crate::interp::Interpreter;
use crate::interp::error::fail;
use crate::model::System;
use crate::problem::Result;
use crate::source::Span;
use std::sync::Arc;

impl Interpreter {
    /// The exact answer of a system.
    pub(crate) fn exact(&mut self, system: &Arc<System>, span: Span) -> Result<Arc<Reference>> {
        let message = format!("the exact answer of `{}` is not available", system.label);
        fail(TraceError::Failed { message, span }, span)
    }
}

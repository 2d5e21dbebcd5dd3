//! Gives errors of the layers below, which do not know the script, their place in it, and errors in the library that of the call.

use crate::problem::Problem;
use crate::source::Span;
use miette::{Diagnostic, LabeledSpan, Severity};
use std::error::Error;
use std::fmt::{self, Display};

/// A diagnostic at a place.
#[derive(Debug)]
pub struct Placed {
    inner: Box<dyn Diagnostic + Send + Sync>,
    span: Span,
    label: String,
}

impl Placed {
    /// `inner`, with a label at `span`.
    pub fn new(inner: impl Diagnostic + Send + Sync + 'static, span: Span, label: impl Into<String>) -> Self {
        Self::moved(Box::new(inner), span, label)
    }

    /// `inner` with a label at `span` instead of its own labels.
    pub fn moved(inner: Box<dyn Diagnostic + Send + Sync>, span: Span, label: impl Into<String>) -> Self {
        Self { inner, span, label: label.into() }
    }
}

/// The error of a problem, if it is one of a stage, with its own place or moved to another.
pub fn inside<E: Error + 'static>(problem: &Problem) -> Option<&E> {
    let mut diagnostic = &*problem.error;
    loop {
        let error: &(dyn Error + 'static) = diagnostic;
        match error.downcast_ref::<Placed>() {
            Some(placed) => diagnostic = &*placed.inner,
            None => return error.downcast_ref(),
        }
    }
}

impl Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Error for Placed {}

impl Diagnostic for Placed {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.inner.code()
    }
    fn severity(&self) -> Option<Severity> {
        self.inner.severity()
    }
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.inner.help()
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.label.clone()), self.span))))
    }
}

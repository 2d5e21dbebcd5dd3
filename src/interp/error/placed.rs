//! Errors of the layers below, which know no script, given their place in one.

use crate::source::Span;
use miette::{Diagnostic, LabeledSpan, Severity};
use std::fmt::{self, Display};

/// A diagnostic without labels, at a place.
#[derive(Debug)]
pub struct Placed<E> {
    inner: E,
    span: Span,
    label: String,
}

impl<E: Diagnostic> Placed<E> {
    /// `inner`, with a label at `span`.
    pub fn new(inner: E, span: Span, label: impl Into<String>) -> Self {
        Self { inner, span, label: label.into() }
    }
}

impl<E: Display> Display for Placed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<E: Diagnostic> std::error::Error for Placed<E> {}

impl<E: Diagnostic> Diagnostic for Placed<E> {
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

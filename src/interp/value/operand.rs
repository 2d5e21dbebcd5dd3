//! A value with the place it came from.

use super::Value;
use crate::source::Span;

/// A value with its place.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// The value.
    pub value: &'a Value,
    /// The expression.
    pub span: Span,
}

impl<'a> Operand<'a> {
    /// A value that came from an expression.
    pub fn new(value: &'a Value, span: Span) -> Self {
        Self { value, span }
    }
}

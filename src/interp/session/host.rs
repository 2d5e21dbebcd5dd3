//! What the interpreter needs of whoever runs it; its files come from a [`World`](crate::world::World). The command line
//! implements it; tests collect.

use crate::control::Control;
use crate::interp::value::{Figure, Value};
use crate::problem::Problem;
use crate::source::{Sources, Span};
use std::path::Path;

/// A value to be displayed.
pub struct Shown<'a> {
    /// The value.
    pub value: &'a Value,
    /// The expression statement.
    pub span: Span,
    /// All texts.
    pub sources: &'a Sources,
}

/// Display, warnings, drawing, progress and interruption.
pub trait Host: Control {
    /// An expression statement's value.
    fn show(&self, shown: &Shown<'_>);
    /// `print("…")`.
    fn print(&self, text: &str);
    /// A warning or note.
    fn warn(&self, problem: Problem, sources: &Sources);
    /// An interruption was answered: the work it stopped gave the best it had, and the script goes on with that. From now on
    /// [`Control::interrupted`] is false again, until the next one.
    fn answered(&self) {}
    /// The content of the file of that name (`.svg`, `.png`) with a figure drawn into it; the message of a failure is for the
    /// user.
    fn draw(&self, figure: &Figure, path: &Path) -> Result<Vec<u8>, String>;
}

//! What the interpreter needs of the world around it. The command line implements it; tests collect.

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

/// The world: display, warnings, files that need drawing, progress and interruption.
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
    /// Draws a figure into a file (`.svg`, `.png`); the message of a failure is for the user.
    fn draw(&self, figure: &Figure, path: &Path) -> Result<(), String>;
}

//! What the interpreter needs from its host; files come from a [`World`](crate::world::World). The command line
//! implements it; tests collect what is shown.

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
    /// An interruption was answered: the work it stopped returned its best result so far, and the script continues with that. From now
    /// on [`Control::interrupted`] is false again, until the next interruption. False if the script must not continue: the process is
    /// to end, or its time is over.
    fn answered(&self) -> bool {
        true
    }
    /// A figure drawn as the content of a file with that name (`.svg`, `.png`); the message of a failure is for the user.
    fn draw(&self, figure: &Figure, path: &Path) -> Result<Vec<u8>, String>;
}

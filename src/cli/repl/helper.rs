//! The helper that rustyline calls while a line is typed.

use super::complete::complete;
use super::highlight;
use crate::interp::Interpreter;
use crate::interp::assist::unfinished::needs_more_lines;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// Completion, hints from history, multi-line entries decided by the real parser, colours.
pub struct ReplHelper {
    interpreter: Rc<RefCell<Interpreter>>,
    hinter: HistoryHinter,
}

impl ReplHelper {
    /// Knows the names of an interpreter.
    pub fn new(interpreter: Rc<RefCell<Interpreter>>) -> Self {
        Self { interpreter, hinter: HistoryHinter::new() }
    }
}

impl Helper for ReplHelper {}

impl Completer for ReplHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        match self.interpreter.try_borrow() {
            Ok(interpreter) => Ok(complete(&interpreter, line, pos)),
            Err(_) => Ok((pos, Vec::new())),
        }
    }
}

impl Hinter for ReplHelper {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, ctx: &Context<'_>) -> Option<String> {
        if line.len() < 2 || pos < line.len() { None } else { self.hinter.hint(line, pos, ctx) }
    }
}

impl Validator for ReplHelper {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if goes_on(ctx.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// Whether an entry needs another line. A command never does.
pub fn goes_on(entry: &str) -> bool {
    !entry.trim_start().starts_with(':') && needs_more_lines(entry)
}

impl Highlighter for ReplHelper {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        highlight::coloured(line, pos).into()
    }
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        format!("\u{1b}[1;34m{prompt}\u{1b}[0m").into()
    }
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        format!("\u{1b}[90m{}\u{1b}[0m", highlight::pictured(hint)).into()
    }
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::goes_on;

    #[test]
    fn a_command_takes_one_line() {
        assert!(goes_on("max(1,") && !goes_on("max(1, 2)"));
        assert!(!goes_on(":load x(") && !goes_on(" :help"));
    }
}

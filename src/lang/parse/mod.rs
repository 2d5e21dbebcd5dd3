//! Text to tree, with the grammar of `grammar/ksr.pest`.

mod build;
mod error;
mod grammar;
mod operators;

pub use error::ParseError;

use crate::lang::ast::Program;
use crate::problem::Problem;
use crate::source::{SourceId, Span};
use build::Builder;
use grammar::{Grammar, Rule};
use pest::Parser;

/// What the REPL is told of the text typed so far.
#[derive(Debug)]
pub enum Entry {
    /// Ready to run.
    Complete(Program),
    /// It may go on in the next line.
    Incomplete,
    /// Wrong, whatever follows.
    Wrong(Vec<Problem>),
}

/// Reads a text. All errors are reported, sorted by place.
pub fn parse(source: SourceId, text: &str) -> Result<Program, Vec<Problem>> {
    match Grammar::parse(Rule::program, text) {
        Ok(mut pairs) => {
            let Some(pair) = pairs.next() else { return Ok(Program { statements: Vec::new() }) };
            let (program, errors) = Builder::new(source, text).program(pair);
            if errors.is_empty() {
                return Ok(program);
            }
            Err(errors
                .into_iter()
                .map(|e| {
                    let span = e.span();
                    Problem::new(e, span)
                })
                .collect())
        }
        Err(failure) => {
            let at = match failure.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            let span = Span { source, start: at as u32, end: at as u32 };
            let error = ParseError::Unexpected {
                expected: "something else".into(),
                found: "this".into(),
                span,
                label: "here".into(),
                help: None,
            };
            Err(vec![Problem::new(error, span)])
        }
    }
}

/// Reads an entry of the REPL.
pub fn parse_entry(source: SourceId, text: &str) -> Entry {
    match parse(source, text) {
        Ok(program) => Entry::Complete(program),
        Err(problems) => Entry::Wrong(problems),
    }
}

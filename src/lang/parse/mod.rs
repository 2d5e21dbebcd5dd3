//! From source text to syntax tree, with the grammar of `grammar/ksr.pest`.

mod build;
mod error;
mod explain;
mod grammar;
mod operators;
mod scan;
#[cfg(test)]
mod tests;

pub use error::ParseError;
pub(super) use grammar::{Grammar, Rule};
pub use scan::{Token, TokenKind};

use crate::lang::ast::Program;
use crate::problem::Problem;
use crate::source::SourceId;
use build::Builder;
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use scan::{Scan, scan};
use std::ops::Range;

/// What the text typed so far is, for the REPL.
#[derive(Debug)]
pub enum Entry {
    /// Ready to run.
    Complete(Program),
    /// It may continue on the next line.
    Incomplete,
    /// Invalid, whatever follows.
    Wrong(Vec<Problem>),
}

/// At most this many errors are reported.
const MAX_ERRORS: usize = 20;

/// The part of a text that could be parsed.
#[derive(Debug)]
pub struct Partial {
    /// The statements without errors; a statement that contains a wrong one is kept without it.
    pub program: Program,
    /// The errors in the others, sorted by place.
    pub problems: Vec<Problem>,
}

/// The tokens of a text, with or without errors, and without comments and spaces. They end where the text is nested too deeply.
pub fn tokens(text: &str) -> Vec<Token> {
    scan(SourceId::default(), text).tokens
}

/// Parses a text.
///
/// # Errors
/// Those of [`partial`]: all are reported, sorted by place.
pub fn parse(source: SourceId, text: &str) -> Result<Program, Vec<Problem>> {
    let Partial { program, problems } = partial(source, text);
    if problems.is_empty() { Ok(program) } else { Err(problems) }
}

/// Parses as much of a text as possible: one wrong statement does not hide the next.
pub fn partial(source: SourceId, text: &str) -> Partial {
    let scanned = scan(source, text);
    let mut errors = Vec::new();
    let mut readable = Masked::new(text);
    for (error, mask) in &scanned.errors {
        errors.push(error.clone());
        if errors.len() == MAX_ERRORS {
            readable.hide(mask.start..text.len());
            break;
        }
        let mask = if mask.is_empty() { scanned.region(mask.start) } else { mask.clone() };
        readable.hide(mask);
    }
    let program = read(source, &mut readable, &mut errors).unwrap_or_else(|| beginning(source, &mut readable));
    Partial { program, problems: problems(errors) }
}

/// Parses an entry of the REPL: incomplete if the parser could continue with one more line.
pub fn parse_entry(source: SourceId, text: &str) -> Entry {
    let problems = match parse(source, text) {
        Ok(program) => return Entry::Complete(program),
        Err(problems) => problems,
    };
    let scanned = scan(source, text);
    let only_open = scanned.errors.is_empty() || scanned.open_at_end;
    let next_line = format!("{}\n", text.trim_end_matches(['\n', '\r', ' ', '\t']));
    match Grammar::parse(Rule::program, &next_line) {
        Err(failure) if only_open && place(&failure) == next_line.len() => Entry::Incomplete,
        _ => Entry::Wrong(problems),
    }
}

/// Parses until there are no more errors, masking each wrong statement in turn.
fn read(source: SourceId, readable: &mut Masked<'_>, errors: &mut Vec<ParseError>) -> Option<Program> {
    while errors.len() < MAX_ERRORS {
        let text = readable.text();
        let failure = match Grammar::parse(Rule::program, &text) {
            Ok(mut pairs) => {
                let (program, found) = Builder::new(source, &text).program(pairs.next()?);
                // Where a statement is masked, a block may have lost its value.
                let whole = errors.is_empty();
                errors.extend(found.into_iter().filter(|e| whole || !depends_on_neighbours(e)));
                return Some(program);
            }
            Err(failure) => failure,
        };
        let at = place(&failure);
        let scanned = scan(source, &text);
        let expected = match &failure.variant {
            ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
            ErrorVariant::CustomError { .. } => &[],
        };
        let error = explain::explain(source, &text, &scanned, at, expected);
        // A line that ended too early is reported at its end, although parsing stopped on the next one.
        let wrong = at.min(error.span().start as usize);
        if !errors.iter().any(|e| e.span() == error.span()) {
            errors.push(error);
        }
        if !readable.hide_around(&scanned, wrong) {
            break;
        }
        // The block on the next line belongs to the head that was wrong.
        let below = scanned.region(wrong).end;
        let block = text.get(below..).map_or(below, |rest| below + rest.len() - rest.trim_start().len());
        if text.get(below..block).is_some_and(|gap| gap.contains('\n')) && text[block..].starts_with('{') {
            readable.hide_around(&scanned, block);
        }
    }
    None
}

/// The statements before the first that cannot be read.
fn beginning(source: SourceId, readable: &mut Masked<'_>) -> Program {
    let mut end = readable.text.len();
    while end > 0 {
        let text = readable.text();
        let at = match Grammar::parse(Rule::program, &text) {
            Ok(mut pairs) => match pairs.next() {
                Some(pair) => return Builder::new(source, &text).program(pair).0,
                None => break,
            },
            Err(failure) => place(&failure).min(end - 1),
        };
        let around = scan(source, &text).regions.into_iter().filter(|r| r.start <= at && at <= r.end);
        end = around.map(|region| region.start).min().unwrap_or(at);
        readable.hide(end..readable.text.len());
    }
    Program { statements: Vec::new() }
}

fn place(failure: &pest::error::Error<Rule>) -> usize {
    match failure.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

fn depends_on_neighbours(error: &ParseError) -> bool {
    matches!(error, ParseError::UnusedValue { .. } | ParseError::NoValue { .. })
}

fn problems(mut errors: Vec<ParseError>) -> Vec<Problem> {
    errors.sort_by_key(|e| (e.span().start, e.span().end));
    errors.dedup();
    errors.truncate(MAX_ERRORS);
    let problem = |error: ParseError| {
        let span = error.span();
        Problem::new(error, span)
    };
    errors.into_iter().map(problem).collect()
}

/// A text with parts replaced by spaces, so that positions are unchanged.
struct Masked<'a> {
    text: &'a str,
    hidden: Vec<Range<usize>>,
}

impl<'a> Masked<'a> {
    fn new(text: &'a str) -> Self {
        Masked { text, hidden: Vec::new() }
    }

    fn hide(&mut self, range: Range<usize>) {
        self.hidden.push(self.text.floor_char_boundary(range.start)..self.text.ceil_char_boundary(range.end));
    }

    fn text(&self) -> String {
        let mut text = self.text.to_owned();
        for range in &self.hidden {
            let hidden = self.text.get(range.clone()).unwrap_or("");
            let spaces: String =
                hidden.bytes().map(|b| if matches!(b, b'\n' | b'\r') { b as char } else { ' ' }).collect();
            text.replace_range(range.clone(), &spaces);
        }
        text
    }

    /// Masks the statement around a byte, or the one around that; `false` if nothing is left to mask.
    fn hide_around(&mut self, scanned: &Scan, at: usize) -> bool {
        let text = self.text();
        let blank = |range: &Range<usize>| text.get(range.clone()).unwrap_or("").trim().is_empty();
        let mut around: Vec<_> = scanned.regions.iter().filter(|r| r.start <= at && at <= r.end).cloned().collect();
        around.sort_by_key(|r| r.len());
        match around.into_iter().find(|range| !blank(range)) {
            // With the comma after it: a statement cannot begin with one.
            Some(range) if text.get(range.end..).is_some_and(|t| t.starts_with(',')) => {
                self.hide(range.start..range.end + 1)
            }
            Some(range) => self.hide(range),
            None if text.trim().is_empty() => return false,
            None => self.hide(0..self.text.len()),
        }
        true
    }
}

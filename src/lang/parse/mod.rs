//! Text to tree, with the grammar of `grammar/ksr.pest`.

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
pub(super) use scan::ends_value;
pub use scan::{Kind as TokenKind, Token};

use crate::lang::ast::Program;
use crate::problem::Problem;
use crate::source::SourceId;
use build::Builder;
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use scan::{Scan, scan};
use std::ops::Range;

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

/// More errors than this are not worth reading.
const MOST: usize = 20;

/// What was read of a text.
#[derive(Debug)]
pub struct Partial {
    /// The statements that can be read; of one that contains a wrong one, the rest.
    pub program: Program,
    /// What is wrong with the others, sorted by place.
    pub problems: Vec<Problem>,
}

/// The tokens of a text, right or wrong; comments and spaces are none. After what is nested too deeply there are no more.
pub fn tokens(text: &str) -> Vec<Token> {
    scan(SourceId::default(), text).tokens
}

/// Reads a text.
///
/// # Errors
/// Those of [`partial`]: all are reported, sorted by place.
pub fn parse(source: SourceId, text: &str) -> Result<Program, Vec<Problem>> {
    let Partial { program, problems } = partial(source, text);
    if problems.is_empty() { Ok(program) } else { Err(problems) }
}

/// Reads what can be read of a text: a wrong statement does not hide the next.
pub fn partial(source: SourceId, text: &str) -> Partial {
    let scanned = scan(source, text);
    let mut errors = Vec::new();
    let mut readable = Masked::new(text);
    for (error, mask) in &scanned.errors {
        errors.push(error.clone());
        if errors.len() == MOST {
            readable.hide(mask.start..text.len());
            break;
        }
        let mask = if mask.is_empty() { scanned.region(mask.start) } else { mask.clone() };
        readable.hide(mask);
    }
    let program = read(source, &mut readable, &mut errors).unwrap_or_else(|| beginning(source, &mut readable));
    Partial { program, problems: problems(errors) }
}

/// Reads an entry of the REPL: incomplete if the parser, given one more line, would go on.
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

/// Parses until nothing is wrong any more, hiding each wrong statement in turn.
fn read(source: SourceId, readable: &mut Masked<'_>, errors: &mut Vec<ParseError>) -> Option<Program> {
    while errors.len() < MOST {
        let text = readable.text();
        let failure = match Grammar::parse(Rule::program, &text) {
            Ok(mut pairs) => {
                let (program, found) = Builder::new(source, &text).program(pairs.next()?);
                // Where something is hidden, a block may have lost its value.
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
        // A line that ended too early is told of at its end, though the next one is where reading stopped.
        let wrong = at.min(error.span().start as usize);
        if !errors.iter().any(|e| e.span() == error.span()) {
            errors.push(error);
        }
        if !readable.hide_around(&scanned, wrong) {
            break;
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
    errors.truncate(MOST);
    let problem = |error: ParseError| {
        let span = error.span();
        Problem::new(error, span)
    };
    errors.into_iter().map(problem).collect()
}

/// A text with stretches replaced by spaces: all places stay what they are.
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

    /// Hides the statement around a byte, or the one around that; `false` if nothing is left to hide.
    fn hide_around(&mut self, scanned: &Scan, at: usize) -> bool {
        let text = self.text();
        let blank = |range: &Range<usize>| text.get(range.clone()).unwrap_or("").trim().is_empty();
        let mut around: Vec<_> = scanned.regions.iter().filter(|r| r.start <= at && at <= r.end).cloned().collect();
        around.sort_by_key(|r| r.len());
        match around.into_iter().find(|range| !blank(range)) {
            // With the comma behind it: a statement cannot begin with one.
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

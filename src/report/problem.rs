//! Problems as miette reports and as JSON.

use crate::problem::Problem;
use crate::source::{Source, SourceId, Sources, Span};
use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode, SourceSpan};
use serde_json::{Value as Json, json};
use std::fmt;
use std::sync::Arc;

/// A [`Problem`] with its source texts, ready for any miette handler.
///
/// Calls ([`crate::problem::Via`]) in the same source become labels, like those of the error itself; calls in other sources
/// become related notes, one per source and place.
#[derive(Debug)]
pub struct Report<'a> {
    problem: &'a Problem,
    source: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Note>,
}

impl<'a> Report<'a> {
    /// Looks up the source texts of a problem.
    pub fn new(problem: &'a Problem, sources: &Sources) -> Self {
        let home = sources.get(problem.span.source);
        let mut labels: Vec<LabeledSpan> = problem.error.labels().into_iter().flatten().collect();
        if labels.is_empty() {
            labels.push(LabeledSpan::new_primary_with_span(None, problem.span));
        }
        let mut related = Vec::new();
        for via in &problem.via {
            if via.span.source == problem.span.source {
                labels.push(LabeledSpan::new_with_span(Some(via.note.clone()), via.span));
            } else if let Some(source) = sources.get(via.span.source) {
                related.push(Note::new(&via.note, source, via.span));
            }
        }
        let labels = home.map_or_else(Vec::new, |s| labels.into_iter().map(|l| inside(&l, &s.text)).collect());
        Self { problem, source: home.map(|s| named(s)), labels, related }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.error.fmt(f)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.error.code()
    }
    fn severity(&self) -> Option<Severity> {
        self.problem.error.severity()
    }
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.error.help()
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| s as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|n| n as &dyn Diagnostic)))
    }
}

/// A call in another source that led to the problem.
#[derive(Debug)]
struct Note {
    message: String,
    source: NamedSource<Arc<str>>,
    label: LabeledSpan,
}

impl Note {
    fn new(message: &str, source: &Source, span: Span) -> Self {
        let label = inside(&LabeledSpan::new_primary_with_span(None, span), &source.text);
        Self { message: message.to_owned(), source: named(source), label }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Note {}

impl Diagnostic for Note {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Advice)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

fn named(source: &Source) -> NamedSource<Arc<str>> {
    NamedSource::new(&source.name, Arc::clone(&source.text))
}

/// The label moved into the text: a span beyond the end points to the end, and one at the end of a line stays on that line.
fn inside(label: &LabeledSpan, text: &str) -> LabeledSpan {
    let start = text.floor_char_boundary(label.offset().min(text.len()));
    let end = text.ceil_char_boundary((label.offset() + label.len()).min(text.len()));
    let span = SourceSpan::from((start, end.saturating_sub(start)));
    let words = label.label().map(str::to_owned);
    if label.primary() {
        LabeledSpan::new_primary_with_span(words, span)
    } else {
        LabeledSpan::new_with_span(words, span)
    }
}

/// One problem as a JSON object: `level`, `code`, `message`, `file`, `line`, `column`, `help`, `labels`, `via`.
pub fn problem_json(problem: &Problem, sources: &Sources) -> Json {
    let level = match problem.error.severity() {
        Some(Severity::Warning) => "warning",
        Some(Severity::Advice) => "note",
        Some(Severity::Error) | None => "error",
    };
    let mut object = json!({ "level": level, "code": problem.code(), "message": problem.error.to_string() });
    place(&mut object, problem.span, sources);
    if let Some(help) = problem.error.help() {
        object["help"] = help.to_string().into();
    }
    let labels: Vec<Json> =
        problem.error.labels().into_iter().flatten().map(|l| label_json(&l, problem.span.source, sources)).collect();
    if !labels.is_empty() {
        object["labels"] = labels.into();
    }
    let via: Vec<Json> = problem
        .via
        .iter()
        .map(|via| {
            let mut entry = json!({ "message": via.note });
            place(&mut entry, via.span, sources);
            entry
        })
        .collect();
    if !via.is_empty() {
        object["via"] = via.into();
    }
    object
}

fn label_json(label: &LabeledSpan, source: SourceId, sources: &Sources) -> Json {
    let mut entry = json!({ "message": label.label().unwrap_or_default() });
    let (start, end) = (label.offset() as u32, (label.offset() + label.len()) as u32);
    place(&mut entry, Span { source, start, end }, sources);
    entry
}

/// Adds `file`, and `line` and `column` of the start and of the end.
fn place(object: &mut Json, span: Span, sources: &Sources) {
    if let Some(source) = sources.get(span.source) {
        let (line, column) = source.position(span.start as usize);
        let (end_line, end_column) = source.position(span.end as usize);
        object["file"] = source.name.clone().into();
        object["line"] = line.into();
        object["column"] = column.into();
        object["end_line"] = end_line.into();
        object["end_column"] = end_column.into();
    }
}

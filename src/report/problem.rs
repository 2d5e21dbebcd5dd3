//! Problems as miette reports and as JSON.

use super::excerpt::Excerpt;
use crate::number::counted;
use crate::problem::{Problem, visible, visible_lines};
use crate::source::{Source, SourceId, Sources, Span};
use miette::{Diagnostic, LabeledSpan, Severity, SourceCode, SourceSpan};
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::fmt;

/// A [`Problem`] with its source texts, ready for any miette handler. Nothing in it is hidden ([`crate::problem::hidden`]).
///
/// Calls ([`crate::problem::Via`]) in the same source become labels, like those of the error itself; calls in other sources
/// become related notes, one per source and place.
#[derive(Debug)]
pub struct Report<'a> {
    problem: &'a Problem,
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<Note>,
}

impl<'a> Report<'a> {
    /// Looks up the source texts of a problem.
    pub fn new(problem: &'a Problem, sources: &Sources) -> Self {
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
        let (source, labels) = match sources.get(problem.span.source) {
            Some(home) => {
                let (excerpt, labels) = shown(home, labels);
                (Some(excerpt), labels)
            }
            None => (None, Vec::new()),
        };
        Self { problem, source, labels, related }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&readable(&self.problem.error.to_string()))
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
        self.problem.error.help().map(|help| Box::new(readable(&help.to_string())) as Box<dyn fmt::Display>)
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
    source: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl Note {
    fn new(message: &str, source: &Source, span: Span) -> Self {
        let (source, labels) = shown(source, vec![LabeledSpan::new_primary_with_span(None, span)]);
        Self { message: readable(message), source, labels }
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
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// The most characters of a message that are shown.
const LONGEST: usize = 4000;

/// A text of unknown length, without its middle if it is very long.
fn shortened(text: &str) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= LONGEST {
        return text.into();
    }
    let (start, end) = (LONGEST * 3 / 4, length - LONGEST / 4);
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let left_out = counted(end - start, "character");
    format!("{} … ({left_out} left out) … {}", &text[..at(start)], &text[at(end)..]).into()
}

/// A text of unknown origin as it can be shown.
fn readable(text: &str) -> String {
    visible_lines(&shortened(text))
}

/// The text around labels, and the labels in it.
fn shown(source: &Source, labels: Vec<LabeledSpan>) -> (Excerpt, Vec<LabeledSpan>) {
    let ranges: Vec<_> = labels.iter().map(|l| l.offset()..l.offset() + l.len()).collect();
    let (excerpt, ranges) = Excerpt::new(source, &ranges);
    let moved = |(label, range): (&LabeledSpan, std::ops::Range<usize>)| {
        let (words, span) = (label.label().map(|label| visible(&shortened(label))), SourceSpan::from(range));
        if label.primary() {
            LabeledSpan::new_primary_with_span(words, span)
        } else {
            LabeledSpan::new_with_span(words, span)
        }
    };
    let labels = labels.iter().zip(ranges).map(moved).collect();
    (excerpt, labels)
}

/// One problem as sentences, for screen readers: the message, each label with its place and its line, the help, the code.
pub fn problem_in_words(problem: &Problem, sources: &Sources) -> String {
    let level = match problem.error.severity() {
        Some(Severity::Warning) => "warning",
        Some(Severity::Advice) => "note",
        Some(Severity::Error) | None => "error",
    };
    let mut lines = vec![format!("{level}: {}", problem.error)];
    let labels: Vec<LabeledSpan> = problem.error.labels().into_iter().flatten().collect();
    let spans = labels.iter().map(|l| {
        let (start, end) = (l.offset() as u32, (l.offset() + l.len()) as u32);
        (Span { source: problem.span.source, start, end }, l.label().unwrap_or("here").to_owned())
    });
    let alone = labels.is_empty().then(|| (problem.span, "here".to_owned()));
    for (span, words) in spans.chain(alone).chain(problem.via.iter().map(|via| (via.span, via.note.clone()))) {
        let Some(source) = sources.get(span.source) else { continue };
        let (line, column) = source.position(span.start as usize);
        let range = span.start as usize..span.end as usize;
        let (excerpt, _) = Excerpt::new(source, std::slice::from_ref(&range));
        lines.push(format!("{}, line {line}, column {column}: {words}", source.name));
        lines.extend(excerpt.line(line).map(|text| format!("  the line is: {}", text.trim())));
    }
    lines.extend(problem.error.help().map(|help| format!("help: {help}")));
    lines.push(format!("code: {}", problem.code()));
    lines.iter().map(|line| readable(line) + "\n").collect()
}

/// One problem as a JSON object: `level`, `code`, `message`, `file`, `line`, `column`, `help`, `labels`, `via`.
pub fn problem_json(problem: &Problem, sources: &Sources) -> Json {
    let level = match problem.error.severity() {
        Some(Severity::Warning) => "warning",
        Some(Severity::Advice) => "note",
        Some(Severity::Error) | None => "error",
    };
    let mut object =
        json!({ "level": level, "code": problem.code(), "message": shortened(&problem.error.to_string()) });
    place(&mut object, problem.span, sources);
    if let Some(help) = problem.error.help() {
        object["help"] = shortened(&help.to_string()).into();
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
            let mut entry = json!({ "message": shortened(&via.note) });
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
    let mut entry = json!({ "message": shortened(label.label().unwrap_or_default()) });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_long_messages_lose_their_middle() {
        let text = format!("begins {} ends", "é".repeat(10_000));
        let shown = readable(&text);
        assert!(shown.starts_with("begins é") && shown.ends_with("é ends"), "{shown}");
        assert!(shown.contains(" … (6012 characters left out) … ") && shown.chars().count() < LONGEST + 60);
        let whole = "a".repeat(LONGEST);
        assert_eq!(readable(&whole), whole);
    }
}

//! Places in source texts. All texts (files, standard library, REPL entries) are in one table, [`Sources`].

use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Identifies a text in a [`Sources`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A range of bytes in a source text; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that covers both; they must lie in the same source (otherwise `self` is returned).
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl From<Span> for miette::SourceSpan {
    fn from(span: Span) -> Self {
        (span.start as usize, (span.end.saturating_sub(span.start)) as usize).into()
    }
}

/// One text.
#[derive(Debug)]
pub struct Source {
    /// What the user calls it: a path, `std.losses`, `<entry 3>`.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Where its lines begin, once that has been asked for.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A text with its name.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Source { name: name.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// Line and column, from 1, of a byte offset. The column counts characters (Unicode code points), without the mark that a
    /// file may begin with.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let known = self.lines.get_or_init(|| lines(&self.text).map(|line| line.start).collect());
        let line = known.partition_point(|start| *start <= offset);
        let start = known.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = &self.text[start..offset];
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        (line, before.trim_end_matches(['\r', '\n']).chars().count() + 1)
    }
}

/// The lines of a text, without what ends them: `\n`, `\r\n` or `\r`. At least one.
pub fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = text.get(start..).unwrap_or("");
        let end = rest.find(['\n', '\r']).map(|i| start + i);
        next = end.map(|end| end + if text[end..].starts_with("\r\n") { 2 } else { 1 });
        Some(start..end.unwrap_or(text.len()))
    })
}

/// All texts of a session; only grows.
#[derive(Debug, Default)]
pub struct Sources {
    list: Vec<Arc<Source>>,
}

impl Sources {
    /// Adds a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.list.push(Arc::new(Source::new(name, text)));
        SourceId(self.list.len() as u32 - 1)
    }

    /// The text behind an id, if it is of this table.
    pub fn get(&self, id: SourceId) -> Option<&Arc<Source>> {
        self.list.get(id.0 as usize)
    }

    /// The text of a span (empty if it lies outside its source).
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|s| s.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one line")]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("s", "\u{feff}aβ水👍x\r\nA\u{30a}y\rz\n");
        let place = |word: &str| source.position(source.text.find(word).unwrap());
        assert_eq!(["a", "x", "y", "z"].map(place), [(1, 1), (1, 5), (2, 3), (3, 1)]);
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(usize::MAX), (4, 1));
        assert_eq!(lines("").collect::<Vec<_>>(), [0..0]);
    }
}

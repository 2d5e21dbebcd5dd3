//! The lines of a source text around a problem, as they can be shown: hidden characters are visible, and of long lines only
//! what is near the labels is kept.

use crate::problem::visible;
use crate::source::{Source, lines};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::collections::BTreeMap;
use std::ops::Range;

/// Characters of a line that are shown in full.
const LINE: usize = 200;
/// Characters kept on each side of the ends of a label on a longer line.
const AROUND: usize = 60;
/// Lines of a label that are shown in full; of a longer one only the first.
const LINES: usize = 30;

/// A text to be shown with its labels. It has the lines of the original one, but those far from every label are empty.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    /// The column in the original, counted from 0, of the beginnings of the labels.
    columns: BTreeMap<usize, usize>,
}

impl Excerpt {
    /// The text around labels, and where these lie in it.
    pub fn new(source: &Source, labels: &[Range<usize>]) -> (Self, Vec<Range<usize>>) {
        let text = &*source.text;
        let lines: Vec<Range<usize>> = lines(text).collect();
        let line_of = |at: usize| lines.partition_point(|line| line.start <= at).saturating_sub(1);
        let labels: Vec<Range<usize>> =
            labels.iter().map(|label| shorter(inside(label, text), &lines, line_of)).collect();
        let mut near = vec![false; lines.len()];
        let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
        for label in &labels {
            let (first, last) = (line_of(label.start), line_of(label.end));
            near[first.saturating_sub(1)..(last + 2).min(lines.len())].fill(true);
            ends.extend([(label.start, 0), (label.end, 0)]);
        }
        let mut shown = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                shown.push('\n');
            }
            if near[index] {
                let next = lines.get(index + 1).map_or(text.len() + 1, |line| line.start);
                show(&mut shown, text, line.clone(), &mut ends, next);
            }
        }
        let at = |end: usize| ends.get(&end).copied().unwrap_or(0);
        let column = |label: &Range<usize>| (at(label.start), source.position(label.start).1 - 1);
        let columns = labels.iter().map(column).collect();
        let moved = labels.iter().map(|label| at(label.start)..at(label.end)).collect();
        (Excerpt { name: visible(&source.name), text: shown, columns }, moved)
    }

    /// A line, counted from 1, as it is shown.
    pub fn line(&self, number: usize) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)?)
    }
}

/// A range beyond the end lies at the end; one within a character covers it.
fn inside(label: &Range<usize>, text: &str) -> Range<usize> {
    let start = text.floor_char_boundary(label.start.min(text.len()));
    start..text.ceil_char_boundary(label.end.clamp(start, text.len()))
}

/// A label over many lines ends on its first.
fn shorter(label: Range<usize>, lines: &[Range<usize>], line_of: impl Fn(usize) -> usize) -> Range<usize> {
    let first = line_of(label.start);
    if line_of(label.end) - first < LINES {
        return label;
    }
    label.start..lines[first].end.max(label.start)
}

/// Adds a line, and finds the new places of the `ends` in it; `next` is the beginning of the next line.
fn show(shown: &mut String, text: &str, line: Range<usize>, ends: &mut BTreeMap<usize, usize>, next: usize) {
    let letters: Vec<(usize, char)> = text[line.clone()].char_indices().map(|(i, c)| (line.start + i, c)).collect();
    let here: Vec<usize> = ends.range(line.start..next).map(|(at, _)| *at).collect();
    let mut kept = vec![letters.len() <= LINE; letters.len()];
    if letters.len() > LINE {
        let focus = here.iter().map(|at| letters.partition_point(|(i, _)| i < at));
        for at in focus.chain(here.is_empty().then_some(0)) {
            kept[at.saturating_sub(AROUND)..(at + AROUND).min(letters.len())].fill(true);
        }
    }
    let mut cut = false;
    for ((at, letter), kept) in letters.into_iter().zip(kept) {
        if !kept {
            if !cut {
                shown.push('…');
            }
            cut = true;
            continue;
        }
        cut = false;
        if let Some(place) = ends.get_mut(&at) {
            *place = shown.len();
        }
        match letter {
            '\t' => shown.push('\t'),
            // The mark at the beginning of a file is no part of its first line.
            '\u{feff}' if at == 0 => {}
            letter => shown.push_str(&visible(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    for at in here.into_iter().filter(|at| *at >= line.end) {
        ends.insert(at, shown.len());
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        let column = match self.columns.get(&span.offset()) {
            Some(column) if before == 0 => *column,
            _ => found.column(),
        };
        // Miette counts the lines from the beginning of the text, and then takes distant labels for neighbours.
        let count = found.data().iter().filter(|byte| **byte == b'\n').count();
        let (data, place, line) = (found.data(), *found.span(), found.line());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, place, line, column, count)))
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one label")]
mod tests {
    use super::*;

    fn excerpt(text: &str, labels: &[Range<usize>]) -> (Excerpt, Vec<Range<usize>>) {
        Excerpt::new(&Source::new("s.ksr", text), labels)
    }

    #[test]
    fn labels_lie_on_the_same_words() {
        for text in
            ["let β = nosuch", "\u{feff}a\tβ水 nosuch", "one\r\ntwo\rnosuch\n", "\u{1b}[2J\u{202e}x nosuch # \u{7}"]
        {
            let at = text.find("nosuch").unwrap();
            let (shown, labels) = excerpt(text, &[at..at + 6, 0..text.len()]);
            assert_eq!(&shown.text[labels[0].clone()], "nosuch", "{text:?}");
            assert!(!shown.text.contains(['\u{1b}', '\u{202e}', '\u{7}', '\r', '\u{feff}']), "{:?}", shown.text);
            assert_eq!(labels[1], 0..shown.text.len());
        }
    }

    #[test]
    fn a_long_line_is_cut_around_its_labels() {
        let text = format!(
            "# first\nlet a = [{}nosuch{}]\n# {}",
            "β, ".repeat(400_000),
            ", 1".repeat(400_000),
            "x".repeat(999)
        );
        let at = text.find("nosuch").unwrap();
        let (shown, labels) = excerpt(&text, &[at..at + 6]);
        assert_eq!(&shown.text[labels[0].clone()], "nosuch");
        assert!(shown.text.len() < 600, "{}", shown.text.len());
        assert!(shown.text.contains("\n…") && shown.text.contains("1…\n# x"), "{}", shown.text);
        assert_eq!(shown.columns.get(&labels[0].start), Some(&1_200_009));
    }

    #[test]
    fn a_label_over_many_lines_ends_on_the_first() {
        let text = "{ a: 1,\n".to_owned() + &"  b: 2,\n".repeat(5000) + "}";
        let (shown, labels) = excerpt(&text, &[0..text.len()]);
        assert_eq!(&shown.text[labels[0].clone()], "{ a: 1,");
        assert_eq!(shown.text.lines().filter(|line| !line.is_empty()).count(), 2);
    }
}

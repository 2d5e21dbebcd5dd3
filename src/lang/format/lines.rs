//! Lines: their indentation, and aligned columns of values and comments.

use super::WIDTH;
use super::pieces::{Piece, of_entries};
use super::roles::PieceKind;
use super::spacing::spaced;

/// A step of indentation.
const STEP: usize = 2;

/// A line of pieces with its place.
#[derive(Debug)]
pub(super) struct Line {
    /// Its range among all pieces.
    pub range: std::ops::Range<usize>,
    /// Spaces before it.
    pub indent: usize,
    /// Whether its outermost pieces are inside parentheses or brackets, where a line may end anywhere.
    pub free: bool,
    /// Whether a statement outside all brackets begins with it, or a comment between such statements.
    pub begins: bool,
}

/// An open bracket.
struct Frame {
    /// Indentation of the line where it was opened.
    outer: usize,
    free: bool,
    /// Whether the statement or entry in it begins with `if`, so that its `else` is indented like it.
    begins_with_if: bool,
}

/// The lines of a text; empty ones are empty.
pub(super) fn lines(pieces: &[Piece]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut top = false;
    let mut start = 0;
    // The last piece of earlier lines that is not a comment.
    let mut last: Option<&Piece> = None;
    for end in (0..=pieces.len()).filter(|&i| pieces.get(i).is_none_or(|p| p.kind == PieceKind::Newline)) {
        let line = &pieces[start..end];
        let closers = line.iter().take_while(|p| p.kind == PieceKind::Close).count();
        let free = frames.last().is_some_and(|f| f.free);
        let inside = frames.last().map_or(0, |f| f.outer + STEP);
        let continues = goes_on(line, pieces.get(end..).unwrap_or(&[]), last, free);
        let begins = frames.is_empty() && !continues && (!line.is_empty() || start == 0);
        let begins_with_if = frames.last_mut().map_or(&mut top, |f| &mut f.begins_with_if);
        if closers == 0 && !continues && line.first().is_some_and(|p| p.kind != PieceKind::Comment) {
            *begins_with_if = line[0].is("if");
        }
        let below_if = *begins_with_if && line.first().is_some_and(|p| p.is("else"));
        let indent = match closers {
            0 if continues && !below_if => inside + STEP,
            0 => inside,
            _ => frames.iter().rev().nth(closers - 1).map_or(0, |f| f.outer),
        };
        let mut outermost = frames.len();
        for piece in line {
            match piece.kind {
                PieceKind::Open => frames.push(Frame { outer: indent, free: !piece.is("{"), begins_with_if: false }),
                PieceKind::Close => drop(frames.pop()),
                _ => {}
            }
            outermost = outermost.min(frames.len());
        }
        let free = frames[..outermost].last().is_some_and(|f| f.free);
        last = line.iter().rev().find(|p| p.kind != PieceKind::Comment).or(last);
        lines.push(Line { range: start..end, indent, free, begins });
        start = end + 1;
    }
    lines
}

/// Whether a line continues the previous one. A comment on its own line belongs to what follows it.
fn goes_on(line: &[Piece], after: &[Piece], last: Option<&Piece>, free: bool) -> bool {
    let Some(last) = last else { return false };
    let first = match line.first() {
        Some(first) if first.kind == PieceKind::Comment => {
            after.iter().find(|p| !matches!(p.kind, PieceKind::Comment | PieceKind::Newline))
        }
        first => first,
    };
    let Some(first) = first else { return false };
    let begins = matches!(&*first.text, "|>" | "->" | "*" | "/" | "and" | "or" | "then" | "else")
        && matches!(first.kind, PieceKind::Sign | PieceKind::Keyword);
    let unfinished = matches!(last.kind, PieceKind::Sign | PieceKind::Minus)
        || (last.kind == PieceKind::Keyword && matches!(&*last.text, "and" | "or" | "not" | "then" | "else" | "by"));
    let within = free && !matches!(last.kind, PieceKind::Open | PieceKind::Separator) && first.kind != PieceKind::Close;
    begins || unfinished || within
}

/// A line without its indentation; `pad` gives the minimum width, in columns, of the piece at an index.
pub(super) fn written(line: &[Piece], pad: impl Fn(usize) -> usize) -> String {
    let (mut text, mut columns) = (String::new(), 0);
    for (i, piece) in line.iter().enumerate() {
        let spaces = match piece.kind {
            PieceKind::Comment if i > 0 => 2,
            _ => usize::from(i > 0 && spaced(line, i)),
        };
        let spaces = spaces.max(pad(i).saturating_sub(columns));
        text.extend(std::iter::repeat_n(' ', spaces));
        text.push_str(&piece.text);
        columns += spaces + width(&piece.text);
    }
    text
}

pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// The code of a line without the comment at its end.
pub(super) fn code(line: &[Piece]) -> &[Piece] {
    match line.split_last() {
        Some((last, before)) if last.kind == PieceKind::Comment => before,
        _ => line,
    }
}

/// The whole text.
pub(super) fn rendered(pieces: &[Piece]) -> String {
    if pieces.is_empty() {
        return String::new();
    }
    let lines = lines(pieces);
    let entries = of_entries(pieces);
    let of = |line: &Line| &pieces[line.range.clone()];
    let is_entry = |line: &Line| match of(line) {
        [name, colon, _, ..] => {
            name.kind == PieceKind::Word && colon.is(":") && entries[line.range.start] && balanced(of(line))
        }
        _ => false,
    };
    let head = |line: &Line| width(&of(line)[0].text) + 2;
    let values = columns(&lines, is_entry, head);
    let value = |i: usize, piece: usize| if piece == 2 { values[i] } else { 0 };
    let ends = |i: usize| width(&written(code(of(&lines[i])), |piece| value(i, piece)));
    let lengths: Vec<usize> = (0..lines.len()).map(ends).collect();
    let commented = |line: &Line| of(line).len() > 1 && of(line).last().is_some_and(|p| p.kind == PieceKind::Comment);
    let comments = columns(&lines, commented, |line| {
        let index = lines.partition_point(|l| l.range.start < line.range.start);
        lengths[index] + 2
    });
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        let pieces = of(line);
        if !pieces.is_empty() {
            let last = pieces.len() - 1;
            let comment = |piece: usize| if piece == last && commented(line) { comments[i] } else { value(i, piece) };
            text.extend(std::iter::repeat_n(' ', line.indent));
            text.push_str(&written(pieces, comment));
        }
        text.push('\n');
    }
    text
}

/// Whether every bracket opened on a line is closed on it.
fn balanced(line: &[Piece]) -> bool {
    let count = |kind| line.iter().filter(|p| p.kind == kind).count();
    count(PieceKind::Open) == count(PieceKind::Close)
}

/// For successive lines with something to align: the column that they share, 0 for other lines. A line for which that would be too
/// far right has its own column.
fn columns(lines: &[Line], has: impl Fn(&Line) -> bool, own: impl Fn(&Line) -> usize) -> Vec<usize> {
    let mut shared = vec![0; lines.len()];
    let mut start = 0;
    while start < lines.len() {
        let same = |line: &&Line| has(line) && line.indent == lines[start].indent;
        let count = lines[start..].iter().take_while(same).count();
        let own: Vec<usize> = lines[start..start + count].iter().map(&own).collect();
        let most = own.iter().copied().filter(|&column| column <= WIDTH * 2 / 3).max().unwrap_or(0);
        shared[start..start + count].iter_mut().zip(own).for_each(|(shared, own)| *shared = own.max(most));
        start += count.max(1);
    }
    shared
}

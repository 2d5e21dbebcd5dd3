//! Breaks lines that are too long at their outermost joint, and again if a line is still too long.

use super::WIDTH;
use super::lines::{Line, code, lines, width, written};
use super::pieces::{Piece, needs_separator};
use super::roles::PieceKind;
use std::ops::Range;

/// Breaks every line that is too long and can be broken.
pub(super) fn break_long_lines(pieces: &mut Vec<Piece>) {
    let mut rest = std::mem::take(pieces);
    // One statement after the other: what comes before and after it does not matter.
    let starts: Vec<usize> = lines(&rest).iter().filter(|line| line.begins).map(|line| line.range.start).collect();
    let mut statements: Vec<Vec<Piece>> = starts.iter().rev().map(|&start| rest.split_off(start)).collect();
    for statement in statements.iter_mut().rev() {
        break_statement(statement);
        pieces.append(statement);
    }
}

fn break_statement(pieces: &mut Vec<Piece>) {
    let long = |pieces: &[Piece], line: &Line| line.indent + written_width(code(&pieces[line.range.clone()])) > WIDTH;
    let mut done = 0;
    loop {
        let mut first = None;
        let mut parts: Vec<(Range<usize>, Vec<Piece>)> = Vec::new();
        for (index, line) in lines(pieces).into_iter().enumerate().skip(done).filter(|(_, line)| long(pieces, line)) {
            let Some(new) = broken(pieces, &line) else { continue };
            first = first.or(Some(index));
            let ends_here = nests_nothing(&pieces[line.range.clone()]);
            parts.push((line.range, new));
            // Lines after one that opens or closes what others are in may move.
            if !ends_here {
                break;
            }
        }
        let Some(index) = first else { return };
        done = index;
        let before = std::mem::take(pieces);
        let mut at = 0;
        for (range, new) in parts {
            pieces.extend_from_slice(&before[at..range.start]);
            pieces.extend(new);
            at = range.end;
        }
        pieces.extend_from_slice(&before[at..]);
    }
}

/// Whether every bracket that is opened or closed on a line is opened and closed on it.
fn nests_nothing(line: &[Piece]) -> bool {
    let mut depth = 0i32;
    let inside = line.iter().all(|piece| {
        depth += match piece.kind {
            PieceKind::Open => 1,
            PieceKind::Close => -1,
            _ => 0,
        };
        depth >= 0
    });
    inside && depth == 0
}

/// The pieces of a line with newlines inserted.
fn broken(pieces: &[Piece], line: &Line) -> Option<Vec<Piece>> {
    let all = &pieces[line.range.clone()];
    let code = code(all);
    let depths = depths(code);
    let outermost = |i: usize| depths[i] == 0;
    let before = |texts: &[&str]| -> Vec<usize> {
        let at = |&i: &usize| i > 0 && outermost(i) && texts.iter().any(|text| code[i].is(text));
        (0..code.len()).filter(at).collect()
    };
    let loops = if line.free { before(&["for"]) } else { Vec::new() };
    let choices = [before(&["|>"]), before(&["else"]), before(&["then"]), loops];
    if let Some(at) = choices.into_iter().find(|at| !at.is_empty()) {
        return Some(with_newlines(all, &at));
    }
    let group = widest_group(code, &depths).filter(|group| !is_row_of_data(code, group));
    let most = |group: &Range<usize>| 2 * written_width(&code[group.clone()]) > written_width(code);
    let operator = operator(code, &depths, line.indent);
    match (group, operator) {
        (Some(group), None) => Some(with_newlines_in_group(all, line.indent, group)),
        (Some(group), Some(_)) if most(&group) => Some(with_newlines_in_group(all, line.indent, group)),
        (_, operator) => operator.map(|at| with_newlines(all, &[at])),
    }
}

fn written_width(line: &[Piece]) -> usize {
    width(&written(line, |_| 0))
}

/// `{ seed: 0, loss: 1e-6 },` on its own line.
fn is_row_of_data(line: &[Piece], group: &Range<usize>) -> bool {
    let kinds = [PieceKind::Word, PieceKind::Number, PieceKind::Minus, PieceKind::Text, PieceKind::Separator];
    let plain = |p: &Piece| kinds.contains(&p.kind) || p.is(":");
    group.start == 0 && line[0].is("{") && group.end + 2 >= line.len() && line[1..group.end].iter().all(plain)
}

/// How deep in brackets of the line each piece is; a bracket itself is as deep as what is around it.
fn depths(line: &[Piece]) -> Vec<usize> {
    // Brackets opened on earlier lines and closed on this one.
    let mut depth = 0i32;
    let mut lowest = 0;
    let raw: Vec<i32> = line
        .iter()
        .map(|piece| match piece.kind {
            PieceKind::Open => {
                depth += 1;
                depth - 1
            }
            PieceKind::Close => {
                depth -= 1;
                lowest = lowest.min(depth);
                depth
            }
            _ => depth,
        })
        .collect();
    raw.into_iter().map(|depth| (depth - lowest).max(0) as usize).collect()
}

/// The outermost bracket opened and closed on the line with the longest content.
fn widest_group(line: &[Piece], depths: &[usize]) -> Option<Range<usize>> {
    let open = (0..line.len()).filter(|&i| line[i].kind == PieceKind::Open && depths[i] == 0);
    let group = open.filter_map(|i| {
        let close = (i + 1..line.len()).find(|&j| line[j].kind == PieceKind::Close && depths[j] == 0)?;
        (close > i + 1).then_some(i..close)
    });
    group.max_by_key(|group| written_width(&line[group.clone()]))
}

/// `before`: in ascending order.
fn with_newlines(line: &[Piece], before: &[usize]) -> Vec<Piece> {
    let mut broken = Vec::with_capacity(line.len() + before.len());
    for (i, piece) in line.iter().enumerate() {
        if before.binary_search(&i).is_ok() {
            broken.push(Piece::newline());
        }
        broken.push(piece.clone());
    }
    broken
}

/// Puts every element of a bracket on its own line; numbers fill lines.
fn with_newlines_in_group(line: &[Piece], indent: usize, group: Range<usize>) -> Vec<Piece> {
    let (braces, entries) = (line[group.start].is("{"), line[group.start].opens_entries);
    let inner = &line[group.start + 1..group.end];
    let depths = depths(inner);
    let fills = !braces && inner.iter().all(|p| matches!(p.kind, PieceKind::Number | PieceKind::Minus) || p.is(","));
    let mut broken = line[..=group.start].to_vec();
    broken.push(Piece::newline());
    let mut start = 0;
    for (i, piece) in inner.iter().enumerate() {
        let ends = piece.kind == PieceKind::Separator && depths[i] == 0;
        let next = inner.get(i + 1);
        // Before `}` a `;` of a block means that a value is not shown.
        let needless = braces && (entries || next.is_some()) && !next.is_some_and(needs_separator);
        if !(ends && needless) {
            broken.push(piece.clone());
        }
        let full = || {
            let next =
                inner[i + 1..].iter().position(|p| p.kind == PieceKind::Separator).map_or(inner.len(), |n| i + n + 2);
            indent + 2 + written_width(&inner[start..next]) > WIDTH
        };
        if ends && next.is_some() && (!fills || full()) {
            on_new_line(&mut broken);
            start = i + 1;
        }
    }
    on_new_line(&mut broken);
    broken.extend_from_slice(&line[group.end..]);
    broken
}

fn on_new_line(broken: &mut Vec<Piece>) {
    if broken.last().is_some_and(|p| p.kind != PieceKind::Newline) {
        broken.push(Piece::newline());
    }
}

/// Operators from loosest to tightest, and whether a line may begin with them.
const OPERATORS: &[(&[&str], bool)] = &[
    (&["or"], true),
    (&["and"], true),
    (&["==", "!=", "<", "<=", ">", ">="], false),
    (&["+", "-"], false),
    (&["*", "/"], true),
];

/// The piece before which a sequence of operators is broken: the last one for which the first line fits.
fn operator(line: &[Piece], depths: &[usize], indent: usize) -> Option<usize> {
    OPERATORS.iter().find_map(|(signs, begins)| {
        let found = |&i: &usize| {
            i > 0
                && i + 1 < line.len()
                && depths[i] == 0
                && matches!(line[i].kind, PieceKind::Sign | PieceKind::Keyword)
                && signs.iter().any(|sign| line[i].is(sign))
        };
        let at: Vec<usize> = (0..line.len()).filter(found).map(|i| if *begins { i } else { i + 1 }).collect();
        let fits = |&&at: &&usize| indent + written_width(&line[..at]) <= WIDTH;
        at.iter().take_while(fits).last().or(at.first()).copied()
    })
}

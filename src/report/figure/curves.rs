//! Curves (dashed, clipped to the frame) and the legend.

use super::frame::{Area, FAINT, Frame, INK, Painted, Point, line, pixel, text_style, text_width};
use crate::interp::value::Series;
use plotters::element::{Circle, Rectangle, Text};
use plotters::prelude::{DrawingBackend, RGBColor, WHITE};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

const COLOURS: [RGBColor; 7] = [
    RGBColor(27, 108, 168),
    RGBColor(214, 69, 65),
    RGBColor(38, 139, 93),
    RGBColor(130, 84, 163),
    RGBColor(222, 145, 41),
    RGBColor(20, 160, 176),
    RGBColor(90, 94, 105),
];
/// Dash and gap in CSS pixels of the curves in order; `None` is a solid line. Coinciding curves stay visible.
const DASHES: [Option<(f64, f64)>; 4] = [None, Some((9.0, 5.0)), Some((2.5, 4.0)), Some((14.0, 4.0))];
/// Widths of a curve and of a member of an ensemble, CSS pixels.
const WIDTHS: (f64, f64) = (2.2, 1.0);
/// The opacity of a member of an ensemble.
const THIN: f64 = 0.5;

/// Unbroken stretches of finite points inside the frame, in device units.
fn runs(curve: &Series, frame: &Frame) -> Vec<Vec<Point>> {
    let mut runs = vec![Vec::new()];
    for (&x, &y) in curve.x.iter().zip(&curve.y) {
        // A point far outside a narrow range may overflow in device units.
        let point = (frame.x(x), frame.y(y));
        if !(point.0.is_finite() && point.1.is_finite()) {
            runs.push(Vec::new());
        } else if let Some(run) = runs.last_mut() {
            run.push(point);
        }
    }
    runs.iter().flat_map(|run| clipped(run, frame)).collect()
}

/// The parts of a polyline that lie inside the frame.
fn clipped(points: &[Point], frame: &Frame) -> Vec<Vec<Point>> {
    if let [alone] = points {
        return if inside(*alone, frame) { vec![points.to_vec()] } else { Vec::new() };
    }
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], frame) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

fn inside((x, y): Point, frame: &Frame) -> bool {
    // Where the range is that of the data, its ends lie exactly on the frame.
    let room = 1e-6 * frame.scale;
    x >= frame.left - room && x <= frame.right + room && y >= frame.top - room && y <= frame.bottom + room
}

/// The part of a segment inside the frame.
/// Y.-D. Liang and B. A. Barsky, ACM Trans. Graph. 3, 1 (1984).
fn segment(a: Point, b: Point, frame: &Frame) -> Option<(Point, Point)> {
    if inside(a, frame) && inside(b, frame) {
        return Some((a, b));
    }
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut first, mut last) = (0.0_f64, 1.0_f64);
    let walls = [(-dx, a.0 - frame.left), (dx, frame.right - a.0), (-dy, a.1 - frame.top), (dy, frame.bottom - a.1)];
    for (towards, room) in walls {
        if towards == 0.0 && room < 0.0 {
            return None;
        } else if towards < 0.0 {
            first = first.max(room / towards);
        } else if towards > 0.0 {
            last = last.min(room / towards);
        }
    }
    let at = |t: f64| {
        if t == 0.0 {
            a
        } else if t == 1.0 {
            b
        } else {
            (a.0 + t * dx, a.1 + t * dy)
        }
    };
    (first <= last).then(|| (at(first), at(last)))
}

/// Draws one curve of a figure.
pub(super) fn draw_curve<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, curve: &Series) -> Painted<DB> {
    let few = curve.x.len() <= 12 && !curve.thin;
    let points: Vec<Point> = curve.x.iter().zip(&curve.y).map(|(x, y)| (frame.x(*x), frame.y(*y))).collect();
    for run in runs(curve, frame) {
        stroke(area, &run, curve, frame.scale)?;
        if few || run.len() == 1 {
            for point in run.into_iter().filter(|p| points.contains(p)) {
                dot(area, point, curve, frame.scale)?;
            }
        }
    }
    Ok(())
}

/// Draws a point of a curve.
fn dot<DB: DrawingBackend>(area: &Area<DB>, point: Point, curve: &Series, scale: f64) -> Painted<DB> {
    let colour = COLOURS[curve.curve % COLOURS.len()];
    area.draw(&Circle::new(pixel(point), (3.2 * scale) as i32, colour.filled()))
}

/// Draws a curve's line in its dash pattern; a thin one is solid and pale.
fn stroke<DB: DrawingBackend>(area: &Area<DB>, points: &[Point], curve: &Series, scale: f64) -> Painted<DB> {
    let colour = COLOURS[curve.curve % COLOURS.len()];
    if points.len() < 2 {
        return Ok(());
    }
    if curve.thin {
        return line(area, points, colour.mix(THIN), WIDTHS.1 * scale);
    }
    match DASHES[curve.curve % DASHES.len()] {
        None => line(area, points, colour, WIDTHS.0 * scale),
        Some((dash, gap)) => {
            for piece in dashed(points, dash * scale, gap * scale) {
                line(area, &piece, colour, WIDTHS.0 * scale)?;
            }
            Ok(())
        }
    }
}

/// Pieces of a polyline of length `dash` with `gap` between.
fn dashed(points: &[Point], dash: f64, gap: f64) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut on, mut left) = (true, dash);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                piece.push(to);
                break;
            }
            let share = left / length;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            piece.push(from);
            if on {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![from];
            on = !on;
            left = if on { dash } else { gap };
        }
    }
    if on && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// Whether only isolated points of a curve are visible.
fn only_points(curve: &Series, frame: &Frame) -> bool {
    let runs = runs(curve, frame);
    !runs.is_empty() && runs.iter().all(|run| run.len() == 1)
}

/// Draws the legend in the corner where it covers least; a single curve needs none.
pub(super) fn legend<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, series: &[Series]) -> Painted<DB> {
    let scale = frame.scale;
    let first = |(i, s): &(usize, &Series)| series[..*i].iter().all(|before| before.curve != s.curve);
    let entries: Vec<&Series> = series.iter().enumerate().filter(first).map(|(_, s)| s).collect();
    if entries.len() < 2 {
        return Ok(());
    }
    let widest = entries.iter().map(|s| text_width(area, &s.name, 14.0, scale)).fold(0.0, f64::max);
    let (width, height) = (widest + 66.0 * scale, (entries.len() as f64 * 22.0 + 14.0) * scale);
    let gap = 12.0 * scale;
    let (near, far) = (frame.left + gap, frame.right - gap - width);
    let (up, down) = (frame.top + 0.5 * gap, frame.bottom - gap - height);
    let covered = |&(left, top): &Point| {
        let inside =
            |p: &Point| p.0 > left - gap && p.0 < left + width + gap && p.1 > top - gap && p.1 < top + height + gap;
        series.iter().flat_map(|s| runs(s, frame)).flatten().filter(inside).count()
    };
    let corners = [(far, up), (near, up), (far, down), (near, down)];
    let Some((left, top)) = corners.into_iter().min_by_key(covered) else { return Ok(()) };
    let corner = [pixel((left, top)), pixel((left + width, top + height))];
    area.draw(&Rectangle::new(corner, WHITE.mix(0.85).filled()))?;
    area.draw(&Rectangle::new(corner, FAINT.stroke_width(scale as u32)))?;
    for (index, curve) in entries.into_iter().enumerate() {
        let y = top + (index as f64 * 22.0 + 18.0) * scale;
        if only_points(curve, frame) {
            dot(area, (left + 29.0 * scale, y), curve, scale)?;
        } else {
            stroke(area, &[(left + 12.0 * scale, y), (left + 46.0 * scale, y)], curve, scale)?;
        }
        let style = text_style(14.0, scale, INK, HPos::Left, VPos::Center);
        area.draw(&Text::new(curve.name.clone(), pixel((left + 54.0 * scale, y + frame.nudge)), style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        let (xs, ys) = ((0.0, 6.0), (-2.0, 0.0));
        Frame { left: 0.0, right: 1.0, top: 0.0, bottom: 1.0, xs, ys, scale: 1.0, nudge: 0.0 }
    }

    #[test]
    fn lines_break_at_gaps_and_end_at_the_frame() {
        let mut y = vec![-1.0; 36];
        y[20] = f64::NAN;
        let x = (0..36).map(|i| 0.4 + 0.15 * f64::from(i)).collect();
        let curve = Series { name: "lda".into(), curve: 0, thin: false, x, y };
        assert_eq!(runs(&curve, &frame()).iter().map(Vec::len).collect::<Vec<_>>(), [20, 15]);
        let outside = Series { x: vec![0.0, 6.0, 6.0], y: vec![-3.0, 1.0, 3.0], ..curve };
        // Through the bottom at a quarter, through the top at three quarters, and away.
        assert_eq!(runs(&outside, &frame()), [[(0.25, 1.0), (0.75, 0.0)]]);
    }

    #[test]
    fn points_are_told_from_lines_and_from_invisible_curves() {
        let only = |x: &[f64], y: &[f64]| {
            only_points(&Series { name: "lda".into(), curve: 0, thin: false, x: x.to_vec(), y: y.to_vec() }, &frame())
        };
        assert!(only(&[1.0, 2.0, 3.0], &[-1.0, f64::NAN, -1.0]));
        assert!(!only(&[1.0, 2.0, 3.0], &[-1.0, -1.0, -1.0]));
        assert!(!only(&[1.0, 2.0], &[5.0, 5.0]) && !only(&[], &[]));
    }

    #[test]
    fn dashes_cover_the_right_fraction() {
        let pieces = dashed(&[(0.0, 0.0), (20.0, 0.0), (60.0, 0.0)], 10.0, 5.0);
        assert_eq!(pieces.len(), 4);
        assert_eq!(pieces[1], [(15.0, 0.0), (20.0, 0.0), (25.0, 0.0)]);
    }
}

//! Curves, reduced to what can be seen, and the legend.

use super::font;
use super::frame::{FAINT, Frame, WHITE, line, text};
use super::marks::{Align, Colour, Mark, Pen, Point, Window};
use crate::interp::value::Series;
use crate::report::clip::unbroken;
use std::collections::HashSet;

const COLOURS: [Colour; 7] = [
    Colour(27, 108, 168),
    Colour(214, 69, 65),
    Colour(38, 139, 93),
    Colour(130, 84, 163),
    Colour(222, 145, 41),
    Colour(20, 160, 176),
    Colour(90, 94, 105),
];
/// Dash and gap of the curves in order; `None` is a solid line. Coinciding curves stay visible.
const DASHES: [Option<(f64, f64)>; 4] = [None, Some((9.0, 5.0)), Some((2.5, 4.0)), Some((14.0, 4.0))];
/// Widths of a curve and of a member of an ensemble.
const WIDTHS: (f64, f64) = (2.2, 1.0);
/// The opacity of a member of an ensemble.
const THIN: f64 = 0.5;
/// The opacity of a band of spreads, and half the width of the ends of a bar.
const SHADE: f64 = 0.2;
const CAP: f64 = 4.0;
/// The radius of a point.
const DOT: f64 = 3.2;
/// The radius of the open circle at a point from a calculation that did not converge, and what the legend calls it.
const RING: f64 = 5.0;
const UNCONVERGED: &str = "not converged";
/// Curves with more points are reduced.
const MANY: usize = 1000;
/// Points in a strip of this width differ only in height.
const STRIP: f64 = 0.5;
/// A curve that winds so much fills its surroundings; dashes would not be seen.
const LONGEST_DASHED: f64 = 1e5;

/// The size of the names in the legend, and their width at most.
const SIZE: f64 = 14.0;
const NAME: f64 = 400.0;

/// A curve as it is drawn: unbroken lines, and the points that are drawn as such.
pub(super) struct Curve<'a> {
    series: &'a Series,
    lines: Vec<Vec<Point>>,
    dots: Vec<Point>,
    /// Points from calculations that did not converge.
    doubtful: Vec<Point>,
    /// What lies within the spread of a committee: the outlines of bands, or of few points the ends of bars.
    bands: Vec<Vec<Point>>,
    bars: Vec<[Point; 2]>,
}

impl<'a> Curve<'a> {
    pub(super) fn new(series: &'a Series, frame: &Frame) -> Self {
        let few = series.x.len() <= 12 && !series.thin;
        // The ends of lines that leave the frame lie outside, where they are not seen.
        let room = frame.window.grown(8.0);
        let (mut lines, mut dots, mut known) = (Vec::new(), Vec::new(), HashSet::new());
        for run in unbroken(&series.x, &series.y, |x, y| (frame.x(x), frame.y(y))) {
            if few || run.len() == 1 {
                let inside = run.iter().filter(|p| frame.window.contains(**p));
                let place = |p: &Point| ((2.0 * p.0).round() as i64, (2.0 * p.1).round() as i64);
                dots.extend(inside.filter(|p| known.insert(place(p))).copied());
            }
            if run.len() > 1 {
                lines.extend(room.parts(&reduced(run)));
            }
        }
        let places = series.x.iter().zip(&series.y).zip(&series.unconverged);
        let marked = places.filter(|((x, y), unconverged)| **unconverged && x.is_finite() && y.is_finite());
        let marked = marked.map(|((x, y), _)| (frame.x(*x), frame.y(*y)));
        let doubtful = marked.filter(|p| frame.window.contains(*p)).collect();
        let (mut bands, mut bars) = (Vec::new(), Vec::new());
        if !series.spread.is_empty() {
            let edge = |sign: f64| -> Vec<f64> {
                series.y.iter().zip(&series.spread).map(|(y, spread)| y + sign * spread).collect()
            };
            let side = |ys: &[f64]| unbroken(&series.x, ys, |x, y| (frame.x(x), frame.y(y)));
            let (upper, lower) = (side(&edge(1.0)), side(&edge(-1.0)));
            for (upper, lower) in upper.into_iter().zip(lower) {
                if few || upper.len() == 1 {
                    bars.extend(upper.into_iter().zip(lower).map(|(a, b)| [a, b]));
                } else {
                    bands.push(upper.into_iter().chain(lower.into_iter().rev()).collect());
                }
            }
        }
        Curve { series, lines, dots, doubtful, bands, bars }
    }

    /// Whether only isolated points are visible.
    fn only_points(&self) -> bool {
        self.lines.is_empty() && !self.dots.is_empty()
    }

    fn colour(&self) -> Colour {
        COLOURS[self.series.curve % COLOURS.len()]
    }

    /// The pen of a line in the dash pattern of the curve; a thin one is solid and pale.
    fn pen(&self, points: &[Point]) -> Pen {
        let colour = self.colour();
        if self.series.thin {
            return Pen { opacity: THIN, ..Pen::solid(colour, WIDTHS.1) };
        }
        let length: f64 = points.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).sum();
        let dash = DASHES[self.series.curve % DASHES.len()].filter(|_| length < LONGEST_DASHED);
        Pen { dash, ..Pen::solid(colour, WIDTHS.0) }
    }

    pub(super) fn marks(&self) -> Vec<Mark> {
        let lines = self.lines.iter().map(|points| Mark::Line(points.clone(), self.pen(points)));
        let dots = Some(&self.dots).filter(|dots| !dots.is_empty());
        let dots = dots.map(|dots| Mark::Dots(dots.clone(), DOT, self.colour()));
        let bands = self.bands.iter().map(|outline| Mark::Shape(outline.clone(), self.colour(), SHADE));
        let bars = self.bars.iter().flat_map(|[a, b]| {
            let cap = |p: &Point| vec![(p.0 - CAP, p.1), (p.0 + CAP, p.1)];
            [vec![*a, *b], cap(a), cap(b)].map(|points| Mark::Line(points, Pen::solid(self.colour(), WIDTHS.1)))
        });
        bands.chain(bars).chain(lines).chain(dots).chain(rings(&self.doubtful, self.colour())).collect()
    }
}

/// Open circles around points from calculations that did not converge.
fn rings(points: &[Point], colour: Colour) -> Vec<Mark> {
    if points.is_empty() {
        return Vec::new();
    }
    vec![Mark::Dots(points.to_vec(), RING, colour), Mark::Dots(points.to_vec(), RING - 2.0, WHITE)]
}

/// A line that looks the same with fewer points: of the neighbours in one strip the first, the highest, the lowest and the last.
/// U. Jugel et al., Proc. VLDB Endow. 7, 797 (2014).
fn reduced(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= MANY {
        return points;
    }
    let strip = |p: &Point| (p.0 / STRIP).floor();
    let mut kept = Vec::new();
    for group in points.chunk_by(|a, b| strip(a) == strip(b)) {
        let by_height = |a: &&usize, b: &&usize| group[**a].1.total_cmp(&group[**b].1);
        let all: Vec<usize> = (0..group.len()).collect();
        let extremes = [all.iter().min_by(by_height), all.iter().max_by(by_height)].into_iter().flatten().copied();
        let mut chosen: Vec<usize> = extremes.chain([0, group.len() - 1]).collect();
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|index| group[index]));
    }
    kept
}

/// The legend, in the corner of the frame where it covers least; a single curve whose points are all converged needs none.
pub(super) fn legend(frame: &Window, curves: &[Curve]) -> Vec<Mark> {
    let first = |(i, c): &(usize, &Curve)| curves[..*i].iter().all(|before| before.series.curve != c.series.curve);
    let entries: Vec<&Curve> = curves.iter().enumerate().filter(first).map(|(_, c)| c).collect();
    let doubtful = curves.iter().find(|c| !c.doubtful.is_empty());
    if entries.len() < 2 && doubtful.is_none() {
        return Vec::new();
    }
    let names = entries.iter().map(|c| c.series.name.as_str()).chain(doubtful.map(|_| UNCONVERGED));
    let names: Vec<String> = names.map(|name| font::fitted(name, SIZE, NAME)).collect();
    let widest = names.iter().map(|name| font::width(name, SIZE)).fold(0.0, f64::max);
    let (width, height) = (widest + 66.0, names.len() as f64 * 22.0 + 14.0);
    let gap = 12.0;
    let (near, far) = (frame.from.0 + gap, frame.to.0 - gap - width);
    let (up, down) = (frame.from.1 + 0.5 * gap, frame.to.1 - gap - height);
    let covered = |&(left, top): &Point| {
        let around = Window { from: (left, top), to: (left + width, top + height) }.grown(gap);
        let points = curves.iter().flat_map(|c| c.lines.iter().flatten().chain(&c.dots));
        points.filter(|p| around.contains(**p)).count()
    };
    let corners = [(far, up), (near, up), (far, down), (near, down)];
    let Some((left, top)) = corners.into_iter().min_by_key(covered) else { return Vec::new() };
    let (right, bottom) = (left + width, top + height);
    let edge = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    let mut marks =
        vec![Mark::Area(Window { from: (left, top), to: (right, bottom) }, WHITE, 0.85), line(&edge, FAINT, 1.0)];
    let samples = entries.into_iter().map(Some).chain([None]);
    for (index, (curve, name)) in samples.zip(&names).enumerate() {
        let y = top + index as f64 * 22.0 + 18.0;
        let base = y + SIZE * font::CAPITAL / 2.0;
        marks.push(text(name, (left + 54.0, base), SIZE, Align::Left));
        let Some(curve) = curve else {
            let colour = doubtful.map_or(COLOURS[0], Curve::colour);
            marks.extend(rings(&[(left + 29.0, y)], colour));
            continue;
        };
        if curve.only_points() {
            marks.push(Mark::Dots(vec![(left + 29.0, y)], DOT, curve.colour()));
        } else {
            let points = vec![(left + 12.0, y), (left + 46.0, y)];
            let pen = curve.pen(&points);
            marks.push(Mark::Line(points, pen));
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame { window: Window { from: (0.0, 0.0), to: (800.0, 400.0) }, xs: (0.0, 6.0), ys: (-2.0, 0.0) }
    }

    #[test]
    fn points_are_told_from_lines_and_from_invisible_curves() {
        let only = |x: &[f64], y: &[f64]| {
            let series =
                Series { name: "lda".into(), curve: 0, thin: false, x: x.to_vec(), y: y.to_vec(), ..Series::default() };
            Curve::new(&series, &frame()).only_points()
        };
        assert!(only(&[1.0, 2.0, 3.0], &[-1.0, f64::NAN, -1.0]));
        assert!(!only(&[1.0, 2.0, 3.0], &[-1.0, -1.0, -1.0]));
        assert!(!only(&[1.0, 2.0], &[5.0, 5.0]) && !only(&[], &[]));
    }

    #[test]
    fn many_points_are_reduced_to_what_is_seen() {
        // A wave with a peak in a single point.
        let mut points: Vec<Point> = (0..200_000).map(|i| (f64::from(i) * 5e-4, (f64::from(i) * 1e-4).sin())).collect();
        points[70_001].1 = 40.0;
        let kept = reduced(points.clone());
        assert!(kept.len() < 900, "{}", kept.len());
        assert!(kept.contains(&points[70_001]) && kept.contains(&points[70_000]) || kept.contains(&(35.0005, 40.0)));
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
        let few = points[..MANY].to_vec();
        assert_eq!(reduced(few.clone()), few);
    }

    #[test]
    fn a_curve_denser_than_its_dashes_is_solid() {
        let x: Vec<f64> = (0..100_000).map(|i| f64::from(i) * 6e-5).collect();
        let y = (0..100_000).map(|i| if i % 2 == 0 { -2.0 } else { 0.0 }).collect();
        let series = Series { name: "noise".into(), curve: 1, thin: false, x, y, ..Series::default() };
        let marks = Curve::new(&series, &frame()).marks();
        assert!(marks.iter().all(|m| matches!(m, Mark::Line(_, pen) if pen.dash.is_none())));
    }
}

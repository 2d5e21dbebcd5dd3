//! Curves in a terminal: a canvas of braille characters with a y axis and an x axis.

use super::clip::{Point, Window, unbroken};
use super::style::Style;
use super::ticks::{Ticks, finite_range, fraction, widened};
use crate::interp::value::Series;
use crate::number::counted;
use crate::problem::visible;

/// ANSI colours of the curves, in order.
const COLOURS: [u8; 6] = [34, 31, 32, 35, 33, 36];
/// Marks that tell several curves apart where there is no colour.
const MARKS: [char; 6] = ['o', '+', 'x', '*', '#', '@'];

/// A plot of `height` lines and one line for the x axis, at most `style.width` wide; with several curves one more line for
/// the legend. `ranges` are those of x and y, by default those of the data. Empty if no point is finite.
pub fn sketch(series: &[Series], ranges: [Option<(f64, f64)>; 2], height: usize, style: &Style) -> Vec<String> {
    let finite = |(x, y): &(&f64, &f64)| x.is_finite() && y.is_finite();
    let seen = |(x, _): &(&f64, &f64)| ranges[0].is_none_or(|(from, to)| **x >= from && **x <= to);
    let points = || series.iter().flat_map(|s| s.x.iter().zip(&s.y)).filter(finite);
    let any = finite_range(points().map(|(x, _)| x));
    let xs = ranges[0].filter(|_| any.is_some()).or(any);
    let ys = ranges[1].or_else(|| finite_range(points().filter(seen).map(|(_, y)| y)));
    let (Some(xs), Some(ys)) = (xs, ys) else { return Vec::new() };
    let xs = widened(xs.0, xs.1);
    let ys = widened(ys.0, ys.1);
    let ticks = Ticks::new(ys.0, ys.1, (height / 3).max(2));
    let labels: Vec<String> = ticks.at.iter().map(|t| ticks.label(*t)).collect();
    let margin = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
    let width = style.width.saturating_sub(margin + 4).clamp(16, 72);

    let mut canvas = Canvas::new(width, height, xs, ys);
    for curve in series {
        canvas.curve(curve, curve.curve);
    }
    let mut gutter = vec![(String::new(), '│'); height];
    for (tick, label) in ticks.at.iter().zip(labels) {
        let row = canvas.row(*tick);
        gutter[row.min(height - 1)] = (label, '┤');
    }
    let several = series.iter().any(|s| s.curve > 0);
    let mut lines: Vec<String> = gutter
        .into_iter()
        .enumerate()
        .map(|(row, (label, axis))| {
            let line = canvas.text(row, several, style.colour);
            format!("{label:>margin$} {axis}{}", line.trim_end())
        })
        .collect();
    lines.push(abscissa(xs, width, margin));
    if several {
        lines.push(format!("{:margin$}   {}", "", legend(series, style.colour)));
    }
    let doubtful: usize = series.iter().map(|s| s.unconverged.iter().filter(|unconverged| **unconverged).count()).sum();
    if doubtful > 0 {
        let of: usize = series.iter().map(|s| s.y.len()).sum();
        lines.push(format!("{:margin$}   {doubtful} of {} {}", "", counted(of, "point"), super::number::UNCONVERGED));
    }
    lines
}

fn abscissa(xs: (f64, f64), width: usize, margin: usize) -> String {
    let (left, right) = (super::number::digits(xs.0, 5), super::number::digits(xs.1, 5));
    let rule = width.saturating_sub(left.chars().count() + right.chars().count() + 2);
    format!("{:margin$} └{left} {} {right}", "", "─".repeat(rule))
}

fn legend(series: &[Series], colour: bool) -> String {
    let first = |(i, s): &(usize, &Series)| series[..*i].iter().all(|before| before.curve != s.curve);
    let entry = |(_, curve): (usize, &Series)| {
        let index = curve.curve;
        if colour {
            format!("\u{1b}[{}m━━\u{1b}[0m {}", COLOURS[index % COLOURS.len()], visible(&curve.name))
        } else {
            format!("{} {}", MARKS[index % MARKS.len()], visible(&curve.name))
        }
    };
    series.iter().enumerate().filter(first).map(entry).collect::<Vec<_>>().join("   ")
}

/// Dots, 2 x 4 per character; a cell remembers the last curve through it.
struct Canvas {
    width: usize,
    height: usize,
    xs: (f64, f64),
    ys: (f64, f64),
    cells: Vec<(u8, Option<usize>)>,
}

impl Canvas {
    fn new(width: usize, height: usize, xs: (f64, f64), ys: (f64, f64)) -> Self {
        Self { width, height, xs, ys, cells: vec![(0, None); width * height] }
    }

    /// Column and row of the last dot, from the top left.
    fn corner(&self) -> Point {
        (2.0 * self.width as f64 - 1.0, 4.0 * self.height as f64 - 1.0)
    }

    /// Column and row for a point, in dots.
    fn dot(&self, x: f64, y: f64) -> Point {
        let (columns, rows) = self.corner();
        (fraction(x, self.xs) * columns, (1.0 - fraction(y, self.ys)) * rows)
    }

    /// The row of characters for a value of y.
    fn row(&self, y: f64) -> usize {
        self.dot(self.xs.0, y).1.round() as usize / 4
    }

    /// Draws dots along the lines between neighbouring finite points, as far as they are on the canvas.
    fn curve(&mut self, curve: &Series, index: usize) {
        // Up to the outer edge of the dots at the border.
        let window = Window { from: (0.0, 0.0), to: self.corner() }.grown(0.49);
        for run in unbroken(&curve.x, &curve.y, |x, y| self.dot(x, y)) {
            for part in window.parts(&run) {
                let dots: Vec<(i64, i64)> = part.iter().map(|p| (p.0.round() as i64, p.1.round() as i64)).collect();
                self.set(dots[0], index);
                dots.windows(2).for_each(|pair| self.line(pair[0], pair[1], index));
            }
        }
    }

    fn line(&mut self, from: (i64, i64), to: (i64, i64), index: usize) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs());
        for step in 1..=steps {
            let along = |a: i64, b: i64| a + ((b - a) as f64 * step as f64 / steps as f64).round() as i64;
            self.set((along(from.0, to.0), along(from.1, to.1)), index);
        }
    }

    fn set(&mut self, (column, row): (i64, i64), index: usize) {
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else { return };
        if column < 2 * self.width && row < 4 * self.height {
            let cell = &mut self.cells[row / 4 * self.width + column / 2];
            cell.0 |= BITS[row % 4][column % 2];
            cell.1 = Some(index);
        }
    }

    fn text(&self, row: usize, several: bool, colour: bool) -> String {
        let mut line = String::new();
        for (dots, owner) in &self.cells[row * self.width..(row + 1) * self.width] {
            match owner {
                None => line.push(' '),
                Some(index) if several && !colour => line.push(MARKS[index % MARKS.len()]),
                Some(index) => {
                    let dots = char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' ');
                    if colour {
                        line.push_str(&format!("\u{1b}[{}m{dots}\u{1b}[0m", COLOURS[index % COLOURS.len()]));
                    } else {
                        line.push(dots);
                    }
                }
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(name: &str, f: impl Fn(f64) -> f64) -> Series {
        let x: Vec<f64> = (0..101).map(|i| -5.0 + 0.1 * i as f64).collect();
        Series {
            name: name.into(),
            curve: 0,
            thin: false,
            y: x.iter().map(|x| f(*x)).collect(),
            x,
            ..Series::default()
        }
    }

    #[test]
    fn a_bell_rises_in_the_middle() {
        let lines = sketch(&[curve("n", |x| (-x * x).exp())], [None, None], 8, &Style::plain(60));
        assert_eq!(lines.len(), 9);
        let column = |line: &str| line.chars().position(|c| ('\u{2801}'..='\u{28ff}').contains(&c)).unwrap();
        assert!(column(&lines[0]) > column(&lines[7]) + 10, "{}", lines.join("\n"));
        assert!(lines.iter().all(|l| l.chars().count() <= 60));
    }

    #[test]
    fn gaps_constants_and_nothing_are_drawn_without_panic() {
        let gap = curve("g", |x| if x.abs() < 1.0 { f64::NAN } else { x });
        assert!(!sketch(std::slice::from_ref(&gap), [None, None], 6, &Style::plain(40)).is_empty());
        assert!(!sketch(&[curve("c", |_| 0.0), gap], [None, None], 6, &Style::plain(40)).is_empty());
        assert!(sketch(&[curve("n", |_| f64::NAN)], [None, None], 6, &Style::plain(40)).is_empty());
        assert!(sketch(&[], [None, None], 6, &Style::plain(40)).is_empty());
        for scale in [1e-310, 5e-324, 1e307, f64::MAX] {
            let lines = sketch(&[curve("s", |x| scale * x.signum())], [None, None], 6, &Style::plain(60));
            assert!(lines.len() == 7 && !lines.concat().contains("nan"), "{scale}: {}", lines.join("\n"));
        }
    }

    #[test]
    fn ranges_are_axes_and_lines_end_there() {
        let line = curve("l", |x| 1e9 * x);
        let lines = sketch(std::slice::from_ref(&line), [Some((-8.0, 8.0)), Some((-1.0, 1.0))], 6, &Style::plain(60));
        assert!(lines[6].contains("└-8 ") && lines[6].ends_with(" 8"), "{}", lines.join("\n"));
        // A steep line from the bottom to the top in the middle, nowhere else.
        let drawn: Vec<usize> = lines[..6].iter().filter_map(|l| l.chars().position(|c| c > '\u{2800}')).collect();
        assert!(drawn.len() == 6 && drawn.iter().all(|at| drawn[0].abs_diff(*at) <= 1), "{}", lines.join("\n"));
        assert!(sketch(&[line], [Some((20.0, 30.0)), None], 6, &Style::plain(60)).is_empty());
    }
}

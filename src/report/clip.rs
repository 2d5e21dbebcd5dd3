//! Lines cut at the edges of a rectangle.

/// A point in the units of a drawing.
pub type Point = (f64, f64);

/// A rectangle: its smallest and largest coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The smallest x and y.
    pub from: Point,
    /// The largest x and y.
    pub to: Point,
}

impl Window {
    /// The same rectangle, larger by `room` on every side.
    pub fn grown(self, room: f64) -> Self {
        Window { from: (self.from.0 - room, self.from.1 - room), to: (self.to.0 + room, self.to.1 + room) }
    }

    /// Whether a point lies in it or on its edge.
    pub fn contains(self, (x, y): Point) -> bool {
        // Where a range is that of the data, its ends lie exactly on the edge.
        let room = 1e-6;
        x >= self.from.0 - room && x <= self.to.0 + room && y >= self.from.1 - room && y <= self.to.1 + room
    }

    /// The part of a segment inside, if there is one.
    pub fn segment(self, mut a: Point, mut b: Point) -> Option<(Point, Point)> {
        let walls = [(0, -1.0, self.from.0), (0, 1.0, self.to.0), (1, -1.0, self.from.1), (1, 1.0, self.to.1)];
        for (axis, sign, wall) in walls {
            let beyond = |p: Point| sign * (along(p, axis) - wall) > 0.0;
            match (beyond(a), beyond(b)) {
                (true, true) => return None,
                (false, false) => {}
                (false, true) => b = cut(a, b, axis, wall),
                (true, false) => a = cut(b, a, axis, wall),
            }
        }
        Some((a, b))
    }

    /// The parts of a line through points that lie inside.
    pub fn parts(self, points: &[Point]) -> Vec<Vec<Point>> {
        if let [alone] = points {
            return if self.contains(*alone) { vec![points.to_vec()] } else { Vec::new() };
        }
        let mut parts: Vec<Vec<Point>> = Vec::new();
        for pair in points.windows(2) {
            let Some((from, to)) = self.segment(pair[0], pair[1]) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&from) => part.push(to),
                _ => parts.push(vec![from, to]),
            }
        }
        parts
    }
}

fn along(p: Point, axis: usize) -> f64 {
    if axis == 0 { p.0 } else { p.1 }
}

/// Where the segment from `inner` to a point beyond a wall meets it. Calculated from the inner end, which may be much nearer.
fn cut(inner: Point, outer: Point, axis: usize, wall: f64) -> Point {
    let other = 1 - axis;
    let slope = (along(outer, other) - along(inner, other)) / (along(outer, axis) - along(inner, axis));
    let there = along(inner, other) + (wall - along(inner, axis)) * slope;
    if axis == 0 { (wall, there) } else { (there, wall) }
}

/// Stretches of a curve without gaps, in the units of a drawing. Numbers that overflow there lie far outside.
pub fn unbroken(x: &[f64], y: &[f64], place: impl Fn(f64, f64) -> Point) -> Vec<Vec<Point>> {
    const FAR: f64 = 1e150;
    let mut runs: Vec<Vec<Point>> = vec![Vec::new()];
    for (&x, &y) in x.iter().zip(y) {
        if !(x.is_finite() && y.is_finite()) {
            runs.push(Vec::new());
        } else if let Some(run) = runs.last_mut() {
            let (x, y) = place(x, y);
            run.push((x.clamp(-FAR, FAR), y.clamp(-FAR, FAR)));
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Window = Window { from: (0.0, 0.0), to: (1.0, 1.0) };

    #[test]
    fn a_line_ends_at_the_edge() {
        // In through the bottom at a quarter, out through the top at three quarters, and away.
        assert_eq!(UNIT.parts(&[(0.0, 1.5), (1.0, -0.5), (1.0, -2.0)]), [[(0.25, 1.0), (0.75, 0.0)]]);
        assert!(UNIT.parts(&[(2.0, 0.0), (2.0, 1.0)]).is_empty());
        assert_eq!(UNIT.parts(&[(0.5, 0.5)]), [[(0.5, 0.5)]]);
        // A corner is passed outside.
        assert!(UNIT.parts(&[(-0.6, 0.5), (0.5, 1.6)]).is_empty());
    }

    #[test]
    fn an_end_far_away_does_not_move_the_near_one() {
        for far in [1e3, 1e12, 1e150] {
            assert_eq!(UNIT.segment((0.5, far), (0.5, 0.25)), Some(((0.5, 1.0), (0.5, 0.25))));
            assert_eq!(UNIT.segment((-far, 0.5), (0.25, 0.5)), Some(((0.0, 0.5), (0.25, 0.5))));
        }
    }

    #[test]
    fn gaps_break_a_curve() {
        let mut y = vec![-1.0; 36];
        y[20] = f64::NAN;
        let x: Vec<f64> = (0..36).map(f64::from).collect();
        let runs = unbroken(&x, &y, |x, y| (x, y));
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [20, 15]);
        assert_eq!(unbroken(&[0.0, 1.0], &[f64::MAX, 0.0], |x, y| (x, 100.0 * y)), [[(0.0, 1e150), (1.0, 0.0)]]);
    }
}

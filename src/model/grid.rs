//! The uniform grid.

use crate::number::{counted, shortest};
use miette::Diagnostic;
use thiserror::Error;

/// A position within this many spacings of a point counts as being on it: published positions are rounded to f32.
pub const ON_POINT: f64 = 1e-4;

/// A position within this many spacings of a midpoint counts as a tie in [`Grid::snap`].
const TIE: f64 = 1e-6;

/// The maximum number of grid points.
const MAX_POINTS: usize = 1_000_000;

/// Weights of the second derivative times h^2, from the centre outward, for stencils of 3, 5, 7 and 9 points.
const STENCILS: [&[f64]; 4] = [
    &[-2.0, 1.0],
    &[-5.0 / 2.0, 4.0 / 3.0, -1.0 / 12.0],
    &[-49.0 / 18.0, 3.0 / 2.0, -3.0 / 20.0, 1.0 / 90.0],
    &[-205.0 / 72.0, 8.0 / 5.0, -1.0 / 5.0, 8.0 / 315.0, -1.0 / 560.0],
];

/// What the orbitals do beyond the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wall {
    /// They vanish at every point outside (the published choice).
    Zero,
    /// Hard walls one step outside the ends: psi(-h) = -psi(h), an odd continuation.
    Odd,
}

/// Equally spaced points. Integrals are h times the sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Number of points N.
    pub points: usize,
    /// Spacing h, bohr.
    pub spacing: f64,
    /// Coordinate of point 0, bohr.
    pub start: f64,
    /// Points of the second-derivative stencil: 3, 5, 7 or 9.
    pub stencil: usize,
    /// The ends.
    pub wall: Wall,
}

/// Why a grid is impossible.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum GridError {
    /// The second derivative at a point uses the points around it, and the grid has fewer points than that.
    ///
    /// What to do: use more `points:`. Atoms and molecules need a few hundred, about 0.08 bohr apart.
    #[error("a grid of {} is too small for a stencil of {stencil}", counted(*points, "point"))]
    #[diagnostic(code(ksr::grid::too_few_points), help("`points:` must be at least {stencil}"))]
    TooFewPoints {
        /// The given number of points.
        points: usize,
        /// Points of the stencil.
        stencil: usize,
    },
    /// The grid has more points than fit into memory; most likely the spacing or the number is mistyped.
    ///
    /// What to do: use fewer `points:` or a larger spacing.
    #[error("a grid of {points} points is too large")]
    #[diagnostic(code(ksr::grid::too_many_points), help("`points:` can be at most {most}"))]
    TooManyPoints {
        /// The given number of points.
        points: usize,
        /// The most.
        most: usize,
    },
    /// The distance between grid points is zero, negative or not a number. With `from:` and `to:` it follows from these
    /// two.
    ///
    /// What to do: give a positive `spacing:`, or a `to:` greater than `from:`.
    #[error("the spacing of a grid must be positive, not {} bohr", shortest(*spacing))]
    #[diagnostic(code(ksr::grid::spacing), help("with `from:` and `to:`, `to` must be greater than `from`"))]
    Spacing {
        /// The given spacing, bohr.
        spacing: f64,
    },
    /// The first point of the grid is infinite or not a number.
    ///
    /// What to do: look at how `from:`, `to:` or `spacing:` is calculated.
    #[error("a grid cannot start at {} bohr", shortest(*start))]
    #[diagnostic(code(ksr::grid::start))]
    Start {
        /// The given first point, bohr.
        start: f64,
    },
    /// The second derivative uses 3, 5, 7 or 9 neighbouring points; there is no formula for other numbers.
    ///
    /// What to do: choose one of these; 5 is the default.
    #[error("there is no stencil of {stencil} points")]
    #[diagnostic(code(ksr::grid::stencil), help("`stencil:` must be 3, 5, 7 or 9"))]
    Stencil {
        /// The given number of points.
        stencil: usize,
    },
}

impl Grid {
    /// `points` points of `spacing` centred on 0, five-point stencil, zero walls.
    pub fn centred(points: usize, spacing: f64) -> Self {
        let start = -0.5 * (points as f64 - 1.0) * spacing;
        Self { points, spacing, start, stencil: 5, wall: Wall::Zero }
    }

    /// `points` points, the first at `from`, the last at `to`; five-point stencil, zero walls.
    pub fn between(from: f64, to: f64, points: usize) -> Self {
        let spacing = (to - from) / (points as f64 - 1.0);
        Self { points, spacing, start: from, stencil: 5, wall: Wall::Zero }
    }

    /// `points` points inside hard walls at `from` and `to`, where every orbital vanishes: spacing (to - from)/(points + 1),
    /// the first point one spacing right of `from`; five-point stencil, odd walls.
    pub fn between_walls(from: f64, to: f64, points: usize) -> Self {
        let spacing = (to - from) / (points as f64 + 1.0);
        Self { points, spacing, start: from + spacing, stencil: 5, wall: Wall::Odd }
    }

    /// The same with another stencil.
    pub fn with_stencil(self, stencil: usize) -> Self {
        Self { stencil, ..self }
    }

    /// The same points with other ends.
    pub fn with_wall(self, wall: Wall) -> Self {
        Self { wall, ..self }
    }

    /// Checks that the grid can be used; every grid of a script passes through here.
    pub fn validate(&self) -> Result<(), GridError> {
        let Grid { points, spacing, start, stencil, .. } = *self;
        if ![3, 5, 7, 9].contains(&stencil) {
            return Err(GridError::Stencil { stencil });
        }
        if points < stencil {
            return Err(GridError::TooFewPoints { points, stencil });
        }
        if points > MAX_POINTS {
            return Err(GridError::TooManyPoints { points, most: MAX_POINTS });
        }
        if !(spacing > 0.0 && spacing.is_finite()) {
            return Err(GridError::Spacing { spacing });
        }
        if !start.is_finite() || !self.end().is_finite() {
            return Err(GridError::Start { start });
        }
        Ok(())
    }

    /// How many points to either side the second derivative of an orbital sees.
    pub(crate) fn reach(&self) -> usize {
        self.weights().len() - 1
    }

    /// The entry (i, i - k) of -1/2 d²/dx² of orbitals, hartree, a symmetric matrix: k is at most [`Grid::reach`] and i.
    pub(crate) fn kinetic(&self, i: usize, k: usize) -> f64 {
        let weights = self.weights();
        let beyond = if self.wall == Wall::Odd { reflected(weights, self.points, i, k) } else { 0.0 };
        -0.5 / (self.spacing * self.spacing) * (weights[k] - beyond)
    }

    fn weights(&self) -> &'static [f64] {
        STENCILS[(self.stencil.clamp(3, 9) - 3) / 2]
    }

    /// Coordinate of point i, bohr.
    pub fn x(&self, i: usize) -> f64 {
        self.start + i as f64 * self.spacing
    }

    /// All coordinates, bohr.
    pub fn xs(&self) -> Vec<f64> {
        (0..self.points).map(|i| self.x(i)).collect()
    }

    /// Coordinate of the last point, bohr.
    pub fn end(&self) -> f64 {
        self.x(self.points.saturating_sub(1))
    }

    /// Integral of samples: h times their sum.
    pub fn integrate(&self, f: &[f64]) -> f64 {
        self.spacing * f.iter().sum::<f64>()
    }

    /// Integral of the product of two functions.
    pub fn overlap(&self, f: &[f64], g: &[f64]) -> f64 {
        self.integrate(&f.iter().zip(g).map(|(f, g)| f * g).collect::<Vec<_>>())
    }

    /// Where x lies, in spacings from point 0.
    pub fn position(&self, x: f64) -> f64 {
        (x - self.start) / self.spacing
    }

    /// Whether x lies on the grid, its ends included (to within [`ON_POINT`] spacings).
    pub fn contains(&self, x: f64) -> bool {
        let position = self.position(x);
        position >= -ON_POINT && position <= self.points.saturating_sub(1) as f64 + ON_POINT
    }

    /// Index of the point nearest to x; in a tie (to within 1e-6 spacings) the right one. For x outside, the nearer end.
    pub fn nearest(&self, x: f64) -> usize {
        let index = (self.position(x) + 0.5 + TIE).floor();
        // A NaN becomes 0.
        (index.max(0.0) as usize).min(self.points.saturating_sub(1))
    }

    /// Coordinate of the point nearest to x (see [`Grid::nearest`]), bohr.
    pub fn snap(&self, x: f64) -> f64 {
        self.x(self.nearest(x))
    }

    /// Index of the point at x, to within [`ON_POINT`] spacings.
    pub fn point_at(&self, x: f64) -> Option<usize> {
        let index = self.nearest(x);
        ((self.position(x) - index as f64).abs() <= ON_POINT).then_some(index)
    }

    /// The reflection about `centre`, if that is a point or midway between two (to within [`ON_POINT`] spacings).
    pub fn mirror(&self, centre: f64) -> Option<Mirror> {
        let twice = 2.0 * self.position(centre);
        let sum = twice.round();
        let inside = sum >= 0.0 && sum <= 2.0 * self.points.saturating_sub(1) as f64;
        (inside && (twice - sum).abs() <= 2.0 * ON_POINT).then_some(Mirror { sum: sum as usize, points: self.points })
    }
}

/// The weight that an odd continuation beyond walls one step outside the ends subtracts from entry (i, i - k): the orbital
/// beyond the left wall is minus the orbital the same distance inside it. Likewise on the right.
fn reflected(weights: &[f64], points: usize, i: usize, k: usize) -> f64 {
    let at = |steps: usize| weights.get(steps).copied().unwrap_or(0.0);
    let (from_left, from_right) = (2 * i - k, 2 * (points - 1 - i) + k);
    at(from_left + 2) + at(from_right + 2)
}

/// A reflection that takes grid points to grid points, about a point or a midpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirror {
    sum: usize,
    points: usize,
}

impl Mirror {
    /// The image of point i, if it is a grid point.
    pub fn partner(&self, i: usize) -> Option<usize> {
        self.sum.checked_sub(i).filter(|&j| j < self.points)
    }

    /// f mirrored. Points whose image lies outside keep their value.
    pub fn image(&self, f: &[f64]) -> Vec<f64> {
        f.iter().enumerate().map(|(i, &own)| self.partner(i).and_then(|j| f.get(j).copied()).unwrap_or(own)).collect()
    }

    /// P f = (f + f mirrored)/2, a symmetric projection which keeps the integral.
    pub fn average(&self, f: &[f64]) -> Vec<f64> {
        f.iter().zip(self.image(f)).map(|(a, b)| 0.5 * (a + b)).collect()
    }

    /// The largest |f - f mirrored| over the points that have an image, and where it is.
    pub fn asymmetry(&self, f: &[f64]) -> (f64, usize) {
        let difference = |i: usize| self.partner(i).and_then(|j| f.get(j)).map_or(0.0, |b| (f[i] - b).abs());
        (0..f.len()).map(|i| (difference(i), i)).fold((0.0, 0), |worst, d| if d.0 > worst.0 { d } else { worst })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_grid() {
        let grid = Grid::centred(513, 0.08);
        assert_eq!(grid.start, -20.48);
        assert!((grid.end() - 20.48).abs() < 1e-12);
        assert!(grid.validate().is_ok());
        assert!((grid.integrate(&vec![1.0; 513]) - 41.04).abs() < 1e-12);
    }

    #[test]
    fn ends_are_points_or_walls() {
        let open = Grid::between(-1.0, 1.0, 5);
        assert_eq!((open.spacing, open.x(4)), (0.5, 1.0));
        let closed = Grid::between_walls(0.0, 1.0, 9);
        assert!((closed.x(0) - 0.1).abs() < 1e-15 && (closed.end() - 0.9).abs() < 1e-15);
        assert_eq!(closed.wall, Wall::Odd);
    }

    #[test]
    fn snapping_sends_ties_right() {
        let grid = Grid::centred(513, 0.08);
        assert!((grid.snap(1.48 + 1e-9) - 1.52).abs() < 1e-12);
        assert!((grid.snap(1.48 - 1e-9) - 1.52).abs() < 1e-12);
        assert!((grid.snap(-1.48) + 1.44).abs() < 1e-12);
        assert!((grid.snap(1.47) - 1.44).abs() < 1e-12);
        assert_eq!(grid.nearest(-100.0), 0);
        assert_eq!(grid.nearest(100.0), 512);
    }

    #[test]
    fn published_positions_count_as_on_the_points() {
        let grid = Grid::centred(513, 0.08);
        assert_eq!(grid.point_at(f64::from(1.52_f32)), Some(275));
        assert_eq!(grid.point_at(1.5), None);
        assert!(grid.contains(20.48) && grid.contains(-20.480001) && !grid.contains(20.5));
    }

    #[test]
    fn mirrors_exist_about_points_and_midpoints() {
        let grid = Grid::centred(513, 0.08);
        assert_eq!(grid.mirror(0.0).and_then(|m| m.partner(0)), Some(512));
        let off_centre = grid.mirror(0.04).expect("a midpoint");
        assert_eq!(off_centre.partner(512), Some(1));
        assert_eq!(off_centre.partner(0), None);
        assert_eq!(grid.mirror(0.03), None);
        assert_eq!(grid.mirror(f64::NAN), None);
    }

    #[test]
    fn the_mirror_average_is_a_projection_that_keeps_electrons() {
        let grid = Grid::centred(11, 0.1);
        let mirror = grid.mirror(0.15).expect("a midpoint");
        let f: Vec<f64> = (0..11).map(|i| ((i * i) as f64).sin()).collect();
        let once = mirror.average(&f);
        assert_eq!(mirror.average(&once), once);
        assert!((grid.integrate(&once) - grid.integrate(&f)).abs() < 1e-15);
        assert_eq!(mirror.asymmetry(&once).0, 0.0);
        assert!(mirror.asymmetry(&f).0 > 0.1);
    }

    #[test]
    fn bad_grids_are_refused() {
        assert!(matches!(Grid::centred(4, 0.1).validate(), Err(GridError::TooFewPoints { .. })));
        assert!(matches!(Grid::centred(0, 0.1).validate(), Err(GridError::TooFewPoints { .. })));
        assert!(matches!(Grid::centred(50, 0.0).validate(), Err(GridError::Spacing { .. })));
        assert!(matches!(Grid::centred(50, f64::NAN).validate(), Err(GridError::Spacing { .. })));
        assert!(matches!(Grid::between(1.0, 0.0, 50).validate(), Err(GridError::Spacing { .. })));
        assert!(matches!(Grid::centred(50, 0.1).with_stencil(4).validate(), Err(GridError::Stencil { .. })));
        assert!(matches!(Grid::centred(2_000_000, 0.1).validate(), Err(GridError::TooManyPoints { .. })));
    }
}

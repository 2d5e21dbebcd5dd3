//! The uniform grid.

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

impl Grid {
    /// `points` points of `spacing` centred on 0, five-point stencil, zero walls.
    pub fn centred(points: usize, spacing: f64) -> Self {
        let start = -0.5 * (points as f64 - 1.0) * spacing;
        Self { points, spacing, start, stencil: 5, wall: Wall::Zero }
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
}

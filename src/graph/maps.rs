//! Linear maps along the grid, the same for every channel. Everything about a map is in this file; the rest of the compiler
//! sees one operation and its transpose.

use super::error::LowerError;
use super::shapes::{Shape, ShapeError};
use crate::model::Grid;
use crate::source::Span;
use crate::tensor::rows::Rows;

/// A linear map along the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(test, derive(strum::EnumIter))]
pub enum GridMap {
    /// First derivative by central differences, one-sided at the ends.
    Grad,
    /// Second derivative: the three-point stencil, one-sided (the neighbour's value) at the ends.
    Laplacian,
    /// -1/2 times the second derivative of an orbital: the grid's own stencil and walls, a symmetric matrix.
    Kinetic,
    /// The integral from the left end up to each point.
    Cumulative,
    /// To the next coarser level: interior rows 1/4, 1/2, 1/4, end rows 3/4, 1/4.
    Downsample,
    /// To the next finer level: linear interpolation.
    Upsample,
    /// The value at one grid point; negative indices count from the end.
    Point(i64),
    /// The value at a coordinate x, bohr, by linear interpolation.
    At(f64),
}

/// Coarsest level of a grid.
const COARSEST: u8 = 16;

impl GridMap {
    /// Its name for users.
    pub fn name(self) -> &'static str {
        match self {
            GridMap::Grad => "grad",
            GridMap::Laplacian => "laplacian",
            GridMap::Kinetic => "kinetic_operator",
            GridMap::Cumulative => "cumulative_integral",
            GridMap::Downsample => "downsample",
            GridMap::Upsample => "upsample",
            GridMap::Point(_) => "[ ]",
            GridMap::At(_) => "at",
        }
    }

    /// The shape of its result for a field on a grid level.
    pub(super) fn result(self, found: Shape, level: u8) -> Result<Shape, ShapeError> {
        let on = |grid: Option<u8>| Ok(Shape { grid, ..found });
        match self {
            GridMap::Grad | GridMap::Laplacian | GridMap::Kinetic | GridMap::Cumulative => Ok(found),
            GridMap::Downsample if level >= COARSEST => Err(ShapeError::Coarsest { found }),
            GridMap::Downsample => on(Some(level + 1)),
            GridMap::Upsample if level == 0 => Err(ShapeError::Finest { found }),
            GridMap::Upsample => on(Some(level - 1)),
            GridMap::Point(_) | GridMap::At(_) => on(None),
        }
    }

    /// Its matrix, from `points` points at a distance of `h` bohr to `results` points.
    pub(super) fn rows(
        self,
        grid: &Grid,
        (points, h): (usize, f64),
        results: usize,
        span: Span,
    ) -> Result<Rows, LowerError> {
        Ok(match self {
            GridMap::Grad => Rows::gradient(points, h),
            GridMap::Laplacian => Rows::laplacian(points, h),
            GridMap::Kinetic => {
                let level = Grid { points, spacing: h, ..grid.clone() };
                Rows::symmetric_band(points, level.reach(), |i, k| level.kinetic(i, k))
            }
            GridMap::Cumulative => Rows::cumulative(points, h),
            GridMap::Downsample => Rows::downsample(points),
            GridMap::Upsample => Rows::upsample(results),
            GridMap::Point(index) => {
                let place = if index < 0 { index + points as i64 } else { index };
                if place < 0 || place >= points as i64 {
                    return Err(LowerError::NoPoint { index, points, span });
                }
                Rows::point(points, place as usize)
            }
            GridMap::At(position) => {
                let place = (position - grid.start) / h;
                let slack = 1e-9;
                if !(place >= -slack && place <= (points as f64 - 1.0) + slack) {
                    return Err(LowerError::Outside { position, from: grid.start, to: grid.end(), span });
                }
                Rows::between(points, place)
            }
        })
    }

    /// Floating-point operations per number of its result, and per number of its transpose.
    pub(super) fn operations(self) -> [u64; 2] {
        match self {
            // Two or three neighbours each.
            GridMap::Grad => [2, 2],
            GridMap::Laplacian => [5, 5],
            // Nine neighbours at most.
            GridMap::Kinetic => [17, 17],
            GridMap::Cumulative => [3, 3],
            GridMap::Downsample => [5, 2],
            GridMap::Upsample => [2, 5],
            GridMap::Point(_) | GridMap::At(_) => [0, 0],
        }
    }
}

//! Why a graph cannot run.

use crate::source::Span;
use crate::tensor::TensorError;

/// Why a graph cannot run on this grid or device.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LowerError {
    /// The tensor layer failed.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// `n[600]` on fewer points.
    #[error("point {index} does not exist on a grid of {points} points")]
    NoPoint {
        /// The index.
        index: i64,
        /// Points of the grid.
        points: usize,
        /// Where it is used.
        span: Span,
    },
    /// `at(n, x: 50)` outside.
    #[error("x = {position} is outside the grid, {from} .. {to} bohr")]
    Outside {
        /// Coordinate, bohr.
        position: f64,
        /// First point, bohr.
        from: f64,
        /// Last point, bohr.
        to: f64,
        /// Where it is used.
        span: Span,
    },
    /// A field on a different grid in a functional's body.
    #[error("a functional with a field of {found} points cannot run on a grid of {expected}")]
    OtherGrid {
        /// Points of the grid.
        expected: usize,
        /// Points of the field.
        found: usize,
        /// Its place.
        span: Span,
    },
    /// An input of the wrong shape.
    #[error("input {index} has {found} numbers instead of {expected}")]
    Input {
        /// Its index.
        index: usize,
        /// Points times channels expected.
        expected: usize,
        /// Points times channels given.
        found: usize,
    },
}

//! Shapes, which of them combine, and the errors for those that do not.

use std::fmt;

/// The shape of a node's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Grid level: `Some(0)` is the system's grid, `Some(k)` after k downsamplings; `None`: no grid axis.
    pub grid: Option<u8>,
    /// Number of channels; 1 for a plain scalar or a simple field.
    pub channels: usize,
}

impl Shape {
    /// One number.
    pub const SCALAR: Shape = Shape { grid: None, channels: 1 };
    /// One value per grid point.
    pub const FIELD: Shape = Shape { grid: Some(0), channels: 1 };
    /// A vector without a grid axis.
    pub const fn vector(channels: usize) -> Shape {
        Shape { grid: None, channels }
    }
    /// A field of several channels on the system's grid.
    pub const fn field(channels: usize) -> Shape {
        Shape { grid: Some(0), channels }
    }
}

impl fmt::Display for Shape {
    /// `a single number`, `a vector of 8`, `a field`, `a field of 3 channels`, with `, coarsened twice` on a coarser level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.grid, self.channels) {
            (None, 1) => write!(f, "a single number"),
            (None, n) => write!(f, "a vector of {n}"),
            (Some(_), 1) => write!(f, "a field"),
            (Some(_), n) => write!(f, "a field of {n} channels"),
        }?;
        match self.grid {
            None | Some(0) => Ok(()),
            Some(1) => write!(f, ", coarsened once"),
            Some(2) => write!(f, ", coarsened twice"),
            Some(k) => write!(f, ", coarsened {k} times"),
        }
    }
}

/// A shape mismatch, in the user's terms.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// Two operands with different numbers of channels.
    #[error("`{operation}` cannot combine {left} with {right}")]
    Channels {
        /// The operation.
        operation: String,
        /// First operand.
        left: Shape,
        /// Second operand.
        right: Shape,
    },
    /// Two operands on different grid levels.
    #[error("`{operation}` needs both on the same grid, but got {left} and {right}")]
    Levels {
        /// The operation.
        operation: String,
        /// First operand.
        left: Shape,
        /// Second operand.
        right: Shape,
    },
    /// Something without a grid where a field is needed.
    #[error("`{operation}` needs a field, but got {found}")]
    NotField {
        /// The operation.
        operation: String,
        /// What it got.
        found: Shape,
    },
    /// A wrong shape where only one is possible.
    #[error("`{operation}` needs {expected}, but got {found}")]
    Unexpected {
        /// The operation.
        operation: String,
        /// What it needs.
        expected: Shape,
        /// What it has.
        found: Shape,
    },
    /// A channel that does not exist.
    #[error("channel {index} of {found} does not exist")]
    NoChannel {
        /// The requested index.
        index: i64,
        /// The shape.
        found: Shape,
    },
    /// A layer without width or channels.
    #[error("`{operation}` needs at least one {what}")]
    Nothing {
        /// The operation.
        operation: String,
        /// `channel`, `point of width`, `field to join`.
        what: &'static str,
    },
    /// An array or a field too large for memory.
    #[error("`{operation}` creates {} numbers, which is too many", product(.shape))]
    TooLarge {
        /// The operation.
        operation: String,
        /// Lengths of the array's axes, or the number of channels.
        shape: Vec<usize>,
    },
    /// Upsampling a field that was never downsampled.
    #[error("`upsample` needs a field that was downsampled before, but got {found}")]
    Finest {
        /// What it has.
        found: Shape,
    },
    /// Downsampling too often.
    #[error("`downsample` cannot coarsen {found} further")]
    Coarsest {
        /// What it has.
        found: Shape,
    },
}

impl ShapeError {
    /// The likely fix.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            ShapeError::Channels { .. } => {
                "fields combine if they have the same number of channels or one of them has a single \
                                            one; `dense(k)` produces k channels, `channel(f, k)` extracts one"
                    .into()
            }
            ShapeError::Levels { .. } => "`downsample` or `upsample` one of them".into(),
            ShapeError::NotField { .. } => "a field has one value per grid point, like the density".into(),
            ShapeError::TooLarge { .. } => format!("the maximum is {MOST_NUMBERS}"),
            ShapeError::NoChannel { found, .. } => match found.channels {
                1 => "it has only channel 0".into(),
                n => format!("its channels are 0 .. {}", n - 1),
            },
            ShapeError::Unexpected { expected: Shape { grid: Some(_), channels: 1 }, .. } => {
                "end a network with `dense(1)`, or take one channel with `channel(f, k)`".into()
            }
            _ => return None,
        })
    }
}

/// The maximum number of values in an array of parameters, and of channels in a field.
pub const MOST_NUMBERS: usize = 100_000_000;

/// `3 x 8 x 8`.
fn product(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

/// The number of elements of an array with the given shape.
///
/// # Errors
/// [`ShapeError::TooLarge`] above `MOST_NUMBERS`.
pub fn size(operation: &str, shape: &[usize]) -> Result<usize, ShapeError> {
    let size = shape.iter().fold(1usize, |size, &length| size.saturating_mul(length));
    if size <= MOST_NUMBERS {
        return Ok(size);
    }
    Err(ShapeError::TooLarge { operation: operation.into(), shape: shape.to_vec() })
}

/// The shape of an elementwise result, broadcast over a missing grid axis and a single channel.
pub fn broadcast(operation: &str, left: Shape, right: Shape) -> Result<Shape, ShapeError> {
    let grid = match (left.grid, right.grid) {
        (Some(a), Some(b)) if a != b => {
            return Err(ShapeError::Levels { operation: operation.into(), left, right });
        }
        (a, b) => a.or(b),
    };
    match (left.channels, right.channels) {
        (a, b) if a == b || b == 1 => Ok(Shape { grid, channels: a }),
        (1, b) => Ok(Shape { grid, channels: b }),
        _ => Err(ShapeError::Channels { operation: operation.into(), left, right }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;

    #[test]
    fn shapes_are_described_in_words() {
        assert_eq!(Shape::SCALAR.to_string(), "a single number");
        assert_eq!(Shape::vector(8).to_string(), "a vector of 8");
        assert_eq!(Shape::FIELD.to_string(), "a field");
        assert_eq!(Shape { grid: Some(2), channels: 3 }.to_string(), "a field of 3 channels, coarsened twice");
    }

    #[test]
    fn sizes_are_limited() {
        assert_eq!(size("conv", &[3, 8, 8]), Ok(192));
        let error = size("dense", &[1, 1 << 40, 1 << 40]).unwrap_err();
        assert_eq!(error.to_string(), "`dense` creates 1 x 1099511627776 x 1099511627776 numbers, which is too many");
        let (mut graph, span) = (Graph::new(), crate::source::Span::default());
        let n = graph.input("n", Shape::field(2), span);
        let huge = graph.conv(n, n, 1, usize::MAX, span);
        assert!(matches!(huge, Err(ShapeError::TooLarge { .. })), "{huge:?}");
        let mut wide = n;
        let failure = (0..40).find_map(|_| match graph.concat(&[wide, wide], span) {
            Ok(wider) => {
                wide = wider;
                None
            }
            Err(error) => Some(error),
        });
        assert!(matches!(failure, Some(ShapeError::TooLarge { .. })), "{failure:?}");
    }

    #[test]
    fn shapes_broadcast_or_clash() {
        assert_eq!(broadcast("+", Shape::vector(8), Shape::FIELD), Ok(Shape::field(8)));
        assert_eq!(broadcast("+", Shape::SCALAR, Shape::field(3)), Ok(Shape::field(3)));
        let error = broadcast("+", Shape::field(3), Shape::vector(8)).unwrap_err();
        assert_eq!(error.to_string(), "`+` cannot combine a field of 3 channels with a vector of 8");
        assert!(broadcast("*", Shape::FIELD, Shape { grid: Some(1), channels: 1 }).is_err());
    }
}

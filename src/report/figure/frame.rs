//! The frame that the data is drawn in, and the colours of everything but the curves.

use super::marks::{Align, Colour, Mark, Pen, Point, Window, Words};
use crate::report::ticks::fraction;

/// Size of a figure in CSS pixels.
pub const SIZE: (f64, f64) = (880.0, 560.0);

pub const INK: Colour = Colour(38, 41, 48);
pub const FAINT: Colour = Colour(228, 230, 235);
pub const WHITE: Colour = Colour(255, 255, 255);

/// The frame that the data is drawn in, and its ranges.
pub struct Frame {
    pub window: Window,
    pub xs: (f64, f64),
    pub ys: (f64, f64),
}

impl Frame {
    pub fn x(&self, x: f64) -> f64 {
        let (left, right) = (self.window.from.0, self.window.to.0);
        left + fraction(x, self.xs) * (right - left)
    }
    pub fn y(&self, y: f64) -> f64 {
        let (top, bottom) = (self.window.from.1, self.window.to.1);
        bottom - fraction(y, self.ys) * (bottom - top)
    }
}

pub fn line(points: &[Point], colour: Colour, width: f64) -> Mark {
    Mark::Line(points.to_vec(), Pen::solid(colour, width))
}

/// A text whose base line is at `at`.
pub fn text(text: &str, at: Point, size: f64, align: Align) -> Mark {
    Mark::Text(Words { text: text.to_owned(), at, size, align, upwards: false })
}

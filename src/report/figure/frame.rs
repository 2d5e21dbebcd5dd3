//! The frame that the data is drawn in, and what is drawn with: lines, texts, places in device units.

use crate::report::ticks::fraction;
use plotters::coord::Shift;
use plotters::element::PathElement;
use plotters::prelude::{DrawingArea, DrawingBackend, RGBColor};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, IntoTextStyle, TextStyle};

pub const INK: RGBColor = RGBColor(38, 41, 48);
pub const FAINT: RGBColor = RGBColor(228, 230, 235);

/// The frame that the data is drawn in, in device units.
pub struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub xs: (f64, f64),
    pub ys: (f64, f64),
    /// Device units per CSS pixel.
    pub scale: f64,
    /// Device units by which centred text is lowered.
    pub nudge: f64,
}

impl Frame {
    pub fn x(&self, x: f64) -> f64 {
        self.left + fraction(x, self.xs) * (self.right - self.left)
    }
    pub fn y(&self, y: f64) -> f64 {
        self.bottom - fraction(y, self.ys) * (self.bottom - self.top)
    }
}

pub type Area<DB> = DrawingArea<DB, Shift>;

pub type Painted<DB> = Result<(), plotters::drawing::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

pub fn text_style(size: f64, scale: f64, colour: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    let font = ("sans-serif", size * scale).into_font();
    TextStyle { font, color: colour.to_backend_color(), pos: Pos::new(h, v) }
}

pub fn text_width<DB: DrawingBackend>(area: &Area<DB>, text: &str, size: f64, scale: f64) -> f64 {
    let style = ("sans-serif", size * scale).into_text_style(area);
    area.estimate_text_size(text, &style).map_or(0.0, |(width, _)| f64::from(width))
}

/// A point in device units.
pub type Point = (f64, f64);

pub fn pixel((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

pub fn line<DB: DrawingBackend>(area: &Area<DB>, points: &[Point], colour: impl Color, width: f64) -> Painted<DB> {
    let points: Vec<(i32, i32)> = points.iter().map(|p| pixel(*p)).collect();
    area.draw(&PathElement::new(points, colour.stroke_width(width.round().max(1.0) as u32)))
}

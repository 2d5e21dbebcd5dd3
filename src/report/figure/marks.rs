//! What a drawing consists of. Lengths are CSS pixels, y downwards.

pub use crate::report::clip::{Point, Window};

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    /// Its colour.
    pub colour: Colour,
    /// Its width.
    pub width: f64,
    /// From 0 to 1.
    pub opacity: f64,
    /// Lengths of dashes and of the gaps between them; `None` for a solid line.
    pub dash: Option<(f64, f64)>,
}

impl Pen {
    /// A solid line.
    pub const fn solid(colour: Colour, width: f64) -> Self {
        Pen { colour, width, opacity: 1.0, dash: None }
    }
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Align {
    /// Its beginning.
    Left,
    /// Its middle.
    Middle,
    /// Its end.
    Right,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The text.
    pub text: String,
    /// The place, on the base line.
    pub at: Point,
    /// The size of the font.
    pub size: f64,
    /// What stands at the place.
    pub align: Align,
    /// Whether it reads from bottom to top.
    pub upwards: bool,
}

/// One part of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line through points.
    Line(Vec<Point>, Pen),
    /// Filled circles of one radius.
    Dots(Vec<Point>, f64, Colour),
    /// A filled rectangle with an opacity.
    Area(Window, Colour, f64),
    /// A filled polygon with an opacity.
    Shape(Vec<Point>, Colour, f64),
    /// A text.
    Text(Words),
}

/// A drawing, from back to front.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// Grid, axes and labels.
    pub behind: Vec<Mark>,
    /// What is visible only inside the frame.
    pub inside: Vec<Mark>,
    /// The legend.
    pub above: Vec<Mark>,
}

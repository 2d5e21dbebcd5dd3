//! The font of figures: widths and outlines of texts.

use crate::problem::visible;
use tiny_skia::{PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};
use unicode_normalization::UnicodeNormalization;

/// DejaVu Sans, reduced to the characters used in labels; its licence is next to the file.
static FONT: &[u8] = include_bytes!("../../../assets/DejaVuSans-subset.ttf");

/// Height of a capital letter, for a font of size 1.
pub const CAPITAL: f64 = 0.73;

fn face() -> Option<Face<'static>> {
    Face::parse(FONT, 0).ok()
}

/// The glyphs of a text, each with the distance from the beginning of the text, in units of the font, and the whole width. A
/// character that the font lacks is a box.
fn glyphs(face: &Face<'_>, text: &str) -> (Vec<(GlyphId, f64)>, f64) {
    let mut along = 0.0;
    let place = |letter: char| {
        let glyph = face.glyph_index(letter).unwrap_or_default();
        let from = along;
        along += f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
        (glyph, from)
    };
    (text.nfc().map(place).collect(), along)
}

/// The width of a text.
pub fn width(text: &str, size: f64) -> f64 {
    face().map_or(0.0, |face| glyphs(&face, text).1 * size / f64::from(face.units_per_em()))
}

/// A text of unknown origin on one line no wider than `room`: visible, and cut if need be.
pub fn fitted(text: &str, size: f64, room: f64) -> String {
    let mut text = visible(text);
    if width(&text, size) <= room {
        return text;
    }
    while width(&text, size) + width("…", size) > room && text.pop().is_some() {}
    text + "…"
}

/// The outline of a text that begins at the origin, y downwards.
pub fn outline(text: &str, size: f64) -> Option<tiny_skia::Path> {
    let face = face()?;
    let mut outline = Outline { path: PathBuilder::new(), shift: 0.0 };
    for (glyph, from) in glyphs(&face, text).0 {
        outline.shift = from as f32;
        face.outline_glyph(glyph, &mut outline);
    }
    let scale = (size / f64::from(face.units_per_em())) as f32;
    outline.path.finish()?.transform(Transform::from_scale(scale, -scale))
}

struct Outline {
    path: PathBuilder,
    shift: f32,
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.shift + x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.shift + x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.shift + x1, y1, self.shift + x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.shift + x1, y1, self.shift + x2, y2, self.shift + x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_letter_in_two_spellings_is_as_wide() {
        assert_eq!(width("A\u{30a}", 14.0), width("\u{c5}", 14.0));
        assert!(width("ab", 14.0) > width("a", 14.0));
    }

    #[test]
    fn a_missing_letter_is_a_box() {
        assert!(outline("水", 14.0).is_some() && width("水", 14.0) > 0.0);
    }
}

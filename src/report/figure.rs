//! Figures as SVG and PNG.
//!
//! Both are drawn by the same code on plotters' integer pixels, several times larger than shown: the SVG to have smooth
//! coordinates, the PNG to be averaged down.

mod curves;
mod frame;

use super::ticks::{Ticks, finite_range, widened};
use crate::interp::value::Figure;
use curves::{draw_curve, legend};
use frame::{Area, FAINT, Frame, INK, Painted, line, pixel, text_style, text_width};
use plotters::element::{Rectangle, Text};
use plotters::prelude::{BitMapBackend, DrawingBackend, IntoDrawingArea, RGBColor, SVGBackend, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, TextStyle, register_font};
use std::path::Path;

/// DejaVu Sans, reduced to the characters used in labels; its licence is next to the file.
static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");

/// Size in CSS pixels.
const SIZE: (f64, f64) = (880.0, 560.0);
/// Units of the SVG per CSS pixel.
const SVG_SCALE: f64 = 10.0;
/// Pixels of the PNG per CSS pixel, and pixels averaged into one along each axis.
const PNG_SCALE: usize = 2;
const PNG_SAMPLES: usize = 2;
/// CSS pixels by which text is lowered, because the bitmap backend centres it a little too high.
const BITMAP_NUDGE: f64 = 2.2;

const AXIS: RGBColor = RGBColor(110, 114, 124);
const BAND: RGBColor = RGBColor(223, 238, 228);
/// The edge of a band.
const EDGE: RGBColor = RGBColor(150, 190, 165);

/// The content of a file with the figure, SVG or PNG according to its extension.
///
/// # Errors
/// A sentence for the user: another extension, or nothing finite to draw.
pub fn draw(figure: &Figure, path: &Path) -> Result<Vec<u8>, String> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    match ending.as_str() {
        "svg" => Ok(svg(figure)?.into_bytes()),
        "png" => png(figure),
        _ => Err(format!("a figure is saved as `.svg` or `.png`, not `{}`", path.display())),
    }
}

/// The figure as an SVG document.
///
/// # Errors
/// Nothing finite to draw.
pub fn svg(figure: &Figure) -> Result<String, String> {
    let mut text = String::new();
    let (width, height) = ((SIZE.0 * SVG_SCALE) as u32, (SIZE.1 * SVG_SCALE) as u32);
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        paint(&area, figure, SVG_SCALE, 0.0)?;
    }
    let large = format!("width=\"{width}\" height=\"{height}\"");
    Ok(text.replacen(&large, &format!("width=\"{}\" height=\"{}\"", SIZE.0, SIZE.1), 1))
}

/// The figure as a PNG file.
///
/// # Errors
/// Nothing finite to draw.
pub fn png(figure: &Figure) -> Result<Vec<u8>, String> {
    let scale = PNG_SCALE * PNG_SAMPLES;
    let (width, height) = (SIZE.0 as usize * PNG_SCALE, SIZE.1 as usize * PNG_SCALE);
    let mut large = vec![255; 3 * width * height * PNG_SAMPLES * PNG_SAMPLES];
    {
        let size = ((width * PNG_SAMPLES) as u32, (height * PNG_SAMPLES) as u32);
        let area = BitMapBackend::with_buffer(&mut large, size).into_drawing_area();
        paint(&area, figure, scale as f64, BITMAP_NUDGE)?;
    }
    let pixels = average(&large, width, height);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Best);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 5669, yppu: 5669, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
    writer.write_image_data(&pixels).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// Averages squares of [`PNG_SAMPLES`] by [`PNG_SAMPLES`] pixels.
fn average(large: &[u8], width: usize, height: usize) -> Vec<u8> {
    let stride = 3 * width * PNG_SAMPLES;
    let mut pixels = Vec::with_capacity(3 * width * height);
    for row in 0..height {
        for column in 0..width {
            for colour in 0..3 {
                let first = row * PNG_SAMPLES * stride + 3 * column * PNG_SAMPLES + colour;
                let samples = (0..PNG_SAMPLES).flat_map(|j| (0..PNG_SAMPLES).map(move |i| first + j * stride + 3 * i));
                let sum: usize = samples.map(|k| usize::from(large[k])).sum();
                pixels.push((sum / (PNG_SAMPLES * PNG_SAMPLES)) as u8);
            }
        }
    }
    pixels
}

fn paint<DB: DrawingBackend>(area: &Area<DB>, figure: &Figure, scale: f64, nudge: f64) -> Result<(), String> {
    let _ = register_font("sans-serif", FontStyle::Normal, FONT);
    let points =
        || figure.series.iter().flat_map(|s| s.x.iter().zip(&s.y)).filter(|(x, y)| x.is_finite() && y.is_finite());
    let xs = finite_range(points().map(|p| p.0)).ok_or("there is no finite point to draw")?;
    let inside = |x: f64| figure.x_range.is_none_or(|(from, to)| x >= from && x <= to);
    let bands = figure.bands.iter().flat_map(|(from, to)| [from, to]);
    let ys = finite_range(points().filter(|p| inside(*p.0)).map(|p| p.1).chain(bands));
    let ys = ys.or(figure.y_range).ok_or("there is no finite point to draw")?;
    let chosen = |range: Option<(f64, f64)>| range.map(|(low, high)| widened(low, high));
    let ranges = [
        chosen(figure.x_range).unwrap_or_else(|| padded(xs, 0.02)),
        chosen(figure.y_range).unwrap_or_else(|| padded(ys, 0.05)),
    ];
    paint_all(area, figure, ranges, scale, nudge).map_err(|e| e.to_string())
}

fn paint_all<DB: DrawingBackend>(
    area: &Area<DB>,
    figure: &Figure,
    [xs, ys]: [(f64, f64); 2],
    scale: f64,
    nudge: f64,
) -> Painted<DB> {
    area.fill(&WHITE)?;
    let x_ticks = Ticks::new(xs.0, xs.1, 8);
    let y_ticks = Ticks::new(ys.0, ys.1, 6);
    let widest = y_ticks.at.iter().map(|y| text_width(area, &y_ticks.label(*y), 14.0, scale)).fold(0.0, f64::max);
    let frame = Frame {
        left: widest + scale * if figure.y_label.is_empty() { 28.0 } else { 56.0 },
        right: scale * (SIZE.0 - 24.0),
        top: scale * if figure.title.is_some() { 56.0 } else { 24.0 },
        bottom: scale * (SIZE.1 - if figure.x_label.is_empty() { 40.0 } else { 64.0 }),
        xs,
        ys,
        scale,
        nudge: nudge * scale,
    };
    for band in &figure.bands {
        shade(area, &frame, *band)?;
    }
    axes(area, &frame, &x_ticks, &y_ticks)?;
    labels(area, &frame, figure)?;
    // Thin curves are drawn first, below the others.
    let (thin, full): (Vec<_>, Vec<_>) = figure.series.iter().partition(|s| s.thin);
    for curve in thin.into_iter().chain(full) {
        draw_curve(area, &frame, curve)?;
    }
    legend(area, &frame, &figure.series)?;
    area.present()
}

fn padded((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let (low, high) = widened(low, high);
    let room = share * high - share * low;
    ((low - room).max(-f64::MAX), (high + room).min(f64::MAX))
}

/// Shades a range of y over the whole width.
fn shade<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, (from, to): (f64, f64)) -> Painted<DB> {
    let inside = |y: f64| frame.y(y).clamp(frame.top, frame.bottom);
    let corners = [pixel((frame.left, inside(to))), pixel((frame.right, inside(from)))];
    area.draw(&Rectangle::new(corners, BAND.filled()))?;
    for y in [from, to].into_iter().filter(|y| inside(*y) == frame.y(*y)) {
        line(area, &[(frame.left, frame.y(y)), (frame.right, frame.y(y))], EDGE, frame.scale)?;
    }
    Ok(())
}

/// Draws faint lines at the ticks, the two axes and the numbers.
fn axes<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, x_ticks: &Ticks, y_ticks: &Ticks) -> Painted<DB> {
    let scale = frame.scale;
    for &tick in &x_ticks.at {
        let x = frame.x(tick);
        line(area, &[(x, frame.top), (x, frame.bottom)], FAINT, scale)?;
        line(area, &[(x, frame.bottom), (x, frame.bottom + 5.0 * scale)], AXIS, scale)?;
        let style = text_style(14.0, scale, INK, HPos::Center, VPos::Top);
        area.draw(&Text::new(x_ticks.label(tick), pixel((x, frame.bottom + 9.0 * scale)), style))?;
    }
    for &tick in &y_ticks.at {
        let y = frame.y(tick);
        line(area, &[(frame.left, y), (frame.right, y)], FAINT, scale)?;
        line(area, &[(frame.left - 5.0 * scale, y), (frame.left, y)], AXIS, scale)?;
        let style = text_style(14.0, scale, INK, HPos::Right, VPos::Center);
        area.draw(&Text::new(y_ticks.label(tick), pixel((frame.left - 9.0 * scale, y + frame.nudge)), style))?;
    }
    let corner = [(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)];
    line(area, &corner, AXIS, 1.2 * scale)
}

/// Draws title and axis labels.
fn labels<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, figure: &Figure) -> Painted<DB> {
    let scale = frame.scale;
    let middle = (frame.left + frame.right) / 2.0;
    if let Some(title) = &figure.title {
        let style = text_style(19.0, scale, INK, HPos::Center, VPos::Center);
        area.draw(&Text::new(title.clone(), pixel((middle, 29.0 * scale)), style))?;
    }
    if !figure.x_label.is_empty() {
        let style = text_style(15.0, scale, INK, HPos::Center, VPos::Bottom);
        area.draw(&Text::new(figure.x_label.clone(), pixel((middle, (SIZE.1 - 12.0) * scale)), style))?;
    }
    if !figure.y_label.is_empty() {
        let font = ("sans-serif", 15.0 * scale).into_font().transform(FontTransform::Rotate270);
        let style = TextStyle { font, color: INK.to_backend_color(), pos: Pos::new(HPos::Center, VPos::Top) };
        let place = (14.0 * scale, (frame.top + frame.bottom) / 2.0);
        area.draw(&Text::new(figure.y_label.clone(), pixel(place), style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::value::Series;

    fn figure() -> Figure {
        let x: Vec<f64> = (0..36).map(|i| 0.4 + 0.16 * i as f64).collect();
        let morse = |shift: f64| {
            let energy = move |r: f64| 0.17 * ((1.0 - (-1.1 * (r - 1.6)).exp()).powi(2) - 1.0) - 1.33 + shift * r;
            x.iter().map(|r| energy(*r)).collect::<Vec<f64>>()
        };
        let mut broken = morse(0.02);
        broken[20] = f64::NAN;
        let one = |name: &str, curve, y| Series { name: name.into(), curve, thin: false, x: x.clone(), y };
        Figure {
            title: Some("H₂ dissociation".into()),
            x_label: "R (bohr)".into(),
            y_label: "energy (hartree)".into(),
            series: vec![one("exact", 0, morse(0.0)), one("ksr", 1, morse(0.002)), one("lda", 2, broken)],
            ..empty()
        }
    }

    fn empty() -> Figure {
        let (x_label, y_label) = (String::new(), String::new());
        Figure { title: None, x_label, y_label, x_range: None, y_range: None, bands: Vec::new(), series: Vec::new() }
    }

    #[test]
    fn the_svg_contains_the_words() {
        let text = svg(&figure()).unwrap();
        for word in ["H₂ dissociation", "R (bohr)", "energy (hartree)", "exact", "lda", "width=\"880\" height=\"560\""]
        {
            assert!(text.contains(word), "{word}");
        }
    }

    #[test]
    fn an_ensemble_has_one_entry_and_a_band_is_drawn() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let member = |k: usize| Series {
            name: "seeds".into(),
            curve: 0,
            thin: true,
            y: x.iter().map(|x| (0.1 + 0.2 * k as f64) * x).collect(),
            x: x.clone(),
        };
        let mut figure = Figure { series: (0..30).map(member).collect(), bands: vec![(-1.6, 1.6)], ..empty() };
        let text = svg(&figure).unwrap();
        // Alone the ensemble needs no legend; next to another curve it has a single entry.
        assert!(!text.contains("seeds"));
        figure.series.push(Series { name: "exact".into(), curve: 1, thin: false, ..member(0) });
        let text = svg(&figure).unwrap();
        assert_eq!(text.matches("seeds").count(), 1);
        assert!(text.contains("#DFEEE4"), "the band");
        assert!(!text.contains("\u{2212}4"));
        figure.y_range = Some((-5.0, 5.0));
        assert!(svg(&figure).unwrap().contains("\u{2212}4"));
    }

    #[test]
    fn png_is_a_picture_with_text() {
        let bytes = png(&figure()).unwrap();
        assert_eq!(&bytes[1..4], b"PNG");
        assert!(bytes.len() > 10_000);
    }

    #[test]
    fn every_float_has_an_axis() {
        let series =
            |x: [f64; 2], y: [f64; 2]| Series { name: "s".into(), curve: 0, thin: false, x: x.to_vec(), y: y.to_vec() };
        for end in [5e-324, 1e-310, 1e-5, 1e16, f64::MAX, -f64::MAX] {
            for curve in [series([0.0, 1.0], [0.0, end]), series([-end, end], [0.0, 1.0]), series([end; 2], [end; 2])] {
                let text = svg(&Figure { series: vec![curve], ..empty() }).unwrap();
                assert!(!text.to_lowercase().contains("nan") && !text.contains("inf"), "{end}");
            }
        }
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        let series = vec![Series { name: "n".into(), curve: 0, thin: false, x: vec![0.0], y: vec![f64::NAN] }];
        let empty = Figure { series, ..empty() };
        assert!(svg(&empty).is_err() && png(&empty).is_err());
        assert!(draw(&figure(), Path::new("h2.pdf")).is_err_and(|e| e.contains(".svg")));
    }
}

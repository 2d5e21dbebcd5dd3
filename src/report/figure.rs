//! Figures as SVG and PNG.
//!
//! Both come from one painter on plotters' integer pixels, drawn several times larger than shown: the SVG for the sake
//! of smooth coordinates, the PNG to be averaged down.

use super::ticks::{Ticks, finite_range};
use crate::interp::value::{Figure, Series};
use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::prelude::{BitMapBackend, DrawingArea, DrawingBackend, IntoDrawingArea, RGBColor, SVGBackend, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, IntoTextStyle, TextStyle, register_font};
use std::path::Path;

/// DejaVu Sans, reduced to the characters of labels; licence beside it.
static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");

/// Size in CSS pixels.
const SIZE: (f64, f64) = (880.0, 560.0);
/// Units of the SVG a CSS pixel.
const SVG_SCALE: f64 = 10.0;
/// Pixels of the PNG a CSS pixel, and pixels averaged into one along each axis.
const PNG_SCALE: usize = 2;
const PNG_SAMPLES: usize = 2;
/// The bitmap backend centres text a little high; CSS pixels it is lowered.
const BITMAP_NUDGE: f64 = 2.2;

const INK: RGBColor = RGBColor(38, 41, 48);
const FAINT: RGBColor = RGBColor(228, 230, 235);
const AXIS: RGBColor = RGBColor(110, 114, 124);
const COLOURS: [RGBColor; 7] = [
    RGBColor(27, 108, 168),
    RGBColor(214, 69, 65),
    RGBColor(38, 139, 93),
    RGBColor(130, 84, 163),
    RGBColor(222, 145, 41),
    RGBColor(20, 160, 176),
    RGBColor(90, 94, 105),
];
/// Dash and gap in CSS pixels of the curves in order; none is a full line. Coinciding curves stay visible.
const DASHES: [Option<(f64, f64)>; 4] = [None, Some((9.0, 5.0)), Some((2.5, 4.0)), Some((14.0, 4.0))];

/// Draws into a file, `.svg` or `.png` by its name.
///
/// # Errors
/// A sentence for the user: another ending, nothing finite to draw, or the file cannot be written.
pub fn draw(figure: &Figure, path: &Path) -> Result<(), String> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    let bytes = match ending.as_str() {
        "svg" => svg(figure)?.into_bytes(),
        "png" => png(figure)?,
        _ => return Err(format!("a figure is saved as `.svg` or `.png`, not `{}`", path.display())),
    };
    std::fs::write(path, bytes).map_err(|e| format!("cannot write `{}`: {e}", path.display()))
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

/// Means of squares of [`PNG_SAMPLES`] pixels.
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

/// Where the data lies, in device units.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    xs: (f64, f64),
    ys: (f64, f64),
    /// Device units a CSS pixel.
    scale: f64,
    /// Device units by which centred text is lowered.
    nudge: f64,
}

impl Frame {
    fn x(&self, x: f64) -> f64 {
        self.left + (x - self.xs.0) / (self.xs.1 - self.xs.0) * (self.right - self.left)
    }
    fn y(&self, y: f64) -> f64 {
        self.bottom - (y - self.ys.0) / (self.ys.1 - self.ys.0) * (self.bottom - self.top)
    }
}

type Area<DB> = DrawingArea<DB, Shift>;

fn paint<DB: DrawingBackend>(area: &Area<DB>, figure: &Figure, scale: f64, nudge: f64) -> Result<(), String> {
    let _ = register_font("sans-serif", FontStyle::Normal, FONT);
    let points =
        || figure.series.iter().flat_map(|s| s.x.iter().zip(&s.y)).filter(|(x, y)| x.is_finite() && y.is_finite());
    let xs = finite_range(points().map(|p| p.0)).ok_or("there is no finite point to draw")?;
    let ys = finite_range(points().map(|p| p.1)).ok_or("there is no finite point to draw")?;
    paint_all(area, figure, [padded(xs, 0.02), padded(ys, 0.05)], scale, nudge).map_err(|e| e.to_string())
}

type Painted<DB> = Result<(), plotters::drawing::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

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
    axes(area, &frame, &x_ticks, &y_ticks)?;
    labels(area, &frame, figure)?;
    for (index, curve) in figure.series.iter().enumerate() {
        draw_curve(area, &frame, curve, index)?;
    }
    if figure.series.len() > 1 {
        legend(area, &frame, &figure.series)?;
    }
    area.present()
}

fn padded((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let room = if high > low { share * (high - low) } else { (0.1 * low.abs()).max(0.5) };
    (low - room, high + room)
}

fn text_style(size: f64, scale: f64, colour: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    let font = ("sans-serif", size * scale).into_font();
    TextStyle { font, color: colour.to_backend_color(), pos: Pos::new(h, v) }
}

fn text_width<DB: DrawingBackend>(area: &Area<DB>, text: &str, size: f64, scale: f64) -> f64 {
    let style = ("sans-serif", size * scale).into_text_style(area);
    area.estimate_text_size(text, &style).map_or(0.0, |(width, _)| f64::from(width))
}

/// A point in device units.
type Point = (f64, f64);

fn pixel((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

fn line<DB: DrawingBackend>(area: &Area<DB>, points: &[Point], colour: RGBColor, width: f64) -> Painted<DB> {
    let points: Vec<(i32, i32)> = points.iter().map(|p| pixel(*p)).collect();
    area.draw(&PathElement::new(points, colour.stroke_width(width.round().max(1.0) as u32)))
}

/// Faint lines at the ticks, the two axes, the numbers.
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

/// Title and axis labels.
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

/// Runs of finite points, in device units.
fn runs(curve: &Series, frame: &Frame) -> Vec<Vec<Point>> {
    let mut runs = vec![Vec::new()];
    for (&x, &y) in curve.x.iter().zip(&curve.y) {
        if !(x.is_finite() && y.is_finite()) {
            runs.push(Vec::new());
        } else if let Some(run) = runs.last_mut() {
            run.push((frame.x(x), frame.y(y)));
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn draw_curve<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, curve: &Series, index: usize) -> Painted<DB> {
    let colour = COLOURS[index % COLOURS.len()];
    let few = curve.x.len() <= 12;
    for run in runs(curve, frame) {
        stroke(area, &run, colour, index, frame.scale)?;
        if few || run.len() == 1 {
            for point in run {
                area.draw(&Circle::new(pixel(point), (3.2 * frame.scale) as i32, colour.filled()))?;
            }
        }
    }
    Ok(())
}

/// A curve's line in its dash pattern.
fn stroke<DB: DrawingBackend>(
    area: &Area<DB>,
    points: &[Point],
    colour: RGBColor,
    index: usize,
    scale: f64,
) -> Painted<DB> {
    let width = 2.2 * scale;
    if points.len() < 2 {
        return Ok(());
    }
    match DASHES[index % DASHES.len()] {
        None => line(area, points, colour, width),
        Some((dash, gap)) => {
            for piece in dashed(points, dash * scale, gap * scale) {
                line(area, &piece, colour, width)?;
            }
            Ok(())
        }
    }
}

/// Pieces of a polyline of length `dash` with `gap` between.
fn dashed(points: &[Point], dash: f64, gap: f64) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut on, mut left) = (true, dash);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                piece.push(to);
                break;
            }
            let share = left / length;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            piece.push(from);
            if on {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![from];
            on = !on;
            left = if on { dash } else { gap };
        }
    }
    if on && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// In the corner where it covers least.
fn legend<DB: DrawingBackend>(area: &Area<DB>, frame: &Frame, series: &[Series]) -> Painted<DB> {
    let scale = frame.scale;
    let widest = series.iter().map(|s| text_width(area, &s.name, 14.0, scale)).fold(0.0, f64::max);
    let (width, height) = (widest + 66.0 * scale, (series.len() as f64 * 22.0 + 14.0) * scale);
    let gap = 12.0 * scale;
    let (near, far) = (frame.left + gap, frame.right - gap - width);
    let (up, down) = (frame.top + 0.5 * gap, frame.bottom - gap - height);
    let covered = |&(left, top): &Point| {
        let inside =
            |p: &Point| p.0 > left - gap && p.0 < left + width + gap && p.1 > top - gap && p.1 < top + height + gap;
        series.iter().flat_map(|s| runs(s, frame)).flatten().filter(inside).count()
    };
    let corners = [(far, up), (near, up), (far, down), (near, down)];
    let Some((left, top)) = corners.into_iter().min_by_key(covered) else { return Ok(()) };
    let corner = [pixel((left, top)), pixel((left + width, top + height))];
    area.draw(&Rectangle::new(corner, WHITE.mix(0.85).filled()))?;
    area.draw(&Rectangle::new(corner, FAINT.stroke_width(scale as u32)))?;
    for (index, curve) in series.iter().enumerate() {
        let y = top + (index as f64 * 22.0 + 18.0) * scale;
        let ends = [(left + 12.0 * scale, y), (left + 46.0 * scale, y)];
        stroke(area, &ends, COLOURS[index % COLOURS.len()], index, scale)?;
        let style = text_style(14.0, scale, INK, HPos::Left, VPos::Center);
        area.draw(&Text::new(curve.name.clone(), pixel((left + 54.0 * scale, y + frame.nudge)), style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> Figure {
        let x: Vec<f64> = (0..36).map(|i| 0.4 + 0.16 * i as f64).collect();
        let morse = |shift: f64| {
            let energy = move |r: f64| 0.17 * ((1.0 - (-1.1 * (r - 1.6)).exp()).powi(2) - 1.0) - 1.33 + shift * r;
            x.iter().map(|r| energy(*r)).collect::<Vec<f64>>()
        };
        let mut broken = morse(0.02);
        broken[20] = f64::NAN;
        let series = vec![
            Series { name: "exact".into(), x: x.clone(), y: morse(0.0) },
            Series { name: "ksr".into(), x: x.clone(), y: morse(0.002) },
            Series { name: "lda".into(), x: x.clone(), y: broken },
        ];
        Figure {
            title: Some("H₂ dissociation".into()),
            x_label: "R (bohr)".into(),
            y_label: "energy (hartree)".into(),
            series,
        }
    }

    #[test]
    fn svg_holds_the_words_and_breaks_at_gaps() {
        let text = svg(&figure()).unwrap();
        for word in ["H₂ dissociation", "R (bohr)", "energy (hartree)", "exact", "lda", "width=\"880\" height=\"560\""]
        {
            assert!(text.contains(word), "{word}");
        }
        let frame = Frame {
            left: 0.0,
            right: 1.0,
            top: 0.0,
            bottom: 1.0,
            xs: (0.0, 6.0),
            ys: (-2.0, 0.0),
            scale: 1.0,
            nudge: 0.0,
        };
        assert_eq!(runs(&figure().series[2], &frame).iter().map(Vec::len).collect::<Vec<_>>(), [20, 15]);
    }

    #[test]
    fn png_is_a_picture_with_text() {
        let bytes = png(&figure()).unwrap();
        assert_eq!(&bytes[1..4], b"PNG");
        assert!(bytes.len() > 10_000);
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        let series = vec![Series { name: "n".into(), x: vec![0.0], y: vec![f64::NAN] }];
        let empty = Figure { series, title: None, x_label: String::new(), y_label: String::new() };
        assert!(svg(&empty).is_err() && png(&empty).is_err());
        assert!(draw(&figure(), Path::new("h2.pdf")).is_err_and(|e| e.contains(".svg")));
    }

    #[test]
    fn dashes_cover_their_share() {
        let pieces = dashed(&[(0.0, 0.0), (20.0, 0.0), (60.0, 0.0)], 10.0, 5.0);
        assert_eq!(pieces.len(), 4);
        assert_eq!(pieces[1], [(15.0, 0.0), (20.0, 0.0), (25.0, 0.0)]);
    }
}

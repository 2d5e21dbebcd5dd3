//! A drawing as PNG.

use super::font;
use super::frame::{INK, SIZE};
use super::marks::{Align, Colour, Drawing, Mark, Pen, Point, Window, Words};
use crate::data::PAINTED;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

/// Pixels per CSS pixel.
const SCALE: f32 = 2.0;
/// A longer line is drawn in pieces of so many points: the time for one grows with the square of its crossings.
const PIECE: usize = 500;

/// The file. `window` is the frame that hides what lies outside.
///
/// # Errors
/// No memory for the picture.
pub fn png(drawing: &Drawing, window: Window) -> Result<Vec<u8>, String> {
    let (width, height) = ((SIZE.0 as f32 * SCALE) as u32, (SIZE.1 as f32 * SCALE) as u32);
    let (Some(mut picture), Some(mut frame)) = (Pixmap::new(width, height), Mask::new(width, height)) else {
        return Err("there is no memory for the picture".into());
    };
    picture.fill(Color::WHITE);
    if let Some(path) = rectangle(window) {
        frame.fill_path(&path, FillRule::Winding, false, enlarged());
    }
    let mut draw = |marks: &[Mark], mask: Option<&Mask>| marks.iter().for_each(|m| draw_mark(&mut picture, m, mask));
    draw(&drawing.behind, None);
    draw(&drawing.inside, Some(&frame));
    draw(&drawing.above, None);
    encoded(&picture)
}

fn encoded(picture: &Pixmap) -> Result<Vec<u8>, String> {
    // The picture is opaque.
    let pixels: Vec<u8> = picture.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Best);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 5669, yppu: 5669, unit: png::Unit::Meter }));
    encoder.add_text_chunk(PAINTED.0.into(), PAINTED.1.into()).map_err(|e| e.to_string())?;
    let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
    writer.write_image_data(&pixels).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn enlarged() -> Transform {
    Transform::from_scale(SCALE, SCALE)
}

fn rectangle(window: Window) -> Option<Path> {
    let [left, top, right, bottom] = [window.from.0, window.from.1, window.to.0, window.to.1].map(|v| v as f32);
    Rect::from_ltrb(left, top, right, bottom).map(PathBuilder::from_rect)
}

fn paint(Colour(red, green, blue): Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, (255.0 * opacity).round() as u8);
    paint
}

fn draw_mark(picture: &mut Pixmap, mark: &Mark, mask: Option<&Mask>) {
    let mut fill = |path: Option<Path>, paint: &Paint<'_>, transform: Transform| {
        if let Some(path) = path {
            picture.fill_path(&path, paint, FillRule::Winding, transform, mask);
        }
    };
    match mark {
        Mark::Line(points, pen) => line(picture, points, pen, mask),
        Mark::Dots(points, radius, colour) => {
            let paint = paint(*colour, 1.0);
            for some in points.chunks(PIECE) {
                let mut path = PathBuilder::new();
                some.iter().for_each(|&(x, y)| path.push_circle(x as f32, y as f32, *radius as f32));
                fill(path.finish(), &paint, enlarged());
            }
        }
        Mark::Area(area, colour, opacity) => fill(rectangle(*area), &paint(*colour, *opacity), enlarged()),
        Mark::Shape(points, colour, opacity) => {
            let mut path = PathBuilder::new();
            for (index, &(x, y)) in points.iter().enumerate() {
                if index == 0 { path.move_to(x as f32, y as f32) } else { path.line_to(x as f32, y as f32) }
            }
            path.close();
            fill(path.finish(), &paint(*colour, *opacity), enlarged());
        }
        Mark::Text(words) => fill(font::outline(&words.text, words.size), &paint(INK, 1.0), placed(words)),
    }
}

/// From the outline of a text, which begins at the origin, to its place.
fn placed(words: &Words) -> Transform {
    let width = font::width(&words.text, words.size);
    let before = match words.align {
        Align::Left => 0.0,
        Align::Middle => width / 2.0,
        Align::Right => width,
    };
    let (x, y) = (words.at.0 as f32, words.at.1 as f32);
    let turned = if words.upwards { Transform::from_rotate(-90.0) } else { Transform::identity() };
    turned.pre_translate(-before as f32, 0.0).post_translate(x, y).post_scale(SCALE, SCALE)
}

fn line(picture: &mut Pixmap, points: &[Point], pen: &Pen, mask: Option<&Mask>) {
    let paint = paint(pen.colour, pen.opacity);
    let stroke = Stroke {
        width: pen.width as f32,
        // Where a see-through line continues, its ends must not overlap.
        line_cap: if pen.opacity < 1.0 || pen.dash.is_some() { LineCap::Butt } else { LineCap::Round },
        line_join: LineJoin::Round,
        dash: pen.dash.and_then(|(dash, gap)| StrokeDash::new(vec![dash as f32, gap as f32], 0.0)),
        ..Stroke::default()
    };
    let size = if pen.dash.is_some() { points.len() } else { PIECE };
    let mut rest = points;
    while rest.len() > 1 {
        let (piece, last) = (&rest[..rest.len().min(size.max(2))], rest.len() <= size);
        let mut path = PathBuilder::new();
        for (index, &(x, y)) in piece.iter().enumerate() {
            if index == 0 { path.move_to(x as f32, y as f32) } else { path.line_to(x as f32, y as f32) }
        }
        if let Some(path) = path.finish() {
            picture.stroke_path(&path, &paint, &stroke, enlarged(), mask);
        }
        // The next piece begins where this one ends.
        rest = if last { &[] } else { &rest[piece.len() - 1..] };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{drawing, png};
    use crate::interp::value::{Figure, Series};

    fn figure(x: Vec<f64>, y: Vec<f64>, y_range: Option<(f64, f64)>) -> Figure {
        let series = vec![Series { name: "s".into(), curve: 0, thin: false, x, y, ..Series::default() }];
        let (x_label, y_label) = (String::new(), String::new());
        Figure { title: None, x_label, y_label, x_range: None, y_range, bands: Vec::new(), series }
    }

    /// How strongly each pixel has the blue of the first curve, from 0 to 1.
    fn ink(figure: &Figure) -> (Vec<f64>, usize) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png(figure).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut pixels).unwrap();
        // Grey has as much blue as red, within the tint of the axes.
        let blue = |p: &[u8]| ((f64::from(p[2]) - f64::from(p[0]) - 16.0) / (168.0 - 27.0 - 16.0)).clamp(0.0, 1.0);
        (pixels.chunks(3).map(blue).collect(), info.width as usize)
    }

    #[test]
    fn nothing_of_a_curve_is_outside_the_frame() {
        let x = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<f64>>();
        let peak = |at: usize, height: f64| (0..1001).map(|i| if i == at { height } else { 0.0 }).collect::<Vec<f64>>();
        let noise = (0..20_000).map(|i| f64::from(i * 7919 % 1000)).collect::<Vec<f64>>();
        let figures = [
            figure(x(1001), peak(500, 1.0), None),
            figure(x(1001), peak(500, 1e300), Some((-0.5, 0.5))),
            figure(x(1001), peak(1000, -3.0), Some((-1.0, 0.0))),
            figure(noise.clone(), noise.iter().rev().copied().collect(), Some((200.0, 210.0))),
            figure(x(3), vec![1.0, 1.0, 2.0], Some((1.0, 2.0))),
        ];
        for (index, figure) in figures.iter().enumerate() {
            assert!(crate::data::is_painted(&png(figure).unwrap()));
            let window = drawing(figure).unwrap().1;
            let (ink, width) = ink(figure);
            let inside = |at: usize| {
                let (x, y) = ((at % width) as f64 / 2.0, (at / width) as f64 / 2.0);
                x >= window.from.0 && x < window.to.0 && y >= window.from.1 && y < window.to.1
            };
            let outside = ink.iter().enumerate().filter(|(at, ink)| **ink > 0.0 && !inside(*at)).count();
            assert_eq!(outside, 0, "figure {index}");
            assert!(ink.iter().filter(|ink| **ink > 0.9).count() > 100, "figure {index}");
        }
    }

    #[test]
    fn a_slope_is_smooth() {
        let line = figure(
            (0..100).map(f64::from).collect(),
            (0..100).map(|i| 0.3 * f64::from(i)).collect(),
            Some((-50.0, 90.0)),
        );
        let (ink, width) = ink(&line);
        // The middle of the ink in every column lies on one straight line.
        let middles: Vec<(f64, f64)> = (200..1600)
            .map(|column| {
                let weights: Vec<(f64, f64)> =
                    ink.iter().skip(column).step_by(width).enumerate().map(|(row, ink)| (row as f64, *ink)).collect();
                let all: f64 = weights.iter().map(|w| w.1).sum();
                (column as f64, weights.iter().map(|(row, ink)| row * ink).sum::<f64>() / all)
            })
            .collect();
        let (first, last) = (middles[0], middles[middles.len() - 1]);
        let slope = (last.1 - first.1) / (last.0 - first.0);
        let off = middles.iter().map(|(x, y)| (y - first.1 - slope * (x - first.0)).abs()).fold(0.0, f64::max);
        assert!(slope < -0.01 && off < 0.1, "{slope} {off}");
    }

    #[test]
    fn many_points_are_drawn_at_once() {
        let x: Vec<f64> = (0..200_000).map(f64::from).collect();
        let y = x.iter().map(|x| (x * 7919.0) % 1000.0).collect();
        let begun = std::time::Instant::now();
        let figure = figure(x, y, None);
        png(&figure).unwrap();
        assert!(super::super::svg(&figure).unwrap().len() < 400_000);
        // Far less; a limit for busy machines.
        assert!(begun.elapsed().as_secs() < 10);
    }
}

//! Figures as SVG and PNG: one drawing, written in two ways.

mod curves;
mod font;
mod frame;
mod marks;
mod raster;
mod vector;

use super::ticks::{Ticks, finite_range, widened};
use crate::interp::value::{Figure, Series};
use crate::number::{counted, not_finite};
use curves::{Curve, legend};
use frame::{FAINT, Frame, SIZE, line, text};
use marks::{Align, Colour, Drawing, Mark, Window, Words};
use std::path::Path;

const AXIS: Colour = Colour(110, 114, 124);
const BAND: Colour = Colour(223, 238, 228);
/// The edge of a band.
const EDGE: Colour = Colour(150, 190, 165);
/// Sizes of the numbers at the ticks, the axis labels and the title.
const TICK: f64 = 14.0;
const LABEL: f64 = 15.0;
const TITLE: f64 = 19.0;

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
    let (drawing, window) = drawing(figure)?;
    Ok(vector::svg(&drawing, window))
}

/// The figure as a PNG file.
///
/// # Errors
/// Nothing finite to draw.
pub fn png(figure: &Figure) -> Result<Vec<u8>, String> {
    let (drawing, window) = drawing(figure)?;
    raster::png(&drawing, window)
}

/// The figure, and the frame outside of which its curves are not seen.
fn drawing(figure: &Figure) -> Result<(Drawing, Window), String> {
    let [xs, ys] = ranges(figure)?;
    let (x_ticks, y_ticks) = (Ticks::new(xs.0, xs.1, 8), Ticks::new(ys.0, ys.1, 6));
    let widest = y_ticks.at.iter().map(|y| font::width(&y_ticks.label(*y), TICK)).fold(0.0, f64::max);
    let left = (widest + if figure.y_label.is_empty() { 28.0 } else { 56.0 }).round();
    let top = if figure.title.is_some() { 56.0 } else { 24.0 };
    let last = x_ticks.at.last().map_or(0.0, |x| font::width(&x_ticks.label(*x), TICK));
    let right = SIZE.0 - (last / 2.0 + 4.0).max(24.0).round();
    let bottom = SIZE.1 - if figure.x_label.is_empty() { 40.0 } else { 64.0 };
    let frame = Frame { window: Window { from: (left, top), to: (right, bottom) }, xs, ys };
    let mut drawing = Drawing::default();
    figure.bands.iter().for_each(|band| shade(&mut drawing.behind, &frame, *band));
    axes(&mut drawing.behind, &frame, &x_ticks, &y_ticks);
    labels(&mut drawing.behind, &frame.window, figure);
    let curves: Vec<Curve> = figure.series.iter().map(|series| Curve::new(series, &frame)).collect();
    // Thin curves are drawn first, below the others.
    let (thin, full): (Vec<_>, Vec<_>) = curves.iter().zip(&figure.series).partition(|(_, series)| series.thin);
    drawing.inside = thin.into_iter().chain(full).flat_map(|(curve, _)| curve.marks()).collect();
    drawing.above = legend(&frame.window, &curves);
    Ok((drawing, frame.window))
}

/// The ranges of x and y: those asked for, otherwise those of the data and the bands with some room.
fn ranges(figure: &Figure) -> Result<[(f64, f64); 2], String> {
    let points =
        || figure.series.iter().flat_map(|s| s.x.iter().zip(&s.y)).filter(|(x, y)| x.is_finite() && y.is_finite());
    let xs = finite_range(points().map(|p| p.0)).ok_or_else(|| nothing(figure))?;
    let inside = |x: f64| figure.x_range.is_none_or(|(from, to)| x >= from && x <= to);
    let bands = figure.bands.iter().flat_map(|(from, to)| [from, to]);
    let ends: Vec<f64> =
        figure.series.iter().flat_map(spread_ends).filter(|(x, _)| inside(*x)).map(|(_, y)| y).collect();
    let ys = finite_range(points().filter(|p| inside(*p.0)).map(|p| p.1).chain(bands).chain(&ends));
    let ys = ys.or(figure.y_range).ok_or_else(|| nothing(figure))?;
    let chosen = |range: Option<(f64, f64)>| range.map(|(low, high)| widened(low, high));
    Ok([
        chosen(figure.x_range).unwrap_or_else(|| padded(xs, 0.02)),
        chosen(figure.y_range).unwrap_or_else(|| padded(ys, 0.05)),
    ])
}

/// The ends of the spreads of a curve, where they are finite.
fn spread_ends(curve: &Series) -> impl Iterator<Item = (f64, f64)> {
    let all = curve.x.iter().zip(&curve.y).zip(&curve.spread);
    let ends = all.flat_map(|((x, y), spread)| [(*x, y - spread), (*x, y + spread)]);
    ends.filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// Why there is nothing to draw: `there is no finite point to draw: `lda` has 3 points, all nan`.
pub fn nothing(figure: &Figure) -> String {
    const NAMED: usize = 4;
    let series = &figure.series;
    if series.iter().any(|s| s.x.iter().zip(&s.y).any(|(x, y)| x.is_finite() && y.is_finite())) {
        return "there is no finite point to draw within the `x_range`".to_owned();
    }
    let why = |curve: &Series| {
        let values = curve.x.iter().zip(&curve.y).map(|(x, y)| if x.is_finite() { *y } else { *x });
        let mut kinds: Vec<&str> = values.map(not_finite).collect();
        let count = counted(kinds.len(), "point");
        kinds.sort_unstable();
        kinds.dedup();
        let name = if curve.name.is_empty() { "the curve".to_owned() } else { format!("`{}`", curve.name) };
        match curve.x.len() {
            0 => format!("{name} has no points"),
            1 => format!("{name} has {count}, {}", kinds.concat()),
            _ => format!("{name} has {count}, all {}", kinds.join(" or ")),
        }
    };
    let mut reasons: Vec<String> = series.iter().take(NAMED).map(why).collect();
    reasons.dedup();
    if series.len() > NAMED {
        reasons.push(format!("and so on for {}", counted(series.len() - NAMED, "more curve")));
    }
    match reasons.is_empty() {
        true => "there is no curve to draw".to_owned(),
        false => format!("there is no finite point to draw: {}", reasons.join("; ")),
    }
}

fn padded((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let (low, high) = widened(low, high);
    let room = share * high - share * low;
    ((low - room).max(-f64::MAX), (high + room).min(f64::MAX))
}

/// Shades a range of y over the whole width.
fn shade(marks: &mut Vec<Mark>, frame: &Frame, (low, high): (f64, f64)) {
    let Window { from, to } = frame.window;
    let inside = |y: f64| frame.y(y).clamp(from.1, to.1);
    let area = Window { from: (from.0, inside(high)), to: (to.0, inside(low)) };
    marks.push(Mark::Area(area, BAND, 1.0));
    for y in [low, high].into_iter().filter(|y| inside(*y) == frame.y(*y)) {
        marks.push(line(&[(from.0, frame.y(y)), (to.0, frame.y(y))], EDGE, 1.0));
    }
}

/// Draws faint lines at the ticks, the two axes and the numbers.
fn axes(marks: &mut Vec<Mark>, frame: &Frame, x_ticks: &Ticks, y_ticks: &Ticks) {
    let Window { from: (left, top), to: (right, bottom) } = frame.window;
    for &tick in &x_ticks.at {
        let x = frame.x(tick);
        marks.push(line(&[(x, top), (x, bottom)], FAINT, 1.0));
        marks.push(line(&[(x, bottom), (x, bottom + 5.0)], AXIS, 1.0));
        let base = bottom + 9.0 + font::CAPITAL * TICK;
        marks.push(text(&x_ticks.label(tick), (x, base), TICK, Align::Middle));
    }
    for &tick in &y_ticks.at {
        let y = frame.y(tick);
        marks.push(line(&[(left, y), (right, y)], FAINT, 1.0));
        marks.push(line(&[(left - 5.0, y), (left, y)], AXIS, 1.0));
        let base = y + font::CAPITAL * TICK / 2.0;
        marks.push(text(&y_ticks.label(tick), (left - 9.0, base), TICK, Align::Right));
    }
    marks.push(line(&[(left, top), (left, bottom), (right, bottom)], AXIS, 1.2));
}

/// Draws title and axis labels.
fn labels(marks: &mut Vec<Mark>, window: &Window, figure: &Figure) {
    let middle = (window.from.0 + window.to.0) / 2.0;
    let (room, height) = (2.0 * (SIZE.0 - 8.0 - middle), window.to.1 - window.from.1);
    if let Some(title) = &figure.title {
        let base = 29.0 + font::CAPITAL * TITLE / 2.0;
        marks.push(text(&font::fitted(title, TITLE, room), (middle, base), TITLE, Align::Middle));
    }
    if !figure.x_label.is_empty() {
        let label = font::fitted(&figure.x_label, LABEL, room);
        marks.push(text(&label, (middle, SIZE.1 - 16.0), LABEL, Align::Middle));
    }
    if !figure.y_label.is_empty() {
        let at = (14.0 + font::CAPITAL * LABEL, (window.from.1 + window.to.1) / 2.0);
        let label = font::fitted(&figure.y_label, LABEL, height);
        marks.push(Mark::Text(Words { text: label, at, size: LABEL, align: Align::Middle, upwards: true }));
    }
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
        let one = |name: &str, curve, y| Series {
            name: name.into(),
            curve,
            thin: false,
            x: x.clone(),
            y,
            ..Series::default()
        };
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
            ..Series::default()
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
        let series = |x: [f64; 2], y: [f64; 2]| Series {
            name: "s".into(),
            curve: 0,
            thin: false,
            x: x.to_vec(),
            y: y.to_vec(),
            ..Series::default()
        };
        for end in [5e-324, 1e-310, 1e-5, 1e16, f64::MAX, -f64::MAX] {
            for curve in [series([0.0, 1.0], [0.0, end]), series([-end, end], [0.0, 1.0]), series([end; 2], [end; 2])] {
                let text = svg(&Figure { series: vec![curve], ..empty() }).unwrap();
                assert!(!text.to_lowercase().contains("nan") && !text.contains("inf"), "{end}");
            }
        }
    }

    #[test]
    fn nothing_visible_or_hidden_breaks_the_svg() {
        let title = format!("a \u{1b}[31m <b> & \u{202e}\u{0} {}", "long ".repeat(200));
        let text = svg(&Figure { title: Some(title), ..figure() }).unwrap();
        assert!(text.contains("a \\u{1b}[31m &lt;b&gt; &amp; \\u{202e}\\u{0} long"));
        assert!(!text.contains(|c: char| crate::problem::hidden(c) && c != '\n') && text.contains("…</text>"));
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let series = |name: &str, y: &[f64]| Series {
            name: name.into(),
            curve: 0,
            thin: false,
            x: (0..y.len()).map(|i| i as f64).collect(),
            y: y.to_vec(),
            ..Series::default()
        };
        let why = |series: Vec<Series>| svg(&Figure { series, ..empty() }).unwrap_err();
        assert_eq!(why(vec![]), "there is no curve to draw");
        assert_eq!(
            why(vec![series("a", &[f64::NAN, f64::INFINITY]), series("b", &[f64::NAN]), series("c", &[])]),
            "there is no finite point to draw: `a` has 2 points, all inf or nan; `b` has 1 point, nan; `c` has no points"
        );
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        let series = vec![Series {
            name: "n".into(),
            curve: 0,
            thin: false,
            x: vec![0.0],
            y: vec![f64::NAN],
            ..Series::default()
        }];
        let empty = Figure { series, ..empty() };
        assert!(svg(&empty).is_err() && png(&empty).is_err());
        assert!(draw(&figure(), Path::new("h2.pdf")).is_err_and(|e| e.contains(".svg")));
    }
}

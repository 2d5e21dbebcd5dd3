//! A drawing as SVG.

use super::frame::SIZE;
use super::marks::{Align, Colour, Drawing, Mark, Pen, Point, Window, Words};
use crate::data::DRAWN;
use std::fmt::Write;

/// The document. `window` is the frame that hides what lies outside.
pub fn svg(drawing: &Drawing, window: Window) -> String {
    let (width, height) = SIZE;
    let mut text = format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         {DRAWN}\n<rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n"
    );
    drawing.behind.iter().for_each(|mark| write_mark(&mut text, mark));
    // A document in the document ends at its edges; unlike a clipping path it needs no name, which would have to be unique
    // where several figures are on one page.
    let [x, y] = [window.from.0, window.from.1].map(number);
    let [w, h] = [window.to.0 - window.from.0, window.to.1 - window.from.1].map(number);
    let _ = writeln!(
        text,
        "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" overflow=\"hidden\">"
    );
    drawing.inside.iter().for_each(|mark| write_mark(&mut text, mark));
    text.push_str("</svg>\n");
    drawing.above.iter().for_each(|mark| write_mark(&mut text, mark));
    text.push_str("</svg>\n");
    text
}

/// Writing to a string cannot fail.
fn write_mark(text: &mut String, mark: &Mark) {
    let _ = match mark {
        Mark::Line(points, pen) => line(text, points, pen),
        Mark::Dots(points, radius, colour) => points.iter().try_for_each(|&(x, y)| {
            let (x, y, r, fill) = (number(x), number(y), number(*radius), hex(*colour));
            writeln!(text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\"/>")
        }),
        Mark::Area(area, colour, opacity) => {
            let [x, y] = [area.from.0, area.from.1].map(number);
            let [w, h] = [area.to.0 - area.from.0, area.to.1 - area.from.1].map(number);
            let (fill, opaque) = (hex(*colour), see_through("fill-opacity", *opacity));
            writeln!(text, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"{opaque}/>")
        }
        Mark::Shape(points, colour, opacity) => shape(text, points, *colour, *opacity),
        Mark::Text(words) => write_words(text, words),
    };
}

fn line(text: &mut String, points: &[Point], pen: &Pen) -> std::fmt::Result {
    text.push_str("<polyline points=\"");
    for (index, &(x, y)) in points.iter().enumerate() {
        write!(text, "{}{},{}", if index == 0 { "" } else { " " }, number(x), number(y))?;
    }
    let (colour, width) = (hex(pen.colour), number(pen.width));
    let dash = pen
        .dash
        .map_or_else(String::new, |(dash, gap)| format!(" stroke-dasharray=\"{} {}\"", number(dash), number(gap)));
    let opaque = see_through("stroke-opacity", pen.opacity);
    writeln!(
        text,
        "\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}{opaque}/>"
    )
}

fn shape(text: &mut String, points: &[Point], colour: Colour, opacity: f64) -> std::fmt::Result {
    let all: Vec<String> = points.iter().map(|&(x, y)| format!("{},{}", number(x), number(y))).collect();
    let (fill, opaque) = (hex(colour), see_through("fill-opacity", opacity));
    writeln!(text, "<polygon points=\"{}\" fill=\"{fill}\"{opaque}/>", all.join(" "))
}

fn write_words(text: &mut String, words: &Words) -> std::fmt::Result {
    let [x, y] = [words.at.0, words.at.1].map(number);
    let anchor = match words.align {
        Align::Left => "start",
        Align::Middle => "middle",
        Align::Right => "end",
    };
    let turned = if words.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    let (size, fill, content) = (number(words.size), hex(super::frame::INK), escaped(&words.text));
    writeln!(
        text,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" \
         font-size=\"{size}\" fill=\"{fill}\"{turned}>{content}</text>"
    )
}

/// Text for XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn see_through(attribute: &str, opacity: f64) -> String {
    if opacity < 1.0 { format!(" {attribute}=\"{}\"", number(opacity)) } else { String::new() }
}

fn hex(Colour(red, green, blue): Colour) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// A hundredth of a pixel is not seen.
fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

//! Problems as text: drawn under the source line, or as sentences if `NO_GRAPHICS` is set (for screen readers).

use super::output;
use crate::problem::Problem;
use crate::report::Report;
use crate::source::Sources;
use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler};

/// A problem as text for standard error.
pub fn problem(problem: &Problem, sources: &Sources) -> String {
    if std::env::var_os("NO_GRAPHICS").is_some_and(|v| v != "0") {
        return narrated(problem, sources);
    }
    graphical(problem, sources, output::stderr_colour(), output::width().min(120))
}

/// A problem drawn `width` columns wide.
pub fn graphical(problem: &Problem, sources: &Sources, colour: bool, width: usize) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false)
        .without_cause_chain()
        .with_show_related_as_nested(true);
    let mut text = String::new();
    match handler.render_report(&mut text, &Report::new(problem, sources)) {
        Ok(()) => text,
        Err(_) => problem.to_string(),
    }
}

fn narrated(problem: &Problem, sources: &Sources) -> String {
    let mut text = String::new();
    match NarratableReportHandler::new().render_report(&mut text, &Report::new(problem, sources)) {
        Ok(()) => text,
        Err(_) => problem.to_string(),
    }
}

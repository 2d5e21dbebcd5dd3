//! Problems as text: drawn under the source line, or as sentences if `NO_GRAPHICS` is set (for screen readers).

use super::output;
use crate::problem::{Problem, visible_lines};
use crate::report::{self, Report};
use crate::source::Sources;
use miette::{GraphicalReportHandler, GraphicalTheme};

/// A problem as text for standard error.
pub fn problem(problem: &Problem, sources: &Sources) -> String {
    if std::env::var_os("NO_GRAPHICS").is_some_and(|v| v != "0") {
        return report::problem_in_words(problem, sources);
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
        Err(_) => visible_lines(&problem.to_string()),
    }
}

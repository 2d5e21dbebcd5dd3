//! The host of the interpreter: this process's standard streams, clock and Ctrl-C.

use super::bars::{Mode, Progress};
use super::{interrupt, output};
use crate::control::{Control, Event};
use crate::interp::Host;
use crate::interp::session::host::Shown;
use crate::interp::value::Figure;
use crate::problem::Problem;
use crate::report::{self, Style};
use crate::source::Sources;
use std::path::Path;
use std::time::{Duration, Instant};

/// Shows values on standard output and everything else on standard error.
pub struct Terminal {
    json: bool,
    /// Another process shows: this one tells only of trouble, under this name.
    silent: Option<String>,
    figures: bool,
    progress: Progress,
    begun: Instant,
}

impl Terminal {
    /// According to the options. `figures`: whether figures are drawn in the terminal.
    pub fn new(json: bool, quiet: bool, figures: bool) -> Self {
        let progress = Progress::new(Mode::choose(json, quiet));
        Self { json, silent: None, figures, progress, begun: Instant::now() }
    }

    /// One that shows nothing but trouble, as the process of that name.
    pub fn silent(json: bool, name: String) -> Self {
        Self { silent: Some(name), ..Self::new(json, true, false) }
    }

    /// Writes problems to standard error.
    pub fn problems(&self, problems: &[Problem], sources: &Sources) {
        if let (Some(name), Some(first)) = (&self.silent, problems.first()) {
            return output::notice("error", &format!("{name}: {first}"), self.json);
        }
        self.progress.clear();
        self.progress.around(|| problems_to_stderr(problems, sources, self.json));
    }

    /// Says that the run was interrupted; gives its exit status.
    pub fn interrupted_note(&self) -> u8 {
        self.progress.clear();
        let (message, status) = match interrupt::ending() {
            Some(status) => (interrupt::ended_by(status), status),
            None => ("interrupted", interrupt::STATUS),
        };
        output::notice("note", message, self.json);
        status
    }

    /// Removes the remaining progress bars.
    pub fn finish(&self) {
        self.progress.clear();
    }
}

/// The style of text on standard output.
pub fn style(figures: bool) -> Style {
    Style { width: output::width(), colour: output::stdout_colour(), figures }
}

/// How many problems of a text are drawn.
const DRAWN: usize = 100;

/// Problems, as text or as JSON. Of very many, a text has the first.
pub fn problems_to_stderr(problems: &[Problem], sources: &Sources, json: bool) {
    let shown = if json { problems.len() } else { problems.len().min(DRAWN) };
    problems[..shown].iter().for_each(|problem| problem_to_stderr(problem, sources, json));
    match problems.len() - shown {
        0 => {}
        1 => output::error_line("1 more problem is not shown"),
        more => output::error_line(&format!("{more} more problems are not shown")),
    }
}

/// One problem, as text or as JSON.
pub fn problem_to_stderr(problem: &Problem, sources: &Sources, json: bool) {
    if json {
        output::error_line(&report::json_line(&report::problem_json(problem, sources)));
    } else {
        output::styled_error_line(&super::render::problem(problem, sources));
    }
}

impl Control for Terminal {
    fn report(&self, event: Event) {
        if let (Some(name), Event::Trouble(message)) = (&self.silent, &event) {
            return output::notice("warning", &format!("{name}: {message}"), self.json);
        }
        self.progress.tell(&event, self.begun.elapsed());
    }
    fn interrupted(&self) -> bool {
        interrupt::pressed()
    }
    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Host for Terminal {
    fn show(&self, shown: &Shown<'_>) {
        if self.silent.is_some() {
            return;
        }
        self.progress.clear();
        if self.json {
            if let Some(record) = report::json_record(shown) {
                output::line(&report::json_line(&record));
            }
        } else {
            let text = report::text(shown.value, &style(self.figures));
            if !text.is_empty() {
                output::styled_line(&text);
            }
        }
    }

    fn print(&self, text: &str) {
        if self.silent.is_some() {
            return;
        }
        self.progress.around(|| {
            if self.json {
                output::notice("print", text, true);
            } else {
                output::line(text);
            }
        });
    }

    fn warn(&self, problem: Problem, sources: &Sources) {
        if self.silent.is_some() {
            return;
        }
        self.progress.around(|| problem_to_stderr(&problem, sources, self.json));
    }

    fn answered(&self) -> bool {
        interrupt::answer()
    }

    fn draw(&self, figure: &Figure, path: &Path) -> Result<Vec<u8>, String> {
        if self.silent.is_some() {
            return Ok(Vec::new());
        }
        report::draw(figure, path)
    }
}

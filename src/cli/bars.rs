//! Shows progress: bars in a terminal, lines in a pipe, JSON objects for programs, or nothing.

use super::output;
use crate::control::Event;
use crate::problem::visible;
use crate::report::json_line;
use crate::report::progress::{Lines, event_json, figures};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bars.
    Bars,
    /// An occasional line.
    Lines,
    /// One JSON object per line.
    Json,
    /// Not at all.
    Silent,
}

impl Mode {
    /// The mode for the options and for what standard error is connected to.
    pub fn choose(json: bool, quiet: bool) -> Self {
        match (quiet, json, std::io::stderr().is_terminal()) {
            (true, ..) => Mode::Silent,
            (_, true, _) => Mode::Json,
            (_, _, true) => Mode::Bars,
            _ => Mode::Lines,
        }
    }
}

/// Takes events from any thread.
pub struct Progress {
    mode: Mode,
    bars: MultiProgress,
    state: Mutex<OpenBars>,
}

#[derive(Default)]
struct OpenBars {
    bars: BTreeMap<String, ProgressBar>,
    /// The last validation loss of every seed.
    validation: BTreeMap<u64, f64>,
    lines: Lines,
}

impl Progress {
    /// With nothing shown yet.
    pub fn new(mode: Mode) -> Self {
        let target = if mode == Mode::Bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { mode, bars: MultiProgress::with_draw_target(target), state: Mutex::default() }
    }

    /// Shows an event.
    pub fn tell(&self, event: &Event, elapsed: Duration) {
        match self.mode {
            Mode::Silent => {}
            Mode::Json => output::error_line(&json_line(&event_json(event, elapsed))),
            Mode::Lines => {
                let line = self.state().lines.line(event, elapsed);
                if let Some(line) = line {
                    output::error_line(&line);
                }
            }
            Mode::Bars => self.draw(event),
        }
    }

    /// Writes something else without disturbing the bars.
    pub fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.mode == Mode::Bars { self.bars.suspend(write) } else { write() }
    }

    /// Removes all bars: the work they belong to has ended.
    pub fn clear(&self) {
        let mut state = self.state();
        state.validation.clear();
        for bar in std::mem::take(&mut state.bars).into_values() {
            bar.finish_and_clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, OpenBars> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, event: &Event) {
        let mut state = self.state();
        match event {
            Event::Message(message) => self.around(|| output::error_line(message)),
            Event::Trouble(message) => self.around(|| output::error_line(&format!("warning: {message}"))),
            Event::Step { seed, step, steps, loss, gradient_norm, validation } => {
                let bar = self.bar(&mut state, format!("seed {seed}"), *steps);
                // A line of 80 columns has no room for all three.
                bar.set_message(match validation.or_else(|| state.validation.get(seed).copied()) {
                    Some(validation) => {
                        state.validation.insert(*seed, validation);
                        format!("loss {loss:.2e}  validation {validation:.2e}")
                    }
                    None => figures(*loss, *gradient_norm, None),
                });
                advance(&bar, *step, *steps);
            }
            Event::Ensemble { done, total, last } => {
                let bar = self.bar(&mut state, "seeds".to_owned(), *total);
                if let Some(end) = last {
                    if let Some(bar) = state.bars.remove(&format!("seed {}", end.seed)) {
                        bar.finish_and_clear();
                    }
                    let figure = end.validation.map_or(("loss", end.loss), |v| ("validation", Some(v)));
                    let text = figure.1.map_or(String::new(), |x| format!(", {} {x:.2e}", figure.0));
                    bar.set_message(visible(&format!("seed {}: {}{text}", end.seed, end.outcome)));
                }
                advance(&bar, *done, *total);
                if done >= total {
                    state.bars.remove("seeds");
                }
            }
            Event::Work { what, done, total } => {
                let bar = self.bar(&mut state, what.clone(), *total);
                advance(&bar, *done, *total);
                if done >= total {
                    state.bars.remove(what);
                }
            }
        }
    }

    fn bar(&self, state: &mut OpenBars, name: String, total: usize) -> ProgressBar {
        let new = |name: &String| {
            let style = ProgressStyle::with_template("{prefix} {bar:12.cyan/dim} {pos}/{len}  {msg}  {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = self.bars.add(ProgressBar::new(total as u64));
            bar.set_style(style.progress_chars("━╸─"));
            bar.set_prefix(visible(name));
            bar
        };
        state.bars.entry(name.clone()).or_insert_with(|| new(&name)).clone()
    }
}

fn advance(bar: &ProgressBar, done: usize, total: usize) {
    bar.set_length(total as u64);
    bar.set_position(done as u64);
    if done >= total {
        bar.finish_and_clear();
    }
}

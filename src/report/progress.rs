//! Progress of long work: bars in a terminal, an occasional line in a pipe, one JSON object per line for programs.

use crate::control::{Event, SeedEnd};
use crate::number::json as number;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Progress lines about a single seed, where there is no terminal.
const LINES: usize = 10;
/// Progress lines about each seed of an ensemble, before it ends.
const ENSEMBLE_LINES: usize = 2;
/// Shorter work gets no line.
const MIN_DURATION: Duration = Duration::from_secs(2);

/// `1m20s`, `45s`, `2h05m`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

/// `loss 1.23e-4  gradient 4.5e-3  validation 1.1e-4`.
pub fn figures(loss: f64, gradient_norm: f64, validation: Option<f64>) -> String {
    let mut text = format!("loss {loss:.3e}  gradient {gradient_norm:.1e}");
    if let Some(validation) = validation {
        text.push_str(&format!("  validation {validation:.3e}"));
    }
    text
}

/// `seed 3  200 steps  loss 1.23e-4  validation 1.1e-4`.
fn seed_end(end: &SeedEnd) -> String {
    let part = |name: &str, x: Option<f64>| x.map_or(String::new(), |x| format!("  {name} {x:.3e}"));
    format!("seed {}  {}{}{}", end.seed, end.outcome, part("loss", end.loss), part("validation", end.validation))
}

/// An event as a JSON object; numbers that are not finite are strings.
pub fn event_json(event: &Event, elapsed: Duration) -> Json {
    let seconds = (elapsed.as_secs_f64() * 1000.0).round() / 1000.0;
    match event {
        Event::Step { seed, step, steps, loss, gradient_norm, validation } => json!({
            "level": "progress", "seed": seed, "step": step, "steps": steps, "loss": number(*loss),
            "gradient_norm": number(*gradient_norm), "validation": validation.map(number), "seconds": seconds,
        }),
        Event::Ensemble { done, total, last } => {
            let last = last.as_ref().map(|end| {
                let (loss, validation) = (end.loss.map(number), end.validation.map(number));
                json!({ "seed": end.seed, "outcome": end.outcome, "loss": loss, "validation": validation })
            });
            json!({ "level": "progress", "what": "seeds", "done": done, "total": total, "last": last, "seconds": seconds })
        }
        Event::Work { what, done, total } => {
            json!({ "level": "progress", "what": what, "done": done, "total": total, "seconds": seconds })
        }
        Event::Message(message) => json!({ "level": "note", "message": message }),
        Event::Trouble(message) => json!({ "level": "warning", "message": message }),
    }
}

/// Chooses which events get a line in a pipe.
#[derive(Debug, Default)]
pub struct Lines {
    /// For each seed or piece of work, when it started and the part last reported.
    known: BTreeMap<String, (Duration, usize)>,
    /// For the running ensemble, when it started and whether a seed has ended.
    ensemble: Option<(Duration, bool)>,
}

impl Lines {
    /// The line for an event, if it gets one.
    pub fn line(&mut self, event: &Event, elapsed: Duration) -> Option<String> {
        match event {
            Event::Message(message) => Some(message.clone()),
            Event::Trouble(message) => Some(format!("warning: {message}")),
            Event::Work { what, done, total } => {
                let (begun, _) = *self.known.entry(what.clone()).or_insert((elapsed, 0));
                let took = elapsed.saturating_sub(begun);
                if done >= total {
                    self.known.remove(what);
                }
                (done >= total && took >= MIN_DURATION).then(|| format!("{what}: {}", duration(took)))
            }
            Event::Ensemble { done, total, last } => {
                let (begun, ended) = self.ensemble.get_or_insert((elapsed, false));
                let took = elapsed.saturating_sub(*begun);
                *ended = *done > 0;
                if done >= total {
                    self.ensemble = None;
                }
                let left = remaining(took, done + 1, total + 1).map_or(String::new(), |left| format!("  {left} left"));
                last.as_ref().map(|end| format!("{}  {done}/{total}{left}", seed_end(end)))
            }
            Event::Step { seed, step, steps, loss, gradient_norm, validation } => {
                let (begun, told) = self.known.entry(format!("seed {seed}")).or_insert((elapsed, 0));
                let (lines, first) = match self.ensemble {
                    // The line about its end follows.
                    Some(_) if step >= steps => return None,
                    Some((_, ended)) => (ENSEMBLE_LINES, !ended),
                    None => (LINES, true),
                };
                let part = step * lines / (*steps).max(1);
                if part <= *told && step < steps && !(first && *step == 1) {
                    return None;
                }
                *told = part;
                let left = remaining(elapsed.saturating_sub(*begun), *step, *steps);
                let left = left.map_or(String::new(), |left| format!("  about {left} left"));
                let figures = figures(*loss, *gradient_norm, *validation);
                Some(format!("seed {seed}  step {step}/{steps}  {figures}{left}"))
            }
        }
    }
}

/// `1m20s`, once a step has been timed.
fn remaining(took: Duration, step: usize, steps: usize) -> Option<String> {
    if step < 2 || step >= steps {
        return None;
    }
    let left = took.mul_f64((steps - step) as f64 / (step - 1) as f64);
    (left >= Duration::from_secs(1)).then(|| duration(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_writes_about_ten_lines() {
        let mut lines = Lines::default();
        let step = |step| Event::Step { seed: 0, step, steps: 200, loss: 0.5, gradient_norm: 0.1, validation: None };
        let told: Vec<String> = (1..=200).filter_map(|s| lines.line(&step(s), Duration::from_secs(s as u64))).collect();
        assert_eq!(told.len(), 11);
        assert_eq!(told[0], "seed 0  step 1/200  loss 5.000e-1  gradient 1.0e-1");
        assert!(told[1].ends_with("about 3m00s left"), "{}", told[1]);
    }

    #[test]
    fn an_ensemble_writes_few_lines_per_seed() {
        let mut lines = Lines::default();
        let mut told = Vec::new();
        let mut clock = 0;
        let mut tell = |event: &Event| {
            clock += 1;
            told.extend(lines.line(event, Duration::from_secs(clock)));
        };
        tell(&Event::Ensemble { done: 0, total: 30, last: None });
        for seed in 0..30 {
            for step in 0..=200 {
                tell(&Event::Step { seed, step, steps: 200, loss: 0.5, gradient_norm: 0.1, validation: None });
            }
            let (loss, validation) = (Some(1.234e-4), Some(2.345e-4));
            let last = Some(SeedEnd { seed, outcome: "200 steps".into(), loss, validation });
            tell(&Event::Ensemble { done: seed as usize + 1, total: 30, last });
        }
        assert_eq!(told.len(), 1 + 2 * 30, "{told:#?}");
        assert!(told.iter().all(|line| line.chars().count() <= 80), "{told:#?}");
        assert_eq!(told[2], "seed 0  200 steps  loss 1.234e-4  validation 2.345e-4  1/30  1h37m left");
    }

    #[test]
    fn json_has_no_bare_nan() {
        let event =
            Event::Step { seed: 1, step: 1, steps: 2, loss: f64::NAN, gradient_norm: 1.0, validation: Some(2.0) };
        assert_eq!(event_json(&event, Duration::ZERO)["loss"], "nan");
    }
}

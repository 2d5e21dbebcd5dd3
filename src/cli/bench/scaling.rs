//! How the cost of a loss and its gradient grows with grid points, systems and iterations, with a power fitted to each.

use super::measure::{Times, Work, busy, in_turns};
use super::plans::{plan, with_evaluation};
use super::show::Column;
use super::{Bench, Halt};
use crate::cli::Disk;
use crate::interp::value::{Figure, Series};
use crate::problem::reason;
use crate::report;
use crate::world::World;
use serde_json::json;
use std::path::Path;
use std::sync::mpsc::channel;

const SCRIPT: &str = include_str!("scaling.ksr");

/// What is varied: a `let` of the script, and its values.
struct Sweep {
    over: &'static str,
    label: &'static str,
    values: &'static [usize],
}

const SWEEPS: [Sweep; 3] = [
    Sweep { over: "points", label: "grid points", values: &[129, 257, 513, 1025, 2049] },
    Sweep { over: "systems", label: "systems", values: &[1, 2, 3, 4, 5, 6, 7, 8] },
    Sweep { over: "iterations", label: "iterations", values: &[5, 10, 20, 40] },
];

/// y = factor x^exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Power {
    exponent: f64,
    factor: f64,
}

impl Power {
    /// Fitted by least squares to the logarithms.
    fn fitted(xs: &[f64], ys: &[f64]) -> Self {
        let count = xs.len() as f64;
        let logs = || xs.iter().zip(ys).map(|(x, y)| (x.ln(), y.ln()));
        let (x, y) = logs().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / count, b + y / count));
        let (xx, xy) = logs().fold((0.0, 0.0), |(a, b), (u, v)| (a + (u - x) * (u - x), b + (u - x) * (v - y)));
        let exponent = xy / xx;
        Self { exponent, factor: (y - exponent * x).exp() }
    }

    fn at(self, x: f64) -> f64 {
        self.factor * x.powf(self.exponent)
    }
}

/// Times all sweeps, on one thread, and draws them into an existing folder.
pub fn run(bench: &Bench, folder: Option<&Path>) -> Result<(), Halt> {
    for sweep in &SWEEPS {
        let times = measure(bench, sweep)?;
        let xs: Vec<f64> = sweep.values.iter().map(|x| *x as f64).collect();
        let ms: Vec<f64> = times.iter().map(|times| 1e3 * times.median()).collect();
        let power = Power::fitted(&xs, &ms);
        show(bench, sweep, &xs, &ms, &times, power);
        if let Some(folder) = folder {
            let path = folder.join(format!("scaling_{}.svg", sweep.over));
            let drawn = report::draw(&figure(sweep, &xs, &ms, power), &path);
            let kept = drawn.and_then(|bytes| Disk.write(&path, &bytes).map_err(|error| reason(&error, "write")));
            kept.map_err(|reason| Halt::Failed(format!("cannot draw `{}`: {reason}", path.display())))?;
        }
    }
    Ok(())
}

/// Every plan has a thread that waits for requests to evaluate it, so that all can be timed alternately.
fn measure(bench: &Bench, sweep: &Sweep) -> Result<Vec<Times>, Halt> {
    let plan = |value: &usize| plan(bench, "scaling", SCRIPT, &[(sweep.over, *value)]);
    let plans = sweep.values.iter().map(plan).collect::<Result<Vec<_>, Halt>>()?;
    let lost = || Halt::failed("a thread of the benchmark ended");
    std::thread::scope(|scope| {
        let serve = |plan| {
            let ((ask, asked), (answer, answers)) = (channel(), channel());
            let failed = answer.clone();
            scope.spawn(move || {
                let run =
                    |evaluate: Work<'_>| asked.iter().try_for_each(|()| answer.send(evaluate()).map_err(|_| lost()));
                if let Err(halt) = with_evaluation(plan, Some(1), run) {
                    // There may no longer be a receiver.
                    drop(failed.send(Err(halt)));
                }
            });
            move || {
                ask.send(()).map_err(|_| lost())?;
                answers.recv().map_err(|_| lost())?
            }
        };
        let mut evaluations: Vec<_> = plans.iter().map(serve).collect();
        let mut work: Vec<Work<'_>> = evaluations.iter_mut().map(|evaluation| evaluation as Work<'_>).collect();
        in_turns(bench, sweep.label, &mut work)
    })
}

fn show(bench: &Bench, sweep: &Sweep, xs: &[f64], ms: &[f64], times: &[Times], power: Power) {
    let columns = [
        Column::numbers(sweep.over, &"", xs.to_vec()),
        Column::numbers("time", &"ms", ms.to_vec()),
        Column::numbers("spread", &"%", times.iter().map(Times::spread).collect()),
        Column::numbers("fitted", &"ms", xs.iter().map(|x| power.at(*x)).collect()),
    ];
    let mut notes = vec![format!("The time of a loss and its gradient grows as {}^{:.2}.", sweep.over, power.exponent)];
    notes.extend(busy(times));
    let more = [("exponent", json!(power.exponent)), ("repetitions", json!(bench.repetitions))];
    bench.show(&format!("scaling with {}", sweep.label), &columns, &notes, &more);
}

/// The measured points, and the fitted power.
fn figure(sweep: &Sweep, xs: &[f64], ms: &[f64], power: Power) -> Figure {
    // With gaps between them: points without lines.
    let alone = |values: &[f64], gap: fn(f64) -> f64| values.iter().flat_map(|v| [*v, gap(*v)]).collect();
    let measured = Series {
        name: "measured".into(),
        curve: 0,
        thin: false,
        x: alone(xs, |x| x),
        y: alone(ms, |_| f64::NAN),
        ..Series::default()
    };
    let (from, to) = (xs[0], xs[xs.len() - 1]);
    let x: Vec<f64> = (0..=60).map(|i| from + (to - from) * f64::from(i) / 60.0).collect();
    let name = format!("power {:.2}", power.exponent);
    let y: Vec<f64> = x.iter().map(|x| power.at(*x)).collect();
    Figure {
        title: Some(format!("One loss and its gradient, by {}", sweep.label)),
        x_label: sweep.label.into(),
        y_label: "time (ms)".into(),
        // Axes from zero, so that heights can be compared.
        x_range: Some((0.0, 1.03 * to)),
        y_range: Some((0.0, 1.05 * ms.iter().chain(&y).fold(0.0, |a, b| f64::max(a, *b)))),
        bands: Vec::new(),
        series: vec![measured, Series { name, curve: 1, thin: false, x, y, ..Series::default() }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_recovers_a_power() {
        let xs = [129.0, 257.0, 513.0];
        let power = Power::fitted(&xs, &xs.map(|x: f64| 0.3 * x.powf(1.25)));
        assert!((power.exponent - 1.25).abs() < 1e-12 && (power.factor - 0.3).abs() < 1e-12, "{power:?}");
    }

    #[test]
    fn figures_show_points_and_the_power() {
        let power = Power { exponent: 1.0, factor: 0.1 };
        let figure = figure(&SWEEPS[1], &[1.0, 2.0, 4.0], &[0.1, 0.2, 0.4], power);
        let text = report::svg(&figure).unwrap();
        // Three points, and one in the legend.
        assert!(text.matches("<circle").count() == 4 && text.contains("power 1.00") && text.contains("measured"));
    }
}

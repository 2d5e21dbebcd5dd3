//! Ticks at round numbers.

/// About `wanted` round numbers in `from ..= to`, with enough decimals to tell them apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Their values.
    pub at: Vec<f64>,
    /// The step between two.
    pub step: f64,
    decimals: usize,
    scientific: bool,
}

impl Ticks {
    /// Steps of 1, 2, 2.5 or 5 times a power of ten.
    pub fn new(from: f64, to: f64, wanted: usize) -> Self {
        let (from, to) = widened(from, to);
        // The difference of the largest numbers overflows.
        let rough = to / wanted.max(1) as f64 - from / wanted.max(1) as f64;
        // Powers of ten are read from text, as a power below the normal numbers would be 0.
        let decade = rough.log10().floor() as i32;
        let multiple = |m: &str| format!("{m}e{decade}").parse::<f64>().unwrap_or(f64::INFINITY);
        let fits = |s: &f64| s.is_finite() && *s > 0.0 && *s >= rough * 0.999;
        let step = ["1", "2", "2.5", "5", "10"].map(multiple).into_iter().find(fits);
        // Above that power of ten there may be no float.
        let step = step.unwrap_or(multiple("1"));
        let first = (from / step - 1e-9).ceil() as i64;
        let last = ((to / step + 1e-9).floor() as i64).min(first.saturating_add(MOST_TICKS));
        let at: Vec<f64> = (first..=last).map(|i| i as f64 * step).filter(|x| x.is_finite()).collect();
        let largest = from.abs().max(to.abs());
        let scientific = !(1e-3..1e6).contains(&largest);
        let decimals = (0..12).find(|d| is_whole(step * 10f64.powi(*d))).unwrap_or(12) as usize;
        Self { at, step, decimals, scientific }
    }

    /// The label of a tick.
    pub fn label(&self, x: f64) -> String {
        let x = if x.abs() < 1e-9 * self.step { 0.0 } else { x };
        if self.scientific {
            return super::number::digits(x, 6);
        }
        format!("{x:.*}", self.decimals).replace('-', "\u{2212}")
    }
}

/// Ticks at most, beyond the first: a guard against rounding in ranges of a few bits.
const MOST_TICKS: i64 = 100;

/// A range, or some room around it if it is a single number (or so narrow that floats hardly divide it).
pub fn widened(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high / 2.0 - low / 2.0 > 5e-13 * size && high - low > 64.0 * f64::from_bits(1) {
        return (low, high);
    }
    let half = if size < f64::MIN_POSITIVE { 1.0 } else { 0.1 * size };
    ((low - half).max(-f64::MAX), (high + half).min(f64::MAX))
}

/// How far along a range a number is: 0 at its beginning, 1 at its end. Right for the largest and smallest floats too.
pub fn fraction(x: f64, (low, high): (f64, f64)) -> f64 {
    match high - low {
        width if width.is_finite() => (x - low) / width,
        _ => (x / 4.0 - low / 4.0) / (high / 4.0 - low / 4.0),
    }
}

/// Whether it is a whole number to within rounding.
fn is_whole(x: f64) -> bool {
    (x - x.round()).abs() < 1e-6
}

/// The range of the finite numbers; `None` if there are none.
pub fn finite_range<'a>(values: impl IntoIterator<Item = &'a f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|v| v.is_finite()).fold(None, |range, &v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((f64::min(low, v), f64::max(high, v))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let t = Ticks::new(-1.231, -0.667, 5);
        assert_eq!(t.at.iter().map(|x| t.label(*x)).collect::<Vec<_>>(), ["−1.2", "−1.0", "−0.8"]);
        let t = Ticks::new(0.4, 6.0, 6);
        assert_eq!(t.at.iter().map(|x| t.label(*x)).collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"]);
        let t = Ticks::new(0.0, 1.2e-7, 4);
        assert_eq!(t.label(t.at[1]), "5e-8");
        assert!(!Ticks::new(3.0, 3.0, 5).at.is_empty());
    }

    #[test]
    fn every_range_of_floats_has_ticks_inside() {
        let numbers = [0.0, 5e-324, 1e-310, 1e-300, 1e-7, 1.0, 1.0 + 1e-15, 1e15, 1e300, 1.7e308, f64::MAX];
        for a in numbers.into_iter().flat_map(|x| [x, -x]) {
            for b in numbers.into_iter().flat_map(|x| [x, -x]) {
                let (low, high) = (a.min(b), a.max(b));
                for wanted in [2, 5, 8] {
                    let ticks = Ticks::new(low, high, wanted);
                    let (from, to) = widened(low, high);
                    let room = 0.01 * (to / 4.0 - from / 4.0);
                    let inside = |x: &f64| *x >= from - room && *x <= to + room && !ticks.label(*x).contains("nan");
                    assert!(
                        (1..40).contains(&ticks.at.len()) && ticks.at.iter().all(inside),
                        "{low} {high}: {ticks:?}"
                    );
                    assert!((fraction(low, (from, to)) >= 0.0) && fraction(high, (from, to)) <= 1.0, "{low} {high}");
                }
            }
        }
    }

    #[test]
    fn range_ignores_gaps() {
        assert_eq!(finite_range(&[f64::NAN, 2.0, -1.0, f64::INFINITY]), Some((-1.0, 2.0)));
        assert_eq!(finite_range(&[f64::NAN]), None);
    }
}

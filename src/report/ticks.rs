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
        let (from, to) = if to > from { (from, to) } else { (from - 0.5, from + 0.5) };
        let rough = (to - from) / wanted.max(1) as f64;
        let decade = 10f64.powi(rough.log10().floor() as i32);
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s >= rough * 0.999);
        let step = step.unwrap_or(10.0 * decade);
        let first = (from / step - 1e-9).ceil() as i64;
        let last = (to / step + 1e-9).floor() as i64;
        let at: Vec<f64> = (first..=last).map(|i| i as f64 * step).collect();
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
    fn range_ignores_gaps() {
        assert_eq!(finite_range(&[f64::NAN, 2.0, -1.0, f64::INFINITY]), Some((-1.0, 2.0)));
        assert_eq!(finite_range(&[f64::NAN]), None);
    }
}

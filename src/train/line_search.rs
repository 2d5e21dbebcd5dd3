//! Line search along a descent direction that never accepts a diverging step.

/// The decrease required of a step, as a fraction of the linear prediction (Armijo).
const DECREASE: f64 = 1e-4;
/// A step is too short if the slope there is still steeper than this fraction of the initial slope (weak Wolfe).
const CURVATURE: f64 = 0.9;
/// An increase of the loss within this relative rounding is accepted.
const ROUNDING: f64 = 1e-14;
/// Factor by which a diverged step is shortened.
const SHORTENING: f64 = 0.25;
/// The number of evaluations after which the search gives up.
const MAX_EVALUATIONS: usize = 16;

/// The loss along the line at one step length.
#[derive(Clone, Debug)]
pub(crate) struct Sample<P> {
    /// Loss.
    pub value: f64,
    /// Its derivative along the line.
    pub slope: f64,
    /// What the caller gets back for the accepted step.
    pub payload: P,
}

/// Where the search begins: at length 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descent {
    /// Loss.
    pub value: f64,
    /// Derivative along the line, negative.
    pub slope: f64,
    /// First length to try.
    pub first: f64,
    /// Longest step allowed.
    pub longest: f64,
}

/// One end of the bracket.
#[derive(Clone, Copy)]
struct End {
    length: f64,
    value: f64,
    slope: f64,
}

/// The upper end of the bracket.
#[derive(Clone, Copy)]
enum Upper {
    Open,
    Diverged(f64),
    TooHigh(End),
}

/// Finds a step that lowers the loss enough and is not much too short.
///
/// `evaluate(length)` gives `None` where the loss is not finite or its calculation diverges: the step is then
/// shortened. Returns the accepted sample, or `None` if no step lowers the loss.
///
/// # Errors
/// Those of `evaluate` (an interruption).
pub(crate) fn search<P: Clone, E>(
    descent: Descent,
    mut evaluate: impl FnMut(f64) -> Result<Option<Sample<P>>, E>,
) -> Result<Option<Sample<P>>, E> {
    let origin = End { length: 0.0, value: descent.value, slope: descent.slope };
    let mut lower = origin;
    let mut upper = Upper::Open;
    let mut best: Option<Sample<P>> = None;
    let mut length = descent.first.min(descent.longest);
    for _ in 0..MAX_EVALUATIONS {
        match evaluate(length)? {
            None => upper = Upper::Diverged(length),
            Some(sample) => {
                let end = End { length, value: sample.value, slope: sample.slope };
                let allowed = descent.value + DECREASE * length * descent.slope + ROUNDING * descent.value.abs();
                if sample.value > allowed {
                    upper = Upper::TooHigh(end);
                } else {
                    let long_enough = sample.slope >= CURVATURE * descent.slope;
                    let lowest = best.as_ref().is_none_or(|b| sample.value <= b.value);
                    if lowest {
                        best = Some(sample);
                    }
                    if long_enough || length >= descent.longest {
                        break;
                    }
                    lower = end;
                }
            }
        }
        length = match upper {
            Upper::Open => extrapolate(origin, lower).min(descent.longest),
            Upper::Diverged(limit) => lower.length + SHORTENING * (limit - lower.length),
            Upper::TooHigh(end) => interpolate(lower, end),
        };
        let width = match upper {
            Upper::Open => f64::INFINITY,
            Upper::Diverged(limit) => limit - lower.length,
            Upper::TooHigh(end) => end.length - lower.length,
        };
        // A step was found, and the rest of the bracket is too small to justify an evaluation.
        if best.is_some() && width < 0.1 * lower.length {
            break;
        }
    }
    Ok(best)
}

/// Minimum of the cubic through both ends and their slopes, kept inside the inner four fifths of the bracket.
fn interpolate(a: End, b: End) -> f64 {
    let width = b.length - a.length;
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.length - b.length);
    let radicand = d1 * d1 - a.slope * b.slope;
    let middle = a.length + 0.5 * width;
    if radicand < 0.0 || !radicand.is_finite() {
        return middle;
    }
    let d2 = radicand.sqrt();
    let t = b.length - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    if t.is_finite() { t.clamp(a.length + 0.1 * width, b.length - 0.1 * width) } else { middle }
}

/// Minimum of the parabola with the slopes of both ends, between two and five times the last length.
fn extrapolate(a: End, b: End) -> f64 {
    let bend = (b.slope - a.slope) / (b.length - a.length);
    let guess = if bend > 0.0 { b.length - b.slope / bend } else { f64::INFINITY };
    guess.clamp(2.0 * b.length, 5.0 * b.length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(f: impl Fn(f64) -> (f64, f64), descent: Descent) -> (Option<Sample<()>>, usize) {
        let mut evaluations = 0;
        let found = search(descent, |length| {
            evaluations += 1;
            let (value, slope) = f(length);
            Ok::<_, ()>(value.is_finite().then_some(Sample { value, slope, payload: () }))
        });
        (found.unwrap(), evaluations)
    }

    #[test]
    fn a_good_first_step_costs_one_evaluation() {
        let start = Descent { value: 1.0, slope: -2.0, first: 1.0, longest: 10.0 };
        let (found, evaluations) = along(|t| ((1.0 - t).powi(2), -2.0 * (1.0 - t)), start);
        assert_eq!((found.unwrap().value, evaluations), (0.0, 1));
    }

    #[test]
    fn too_long_and_too_short_steps_are_corrected() {
        let f = |t: f64| ((1.0 - t).powi(2), -2.0 * (1.0 - t));
        for first in [1e-4, 1e-2, 2.5, 50.0] {
            let start = Descent { value: 1.0, slope: -2.0, first, longest: 100.0 };
            let found = along(f, start).0.unwrap();
            assert!(found.value < 0.9 && found.slope > -1.8, "{first}: {found:?}");
        }
    }

    #[test]
    fn a_diverging_step_is_shortened() {
        let f = |t: f64| if t > 0.3 { (f64::NAN, 0.0) } else { ((1.0 - t).powi(2), -2.0 * (1.0 - t)) };
        let start = Descent { value: 1.0, slope: -2.0, first: 1.0, longest: 10.0 };
        let found = along(f, start).0.unwrap();
        assert!(found.value < 1.0);
    }

    #[test]
    fn without_descent_there_is_no_step() {
        let start = Descent { value: 1.0, slope: -1.0, first: 1.0, longest: 10.0 };
        assert!(along(|t| (1.0 + t, 1.0), start).0.is_none());
    }
}

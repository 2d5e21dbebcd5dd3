//! The limited-memory BFGS method (Nocedal, Math. Comp. 35, 773 (1980)), written so that a step is one call and its state is
//! plain data.

use super::TrainError;
use super::line_search::{self, Descent, Sample};
use super::step::{Objective, Point, Stepped, positive};
use crate::tensor::vector::{add, dot_in_order as dot};
use serde::{Deserialize, Serialize};

/// A pair is kept only if y.s exceeds this times y.y.
const MIN_CURVATURE: f64 = 1e-10;

/// Options of L-BFGS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lbfgs {
    /// The maximum number of steps.
    pub steps: usize,
    /// Pairs of changes kept.
    pub history: usize,
    /// The longest step: the root mean square change of a parameter.
    pub longest_step: f64,
    /// Training ends when the Euclidean norm of the gradient is no larger than this.
    pub tolerance: f64,
    /// The training ends after this many steps without a better loss; `None`: never.
    pub patience: Option<usize>,
}

impl Lbfgs {
    /// The default options.
    pub const STANDARD: Lbfgs = Lbfgs { steps: 200, history: 20, longest_step: 0.1, tolerance: 1e-12, patience: None };
}

impl Lbfgs {
    /// Everything that determines a step.
    pub(super) fn content(&self) -> String {
        let Self { steps: _, history, longest_step, tolerance, patience } = self;
        format!("lbfgs {history} {longest_step:?} {tolerance:?} {patience:?}")
    }

    /// Rejects impossible options.
    pub(super) fn check(&self) -> Result<(), TrainError> {
        positive("history", self.history as f64)?;
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            let problem = format!("must be a finite number of at least 0, not {}", self.tolerance);
            return Err(TrainError::Option { option: "tolerance", problem });
        }
        positive("longest_step", self.longest_step)
    }
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Change of parameters s and of the gradient y over one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
}

/// The state kept between steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Curvature {
    /// Oldest first.
    pairs: Vec<Pair>,
}

impl Curvature {
    /// Whether it is that of so many parameters.
    pub fn fits(&self, parameters: usize) -> bool {
        self.pairs.iter().all(|pair| [pair.s.len(), pair.y.len()] == [parameters; 2])
    }

    /// One step from `at`: two-loop recursion, line search, update of the pairs.
    ///
    /// # Errors
    /// Those of the objective; the state and the point are then unchanged.
    pub fn step<E>(&mut self, options: &Lbfgs, at: &Point, objective: &mut Objective<'_, E>) -> Result<Stepped, E> {
        if at.gradient_norm() <= options.tolerance {
            return Ok(Stepped::Converged);
        }
        let mut direction = self.direction(&at.gradient);
        let mut slope = dot(&direction, &at.gradient);
        let mut next = None;
        if slope < 0.0 && !self.pairs.is_empty() {
            next = self.along(options, at, &direction, slope, 1.0, objective)?;
        }
        if next.is_none() {
            // The pairs give no descent direction, or there are none yet: steepest descent, at first with a short step.
            direction = at.gradient.iter().map(|g| -g).collect();
            slope = -dot(&at.gradient, &at.gradient);
            if slope == 0.0 || !slope.is_finite() {
                return Ok(Stepped::Flat);
            }
            let first = (1.0f64).min(1.0 / at.gradient.iter().map(|g| g.abs()).sum::<f64>());
            let memory = std::mem::take(&mut self.pairs);
            match self.along(options, at, &direction, slope, first, objective) {
                Ok(found) => next = found,
                Err(error) => {
                    self.pairs = memory;
                    return Err(error);
                }
            }
        }
        // A step that rounding leaves without effect would be found again and again.
        let Some(next) = next.filter(|next| next.parameters != at.parameters) else { return Ok(Stepped::Flat) };
        self.remember(options, at, &next);
        Ok(Stepped::To(next))
    }

    /// Line search along `direction`.
    fn along<E>(
        &self,
        options: &Lbfgs,
        at: &Point,
        direction: &[f64],
        slope: f64,
        first: f64,
        objective: &mut Objective<'_, E>,
    ) -> Result<Option<Point>, E> {
        let size = (dot(direction, direction) / direction.len().max(1) as f64).sqrt();
        let start = Descent { value: at.loss, slope, first, longest: options.longest_step / size };
        let found = line_search::search(start, |length| {
            let parameters: Vec<f64> = at.parameters.iter().zip(direction).map(|(p, d)| p + length * d).collect();
            Ok(objective(&parameters)?.map(|(value, gradient)| Sample {
                value,
                slope: dot(&gradient, direction),
                payload: Point { parameters, loss: value, gradient },
            }))
        })?;
        Ok(found.map(|sample| sample.payload))
    }

    /// -H g by the two-loop recursion, H scaled by the newest pair.
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut weights = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let weight = dot(&pair.s, &q) / dot(&pair.s, &pair.y);
            add(&mut q, -weight, &pair.y);
            weights.push(weight);
        }
        if let Some(pair) = self.pairs.last() {
            let scale = dot(&pair.s, &pair.y) / dot(&pair.y, &pair.y);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for (pair, weight) in self.pairs.iter().zip(weights.into_iter().rev()) {
            let correction = dot(&pair.y, &q) / dot(&pair.s, &pair.y);
            add(&mut q, weight - correction, &pair.s);
        }
        q
    }

    /// Keeps the pair of a step, if its curvature is positive enough.
    fn remember(&mut self, options: &Lbfgs, from: &Point, to: &Point) {
        let difference = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let s = difference(&to.parameters, &from.parameters);
        let y = difference(&to.gradient, &from.gradient);
        if dot(&y, &s) > MIN_CURVATURE * dot(&y, &y) {
            self.pairs.push(Pair { s, y });
            let surplus = self.pairs.len().saturating_sub(options.history);
            self.pairs.drain(..surplus);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley in `p.len()` dimensions; not finite beyond |p| = 3.
    fn rosenbrock(p: &[f64]) -> Option<(f64, Vec<f64>)> {
        if p.iter().any(|p| p.abs() > 3.0) {
            return None;
        }
        let (mut value, mut gradient) = (0.0, vec![0.0; p.len()]);
        for i in 0..p.len() - 1 {
            let (a, b) = (1.0 - p[i], p[i + 1] - p[i] * p[i]);
            value += a * a + 100.0 * b * b;
            gradient[i] += -2.0 * a - 400.0 * b * p[i];
            gradient[i + 1] += 200.0 * b;
        }
        Some((value, gradient))
    }

    fn start() -> Point {
        let parameters = vec![-1.2, 1.0, -0.5, 0.8, 1.5];
        let (loss, gradient) = rosenbrock(&parameters).unwrap();
        Point { parameters, loss, gradient }
    }

    fn run(state: &mut Curvature, mut at: Point, steps: usize) -> Point {
        let options = Lbfgs { steps, history: 5, longest_step: 1.0, tolerance: 0.0, patience: None };
        for _ in 0..steps {
            match state.step(&options, &at, &mut |p| Ok::<_, ()>(rosenbrock(p))).unwrap() {
                Stepped::To(next) => {
                    assert!(next.loss <= at.loss * (1.0 + 1e-12), "the loss never rises");
                    at = next;
                }
                Stepped::Flat | Stepped::Converged => break,
            }
        }
        at
    }

    #[test]
    fn the_valley_is_followed_to_its_end() {
        let end = run(&mut Curvature::default(), start(), 120);
        assert!(end.loss < 1e-18, "loss {}", end.loss);
        assert!(end.parameters.iter().all(|p| (p - 1.0).abs() < 1e-8));
    }

    #[test]
    fn a_small_gradient_ends_the_training() {
        let options = Lbfgs { tolerance: 1e-6, ..Lbfgs::default() };
        let (mut state, mut at) = (Curvature::default(), start());
        for _ in 0..500 {
            match state.step(&options, &at, &mut |p| Ok::<_, ()>(rosenbrock(p))).unwrap() {
                Stepped::To(next) => at = next,
                stepped => {
                    assert!(stepped == Stepped::Converged && at.gradient_norm() <= 1e-6, "{stepped:?}");
                    return;
                }
            }
            assert!(at.loss > 0.0);
        }
        panic!("never small: {}", at.gradient_norm());
    }

    #[test]
    fn resuming_from_stored_state_gives_the_same_bits() {
        let whole = run(&mut Curvature::default(), start(), 40);
        let mut first = Curvature::default();
        let half = run(&mut first, start(), 17);
        let text = serde_json::to_string(&(first, half)).unwrap();
        let (mut second, half): (Curvature, Point) = serde_json::from_str(&text).unwrap();
        assert_eq!(run(&mut second, half, 23), whole);
    }

    #[test]
    fn a_step_within_rounding_ends_the_training() {
        // Only the point itself is low enough: the step is shortened until it changes no bit.
        let mut objective = |p: &[f64]| Ok::<_, ()>(Some((if p[0] == 7.0 { 1.0 } else { 2.0 }, vec![-1e-9])));
        let at = Point { parameters: vec![7.0], loss: 1.0, gradient: vec![-1e-9] };
        let stepped = Curvature::default().step(&Lbfgs::default(), &at, &mut objective).unwrap();
        assert_eq!(stepped, Stepped::Flat);
    }

    #[test]
    fn an_interrupted_step_leaves_the_state_unchanged() {
        let mut state = Curvature::default();
        let at = run(&mut state, start(), 10);
        let before = state.clone();
        let stopped = state.step(&Lbfgs::default(), &at, &mut |_| Err("stop"));
        assert_eq!(stopped.unwrap_err(), "stop");
        assert_eq!(state, before);
    }
}

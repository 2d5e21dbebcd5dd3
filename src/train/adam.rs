//! Adam (Kingma and Ba, arXiv 1412.6980), with diverging steps rejected and shortened.

use super::TrainError;
use super::step::{Objective, Point, Stepped, positive};
use crate::tensor::vector::norm_in_order;
use serde::{Deserialize, Serialize};

/// How many times a diverging step is halved before the run gives up.
const MAX_HALVINGS: usize = 12;
/// A step that raises the loss by more than this times (|loss| + 1) counts as diverged.
const DIVERGENCE: f64 = 100.0;

/// Options of Adam.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// The maximum number of steps.
    pub steps: usize,
    /// Learning rate.
    pub rate: Rate,
    /// Decay of the mean of the gradient.
    pub beta1: f64,
    /// Decay of the mean of its square.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// A gradient whose Euclidean norm is larger is scaled down to it.
    pub clip: f64,
    /// Every step also takes this times the rate of each parameter without bounds away from it (Loshchilov and Hutter,
    /// arXiv 1711.05101).
    pub weight_decay: f64,
    /// The training ends after this many steps without a better loss; `None`: never.
    pub patience: Option<usize>,
}

/// The learning rate of every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rate {
    /// The same for all.
    Constant(f64),
    /// One for each step; those after the last have the last one.
    Each(Vec<f64>),
}

impl Rate {
    /// Of a step, counted from 1.
    fn at(&self, step: i32) -> f64 {
        match self {
            Rate::Constant(rate) => *rate,
            Rate::Each(rates) => {
                let last = rates.len().saturating_sub(1);
                rates.get(last.min((step.max(1) - 1) as usize)).copied().unwrap_or(0.0)
            }
        }
    }

    fn check(&self) -> Result<(), TrainError> {
        match self {
            Rate::Constant(rate) => positive("rate", *rate),
            Rate::Each(rates) => rates.iter().try_for_each(|rate| positive("rate", *rate)),
        }
    }
}

impl Adam {
    /// The default options.
    pub const STANDARD: Adam = Adam {
        steps: 1000,
        rate: Rate::Constant(Self::RATE),
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        clip: f64::INFINITY,
        weight_decay: 0.0,
        patience: None,
    };
    /// The default learning rate.
    pub const RATE: f64 = 1e-3;
}

impl Adam {
    /// Everything that determines a step.
    pub(super) fn content(&self) -> String {
        let Self { steps: _, rate, beta1, beta2, epsilon, clip, weight_decay, patience } = self;
        format!("adam {rate:?} {beta1:?} {beta2:?} {epsilon:?} {clip:?} {weight_decay:?} {patience:?}")
    }

    /// Rejects impossible options.
    pub(super) fn check(&self) -> Result<(), TrainError> {
        self.rate.check()?;
        if self.clip.is_nan() || self.clip <= 0.0 {
            return Err(TrainError::Option { option: "clip", problem: format!("must be above 0, not {}", self.clip) });
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            let problem = format!("must be at least 0, not {}", self.weight_decay);
            return Err(TrainError::Option { option: "weight_decay", problem });
        }
        positive("epsilon", self.epsilon)?;
        for (option, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                let problem = format!("must be at least 0 and below 1, not {beta}");
                return Err(TrainError::Option { option, problem });
            }
        }
        Ok(())
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// The state kept between steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    mean: Vec<f64>,
    square: Vec<f64>,
    step: i32,
    /// The rate has been halved this many times because steps diverged.
    halvings: i32,
}

impl Moments {
    /// Whether they are those of so many parameters, or of none before the first step.
    pub fn fits(&self, parameters: usize) -> bool {
        let length = if self.step == 0 { 0 } else { parameters };
        [self.mean.len(), self.square.len()] == [length; 2]
    }

    /// One step from `at`; weights decay where `free` says that a parameter has no bounds.
    ///
    /// # Errors
    /// Those of the objective; the state is then unchanged.
    pub fn step<E>(
        &mut self,
        options: &Adam,
        at: &Point,
        free: &[bool],
        objective: &mut Objective<'_, E>,
    ) -> Result<Stepped, E> {
        let mut next = self.clone();
        let change = next.advance(options, at, free);
        for halving in 0..MAX_HALVINGS {
            let parameters: Vec<f64> =
                at.parameters.iter().zip(&change).map(|(p, c)| p - c * 0.5f64.powi(halving as i32)).collect();
            let most = at.loss + DIVERGENCE * (1.0 + at.loss.abs());
            let found = objective(&parameters)?.filter(|(loss, _)| *loss <= most);
            if let Some((loss, gradient)) = found {
                next.halvings += halving as i32;
                *self = next;
                return Ok(Stepped::To(Point { parameters, loss, gradient }));
            }
        }
        Ok(Stepped::Flat)
    }

    /// Updates the means and gives the change to subtract from the parameters.
    fn advance(&mut self, options: &Adam, Point { parameters, gradient, .. }: &Point, free: &[bool]) -> Vec<f64> {
        let norm = norm_in_order(gradient);
        let scale = if norm > options.clip { options.clip / norm } else { 1.0 };
        self.mean.resize(gradient.len(), 0.0);
        self.square.resize(gradient.len(), 0.0);
        self.step += 1;
        let rate = options.rate.at(self.step) * 0.5f64.powi(self.halvings);
        let (bias1, bias2) = (1.0 - options.beta1.powi(self.step), 1.0 - options.beta2.powi(self.step));
        let means = self.mean.iter_mut().zip(self.square.iter_mut());
        gradient
            .iter()
            .zip(parameters)
            .zip(means)
            .zip(free)
            .map(|(((g, p), (m, s)), free)| {
                let g = scale * g;
                *m = options.beta1 * *m + (1.0 - options.beta1) * g;
                *s = options.beta2 * *s + (1.0 - options.beta2) * g * g;
                let change = rate * (*m / bias1) / ((*s / bias2).sqrt() + options.epsilon);
                let decays = *free && options.weight_decay > 0.0;
                if decays { change + rate * options.weight_decay * p } else { change }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bowl(p: &[f64]) -> Option<(f64, Vec<f64>)> {
        let value = p.iter().map(|p| p * p).sum();
        (p[0] < 1.4).then(|| (value, p.iter().map(|p| 2.0 * p).collect()))
    }

    #[test]
    fn losses_below_minus_one_decrease() {
        let deep = |p: &[f64]| (p[0] * p[0] - 50.0, vec![2.0 * p[0]]);
        let (loss, gradient) = deep(&[1.0]);
        let mut at = Point { parameters: vec![1.0], loss, gradient };
        let (mut state, options) = (Moments::default(), Adam { rate: Rate::Constant(0.1), ..Adam::default() });
        for _ in 0..300 {
            match state.step(&options, &at, &[true], &mut |p| Ok::<_, ()>(Some(deep(p)))).unwrap() {
                Stepped::To(next) => at = next,
                _ => panic!("no step found"),
            }
        }
        assert!(at.loss < -50.0 + 1e-3, "{at:?}");
    }

    #[test]
    fn a_bowl_is_descended_and_divergence_avoided() {
        let options = Adam { rate: Rate::Constant(0.1), ..Adam::default() };
        let parameters = vec![1.0, -2.0];
        let (loss, _) = bowl(&parameters).unwrap();
        // The first step is driven over the edge at p[0] = 1.4 by a false gradient: it must be shortened.
        let mut at = Point { parameters, loss, gradient: vec![-1.0, 0.0] };
        let mut state = Moments::default();
        let far = Adam { rate: Rate::Constant(2.0), ..options.clone() };
        for step in 0..600 {
            let options = if step == 0 { &far } else { &options };
            match state.step(options, &at, &[true; 2], &mut |p| Ok::<_, ()>(bowl(p))).unwrap() {
                Stepped::To(next) => at = next,
                _ => panic!("no step found"),
            }
        }
        assert!(at.loss < 1e-6, "{at:?}");
        assert_eq!(state.halvings, 3, "2, 1 and 0.5 lie beyond the edge");
    }

    #[test]
    fn rates_follow_the_schedule_and_weights_decay() {
        let schedule = Rate::Each(vec![0.1, 0.05]);
        assert_eq!([0, 1, 2, 3].map(|step| schedule.at(step)), [0.1, 0.1, 0.05, 0.05]);
        // Without a gradient only the decay moves the parameters.
        let options = Adam { rate: schedule, weight_decay: 0.5, ..Adam::default() };
        let mut at = Point { parameters: vec![2.0, 3.0], loss: 0.0, gradient: vec![0.0; 2] };
        let mut state = Moments::default();
        for wanted in [2.0 * 0.95, 2.0 * 0.95 * 0.975] {
            match state.step(&options, &at, &[true, false], &mut |_| Ok::<_, ()>(Some((0.0, vec![0.0; 2])))).unwrap() {
                Stepped::To(next) => at = next,
                _ => panic!("no step found"),
            }
            assert!((at.parameters[0] - wanted).abs() < 1e-15 && at.parameters[1] == 3.0, "{at:?}");
        }
    }

    #[test]
    fn a_clipped_gradient_counts_with_its_direction_alone() {
        let step = |clip: f64, gradient: f64| {
            let at = Point { parameters: vec![0.0], loss: 0.0, gradient: vec![gradient] };
            let mut state = Moments::default();
            state.advance(&Adam { clip, ..Adam::default() }, &at, &[true; 2]);
            (state.mean[0], state.square[0])
        };
        assert_eq!(step(1.0, 1e6), step(f64::INFINITY, 1.0));
        assert_eq!(step(1.0, 0.5), step(f64::INFINITY, 0.5));
    }
}

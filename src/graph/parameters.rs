//! Initial parameters: the same seed gives the same bits on any machine.

use super::nodes::{Graph, Init, ParamSpec};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::ops::Range;

/// Standard deviation of a standard normal truncated at -2 and 2.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

impl Graph {
    /// The range of each parameter in the flat vector.
    pub fn parameter_ranges(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let range = |spec: &ParamSpec| {
            let range = start..start + spec.len();
            start = range.end;
            range
        };
        self.params.iter().map(range).collect()
    }

    /// Length of the flat parameter vector.
    pub fn parameter_count(&self) -> usize {
        self.params.iter().map(ParamSpec::len).sum()
    }

    /// The initial flat parameter vector, drawn with `seed`; every parameter has its own stream of random numbers.
    pub fn initial(&self, seed: u64) -> Vec<f64> {
        let mut flat = Vec::with_capacity(self.parameter_count());
        for (index, spec) in self.params.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(index as u64);
            flat.extend((0..spec.len()).map(|i| start(spec, i, &mut rng)));
        }
        flat
    }
}

fn start(spec: &ParamSpec, index: usize, rng: &mut ChaCha8Rng) -> f64 {
    match &spec.init {
        Init::Values(values) => {
            let value = values.get(index).or(values.first()).copied().unwrap_or(0.0);
            spec.bounds.map_or(value, |(a, b)| raw(value, a, b))
        }
        Init::Normal { mean, deviation } => match spec.bounds {
            None => mean + deviation * normal(rng),
            Some((a, b)) => raw(truncated(*mean, *deviation, (a, b), rng), a, b),
        },
        Init::HeNormal { fan_in } => {
            let deviation = (2.0 / (*fan_in).max(1) as f64).sqrt() / TRUNCATED_DEVIATION;
            loop {
                let z = normal(rng);
                if z.abs() <= 2.0 {
                    return deviation * z;
                }
            }
        }
    }
}

/// A normal deviate on condition that it lies between the bounds, which enclose the mean: draws outside are repeated. Where most
/// normal draws would be outside, uniform ones are kept with the probability that their density asks for.
fn truncated(mean: f64, deviation: f64, (a, b): (f64, f64), rng: &mut ChaCha8Rng) -> f64 {
    loop {
        let value = if b - a > deviation {
            mean + deviation * normal(rng)
        } else {
            let value = a + (b - a) * uniform(rng);
            let distance = (value - mean) / deviation;
            if uniform(rng) > (-0.5 * distance * distance).exp() {
                continue;
            }
            value
        };
        if value > a && value < b {
            return value;
        }
    }
}

/// The t with a + (b - a) sigmoid(t) = value, for a value strictly inside the bounds; one that is not counts as if it were inside by
/// 1e-9 of their distance.
pub fn raw(value: f64, a: f64, b: f64) -> f64 {
    let margin = 1e-9 * (b - a);
    let value = if value > a && value < b { value } else { value.clamp(a + margin, b - margin) };
    ((value - a) / (b - value)).ln()
}

/// A uniform deviate in (0, 1), with 53 bits.
pub(crate) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// A standard normal deviate, by Box and Muller's polar method (no trigonometry, one deviate kept).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    loop {
        let (u, v) = (2.0 * uniform(rng) - 1.0, 2.0 * uniform(rng) - 1.0);
        let s = u * u + v * v;
        if s > 0.0 && s < 1.0 {
            return u * (-2.0 * s.ln() / s).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn spec(init: Init, len: usize) -> ParamSpec {
        ParamSpec { name: "w".into(), shape: vec![len], init, bounds: None, span: Span::default() }
    }

    #[test]
    fn he_normal_has_variance_two_over_fan_in() {
        let mut graph = Graph::new();
        graph.param(spec(Init::HeNormal { fan_in: 8 }, 20_000));
        let w = graph.initial(3);
        let variance = w.iter().map(|w| w * w).sum::<f64>() / w.len() as f64;
        assert!((variance - 0.25).abs() < 0.01, "{variance}");
        let bound = 2.0 * 0.5 / TRUNCATED_DEVIATION;
        assert!(w.iter().all(|w| w.abs() <= bound));
    }

    #[test]
    fn a_seed_is_a_seed() {
        let mut graph = Graph::new();
        graph.param(spec(Init::Normal { mean: 0.0, deviation: 1.0 }, 100));
        assert_eq!(graph.initial(7), graph.initial(7));
        assert_ne!(graph.initial(7), graph.initial(8));
    }

    #[test]
    fn draws_of_bounded_parameters_are_values() {
        let mut graph = Graph::new();
        let init = Init::Normal { mean: 1.5, deviation: 0.01 };
        graph.param(ParamSpec { bounds: Some((0.0, 2.0)), ..spec(init, 50) });
        let values = graph.initial(1).into_iter().map(|t| 2.0 * crate::tensor::scalar::sigmoid(t));
        assert!(values.into_iter().all(|v| (v - 1.5).abs() < 0.06));
    }

    #[test]
    fn draws_are_not_outside_the_bounds_nor_heaped_up_at_them() {
        for (mean, deviation, (a, b)) in [(0.0, 1.0, (-0.5, 0.5)), (0.1, 1e6, (0.0, 1.0)), (0.01, 1.0, (0.0, 50.0))] {
            let mut graph = Graph::new();
            let init = Init::Normal { mean, deviation };
            graph.param(ParamSpec { bounds: Some((a, b)), ..spec(init, 20_000) });
            let values = graph.initial(1).into_iter().map(|t| (b - a) * crate::tensor::scalar::sigmoid(t));
            let near = values.filter(|v| *v < 0.01 || *v > b - a - 0.01).count();
            assert!(near < 800, "{near} of 20000 within 0.01 of the bounds {a} .. {b}");
        }
        // The mean of a half normal distribution.
        let mut graph = Graph::new();
        let init = Init::Normal { mean: 1e-9, deviation: 1.0 };
        graph.param(ParamSpec { bounds: Some((0.0, 50.0)), ..spec(init, 20_000) });
        let mean = graph.initial(1).into_iter().map(|t| 50.0 * crate::tensor::scalar::sigmoid(t)).sum::<f64>() / 2e4;
        assert!((mean - (2.0 / std::f64::consts::PI).sqrt()).abs() < 0.02, "{mean}");
    }

    #[test]
    fn bounded_values_come_back() {
        for (value, a, b) in
            [(0.3, 0.0, 2.0), (1e-5, 0.0, 1e5), (1e-200, 0.0, 1.0), (-1.0 + 1e-12, -1.0, 1.0), (7.0, -1e9, 8.0)]
        {
            let back = a + (b - a) * crate::tensor::scalar::sigmoid(raw(value, a, b));
            // As exact as the distance from the nearer bound is.
            assert!(
                (back - value).abs() <= 1e-12 * (value - a).min(b - value) + 4.0 * f64::EPSILON * (b - a),
                "{value}: {back}"
            );
        }
        assert!((1e5 * crate::tensor::scalar::sigmoid(raw(1e-5, 0.0, 1e5)) / 1e-5 - 1.0).abs() < 1e-13);
    }
}

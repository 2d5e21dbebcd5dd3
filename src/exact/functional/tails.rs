//! Far out, where there is little density, potentials that are calculated from it lose their digits. There they are continued, smoothly: a
//! kink in a potential is one in the next density.

use crate::ks::above;
use std::ops::Range;

/// Densities relative to the largest: potentials are continued below the first, and nothing is left of them below the second.
const FIRST: f64 = 1e-7;
const LAST: f64 = 1e-9;
/// What is continued is what they are on average between [`FIRST`] and this density.
const WINDOW: f64 = 1e-6;

/// Where the potentials of a density are continued.
pub(super) struct Tails {
    /// The points between which there is enough density.
    pub inside: Range<usize>,
    /// 1 where nothing is left of what was calculated, 0 where all of it is.
    weight: Vec<f64>,
    /// Points at the end of what is calculated, on the left and on the right.
    windows: [Range<usize>; 2],
}

impl Tails {
    /// Those of a density.
    pub fn new(density: &[f64]) -> Self {
        let largest = density.iter().copied().fold(0.0, f64::max);
        let (decided, window) = (above(density, FIRST), above(density, WINDOW));
        let blend = |n: f64| {
            let way = ((FIRST * largest / n.max(f64::MIN_POSITIVE)).ln() / (FIRST / LAST).ln()).clamp(0.0, 1.0);
            way * way * (3.0 - 2.0 * way)
        };
        let weight =
            density.iter().enumerate().map(|(i, n)| if decided.contains(&i) { 0.0 } else { blend(*n) }).collect();
        let windows = [decided.start..window.start.max(decided.start), window.end.min(decided.end)..decided.end];
        Self { inside: above(density, LAST), weight, windows }
    }

    /// Continues a potential by a multiple of a shape, on each side what it is on average.
    pub fn continue_as(&self, potential: &mut [f64], shape: impl Fn(usize) -> f64) {
        let middle = (self.inside.start + self.inside.end) / 2;
        for (window, side) in self.windows.iter().zip([0..middle, middle..potential.len()]) {
            let (found, wanted) = window.clone().fold((0.0, 0.0), |(a, b), i| (a + potential[i], b + shape(i)));
            if wanted == 0.0 {
                continue;
            }
            for i in side {
                if self.weight[i] > 0.0 {
                    potential[i] += self.weight[i] * (found / wanted * shape(i) - potential[i]);
                }
            }
        }
    }
}

//! Estimates how far the energy is above that of a complete set of orbitals.

use super::gradient::Growth;
use super::natural::Natural;

/// The missing energy as a multiple of the gain of one electron outside: 3 to 9 was found for atoms.
const MISSING_PER_GAIN: f64 = 6.0;

/// A further factor for fewer than two orbitals per electron: it was three for ten hydrogen atoms.
const FEW_ORBITALS: f64 = 3.0;

/// The estimate from the tail of occupations is multiplied by this.
const TAIL_FACTOR: f64 = 2.0;

/// The slowest decay of contributions to the energy with the index of the orbital: a slower fit makes no sense.
const SLOWEST_DECAY: f64 = 2.5;

/// The fraction of the estimate that better orbitals, rather than more, may remove.
const LEAST_REMAINDER: f64 = 0.8;

/// Conservative estimate of the missing energy, hartree: from the expected gain of more orbitals, from the gain of the
/// last ones, and from the decay of the orbitals' contributions.
#[derive(Default)]
pub(super) struct Estimate {
    /// The estimate when orbitals were last added.
    then: f64,
}

impl Estimate {
    /// `fell` is the gain of the last orbitals; `full`: orbitals are only replaced by better ones. The gradient vanishes for the best
    /// orbitals, and says nothing about the error due to their number.
    pub(super) fn missing(&mut self, natural: &Natural, growth: &Growth, fell: f64, full: bool) -> f64 {
        let both = natural.occupations.iter().zip(&growth.costs);
        let mut contributions: Vec<f64> = both.map(|(n, cost)| n * cost).collect();
        contributions.sort_by(|a, b| b.total_cmp(a));
        let electrons = natural.space.up.electrons() + natural.space.down.electrons();
        let sparse = if contributions.len() < 2 * electrons { FEW_ORBITALS } else { 1.0 };
        let missing =
            sparse * fell.max(MISSING_PER_GAIN * growth.gain).max(TAIL_FACTOR * tail(&contributions, electrons));
        if full {
            return missing.max(LEAST_REMAINDER * self.then);
        }
        self.then = missing;
        missing
    }
}

/// What is missing from the contributions (largest first) compared with a power law fitted to the middle ones.
///
/// The first natural orbitals are converged, the last are not: their contributions are too small. In stretched bonds, the first ones, as
/// many as there are electrons, do not follow the law.
fn tail(contributions: &[f64], electrons: usize) -> f64 {
    let count = contributions.len();
    // The mean of two neighbours, since natural orbitals often come in pairs.
    let at = |k: usize| match contributions.get(k.max(1) - 1..=k) {
        Some([a, b]) => (a * b).sqrt(),
        _ => 0.0,
    };
    let first = (count / 2).max(electrons + 1);
    let second = (3 * count / 4).max((first + count) / 2);
    let (a, b) = (at(first), at(second));
    if !(a > b && b > 0.0) {
        return 0.0;
    }
    let power = ((a / b).ln() / (second as f64 / first as f64).ln()).max(SLOWEST_DECAY);
    let expected = b * second as f64 / (power - 1.0);
    let found: f64 = contributions[second..].iter().sum();
    (expected - found).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_that_is_cut_off() {
        let term = |k: usize| (k as f64).powi(-6);
        let all: Vec<f64> = (1..=24).map(term).collect();
        let rest: f64 = (25..2000).map(term).sum();
        let guess = tail(&all, 4);
        assert!(guess > 0.5 * rest && guess < 5.0 * rest, "{guess:e} {rest:e}");
        // The last four are too small.
        let poor: Vec<f64> = (1..=24).map(|k| if k > 20 { 0.01 * term(k) } else { term(k) }).collect();
        let lost = rest + all[20..].iter().sum::<f64>();
        assert!(tail(&poor, 4) > 0.8 * lost && tail(&poor, 4) < 3.0 * lost);
        assert_eq!(tail(&[2.0, 2.0], 2), 0.0);
    }
}

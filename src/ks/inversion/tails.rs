//! Where a density can be trusted: far out in its tails digits run out, and a potential calculated from what is left is noise, or that of
//! an error that decays more slowly than the density.

use crate::model::Grid;
use std::ops::Range;

/// A density below this fraction of its largest value is not looked at.
const LEAST: f64 = 1e-14;
/// Noise is looked for where the density is below this fraction of its largest value: further in nuclei make kinks.
const TAIL: f64 = 1e-4;
/// The noise of the potential, hartree, from which on a density counts as noise.
const NOISE: f64 = 0.02;
/// Points whose noise is averaged.
const WINDOW: usize = 5;

/// Points over which the potential is averaged to see how it changes.
const AVERAGED: usize = 5;
/// In a tail a potential goes to a constant: it has left what the density can say if its slope grows outwards to so many times the
/// smallest one further in, and by more than this, hartree/bohr.
const STEEPER: f64 = 3.0;
const SLOPE: f64 = 2e-3;

/// The points between which a density is looked at.
pub(super) fn seen(density: &[f64]) -> Range<usize> {
    let largest = density.iter().copied().fold(0.0, f64::max);
    let enough = |n: &f64| *n > LEAST * largest;
    let start = density.iter().position(enough).unwrap_or(0);
    start..density.iter().rposition(enough).map_or(start, |end| end + 1)
}

/// The points between which a density can be trusted.
pub(super) fn trusted(grid: &Grid, density: &[f64]) -> Range<usize> {
    let largest = density.iter().copied().fold(0.0, f64::max);
    let peak = (0..density.len()).max_by(|a, b| density[*a].total_cmp(&density[*b])).unwrap_or(0);
    let noise = noise(grid, density);
    let fine = |i: &usize| {
        let n = density[*i];
        n > LEAST * largest && (n > TAIL * largest || window(&noise, *i) < NOISE)
    };
    let left = (0..=peak).rev().take_while(fine).last().unwrap_or(peak);
    let right = (peak..density.len()).take_while(fine).last().unwrap_or(peak);
    let high = |i: &usize| density[*i] > TAIL * largest;
    let (first, last) = ((0..density.len()).find(high).unwrap_or(peak), (0..density.len()).rfind(high).unwrap_or(peak));
    let slopes = slopes(grid, density);
    let left = settled(&slopes, (left..=first.max(left)).rev());
    let right = settled(&slopes, last.min(right)..=right);
    left..right + 1
}

/// The points of a range that are a distance, bohr, away from its ends; a tenth of its length at most.
pub(super) fn within(grid: &Grid, range: &Range<usize>, margin: f64) -> Range<usize> {
    let cut = ((margin / grid.spacing) as usize).min(range.len() / 10);
    range.start + cut..range.end - cut
}

/// How far out a potential goes to a constant: the last point before its slope grows again.
fn settled(slopes: &[f64], mut outwards: impl Iterator<Item = usize>) -> usize {
    let mut end = outwards.next().unwrap_or(0);
    let mut best = slopes[end];
    for i in outwards {
        if slopes[i] > STEEPER * best + SLOPE {
            break;
        }
        if slopes[i] < best {
            (best, end) = (slopes[i], i);
        }
    }
    end
}

/// The slope of (√n)''/(2√n), hartree/bohr, from averages on both sides.
fn slopes(grid: &Grid, density: &[f64]) -> Vec<f64> {
    let h = grid.spacing;
    let log = |i: usize| 0.5 * density[i].max(f64::MIN_POSITIVE).ln();
    let potential = |i: usize| {
        if i == 0 || i + 1 >= density.len() {
            return None;
        }
        let (first, second) =
            ((log(i + 1) - log(i - 1)) / (2.0 * h), (log(i + 1) - 2.0 * log(i) + log(i - 1)) / (h * h));
        Some(0.5 * (second + first * first))
    };
    let all: Vec<f64> = (0..density.len()).map(|i| potential(i).unwrap_or(0.0)).collect();
    let mean = |range: Range<usize>| all[range.clone()].iter().sum::<f64>() / range.len() as f64;
    (0..density.len())
        .map(|i| {
            if i < AVERAGED || i + AVERAGED >= density.len() {
                return f64::INFINITY;
            }
            (mean(i + 1..i + 1 + AVERAGED) - mean(i - AVERAGED..i)).abs() / ((AVERAGED + 1) as f64 * h)
        })
        .collect()
}

/// An estimate of the noise of (√n)''/(2√n) at every point, hartree: the fourth difference of ln √n, which is small where n is smooth.
fn noise(grid: &Grid, density: &[f64]) -> Vec<f64> {
    let log = |i: usize| density.get(i).map_or(f64::NAN, |n| 0.5 * n.max(f64::MIN_POSITIVE).ln());
    let difference = |i: usize| {
        let around = |k: usize| log(i + k - 2);
        if i < 2 || i + 2 >= density.len() {
            return 0.0;
        }
        (around(0) - 4.0 * around(1) + 6.0 * around(2) - 4.0 * around(3) + around(4)).abs()
    };
    // Of independent errors the fourth difference is √70 times as large, the second √6 times.
    let factor = (6.0f64 / 70.0).sqrt() / (2.0 * grid.spacing * grid.spacing);
    (0..density.len()).map(|i| factor * difference(i)).collect()
}

/// The root mean square around a point.
fn window(noise: &[f64], i: usize) -> f64 {
    let (from, to) = (i.saturating_sub(WINDOW / 2), (i + WINDOW / 2 + 1).min(noise.len()));
    let all = &noise[from..to];
    (all.iter().map(|x| x * x).sum::<f64>() / all.len() as f64).sqrt()
}

//! Where a density can be trusted: far out in its tails digits run out, and a potential calculated from what is left is noise, or that of
//! an error that decays more slowly than the density.

use crate::ks::hamiltonian::Hamiltonian;
use crate::model::Grid;
use std::ops::Range;

/// A density below this fraction of its largest value is not looked at: of a single orbital, whose potential has a closed form; and of
/// several, where the equation for the potential is solved to as many digits.
const LEAST: f64 = 1e-14;
const LEAST_OF_SEVERAL: f64 = 1e-9;
/// The noise of the potential, hartree, from which on a density counts as noise.
const NOISE: f64 = 2e-3;
/// The binomial coefficients of an eighth difference, and the root of the sum of their squares: of independent errors it is so many times
/// as large. Where a function is smooth on the grid it is next to nothing.
const EIGHTH: [f64; 9] = [1.0, -8.0, 28.0, -56.0, 70.0, -56.0, 28.0, -8.0, 1.0];
const EIGHTH_NORM: f64 = 113.44602240713422;
/// Those of a sixth difference. Of independent errors the eighth is 3.7 times as large; of a function that decays as exp(-κx) it is
/// (2 sinh(κh/2))² times as large, which is little more than 1 even where κh is 1. Above this it is noise.
const SIXTH: [f64; 7] = [1.0, -6.0, 15.0, -20.0, 15.0, -6.0, 1.0];
const ROUGH: f64 = 2.0;
/// The same of a second difference: √6.
const SECOND_NORM: f64 = 2.449489742783178;
/// Half the width, bohr, of the window whose median is the noise: kinks at nuclei are in fewer points than half of it.
const WINDOW: f64 = 0.6;
/// At least so many points on each side.
const LEAST_WINDOW: usize = 7;
/// Noise is looked for where the density is below this fraction of its largest value, outside all of the rest; errors that are smooth, where
/// that of both spins is.
const TAIL: f64 = 1e-4;
/// Points over which a potential is averaged to see how it changes.
const AVERAGED: usize = 5;
/// In a tail an xc potential goes to a constant: it has left what the density can say if its slope grows outwards to so many times the
/// smallest one further in, and by more than this, hartree/bohr, and this fraction of the slope of the known potential: of several orbitals
/// (√n)''/(2√n) comes close to the potential only slowly in a trap, and an error that decays slowly follows nothing of what is known.
const STEEPER: f64 = 3.0;
const SLOPE: f64 = 2e-3;
const SLOPE_OF_KNOWN: f64 = 0.1;

/// The points from the first to the last at which a density is above a fraction of its largest value.
pub(crate) fn above(density: &[f64], fraction: f64) -> Range<usize> {
    let largest = density.iter().copied().fold(0.0, f64::max);
    let enough = |n: &f64| *n > fraction * largest;
    let start = density.iter().position(enough).unwrap_or(0);
    start..density.iter().rposition(enough).map_or(start, |end| end + 1)
}

/// The points between which a density is looked at.
pub(super) fn seen(density: &[f64]) -> Range<usize> {
    above(density, LEAST)
}

/// The points between which a density of a spin can be trusted. `around` are the density of both spins and the potential but for the xc
/// part, hartree: where that is not known, an error that is smooth cannot be told from a potential.
pub(super) fn trusted(
    grid: &Grid,
    density: &[f64],
    electrons: usize,
    around: Option<(&[f64], &[f64])>,
) -> Range<usize> {
    let largest = density.iter().copied().fold(0.0, f64::max);
    let root: Vec<f64> = density.iter().map(|n| n.max(0.0).sqrt()).collect();
    let noise = noise(grid, &root);
    let least = if electrons > 1 { LEAST_OF_SEVERAL } else { LEAST };
    let fine = |i: usize| density[i] > least * largest && noise[i] < NOISE * root[i];
    let ends = |of: &[f64]| {
        let high = above(of, TAIL);
        (high.start, high.end.saturating_sub(1))
    };
    // Outwards from where most of the density is, to the first noise: beyond it there may be fewer errors again, but nothing to go by.
    let (first, last) = ends(density);
    let left = (0..=first).rev().take_while(|i| fine(*i)).last().unwrap_or(first);
    let right = (last..density.len()).take_while(|i| fine(*i)).last().unwrap_or(last);
    let Some((total, known)) = around else { return left..right + 1 };
    let (first, last) = ends(total);
    let moving = Hamiltonian::new(grid, &[]).apply(&root);
    let xc: Vec<f64> = (0..root.len()).map(|i| -moving[i] / root[i].max(f64::MIN_POSITIVE) - known[i]).collect();
    let allowed: Vec<f64> = slopes(grid, known).iter().map(|slope| SLOPE + SLOPE_OF_KNOWN * slope).collect();
    let (slopes, allowed) = (&slopes(grid, &xc), &allowed);
    let left = settled(slopes, allowed, (left..=first.max(left)).rev());
    let right = settled(slopes, allowed, last.min(right)..=right);
    left..right.max(left) + 1
}

/// The points of a range that are a distance, bohr, away from those of its ends that are not ends of the grid, or where the density is a
/// factor times what it is there, whichever comes first; a tenth of its length at most.
pub(super) fn within(grid: &Grid, range: &Range<usize>, density: &[f64], (margin, factor): (f64, f64)) -> Range<usize> {
    let most = ((margin / grid.spacing) as usize).min(range.len() / 10);
    let cut = |end: usize, at: &dyn Fn(usize) -> usize| {
        (0..most).find(|k| density[at(*k)] >= factor * density[end]).unwrap_or(most)
    };
    let (first, last) = (range.start, range.end.max(1) - 1);
    let start = if first == 0 { 0 } else { first + cut(first, &|k| first + k) };
    let end = if range.end == grid.points { range.end } else { range.end - cut(last, &|k| last - k) };
    start..end
}

/// How far out a potential goes to a constant: the last point before its slope grows again.
fn settled(slopes: &[f64], allowed: &[f64], mut outwards: impl Iterator<Item = usize>) -> usize {
    let mut end = outwards.next().unwrap_or(0);
    let mut best = slopes[end];
    for i in outwards {
        if slopes[i] > STEEPER * best + allowed[i] {
            break;
        }
        best = best.min(slopes[i]);
        if slopes[i] <= 1.5 * best + 0.25 * allowed[i] {
            end = i;
        }
    }
    end
}

/// The size of the slope of a potential, hartree/bohr, from averages on both sides.
fn slopes(grid: &Grid, all: &[f64]) -> Vec<f64> {
    let (h, points) = (grid.spacing, all.len());
    let mean = |range: Range<usize>| all[range.clone()].iter().sum::<f64>() / range.len() as f64;
    let slope = |i: usize| (mean(i + 1..i + 1 + AVERAGED) - mean(i - AVERAGED..i)).abs() / ((AVERAGED + 1) as f64 * h);
    // At the ends that of the next point that has one.
    let edge = AVERAGED + 1;
    if points <= 2 * edge {
        return vec![0.0; points];
    }
    (0..points).map(|i| slope(i.clamp(edge, points - 1 - edge))).collect()
}

/// The noise of (√n)''/2 at every point: the median of its estimates around it, from the eighth difference of √n, where that is not the one of
/// a smooth function.
fn noise(grid: &Grid, root: &[f64]) -> Vec<f64> {
    let points = root.len();
    let half = ((WINDOW / grid.spacing) as usize).max(LEAST_WINDOW);
    if points < 2 * half + EIGHTH.len() {
        return vec![0.0; points];
    }
    let factor = SECOND_NORM / (EIGHTH_NORM * 2.0 * grid.spacing * grid.spacing);
    let (eighth, sixth) = (medians(root, &EIGHTH, half), medians(root, &SIXTH, half));
    eighth
        .iter()
        .zip(sixth)
        .map(|(eighth, sixth)| if *eighth > ROUGH * sixth { factor * eighth } else { 0.0 })
        .collect()
}

/// The median of the size of a difference around every point.
fn medians(of: &[f64], coefficients: &[f64], half: usize) -> Vec<f64> {
    let sizes: Vec<f64> = of
        .windows(coefficients.len())
        .map(|around| around.iter().zip(coefficients).map(|(x, c)| x * c).sum::<f64>().abs())
        .collect();
    let median = |i: usize| {
        let middle = i.saturating_sub(coefficients.len() / 2).min(sizes.len() - 1);
        let (from, to) = (middle.saturating_sub(half), (middle + half + 1).min(sizes.len()));
        let mut around = sizes[from..to].to_vec();
        around.sort_by(f64::total_cmp);
        around[around.len() / 2]
    };
    (0..of.len()).map(median).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: impl Fn(f64) -> f64) -> Vec<f64> {
        Grid::centred(513, 0.08).xs().iter().map(|x| n(*x)).collect()
    }

    /// The reach of a density, bohr.
    fn reach(n: &[f64]) -> [f64; 2] {
        let grid = Grid::centred(513, 0.08);
        let range = trusted(&grid, n, 1, None);
        [grid.x(range.start), grid.x(range.end - 1)]
    }

    #[test]
    fn where_there_are_digits_a_density_is_trusted() {
        // Confined, with two far centres, with a kink at a nucleus in its tail.
        let [left, right] = reach(&of(|x| (-x * x).exp()));
        assert!(left < -5.5 && right > 5.5, "{left} {right}");
        let [left, right] = reach(&of(|x| (-2.0 * (x - 8.0).abs()).exp() + (-2.0 * (x + 8.0).abs()).exp()));
        assert!(left < -15.0 && right > 15.0, "{left} {right}");
        // In a trap, on a coarse grid: smooth, but with large differences.
        let grid = Grid::centred(129, 0.2);
        let n: Vec<f64> = grid.xs().iter().map(|x| (1.0 + 2.0 * x * x) * (-x * x).exp()).collect();
        let range = trusted(&grid, &n, 2, None);
        let last = grid.x(range.end - 1);
        assert!(last > 4.5, "{last}");
        let kinked = of(|x| (-2.0 * x.abs()).exp() * (1.0 - 0.3 * (-(x - 6.0).abs()).exp()));
        let [left, right] = reach(&kinked);
        assert!(left < -15.0 && right > 15.0, "{left} {right}");
    }

    #[test]
    fn where_digits_end_it_is_not() {
        let rounded = of(|x| ((-2.0 * x.abs()).exp() * 1e10).round() / 1e10);
        let [left, right] = reach(&rounded);
        assert!(left < -6.0 && left > -9.5 && right > 6.0 && right < 9.5, "{left} {right}");
    }
}

//! Brackets the lowest levels by counting levels below shifts.

use super::banded::counts;
use super::hamiltonian::Hamiltonian;

/// How many shifts are counted side by side: the recursion is a chain of divisions, and several chains fill the pipeline.
const LANES: usize = 8;

/// Levels closer than this fraction of the norm of H are refined together.
const CLUSTER_DISTANCE: f64 = 1e-9;

/// A bracket must be shorter than this fraction of the distance to the next level outside.
const WIDTH_OF_GAP: f64 = 0.1;

/// An interval that contains exactly the levels `first .. first + size`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    /// Index of its lowest level.
    pub first: usize,
    /// Number of its levels.
    pub size: usize,
    /// Lower end, hartree.
    pub low: f64,
    /// Upper end, hartree.
    pub high: f64,
    /// Lower bound on the distance from the bracket to the nearest level outside, hartree.
    pub gap: f64,
}

/// Shifts and the number of levels below them, both ascending.
struct Ladder<'a> {
    h: &'a Hamiltonian,
    scale: f64,
    steps: Vec<(f64, usize)>,
}

impl Ladder<'_> {
    fn add(&mut self, shifts: &[f64; LANES]) {
        let counts = counts(self.h, self.scale, shifts);
        self.steps.extend(shifts.iter().copied().zip(counts));
        self.steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Close to a level rounding may make a count wrong; counts must not decrease.
        let mut most = 0;
        for step in &mut self.steps {
            most = most.max(step.1);
            step.1 = most;
        }
    }

    /// The intervals that contain levels, in ascending order.
    fn brackets(&self) -> Vec<Bracket> {
        let ends = self.steps.windows(2).filter(|w| w[1].1 > w[0].1);
        with_gaps(ends.map(|w| Bracket { first: w[0].1, size: w[1].1 - w[0].1, low: w[0].0, high: w[1].0, gap: 0.0 }))
    }
}

fn with_gaps(brackets: impl Iterator<Item = Bracket>) -> Vec<Bracket> {
    let mut found: Vec<Bracket> = brackets.map(|b| Bracket { gap: f64::INFINITY, ..b }).collect();
    for i in 1..found.len() {
        let gap = found[i].low - found[i - 1].high;
        found[i].gap = gap;
        found[i - 1].gap = found[i - 1].gap.min(gap);
    }
    found
}

/// Whether inverse iteration from the middle of the bracket is certain to converge to its levels, and quickly.
fn is_sharp(bracket: &Bracket, scale: f64) -> bool {
    let width = bracket.high - bracket.low;
    let single = bracket.size == 1 && width <= WIDTH_OF_GAP * bracket.gap;
    // The last condition: there are no floating-point numbers left in between.
    single || width <= CLUSTER_DISTANCE * scale || width <= 8.0 * f64::EPSILON * bracket.high.abs()
}

/// Brackets around the levels `0 .. count`, in ascending order; the last may reach beyond `count`. `scale` is the norm of H.
pub(super) fn isolate(h: &Hamiltonian, scale: f64, count: usize) -> Vec<Bracket> {
    if count == 0 {
        return Vec::new();
    }
    let (low, high) = h.bounds();
    let (low, high) = (low - 1e-6 * scale, high + 1e-6 * scale);
    let mut ladder = Ladder { h, scale, steps: vec![(low, 0), (high, h.points())] };
    // The wanted levels are near the bottom, so the first shifts are denser there.
    ladder.add(&std::array::from_fn(|k| low + (high - low) * 0.3_f64.powi(LANES as i32 - k as i32)));
    loop {
        let mut brackets = ladder.brackets();
        let wanted = brackets.iter().filter(|b| b.first < count).count();
        let mut blurred: Vec<Bracket> = brackets[..wanted].iter().filter(|b| !is_sharp(b, scale)).copied().collect();
        // How narrow the last bracket must be, and whether it has close neighbours, depends on the levels above.
        let near = |k: usize| brackets[k].low - brackets[k - 1].high <= CLUSTER_DISTANCE * scale;
        let chain = (wanted..brackets.len()).find(|&k| !near(k)).unwrap_or(brackets.len());
        let last = if blurred.is_empty() { chain } else { chain.max(wanted + 1).min(brackets.len()) };
        blurred.extend(brackets[wanted..last].iter().filter(|b| !is_sharp(b, scale)));
        if blurred.is_empty() {
            brackets = merged(&brackets, scale);
            brackets.retain(|b| b.first < count);
            return brackets;
        }
        ladder.add(&spread(&blurred));
    }
}

/// Evenly spaced shifts inside the brackets, the lowest brackets first.
fn spread(brackets: &[Bracket]) -> [f64; LANES] {
    let used = brackets.len().min(LANES);
    std::array::from_fn(|k| {
        let Bracket { low, high, .. } = brackets[k % used];
        let inside = (LANES - k % used).div_ceil(used);
        low + (high - low) * (k / used + 1) as f64 / (inside + 1) as f64
    })
}

/// Joins neighbours that are closer than the cluster distance.
fn merged(brackets: &[Bracket], scale: f64) -> Vec<Bracket> {
    let mut joined: Vec<Bracket> = Vec::new();
    for bracket in brackets {
        match joined.last_mut() {
            Some(last) if bracket.low - last.high <= CLUSTER_DISTANCE * scale => {
                last.size += bracket.size;
                last.high = bracket.high;
            }
            _ => joined.push(*bracket),
        }
    }
    with_gaps(joined.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Grid;

    #[test]
    fn levels_of_a_box_are_isolated() {
        let grid = Grid::between_walls(0.0, 1.0, 200);
        let h = Hamiltonian::new(&grid, &[]);
        let brackets = isolate(&h, h.scale(), 12);
        assert_eq!(brackets.len(), 12);
        for (k, bracket) in brackets.iter().enumerate() {
            let level = 0.5 * (std::f64::consts::PI * (k + 1) as f64).powi(2);
            assert_eq!((bracket.first, bracket.size), (k, 1));
            assert!(bracket.low < level && level < bracket.high && bracket.high - bracket.low <= 0.1 * bracket.gap);
        }
    }

    #[test]
    fn degenerate_levels_share_a_bracket() {
        let grid = Grid::centred(401, 0.1);
        let wells: Vec<f64> = grid.xs().iter().map(|x| -2.0 * (-(x.abs() - 12.0).powi(2)).exp()).collect();
        let h = Hamiltonian::new(&grid, &wells);
        let brackets = isolate(&h, h.scale(), 1);
        assert_eq!((brackets.len(), brackets[0].first, brackets[0].size), (1, 0, 2));
    }
}

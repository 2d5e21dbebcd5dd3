//! How the interaction removes two electrons from a state and puts them back. X is the matrix whose rows are pairs of orbitals q and s
//! and whose columns are the strings that remain without such a pair; H is a matrix of pairs times X.
//!
//! Pairs are symmetric or antisymmetric in q and s; the interaction does not mix these, and conserves parity.

use super::space::Space;
use super::strings::{Creation, Strings, sign};
use std::ops::Range;

/// The maximum number of columns of X treated together.
const MOST_COLUMNS: usize = 192;
/// The fewest, if there are enough.
const FEWEST_COLUMNS: usize = 24;
/// Enough panels to distribute over the lanes.
const PANELS: usize = 16;

/// 1/sqrt(2).
const ROOT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Pairs of orbitals of one parity: q > s.
pub(super) type Pairs = Vec<(usize, usize)>;

/// The pairs q > s of the given parity.
pub(super) fn pairs(parities: &[u8], parity: usize) -> Pairs {
    let all = (0..parities.len()).flat_map(|q| (0..q).map(move |s| (q, s)));
    all.filter(|(q, s)| usize::from(parities[*q] ^ parities[*s]) == parity).collect()
}

/// Adjacent columns of X: the up string that remains, and a range of down strings (or of what remains of them).
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub left: usize,
    pub down: Range<usize>,
    /// Its first column in the panel.
    pub at: usize,
}

/// Some columns of X.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// Of the pairs.
    pub parity: usize,
    pub segments: Vec<Segment>,
    pub columns: usize,
}

/// Distributes runs of columns over panels.
fn panels(parity: usize, runs: Vec<(usize, Range<usize>)>) -> Vec<Panel> {
    let total: usize = runs.iter().map(|(_, run)| run.len()).sum();
    let widest = total.div_ceil(PANELS).clamp(FEWEST_COLUMNS, MOST_COLUMNS);
    let mut done = Vec::new();
    let mut open = Panel { parity, segments: Vec::new(), columns: 0 };
    for (left, mut run) in runs {
        while !run.is_empty() {
            let taken = run.len().min(widest - open.columns);
            let down = run.start..run.start + taken;
            open.segments.push(Segment { left, down, at: open.columns });
            open.columns += taken;
            run.start += taken;
            if open.columns == widest {
                done.push(std::mem::replace(&mut open, Panel { parity, segments: Vec::new(), columns: 0 }));
            }
        }
    }
    if open.columns > 0 {
        done.push(open);
    }
    done
}

/// Pairs of an up and a down electron.
pub(super) struct Opposite {
    pub panels: Vec<Panel>,
    /// The state is symmetric under exchange of the spins, so X needs only the columns whose up string does not come
    /// before the down one.
    pub half: bool,
    pairs: [Pairs; 2],
}

impl Opposite {
    pub(super) fn new(space: &Space) -> Self {
        let half = space.balanced();
        let lists = [0, 1].map(|parity| pairs(&space.parities, parity));
        let mut all = Vec::new();
        if let Some(down) = &space.create_down {
            let fewer = &space.create_up.fewer;
            for parity in 0..2 {
                let run = |left: usize| {
                    let mut run = down.fewer.of(fewer.parity(left) ^ parity ^ space.parity);
                    if half {
                        run.end = run.end.min(left + 1);
                    }
                    (left, run)
                };
                all.extend(panels(parity, (0..fewer.len()).map(run).filter(|(_, run)| !run.is_empty()).collect()));
            }
        }
        Self { panels: all, half, pairs: lists }
    }

    /// Antisymmetric pairs of a parity; the symmetric ones are these and, for parity 0, every orbital with itself.
    pub(super) fn pairs(&self, parity: usize) -> &Pairs {
        &self.pairs[parity]
    }

    /// Number of symmetric pairs.
    pub(super) fn symmetric(&self, parity: usize, orbitals: usize) -> usize {
        self.pairs[parity].len() + if parity == 0 { orbitals } else { 0 }
    }

    /// X for symmetric and for antisymmetric pairs, row by row.
    pub(super) fn gather(&self, space: &Space, panel: &Panel, state: &[f64]) -> [Vec<f64>; 2] {
        let Some(down) = &space.create_down else { return [Vec::new(), Vec::new()] };
        let (pairs, width) = (&self.pairs[panel.parity], panel.columns);
        let rows = self.symmetric(panel.parity, space.orbitals());
        let (mut plus, mut minus) = (vec![0.0; rows * width], vec![0.0; pairs.len() * width]);
        for segment in &panel.segments {
            let entries = Entries { space, down, up: &space.create_up, segment };
            let inside = segment.at..segment.at + segment.down.len();
            for (k, (q, s)) in pairs.iter().enumerate() {
                let (a, b) = (entries.of(*q, *s), entries.of(*s, *q));
                if a.sign == 0.0 && b.sign == 0.0 {
                    continue;
                }
                let plus = &mut plus[k * width..][inside.clone()];
                let minus = &mut minus[k * width..][inside.clone()];
                let sides = a.to.iter().zip(b.to).zip(plus.iter_mut().zip(minus.iter_mut()));
                for ((to, ot), (plus, minus)) in sides {
                    let (x, y) = (a.read(state, *to), b.read(state, *ot));
                    *plus = ROOT * (x + y);
                    *minus = ROOT * (x - y);
                }
            }
            for q in 0..rows - pairs.len() {
                let a = entries.of(q, q);
                if a.sign != 0.0 {
                    let plus = &mut plus[(pairs.len() + q) * width..][inside.clone()];
                    plus.iter_mut().zip(a.to).for_each(|(x, to)| *x = a.read(state, *to));
                }
            }
        }
        [plus, minus]
    }

    /// Adds Y, laid out like X, to a state.
    pub(super) fn scatter(&self, space: &Space, panel: &Panel, y: &[Vec<f64>; 2], state: &mut [f64]) {
        let Some(down) = &space.create_down else { return };
        let (pairs, width) = (&self.pairs[panel.parity], panel.columns);
        let rows = self.symmetric(panel.parity, space.orbitals());
        for segment in &panel.segments {
            let entries = Entries { space, down, up: &space.create_up, segment };
            let inside = segment.at..segment.at + segment.down.len();
            for (k, (q, s)) in pairs.iter().enumerate() {
                let (a, b) = (entries.of(*q, *s), entries.of(*s, *q));
                let (plus, minus) = (&y[0][k * width..][inside.clone()], &y[1][k * width..][inside.clone()]);
                for (side, turn) in [(a, ROOT), (b, -ROOT)] {
                    if side.sign != 0.0 {
                        let values = plus.iter().zip(minus).zip(side.to);
                        values.for_each(|((plus, minus), to)| side.add(state, *to, ROOT * plus + turn * minus));
                    }
                }
            }
            for q in 0..rows - pairs.len() {
                let a = entries.of(q, q);
                if a.sign != 0.0 {
                    let plus = &y[0][(pairs.len() + q) * width..][inside.clone()];
                    plus.iter().zip(a.to).for_each(|(x, to)| a.add(state, *to, *x));
                }
            }
        }
    }

    /// Weights a column that also represents its mirror image by `both`, or by `alone` if it is its own image.
    pub(super) fn weigh(&self, panel: &Panel, y: &mut [Vec<f64>; 2], alone: f64, both: f64) {
        if !self.half {
            return;
        }
        for y in y.iter_mut() {
            for row in y.chunks_exact_mut(panel.columns) {
                for segment in &panel.segments {
                    for (down, x) in segment.down.clone().zip(&mut row[segment.at..]) {
                        *x *= if down == segment.left { alone } else { both };
                    }
                }
            }
        }
    }
}

/// The entries of a state that a segment touches.
struct Entries<'a> {
    space: &'a Space,
    up: &'a Creation,
    down: &'a Creation,
    segment: &'a Segment,
}

/// Those with the up electron in one orbital and the down electron in another.
#[derive(Clone, Copy)]
struct Side<'a> {
    /// Of the up string; 0 if there is none.
    sign: f64,
    /// Place of the first down string of all.
    base: usize,
    to: &'a [(u32, f32)],
}

impl<'a> Entries<'a> {
    fn of(&self, q: usize, s: usize) -> Side<'a> {
        let (up, sign) = self.up.to[q][self.segment.left];
        let up = up as usize;
        let first = self.space.down.of(self.space.partner(up)).start;
        // May be before the beginning, if there is no down string of the right parity.
        let base = self.space.row(up).start.wrapping_sub(first);
        Side { sign: f64::from(sign), base, to: &self.down.to[s][self.segment.down.clone()] }
    }
}

impl Side<'_> {
    fn read(&self, state: &[f64], (to, sign): (u32, f32)) -> f64 {
        let value = state.get(self.base.wrapping_add(to as usize)).copied().unwrap_or(0.0);
        self.sign * f64::from(sign) * value
    }

    fn add(&self, state: &mut [f64], (to, sign): (u32, f32), value: f64) {
        if let Some(entry) = state.get_mut(self.base.wrapping_add(to as usize)) {
            *entry += self.sign * f64::from(sign) * value;
        }
    }
}

/// Pairs of two up electrons: antisymmetric.
pub(super) struct Same {
    pub panels: Vec<Panel>,
    pairs: [Pairs; 2],
    /// Up strings without two electrons, `[pair][string]` by parity: the up string with the pair, and its sign.
    to: [Vec<Vec<(u32, f32)>>; 2],
}

impl Same {
    pub(super) fn new(space: &Space) -> Self {
        let lists = [0, 1].map(|parity| pairs(&space.parities, parity));
        if space.up.electrons() < 2 {
            return Self { panels: Vec::new(), pairs: lists, to: [Vec::new(), Vec::new()] };
        }
        let fewer = Strings::new(space.up.electrons() - 2, &space.parities);
        let arises = |bits: u64, q: usize, s: usize| {
            if bits & (1 << q | 1 << s) != 0 {
                return (0, 0.0);
            }
            let one = bits | 1 << s;
            (space.up.find(one | 1 << q) as u32, (sign(bits, s) * sign(one, q)) as f32)
        };
        let to = lists.each_ref().map(|pairs| {
            let of = |(q, s): &(usize, usize)| (0..fewer.len()).map(|k| arises(fewer.bits(k), *q, *s)).collect();
            pairs.iter().map(of).collect()
        });
        let all = (0..2).flat_map(|parity| {
            let run = |left: usize| (left, 0..space.down.of(fewer.parity(left) ^ parity ^ space.parity).len());
            panels(parity, (0..fewer.len()).map(run).filter(|(_, run)| !run.is_empty()).collect())
        });
        Self { panels: all.collect(), pairs: lists, to }
    }

    /// Pairs of a parity.
    pub(super) fn pairs(&self, parity: usize) -> &Pairs {
        &self.pairs[parity]
    }

    /// X, row by row.
    pub(super) fn gather(&self, space: &Space, panel: &Panel, state: &[f64]) -> Vec<f64> {
        let width = panel.columns;
        let mut x = vec![0.0; self.pairs[panel.parity].len() * width];
        for segment in &panel.segments {
            for (k, to) in self.to[panel.parity].iter().enumerate() {
                let (up, sign) = to[segment.left];
                if sign != 0.0 {
                    let row = &state[space.row(up as usize)][segment.down.clone()];
                    let x = &mut x[k * width + segment.at..][..row.len()];
                    x.iter_mut().zip(row).for_each(|(x, c)| *x = f64::from(sign) * c);
                }
            }
        }
        x
    }

    /// Adds Y, laid out like X, to a state.
    pub(super) fn scatter(&self, space: &Space, panel: &Panel, y: &[f64], state: &mut [f64]) {
        let width = panel.columns;
        for segment in &panel.segments {
            for (k, to) in self.to[panel.parity].iter().enumerate() {
                let (up, sign) = to[segment.left];
                if sign != 0.0 {
                    let row = &mut state[space.row(up as usize)][segment.down.clone()];
                    let y = &y[k * width + segment.at..][..row.len()];
                    row.iter_mut().zip(y).for_each(|(c, y)| *c += f64::from(sign) * y);
                }
            }
        }
    }
}

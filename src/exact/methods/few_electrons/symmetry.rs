//! What the wave function does under exchange of electrons and under reflection.

use crate::exact::field::purify;

/// The symmetry of a wave function.
pub(super) struct Symmetry {
    points: usize,
    /// Electrons of each spin.
    spins: (usize, usize),
    /// Both spins have the same wave function: they form a singlet.
    closed: bool,
    /// The parity under reflection, where potentials are their own mirror images.
    parity: Option<u8>,
    /// The orders of the axes that the exchange of electrons leads to, with the sign of the wave function in each.
    exchanges: Vec<(Vec<usize>, f64)>,
    /// The places of the electrons of each spin in ascending order, those of one electron after those of another.
    ascending: [Vec<usize>; 2],
}

impl Symmetry {
    /// Of electrons of each spin on so many points.
    pub(super) fn new(points: usize, (up, down): (usize, usize), closed: bool, parity: Option<u8>) -> Self {
        let mut exchanges = Vec::new();
        for (first, sign) in orders(up) {
            for (second, other) in orders(down) {
                let second = second.iter().map(|axis| up + axis);
                exchanges.push((first.iter().copied().chain(second).collect::<Vec<_>>(), sign * other));
            }
        }
        if closed {
            let turned =
                |(order, sign): &(Vec<usize>, f64)| (order[up..].iter().chain(&order[..up]).copied().collect(), *sign);
            let turned: Vec<_> = exchanges.iter().map(turned).collect();
            exchanges.extend(turned);
        }
        let ascending = [up, down].map(|count| ascending(points, count));
        Self { points, spins: (up, down), closed, parity, exchanges, ascending }
    }

    /// Projects a vector on functions of this symmetry.
    pub(super) fn project(&self, state: &mut Vec<f64>) {
        let mut out = vec![0.0; state.len()];
        let mut images = vec![0; self.exchanges.len()];
        self.for_distinct(&mut |places| {
            for (image, (order, _)) in images.iter_mut().zip(&self.exchanges) {
                *image = order.iter().rev().fold(0, |index, axis| index * self.points + places[*axis]);
            }
            let sum: f64 = images.iter().zip(&self.exchanges).map(|(image, (_, sign))| sign * state[*image]).sum();
            let mean = sum / self.exchanges.len() as f64;
            images.iter().zip(&self.exchanges).for_each(|(image, (_, sign))| out[*image] = sign * mean);
        });
        self.parity.iter().for_each(|parity| purify(&mut out, *parity));
        *state = out;
    }

    /// All places of the electrons that the exchange of equal spins does not lead to each other, and where those differ.
    fn for_distinct(&self, visit: &mut dyn FnMut(&[usize])) {
        let (up, down) = self.spins;
        let mut places = vec![0; up + down];
        for (k, one) in self.ascending[0].chunks_exact(up).enumerate() {
            places[..up].copy_from_slice(one);
            if down == 0 {
                visit(&places);
                continue;
            }
            let others = self.ascending[1].chunks_exact(down);
            for other in others.take(if self.closed { k + 1 } else { usize::MAX }) {
                places[up..].copy_from_slice(other);
                visit(&places);
            }
        }
    }
}

/// The orders of some things, with their signs.
fn orders(count: usize) -> Vec<(Vec<usize>, f64)> {
    let mut all = vec![(Vec::new(), 1.0)];
    for k in 0..count {
        let longer = |(order, sign): &(Vec<usize>, f64)| {
            let (order, sign) = (order.clone(), *sign);
            (0..=k).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, k);
                (longer, if (k - at) % 2 == 0 { sign } else { -sign })
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// All choices of `count` numbers below `points` in ascending order, one after another.
fn ascending(points: usize, count: usize) -> Vec<usize> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let longer = |chosen: &Vec<usize>| {
            let (chosen, next) = (chosen.clone(), chosen.last().map_or(0, |last| last + 1));
            (next..points).map(move |place| chosen.iter().copied().chain([place]).collect())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.concat()
}

//! What the wave function does under exchange of electrons and under reflection.

/// The symmetry of a wave function.
pub(super) struct Symmetry {
    pub points: usize,
    /// Electrons of each spin.
    pub spins: (usize, usize),
    /// Both spins have the same wave function: they form a singlet.
    pub closed: bool,
    /// Whether it changes sign under reflection, where potentials are their own mirror images.
    pub odd: Option<bool>,
}

impl Symmetry {
    /// Projects a vector on functions of this symmetry.
    pub(super) fn project(&self, state: &mut Vec<f64>) {
        let exchanges = self.exchanges();
        let mut out = vec![0.0; state.len()];
        let mut images = vec![0; exchanges.len()];
        self.for_distinct(&mut |places| {
            for (image, (order, _)) in images.iter_mut().zip(&exchanges) {
                *image = order.iter().rev().fold(0, |index, axis| index * self.points + places[*axis]);
            }
            let sum: f64 = images.iter().zip(&exchanges).map(|(image, (_, sign))| sign * state[*image]).sum();
            let mean = sum / exchanges.len() as f64;
            images.iter().zip(&exchanges).for_each(|(image, (_, sign))| out[*image] = sign * mean);
        });
        if let Some(odd) = self.odd {
            let sign = if odd { -1.0 } else { 1.0 };
            let last = out.len() - 1;
            for i in 0..out.len().div_ceil(2) {
                let mean = 0.5 * (out[i] + sign * out[last - i]);
                (out[i], out[last - i]) = (mean, sign * mean);
            }
        }
        *state = out;
    }

    /// The orders of the axes that the exchange of electrons leads to, with the sign of the wave function in each.
    fn exchanges(&self) -> Vec<(Vec<usize>, f64)> {
        let (up, down) = self.spins;
        let downs = orders(down);
        let mut all = Vec::new();
        for (first, sign) in orders(up) {
            for (second, other) in &downs {
                let second = second.iter().map(|axis| up + axis);
                all.push((first.iter().copied().chain(second).collect::<Vec<_>>(), sign * other));
            }
        }
        if self.closed {
            let turned: Vec<_> = all
                .iter()
                .map(|(order, sign)| (order[up..].iter().chain(&order[..up]).copied().collect(), *sign))
                .collect();
            all.extend(turned);
        }
        all
    }

    /// All places of the electrons that the exchange of equal spins does not lead to each other, and where those differ.
    fn for_distinct(&self, visit: &mut dyn FnMut(&[usize])) {
        let (up, down) = self.spins;
        let mut places = vec![0; up + down];
        let (first, second) = (ascending(self.points, up), ascending(self.points, down));
        for (k, one) in first.iter().enumerate() {
            places[..up].copy_from_slice(one);
            let others = if self.closed { &second[..=k] } else { &second[..] };
            for other in others {
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

/// All `count` numbers below `points` in ascending order.
fn ascending(points: usize, count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let longer = |chosen: &Vec<usize>| {
            let (chosen, next) = (chosen.clone(), chosen.last().map_or(0, |last| last + 1));
            (next..points).map(move |place| chosen.iter().copied().chain([place]).collect())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

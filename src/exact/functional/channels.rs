//! Channels of electrons that share a potential: all of them where there are as many of each spin, or where all have one spin; otherwise
//! those of a spin.

use super::tails::Tails;
use crate::ks::Softness;
use crate::model::{System, both_spins};
use crate::tensor::vector::add;

/// Electrons that share a potential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Both,
    Up,
    Down,
}

/// The channels of a system.
pub(super) fn channels(system: &System) -> &'static [Channel] {
    match system.spins() {
        (up, down) if up == down => &[Channel::Both],
        (_, 0) => &[Channel::Up],
        _ => &[Channel::Up, Channel::Down],
    }
}

impl Channel {
    /// A spin of its electrons, 0 (up) or 1 (down).
    pub fn spin(self) -> usize {
        if self == Channel::Down { 1 } else { 0 }
    }

    /// The density of its electrons.
    pub fn of(self, spins: &[Vec<f64>; 2]) -> Vec<f64> {
        match self {
            Channel::Both => both_spins(spins),
            Channel::Up | Channel::Down => spins[self.spin()].clone(),
        }
    }

    /// A system without one of its electrons, in the potential of the down ones.
    pub fn ionised(self, system: &System, potentials: [&[f64]; 2]) -> System {
        let (up, down) = system.spins();
        // With equal numbers, either spin may lose one.
        let (up, down) = if self == Channel::Up { (up - 1, down) } else { (up, down.saturating_sub(1)) };
        let potential = if down == 0 { potentials[0] } else { potentials[1] };
        System { potential: potential.into(), electrons: up + down, unpaired: up - down, ..system.clone() }
    }
}

/// What the search for a density needs of a channel: how its electrons answer to a potential.
pub(super) struct Response {
    /// Occupied orbitals, and the electrons in each.
    pub orbitals: usize,
    pub filling: f64,
    /// Where the density is too small to decide the potential.
    pub tails: Tails,
    pub softness: Softness,
}

/// The field of each spin, from those of all channels, which follow each other.
pub(super) fn joined(fields: &[f64], points: usize) -> [&[f64]; 2] {
    let (up, rest) = fields.split_at(points.min(fields.len()));
    [up, if rest.is_empty() { up } else { rest }]
}

/// The sum of the densities of all channels.
pub(super) fn total<'a>(channels: impl IntoIterator<Item = &'a [f64]>, points: usize) -> Vec<f64> {
    let mut sum = vec![0.0; points];
    channels.into_iter().for_each(|n| add(&mut sum, 1.0, n));
    sum
}

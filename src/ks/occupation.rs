//! Which orbitals are occupied.

use crate::model::System;

/// One spin channel: both spins of a restricted calculation, or one spin of an unrestricted one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Channel {
    /// Occupied orbitals.
    pub occupied: usize,
    /// Electrons in each: 2 (restricted) or 1.
    pub filling: f64,
    /// Orbitals calculated: the occupied ones and the lowest unoccupied, if the grid has one. An empty channel may have none.
    pub levels: usize,
}

/// Spin channels and occupation of a calculation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Occupation {
    /// One channel (restricted), or up and down.
    pub channels: Vec<Channel>,
}

impl Occupation {
    /// Restricted for closed shells, otherwise both spins.
    pub fn of(system: &System) -> Self {
        if system.closed_shell() {
            return Self::new(system, &[system.spins().0], 2.0);
        }
        Self::unrestricted(system)
    }

    /// Two channels, up and down.
    pub fn unrestricted(system: &System) -> Self {
        let (up, down) = system.spins();
        Self::new(system, &[up, down], 1.0)
    }

    fn new(system: &System, occupied: &[usize], filling: f64) -> Self {
        let levels = |occupied: usize| (occupied + 1).min(system.grid.points);
        let channel = |&occupied: &usize| Channel { occupied, filling, levels: levels(occupied) };
        Self { channels: occupied.iter().map(channel).collect() }
    }

    /// Without the levels of empty channels, except where `asked(channel)` wants their energies.
    pub fn without_idle(mut self, asked: impl Fn(usize) -> bool) -> Self {
        for (k, channel) in self.channels.iter_mut().enumerate() {
            if channel.occupied == 0 && !asked(k) {
                channel.levels = 0;
            }
        }
        self
    }

    /// Number of channels.
    pub fn spins(&self) -> usize {
        self.channels.len()
    }

    /// The channel of spin 0 (up) or 1 (down).
    pub fn channel(&self, spin: usize) -> usize {
        spin.min(self.spins() - 1)
    }

    /// The fraction of a channel's density that belongs to one spin.
    pub fn share(&self) -> f64 {
        1.0 / (3.0 - self.spins() as f64)
    }

    /// Lowest unoccupied minus highest occupied orbital energy over all channels.
    pub fn gap(&self, energies: [&[f64]; 2]) -> Option<f64> {
        let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
        for (channel, energies) in self.channels.iter().zip(energies) {
            if let Some(energy) = channel.occupied.checked_sub(1).and_then(|k| energies.get(k)) {
                highest = highest.max(*energy);
            }
            if let Some(energy) = energies.get(channel.occupied) {
                lowest = lowest.min(*energy);
            }
        }
        let gap = lowest - highest;
        gap.is_finite().then_some(gap)
    }

    /// The smallest gap within a channel, which decides whether the occupied orbitals of each spin are well defined.
    pub fn closest(&self, energies: [&[f64]; 2]) -> Option<Closest> {
        let gaps = self.channels.iter().zip(energies).enumerate().filter_map(|(k, (channel, energies))| {
            let highest = energies.get(channel.occupied.checked_sub(1)?)?;
            let spin = (self.spins() == 2).then_some(k);
            Some(Closest { spin, level: channel.occupied, gap: energies.get(channel.occupied)? - highest })
        });
        gaps.min_by(|a, b| a.gap.total_cmp(&b.gap))
    }
}

/// The highest occupied level of a channel and the one above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Closest {
    /// 0 (up) or 1 (down); `None` if the levels are the same for both.
    pub spin: Option<usize>,
    /// Number of the occupied level, counted from 1.
    pub level: usize,
    /// Distance between the two, hartree.
    pub gap: f64,
}

//! The exchange of occupied orbitals: its energy density, its operator, and how both change when the orbitals turn.

use crate::model::System;
use crate::tensor::vector::add;
use std::sync::Arc;

/// The occupied orbitals of every channel, and the repulsion of their pairs. Orbitals have a sum of squares of 1.
#[derive(Debug)]
pub(in crate::ks) struct Exchange {
    system: Arc<System>,
    /// Electrons in an orbital: with 2 a channel is both spins.
    filling: f64,
    orbitals: Vec<Vec<Vec<f64>>>,
    /// w * (psi_a psi_b) of every channel and pair b <= a, row by row.
    repulsion: Vec<Vec<Vec<f64>>>,
    /// X, hartree/bohr.
    pub density: Vec<f64>,
    weight: Weight,
    /// The potentials g w * p + w * (g p) of the same pairs p.
    weighted: Vec<Vec<Vec<f64>>>,
}

/// g.
#[derive(Clone, Debug)]
enum Weight {
    /// The same everywhere: convolutions need it only as a factor.
    Uniform(f64),
    Field(Vec<f64>),
}

impl Weight {
    fn new(field: &[f64]) -> Self {
        match field {
            [first, rest @ ..] if rest.iter().all(|g| g == first) => Weight::Uniform(*first),
            _ => Weight::Field(field.to_vec()),
        }
    }
}

/// Where the pair is in a list of pairs.
fn place(a: usize, b: usize) -> usize {
    let (a, b) = (a.max(b), a.min(b));
    a * (a + 1) / 2 + b
}

fn product(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

/// y += factor a b.
fn add_product(y: &mut [f64], factor: f64, a: &[f64], b: &[f64]) {
    y.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (a, b))| *y += factor * a * b);
}

impl Exchange {
    /// That of orbitals, with g = 0.
    pub fn new(system: &Arc<System>, filling: f64, orbitals: &[Vec<Vec<f64>>]) -> Self {
        let mut exchange = Self {
            system: system.clone(),
            filling,
            orbitals: orbitals.to_vec(),
            repulsion: Vec::new(),
            density: Vec::new(),
            weight: Weight::Uniform(0.0),
            weighted: Vec::new(),
        };
        exchange.repulsion = exchange.of_pairs(|a, b| exchange.repelled(&product(a, b)));
        exchange.density = exchange.energy_density();
        exchange
    }

    /// The same with a weight g.
    pub fn weighted(mut self, weight: &[f64]) -> Self {
        self.weight = Weight::new(weight);
        self.weighted = match &self.weight {
            Weight::Uniform(g) => {
                let twice = |field: &Vec<f64>| field.iter().map(|x| 2.0 * g * x).collect();
                self.repulsion.iter().map(|channel| channel.iter().map(twice).collect()).collect()
            }
            Weight::Field(_) => self.of_pairs(|a, b| self.potential(&product(a, b), &self.weight)),
        };
        self
    }

    /// A field of every pair of every channel.
    fn of_pairs(&self, of: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Vec<Vec<Vec<f64>>> {
        let pairs = |count: usize| (0..count).flat_map(|a| (0..=a).map(move |b| (a, b)));
        let channel = |orbitals: &Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            pairs(orbitals.len()).map(|(a, b)| of(&orbitals[a], &orbitals[b])).collect()
        };
        self.orbitals.iter().map(channel).collect()
    }

    /// w * p: sum_j w(x_i - x_j) p_j.
    fn repelled(&self, p: &[f64]) -> Vec<f64> {
        let grid = &self.system.grid;
        let mut field = self.system.interaction.hartree(grid, p);
        field.iter_mut().for_each(|v| *v /= grid.spacing);
        field
    }

    /// g w * p + w * (g p).
    fn potential(&self, p: &[f64], weight: &Weight) -> Vec<f64> {
        let mut field = self.repelled(p);
        match weight {
            Weight::Uniform(g) => field.iter_mut().for_each(|v| *v *= 2.0 * g),
            Weight::Field(g) => {
                let other = self.repelled(&product(g, p));
                field.iter_mut().zip(g.iter().zip(other)).for_each(|(v, (g, other))| *v = g * *v + other);
            }
        }
        field
    }

    fn energy_density(&self) -> Vec<f64> {
        let mut x = vec![0.0; self.system.grid.points];
        let factor = -0.5 * self.filling / self.system.grid.spacing;
        for (orbitals, repulsion) in self.orbitals.iter().zip(&self.repulsion) {
            for (a, first) in orbitals.iter().enumerate() {
                for (b, second) in orbitals[..=a].iter().enumerate() {
                    let both = if a == b { factor } else { 2.0 * factor };
                    add_product(&mut x, both, &product(first, second), &repulsion[place(a, b)]);
                }
            }
        }
        x
    }

    /// How X changes, in first order, when the orbitals turn by `rotation`, those of all channels one after another.
    pub fn density_change(&self, rotation: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.system.grid.points];
        let factor = -0.5 * self.filling / self.system.grid.spacing;
        self.each_change(rotation, |channel, (a, b), change| {
            let both = if a == b { factor } else { 2.0 * factor };
            let (first, second) = (&self.orbitals[channel][a], &self.orbitals[channel][b]);
            add_product(&mut x, both, change, &self.repulsion[channel][place(a, b)]);
            add_product(&mut x, both, &product(first, second), &self.repelled(change));
        });
        x
    }

    /// Calls `with(channel, (a, b), change of psi_a psi_b)` of all pairs b <= a.
    fn each_change(&self, rotation: &[f64], mut with: impl FnMut(usize, (usize, usize), &[f64])) {
        let points = self.system.grid.points;
        let mut parts = rotation.chunks(points);
        for (channel, orbitals) in self.orbitals.iter().enumerate() {
            let turns: Vec<&[f64]> = parts.by_ref().take(orbitals.len()).collect();
            for (a, turn) in turns.iter().enumerate() {
                for (b, other) in turns[..=a].iter().enumerate() {
                    let mut change = product(turn, &orbitals[b]);
                    add_product(&mut change, 1.0, &orbitals[a], other);
                    with(channel, (a, b), &change);
                }
            }
        }
    }

    /// K psi_k of every occupied orbital of a channel.
    pub fn occupied(&self, channel: usize) -> Vec<Vec<f64>> {
        self.summed(channel, &self.weighted[channel])
    }

    /// The same of all channels with another weight in the place of g.
    pub fn occupied_with(&self, weight: &[f64]) -> Vec<Vec<f64>> {
        let weight = Weight::new(weight);
        let weighted = self.of_pairs(|a, b| self.potential(&product(a, b), &weight));
        weighted.iter().enumerate().flat_map(|(channel, pairs)| self.summed(channel, pairs)).collect()
    }

    /// -1/2 sum_b psi_b v_kb of every k, with a field v of every pair.
    fn summed(&self, channel: usize, pairs: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let orbitals = &self.orbitals[channel];
        let image = |k: usize| {
            let mut image = vec![0.0; self.system.grid.points];
            orbitals.iter().enumerate().for_each(|(b, psi)| add_product(&mut image, -0.5, psi, &pairs[place(k, b)]));
            image
        };
        (0..orbitals.len()).map(image).collect()
    }

    /// K phi of any orbital of a channel.
    pub fn apply(&self, channel: usize, phi: &[f64]) -> Vec<f64> {
        let mut image = vec![0.0; phi.len()];
        for psi in &self.orbitals[channel] {
            add_product(&mut image, -0.5, psi, &self.potential(&product(phi, psi), &self.weight));
        }
        image
    }

    /// How K psi_k changes, in first order, when the orbitals turn by `rotation` and g changes by `weight`: that of all orbitals of all
    /// channels one after another.
    pub fn change(&self, rotation: &[f64], weight: &[f64]) -> Vec<f64> {
        let points = self.system.grid.points;
        let mut result = vec![0.0; rotation.len()];
        let first: Vec<usize> = self
            .orbitals
            .iter()
            .scan(0, |start, orbitals| Some(std::mem::replace(start, *start + orbitals.len() * points)))
            .collect();
        let shift = Weight::new(weight);
        let fixed = matches!(shift, Weight::Uniform(0.0));
        self.each_change(rotation, |channel, (a, b), change| {
            let orbitals = &self.orbitals[channel];
            let mut v = self.potential(change, &self.weight);
            if !fixed {
                add(&mut v, 1.0, &self.potential(&product(&orbitals[a], &orbitals[b]), &shift));
            }
            let whole = &self.weighted[channel][place(a, b)];
            let mut to = |k: usize, other: usize| {
                let from = |index: usize| first[channel] + index * points;
                let image = &mut result[from(k)..from(k) + points];
                add_product(image, -0.5, &orbitals[other], &v);
                add_product(image, -0.5, &rotation[from(other)..from(other) + points], whole);
            };
            to(a, b);
            if a != b {
                to(b, a);
            }
        });
        result
    }

    /// The derivative of sum_k lambda_k·K psi_k with respect to g, at every point.
    pub fn weight_slope(&self, lambda: &[f64]) -> Vec<f64> {
        let points = self.system.grid.points;
        let mut slope = vec![0.0; points];
        let mut parts = lambda.chunks(points);
        for (orbitals, repulsion) in self.orbitals.iter().zip(&self.repulsion) {
            for (k, part) in parts.by_ref().take(orbitals.len()).enumerate() {
                for (b, psi) in orbitals.iter().enumerate() {
                    let left = product(part, psi);
                    add_product(&mut slope, -0.5, &left, &repulsion[place(k, b)]);
                    add_product(&mut slope, -0.5, &product(&orbitals[k], psi), &self.repelled(&left));
                }
            }
        }
        slope
    }

    /// The derivative of <phi|K phi> of any orbital of a channel with respect to g, at every point.
    pub fn expectation_weight_slope(&self, channel: usize, phi: &[f64]) -> Vec<f64> {
        let mut slope = vec![0.0; phi.len()];
        for psi in &self.orbitals[channel] {
            let pair = product(phi, psi);
            add_product(&mut slope, -1.0, &pair, &self.repelled(&pair));
        }
        slope
    }

    /// Adds `factor` times the derivative of <phi|K phi> with respect to the occupied orbitals in K to `slopes`, those of all channels one
    /// after another.
    pub fn add_expectation_slopes(&self, channel: usize, phi: &[f64], factor: f64, slopes: &mut [f64]) {
        let points = phi.len();
        let before: usize = self.orbitals[..channel].iter().map(Vec::len).sum();
        for (slope, psi) in slopes.chunks_mut(points).skip(before).zip(&self.orbitals[channel]) {
            add_product(slope, -factor, phi, &self.potential(&product(phi, psi), &self.weight));
        }
    }
}

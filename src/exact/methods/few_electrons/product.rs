//! The Hamiltonian on the product grid. The first axis is the one along which numbers follow each other in memory.

use crate::ks::hamiltonian::Hamiltonian;
use crate::model::System;
use rayon::prelude::*;
use std::sync::Arc;

/// Sum of h of each electron and the repulsion of all pairs.
pub(super) struct Product {
    points: usize,
    /// For every axis, `bands[k][i]` = h_i+k,i.
    bands: Vec<Vec<Vec<f64>>>,
    repulsion: Arc<Vec<f64>>,
}

/// The points of all axes at an index of the product grid.
fn places(mut index: usize, points: usize, axes: usize) -> impl Iterator<Item = usize> {
    (0..axes).map(move |_| {
        let place = index % points;
        index /= points;
        place
    })
}

/// The repulsion of all pairs of electrons, hartree.
pub(super) fn repulsion(system: &System) -> Vec<f64> {
    let (points, axes) = (system.grid.points, system.electrons);
    let kernel = system.interaction.kernel(&system.grid);
    let at = |index: usize| {
        let places: Vec<usize> = places(index, points, axes).collect();
        let pairs = places.iter().enumerate().flat_map(|(k, i)| places[..k].iter().map(|j| kernel[i.abs_diff(*j)]));
        pairs.sum::<f64>()
    };
    (0..points.pow(axes as u32)).into_par_iter().map(at).collect()
}

/// The density of each spin, 1/bohr.
pub(super) fn densities(system: &System, state: &[f64]) -> [Vec<f64>; 2] {
    densities_of(system, state, state)
}

/// A state times the sum of the potentials, hartree, that its electrons feel.
pub(super) fn in_potential(system: &System, potentials: [&[f64]; 2], state: &[f64]) -> Vec<f64> {
    let (up, _) = system.spins();
    let of = |(index, x): (usize, &f64)| {
        let places = places(index, system.grid.points, system.electrons).enumerate();
        x * places.map(|(axis, place)| potentials[usize::from(axis >= up)][place]).sum::<f64>()
    };
    state.par_iter().enumerate().map(of).collect()
}

/// The same of two states, 1/bohr: what is bilinear in them.
pub(super) fn densities_of(system: &System, state: &[f64], other: &[f64]) -> [Vec<f64>; 2] {
    let (points, (up, down)) = (system.grid.points, system.spins());
    // Electrons of one spin are alike: those of the first axis of each are enough.
    let of = |axis: usize, count: usize| -> Vec<f64> {
        let mut n = vec![0.0; points];
        if count == 0 {
            return n;
        }
        let inner = points.pow(axis as u32);
        for (k, (run, other)) in state.chunks(inner).zip(other.chunks(inner)).enumerate() {
            n[k % points] += run.iter().zip(other).map(|(x, y)| x * y).sum::<f64>();
        }
        let share = count as f64 / system.grid.spacing;
        n.iter_mut().for_each(|n| *n *= share);
        n
    };
    [of(0, up), of(up, down)]
}

impl Product {
    /// In a potential of each spin.
    pub(super) fn new(system: &System, potentials: [&[f64]; 2], repulsion: Arc<Vec<f64>>) -> Self {
        let points = system.grid.points;
        let bands = potentials.map(|potential| {
            let h = Hamiltonian::new(&system.grid, potential);
            let band = |k: usize| (0..points - k).map(|i| h.entry(i + k, i)).collect::<Vec<f64>>();
            (0..=h.half_bandwidth().min(points - 1)).map(band).collect::<Vec<_>>()
        });
        let (up, _) = system.spins();
        let bands = (0..system.electrons).map(|axis| bands[usize::from(axis >= up)].clone()).collect();
        Self { points, bands, repulsion }
    }

    /// H times a state: lines along the first axis one after another.
    pub(super) fn apply(&self, state: &[f64]) -> Vec<f64> {
        let n = self.points;
        let mut image = vec![0.0; state.len()];
        image.par_chunks_mut(n).enumerate().for_each(|(line, out)| {
            let own = &state[line * n..(line + 1) * n];
            let places: Vec<usize> = places(line, n, self.bands.len() - 1).collect();
            let others = || places.iter().zip(&self.bands[1..]);
            let level: f64 = others().map(|(place, bands)| bands[0][*place]).sum();
            let repulsion = &self.repulsion[line * n..(line + 1) * n];
            let first = &self.bands[0];
            for (i, out) in out.iter_mut().enumerate() {
                *out = (first[0][i] + level + repulsion[i]) * own[i];
            }
            for (k, band) in first.iter().enumerate().skip(1) {
                out[..n - k].iter_mut().zip(band).zip(&own[k..]).for_each(|((o, b), c)| *o += b * c);
                out[k..].iter_mut().zip(band).zip(&own[..n - k]).for_each(|((o, b), c)| *o += b * c);
            }
            let mut step = 1;
            for (place, bands) in others() {
                for (k, band) in bands.iter().enumerate().skip(1) {
                    if *place >= k {
                        add_line(out, band[place - k], state, line - k * step);
                    }
                    if place + k < n {
                        add_line(out, band[*place], state, line + k * step);
                    }
                }
                step *= n;
            }
        });
        image
    }
}

fn add_line(out: &mut [f64], factor: f64, state: &[f64], line: usize) {
    let n = out.len();
    out.iter_mut().zip(&state[line * n..(line + 1) * n]).for_each(|(o, x)| *o += factor * x);
}

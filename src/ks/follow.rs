//! Orbitals from those of a similar Hamiltonian: Rayleigh quotient iteration of all of them side by side, and one count of levels.

use super::banded::count_below;
use super::block::{Block, lane, packed};
use super::hamiltonian::Hamiltonian;
use super::lanes::{correct, keep, measure, normalise};
use super::ldl::{Inertia, Ldl, inertia};
use super::orthonormal::{Orbitals, ROUNDING, finished};

/// The maximum number of factorisations, each at better levels.
const MAX_FACTORISATIONS: usize = 6;

/// Steps after which Rayleigh quotient iteration has converged to rounding, unless small pivots prevent it.
const STEPS_WITHOUT_CORRECTION: usize = 3;

/// The lowest `count` orbitals of H from those of a similar one; `None` if they do not converge soon or a level may be missed.
pub(super) fn follow(h: &Hamiltonian, count: usize, warm: &Orbitals) -> Option<Orbitals> {
    let fits = warm.vectors.len() >= count && warm.vectors.iter().all(|v| v.len() == h.points());
    // One lane more than levels, for the count.
    match count {
        _ if !fits => None,
        0 => None,
        1 => followed::<2>(h, &warm.vectors[..1]),
        2..4 => followed::<4>(h, &warm.vectors[..count]),
        _ => followed::<8>(h, &warm.vectors[..count]),
    }
}

fn followed<const W: usize>(h: &Hamiltonian, warm: &[Vec<f64>]) -> Option<Orbitals> {
    let (scale, count) = (h.scale(), warm.len());
    // The last block has a spare lane.
    let block = |b: usize| packed(warm.get(b * W..).unwrap_or(&[]), h.points());
    let mut blocks: Vec<Block<W>> = (0..=count / W).map(block).collect();
    let (mut levels, mut residuals) = (Vec::new(), Vec::new());
    for x in &mut blocks {
        normalise(x);
        let known = measure(h, x);
        levels.extend(known.energies);
        residuals.extend(known.sizes);
    }
    let last = count - 1;
    // Where to count: admixture of lower levels makes the quotient of the last too low, by no more than this (Temple's bound).
    let too_low = if last > 0 { residuals[last].powi(2) / (levels[last] - levels[last - 1]) } else { 0.0 };
    let margin = |level: f64| 1e-9 * (scale + level.abs());
    let ceiling = levels[last] + too_low + 4.0 * margin(levels[last]);
    levels[count..].fill(ceiling);
    let mut below = None;
    for (x, (b, levels)) in blocks.iter_mut().zip(levels.as_chunks_mut::<W>().0.iter_mut().enumerate()) {
        below = converge(h, scale, x, levels, (count - b * W).min(W))?.below(W - 1);
    }
    // If there are as many distinct levels as are counted below the ceiling, none is missing.
    let apart = levels[..count].windows(2).all(|pair| pair[1] - pair[0] >= 2.0 * margin(pair[0]));
    let above = levels[last] + 2.0 * margin(levels[last]);
    let counted = ceiling >= above && below == Some(count);
    if !apart || !(counted || count_below(h, scale, above) == count) {
        return None;
    }
    let vectors = (0..count).map(|k| lane(&blocks[k / W], k % W).flattened().to_vec()).collect();
    Some(finished(h, vectors, count))
}

/// Rayleigh quotient iteration of the normalised vectors in the first `used` lanes, starting from `levels`, until their residuals
/// are rounding errors; vectors and levels become those of H. Gives the inertia at the initial levels of the other lanes. `None` if
/// they do not converge soon.
fn converge<const W: usize>(
    h: &Hamiltonian,
    scale: f64,
    x: &mut Block<W>,
    levels: &mut [f64; W],
    used: usize,
) -> Option<Inertia<W>> {
    if used == 0 {
        return Some(inertia(h, scale, levels));
    }
    let mut open: [bool; W] = std::array::from_fn(|w| w < used);
    for step in 0..MAX_FACTORISATIONS {
        let factors = Ldl::new(h, scale, levels);
        let mut trial = x.clone();
        factors.solve(&mut trial);
        normalise(&mut trial);
        keep(x, &trial, &open);
        let mut known = measure(h, x);
        if step >= STEPS_WITHOUT_CORRECTION {
            // As a correction, so that rounding errors are those of the residuals and not those of the factors.
            factors.solve(&mut known.residuals);
            correct(&mut trial, &known.residuals);
            keep(x, &trial, &open);
            known = measure(h, x);
        }
        levels[..used].copy_from_slice(&known.energies[..used]);
        for w in 0..used {
            let converged = known.sizes[w] <= ROUNDING * (scale + levels[w].abs());
            open[w] &= !converged;
        }
        if !open.contains(&true) {
            return Some(factors.inertia);
        }
    }
    None
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;

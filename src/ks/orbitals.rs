//! The lowest orbitals of a Hamiltonian.

use super::banded::Lu;
use super::follow::follow;
use super::hamiltonian::Hamiltonian;
use super::isolate::{Bracket, isolate};
use super::orthonormal::{ROUNDING, finished, orthonormalise};
use crate::tensor::vector::dot;
use faer::{Mat, Side};

pub use super::orthonormal::{OrbitalError, Orbitals};
pub use super::response::pullback;

/// The maximum number of points for which a dense diagonalisation replaces a failed inverse iteration.
const MAX_DENSE_POINTS: usize = 2048;

/// How many more levels than requested may be in one bracket wider than [`CLUSTER_WIDTH`].
const MAX_EXTRA_LEVELS: usize = 8;

/// Width of a bracket, hartree, above which its levels are not degenerate.
const CLUSTER_WIDTH: f64 = 1e-4;

/// The maximum number of steps of inverse iteration.
const MAX_STEPS: usize = 100;

/// The lowest `count` orbitals of H. `warm`, orbitals of a similar H, saves time but never changes which levels are found: a count
/// of levels makes sure of that.
pub fn lowest(h: &Hamiltonian, count: usize, warm: Option<&Orbitals>) -> Result<Orbitals, OrbitalError> {
    if count > h.points() {
        return Err(OrbitalError::TooMany { count, points: h.points() });
    }
    if !h.is_finite() {
        return Err(OrbitalError::NotFinite);
    }
    if let Some(orbitals) = warm.and_then(|warm| follow(h, count, warm)) {
        return Ok(orbitals);
    }
    let found = match search(h, count) {
        // Levels as close together as the rounding errors of high walls.
        Err(OrbitalError::NotFound { .. }) if h.points() <= MAX_DENSE_POINTS => dense(h, count)?,
        found => found?,
    };
    Ok(finished(h, found, count))
}

/// Without a start: brackets by counting, then inverse iteration in each.
fn search(h: &Hamiltonian, count: usize) -> Result<Vec<Vec<f64>>, OrbitalError> {
    let scale = h.scale();
    let mut vectors = Vec::with_capacity(count);
    for bracket in isolate(h, scale, count) {
        if bracket.size > count + MAX_EXTRA_LEVELS && bracket.high - bracket.low > CLUSTER_WIDTH {
            return Err(OrbitalError::Unresolved { lowest: h.bounds().0 });
        }
        vectors.extend(refine(h, scale, &bracket)?);
    }
    Ok(vectors)
}

/// By diagonalising the whole of H.
fn dense(h: &Hamiltonian, count: usize) -> Result<Vec<Vec<f64>>, OrbitalError> {
    let points = h.points();
    let matrix = Mat::from_fn(points, points, |i, j| h.entry(i, j));
    let failed = |_| OrbitalError::NotFound { energy: h.bounds().0 };
    let eigen = matrix.self_adjoint_eigen(Side::Lower).map_err(failed)?;
    Ok((0..count).map(|k| (0..points).map(|i| eigen.U()[(i, k)]).collect()).collect())
}

/// The orbitals of one bracket, by simultaneous inverse iteration of as many vectors. The shift follows their levels as long as
/// these are in the bracket.
fn refine(h: &Hamiltonian, scale: f64, bracket: &Bracket) -> Result<Vec<Vec<f64>>, OrbitalError> {
    let mut block: Vec<Vec<f64>> = (0..bracket.size).map(|k| start(h.points(), bracket.first + k)).collect();
    orthonormalise(&mut block);
    let middle = 0.5 * (bracket.low + bracket.high);
    // Levels as high as walls have the rounding errors of walls.
    let size = scale + middle.abs();
    let tolerance = (1e-9 * size).min(0.3 * bracket.gap);
    let mut shift = middle;
    let mut before = f64::INFINITY;
    for _ in 0..MAX_STEPS {
        let lu = Lu::new(h, scale, shift);
        block.iter_mut().for_each(|vector| lu.solve(vector));
        orthonormalise(&mut block);
        let (energies, residual) = rotate(h, &mut block);
        let inside = energies.iter().all(|e| (bracket.low - tolerance..=bracket.high + tolerance).contains(e));
        let stalled = residual > 0.5 * before && residual <= 100.0 * ROUNDING * size;
        if inside && (residual <= ROUNDING * size || stalled) {
            return Ok(block);
        }
        before = residual;
        shift = if inside { next_shift(&energies, bracket, size) } else { middle };
    }
    Err(OrbitalError::NotFound { energy: middle })
}

/// The next shift: for a single level, the level itself. With several, a level exactly at the shift would swallow the others, so the
/// shift keeps a distance from each, but is near their middle: closer to all of them than to any level outside.
fn next_shift(energies: &[f64], bracket: &Bracket, size: f64) -> f64 {
    let (first, last) = (energies[0], energies[energies.len() - 1]);
    if energies.len() == 1 {
        return first;
    }
    let reach = (0.25 * bracket.gap).min(0.5 * (last - first) + 1e-10 * size);
    let room = |shift: f64| energies.iter().map(|e| (e - shift).abs()).fold(f64::INFINITY, f64::min);
    let candidates = (-4..=4).map(|k| 0.5 * (first + last) + 0.25 * f64::from(k) * reach);
    candidates.fold(first, |best, shift| if room(shift) > room(best) { shift } else { best })
}

/// Rotates an orthonormal block to the eigenvectors of H within it; gives their levels and the largest residual norm.
pub(super) fn rotate(h: &Hamiltonian, block: &mut [Vec<f64>]) -> (Vec<f64>, f64) {
    let mut images: Vec<Vec<f64>> = block.iter().map(|v| h.apply(v).to_vec()).collect();
    let energies = rotate_within(block, &mut images);
    let residuals = block.iter().zip(&images).zip(&energies).map(|((v, image), e)| residual(v, image, *e));
    let worst = if energies.iter().all(|e| e.is_finite()) { residuals.fold(0.0, f64::max) } else { f64::INFINITY };
    (energies, worst)
}

/// Rotates an orthonormal block to the eigenvectors of a symmetric operator within it, and their images under it with them; gives
/// their levels, NaN if they are not found.
pub(super) fn rotate_within(block: &mut [Vec<f64>], images: &mut [Vec<f64>]) -> Vec<f64> {
    let size = block.len();
    let small = Mat::from_fn(size, size, |i, j| dot(&block[i.max(j)], &images[i.min(j)]));
    match size {
        0 => return Vec::new(),
        1 => return vec![small[(0, 0)]],
        _ => {}
    }
    let Ok(eigen) = small.self_adjoint_eigen(Side::Lower) else { return vec![f64::NAN; size] };
    let combine = |of: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let column = |k: usize| -> Vec<f64> {
            (0..of[0].len()).map(|i| (0..size).map(|j| of[j][i] * eigen.U()[(j, k)]).sum()).collect()
        };
        (0..size).map(column).collect()
    };
    let (vectors, rotated) = (combine(block), combine(images));
    block.clone_from_slice(&vectors);
    images.clone_from_slice(&rotated);
    (0..size).map(|k| eigen.S()[k]).collect()
}

fn residual(vector: &[f64], image: &[f64], energy: f64) -> f64 {
    vector.iter().zip(image).map(|(v, a)| (a - energy * v).powi(2)).sum::<f64>().sqrt()
}

/// A start for inverse iteration without symmetry, so that it is not orthogonal to an orbital; the same on every run.
fn start(points: usize, seed: usize) -> Vec<f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed as u64 + 1);
    (0..points)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.4
        })
        .collect()
}

#[cfg(test)]
#[path = "orbitals_tests.rs"]
mod tests;

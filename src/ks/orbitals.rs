//! The lowest orbitals of a Hamiltonian.

use super::banded::Lu;
use super::follow::follow;
use super::hamiltonian::Hamiltonian;
use super::isolate::{Bracket, isolate};
use faer::{Mat, Side};
use miette::Diagnostic;
use thiserror::Error;

pub use super::response::pullback;

/// A residual below this multiple of the norm of H is rounding error.
pub(super) const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Most points for which a failure of inverse iteration is made good by a dense diagonalisation.
const DENSE: usize = 2048;

/// Levels more than asked for that may lie in one bracket wider than [`COARSE`].
const SURPLUS: usize = 8;

/// Width of a bracket, hartree, beyond which its levels are no longer degenerate.
const COARSE: f64 = 1e-4;

/// Most steps of inverse iteration.
const STEPS: usize = 100;

/// Orbitals from the lowest level up.
#[derive(Clone, Debug, PartialEq)]
pub struct Orbitals {
    /// Levels, hartree, ascending.
    pub energies: Vec<f64>,
    /// Orbitals, sum of squares 1 each, orthogonal. Of the entries at least half as large as the largest, the first is positive.
    pub vectors: Vec<Vec<f64>>,
}

/// Why orbitals or their response cannot be found.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum OrbitalError {
    /// The potential of the system or of the functional is infinite or undefined at some point of the grid.
    ///
    /// What to do: look for a division by zero, a logarithm or a root at a vanishing density, in the functional or in
    /// `potential(x): …`.
    #[error("the Kohn-Sham potential is not finite")]
    #[diagnostic(
        code(ksr::orbitals::not_finite),
        help("the functional does not give a finite potential at this density")
    )]
    NotFinite,
    /// A grid has only as many orbitals as points, and more are needed.
    ///
    /// What to do: use more grid points or fewer electrons.
    #[error("there are no {count} orbitals on {points} grid points")]
    #[diagnostic(code(ksr::orbitals::too_many))]
    TooMany { count: usize, points: usize },
    /// The search for an orbital did not converge, which happens for potentials with very many nearly equal levels.
    ///
    /// What to do: look at the potential; a finer or shorter grid may help. If the potential looks normal, please
    /// report it.
    #[error("the orbitals near {energy} hartree could not be found")]
    #[diagnostic(code(ksr::orbitals::not_found))]
    NotFound { energy: f64 },
    /// The potential is so deep somewhere that all other levels are lost in rounding errors. Usually a functional
    /// diverges at small densities.
    ///
    /// What to do: look at the lowest values of the potential and at the functional where the density is small.
    #[error("the Kohn-Sham potential is too deep (about {lowest:e} hartree) to resolve its levels")]
    #[diagnostic(
        code(ksr::orbitals::unresolved),
        help("the functional or the potential has a spike: look at its lowest values")
    )]
    Unresolved { lowest: f64 },
    /// The highest occupied and the lowest empty level coincide, so that any small change decides which one is filled,
    /// and the density has no derivative.
    ///
    /// What to do: choose another number of electrons or `unpaired:` that fills whole levels.
    #[error(
        "the gap between occupied and unoccupied orbitals vanishes ({gap:.1e} hartree): the density has no derivative"
    )]
    #[diagnostic(
        code(ksr::orbitals::no_gap),
        help("use another number of electrons, or another `unpaired:`, to fill whole levels")
    )]
    NoGap { gap: f64 },
}

/// The lowest `count` orbitals of H. `warm`, orbitals of a similar H, saves time and never changes which levels are found: their
/// number below is counted.
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
        // Levels that crowd as closely as rounding errors of high walls.
        Err(OrbitalError::NotFound { .. }) if h.points() <= DENSE => dense(h, count)?,
        found => found?,
    };
    Ok(finished(h, found, count))
}

/// From nothing: brackets by counting, then inverse iteration in each.
fn search(h: &Hamiltonian, count: usize) -> Result<Vec<Vec<f64>>, OrbitalError> {
    let scale = h.scale();
    let mut vectors = Vec::with_capacity(count);
    for bracket in isolate(h, scale, count) {
        if bracket.size > count + SURPLUS && bracket.high - bracket.low > COARSE {
            return Err(OrbitalError::Unresolved { lowest: h.bounds().0 });
        }
        vectors.extend(refine(h, scale, &bracket)?);
    }
    Ok(vectors)
}

/// By diagonalising all of H.
fn dense(h: &Hamiltonian, count: usize) -> Result<Vec<Vec<f64>>, OrbitalError> {
    let points = h.points();
    let matrix = Mat::from_fn(points, points, |i, j| h.entry(i, j));
    let failed = |_| OrbitalError::NotFound { energy: h.bounds().0 };
    let eigen = matrix.self_adjoint_eigen(Side::Lower).map_err(failed)?;
    Ok((0..count).map(|k| (0..points).map(|i| eigen.U()[(i, k)]).collect()).collect())
}

/// The orbitals of one bracket, by inverse iteration of as many vectors together. The shift follows them as long as they lie
/// in the bracket.
fn refine(h: &Hamiltonian, scale: f64, bracket: &Bracket) -> Result<Vec<Vec<f64>>, OrbitalError> {
    let mut block: Vec<Vec<f64>> = (0..bracket.size).map(|k| start(h.points(), bracket.first + k)).collect();
    orthonormalise(&mut block);
    let middle = 0.5 * (bracket.low + bracket.high);
    // Levels as high as walls carry the rounding errors of walls.
    let size = scale + middle.abs();
    let tolerance = (1e-9 * size).min(0.3 * bracket.gap);
    let mut shift = middle;
    let mut before = f64::INFINITY;
    for _ in 0..STEPS {
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

/// Where to invert next: at a lone level itself. Among several a level right at the shift would swallow the others, so the shift
/// keeps away from each, but near their middle: nearer to all of them than to any level outside.
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

/// Turns an orthonormal block to the eigenvectors of H within it; their levels and the largest residual norm.
fn rotate(h: &Hamiltonian, block: &mut [Vec<f64>]) -> (Vec<f64>, f64) {
    let images: Vec<Vec<f64>> = block.iter().map(|v| h.apply(v).to_vec()).collect();
    let size = block.len();
    let small = Mat::from_fn(size, size, |i, j| dot(&block[i.max(j)], &images[i.min(j)]));
    if size == 1 {
        return (vec![small[(0, 0)]], residual(&block[0], &images[0], small[(0, 0)]));
    }
    let Ok(eigen) = small.self_adjoint_eigen(Side::Lower) else {
        return (vec![f64::NAN; size], f64::INFINITY);
    };
    let combine = |of: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let column = |k: usize| -> Vec<f64> {
            (0..of[0].len()).map(|i| (0..size).map(|j| of[j][i] * eigen.U()[(j, k)]).sum()).collect()
        };
        (0..size).map(column).collect()
    };
    let (vectors, images) = (combine(block), combine(&images));
    let energies: Vec<f64> = (0..size).map(|k| eigen.S()[k]).collect();
    let worst = (0..size).map(|k| residual(&vectors[k], &images[k], energies[k])).fold(0.0, f64::max);
    block.clone_from_slice(&vectors);
    (energies, worst)
}

fn residual(vector: &[f64], image: &[f64], energy: f64) -> f64 {
    vector.iter().zip(image).map(|(v, a)| (a - energy * v).powi(2)).sum::<f64>().sqrt()
}

/// A start for inverse iteration that no symmetry of H makes orthogonal to its orbitals: the same on every run.
fn start(points: usize, seed: usize) -> Vec<f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed as u64 + 1);
    (0..points)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.4
        })
        .collect()
}

/// Orthogonal to rounding, in ascending order of energy, with the agreed sign; the first `count`.
pub(super) fn finished(h: &Hamiltonian, mut vectors: Vec<Vec<f64>>, count: usize) -> Orbitals {
    orthonormalise(&mut vectors);
    let energy = |v: &Vec<f64>| dot(v, &h.apply(v));
    let mut levels: Vec<(f64, Vec<f64>)> = vectors.into_iter().map(|v| (energy(&v), v)).collect();
    levels.sort_by(|a, b| a.0.total_cmp(&b.0));
    levels.truncate(count);
    levels.iter_mut().for_each(|(_, v)| fix_sign(v));
    let (energies, vectors) = levels.into_iter().unzip();
    Orbitals { energies, vectors }
}

fn fix_sign(vector: &mut [f64]) {
    let largest = vector.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if vector.iter().find(|x| x.abs() >= 0.5 * largest).is_some_and(|x| *x < 0.0) {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
}

/// Gram-Schmidt, twice, one vector after another.
fn orthonormalise(vectors: &mut [Vec<f64>]) {
    for k in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(k);
        normalise(&mut rest[0]);
        if k > 0 {
            for _ in 0..2 {
                project_out(&mut rest[0], before);
                normalise(&mut rest[0]);
            }
        }
    }
}

/// Takes the components along orthonormal vectors out of `x`.
fn project_out(x: &mut [f64], orthonormal: &[Vec<f64>]) {
    for v in orthonormal {
        let overlap = dot(v, x);
        x.iter_mut().zip(v).for_each(|(x, v)| *x -= overlap * v);
    }
}

/// Sum of products, in a fixed order of four partial sums.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a4.zip(b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn normalise(a: &mut [f64]) {
    // Scaled first: after a solve at an exact level the squares may overflow.
    let largest = a.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if largest > 0.0 && largest.is_finite() {
        a.iter_mut().for_each(|x| *x /= largest);
        let length = norm(a);
        a.iter_mut().for_each(|x| *x /= length);
    }
}

#[cfg(test)]
#[path = "orbitals_tests.rs"]
mod tests;

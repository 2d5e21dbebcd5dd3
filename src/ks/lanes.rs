//! Operations on all vectors of a block at once, lane by lane.

use super::block::Block;
use super::hamiltonian::Hamiltonian;
use crate::tensor::vector::vectorised;

/// Sums of products, lane by lane.
#[inline(always)]
fn dots<const W: usize>(a: &[[f64; W]], b: &[[f64; W]]) -> [f64; W] {
    sums(a, b, |a, b, w| a[w] * b[w])
}

/// Sums of the products with one vector, lane by lane.
#[inline(always)]
fn overlaps<const W: usize>(v: &[f64], x: &[[f64; W]]) -> [f64; W] {
    sums(v, x, |v, x, w| v * x[w])
}

/// Sums of terms, lane by lane, in a fixed order of four partial sums.
#[inline(always)]
fn sums<A, B, const W: usize>(a: &[A], b: &[B], term: impl Fn(&A, &B, usize) -> f64) -> [f64; W] {
    let mut sums = [[0.0; W]; 4];
    let (a, b) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    for (a, b) in a.0.iter().zip(b.0) {
        for (part, sum) in sums.iter_mut().enumerate() {
            sum.iter_mut().enumerate().for_each(|(w, sum)| *sum += term(&a[part], &b[part], w));
        }
    }
    for (a, b) in a.1.iter().zip(b.1) {
        sums[0].iter_mut().enumerate().for_each(|(w, sum)| *sum += term(a, b, w));
    }
    std::array::from_fn(|w| (sums[0][w] + sums[1][w]) + (sums[2][w] + sums[3][w]))
}

/// Scales every lane to a sum of squares of 1; a lane of zeros becomes NaN.
pub(super) fn normalise<const W: usize>(x: &mut Block<W>) {
    vectorised(
        #[inline(always)]
        || {
            let factor = dots(x, x).map(|square| 1.0 / square.sqrt());
            for x in x.iter_mut() {
                for w in 0..W {
                    x[w] *= factor[w];
                }
            }
        },
    );
}

/// Energies and residuals of approximate eigenvectors.
pub(super) struct Measured<const W: usize> {
    /// Rayleigh quotients.
    pub energies: [f64; W],
    /// H x - energy x.
    pub residuals: Block<W>,
    /// Norms of the residuals.
    pub sizes: [f64; W],
}

/// Rayleigh quotients and residuals of normalised vectors.
pub(super) fn measure<const W: usize>(h: &Hamiltonian, x: &Block<W>) -> Measured<W> {
    let mut residuals = h.apply_block(x);
    vectorised(
        #[inline(always)]
        || {
            let energies = dots(x, &residuals);
            for (r, x) in residuals.iter_mut().zip(x.iter()) {
                for w in 0..W {
                    r[w] -= energies[w] * x[w];
                }
            }
            let sizes = dots(&residuals, &residuals).map(f64::sqrt);
            Measured { energies, residuals, sizes }
        },
    )
}

/// x - (y - (x.y) x), normalised.
pub(super) fn correct<const W: usize>(x: &mut Block<W>, y: &Block<W>) {
    vectorised(
        #[inline(always)]
        || {
            let factor = dots(x, y).map(|overlap| 1.0 + overlap);
            for (x, y) in x.iter_mut().zip(y.iter()) {
                for w in 0..W {
                    x[w] = factor[w] * x[w] - y[w];
                }
            }
        },
    );
    normalise(x);
}

/// Norms, lane by lane.
pub(super) fn norms<const W: usize>(x: &Block<W>) -> [f64; W] {
    vectorised(
        #[inline(always)]
        || dots(x, x).map(f64::sqrt),
    )
}

/// Removes the components along orthonormal vectors from every lane.
pub(super) fn project_out<const W: usize>(x: &mut Block<W>, orthonormal: &[Vec<f64>]) {
    vectorised(
        #[inline(always)]
        || {
            for v in orthonormal {
                let overlaps = overlaps(v, x);
                for (x, v) in x.iter_mut().zip(v) {
                    for w in 0..W {
                        x[w] -= overlaps[w] * v;
                    }
                }
            }
        },
    );
}

/// Copies the given lanes.
pub(super) fn keep<const W: usize>(into: &mut Block<W>, from: &Block<W>, lanes: &[bool; W]) {
    for (into, from) in into.iter_mut().zip(from.iter()) {
        for w in 0..W {
            into[w] = if lanes[w] { from[w] } else { into[w] };
        }
    }
}

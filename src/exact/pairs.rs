//! The pair density, expanded in a few functions.

use super::ExactError;
use super::dense::times;
use crate::tensor::vector::{add, dot, leave_vector_registers, norm};
use faer::{Mat, MatRef, Side};

/// A column counts as spanned if its remainder, relative to the largest column, is below this.
const LEAST_REMAINDER: f64 = 1e-13;

/// Weights below this fraction of the largest are dropped.
const LEAST_WEIGHT: f64 = 1e-13;

/// P(x, y), the density of pairs of electrons, 1/bohr²: its integral is N (N - 1). P(x_i, x_j) = sum_m w_m g_m(x_i) g_m(x_j).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairDensity {
    /// w_m, largest magnitude first, 1/bohr².
    pub weights: Vec<f64>,
    /// g_m on the grid, each with a sum of squares of 1.
    pub functions: Vec<Vec<f64>>,
}

impl PairDensity {
    /// From P itself, a symmetric matrix.
    pub(super) fn of_matrix(p: &Mat<f64>, label: &str) -> Result<Self, ExactError> {
        let q = span(p.as_ref());
        let half = times(q.transpose(), p.as_ref());
        Self::within(&q, &times(half.as_ref(), q.as_ref()), label)
    }

    /// From P = f d f^T, with one function per column of f.
    pub(super) fn of_products(f: &Mat<f64>, d: &Mat<f64>, label: &str) -> Result<Self, ExactError> {
        let q = span(times(f.as_ref(), d.as_ref()).as_ref());
        let small = times(q.transpose(), f.as_ref());
        let half = times(small.as_ref(), d.as_ref());
        Self::within(&q, &times(half.as_ref(), small.transpose()), label)
    }

    /// From P = q core q^T, with orthonormal columns of q.
    fn within(q: &Mat<f64>, core: &Mat<f64>, label: &str) -> Result<Self, ExactError> {
        let size = q.ncols();
        let even = Mat::from_fn(size, size, |i, j| 0.5 * (core[(i, j)] + core[(j, i)]));
        let eigen = even.self_adjoint_eigen(Side::Lower).map_err(|_| ExactError::Eigen { label: label.into() })?;
        leave_vector_registers();
        let functions = times(q.as_ref(), eigen.U());
        let mut order: Vec<usize> = (0..size).collect();
        order.sort_by(|a, b| eigen.S()[*b].abs().total_cmp(&eigen.S()[*a].abs()));
        let least = order.first().map_or(0.0, |k| LEAST_WEIGHT * eigen.S()[*k].abs());
        order.retain(|k| eigen.S()[*k].abs() > least);
        Ok(Self {
            weights: order.iter().map(|k| eigen.S()[*k]).collect(),
            functions: order.iter().map(|k| functions.col(*k).iter().copied().collect()).collect(),
        })
    }

    /// P(x_i, x_j) on all points, row by row; 0 everywhere if there are no pairs.
    pub fn on_grid(&self, points: usize) -> Vec<f64> {
        let rank = self.weights.len();
        let g = Mat::from_fn(points, rank, |i, m| self.functions[m][i]);
        let weighted = Mat::from_fn(points, rank, |i, m| self.weights[m] * self.functions[m][i]);
        let p = times(g.as_ref(), weighted.transpose());
        // Equal on both sides to the last bit.
        (0..points * points)
            .map(|k| {
                let (i, j) = (k / points, k % points);
                p[(i.max(j), i.min(j))]
            })
            .collect()
    }
}

/// Orthonormal columns that span those of a matrix to [`LEAST_REMAINDER`]: Gram-Schmidt, the largest remainder first.
fn span(columns: MatRef<'_, f64>) -> Mat<f64> {
    let mut rest: Vec<Vec<f64>> = columns.col_iter().map(|column| column.iter().copied().collect()).collect();
    let mut sizes: Vec<f64> = rest.iter().map(|column| dot(column, column)).collect();
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let mut found: Vec<Vec<f64>> = Vec::new();
    while found.len() < columns.nrows() {
        let Some(k) = (0..rest.len()).max_by(|a, b| sizes[*a].total_cmp(&sizes[*b])) else { break };
        if sizes[k] <= LEAST_REMAINDER * LEAST_REMAINDER * largest {
            break;
        }
        let mut next = std::mem::take(&mut rest[k]);
        sizes[k] = 0.0;
        // Again against all, as remainders accumulate rounding errors.
        for v in &found {
            let overlap = dot(v, &next);
            add(&mut next, -overlap, v);
        }
        let length = norm(&next);
        if length <= LEAST_REMAINDER * largest.sqrt() {
            continue;
        }
        next.iter_mut().for_each(|x| *x /= length);
        for (column, size) in rest.iter_mut().zip(&mut sizes).filter(|(_, size)| **size > 0.0) {
            let overlap = dot(&next, column);
            add(column, -overlap, &next);
            *size = dot(column, column);
        }
        found.push(next);
    }
    Mat::from_fn(columns.nrows(), found.len(), |i, k| found[k][i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_functions_are_enough() {
        let points = 80;
        let p = Mat::from_fn(points, points, |i, j| {
            let (x, y) = (0.1 * i as f64 - 4.0, 0.1 * j as f64 - 4.0);
            (-x * x - y * y).exp() * (x - y).powi(2)
        });
        let pairs = PairDensity::of_matrix(&p, "p").expect("eigenvectors");
        assert_eq!(pairs.weights.len(), 3);
        let all = pairs.on_grid(points);
        assert!((0..points * points).all(|k| (all[k] - p[(k / points, k % points)]).abs() < 1e-13));
        assert_eq!(PairDensity::default().on_grid(3), [0.0; 9]);
    }
}

//! How a converged density responds to the parameters: the adjoint equation of the fixed point n = G(n).
//!
//! With L(n, parameters) and lambda from (1 - (dG/dn)^T) lambda = dL/dn, the gradient is that of L at fixed n plus
//! (dG/d parameters)^T lambda. The products with (dG/dn)^T are backward passes of one iteration, and GMRES (Saad and
//! Schultz, SIAM J. Sci. Stat. Comput. 7, 856 (1986)) solves the equation with a few of them.

use super::KsError;
use super::kohn_sham::{KohnSham, Spins, device_error, fields};
use super::orbitals::Orbitals;
use crate::number::brief;
use crate::tensor::vector::{add, dot_in_order as dot, norm_in_order as norm};
use crate::tensor::{Backend, Cotangents, OwnedTape, Value, resume};
use faer::Mat;
use faer::linalg::solvers::SolveLstsq;
use std::sync::Arc;

/// The equation is solved when the residual relative to the right-hand side is below this.
const TOLERANCE: f64 = 1e-10;

/// The maximum number of products; to this accuracy the response of a density has fewer independent directions.
const MAX_PRODUCTS: usize = 80;

/// The cotangents of fields, joined.
pub(crate) fn taken<D: Backend>(fields: &Spins<D>, cotangents: &mut Cotangents<D>) -> Result<Vec<f64>, KsError> {
    let mut joined = Vec::new();
    for field in fields {
        joined.extend(field.take_cotangent(cotangents).map_err(device_error)?);
    }
    Ok(joined)
}

/// Passes `lambda`, joined over the channels, backward from the output of an iteration at `density` to that density and to
/// everything that `ks` has on tapes; `cotangents` are those known so far.
pub(crate) fn pull<D: Backend>(
    ks: &KohnSham<D>,
    density: &Spins<D>,
    warm: &[Arc<Orbitals>],
    lambda: &[f64],
    mut cotangents: Cotangents<D>,
) -> Result<Cotangents<D>, KsError> {
    let (iteration, tape) = ks.iterate(0, density, warm, OwnedTape::default())?;
    for (output, part) in iteration.output.iter().zip(lambda.chunks(ks.equations.system.grid.points)) {
        output.put_cotangent(&mut cotangents, part.to_vec()).map_err(device_error)?;
    }
    resume(&ks.device, cotangents, tape).map_err(device_error)
}

/// The solution lambda of (1 - (dG/dn)^T) lambda = `right` at a converged density. `ks` has its parameters on no tape.
///
/// # Errors
/// [`KsError::Response`] if there is no solution to the required accuracy: another density branches off here, or levels meet.
pub(crate) fn adjoint<D: Backend>(
    ks: &KohnSham<D>,
    density: &[Vec<f64>],
    warm: &[Arc<Orbitals>],
    right: &[f64],
) -> Result<Vec<f64>, KsError> {
    let product = |x: &[f64]| -> Result<Vec<f64>, KsError> {
        let density = fields(&ks.device, density, Value::leaf)?;
        let mut cotangents = pull(ks, &density, warm, x, Cotangents::leaky())?;
        ks.check_response()?;
        let mut y = x.to_vec();
        add(&mut y, -1.0, &taken(&density, &mut cotangents)?);
        Ok(y)
    };
    let found = gmres(right, product)?;
    found.map_err(|residual| KsError::Response {
        system: ks.equations.system.label.clone(),
        cause: format!("the response of the converged density was not found (residual {})", brief(residual)),
    })
}

/// The solution of A x = `right`, with A given by its products, or the relative residual that remains.
fn gmres<E>(right: &[f64], mut product: impl FnMut(&[f64]) -> Result<Vec<f64>, E>) -> Result<Result<Vec<f64>, f64>, E> {
    let size = norm(right);
    if size == 0.0 || !size.is_finite() {
        return Ok(if size == 0.0 { Ok(right.to_vec()) } else { Err(f64::NAN) });
    }
    let mut basis = vec![scaled(right, 1.0 / size)];
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut residual = 1.0;
    for k in 0..MAX_PRODUCTS.min(right.len()) {
        let mut next = product(&basis[k])?;
        let rounding = f64::EPSILON * norm(&next);
        let mut column = vec![0.0; k + 2];
        // Twice, for directions that are nearly in the space already.
        for _ in 0..2 {
            for (entry, direction) in column.iter_mut().zip(&basis) {
                let overlap = dot(direction, &next);
                *entry += overlap;
                add(&mut next, -overlap, direction);
            }
        }
        column[k + 1] = norm(&next);
        let last = column[k + 1];
        columns.push(column);
        let (weights, left) = least_squares(&columns);
        residual = left;
        if residual <= TOLERANCE || last <= rounding {
            let mut x = vec![0.0; right.len()];
            weights.iter().zip(&basis).for_each(|(weight, direction)| add(&mut x, size * weight, direction));
            return Ok(if residual <= TOLERANCE { Ok(x) } else { Err(residual) });
        }
        if !last.is_finite() {
            return Ok(Err(f64::NAN));
        }
        basis.push(scaled(&next, 1.0 / last));
    }
    Ok(Err(residual))
}

/// The weights w that minimise |e_0 - H w|, with H upper Hessenberg given by columns, and the remaining norm.
fn least_squares(columns: &[Vec<f64>]) -> (Vec<f64>, f64) {
    let size = columns.len();
    let entry = |i: usize, j: usize| columns[j].get(i).copied().unwrap_or(0.0);
    let h = Mat::from_fn(size + 1, size, entry);
    let e = Mat::from_fn(size + 1, 1, |i, _| f64::from(u8::from(i == 0)));
    let w = h.qr().solve_lstsq(&e);
    let left = &e - &h * &w;
    ((0..size).map(|i| w[(i, 0)]).collect(), left.norm_l2())
}

fn scaled(x: &[f64], factor: f64) -> Vec<f64> {
    x.iter().map(|x| factor * x).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_system_is_solved() {
        let size = 40;
        let a = |i: usize, j: usize| if i == j { 3.0 } else { ((i * 7 + j * 3) % 11) as f64 / 40.0 };
        let product = |x: &[f64]| -> Vec<f64> { (0..size).map(|i| (0..size).map(|j| a(i, j) * x[j]).sum()).collect() };
        let right: Vec<f64> = (0..size).map(|i| (i as f64).sin()).collect();
        let x = gmres(&right, |x| Ok::<_, ()>(product(x))).unwrap().unwrap();
        let worst = product(&x).iter().zip(&right).fold(0.0f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-9, "{worst}");
        assert_eq!(gmres(&[0.0; 3], |_| Err(())), Ok(Ok(vec![0.0; 3])));
    }

    #[test]
    fn a_singular_one_is_refused() {
        let found = gmres(&[1.0, 1.0], |x| Ok::<_, ()>(vec![x[0], 0.0])).unwrap();
        assert!(found.is_err_and(|residual| residual > 0.1));
    }
}

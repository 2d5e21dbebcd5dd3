//! The error in the energy when a nucleus lies between grid points, where the grid misses its cusp.

use super::Grid;

/// Lowest energy, hartree, of one electron in the potential v (three-point stencil, zero walls): bisection with Sturm
/// counts, good to 1e-10.
fn ground_energy(grid: &Grid, v: &[f64]) -> f64 {
    let hop = 0.5 / (grid.spacing * grid.spacing);
    let bound = |shift: f64| {
        let mut pivot = f64::INFINITY;
        v.iter().any(|v| {
            pivot = v + 2.0 * hop - shift - hop * hop / pivot;
            pivot < 0.0
        })
    };
    let mut low = v.iter().copied().fold(f64::INFINITY, f64::min);
    let mut high = low + 4.0 * hop;
    while high - low > 1e-10 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if bound(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// How much higher (hartree) the energy of one electron is with the nucleus where it is than with the same nucleus on the
/// nearest point; `here` and `nearest` are the two potentials on the grid. The difference scales as h^2 t (1 - t), where t is
/// the nucleus's distance from a point in units of the spacing h.
pub(super) fn cusp_error(grid: &Grid, here: &[f64], nearest: &[f64]) -> f64 {
    ground_energy(grid, here) - ground_energy(grid, nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Interaction;

    fn half_way(charge: f64) -> f64 {
        let grid = Grid::centred(513, 0.08);
        let nucleus = |at: f64| -> Vec<f64> {
            grid.xs().iter().map(|x| -charge * Interaction::BAKER.at(x - at).expect("closed")).collect()
        };
        cusp_error(&grid, &nucleus(0.04), &nucleus(0.0))
    }

    #[test]
    fn half_way_between_points() {
        assert!((half_way(1.0) - 0.29e-3).abs() < 0.01e-3, "{}", half_way(1.0));
        assert!((half_way(4.0) - 2.0e-3).abs() < 0.1e-3, "{}", half_way(4.0));
    }
}

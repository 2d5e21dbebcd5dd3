use super::*;
use crate::ks::orbitals::lowest;
use crate::tensor::vector::dot;

const OCCUPATION: f64 = 2.0;

/// A smooth function of density and levels: its value, and its cotangents.
fn observe(grid: &Grid, orbitals: &Orbitals, occupied: usize) -> (f64, Vec<f64>, Vec<f64>) {
    let n = density(grid, orbitals, occupied);
    let weight = |i: usize| (1.3 * grid.x(i)).sin() + 0.4;
    let value = (0..n.len()).map(|i| weight(i) * n[i] + 0.5 * n[i] * n[i]).sum::<f64>() * grid.spacing;
    let n_bar = (0..n.len()).map(|i| grid.spacing * (weight(i) + n[i])).collect();
    let e_bar: Vec<f64> = (0..orbitals.energies.len()).map(|k| if k < occupied { 0.7 } else { -0.3 }).collect();
    (value + dot(&e_bar, &orbitals.energies), n_bar, e_bar)
}

fn density(grid: &Grid, orbitals: &Orbitals, occupied: usize) -> Vec<f64> {
    let mut n = vec![0.0; grid.points];
    for psi in &orbitals.vectors[..occupied] {
        n.iter_mut().zip(psi).for_each(|(n, psi)| *n += OCCUPATION * psi * psi / grid.spacing);
    }
    n
}

fn agrees_with_differences(grid: &Grid, v: &[f64], occupied: usize) {
    let at = |v: &[f64]| {
        let h = Hamiltonian::new(grid, v);
        let orbitals = lowest(&h, occupied + 1, None).expect("orbitals");
        (h, orbitals)
    };
    let (h, orbitals) = at(v);
    let (_, n_bar, e_bar) = observe(grid, &orbitals, occupied);
    let v_bar = pullback(&h, &orbitals, occupied, OCCUPATION, &n_bar, &e_bar, grid).expect("a gap");
    for kind in 0..3 {
        let direction: Vec<f64> =
            grid.xs().iter().map(|x| (f64::from(kind) * x + 0.2).cos() * (-0.1 * x * x).exp()).collect();
        let moved = |step: f64| {
            let v: Vec<f64> = v.iter().zip(&direction).map(|(v, d)| v + step * d).collect();
            observe(grid, &at(&v).1, occupied).0
        };
        // Fourth order in the step.
        let step = 1e-3;
        let slope = (8.0 * (moved(step) - moved(-step)) - (moved(2.0 * step) - moved(-2.0 * step))) / (12.0 * step);
        let exact = dot(&v_bar, &direction);
        assert!((slope - exact).abs() < 1e-8 * exact.abs().max(1.0), "{kind}: {slope} {exact}");
    }
}

#[test]
fn the_derivative_agrees_with_differences() {
    let grid = Grid::centred(201, 0.1);
    let v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x - 2.0 * (-(x - 1.0).powi(2)).exp()).collect();
    for occupied in [1, 2, 5] {
        agrees_with_differences(&grid, &v, occupied);
    }
    for stencil in [3, 9] {
        agrees_with_differences(&grid.clone().with_stencil(stencil), &v, 2);
    }
}

fn two_wells(grid: &Grid) -> Vec<f64> {
    let well = |x: f64| -4.0 * (-x * x).exp();
    grid.xs().iter().map(|x| well(x - 8.0) + well(x + 8.0)).collect()
}

#[test]
fn a_degenerate_occupied_pair_does_no_harm() {
    let grid = Grid::centred(241, 0.1);
    let v = two_wells(&grid);
    let h = Hamiltonian::new(&grid, &v);
    let energies = lowest(&h, 3, None).expect("orbitals").energies;
    assert!(energies[1] - energies[0] < 1e-10, "{energies:?}");
    agrees_with_differences(&grid, &v, 2);
}

#[test]
fn a_vanishing_gap_is_an_error() {
    let grid = Grid::centred(241, 0.1);
    let h = Hamiltonian::new(&grid, &two_wells(&grid));
    let orbitals = lowest(&h, 2, None).expect("orbitals");
    let ones = vec![1.0; 241];
    let refused = pullback(&h, &orbitals, 1, 1.0, &ones, &[0.0, 0.0], &grid);
    assert!(matches!(refused, Err(OrbitalError::NoGap { .. })));
    // If the density is not needed, levels still respond.
    assert!(pullback(&h, &orbitals, 1, 1.0, &vec![0.0; 241], &[1.0, 0.0], &grid).is_ok());
}

#[test]
fn a_constant_shift_moves_levels_alone() {
    let grid = Grid::centred(201, 0.1);
    let v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x).collect();
    let h = Hamiltonian::new(&grid, &v);
    let orbitals = lowest(&h, 3, None).expect("orbitals");
    let (_, n_bar, e_bar) = observe(&grid, &orbitals, 2);
    let v_bar = pullback(&h, &orbitals, 2, OCCUPATION, &n_bar, &e_bar, &grid).expect("a gap");
    assert!((v_bar.iter().sum::<f64>() - e_bar.iter().sum::<f64>()).abs() < 1e-11);
}

/// The density's part of the cotangent as a sum over all pairs of occupied and unoccupied states.
fn sum_over_states(h: &Hamiltonian, occupied: usize, n_bar: &[f64], grid: &Grid) -> Vec<f64> {
    let states = lowest(h, h.points(), None).expect("orbitals");
    let mut v_bar = vec![0.0; h.points()];
    for k in 0..occupied {
        for a in occupied..h.points() {
            let (psi, above) = (&states.vectors[k], &states.vectors[a]);
            let element: f64 = (0..h.points()).map(|i| n_bar[i] * psi[i] * above[i]).sum();
            let factor = 2.0 * OCCUPATION / grid.spacing * element / (states.energies[k] - states.energies[a]);
            (0..h.points()).for_each(|i| v_bar[i] += factor * psi[i] * above[i]);
        }
    }
    v_bar
}

fn agrees_with_states(h: &Hamiltonian, occupied: usize, grid: &Grid) {
    let n_bar: Vec<f64> = grid.xs().iter().map(|x| (1.3 * x).sin() + 0.4).collect();
    let orbitals = lowest(h, occupied + 1, None).expect("orbitals");
    let found = pullback(h, &orbitals, occupied, OCCUPATION, &n_bar, &vec![0.0; occupied + 1], grid).expect("a gap");
    let exact = sum_over_states(h, occupied, &n_bar, grid);
    let size = dot(&exact, &exact).sqrt();
    let error = found.iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(error < 1e-11 * size, "{occupied}: {error:e} of {size}");
}

#[test]
fn any_number_of_orbitals_agrees_with_the_sum_over_states() {
    for stencil in [3, 5, 7, 9] {
        let grid = Grid::centred(121, 0.15).with_stencil(stencil);
        let v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x - 2.0 * (-(x - 1.0).powi(2)).exp()).collect();
        let h = Hamiltonian::new(&grid, &v);
        for occupied in [1, 2, 3, 4, 6] {
            agrees_with_states(&h, occupied, &grid);
        }
    }
}

#[test]
fn a_zero_pivot_does_no_harm() {
    // The first point is deep enough for a level of its own, and its diagonal entry is the shift for the second level.
    let grid = Grid::centred(121, 0.15);
    let mut v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x).collect();
    let shift =
        |orbitals: &Orbitals| orbitals.energies[1] - SHIFT_OF_GAP * (orbitals.energies[2] - orbitals.energies[1]);
    for _ in 0..4 {
        let h = Hamiltonian::new(&grid, &v);
        v[0] += shift(&lowest(&h, 3, None).expect("orbitals")) - h.entry(0, 0);
    }
    let h = Hamiltonian::new(&grid, &v);
    let orbitals = lowest(&h, 3, None).expect("orbitals");
    assert_eq!(Ldl::new(&h, h.scale(), &[shift(&orbitals)]).inertia.below(0), None);
    agrees_with_states(&h, 2, &grid);
}

#[test]
fn values_that_are_not_finite_stay_so() {
    let grid = Grid::centred(41, 0.3);
    let v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x).collect();
    let h = Hamiltonian::new(&grid, &v);
    let orbitals = lowest(&h, 2, None).expect("orbitals");
    for wrong in [f64::NAN, f64::INFINITY] {
        let mut n_bar = vec![1.0; 41];
        n_bar[3] = wrong;
        let v_bar = pullback(&h, &orbitals, 1, OCCUPATION, &n_bar, &[0.0, 0.0], &grid).expect("a gap");
        assert!(v_bar.iter().any(|x| !x.is_finite()), "{wrong}");
    }
}

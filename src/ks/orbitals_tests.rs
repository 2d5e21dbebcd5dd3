use super::*;
use crate::model::{Grid, Interaction};

fn ion(charge: f64) -> Hamiltonian {
    let grid = Grid::centred(513, 0.08);
    let v: Vec<f64> = grid.xs().iter().map(|x| -charge * Interaction::BAKER.at(*x).expect("closed")).collect();
    Hamiltonian::new(&grid, &v)
}

/// Every level, by a dense diagonalisation.
fn dense(h: &Hamiltonian) -> Vec<f64> {
    let matrix = Mat::from_fn(h.points(), h.points(), |i, j| h.entry(i, j));
    matrix.self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues")
}

fn check(h: &Hamiltonian, orbitals: &Orbitals, tolerance: f64) {
    let exact = dense(h);
    for (k, (energy, psi)) in orbitals.energies.iter().zip(&orbitals.vectors).enumerate() {
        assert!((energy - exact[k]).abs() < tolerance, "level {k}: {energy} {}", exact[k]);
        assert!(residual(psi, &h.apply(psi), *energy) < tolerance, "level {k}");
        for other in &orbitals.vectors[..k] {
            assert!(dot(psi, other).abs() < 1e-12, "level {k}");
        }
        assert!((dot(psi, psi) - 1.0).abs() < 1e-13);
    }
}

#[test]
fn one_electron_ions_agree_with_dense_diagonalisation() {
    for charge in [1.0, 2.0, 3.0, 4.0] {
        let h = ion(charge);
        check(&h, &lowest(&h, 2, None).expect("orbitals"), 1e-10);
    }
}

#[test]
fn many_levels_and_every_stencil() {
    for stencil in [3, 5, 7, 9] {
        let grid = Grid::centred(161, 0.15).with_stencil(stencil);
        let v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x - 8.0 * (-(x - 2.0).powi(2)).exp()).collect();
        let h = Hamiltonian::new(&grid, &v);
        check(&h, &lowest(&h, 24, None).expect("orbitals"), 1e-11);
        check(&h, &lowest(&h, 161, None).expect("orbitals"), 1e-9);
    }
}

#[test]
fn a_box_with_odd_walls() {
    let h = Hamiltonian::new(&Grid::between_walls(0.0, 1.0, 500), &[]);
    let energies = lowest(&h, 3, None).expect("orbitals").energies;
    assert!((energies[0] - std::f64::consts::PI.powi(2) / 2.0).abs() < 1e-9, "{energies:?}");
}

#[test]
fn distant_wells_have_orthogonal_orbitals() {
    for separation in [3.0, 6.0, 9.0, 12.0, 16.0] {
        let grid = Grid::centred(513, 0.08);
        let well = |x: f64| -4.0 * (-x * x).exp();
        let v: Vec<f64> = grid.xs().iter().map(|x| well(x - separation) + well(x + separation)).collect();
        let h = Hamiltonian::new(&grid, &v);
        for count in [1, 2, 3, 5] {
            check(&h, &lowest(&h, count, None).expect("orbitals"), 1e-11);
        }
    }
}

#[test]
fn a_lattice_of_decoupled_sites() {
    // Walls of 10^6 hartree between single wells: bands of nearly equal levels.
    let grid = Grid::centred(201, 0.1);
    let v: Vec<f64> = (0..201).map(|i| if i % 20 == 0 { 1e6 } else { 0.0 }).collect();
    let h = Hamiltonian::new(&grid, &v);
    check(&h, &lowest(&h, 13, None).expect("orbitals"), 1e-9);
}

#[test]
fn a_warm_start_changes_nothing_but_time() {
    let h = ion(3.0);
    let cold = lowest(&h, 3, None).expect("orbitals");
    for near in [3.001, 2.5, 1.0] {
        let warm = lowest(&ion(near), 3, None).expect("orbitals");
        check(&h, &lowest(&h, 3, Some(&warm)).expect("orbitals"), 1e-11);
    }
    // Orbitals of the wrong levels do not mislead.
    let high = lowest(&h, 6, None).expect("orbitals");
    let wrong = Orbitals { energies: high.energies[3..].to_vec(), vectors: high.vectors[3..].to_vec() };
    let found = lowest(&h, 3, Some(&wrong)).expect("orbitals");
    assert!(found.energies.iter().zip(&cold.energies).all(|(a, b)| (a - b).abs() < 1e-11));
    let zero = Orbitals { energies: vec![0.0; 3], vectors: vec![vec![0.0; 513]; 3] };
    check(&h, &lowest(&h, 3, Some(&zero)).expect("orbitals"), 1e-11);
}

#[test]
fn refusals() {
    let grid = Grid::centred(9, 0.5);
    let h = Hamiltonian::new(&grid, &[]);
    assert_eq!(lowest(&h, 10, None), Err(OrbitalError::TooMany { count: 10, points: 9 }));
    assert_eq!(lowest(&h, 9, None).expect("all").energies.len(), 9);
    assert!(lowest(&h, 0, None).expect("none").energies.is_empty());
    let broken = Hamiltonian::new(&grid, &[f64::NAN; 9]);
    assert_eq!(lowest(&broken, 1, None), Err(OrbitalError::NotFinite));
}

#[test]
fn the_same_bits_every_time() {
    let h = ion(2.0);
    assert_eq!(lowest(&h, 4, None), lowest(&h, 4, None));
}

#[test]
fn a_spike_that_swallows_all_other_levels_is_refused() {
    let grid = Grid::centred(401, 0.1);
    let mut v: Vec<f64> = grid.xs().iter().map(|x| 0.5 * x * x).collect();
    v[200] = -1e12;
    let found = lowest(&Hamiltonian::new(&grid, &v), 3, None);
    assert!(matches!(found, Err(OrbitalError::Unresolved { lowest }) if lowest < -9e11), "{found:?}");
}

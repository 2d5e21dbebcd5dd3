use super::*;
use crate::ks::orbitals::lowest;
use crate::model::Grid;

fn wells(stencil: usize, separation: f64, depth: f64) -> Hamiltonian {
    let grid = Grid::centred(241, 0.1).with_stencil(stencil);
    let well = |x: f64| -depth * (-x * x).exp();
    let at = |x: &f64| well(x - 0.5 * separation) + 1.1 * well(x + 0.5 * separation) + 0.05 * x * x;
    Hamiltonian::new(&grid, &grid.xs().iter().map(at).collect::<Vec<f64>>())
}

/// Whether two sets of orbitals agree to rounding.
fn same(a: &Orbitals, b: &Orbitals) -> bool {
    let near = |a: &[f64], b: &[f64], tolerance| a.iter().zip(b).all(|(a, b)| (a - b).abs() < tolerance);
    near(&a.energies, &b.energies, 1e-11) && a.vectors.iter().zip(&b.vectors).all(|(a, b)| near(a, b, 1e-10))
}

#[test]
fn a_similar_start_is_enough_for_any_number_of_levels() {
    for stencil in [3, 5, 7, 9] {
        for count in [1, 2, 3, 4, 7, 8, 9, 16, 20] {
            let h = wells(stencil, 3.0, 4.0);
            let warm = lowest(&wells(stencil, 3.0, 4.02), count, None).expect("orbitals");
            let found = follow(&h, count, &warm).expect("converges");
            assert!(same(&found, &lowest(&h, count, None).expect("orbitals")), "{stencil} {count}");
        }
    }
}

#[test]
fn its_own_orbitals_are_a_valid_start() {
    let h = wells(5, 3.0, 4.0);
    let warm = lowest(&h, 3, None).expect("orbitals");
    assert!(same(&follow(&h, 3, &warm).expect("converges"), &warm));
}

#[test]
fn a_missed_level_is_noticed() {
    let h = wells(5, 4.0, 4.0);
    let all = lowest(&h, 5, None).expect("orbitals");
    for missing in 0..4 {
        let mut warm = all.clone();
        warm.energies.remove(missing);
        warm.vectors.remove(missing);
        assert_eq!(follow(&h, 4, &warm), None, "{missing}");
        // Without the count the orbitals would be accepted.
        assert!(follow(&h, 5, &all).is_some());
    }
    let twice = Orbitals { energies: vec![all.energies[0]; 2], vectors: vec![all.vectors[0].clone(); 2] };
    assert_eq!(follow(&h, 2, &twice), None);
}

#[test]
fn near_levels_of_distant_wells_are_resolved_or_left_to_the_search() {
    for separation in [4.0, 8.0, 12.0, 16.0] {
        for count in 1..5 {
            let grid = Grid::centred(513, 0.08);
            let wells = |depth: f64| {
                let well = |x: f64| -depth * (-x * x).exp();
                let at = |x: &f64| well(x - 0.5 * separation) + well(x + 0.5 * separation);
                Hamiltonian::new(&grid, &grid.xs().iter().map(at).collect::<Vec<f64>>())
            };
            let (h, near) = (wells(4.0), wells(4.04));
            let exact = lowest(&h, count, None).expect("orbitals");
            let warm = lowest(&near, count, None).expect("orbitals");
            let found = follow(&h, count, &warm);
            // The levels of distant wells are too close to be counted.
            assert!(found.is_some() || separation > 4.0, "{separation} {count}");
            let Some(found) = found else { continue };
            let worst = found.energies.iter().zip(&exact.energies).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-11, "{separation} {count}: {worst}");
        }
    }
}

#[test]
fn an_empty_start_is_refused() {
    let h = wells(5, 3.0, 4.0);
    let zero = Orbitals { energies: vec![0.0; 3], vectors: vec![vec![0.0; 241]; 3] };
    assert_eq!(follow(&h, 3, &zero), None);
    assert_eq!(follow(&h, 4, &zero), None);
    assert_eq!(follow(&h, 0, &zero), None);
    let short = Orbitals { energies: vec![0.0], vectors: vec![vec![1.0; 240]] };
    assert_eq!(follow(&h, 1, &short), None);
}

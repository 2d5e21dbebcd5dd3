//! Nearly degenerate states: electrons far apart, and wells that are almost equal.

use super::tests::{answer, system};
use super::*;
use crate::control::Quiet;
use crate::exact::{Reference, solve as exact};
use crate::model::{Grid, Interaction};

/// Electrons in a potential, with an interaction of such short range that distant wells are independent.
fn short(points: usize, spins: (usize, usize), v: impl Fn(f64) -> f64) -> Arc<System> {
    let grid = Grid::centred(points, 0.2);
    let repulsion = |r: f64| Ok::<_, ()>(0.8 * (-0.5 * r * r).exp());
    let interaction = Interaction::sample("short", &grid, &mut { repulsion }).expect("samples");
    system(grid, interaction, spins, v)
}

/// Wells of the given depths, 12 bohr apart.
fn wells(depths: &[f64]) -> impl Fn(f64) -> f64 {
    move |x| {
        let centre = |k: usize| 12.0 * (k as f64 - 0.5 * (depths.len() - 1) as f64);
        depths.iter().enumerate().map(|(k, depth)| -depth * (-(x - centre(k)).powi(2)).exp()).sum()
    }
}

/// The energy of some electrons in one well of the given depth.
fn alone(depth: f64, electrons: usize) -> f64 {
    if electrons == 0 {
        return 0.0;
    }
    let one = short(101, (electrons, electrons % 2), wells(&[depth]));
    exact(&one, &Options::default(), &Quiet).expect("an answer").energy
}

/// The answer for electrons in several wells, and the lowest energy of all ways to distribute them.
fn shared(depths: &[f64], spins: (usize, usize)) -> (Reference, f64) {
    let levels = |depth: f64| [0, 1, 2].map(|electrons| alone(depth, electrons));
    let mut least = vec![0.0];
    for level in depths.iter().map(|depth| levels(*depth)) {
        let most = least.len() + 2;
        let best = |n: usize| -> f64 {
            let ways = (0..3).filter(|k| n >= *k && n - k < least.len());
            ways.map(|k| least[n - k] + level[k]).fold(f64::INFINITY, f64::min)
        };
        least = (0..most).map(best).collect();
    }
    (answer(&short(60 * depths.len() + 41, spins, wells(depths)), 1e-6), least[spins.0])
}

#[test]
fn wells_that_are_equal_or_almost() {
    for spins in [(3, 1), (4, 0)] {
        for second in [3.0, 3.0 + 1e-9, 3.0 + 1e-6, 3.0 + 1e-5, 3.0 + 1e-4, 3.0 + 1e-3, 2.99] {
            let (found, best) = shared(&[3.0, second], spins);
            let above = found.energy - best;
            assert!(above > -1e-7 && above < found.error, "{spins:?} {second}: {above:e} {:e}", found.error);
            assert!(found.error <= 1e-6, "{:e}", found.error);
        }
    }
}

#[test]
fn a_third_electron_is_in_the_deeper_well() {
    for deeper in [0, 1] {
        let mut depths = [3.0, 3.0];
        depths[deeper] += 1e-3;
        let (found, _) = shared(&depths, (3, 1));
        let points = found.system.grid.points;
        let left: f64 = found.density.iter().map(|n| found.system.grid.integrate(&n[..points / 2])).sum();
        assert!((left - [2.0, 1.0][deeper]).abs() < 1e-3, "{left}");
    }
}

#[test]
fn three_wells_share_four_electrons() {
    for depths in [[3.0, 3.0, 3.0], [3.0, 3.00002, 3.00001]] {
        for spins in [(3, 1), (3, 3), (4, 0), (4, 2)] {
            let (found, best) = shared(&depths, spins);
            let above = found.energy - best;
            assert!(above > -1e-7 && above < found.error && found.error <= 1e-6, "{spins:?}: {above:e}");
        }
    }
}

#[test]
fn stretched_chains_of_hydrogen() {
    let chain = |atoms: usize, stretch: f64, accuracy: f64| {
        let attraction = |x: f64| {
            let centre = |k: usize| stretch * (k as f64 - 0.5 * (atoms - 1) as f64);
            (0..atoms).map(|k| -Interaction::BAKER.at((x - centre(k)).abs()).expect("closed")).sum()
        };
        let spins = (atoms, atoms % 2);
        answer(&system(Grid::centred(257, 0.16), Interaction::BAKER, spins, attraction), accuracy)
    };
    for (atoms, stretch) in [(3, 8.0), (4, 8.0), (4, 6.4)] {
        let (rough, fine) = (chain(atoms, stretch, 1e-6), chain(atoms, stretch, 1e-7));
        let above = rough.energy - fine.energy;
        assert!(above > -1e-7 && above < rough.error, "{atoms} {stretch}: {above:e}");
        let squares: Vec<f64> =
            (0..2).flat_map(|s| rough.density[s].iter().zip(&fine.density[s])).map(|(a, b)| (a - b).powi(2)).collect();
        assert!(0.16 * squares.iter().sum::<f64>() < 1e-6);
    }
}

use super::*;
use crate::control::Event;
use crate::control::Quiet;
use crate::exact::solve as exact;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::model::{Grid, Interaction, Wall};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn system(grid: Grid, interaction: Interaction, unpaired: usize, v: impl Fn(f64) -> f64) -> Arc<System> {
    let potential = grid.xs().iter().map(|x| v(*x)).collect();
    let (grid, nuclei, label) = (Arc::new(grid), vec![], "pair".to_string());
    Arc::new(System { label, grid, interaction, nuclei, potential, nuclear_repulsion: 0.0, electrons: 2, unpaired })
}

fn well(x: f64) -> f64 {
    -3.0 * (-x * x).exp()
}

/// Lowest energy, by dense diagonalisation of the whole product space.
fn dense(system: &System) -> f64 {
    let n = system.grid.points;
    let operator = Product::new(system, &Hamiltonian::new(&system.grid, &system.potential));
    let sign = if system.closed_shell() { 1.0 } else { -1.0 };
    let mut columns = Vec::new();
    for j in 0..n {
        for i in j..n {
            if i != j || sign > 0.0 {
                let mut unit = vec![0.0; n * n];
                unit[j * n + i] += if i == j { 0.5 } else { std::f64::consts::FRAC_1_SQRT_2 };
                unit[i * n + j] += sign * if i == j { 0.5 } else { std::f64::consts::FRAC_1_SQRT_2 };
                columns.push(unit);
            }
        }
    }
    let images: Vec<Vec<f64>> = columns.iter().map(|c| operator.apply(c)).collect();
    let matrix = Mat::from_fn(columns.len(), columns.len(), |i, j| dot(&columns[i], &images[j]));
    matrix.self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues")[0]
}

#[test]
fn the_whole_product_space_agrees() {
    for unpaired in [0, 2] {
        for (stencil, wall) in [(3, Wall::Zero), (5, Wall::Odd), (9, Wall::Odd)] {
            let grid = Grid::centred(22, 0.35).with_stencil(stencil).with_wall(wall);
            let pair = system(grid, Interaction::BAKER, unpaired, |x| well(x) + 0.1 * x);
            let found = exact(&pair, &Options::default(), &Quiet).expect("an answer");
            let exact = dense(&pair);
            assert!((found.energy - exact).abs() < 1e-9, "{unpaired} {stencil}: {} {exact}", found.energy);
            assert!((found.energy - exact).abs() < 10.0 * found.error.max(1e-12), "{}", found.error);
        }
    }
}

#[test]
fn without_repulsion_orbitals_fill() {
    let none = Interaction::Exponential { amplitude: 0.0, kappa: 1.0 };
    let grid = Grid::centred(101, 0.15);
    for unpaired in [0, 2] {
        let pair = system(grid.clone(), none.clone(), unpaired, |x| 0.5 * x * x);
        let levels = lowest(&Hamiltonian::new(&grid, &pair.potential), 2, None).expect("orbitals").energies;
        let expected = if unpaired == 0 { 2.0 * levels[0] } else { levels[0] + levels[1] };
        let found = exact(&pair, &Options::default(), &Quiet).expect("an answer");
        assert!((found.energy - expected).abs() < 1e-9);
        let electrons: Vec<f64> = found.density.iter().map(|n| grid.integrate(n)).collect();
        let (up, down) = pair.spins();
        assert!((electrons[0] - up as f64).abs() < 1e-12 && (electrons[1] - down as f64).abs() < 1e-12);
    }
}

#[test]
fn distant_wells_hold_one_electron_each() {
    let grid = Grid::centred(161, 0.2);
    let one = lowest(&Hamiltonian::new(&grid, &grid.xs().iter().map(|x| well(*x)).collect::<Vec<_>>()), 1, None);
    let level = one.expect("orbitals").energies[0];
    for unpaired in [0, 2] {
        let pair = system(grid.clone(), Interaction::BAKER, unpaired, |x| well(x - 8.0) + well(x + 8.0));
        let found = exact(&pair, &Options::default(), &Quiet).expect("an answer");
        let apart = 2.0 * level + Interaction::BAKER.at(16.0).expect("closed");
        assert!((found.energy - apart).abs() < 1e-4, "{} {apart}", found.energy);
        let occupations = found.occupations.expect("occupations");
        assert!((occupations[0] - 1.0).abs() < 1e-2 && (occupations[1] - 1.0).abs() < 1e-2);
        assert!((occupations.iter().sum::<f64>() - 2.0).abs() < 1e-11);
        let left: f64 = found.density.iter().map(|n| grid.integrate(&n[..80])).sum();
        assert!((left - 1.0).abs() < 1e-6);
    }
}

#[test]
fn symmetric_systems_have_symmetric_densities() {
    let grid = Grid::centred(161, 0.2);
    for wells in [vec![-4.0, 4.0], vec![-10.0, 10.0], vec![-8.0, 0.0, 8.0]] {
        for unpaired in [0, 2] {
            let v = |x: f64| wells.iter().map(|c| well(x - c)).sum();
            let pair = system(grid.clone(), Interaction::BAKER, unpaired, v);
            let found = exact(&pair, &Options::default(), &Quiet).expect("an answer");
            for n in &found.density {
                assert!(n.iter().zip(n.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-13));
            }
        }
    }
}

#[test]
fn wells_that_are_almost_equal() {
    // Two electrons in three independent wells: the shallowest is empty.
    let grid = Grid::centred(181, 0.2);
    let repulsion = |r: f64| Ok::<_, ()>((-0.5 * r * r).exp());
    let interaction = Interaction::sample("short", &grid, &mut { repulsion }).expect("samples");
    let level = |depth: f64| {
        let v: Vec<f64> = grid.xs().iter().map(|x| depth * well(*x)).collect();
        lowest(&Hamiltonian::new(&grid, &v), 1, None).expect("orbitals").energies[0]
    };
    for less in [1e-3, 1e-4, 1e-5, 1e-6] {
        for empty in 0..3 {
            for unpaired in [0, 2] {
                let depths = [0, 1, 2].map(|k| if k == empty { 1.0 - less } else { 1.0 });
                let v = |x: f64| (0..3).map(|k| depths[k] * well(x - 11.0 * (k as f64 - 1.0))).sum();
                let pair = system(grid.clone(), interaction.clone(), unpaired, v);
                let found = exact(&pair, &Options::default(), &Quiet).expect("an answer");
                let above = found.energy - 2.0 * level(1.0);
                assert!(above > -1e-8 && above < 1e-9, "{less} {empty} {unpaired}: {above:e}");
                let inside: f64 = (0..181)
                    .filter(|i| (grid.x(*i) - 11.0 * (empty as f64 - 1.0)).abs() < 5.5)
                    .map(|i| 0.2 * (found.density[0][i] + found.density[1][i]))
                    .sum();
                assert!(inside < 1e-2, "{less} {empty} {unpaired}: {inside:e}");
            }
        }
    }
}

#[test]
fn repulsion_from_point_to_point() {
    let grid = Grid::centred(101, 0.3);
    let repulsion = |r: f64| Ok::<_, ()>(300.0 * (-r * r / 0.02).exp());
    let interaction = Interaction::sample("hard", &grid, &mut { repulsion }).expect("samples");
    let energy = |unpaired: usize| {
        let pair = system(grid.clone(), interaction.clone(), unpaired, |x| 0.125 * x * x);
        let found = exact(&pair, &Options::default(), &Quiet).expect("an answer");
        assert!(found.error < 1e-9, "{:e}", found.error);
        found.energy
    };
    // The spin of electrons that never meet hardly matters.
    let (singlet, triplet) = (energy(0), energy(2));
    assert!((triplet - singlet).abs() < 0.01, "{singlet} {triplet}");
}

#[test]
fn accuracy_beyond_rounding_is_not_reached() {
    let pair = system(Grid::centred(61, 0.25), Interaction::BAKER, 0, well);
    let found = exact(&pair, &Options { accuracy: 1e-30, ..Options::default() }, &Quiet).expect("an answer");
    assert!(found.error > 1e-30 && found.error < 1e-12, "{:e}", found.error);
}

#[test]
fn the_density_is_the_derivative_of_the_energy() {
    let grid = Grid::centred(81, 0.2);
    let bump = |x: f64| (-(x - 0.7).powi(2)).exp();
    let at = |step: f64| {
        let pair = system(grid.clone(), Interaction::BAKER, 0, |x| well(x) + step * bump(x));
        exact(&pair, &Options { accuracy: 1e-12, ..Options::default() }, &Quiet).expect("an answer")
    };
    let slope = (at(1e-3).energy - at(-1e-3).energy) / 2e-3;
    let found = at(0.0);
    let total: Vec<f64> = grid.xs().iter().enumerate().map(|(i, x)| 2.0 * found.density[0][i] * bump(*x)).collect();
    assert!((slope - grid.integrate(&total)).abs() < 1e-6, "{slope}");
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let pair = system(Grid::centred(150, 0.15), Interaction::BAKER, 0, well);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| exact(&pair, &Options::default(), &Quiet).expect("an answer"))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.energy.to_bits(), three.energy.to_bits());
    assert_eq!((one.density, one.occupations), (three.density, three.occupations));
}

/// Interrupts after some events, with a clock that advances whenever it is read.
struct Impatient {
    events: AtomicUsize,
    patience: usize,
}

impl Control for Impatient {
    fn report(&self, _: Event) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }
    fn interrupted(&self) -> bool {
        self.events.load(Ordering::Relaxed) >= self.patience
    }
    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.events.load(Ordering::Relaxed) as u64)
    }
}

#[test]
fn interruption_and_time_limits() {
    let pair = system(Grid::centred(101, 0.15), Interaction::BAKER, 0, well);
    let stopped = exact(&pair, &Options::default(), &Impatient { events: 0.into(), patience: 2 });
    assert!(matches!(stopped, Err(ExactError::Interrupted { .. })));
    let hurried = Options { time_limit: Some(Duration::ZERO), ..Options::default() };
    let rough = exact(&pair, &hurried, &Impatient { events: 0.into(), patience: usize::MAX }).expect("an answer");
    let fine = exact(&pair, &Options::default(), &Quiet).expect("an answer");
    assert!(rough.error > 1e-9 && fine.error <= 1e-9);
    assert!((rough.energy - fine.energy).abs() < 10.0 * rough.error);
    assert!(rough.energy > fine.energy);
}

#[test]
fn refusals() {
    let many = Arc::new(System {
        electrons: 20,
        unpaired: 0,
        ..(*system(Grid::centred(50, 0.2), Interaction::BAKER, 0, well)).clone()
    });
    assert!(matches!(exact(&many, &Options::default(), &Quiet), Err(ExactError::Electrons { electrons: 20, .. })));
    let large = system(Grid::centred(5000, 0.01), Interaction::BAKER, 0, well);
    assert!(matches!(exact(&large, &Options::default(), &Quiet), Err(ExactError::Grid { .. })));
    let options = Options { accuracy: f64::NAN, ..Options::default() };
    assert!(matches!(exact(&large, &options, &Quiet), Err(ExactError::Accuracy { .. })));
}

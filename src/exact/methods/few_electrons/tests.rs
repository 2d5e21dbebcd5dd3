use super::*;
use crate::control::{Control, Event, Quiet};
use crate::exact::{Options, solve as exact};
use crate::model::{Grid, Interaction};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn atom(points: usize, spacing: f64, (electrons, unpaired): (usize, usize), tilt: f64) -> System {
    let grid = Arc::new(Grid::centred(points, spacing));
    let potential = grid.xs().iter().map(|x| -4.0 * (-0.5 * x * x).exp() + tilt * x).collect();
    System {
        label: "atom".to_owned(),
        grid,
        interaction: Interaction::BAKER,
        nuclei: vec![],
        potential,
        nuclear_repulsion: 0.0,
        electrons,
        unpaired,
    }
}

fn begun(system: &System, closed: bool) -> Series {
    let n = system.electrons as f64 / (system.grid.points as f64 * system.grid.spacing);
    let symmetric = Field::new(system).symmetric;
    Series::new(system.clone(), &vec![n; system.grid.points], (symmetric, closed)).expect("a series")
}

#[test]
fn energies_and_densities_are_those_of_the_other_methods() {
    for (points, spacing, spins) in [
        (31, 0.4, (3, 1)),
        (31, 0.4, (3, 3)),
        (41, 0.3, (2, 0)),
        (41, 0.3, (2, 2)),
        (17, 0.6, (4, 0)),
        (17, 0.6, (4, 2)),
    ] {
        for tilt in [0.0, 0.3] {
            let system = atom(points, spacing, spins, tilt);
            let wanted = exact(&Arc::new(system.clone()), &Options { accuracy: 1e-7, ..Options::default() }, &Quiet)
                .expect("an answer");
            let mut series = begun(&system, true);
            let v = system.potential.to_vec();
            let Ground { energy, density, error } = series.ground([&v, &v], 1e-7, &Quiet).expect("a state");
            assert!(error < 2e-7, "{error}");
            assert!((energy - wanted.energy).abs() < 2e-7, "{spins:?} {tilt}: {energy} {}", wanted.energy);
            // Determinants are above.
            assert!(energy < wanted.energy + 1e-10);
            for (found, wanted) in density.iter().zip(&wanted.density) {
                let apart: Vec<f64> = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).collect();
                assert!(system.grid.integrate(&apart) < 1e-3, "{spins:?}");
            }
        }
    }
}

#[test]
fn the_density_of_each_spin_is_the_derivative_of_the_energy() {
    for (points, spins) in [(25, (3, 1)), (25, (2, 0)), (13, (4, 2))] {
        let system = atom(points, 0.5, spins, 0.1);
        let mut series = begun(&system, false);
        let up: Vec<f64> = system.grid.xs().iter().map(|x| -3.0 * (-0.3 * x * x).exp() - 0.2 * x).collect();
        let down = system.potential.to_vec();
        let density = series.ground([&up, &down], 1e-9, &Quiet).expect("a state").density;
        let square: Vec<f64> = system.grid.xs().iter().map(|x| x * x).collect();
        let mut energy = |spin: usize, by: f64| {
            let mut v = [up.clone(), down.clone()];
            v[spin].iter_mut().zip(&square).for_each(|(v, x)| *v += by * x);
            series.ground([&v[0], &v[1]], 1e-9, &Quiet).expect("a state").energy
        };
        for (spin, density) in density.iter().enumerate() {
            let slope = (energy(spin, 1e-5) - energy(spin, -1e-5)) / 2e-5;
            let wanted = system.grid.overlap(density, &square);
            assert!((slope - wanted).abs() < 1e-6 * wanted, "{spins:?} {spin}: {slope} {wanted}");
        }
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let system = atom(25, 0.5, (3, 1), 0.0);
    let v = system.potential.to_vec();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| begun(&system, false).ground([&v, &v], 1e-8, &Quiet).expect("a state"))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.energy.to_bits(), three.energy.to_bits());
    assert_eq!(one.density, three.density);
}

/// Interrupts when it has been asked a number of times.
struct After(AtomicUsize);

impl Control for After {
    fn interrupted(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }

    fn report(&self, _: Event) {}

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn it_stops_when_it_is_asked_to() {
    let system = atom(31, 0.4, (3, 1), 0.1);
    let v = system.potential.to_vec();
    for asked in [0, 3] {
        let found = begun(&system, false).ground([&v, &v], 1e-9, &After(AtomicUsize::new(asked)));
        assert!(matches!(found, Err(ExactError::Interrupted { .. })), "{asked}");
    }
}

#[test]
fn grids_that_are_too_large_are_refused() {
    assert_eq!([most_points(3), most_points(4)], [181, 49]);
    let system = atom(50, 0.3, (4, 0), 0.0);
    let refused = Series::new(system.clone(), &vec![0.1; 50], (true, true)).err();
    assert!(matches!(refused, Some(ExactError::Grid { electrons: 4, points: 50, most: 49 })));
}

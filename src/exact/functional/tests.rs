use super::*;
use crate::control::{Control, Event, Quiet};
use crate::exact::{Options, Reference, solve as exact};
use crate::ks::{InitialDensity, Mixing, Run, ScfOptions, Stop};
use crate::model::{Grid, Interaction, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Nuclei of charges at positions, with two electrons.
fn pair(points: usize, spacing: f64, nuclei: &[(f64, f64)], unpaired: usize) -> Arc<System> {
    let grid = Arc::new(Grid::centred(points, spacing));
    let w = Interaction::BAKER;
    let v = |x: f64| -nuclei.iter().map(|(z, at)| z * w.at((x - at).abs()).unwrap_or(0.0)).sum::<f64>();
    let potential = grid.xs().into_iter().map(v).collect();
    let (nuclei, label) = (vec![], "pair".to_owned());
    Arc::new(System { label, grid, interaction: w, nuclei, potential, nuclear_repulsion: 0.0, electrons: 2, unpaired })
}

/// As accurately as rounding allows.
fn answer(system: &Arc<System>) -> Reference {
    exact(system, &Options { accuracy: 1e-14, ..Options::default() }, &Quiet).expect("an answer")
}

fn solved(system: &Arc<System>, options: &ScfOptions) -> Run {
    solve(system, options, &InitialDensity::NonInteracting, &Quiet).expect("a run")
}

fn at(system: &System, density: &[Vec<f64>; 2]) -> AtDensity {
    let mut functional = ExactFunctional::new(system, false).expect("a functional");
    functional.at(density, 1e-9, &Quiet).expect("a value")
}

#[test]
fn the_external_potential_is_recovered_from_its_density() {
    for system in [pair(121, 0.16, &[(2.0, 0.0)], 0), pair(121, 0.16, &[(2.0, 0.5)], 2)] {
        let reference = answer(&system);
        let n = reference.total_density();
        let found = at(&system, &reference.density);
        assert!(found.residual < 3e-9, "{}", found.residual);
        let universal = reference.energy - system.grid.overlap(&n, &system.potential);
        assert!((found.universal - universal).abs() < 1e-9, "{} {universal}", found.universal);
        // v = v_s - v_H - v_xc.
        let free = crate::ks::invert(
            &crate::ks::Density {
                grid: &system.grid,
                spins: [&reference.density[0], &reference.density[1]],
                electrons: system.spins().into(),
                system: None,
                highest: [Some(0.0); 2],
                digits: true,
            },
            &Quiet,
        )
        .expect("an inversion");
        let v: Vec<f64> =
            (0..n.len()).map(|i| free.potential[0][i] - found.hartree[i] - found.xc_potential[0][i]).collect();
        let much: Vec<usize> = (0..n.len()).filter(|i| n[*i] > 1e-3).collect();
        let apart = |i: usize| v[i] - system.potential[i];
        let mean = much.iter().map(|i| apart(*i)).sum::<f64>() / much.len() as f64;
        let worst = much.iter().map(|i| (apart(*i) - mean).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-5, "{worst}");
    }
}

#[test]
fn the_fixed_point_is_the_exact_ground_state() {
    let soft = {
        let grid = Arc::new(Grid::centred(101, 0.2));
        let potential = grid.xs().iter().map(|x| -2.0 / (1.0 + x * x).sqrt()).collect();
        let w = |r: f64| Ok::<f64, ()>(1.0 / (1.0 + r * r).sqrt());
        let interaction = Interaction::sample("soft", &grid, &mut |r| w(r)).expect("an interaction");
        let label = "soft".to_owned();
        Arc::new(System {
            label,
            grid,
            interaction,
            nuclei: vec![],
            potential,
            nuclear_repulsion: 0.0,
            electrons: 2,
            unpaired: 0,
        })
    };
    let systems = [
        pair(101, 0.2, &[(2.0, 0.0)], 0),
        pair(101, 0.2, &[(1.0, 0.0)], 0),
        pair(101, 0.2, &[(2.0, -0.9), (1.0, 1.1)], 0),
        pair(121, 0.2, &[(1.0, -2.0), (1.0, 2.0)], 0),
        pair(101, 0.2, &[(2.0, 0.0)], 2),
        soft,
    ];
    for system in &systems {
        let (run, reference) = (solved(system, &ScfOptions::default()), answer(system));
        assert_eq!(run.stop, Stop::Converged, "{}", run.residual);
        assert!((run.energy - reference.energy).abs() < 1e-9, "{} {}", run.energy, reference.energy);
        let n = run.total_density();
        let apart: Vec<f64> = n.iter().zip(reference.total_density()).map(|(a, b)| (a - b).abs()).collect();
        assert!(system.grid.integrate(&apart) < 1e-6, "{}", system.grid.integrate(&apart));
        let parts: f64 = run.parts.iter().map(|(_, energy)| energy).sum();
        assert!((parts - run.energy).abs() < 1e-12);
        // The energies come from above.
        assert!(run.energies.iter().all(|energy| *energy > reference.energy - 1e-9));
        let cation = Arc::new(System { electrons: 1, unpaired: 1, ..(**system).clone() });
        let level = run.orbital_energies[0][system.spins().0 - 1];
        assert!((level - (reference.energy - answer(&cation).energy)).abs() < 1e-5, "{level}");
    }
}

#[test]
fn three_and_four_electrons_have_potentials_of_each_spin() {
    // The first with the ground state's spin; the last in the order of growing cost.
    for (points, spacing, nuclei, electrons, unpaired) in [
        (41, 0.4, &[(3.0, 0.0)][..], 3, 1),
        (41, 0.4, &[(2.0, -0.8), (1.0, 1.2)], 3, 1),
        (31, 0.5, &[(3.0, 0.0)], 3, 3),
        (17, 0.7, &[(2.0, -1.4), (2.0, 1.4)], 4, 0),
        (17, 0.7, &[(3.0, 0.0)], 4, 2),
    ] {
        let system = System { electrons, unpaired, ..(*pair(points, spacing, nuclei, 0)).clone() };
        let system = Arc::new(system);
        let options = ScfOptions { tolerance: Some(1e-7), ..ScfOptions::default() };
        let (run, reference) = (solved(&system, &options), answer(&system));
        assert_eq!(run.stop, Stop::Converged, "{electrons} {unpaired}: {}", run.residual);
        // Determinants are above by their error.
        let above = reference.energy - run.energy;
        assert!(above > -1e-9 && above < 2e-6, "{electrons} {unpaired}: {above:e}");
        for (found, wanted) in run.density.iter().zip(&reference.density) {
            let apart: Vec<f64> = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).collect();
            assert!(system.grid.integrate(&apart) < 1e-3, "{electrons} {unpaired}");
        }
        let parts: f64 = run.parts.iter().map(|(_, energy)| energy).sum();
        assert!((parts - run.energy).abs() < 1e-12);
        // An electron less of the spin with the highest level: its energy is that far above.
        for (spin, count) in [(0, system.spins().0), (1, system.spins().1)] {
            if count == 0 {
                continue;
            }
            let unpaired = if spin == 0 { unpaired.abs_diff(1) } else { unpaired + 1 };
            let ion = Arc::new(System { electrons: electrons - 1, unpaired, ..(*system).clone() });
            let level = run.orbital_energies[spin][count - 1];
            assert!((level - (run.energy - answer(&ion).energy)).abs() < 1e-5, "{electrons} {spin}: {level}");
        }
    }
}

#[test]
fn the_potential_is_the_derivative_of_the_energy() {
    for (electrons, unpaired) in [(2, 0), (2, 2), (3, 1)] {
        let (points, spacing) = if electrons == 2 { (101, 0.2) } else { (41, 0.4) };
        let of = |nuclei: &[(f64, f64)]| {
            Arc::new(System { electrons, unpaired, ..(*pair(points, spacing, nuclei, 0)).clone() })
        };
        let ends = [of(&[(2.0, -0.5)]), of(&[(1.0, -1.0), (1.2, 1.2)])].map(|system| answer(&system).density);
        let system = of(&[(0.0, 0.0)]);
        let between = |t: f64| {
            [0, 1].map(|s: usize| {
                let path = ends[0][s].iter().zip(&ends[1][s]);
                path.map(|(a, b)| (1.0 - t) * a + t * b).collect::<Vec<f64>>()
            })
        };
        let (t, step) = (0.4, 0.02);
        let middle = at(&system, &between(t));
        let energy = |t: f64| at(&system, &between(t)).xc_energy;
        let slope = (8.0 * (energy(t + step) - energy(t - step)) - energy(t + 2.0 * step) + energy(t - 2.0 * step))
            / (12.0 * step);
        let change = |s: usize| -> Vec<f64> { ends[0][s].iter().zip(&ends[1][s]).map(|(a, b)| b - a).collect() };
        let wanted: f64 = (0..2).map(|s| system.grid.overlap(&middle.xc_potential[s], &change(s))).sum();
        assert!((slope - wanted).abs() < 1e-6 * (1.0 + wanted.abs()), "{unpaired}: {slope} {wanted}");
    }
}

#[test]
fn one_electron_and_electrons_without_interaction_need_no_interacting_inversion() {
    let one = Arc::new(System { electrons: 1, unpaired: 1, ..(*pair(101, 0.2, &[(1.0, 0.3)], 0)).clone() });
    let run = solved(&one, &ScfOptions::default());
    assert!(run.converged() && (run.energy - answer(&one).energy).abs() < 1e-10);
    assert_eq!(run.part("xc_energy"), run.part("hartree_energy").map(|energy| -energy));
    let free = System { electrons: 5, unpaired: 1, interaction: Interaction::None, ..(*one).clone() };
    let free = Arc::new(free);
    let run = solved(&free, &ScfOptions::default());
    assert!(run.converged() && (run.energy - answer(&free).energy).abs() < 1e-8, "{}", run.energy);
    assert_eq!(run.part("xc_energy"), Some(0.0));
}

#[test]
fn short_steps_converge_and_fixed_numbers_of_iterations_are_done() {
    let system = pair(101, 0.2, &[(2.0, 0.0)], 0);
    let linear = |alpha: f64, tolerance: Option<f64>, iterations: usize| {
        let mixing = Mixing::Linear { alpha, decay: 1.0, history: 1 };
        solved(&system, &ScfOptions { mixing, tolerance, iterations, ..ScfOptions::STANDARD })
    };
    let run = linear(0.5, Some(1e-4), 100);
    assert!(run.stop == Stop::Converged && run.densities.len() == run.iterations && run.iterations < 30);
    let run = linear(0.5, None, 3);
    assert_eq!((run.stop, run.iterations, run.converged()), (Stop::Fixed, 3, false));
    assert_eq!(run.warnings.len(), 1);
}

#[test]
fn what_cannot_be_done_is_an_error() {
    let helium = pair(101, 0.2, &[(2.0, 0.0)], 0);
    let refused = |electrons: usize| {
        let system = Arc::new(System { electrons, unpaired: electrons % 2, ..(*helium).clone() });
        solve(&system, &ScfOptions::default(), &InitialDensity::NonInteracting, &Quiet).err()
    };
    assert!(matches!(refused(5), Some(FunctionalError::Electrons { electrons: 5, .. })));
    assert!(matches!(refused(4), Some(FunctionalError::Points { electrons: 4, points: 101, most: 49 })));
    let none = System { electrons: 0, unpaired: 0, ..(*helium).clone() };
    assert!(ExactFunctional::new(&none, true).is_err());
    // A density with a jump is that of no ground state.
    let n = answer(&helium).density;
    let mut jump: Vec<f64> = n[0].iter().enumerate().map(|(i, n)| if i < 50 { 1.5 * n } else { 0.5 * n }).collect();
    let all = helium.grid.integrate(&jump);
    jump.iter_mut().for_each(|n| *n /= all);
    let mut functional = ExactFunctional::new(&helium, false).expect("a functional");
    let broken = functional.at(&[jump.clone(), jump], 1e-9, &Quiet);
    assert!(broken.as_ref().map_or_else(FunctionalError::of_density, |at| at.residual < 1e-6), "{broken:?}");
    let three = [n[0].iter().map(|n| 2.0 * n).collect::<Vec<f64>>(), n[0].clone()];
    assert!(functional.at(&three, 1e-9, &Quiet).err().is_some_and(|error| error.of_density()));
    let two = functional.at(&[n[0].clone(), vec![0.0; 101]], 1e-9, &Quiet).err();
    assert!(two.is_some_and(|error| error.of_density()));
}

/// Interrupts after it has been asked a number of times.
struct Patient(AtomicUsize);

impl Control for Patient {
    fn report(&self, _: Event) {}
    fn interrupted(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) > 60
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn it_can_be_interrupted() {
    let system = pair(101, 0.2, &[(1.0, -2.0), (1.0, 2.0)], 0);
    let patient = Patient(AtomicUsize::new(0));
    match solve(&system, &ScfOptions::default(), &InitialDensity::NonInteracting, &patient) {
        Ok(run) => assert_eq!(run.stop, Stop::Interrupted),
        Err(error) => assert!(error.to_string().contains("interrupted"), "{error}"),
    }
}

/// Helium and hydrogen far apart: at the mean-field density no potential is found, and the first density is another one.
#[test]
fn unequal_atoms_far_apart() {
    let pair = pair(45, 0.4, &[(2.0, -3.2), (1.0, 3.2)], 0);
    let three = Arc::new(System { electrons: 3, unpaired: 1, ..(*pair).clone() });
    let run = solved(&three, &ScfOptions { tolerance: Some(1e-7), ..ScfOptions::default() });
    assert!(run.converged() && run.iterations <= 20, "{} {}", run.iterations, run.residual);
    let wanted = exact(&three, &Options::default(), &Quiet).expect("an answer");
    assert!((run.energy - wanted.energy).abs() < 1e-6, "{} {}", run.energy, wanted.energy);
}

#[test]
fn a_run_that_asks_for_too_much_gives_its_best_iteration() {
    let options = ScfOptions { tolerance: Some(1e-20), iterations: 40, ..ScfOptions::default() };
    let run = solved(&pair(97, 0.2, &[(2.0, 0.0)], 0), &options);
    assert!(!run.converged() && run.residual < 1e-9, "{}", run.residual);
    let least = run.residuals.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(run.residual <= 10.0 * least, "{} {least}", run.residual);
}

#[test]
fn the_gap_of_electrons_of_one_spin_is_theirs() {
    let triplet = pair(121, 0.16, &[(2.0, 0.5)], 2);
    let run = solved(&triplet, &ScfOptions::default());
    let levels = &run.orbital_energies[0];
    assert_eq!(run.gap, Some(levels[2] - levels[1]));
}

/// Unequal atoms far apart: the density hardly depends on how deep one of them is, and only the response of the interacting electrons
/// says by how much.
#[test]
fn the_exact_density_of_unequal_atoms_far_apart_is_inverted() {
    let system = pair(121, 0.25, &[(1.0, -4.0), (1.5, 4.0)], 0);
    let reference = answer(&system);
    let found = at(&system, &reference.density);
    assert!(found.residual < 3e-9, "{}", found.residual);
    let universal = reference.energy - system.grid.overlap(&reference.total_density(), &system.potential);
    assert!((found.universal - universal).abs() < 1e-9, "{} {universal}", found.universal);
}

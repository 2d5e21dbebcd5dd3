use super::operator::Operator;
use super::*;
use crate::control::Event;
use crate::control::Quiet;
use crate::exact::Reference;
use crate::exact::solve as exact;
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::{Grid, Interaction, Wall};
use crate::tensor::vector::dot;
use faer::{Mat, Side};

pub(super) fn system(
    grid: Grid,
    interaction: Interaction,
    (electrons, unpaired): (usize, usize),
    v: impl Fn(f64) -> f64,
) -> Arc<System> {
    let potential = grid.xs().iter().map(|x| v(*x)).collect();
    let (grid, nuclei, label) = (Arc::new(grid), vec![], "atom".to_string());
    Arc::new(System { label, grid, interaction, nuclei, potential, nuclear_repulsion: 0.0, electrons, unpaired })
}

fn well(x: f64) -> f64 {
    -4.0 * (-0.5 * x * x).exp()
}

/// By determinants, even for few electrons.
pub(super) fn answer(system: &Arc<System>, accuracy: f64) -> Reference {
    let options = Options { accuracy, method: Some(&Determinants), ..Options::default() };
    exact(system, &options, &Quiet).expect("an answer")
}

/// Lowest energy by dense diagonalisation of all determinants of grid points, built directly from second quantisation.
fn dense(system: &System) -> f64 {
    let n = system.grid.points;
    let h = Hamiltonian::new(&system.grid, &system.potential);
    let kernel = system.interaction.kernel(&system.grid);
    let (up, down) = system.spins();
    // Bit s n + i: an electron of spin s on point i.
    let states: Vec<u64> = (0_u64..1 << (2 * n))
        .filter(|b| (b & ((1 << n) - 1)).count_ones() as usize == up && (b >> n).count_ones() as usize == down)
        .collect();
    let place: std::collections::BTreeMap<u64, usize> = states.iter().enumerate().map(|(k, b)| (*b, k)).collect();
    let mut matrix = Mat::<f64>::zeros(states.len(), states.len());
    let sign = |b: u64, q: usize| if (b & ((1 << q) - 1)).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    for (k, b) in states.iter().enumerate() {
        let electrons: Vec<usize> = (0..2 * n).filter(|q| b >> q & 1 == 1).collect();
        for (i, p) in electrons.iter().enumerate() {
            matrix[(k, k)] += electrons[..i].iter().map(|q| kernel[(p % n).abs_diff(q % n)]).sum::<f64>();
            for q in (0..2 * n).filter(|q| q / n == p / n) {
                let without = b & !(1 << p);
                if without >> q & 1 == 0 {
                    let to = without | 1 << q;
                    matrix[(place[&to], k)] += h.entry(p % n, q % n) * sign(without, *p) * sign(without, q);
                }
            }
        }
    }
    matrix.self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues")[0]
}

#[test]
fn all_determinants_of_a_tiny_grid_agree() {
    let soft = |r: f64| Ok::<_, ()>(1.0 / (r * r + 1.0).sqrt());
    for (points, spins) in [(9, (3, 1)), (9, (3, 3)), (7, (4, 0)), (7, (4, 2)), (8, (4, 4)), (7, (5, 1)), (6, (6, 0))] {
        for (tilt, stencil, wall) in [(0.0, 3, Wall::Zero), (0.3, 5, Wall::Odd)] {
            let grid = Grid::centred(points, 0.6).with_stencil(stencil).with_wall(wall);
            let soft = Interaction::sample("soft", &grid, &mut { soft }).expect("samples");
            for interaction in [Interaction::BAKER, soft] {
                let atom = system(grid.clone(), interaction, spins, |x| well(x) + tilt * x);
                let (found, exact) = (answer(&atom, 1e-11), dense(&atom));
                assert!((found.energy - exact).abs() < 1e-10, "{spins:?} {tilt}: {} {exact}", found.energy);
                assert!(found.error < 1e-10, "{}", found.error);
            }
        }
    }
}

#[test]
fn two_electrons_agree_with_the_product_grid() {
    let grid = Grid::centred(121, 0.15);
    for unpaired in [0, 2] {
        for tilt in [0.0, 0.2] {
            let pair = system(grid.clone(), Interaction::BAKER, (2, unpaired), |x| well(x) + tilt * x);
            let exact = exact(&pair, &Options::default(), &Quiet).expect("an answer");
            let found = answer(&pair, 1e-6);
            let above = found.energy - exact.energy;
            assert!(above > -1e-9 && above < found.error && found.error < 1e-6, "{unpaired} {tilt}: {above:e}");
            for spin in 0..2 {
                let both = found.density[spin].iter().zip(&exact.density[spin]);
                let squares: Vec<f64> = both.map(|(a, b)| (a - b).powi(2)).collect();
                assert!(grid.integrate(&squares) < 1e-8);
            }
            let [pairs, expected] = [&found, &exact].map(|of| of.pairs.as_ref().expect("pairs").on_grid(121));
            let worst = pairs.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-3, "{worst:e}");
            let [found, expected] = [found, exact].map(|of| of.occupations.expect("occupations"));
            assert!(found.iter().zip(&expected).take(6).all(|(a, b)| (a - b).abs() < 1e-5));
        }
    }
}

#[test]
fn the_zero_of_the_potential_does_not_matter() {
    let wells = |x: f64| 0.5 * x * x - 3.0 * (-(x - 1.0).powi(2)).exp();
    for spins in [(3, 1), (4, 0), (3, 3)] {
        for potential in [&well as &dyn Fn(f64) -> f64, &wells] {
            let at = |zero: f64| {
                let v = |x: f64| potential(x) + zero;
                answer(&system(Grid::centred(101, 0.15), Interaction::BAKER, spins, v), 1e-5)
            };
            let found = at(0.0);
            for zero in [-5.0, 0.4, 5.0] {
                let moved = at(zero);
                let apart = moved.energy - found.energy - zero * spins.0 as f64;
                assert!(apart.abs() < 1e-9, "{spins:?} {zero}: {apart:e}");
                let ratio = moved.error / found.error;
                assert!((ratio - 1.0).abs() < 1e-3, "{spins:?} {zero}: {ratio}");
                assert_eq!(moved.occupations.map(|n| n.len()), found.occupations.as_ref().map(Vec::len));
            }
        }
    }
}

#[test]
fn a_tiny_interaction_is_almost_none() {
    let none = Interaction::Exponential { amplitude: 1e-8, kappa: 1.0 };
    let grid = Grid::centred(101, 0.15);
    for spins in [(3, 1), (4, 0), (4, 4), (5, 1)] {
        let atom = system(grid.clone(), none.clone(), spins, |x| 0.5 * x * x);
        let alone = Arc::new(System { interaction: Interaction::None, ..(*atom).clone() });
        let (found, independent) =
            (answer(&atom, 1e-7), exact(&alone, &Options::default(), &Quiet).expect("an answer"));
        let up = found.energy - independent.energy;
        assert!(up > 0.0 && up < 2e-7, "{spins:?}: {up:e}");
        for spin in 0..2 {
            let both = found.density[spin].iter().zip(&independent.density[spin]);
            assert!(both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-6);
        }
    }
}

#[test]
fn the_density_is_the_derivative_of_the_energy() {
    let bump = |x: f64| (-(x - 0.7).powi(2)).exp();
    for spins in [(3, 1), (4, 0)] {
        let at = |step: f64| {
            let v = |x: f64| well(x) + step * bump(x);
            answer(&system(Grid::centred(81, 0.2), Interaction::BAKER, spins, v), 1e-7)
        };
        let slope = (at(0.002).energy - at(-0.002).energy) / 0.004;
        let found = at(0.0);
        let grid = &found.system.grid;
        let felt: Vec<f64> =
            grid.xs().iter().enumerate().map(|(i, x)| (found.density[0][i] + found.density[1][i]) * bump(*x)).collect();
        assert!((slope - grid.integrate(&felt)).abs() < 3e-5, "{slope} {}", grid.integrate(&felt));
    }
}

/// Initial orbitals of the mean field.
fn begun(system: &System, field: &Field, count: usize) -> Basis {
    let screened = field.screened(system, &field.self_consistent_density(system).expect("a density"));
    mean_field(field, &screened, count).expect("orbitals")
}

/// <S²> of a state: S_z (S_z + 1) plus <S_- S_+>.
fn total_spin(space: &Space, state: &[f64]) -> f64 {
    let (up, down) = (space.up.electrons() as f64, space.down.electrons() as f64);
    let z = 0.5 * (up - down);
    let two = density::Two::new(space, &[state.to_vec()]).whole();
    let k = space.orbitals();
    // The exchange of two electrons, summed over pairs: N - N²/4 - S(S+1) = sum_pq <a+_ps a+_qt a_pt.. a_qs> / 2.
    let exchanged: f64 =
        (0..k).flat_map(|p| (0..k).map(move |q| (p, q))).map(|(p, q)| two[(p * k + q, q * k + p)]).sum();
    let n = up + down;
    let spin = n - 0.25 * n * n - 0.5 * exchanged;
    assert!(spin > z * (z + 1.0) - 1e-9, "{spin}");
    spin
}

#[test]
fn states_have_the_spin_asked_for() {
    // Three wells far apart: doublets and quartet are almost degenerate.
    let wells = |x: f64| [-4.5, 0.0, 4.5].iter().map(|c| -1.5 * (-(x - c).powi(2)).exp()).sum();
    for (spins, expected) in [((3, 1), 0.75), ((3, 3), 3.75), ((4, 0), 0.0), ((4, 2), 2.0)] {
        let atom = system(Grid::centred(121, 0.15), Interaction::BAKER, spins, wells);
        let field = Field::new(&atom);
        let mut first = Calculation::new(&atom, &field, begun(&atom, &field, 12));
        let watch = Watch::new(&atom, &Options::default(), &Quiet);
        let found = first.ground((1e-10, true), &watch).expect("a state");
        let states = (&found.states[..], 1);
        let natural = Natural::new(&first.basis, first.space, states, &watch).expect("orbitals");
        let two = density::Two::new(&natural.space, natural.mean()).whole();
        let growth = growth(&atom, &field, &natural, &two).expect("growth");
        let (_, space, states) = grown(&natural, &growth, (LEAST_CONTRIBUTION, 6)).expect("more orbitals");
        for (space, states) in [(&natural.space, &natural.states), (&space, &states)] {
            for state in states {
                let norm = dot(state, state);
                let spin = total_spin(space, &state.iter().map(|c| c / norm.sqrt()).collect::<Vec<_>>());
                assert!((spin - expected).abs() < 1e-6, "{spins:?}: {spin}");
            }
        }
    }
}

#[test]
fn the_operator_is_symmetric_and_the_same_in_any_orbitals() {
    for (spins, tilt) in [((5, 1), 0.0), ((4, 0), 0.2), ((3, 3), 0.0), ((3, 1), 0.1)] {
        let atom = system(Grid::centred(61, 0.3), Interaction::BAKER, spins, |x| well(x) + tilt * x);
        let field = Field::new(&atom);
        let mut calculation = Calculation::new(&atom, &field, begun(&atom, &field, 9));
        let integrals = Integrals::new(&atom, &field.hamiltonian, &calculation.basis);
        let watch = Watch::new(&atom, &Options::default(), &Quiet);
        let operator = Operator::new(&calculation.space, &integrals, &watch);
        let random = |seed: u64| -> Vec<f64> {
            let mut state = seed;
            let mut vector: Vec<f64> = (0..calculation.space.len())
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
                })
                .collect();
            if calculation.space.balanced() {
                let other = calculation.space.transpose(&vector);
                vector.iter_mut().zip(other).for_each(|(x, y)| *x = 0.5 * (*x + y));
            }
            vector
        };
        let (a, b) = (random(1), random(2));
        let (left, right) = (dot(&b, &operator.apply(&a)), dot(&a, &operator.apply(&b)));
        assert!((left - right).abs() < 1e-10 * left.abs().max(1.0), "{spins:?} {left} {right}");
        let found = calculation.ground((1e-13, false), &watch).expect("a state");
        let states = (&found.states[..], 1);
        let natural = Natural::new(&calculation.basis, calculation.space, states, &watch).expect("orbitals");
        let integrals = Integrals::new(&atom, &field.hamiltonian, &natural.basis);
        let state = &natural.states[0];
        let image = Operator::new(&natural.space, &integrals, &watch).apply(state);
        assert!((dot(state, &image) - found.energies[0]).abs() < 1e-10);
        assert!((dot(state, state) - 1.0).abs() < 1e-11);
        // The density matrices give the energy too.
        let [up, down] = density::one(&natural.space, natural.mean());
        let two = density::Two::new(&natural.space, natural.mean()).whole();
        let k = natural.basis.vectors.len();
        let mut energy = 0.0;
        for p in 0..k {
            for q in 0..k {
                energy += (up[(p, q)] + down[(p, q)]) * integrals.one[(p, q)];
                for r in 0..k {
                    for s in 0..k {
                        energy += 0.5 * two[(p * k + q, r * k + s)] * integrals.coulomb(p, q, r, s);
                    }
                }
            }
        }
        assert!((energy - found.energies[0]).abs() < 1e-9, "{energy} {}", found.energies[0]);
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let atom = system(Grid::centred(121, 0.15), Interaction::BAKER, (4, 0), well);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| answer(&atom, 1e-5))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.energy.to_bits(), three.energy.to_bits());
    assert_eq!((one.density, one.occupations), (three.density, three.occupations));
}

#[test]
fn pairs_add_up_to_electrons() {
    for spins in [(3, 1), (4, 2), (3, 3)] {
        let atom = system(Grid::centred(91, 0.2), Interaction::BAKER, spins, |x| well(x) + 0.1 * x);
        let found = answer(&atom, 1e-4);
        let (n, h) = (atom.grid.points, atom.grid.spacing);
        let pairs = found.pairs.expect("pairs").on_grid(n);
        for i in 0..n {
            let others = h * pairs[i * n..(i + 1) * n].iter().sum::<f64>();
            let density = found.density[0][i] + found.density[1][i];
            assert!((others - (spins.0 - 1) as f64 * density).abs() < 1e-10);
            assert!(pairs[i * n + i] > -1e-12 && (spins.0 != spins.1 || pairs[i * n + i] < 1e-10));
        }
        // Half of the pairs' interaction is the derivative of the energy with respect to its strength.
        let weaker = |factor: f64| {
            let interaction = Interaction::Exponential { amplitude: 1.071295 * factor, kappa: 1.0 / 2.385345 };
            answer(&Arc::new(System { interaction, ..(*atom).clone() }), 1e-5).energy
        };
        let kernel = atom.interaction.kernel(&atom.grid);
        let repulsion: f64 = (0..n * n).map(|k| 0.5 * h * h * pairs[k] * kernel[(k / n).abs_diff(k % n)]).sum();
        let slope = (weaker(1.01) - weaker(0.99)) / 0.02;
        assert!((slope - repulsion).abs() < 2e-3, "{spins:?}: {slope} {repulsion}");
    }
}

/// Interrupted, or out of time, after some events.
struct Impatient {
    events: std::sync::atomic::AtomicUsize,
    patience: usize,
}

impl Control for Impatient {
    fn report(&self, _: Event) {
        self.events.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    fn interrupted(&self) -> bool {
        self.events.load(std::sync::atomic::Ordering::Relaxed) >= self.patience
    }
    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.events.load(std::sync::atomic::Ordering::Relaxed) as u64)
    }
}

#[test]
fn interruption_and_time_limits() {
    let atom = system(Grid::centred(91, 0.2), Interaction::BAKER, (4, 0), well);
    let run = |patience: usize, seconds: u64| {
        let options = Options { accuracy: 1e-6, time_limit: Some(Duration::from_secs(seconds)), method: None };
        solve(&atom, &options, &Impatient { events: 0.into(), patience })
    };
    assert!(matches!(run(2, 100), Err(ExactError::Interrupted { .. })));
    let fine = answer(&atom, 1e-6);
    for seconds in [0, 2, 4] {
        let rough = run(usize::MAX, seconds).expect("an answer");
        let above = rough.energy - fine.energy;
        assert!(above > 0.0 && above < rough.error && rough.error > 1e-6, "{above:e} {:e}", rough.error);
    }
}

#[test]
fn energies_fall_as_orbitals_grow_and_errors_are_not_too_small() {
    let wells = |x: f64| [-3.0, 0.5, 3.0].iter().map(|c| -2.0 * (-(x - c).powi(2)).exp()).sum();
    for spins in [(3, 1), (4, 0), (4, 2)] {
        for potential in [&well as &dyn Fn(f64) -> f64, &wells] {
            let atom = system(Grid::centred(91, 0.2), Interaction::BAKER, spins, potential);
            let best = answer(&atom, 1e-6).energy;
            for accuracy in [1e-3, 1e-4, 1e-5] {
                let found = answer(&atom, accuracy);
                let above = found.energy - best;
                assert!(above > -1e-10 && above < found.error && found.error <= accuracy, "{spins:?}: {above:e}");
            }
        }
    }
}

#[test]
fn strong_repulsion_takes_many_orbitals() {
    // Four electrons in a wide trap, spread over more orbitals than there are initially.
    let grid = Grid::centred(121, 0.25);
    let repulsion = |r: f64| Ok::<_, ()>(3.0 / (1.0 + r));
    let interaction = Interaction::sample("long", &grid, &mut { repulsion }).expect("samples");
    for spins in [(4, 0), (4, 2)] {
        let atom = system(grid.clone(), interaction.clone(), spins, |x| 0.05 * x * x);
        let (rough, fine) = (answer(&atom, 1e-3), answer(&atom, 5e-5));
        assert!(fine.error <= 5e-5, "{:e}", fine.error);
        let above = rough.energy - fine.energy;
        assert!(above > 0.0 && above < rough.error && rough.error <= 1e-3, "{above:e} {:e}", rough.error);
    }
}

use super::empty::lowest_empty;
use crate::control::Quiet;
use crate::interp::tests::helpers::{interpreter, number, take_shown, value, values};
use crate::interp::value::Value as Answer;
use crate::ks::direct::State;
use crate::ks::direct::tests::{check_derivatives, lopsided};
use crate::ks::{Equations, InitialDensity, KohnSham, Occupation, ScfOptions, Setting, solve_bound};
use crate::model::{Interaction, System};
use crate::tensor::{Cpu, Device, NoneTape};
use crate::train::evaluate;
use faer::{Mat, Side};
use std::sync::Arc;

const HEAD: &str = "use std.functionals\nuse std.molecules\ngrid line = uniform(points: 129, spacing: 0.25)\n\
    system ion(Z, N, unpaired = mod(N, 2)) on line { nucleus(Z) at 0.13; electrons: N; unpaired: unpaired }\n\
    functional hybrid(n_up, n_down) {\n  param a = 0.4 in 0 .. 1\n  param b = 0.9\n\
      let share = a * n_up / (0.2 + n_up + n_down) + 0.1\n\
      share * exact_exchange + b * (1 - share) * functionals.lsda(n_up, n_down)\n}\n";

/// The calculation of a system with a functional, both as scripts.
fn bound(functional: &str, system: &str) -> KohnSham<Cpu> {
    let mut interpreter = interpreter();
    take_shown();
    interpreter.run("test.ksr", &format!("{HEAD}{system}\n{functional}")).expect("values");
    let mut found = take_shown();
    let (Some(functional), Some(Answer::System(system))) = (found.pop(), found.pop()) else { panic!("no system") };
    let (functional, params) = interpreter.compiled(&functional, Default::default()).expect("a functional");
    let occupation = Occupation::of(&system);
    let setting = Setting { system: &system, functional: &functional, occupation: &occupation, symmetric: false };
    let equations = Arc::new(Equations::new(&setting).expect("equations"));
    KohnSham::new(&equations, &Cpu::default(), &params, NoneTape).expect("a calculation").0
}

/// Orbitals of the local potential alone, and a rotation of them without symmetry.
fn state_and_rotation(ks: &KohnSham<Cpu>) -> (State<Cpu>, Vec<f64>) {
    let start = InitialDensity::NonInteracting;
    let orbitals = super::start::orbitals(ks, &start, &Quiet).expect("orbitals");
    let state = State::new(ks, orbitals).expect("a state");
    let rotation = lopsided(ks, &state);
    (state, rotation)
}

#[test]
fn gradient_and_second_derivative_are_those_of_the_energy() {
    for (functional, system) in
        [("hybrid", "ion(3, 3)"), ("hybrid", "molecules.lih(line)"), ("hartree_fock", "ion(4, 3)")]
    {
        let ks = bound(functional, system);
        let (state, rotation) = state_and_rotation(&ks);
        check_derivatives(&ks, &state, &rotation, system);
    }
}

/// Hartree-Fock with dense matrices and nothing else of this crate: energy, and the levels of up and down.
fn dense(system: &System, start: &[Vec<f64>; 2]) -> (f64, [Vec<f64>; 2]) {
    let (n, h) = (system.grid.points, system.grid.spacing);
    let w = |i: usize, j: usize| {
        let r = i.abs_diff(j) as f64 * h;
        if system.interaction == Interaction::BAKER {
            1.071295 * (-r / 2.385345).exp()
        } else {
            1.0 / (r * r + 1.0).sqrt()
        }
    };
    let stencil = [-5.0 / 2.0, 4.0 / 3.0, -1.0 / 12.0];
    let core = Mat::from_fn(n, n, |i, j| {
        let kinetic = stencil.get(i.abs_diff(j)).map_or(0.0, |c| -0.5 * c / (h * h));
        kinetic + if i == j { system.potential[i] } else { 0.0 }
    });
    let counts = [system.spins().0, system.spins().1];
    // One-particle density matrices; at the start only their diagonals.
    let mut gamma = [0, 1].map(|s: usize| Mat::from_fn(n, n, |i, j| if i == j { h * start[s][i] } else { 0.0 }));
    let (mut energy, mut levels) = (0.0, [Vec::new(), Vec::new()]);
    let mut focks: [Mat<f64>; 2] = [core.clone(), core.clone()];
    for step in 0..400 {
        let v: Vec<f64> =
            (0..n).map(|i| (0..n).map(|j| w(i, j) * (gamma[0][(j, j)] + gamma[1][(j, j)])).sum()).collect();
        let mut next = 0.0;
        for s in 0..2 {
            let fock =
                Mat::from_fn(n, n, |i, j| core[(i, j)] + if i == j { v[i] } else { 0.0 } - w(i, j) * gamma[s][(i, j)]);
            next += 0.5
                * (0..n)
                    .map(|i| (0..n).map(|j| gamma[s][(i, j)] * (core[(i, j)] + fock[(i, j)])).sum::<f64>())
                    .sum::<f64>();
            let share = if step == 0 { 1.0 } else { 0.6 };
            focks[s] = Mat::from_fn(n, n, |i, j| share * fock[(i, j)] + (1.0 - share) * focks[s][(i, j)]);
        }
        for s in 0..2 {
            let eigen = focks[s].self_adjoint_eigen(Side::Lower).expect("eigenvalues");
            gamma[s] = Mat::from_fn(n, n, |i, j| (0..counts[s]).map(|k| eigen.U()[(i, k)] * eigen.U()[(j, k)]).sum());
            levels[s] = (0..=counts[s]).map(|k| eigen.S()[k]).collect();
        }
        if step > 20 && (next - energy).abs() < 1e-13 {
            break;
        }
        energy = next;
    }
    (energy, levels)
}

#[test]
fn hartree_fock_is_that_of_dense_matrices() {
    let soft = "system soft on line { interaction: soft_coulomb(); Li at -1; H at 1.5; unpaired: 2 }\nsoft";
    for system in ["ion(2, 2)", "ion(3, 3)", "ion(4, 4)", "ion(2, 2, unpaired: 2)", "molecules.lih(line)", soft] {
        let Answer::System(solved) = value(&format!("{HEAD}{system}")) else { panic!("no system") };
        let run = format!("{HEAD}{system}\n").replace("\nsoft\n", "\n");
        let name = if system == soft { "soft" } else { system };
        let Answer::Run(run) = value(&format!("{run}solve({name}, with: hartree_fock)")) else { panic!("no run") };
        assert!(run.converged(), "{system}");
        let (energy, levels) = dense(&solved, &run.density);
        assert!((run.energy - energy).abs() < 1e-9, "{system}: {} {energy}", run.energy);
        for (own, dense) in run.orbital_energies.iter().zip(&levels) {
            assert!(
                own.len() == dense.len() && own.iter().zip(dense).all(|(a, b)| (a - b).abs() < 1e-6),
                "{own:?} {dense:?}"
            );
        }
    }
}

#[test]
fn one_electron_and_two_of_opposite_spin_have_no_exchange_of_their_own() {
    let one = number(&format!("{HEAD}solve(ion(2, 1), with: hartree_fock).energy - exact(ion(2, 1)).energy"));
    assert!(one.abs() < 1e-10, "{one}");
    let two =
        number(&format!("{HEAD}let r = solve(ion(2, 2), with: hartree_fock)\nr.xc_energy + r.hartree_energy / 2"));
    assert!(two.abs() < 1e-10, "{two}");
}

#[test]
fn spins_that_may_differ_have_the_lower_energy_in_a_stretched_bond() {
    let script = format!(
        "{HEAD}system h2 on line {{ H at -3; H at 3 }}\nlet equal = solve(h2, with: hartree_fock)\n\
         let broken = solve(h2, with: hartree_fock, start: broken_spin)\nequal.energy - broken.energy\n\
         stability(equal).stable\nstability(broken).stable"
    );
    let found = values(&script);
    let [Answer::Number(gain), Answer::Bool(equal), Answer::Bool(broken)] = &found[..] else { panic!("{found:?}") };
    assert!(gain.value > 0.1 && !equal && *broken, "{}", gain.value);
}

#[test]
fn the_lowest_empty_level_is_that_of_the_whole_operator() {
    let ks = bound("hybrid", "ion(3, 3)");
    let run = solve_bound(&ks, "f", &ScfOptions::STANDARD, &InitialDensity::NonInteracting, &Quiet).expect("a run");
    let state = State::new(&ks, run.orbitals.to_vec()).expect("a state");
    let exchange = state.exchange.as_ref().expect("exchange");
    for channel in 0..2 {
        let points = ks.equations.system.grid.points;
        let columns: Vec<Vec<f64>> = (0..points)
            .map(|j| {
                let unit: Vec<f64> = (0..points).map(|i| f64::from(u8::from(i == j))).collect();
                let local = state.hamiltonians[channel].apply(&unit);
                exchange.apply(channel, &unit).iter().zip(local.iter()).map(|(k, h)| k + h).collect()
            })
            .collect();
        let whole = Mat::from_fn(points, points, |i, j| columns[j][i]);
        let levels = whole.self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues");
        let occupied = state.orbitals[channel].len();
        let (level, _) = lowest_empty("s", &state, channel, &Quiet).expect("no error").expect("a level");
        assert!((level - levels[occupied]).abs() < 1e-8, "{level} {}", levels[occupied]);
        assert!((state.levels[channel][occupied - 1] - levels[occupied - 1]).abs() < 1e-7);
    }
}

#[test]
fn the_gradient_of_training_is_the_slope_of_the_loss() {
    let losses = [
        "(run.energy - exact.energy)^2",
        "integral((run.density - exact.density)^2)",
        "integral((run.density_up - exact.density_up)^2) + run.kinetic_energy * 0.1 + run.external_energy * 0.03",
        "sum(run.orbital_energies)^2 + run.gap",
        "integral(run.density^2) * 0.01 + run.xc_energy",
    ];
    let open = [
        "run.orbital_energies.up[1] + 0.3 * run.orbital_energies.down[0]",
        "run.orbital_energies.up[2] + 0.3 * run.orbital_energies.down[1]",
    ];
    let closed = losses.map(|loss| (loss, "ion(4, 4)"));
    let open =
        open.map(|loss| (loss, "ion(3, 3)")).into_iter().chain(losses[..3].iter().map(|loss| (*loss, "ion(3, 3)")));
    for (loss, system) in closed.into_iter().chain(open) {
        let script = format!("{HEAD}loss l(run, exact) = {loss}\ntrain hybrid {{ on: {system}; loss: l }}");
        let Ok((_, plans)) = interpreter().plans("test.ksr", &script) else { panic!("no plan: {script}") };
        let plan = &plans[0];
        let params = plan.functional.initial(0);
        let (_, gradient) = evaluate(Device::Cpu, plan, &params).expect("a gradient");
        for i in 0..params.len() {
            let at = |step: f64| {
                let mut moved = params.clone();
                moved[i] += step;
                evaluate(Device::Cpu, plan, &moved).expect("a loss").0
            };
            let h = 2e-3;
            let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let size = gradient.iter().fold(1e-4f64, |size, g| size.max(g.abs()));
            assert!((slope - gradient[i]).abs() < 1e-6 * size, "{loss} of {system}, {i}: {slope} {}", gradient[i]);
        }
    }
}

#[test]
fn without_interaction_hartree_fock_is_exact() {
    let apart = number(
        "grid g = uniform(points: 97, spacing: 0.25 bohr)\n\
         system trap(N) on g { potential(x): 0.3 * x^2; interaction: none; electrons: N }\n\
         max([abs(solve(trap(N), with: hartree_fock).energy - exact(trap(N)).energy) for N in 1..8])",
    );
    assert!(apart < 1e-10, "{apart}");
}

#[test]
fn exact_exchange_may_drop_out() {
    let apart = number(
        "use std.functionals\ngrid g = uniform(points: 97, spacing: 0.25 bohr)\n\
         system atom(Z, N) on g { nucleus(Z) at 0; electrons: N }\n\
         functional none(n_up, n_down) = 0 * exact_exchange + functionals.lsda(n_up, n_down)\n\
         fn apart(s) = abs(solve(s, with: none).energy - solve(s, with: functionals.lsda).energy)\n\
         max([apart(atom(2, 2)), apart(atom(3, 3))])",
    );
    assert!(apart < 1e-8, "{apart}");
}

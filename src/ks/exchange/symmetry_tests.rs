//! Symmetric calculations with exact exchange, and where they begin.

use crate::interp::tests::helpers::{interpreter, take_lines, values};
use crate::interp::value::Value as Answer;
use crate::tensor::Device;
use crate::train::evaluate;

const HEAD: &str = "use std.functionals\ngrid line = uniform(points: 121, spacing: 0.2)\n\
    system h2(R) on line { H at -R / 2; H at R / 2 }\nsystem h2_plus on line { H at -4; H at 4; electrons: 1 }\n\
    functional hybrid(n) {\n  param a = 0.6 in 0 .. 1\n  a * exact_exchange + (1 - a) * functionals.exchange(n)\n}\n";

/// The numbers and truths that a script shows.
fn numbers(script: &str) -> Vec<f64> {
    let number = |answer: &Answer| match answer {
        Answer::Number(q) => q.value,
        Answer::Bool(yes) => f64::from(u8::from(*yes)),
        other => panic!("{script}: {other:?}"),
    };
    values(&format!("{HEAD}{script}")).iter().map(number).collect()
}

#[test]
fn a_symmetric_run_is_converged_where_the_plain_one_is() {
    // A wide gap, none (even and odd levels coincide), orbitals of both parities.
    for system in
        ["H at -4; H at 4; electrons: 1", "H at -1.6; H at 1.6", "H at -8; H at 8; unpaired: 2", "Li at 0", "Be at 0"]
    {
        take_lines();
        let found = numbers(&format!(
            "system s on line {{ {system} }}\nlet kept = solve(s, with: hartree_fock, symmetric: true)\n\
             let plain = solve(s, with: hartree_fock)\nkept.converged\nkept.residual\nkept.energy - plain.energy\n\
             max(abs(kept.density - plain.density))"
        ));
        let [converged, residual, apart, farthest] = found[..] else { panic!("{found:?}") };
        assert!(converged == 1.0 && residual < 1e-8, "{system}: {residual}");
        assert!(apart.abs() < 1e-9 && farthest < 1e-5, "{system}: {apart} {farthest}");
        let told = take_lines();
        assert!(!told.iter().any(|line| line.contains("not_converged")), "{told:?}");
    }
}

#[test]
fn a_symmetric_run_stays_symmetric_where_another_one_is_lower() {
    let found = numbers(
        "system s on line { H at -4; H at 4; electrons: 3 }\nlet kept = solve(s, with: hartree_fock, symmetric: true)\n\
         kept.converged\nkept.energy - solve(s, with: hartree_fock).energy\n\
         max([abs(kept.density[k] - kept.density[120 - k]) for k in 0 .. 60])",
    );
    let [converged, above, lopsided] = found[..] else { panic!("{found:?}") };
    assert!(converged == 1.0 && above > 1e-3 && lopsided < 1e-9, "{found:?}");
}

#[test]
fn the_gradient_of_symmetric_training_is_the_slope_of_the_loss() {
    let script = format!(
        "{HEAD}loss l(run, exact) = (run.energy - exact.energy)^2 + integral((run.density - exact.density)^2)\n\
         train hybrid {{ on: [h2_plus, h2(3.2)]; loss: l; scf: {{ symmetric: true }} }}"
    );
    let Ok((_, plans)) = interpreter().plans("test.ksr", &script) else { panic!("no plan") };
    let at = |a: f64| evaluate(Device::Cpu, &plans[0], &[a]).expect("a loss");
    let (start, h) = (plans[0].functional.initial(0)[0], 1e-3);
    let (_, gradient) = at(start);
    let values = [h, -h, 2.0 * h, -2.0 * h].map(|step| at(start + step).0);
    let slope = (8.0 * (values[0] - values[1]) - (values[2] - values[3])) / (12.0 * h);
    assert!((slope - gradient[0]).abs() < 1e-7 * slope.abs().max(1e-3) && slope != 0.0, "{slope} {gradient:?}");
}

#[test]
fn a_run_with_broken_spin_to_begin_with_keeps_it() {
    for distance in [6, 8] {
        let found = numbers(&format!(
            "let s = h2({distance})\nlet lsda = solve(s, with: functionals.lsda, start: broken_spin)\n\
             let equal = solve(s, with: hartree_fock)\nlet broken = solve(s, with: hartree_fock, start: lsda)\n\
             broken.converged\nequal.energy - broken.energy\n\
             broken.energy - solve(s, with: hartree_fock, start: broken_spin).energy\nintegral(abs(broken.density_up - broken.density_down))"
        ));
        let [converged, gain, apart, spins] = found[..] else { panic!("{found:?}") };
        assert!(converged == 1.0 && gain > 0.2 && apart.abs() < 1e-9 && spins > 1.5, "{distance}: {found:?}");
    }
}

#[test]
fn electrons_without_a_partner_never_end_above_the_plain_run() {
    for system in ["H at -4; H at 4; electrons: 3", "H at -4; H at 0; H at 4"] {
        let found = numbers(&format!(
            "system s on line {{ {system} }}\nlet broken = solve(s, with: hartree_fock, start: broken_spin)\n\
             broken.converged\nbroken.energy - solve(s, with: hartree_fock).energy"
        ));
        assert!(found[0] == 1.0 && found[1] < 1e-9, "{system}: {found:?}");
    }
}

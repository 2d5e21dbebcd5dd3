//! Losses that see the functional, other losses and several systems: their gradients, and what they are for finished runs.

use crate::functional::DENSITY_SHIFT;
use crate::interp::tests::helpers::{code, interpreter, texts, values};
use crate::interp::value::Value;
use crate::tensor::Device;
use crate::train::{self, Plan};

pub(super) const HEAD: &str = "use std.losses\nuse std.functionals\nuse std.networks\n\
    grid g = uniform(points: 65, spacing: 0.25)\nsystem h on g { H at 0 }\nsystem he on g { He at 0.5 }\n\
    system li on g { Li at 0 }\n\
    functional other(n) {\n  param c ~ normal(1, 1)\n  -c * n\n}\n\
    functional bare(n) = -0.2 * n\n\
    functional part(n) {\n  param c = 0.3 in 0 .. 1\n  -c * n^2\n}\n\
    functional f(n_up, n_down) {\n  let n = n_up + n_down\n  param a = 0.5\n  param b[3] ~ normal(0.2, 0.1)\n  \
    -a * n / (1 + n) + sum(b) * grad(n_up)^2 / (1 + n) + part(n) + bare(n) + 0.1 * (n_up - n_down)^2\n}\n";

pub(super) fn plan(text: &str) -> Plan {
    let script = format!("{HEAD}{text}");
    let (_, mut plans) = interpreter().plans("test.ksr", &script).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    plans.pop().expect("a plan")
}

/// Compares the gradient with central differences.
pub(super) fn check(name: &str, plan: &Plan) {
    let params = plan.functional.initial(1);
    let at = |params: &[f64]| train::evaluate(Device::Cpu, plan, params).unwrap_or_else(|e| panic!("{name}: {e}"));
    let (_, gradient) = at(&params);
    let step = 1e-5;
    for k in 0..params.len() {
        let moved = |by: f64| {
            let mut moved = params.clone();
            moved[k] += by;
            at(&moved).0
        };
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        let scale = 1e-3 + gradient.iter().fold(0.0f64, |a, g| a.max(g.abs()));
        assert!((gradient[k] - slope).abs() < 2e-6 * scale, "{name}, {k}: {} {slope}", gradient[k]);
    }
}

const LOSSES: [(&str, &str); 9] = [
    ("the energy at a fixed density", "(run.energy - exact.energy)^2 + energy(run.functional, exact.density)^2"),
    ("by name", "energy(f, exact.density_up, exact.density_down)^2"),
    ("the energy at the run's density", "energy(run.functional, run.density_up, run.density_down)"),
    ("per electron", "integral(run.functional(exact.density) * g.x^2)"),
    (
        "the potential",
        "integral((potential(run.functional, exact.density) - potential(functionals.lda, exact.density))^2)",
    ),
    ("both potentials", "integral((potential(f, exact.density_up, run.density_down).up + 0.3)^2)"),
    (
        "another functional",
        "energy(other, exact.density)^2 + energy(bare, run.density) + energy(functionals.lsda, run.density)",
    ),
    ("parameters", "norm(run.parameters)^2 + run.parameters.c + max(run.parameters.b) * sum(run.parameters.b^2)"),
    ("other losses", "losses.ksr(run, exact, skip: 2) + losses.final(run, exact) * run.gap + run.distance * 0"),
];

#[test]
fn gradients_of_losses_that_see_the_functional() {
    for (name, body) in LOSSES {
        let body = body.replace(" + run.distance * 0", "");
        for system in ["he", "li"] {
            check(
                name,
                &plan(&format!(
                    "loss mine(run, exact) = {body}\n\
                     train f {{ on: [{system}]; loss: mine; scf: {{ iterations: 4, mixing: linear(0.5) }} }}"
                )),
            );
        }
    }
}

#[test]
fn gradients_of_converged_calculations_and_groups() {
    let implicit = "gradient: implicit; scf: { tolerance: 1e-11 }";
    let unrolled = "scf: { iterations: 4, mixing: linear(0.5) }";
    for how in [implicit, unrolled] {
        check(
            how,
            &plan(&format!(
                "loss mine(run, exact) = {} + norm(run.parameters)^2\ntrain f {{ on: [he, li]; loss: mine; {how} }}",
                LOSSES[0].1
            )),
        );
        check(
            how,
            &plan(&format!(
                "loss pair(run, exact) = (run[0].energy - 2 * run[1].energy - exact[0].energy + 2 * exact[1].energy)^2 + \
                 energy(run[1].functional, run[0].density) * norm(run[0].parameters) + sum([r.residual for r in run])\n\
                 train f {{ on: [[he, h], [li, h]]; loss: pair; {how} }}"
            )),
        );
        // No density of a run, or none of one member, is used.
        for (body, on) in [
            ("energy(run.functional, exact.density)^2 + norm(run.parameters)", "he"),
            ("energy(run[0].functional, exact[1].density)^2 + run[1].energy + 0 * run[0].energy", "[he, li]"),
        ] {
            check(how, &plan(&format!("loss mine(run, exact) = {body}\ntrain f {{ on: [{on}]; loss: mine; {how} }}")));
        }
    }
}

#[test]
fn a_loss_that_sees_the_functional_is_the_same_for_finished_runs() {
    for (name, body) in LOSSES {
        let body = body.replace(" + run.distance * 0", "");
        let text = format!(
            "{HEAD}loss mine(run, exact) = {body}\nlet scf = {{ iterations: 4, mixing: linear(0.5) }}\n\
             let m = train f {{ on: [li]; loss: mine; scf: scf; optimizer: lbfgs(steps: 2) }}\n\
             let r = solve(li, with: m, remedies: false)\nm.loss\nmine(r, exact(li))\nmine(r, li)"
        );
        let found = values(&text);
        let numbers: Vec<f64> = found
            .iter()
            .map(|value| match value {
                Value::Number(q) if q.dim.is_plain() => q.value,
                other => panic!("{name}: {other:?}"),
            })
            .collect();
        for other in &numbers[1..] {
            assert!((numbers[0] - other).abs() <= 1e-9 * numbers[0].abs().max(1e-3), "{name}: {numbers:?}");
        }
    }
}

#[test]
fn a_weight_of_what_the_loss_sees_of_the_functional_matters() {
    let text = format!(
        "{HEAD}loss mine(run, exact, w = 1) = losses.final(run, exact) + w * energy(f, exact.density)^2\n\
         fn at(w) = (train f {{ on: [he]; loss: mine(w: w); optimizer: lbfgs(steps: 8) }}).parameters.a\n\
         abs(at(0) - at(1)) > 1e-3\nabs(at(1) - at(100)) > 1e-3"
    );
    assert_eq!(texts(&text), ["true", "true"]);
}

#[test]
fn penalties_reach_the_weights_of_layers() {
    let text = format!(
        "{HEAD}loss decayed(run, exact, w = 0) = losses.final(run, exact) + w * sum(run.parameters.conv0.weight^2)\n\
         fn weights(w) {{\n  let m = train networks.ksr_lda {{ on: [he]; loss: decayed(w: w); optimizer: lbfgs(steps: 5) }}\n  \
         norm(m.parameters.conv0.weight)\n}}\nweights(10) < 0.9 * weights(0)"
    );
    assert_eq!(texts(&text), ["true"]);
}

#[test]
fn what_a_loss_cannot_see_is_an_error() {
    let failed = |body: &str, on: &str| {
        code(&format!(
            "{HEAD}loss mine(run, exact) = {body}\ntrain f {{ on: {on}; loss: mine; optimizer: lbfgs(steps: 1) }}"
        ))
    };
    assert_eq!(failed("solve(h, with: run.functional).energy", "[he]"), "ksr::loss::trained");
    assert_eq!(failed("describe(part).parameters * run.energy", "[he]"), "ksr::loss::trained");
    assert_eq!(failed("energy(init(f, seed: 3), run.density)", "[he]"), "ksr::loss::other_functional");
    assert_eq!(failed("energy(part, run.density)", "[he]"), "ksr::loss::part");
    assert_eq!(failed("run.energy * run.converged", "[he]"), "ksr::types::no_field");
    assert_eq!(failed("run[0].energy", "[he]"), "ksr::types::mismatch");
    assert_eq!(failed("run.energy", "[[he, h]]"), "ksr::types::no_field");
    assert_eq!(failed("run[0].energy", "[[]]"), "ksr::run::value");
    assert_eq!(failed("energy(run.functional, run.density, interaction: none)", "[he]"), "ksr::run::value");
}

#[test]
fn a_loss_of_a_finished_run_refuses_the_same() {
    for (body, wanted) in [
        ("energy(part, run.density)", "ksr::loss::part"),
        ("energy(init(f, seed: 3), run.density)", "ksr::loss::other_functional"),
    ] {
        let text = format!(
            "{HEAD}loss mine(run, exact) = {body}\nlet r = solve(he, with: f, iterations: 3, mixing: linear(0.5))\nmine(r, he)"
        );
        assert_eq!(code(&text), wanted, "{body}");
    }
}

#[test]
fn the_interaction_in_a_loss_is_that_of_its_systems() {
    for body in [
        "energy(run.functional, exact.density)",
        "energy(whole, exact.density)",
        "integral(potential(whole, run.density)^2)",
        "integral(hartree(exact.density) * run.density)",
        "integral(whole(exact.density)^2)",
        "integral(run.functional(run.density)^2)",
    ] {
        let text = format!(
            "{HEAD}system soft on g {{ He at 0.5; interaction: gaussian(strength: 3, width: 1) }}\n\
             functional whole(n) = -hartree(n) / 4\nfunctional free(n) {{\n  param a = 1\n  -a * hartree(n) / 4\n}}\n\
             loss mine(run, exact) = {body}\n\
             let m = train free {{ on: [soft]; loss: mine; scf: {{ iterations: 3 }}; optimizer: lbfgs(steps: 0) }}\n\
             abs(mine(solve(soft, with: m, remedies: false), soft) / m.loss - 1) < 1e-10"
        );
        assert_eq!(texts(&text), ["true"], "{body}");
        let given = text.replace("mine(solve(soft", "given(solve(soft").replace(
            "let m =",
            "loss given(run, exact) = energy(whole, exact.density, interaction: exponential())\nlet m =",
        );
        assert_eq!(code(&given), "ksr::run::value");
    }
}

#[test]
fn finished_runs_of_a_loss_could_be_a_group_in_training() {
    let text = |second: &str| {
        format!(
            "{HEAD}grid fine = uniform(points: 129, spacing: 0.125)\nsystem other on fine {{ H at 0 }}\n\
             system soft on g {{ H at 0; interaction: soft_coulomb() }}\n\
             loss both(run, exact) = run[0].energy + run[1].energy - exact[0].energy - exact[1].energy\n\
             let how = {{ iterations: 3, mixing: linear(0.5) }}\nlet second = {second}\n\
             both([solve(h, with: f, iterations: 3, mixing: linear(0.5)), second], [h, second.system]) < 1"
        )
    };
    let solve = |what: &str| format!("solve({what}, iterations: 3, mixing: linear(0.5))");
    assert_eq!(texts(&text(&solve("he, with: f"))), ["true"]);
    for what in ["he, with: init(f, seed: 2)", "he, with: functionals.lda", "other, with: f", "soft, with: f"] {
        assert_eq!(code(&text(&solve(what))), "ksr::run::value", "{what}");
    }
}

#[test]
fn units_inside_a_loss_are_plain() {
    let text = format!(
        "{HEAD}loss mine(run, exact, t = 1 eV, r = 1) = (run.energy - 0.5 hartree - t)^2 + (run.grid.spacing - r * 1 angstrom)^2\n\
         let m = train f {{ on: [he]; loss: mine(r: 2 bohr); scf: {{ iterations: 2 }}; optimizer: lbfgs(steps: 0) }}\n\
         let r = solve(he, with: m, remedies: false)\nabs(m.loss - mine(r, he, r: 2)) < 1e-12\n\
         abs(mine(r, he, t: 1 eV, r: 2) - m.loss) < 1e-12\nabs(mine(r, he, t: 1 hartree, r: 2) - m.loss) > 1e-3"
    );
    assert_eq!(texts(&text), ["true", "true", "true"]);
}

#[test]
fn members_inside_a_loss_are_plain() {
    let text = format!(
        "{HEAD}loss mine(run, exact) {{\n  assert(kind(run.grid.spacing) == \"number\")\n  \
         assert(kind(run.system.nuclear_repulsion) == \"number\")\n  assert(kind(exact.energy) == \"number\")\n  \
         assert(kind(run.locations[0]) == \"number\")\n  assert(run.name == exact.name)\n  run.energy + run.grid.spacing\n}}\n\
         let m = train f {{ on: [he]; loss: mine; optimizer: lbfgs(steps: 0) }}\n\
         abs(m.loss - mine(solve(he, with: m, remedies: false), he)) < 1e-12\nkind(he.grid.spacing)"
    );
    assert_eq!(texts(&text), ["true", "quantity"]);
}

#[test]
fn a_loss_moves_densities_away_from_zero_once() {
    // Where there is no density, the sum of n e shows what was added to it.
    for body in [
        "energy(f, 0 * exact.density)",
        "energy(f, exact.density - exact.density)",
        "energy(run.functional, 0 * run.density)",
    ] {
        let script = format!(
            "grid g = uniform(points: 65, spacing: 0.25)\nsystem h on g {{ H at 0 }}\n             functional f(n) {{\n  param a = 1\n  a + 0 * n\n}}\nloss mine(run, exact) = 1e31 * {body}\n             train f {{ on: [h]; loss: mine; scf: {{ iterations: 2 }} }}"
        );
        let (_, plans) = interpreter().plans("test.ksr", &script).unwrap_or_else(|e| panic!("{body}: {e:?}"));
        let (value, _) = train::evaluate(Device::Cpu, &plans[0], &[1.0]).unwrap();
        let length = 65.0 * 0.25;
        assert!((value / (1e31 * DENSITY_SHIFT * length) - 1.0).abs() < 1e-12, "{body}: {value}");
    }
}

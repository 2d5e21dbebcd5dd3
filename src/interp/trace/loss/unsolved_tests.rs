//! Losses without a calculation (`scf: none`), exact potentials, potential functionals and kernels.

use super::tests::{HEAD, check, plan};
use crate::interp::tests::helpers::{code, failure, number, texts};
use crate::train::Gradient;

const UNSOLVED: [(&str, &str); 6] = [
    ("the energy", "(run.energy - exact.energy)^2 + 0.1 * run.total_energy"),
    ("terms", "run.xc_energy^2 + run.hartree_energy * run.kinetic_energy + run.external_energy"),
    ("the potential against the exact one", "losses.xc_potential(run, exact) + losses.xc_energy(run, exact)"),
    ("with its constant", "losses.xc(run, exact, constant: true, potential_weight: 2)"),
    (
        "the kernel",
        "integral(xc_kernel(run.functional, run.density, probe: g.x * run.density)^2) + norm(run.parameters)^2",
    ),
    (
        "the kernel of spins",
        "integral(xc_kernel(f, run.density_up, n_down: run.density_down, probe: run.density, probe_down: g.x * \
         run.density).down^2)",
    ),
];

#[test]
fn gradients_of_losses_at_the_densities_of_references() {
    for (name, body) in UNSOLVED {
        for on in ["he", "li", "h"] {
            let plan =
                plan(&format!("loss mine(run, exact) = {body}\ntrain f {{ on: [{on}]; loss: mine; scf: none }}"));
            assert_eq!(plan.gradient, Gradient::Unsolved);
            check(name, &plan);
        }
    }
    check(
        "a group",
        &plan(
            "loss pair(run, exact) = (run[0].energy - 2 * run[1].energy)^2 + sum([r.xc_energy for r in run])\n\
             train f { on: [[he, h], [li, h]]; loss: pair; scf: none }",
        ),
    );
}

/// A potential that is no derivative, and the spins of one.
const POTENTIALS: &str = "potential functional v(n) {\n  param a = 0.5\n  param b = 0.2\n  -a * n / (1 + n) * (1 + b * grad(n)^2)\n}\n\
    potential functional w(n_up, n_down) {\n  param a = 0.5\n  param b = 0.2\n  \
    -a * n_up / (1 + n_up + n_down) - b * n_down * (1 + grad(n_up)^2)\n}\n";

#[test]
fn gradients_of_potential_functionals() {
    let unrolled = "scf: { iterations: 4, mixing: linear(0.5) }";
    for (f, body) in [
        ("v", "integral((run.density - exact.density)^2)"),
        ("w", "integral((run.density_up - exact.density_up)^2) + losses.xc_potential(run, exact) + run.gap^2"),
    ] {
        for (how, body) in [
            (unrolled, body),
            ("gradient: implicit; scf: { tolerance: 1e-11 }", body),
            ("scf: none", "losses.xc_potential(run, exact)"),
            ("scf: none", "integral(xc_kernel(run.functional, run.density, probe: g.x * run.density)^2)"),
        ] {
            let text =
                format!("{POTENTIALS}loss mine(run, exact) = {body}\ntrain {f} {{ on: [he, li]; loss: mine; {how} }}");
            check(&format!("{f}, {how}"), &plan(&text));
        }
    }
}

#[test]
fn a_kernel_is_the_derivative_of_the_potential() {
    let script = format!(
        "{HEAD}{POTENTIALS}let n = 1.5 * exp(-(g.x - 0.3)^2 / 2)\nlet m = 0.5 * exp(-(g.x + 0.2)^2 / 3)\n\
         let p = (g.x + 0.5) * exp(-g.x^2)\nlet q = exp(-(g.x - 1)^2)\nlet d = 1e-4\n\
         fn off(u, F) = max(abs((F(d) - F(-d)) / (2 * d) - u)) / max(abs(u))\n"
    );
    for f in ["functionals.lda", "functionals.lsda", "f", "v", "w"] {
        let closed = format!("off(xc_kernel({f}, n, probe: p), fn(t) = potential({f}, n + t * p))");
        let open = |s: &str| {
            format!(
                "off(xc_kernel({f}, n, n_down: m, probe: p, probe_down: q).{s}, \
                 fn(t) = potential({f}, n + t * p, n_down: m + t * q).{s})"
            )
        };
        for body in [closed, open("up"), open("down")] {
            let off = number(&format!("{script}{body}"));
            assert!(off < 1e-5, "{body}: {off}");
        }
    }
    // Without a change of the other spin.
    let one = format!(
        "{script}off(xc_kernel(w, n, n_down: m, probe: p).down, fn(t) = potential(w, n + t * p, n_down: m).down)"
    );
    assert!(number(&one) < 1e-5);
}

#[test]
fn parameters_are_found_from_potentials_and_kernels() {
    for loss in [
        "integral(run.density * (run.xc_potential - potential(goal, run.density))^2)",
        "integral((xc_kernel(run.functional, run.density, probe: run.density) - xc_kernel(goal, run.density, probe: \
         run.density))^2)",
        "(run.energy - run.kinetic_energy - run.hartree_energy - run.external_energy - energy(goal, run.density))^2",
    ] {
        let found = number(&format!(
            "{HEAD}functional goal(n) = -0.83 * n / (1 + n)\nfunctional mine(n) {{\n  param a = 0.3\n  -a * n / (1 + n)\n}}\n\
             loss own(run, exact) = {loss}\n\
             (train mine {{ on: [he]; validate: [he]; loss: own; scf: none; optimizer: lbfgs(steps: 20, tolerance: 1e-14) }}).parameters.a"
        ));
        assert!((found - 0.83).abs() < 1e-6, "{loss}: {found}");
    }
}

#[test]
fn the_energy_at_an_exact_density_is_off_by_that_of_exchange_and_correlation() {
    let found = texts(&format!(
        "{HEAD}loss own(run, exact) = (run.energy - exact.energy - (run.xc_energy - exact.xc_energy))^2 + (run.total_energy - \
         run.energy)^2 + abs(run.kinetic_energy - exact.non_interacting_kinetic_energy) + 0 * norm(run.parameters)\n\
         let m = train f {{ on: [he, li]; loss: own; scf: none; optimizer: lbfgs(steps: 0) }}\nm.loss < 1e-20\n\
         let r = exact(li)\n\
         abs(r.energy - r.non_interacting_kinetic_energy - r.hartree_energy - r.external_energy - r.xc_energy) < 1e-12 hartree\n\
         max(abs(r.xc_potential.down - invert(r).xc_potential.down))\n\
         max(abs(exact(he).potential - invert(exact(he)).potential))\nkind(exact(he).xc_potential)\n\
         solve(he, with: m).converged"
    ));
    assert_eq!(found, ["true", "true", "0", "0", "field", "true"]);
}

#[test]
fn what_is_absent_without_a_calculation_says_why() {
    let text = |body: &str| {
        format!(
            "{HEAD}loss own(run, exact) = {body} + norm(run.parameters)\ntrain f {{ on: [he]; loss: own; scf: none }}"
        )
    };
    for body in
        ["run.gap", "run.residual", "run.energies[0]", "integral(run.densities[-1])", "sum(run.orbital_energies)"]
    {
        let problem = failure(&text(body));
        let help = problem.error.help().map(|help| help.to_string()).unwrap_or_default();
        assert!(problem.code() == "ksr::types::no_field" && help.contains("nothing is solved"), "{body}: {help}");
    }
    let problem = failure(&text("run.xc_enrgy"));
    assert!(problem.error.help().is_some_and(|help| help.to_string().contains("xc_energy")));
    for (text, wanted) in [
        ("train f { on: [he]; loss: losses.final(); scf: none; gradient: implicit }", "ksr::run::value"),
        ("train f { on: [he]; loss: losses.density_only(); scf: none }", "ksr::train::loss_without_functional"),
        ("train f { on: [he]; loss: losses.final(); scf: exponential() }", "ksr::types::mismatch"),
    ] {
        assert_eq!(code(&format!("{HEAD}{text}")), wanted, "{text}");
    }
}

#[test]
fn a_potential_that_is_a_derivative_gives_what_its_energy_gives() {
    let script = format!(
        "{HEAD}potential functional v(n) = potential(functionals.lda, n)\n\
         potential functional w(n_up, n_down) = potential(functionals.lsda, n_up, n_down: n_down).up\n\
         fn off(a, b, s) = integral(abs(solve(s, with: a).density - solve(s, with: b).density))\n"
    );
    for body in [
        "off(v, functionals.lda, he)",
        "off(v, functionals.lda, li)",
        "off(w, functionals.lsda, li)",
        "off(w, functionals.lsda, he)",
    ] {
        let off = number(&format!("{script}{body}"));
        assert!(off < 1e-7, "{body}: {off}");
    }
    let found = texts(&format!(
        "{script}let run = solve(li, with: w)\n\
         max(abs(run.xc_potential.down - potential(w, run.density_up, n_down: run.density_down).down)) < 1e-6\n\
         v(0.5) == potential(v, 0.5 + 0 * g.x)[3]\nstability(solve(he, with: functionals.lda)).stable"
    ));
    assert_eq!(found, ["true", "true", "true"]);
}

#[test]
fn a_potential_functional_has_no_energy_and_says_so() {
    let script = format!("{HEAD}{POTENTIALS}let run = solve(he, with: v)\n");
    for body in ["run.energy", "run.total_energy", "run.xc_energy", "run.energies"] {
        let problem = failure(&format!("{script}{body}"));
        let help = problem.error.help().map(|help| help.to_string()).unwrap_or_default();
        assert!(
            problem.code() == "ksr::types::no_field" && help.starts_with("a potential functional has no energy"),
            "{help}"
        );
        for how in ["scf: { iterations: 3 }", "scf: none"] {
            let text = format!(
                "{script}loss own(run, exact) = {body} + norm(run.parameters)\ntrain v {{ on: [he]; loss: own; {how} }}"
            );
            let help = failure(&text).error.help().map(|help| help.to_string()).unwrap_or_default();
            assert!(help.starts_with("a potential functional has no energy"), "{body}, {how}: {help}");
        }
    }
    for (body, wanted) in [
        ("energy(v, exp(-g.x^2))", "ksr::functional::no_energy"),
        ("stability(run)", "ksr::functional::no_energy"),
        ("save([run], \"runs\")", "ksr::functional::no_energy"),
        ("functional e(n) = 2 * v(n)\nenergy(e, exp(-g.x^2))", "ksr::functional::potential_in_energy"),
        ("functional e(n) = 2 * potential(v, n)\nenergy(e, exp(-g.x^2))", "ksr::functional::potential_in_energy"),
        ("@spin_dependent potential functional u(n_up, n_down) = n_up", "ksr::parse::spin_dependent_potential"),
    ] {
        assert_eq!(code(&format!("{script}{body}")), wanted, "{body}");
    }
    let found = texts(&format!(
        "{script}potential functional sum_of(n) = 2 * v(n) + potential(functionals.lda, n)\n\
         max(abs(potential(sum_of, run.density) - 2 * run.xc_potential - potential(functionals.lda, run.density))) < 1e-6\n\
         abs(run.kinetic_energy - invert(run).kinetic_energy) < 1e-6 hartree"
    ));
    assert_eq!(found, ["true", "true"]);
}

#[test]
fn potential_functionals_make_committees_and_files() {
    let found = texts(&format!(
        "{HEAD}{POTENTIALS}let m = train v {{ on: [he]; loss: losses.xc_potential(); scf: none; optimizer: lbfgs(steps: 2) }}\n\
         let u = train w {{ on: [li]; loss: losses.xc_potential(); scf: none; optimizer: lbfgs(steps: 2) }}\n\
         let both = committee([m, u], weights: [0.25, 0.75])\nsave(m, \"m.ksr\")\nsave(both, \"both.ksr\")\n\
         let n = exp(-g.x^2)\n\
         max(abs(potential(load(\"m.ksr\"), n) - potential(m, n)))\n\
         max(abs(potential(both, n) - 0.25 * potential(m, n) - 0.75 * potential(u, n))) < 1e-14\n\
         max(abs(potential(load(\"both.ksr\"), n) - potential(both, n)))\n\
         len([line for line in load(\"m.ksr\").origin if line == m.origin[3]])\nm.origin[3][0 .. 8]\n\
         solve(he, with: load(\"m.ksr\")).how\nkeys(solve(he, with: both).spread)[0]"
    ));
    assert_eq!(found, ["0", "true", "0", "1", "scf: none", "DIIS", "kinetic_energy"]);
    let mixed = "committee([train f { on: [he]; loss: losses.xc_energy(); scf: none; optimizer: lbfgs(steps: 1) }, train v { on: \
                 [he]; loss: losses.xc_potential(); scf: none; optimizer: lbfgs(steps: 1) }])";
    assert_eq!(code(&format!("{HEAD}{POTENTIALS}{mixed}")), "ksr::run::value");
}

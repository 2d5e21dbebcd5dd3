//! Calculations and training runs that went wrong in silence.

use super::{Right, Shows, Tells, check, run};

#[test]
fn a_loss_sees_the_functional_that_is_trained_by_whatever_name() {
    let head = "grid g = uniform(points: 129, spacing: 0.24 bohr)\nsystem he on g { He at 0 }\n\
                functional f(n) { param a = 0.6 in 0 .. 2; -a * n / (0.4 + n) }\n\
                fn trained(loss_used) = (train f { on: [he]; loss: loss_used; optimizer: lbfgs(steps: 6); \
                scf: { iterations: 6 } }).parameters.a\n";
    let differ = |seen: &str| {
        format!(
            "loss mine(run, exact, w = 1) = (run.energies[-1] - exact.energy)^2 + w * {seen}\n\
             abs(trained(mine(w: 0)) - trained(mine(w: 1))) > 1e-3"
        )
    };
    for seen in [
        "energy(f, exact.density)^2",
        "energy(run.functional, exact.density)^2",
        "integral(potential(f, run.density)^2)",
        "integral(f(exact.density)^2)",
        "norm(run.parameters)^2",
    ] {
        check(head, &[(&differ(seen), Shows(&["true"]))]);
    }
}

#[test]
fn in_strict_mode_a_calculation_that_does_not_converge_is_an_error() {
    let script = "use std.functionals\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\n\
                  solve(he, with: functionals.lda, iterations: 2).energy\n1 + 1\n";
    let strict = run(script, &["--strict"]);
    assert_eq!((strict.status, strict.out.as_str()), (1, ""), "{}", strict.err);
    assert!(strict.err.contains("ksr::run::not_converged"), "{}", strict.err);
    let lax = run(script, &[]);
    assert!(lax.status == 0 && lax.out.contains("(not converged)") && lax.out.ends_with("2\n"), "{}", lax.out);
}

#[test]
fn a_density_that_still_changes_is_told() {
    check(
        "use std.models\nuse std.molecules\nuse std.functionals\ngrid line = uniform(points: 513, spacing: 0.08 bohr)\n",
        &[
            (
                "let r = solve(molecules.h2(line, R: 5.6), with: models.sksr)",
                Tells("ksr::ks::remedied", "converged by DIIS"),
            ),
            (
                "let r = solve(molecules.h2(line, R: 5.6), with: models.sksr, mixing: diis())\nr.converged and abs(r.total_energy + 1.2695) < 1e-3",
                Shows(&["true"]),
            ),
            (
                "let r = solve(molecules.h2(line, R: 5.6), with: models.sksr, remedies: false)",
                Tells("ksr::ks::not_converged", "after 15 iterations the density still changes by 1.9 electrons"),
            ),
            (
                "let e = [solve(molecules.h2(line, R: R), with: models.sksr, mixing: linear(0.5)).energy for R in [4.8, 5.6, 8]]",
                Tells("ksr::ks::not_converged", "3 of 3 calculations here did not converge"),
            ),
            (
                "table { R: [4.8, 8], E: [solve(molecules.h2(line, R: R), with: models.sksr, iterations: 15).energy for R in [4.8, 8]] }",
                Tells("ksr::ks::not_converged", "2 of 2 calculations here did not converge"),
            ),
            (
                "functional f(n) = -4 * n / (0.1 + n)\nlet r = solve(molecules.h2(line, R: 6), with: f)",
                Tells("ksr::ks::small_gap", "several densities compete"),
            ),
            (
                "let r = solve(molecules.h2(line, R: 6), with: models.sksr, iterations: 20)\nlet q = solve(molecules.h2(line, R: 6), with: models.sksr)",
                Tells("ksr::ks::not_converged", "after 20 iterations"),
            ),
            ("solve(molecules.h2(line), with: functionals.lda).residual < 1e-3", Shows(&["true"])),
        ],
    );
}

#[test]
fn a_lopsided_density_is_told_in_training() {
    let head = "use std.losses\ngrid g = uniform(points: 129, spacing: 0.2 bohr)\n\
                system h2(R) on g { H at snap(-R / 2, g); H at snap(-R / 2, g) + R }\nsystem h4 on g { H at k for k in [-9, -3, 3, 9] }\n\
                functional f(n_up, n_down) {\n  param a = 0.7\n  let n = n_up + n_down\n\
                \u{20} -a * n / (0.3 + n) - 0.1 * a^2 * grad(n_up)^2 / (0.1 + n^2) - 0.2 * a * (n_up - n_down)^2 / (0.1 + n)\n}\n\
                let how = { iterations: 12, mixing: linear(0.5, decay: 0.9) }\n";
    check(
        head,
        &[
            (
                "let m = train f { on: [h2(8)]; loss: losses.ksr(skip: 2); optimizer: lbfgs(steps: 0); scf: how }",
                Tells("ksr::train::lopsided", "its own mirror"),
            ),
            (
                "let m = train f { on: [h2(8)]; loss: losses.final(); optimizer: adam(steps: 1); scf: how }",
                Tells("ksr::train::lopsided", "its own mirror"),
            ),
        ],
    );
}

#[test]
fn a_symmetry_that_a_system_lacks_is_left_out_and_told() {
    let head = "use std.analysis\nuse std.losses\nuse std.molecules\ngrid line = uniform(points: 257, spacing: 0.12 bohr)\n\
                functional f(n) { param a = 0.6 in 0 .. 2; -a * n / (0.4 + n) }\n\
                let m = train f { on: [molecules.h2(line, R: 1.44)]; loss: losses.ksr(); scf: { iterations: 12, symmetric: true }; \
                optimizer: lbfgs(steps: 1) }\n";
    let right = || Tells("ksr::run::note", "solved without it");
    check(
        head,
        &[
            ("let t = analysis.compare([molecules.heh_plus(line)], with: m)", right()),
            ("let r = solve(molecules.lih(line), with: m)", right()),
            ("system heh on line { He at 0; H at 2.4 }\nlet r = solve(heh, with: m)", right()),
        ],
    );
}

#[test]
fn training_that_gains_nothing_is_told() {
    let head = "use std.losses\ngrid g = uniform(points: 65, spacing: 0.3 bohr)\nsystem he on g { He at 0 }\n\
                functional f(n) { param a = 0.5 in 0 .. 2; -a * n / (0.3 + n) }\n";
    let right = || Tells("ksr::train::unmoved", "no step from the initial parameters");
    check(
        head,
        &[
            ("let m = train f { on: [he]; loss: losses.ksr(); optimizer: adam(steps: 5, rate: 1e6) }", right()),
            ("let m = train f { on: [he]; loss: losses.ksr(); optimizer: adam(steps: 2, rate: 30) }", right()),
            (
                "loss flat(run, exact) = 1\nlet m = train f { on: [he]; loss: flat(); optimizer: lbfgs(steps: 3) }",
                right(),
            ),
        ],
    );
    let idle: &[(&str, Right)] = &[
        (
            "functional k(n) { param a = 0.5; param b[3] = 1; -a * n / (0.3 + n) }\n\
             let m = train k { on: [he]; loss: losses.ksr(); optimizer: lbfgs(steps: 2) }",
            Tells("ksr::run::note", "`b` of `k` does not enter its energy"),
        ),
        (
            "functional k(n) { param a = 0.5; param b = 1; param c = 2; let unused = n * b; -a * n + 0 * c }\n\
             let m = train k { on: [he]; loss: losses.ksr(); optimizer: lbfgs(steps: 2) }",
            Tells("ksr::run::note", "`b` and `c` of `k` do not enter its energy"),
        ),
    ];
    check(head, idle);
}

#[test]
fn validation_that_is_never_finite_is_told() {
    let head = "use std.losses\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem h2(R) on g { H at snap(-R / 2, g); H at snap(R / 2, g) }\n\
                system be on g { Be at 0 }\nfunctional f(n) { param a ~ normal(0.5, 0.1); -a * n * sqrt(1.0 - n) }\n";
    check(
        head,
        &[
            (
                "let m = train(f, on: [h2(1.2)], validate: [be], loss: losses.ksr(), optimizer: lbfgs(steps: 3), seeds: 0 .. 1)",
                Tells("ksr::train::unjudged", "no validation loss of `f` is finite"),
            ),
            (
                "let m = train(f, on: [h2(1.2)], validate: [be], loss: losses.final(), optimizer: adam(steps: 3))",
                Tells("ksr::train::unjudged", "no validation loss of `f` is finite"),
            ),
        ],
    );
}

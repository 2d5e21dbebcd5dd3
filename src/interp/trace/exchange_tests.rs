//! Where exact exchange cannot be: its errors are at the use that needs what there is not.

use crate::interp::tests::helpers::{code, failure, number, take_lines, texts, values};

const HEAD: &str = "use std.functionals\nuse std.losses\ngrid g = uniform(points: 65, spacing: 0.25)\n\
    system he on g { He at 0 }\nfunctional hx(n) = exact_exchange\nfunctional both(a, b) = exact_exchange\n\
    functional hybrid(n) {\n  param a = 0.4 in 0 .. 1\n  a * exact_exchange\n}\n";

/// The code of the error of a script, and what it is at.
fn refused(script: &str) -> (String, String) {
    let script = format!("{HEAD}{script}");
    let problem = failure(&script);
    let at = script.get(problem.span.start as usize..problem.span.end as usize).unwrap_or_default();
    (problem.code(), at.to_owned())
}

fn trained(loss: &str) -> String {
    format!("loss l(run, exact) = {loss}\ntrain hybrid {{ on: [he]; loss: l; optimizer: lbfgs(steps: 0) }}")
}

#[test]
fn a_functional_of_orbitals_is_given_the_density_of_the_whole_functional() {
    for (functional, wanted) in [
        ("f(n) { hx(n / 2) }", "hx(n / 2)"),
        ("f(n_up, n_down) { hx(n_up) }", "hx(n_up)"),
        ("f(n_up, n_down) { both(n_up, n_up) }", "both(n_up, n_up)"),
        ("f(n) { hx(n^2 / n) }", "hx(n^2 / n)"),
        ("f(n) { potential(hx, n) }", "potential(hx, n)"),
    ] {
        let found = refused(&format!("functional {functional}\nsolve(he, with: f)"));
        assert_eq!(found, ("ksr::functional::exchange_elsewhere".to_owned(), wanted.to_owned()), "{functional}");
    }
    let wanted = number(&format!("{HEAD}functional f(n) {{ 0.5 * exact_exchange }}\nsolve(he, with: f).energy"));
    for functional in [
        "f(n) { 0.5 * hx(n) }",
        "f(n) { 0.5 * both(n) }",
        "f(n_up, n_down) { 0.5 * hx(n_up + n_down) }",
        "f(n_up, n_down) { 0.5 * both(n_down, n_up) }",
    ] {
        let found = number(&format!("{HEAD}functional {functional}\nsolve(he, with: f).energy"));
        assert!((found - wanted).abs() < 1e-10, "{functional}: {found} {wanted}");
    }
}

#[test]
fn without_orbitals_the_error_is_at_the_use() {
    for (script, wanted) in [
        (trained("energy(run.functional, exact.density)^2"), "energy(run.functional, exact.density)"),
        (trained("integral(run.functional(run.density))"), "run.functional(run.density)"),
        (trained("energy(hartree_fock, run.density)"), "energy(hartree_fock, run.density)"),
        (
            trained("integral(xc_kernel(run.functional, run.density, probe: run.density))"),
            "xc_kernel(run.functional, run.density, probe: run.density)",
        ),
        ("xc_kernel(hybrid, exp(-g.x^2), probe: g.x)".to_owned(), "xc_kernel(hybrid, exp(-g.x^2), probe: g.x)"),
    ] {
        let found = refused(&script);
        assert_eq!(found, ("ksr::functional::needs_orbitals".to_owned(), wanted.to_owned()), "{script}");
    }
}

#[test]
fn a_loss_for_a_hybrid_may_use_other_functionals_and_calculations() {
    for loss in [
        "(energy(functionals.lda, run.density) - energy(functionals.lda, exact.density))^2",
        "(run.energy - solve(he, with: hartree_fock).energy)^2",
    ] {
        assert_eq!(texts(&format!("{HEAD}{}.loss > 0", trained(loss))), ["true"], "{loss}");
    }
}

#[test]
fn the_potential_of_a_hybrid_is_no_potential_to_learn_from() {
    let wanted = "ksr::functional::exchange_is_no_potential";
    for member in ["xc_potential", "potential"] {
        let body = format!("integral(run.{member}^2)");
        assert_eq!(refused(&trained(&body)), (wanted.to_owned(), member.to_owned()));
        let script = format!("{HEAD}loss l(run, exact) = {body}\nl(solve(he, with: hybrid), he)");
        assert_eq!(code(&script), wanted);
        take_lines();
        values(&format!("{HEAD}max(solve(he, with: hybrid).{member})\nmax(solve(he, with: functionals.lda).{member})"));
        let told: Vec<String> =
            take_lines().into_iter().filter(|line| line.starts_with("ksr::run::local_part")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
    }
    assert_eq!(code(&format!("{HEAD}train hybrid {{ on: [he]; loss: losses.xc_potential() }}")), wanted);
}

#[test]
fn exact_exchange_is_no_call_and_is_described() {
    for body in ["exact_exchange(n)", "n |> exact_exchange"] {
        let found = refused(&format!("functional f(n) = {body}\nsolve(he, with: f)"));
        assert_eq!(found, ("ksr::types::not_callable".to_owned(), "exact_exchange".to_owned()));
    }
    assert_eq!(texts(&format!("{HEAD}describe(hybrid).depends_on")), ["the orbitals, by exact exchange"]);
    assert_eq!(code(&format!("{HEAD}describe(functionals.lda).depends_on")), "ksr::types::no_field");
}

#[test]
fn a_negative_density_is_told_where_a_functional_has_no_value() {
    for call in ["energy(functionals.lda, g.x)", "functionals.lda(g.x)", "xc_kernel(functionals.lda, g.x, probe: g.x)"]
    {
        take_lines();
        values(&format!("{HEAD}{call}"));
        let told = take_lines();
        assert!(told.len() == 1 && told[0].starts_with("ksr::functional::negative_density"), "{call}: {told:?}");
        values(&format!("{HEAD}functional square(n) = -n^2\n{}", call.replace("functionals.lda", "square")));
        assert!(take_lines().is_empty(), "{call}");
    }
}

//! Functionals at places where a formula has no value of its own: zero densities, equal spins, roots of what is zero.

use crate::interp::tests::helpers::{code, failure, number, shows, value, values};
use crate::interp::value::Value;

const GRID: &str = "grid g = uniform(points: 65, spacing: 0.3)\nlet n = exp(-g.x^2)\nuse std.functionals\n";

/// The potential of a functional in the middle of the grid, for each density given.
fn potential(definition: &str, densities: &str) -> Vec<f64> {
    let found = value(&format!("{GRID}{definition}\nlet v = potential(f, {densities})\n[v.up[32], v.down[32]]"));
    let Value::List(items) = found else { panic!("{definition}") };
    let number = |v: &Value| if let Value::Number(q) = v { q.value } else { panic!("{definition}") };
    items.iter().map(number).collect()
}

#[test]
fn numbers_have_the_limits_of_fields() {
    let own = "functional root(n) = n^(1/3)\nfunctional entropy(n) = n * log(n)\n\
               functional ratio(n) = (exp(n) - 1) / n\n\
               functional spins(n_up, n_down) { let z = (n_up - n_down) / (n_up + n_down); (1 + z)^(4/3) + z^2 }\n\
               functional larger(n_up, n_down) = where(n_up > n_down, n_up, n_down) / (n_up + n_down)\n\
               @spin_dependent functional up(n_up, n_down) = n_up / (n_up + n_down)\n";
    for (f, at) in [
        ("root", "0"),
        ("entropy", "0"),
        ("ratio", "0"),
        ("ratio", "1e-9"),
        ("spins", "0, 0"),
        ("spins", "0.5, 0"),
        ("spins", "0, 0.5"),
        ("larger", "0, 0"),
        ("larger", "0.3"),
        ("up", "0.4, 0.1"),
        ("functionals.lda", "0"),
        ("functionals.lsda", "0.5, 0"),
        ("functionals.correlation", "0"),
    ] {
        let fields = at.split(", ").map(|n| format!("{n} + 0 * g.x")).collect::<Vec<_>>().join(", ");
        let (plain, field) =
            (number(&format!("{GRID}{own}{f}({at})")), number(&format!("{GRID}{own}{f}({fields})[7]")));
        assert!(plain.is_finite() && plain == field, "{f}({at}): {plain}, {field}");
    }
    let inside = format!("{GRID}functional outer(n) = functionals.lda(0) + functionals.lda(0 * g.x) + n\nouter(n)[32]");
    assert!((number(&inside) - 1.0).abs() < 1e-12);
}

#[test]
fn a_functional_of_more_than_one_point_is_not_one_of_numbers() {
    for body in ["grad(n)", "n * integral(n)", "hartree(n)", "n * g.x"] {
        let problem = failure(&format!("{GRID}functional f(n) = {body}\nf(0.3)"));
        assert!(problem.to_string().starts_with("`f` depends on more than the density at one point"), "{problem}");
    }
    assert_eq!(code(&format!("{GRID}functionals.lda(0.3 hartree)")), "ksr::units::wanted");
    assert_eq!(code(&format!("{GRID}functional f(n) = if n > 1 then n else 1\nf(0.3)")), "ksr::functional::condition");
}

#[test]
fn equal_spins_have_equal_potentials() {
    for body in [
        "-max(n_up, n_down)",
        "-min(n_up, n_down)",
        "abs(n_up - n_down) + n_up * n_down",
        "clamp(n_up, from: n_down) + clamp(n_down, from: n_up)",
        "where(n_up > n_down, n_up, 2 * n_down)",
        "max(n_up, n_down, 0.5 * (n_up + n_down))",
        "min([n_up, n_down, 0.1 + 0.9 * n_up, 0.1 + 0.9 * n_down])",
        "max(n_up, max(n_down, n_up))",
        "sqrt((n_up - n_down)^2)",
        "{ let c = max(concat(n_up, n_down), 0.5); channel(c, 0) + channel(c, 1) }",
    ] {
        let v = potential(&format!("functional f(n_up, n_down) = {body}"), "n, n");
        assert!(v[0].is_finite() && (v[0] - v[1]).abs() < 1e-14, "{body}: {v:?}");
    }
    assert_eq!(potential("functional f(n_up, n_down) = -max(n_up, n_down)", "n, n"), [-2.0, -2.0]);
    // The three largest values share the slope; the energy per electron is n, its derivative a third of 2 n for each.
    let v = potential("@spin_dependent functional f(n_up, n_down) = max(n_up, n_down, n_down + 0 * n_up)", "n, n");
    assert!((v[0] - (1.0 + 2.0 / 3.0)).abs() < 1e-14 && (v[1] - (1.0 + 4.0 / 3.0)).abs() < 1e-14, "{v:?}");
}

#[test]
fn roots_of_squares_have_the_derivative_of_the_absolute_value() {
    let at = |body: &str| number(&format!("{GRID}functional f(n) = {body}\npotential(f, n)[32]"));
    let wanted = at("abs(grad(n))");
    assert!(wanted.is_finite() && wanted > 1.0);
    for body in [
        "sqrt(grad(n)^2)",
        "(grad(n)^2)^0.5",
        "(grad(n)^2)^(1/2)",
        "(grad(n)^4)^(1/4)",
        "sqrt(grad(n) * grad(n))",
        "{ let s = grad(n); sqrt(s * s) }",
        "sqrt(0.36 * grad(n)^2 + 0.64 * grad(n)^2)",
        "sqrt(grad(n)^2 * n^2) / n",
        "sqrt(grad(n)^2 / n) * sqrt(n)",
    ] {
        assert!((at(body) - wanted).abs() < 1e-12, "{body}: {}", at(body));
    }
    for body in
        ["sqrt(abs(grad(n)))", "(grad(n)^2)^0.3", "sqrt(cosh(grad(n)) - 1)", "sqrt(grad(n)^2 + (3 * grad(n))^2)"]
    {
        assert!(at(body).is_finite(), "{body}");
    }
}

#[test]
fn a_derivative_that_is_not_finite_names_what_is_written() {
    let system = "system he on g { He at 0 }\n";
    for (body, name) in [("sqrt(n - n)", "sqrt"), ("(n - n)^0.25", "^"), ("asin(1 + n - n)", "asin")] {
        let problem = failure(&format!("{GRID}{system}functional f(n) = -n + {body}\nsolve(he, with: f)"));
        assert!(problem.to_string().starts_with(&format!("the derivative of `{name}` in `f`")), "{problem}");
    }
}

#[test]
fn initial_values_come_from_a_distribution_that_exists() {
    let failed = |param: &str| failure(&format!("functional f(n) {{\n{param}\na * n\n}}\ndescribe(f)")).to_string();
    for (param, start) in [
        ("param a ~ uniform(0, 1)", "initial values are drawn from `normal(mean, deviation)`; `uniform` makes a grid"),
        ("param a ~ normal(0, nan)", "a normal distribution cannot have the mean 0 and the deviation nan"),
        ("param a ~ normal(0, inf)", "a normal distribution cannot have the mean 0 and the deviation inf"),
        ("param a ~ normal(inf, 1)", "a normal distribution cannot have the mean inf"),
        ("param a = nan", "the initial value of a parameter cannot be nan"),
        ("param a[1] = [1, 2]", "2 initial values for 1 number"),
        ("param a[2.5] = 1", "the length of a parameter must be a positive whole number, not 2.5"),
        ("param a = 1 in 2 .. 0", "a parameter cannot have the bounds 2 .. 0"),
    ] {
        assert!(failed(param).starts_with(start), "{param}: {}", failed(param));
    }
}

#[test]
fn what_a_body_does_not_know_yet_is_told() {
    let failed = |body: &str| failure(&format!("{GRID}functional f(n) = {body}\ndescribe(f)")).to_string();
    for (body, end) in [
        ("at(n, n[3])", "must be a number, not a single number whose values are not known yet"),
        ("sum([n[i] for i in 0 .. n[3]])", "must be a number, not a single number whose values are not known yet"),
    ] {
        assert!(failed(body).ends_with(end), "{body}: {}", failed(body));
    }
    let member = failure(&format!("{GRID}functional f(n) = n.values[0]\nf(n)"));
    assert!(member.error.help().is_some_and(|help| help.to_string().contains("`n[0]`")), "{member}");
    assert_eq!(shows(&format!("{GRID}functional f(n) = n[32]\nf(n)[0]")), "1");
    assert_eq!(values(&format!("{GRID}functional f(n) = n.channels * n\nf(n)[32]")).len(), 1);
}

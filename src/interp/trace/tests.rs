//! Functionals in the language: derived potentials, shared parameters, spins.

use crate::functional::Evaluation;
use crate::interp::tests::helpers::{code, failure, number, shows, take_lines, texts, value, values};
use crate::interp::value::{Functional, Traced, Value};
use crate::model::{Grid, Interaction};
use std::rc::Rc;
use std::sync::Arc;

const GRID: &str =
    "grid g = uniform(points: 65, spacing: 0.2)\nlet n = 0.6 * exp(-(g.x - 0.3)^2) + 0.2 * exp(-g.x^2 / 4)\n";

/// A functional of a script (its last value), traced, with its parameters.
fn functional(script: &str) -> (Rc<Functional>, Rc<Traced>, Vec<f64>) {
    let script = format!("{GRID}use std.functionals\nuse std.networks\n{script}");
    let Value::Functional(f) = value(&format!("{script}\nlet traced = describe(f)\nf")) else { panic!("{script}") };
    let traced = f.traced.get().cloned().expect("described");
    let parameters = traced.compiled.initial(7);
    (f, traced, parameters)
}

fn densities(grid: &Grid) -> [Vec<f64>; 2] {
    let up = |x: f64| 0.6 * (-(x - 0.3).powi(2)).exp() + 0.2 * (-x * x / 4.0).exp();
    let down = |x: f64| 0.5 * (-(x + 0.4).powi(2) / 2.0).exp();
    [grid.xs().into_iter().map(up).collect(), grid.xs().into_iter().map(down).collect()]
}

fn evaluate(traced: &Traced, grid: &Grid, parameters: &[f64], n: &[Vec<f64>; 2]) -> Evaluation {
    let fields: Vec<&[f64]> = n.iter().map(Vec::as_slice).collect();
    traced.compiled.evaluate(grid, &Interaction::BAKER, parameters, &fields).expect("an energy")
}

/// The largest difference of the potential from central differences of the energy, relative to the largest potential.
fn potential_error(script: &str) -> f64 {
    let (_, traced, parameters) = functional(script);
    let grid = Grid::centred(65, 0.2);
    let n = densities(&grid);
    let found = evaluate(&traced, &grid, &parameters, &n);
    let largest = found.potential.iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
    let mut error = 0.0f64;
    for (spin, point) in [(0, 20), (0, 26), (1, 38), (1, 42), (0, 5)] {
        let difference = |step: f64| {
            let at = |sign: f64| {
                let mut moved = n.clone();
                moved[spin][point] += sign * step;
                evaluate(&traced, &grid, &parameters, &moved).energy
            };
            (at(1.0) - at(-1.0)) / (2.0 * step * grid.spacing)
        };
        // Fourth order from two steps.
        let (coarse, fine) = (difference(2e-3 * n[spin][point]), difference(1e-3 * n[spin][point]));
        let slope = (4.0 * fine - coarse) / 3.0;
        error = error.max((slope - found.potential[spin][point]).abs() / largest);
    }
    error
}

#[test]
fn potentials_are_the_derivatives_of_energies() {
    for script in [
        "let f = functionals.lda",
        "let f = functionals.lsda",
        "let f = networks.ksr_gga",
        "let f = networks.sksr_gga",
        "let f = networks.ksr_global",
        "let f = networks.sksr_global",
        "let f = networks.unet(depth: 2)",
        // Odd ones: conditions and absolute values; derivatives, integrals and values at a place; parameters in lists.
        "functional f(n) { where(n > 0.3, -n^1.5, -0.1 * tanh(n)) - 0.2 * abs(grad(n)) / (1 + n) }",
        "functional f(n_up, n_down) { -laplacian(n_up) * 0.01 + integral(n_up * hartree(n_down)) * n_down[30] - at(n_down, x: 0.31)^2 * n_up }",
        "functional f(n) { param a[3] ~ normal(0, 0.5)\n param s = 1.0 in 0.5 .. 2\n sum([a[k] * n^(k + 1) for k in 0 .. 2]) * s + mean(n) * max(n) * ln(1 + n) }",
    ] {
        let error = potential_error(script);
        assert!(error < 1e-7, "{script}: {error:e}");
    }
}

#[test]
fn published_networks_have_their_published_sizes() {
    let count = |f: &str| number(&format!("use std.networks\ndescribe(networks.{f}).parameters"));
    let sizes = [("ksr_global", 1568.0), ("sksr_global", 1559.0), ("sksr_gga", 576.0), ("sksr_lsda", 560.0)];
    for (f, size) in sizes {
        assert_eq!(count(f), size, "{f}");
    }
    assert_eq!(count("sksr_lsda(filters: 8)"), 2.0 * 8.0 + 64.0 + 64.0 + 8.0);
}

#[test]
fn arrays_are_named_in_order_of_evaluation() {
    let arrays = shows("use std.networks\ndescribe(networks.ksr_global).arrays");
    let wanted = "[global_conv.eta [15], conv0.weight [3, 16, 16], conv1.weight [3, 16, 16], conv2.weight [1, 16, 1], \
                  self_interaction_gate.s []]";
    assert_eq!(arrays, wanted);
    let biased = "functional f(n) { param a = 1\n fn g(x) = { param a = 2\n x * a }\n g(n |> dense(2, bias: true) |> dense(1)) + a }";
    assert_eq!(
        shows(&format!("{biased}\ndescribe(f).arrays")),
        "[a [], conv0.weight [1, 1, 2], conv0.bias [2], conv1.weight [1, 2, 1], a1 []]"
    );
}

#[test]
fn a_functional_has_its_parameters_once_and_a_function_at_each_call() {
    let count = |script: &str| number(&format!("{script}\ndescribe(f).parameters"));
    assert_eq!(
        count("functional net(n) = n |> dense(4) |> silu |> dense(1)\nfunctional f(n) = net(n) + net(2 * n)"),
        8.0
    );
    assert_eq!(count("fn net(n) = n |> dense(4) |> silu |> dense(1)\nfunctional f(n) = net(n) + net(2 * n)"), 16.0);
    let sized = "functional net(n, width = 4) = n |> dense(width) |> silu |> dense(1)\n";
    assert_eq!(
        count(&format!("{sized}functional f(n) = net(n) + net(n, width: 4) + net(n, width: 3) + net(2 * n, width: 3)")),
        22.0
    );
    assert_eq!(count(&format!("{sized}let wide = net(width: 8)\nfunctional f(n) = wide(n) + net(n, width: 8)")), 16.0);
}

#[test]
fn spins_are_averaged_unless_the_functional_says_otherwise() {
    let grid = Grid::centred(65, 0.2);
    let [up, down] = densities(&grid);
    let energies = |script: &str| {
        let (_, traced, parameters) = functional(script);
        let straight = evaluate(&traced, &grid, &parameters, &[up.clone(), down.clone()]).energy;
        (straight, evaluate(&traced, &grid, &parameters, &[down.clone(), up.clone()]).energy)
    };
    let (a, b) = energies("functional f(n_up, n_down) = -n_up * n_up");
    assert!((a - b).abs() < 1e-14 * a.abs(), "{a} {b}");
    let (a, b) = energies("@spin_dependent\nfunctional f(n_up, n_down) = -n_up * n_up");
    assert!((a - b).abs() > 1e-3 * a.abs(), "{a} {b}");
    // An average inside a product is taken there.
    let (inner, _) = energies(
        "functional one(n_up, n_down) = -n_up\nfunctional f(n_up, n_down) = one(n_up, n_down) * one(n_up, n_down)",
    );
    let (plain, _) = energies("functional f(n_up, n_down) = (n_up + n_down)^2 / 4");
    assert!((inner - plain).abs() < 1e-13 * plain.abs(), "{inner} {plain}");
}

#[test]
fn functionals_symmetric_in_the_spins_are_not_averaged_again() {
    let average = |script: &str| functional(script).1.compiled.flip_average;
    assert!(!average("let f = functionals.lsda"));
    assert!(!average(
        "functional f(n_up, n_down) = networks.sksr_global(n_up, n_down) + functionals.lsda(n_up, n_down)"
    ));
    assert!(average("let f = networks.sksr_global"));
    assert!(!average("functional f(n) = networks.sksr_global(n)"));
}

#[test]
fn one_density_for_both_spins_is_half_of_it_for_each() {
    let script = format!("{GRID}use std.functionals\n");
    let close = |a: &str, b: &str| number(&format!("{script}abs({a} - {b}) / abs({b})")) < 1e-14;
    assert!(close("energy(functionals.lsda, n)", "energy(functionals.lsda, n / 2, n / 2)"));
    assert!(close("energy(functionals.lsda, n)", "energy(functionals.lda, n)"));
    assert!(close("functionals.lsda(0.3)", "functionals.lda(0.3)"));
    assert!(close("functionals.lda(n)[20]", "functionals.lda(n[20])"));
}

#[test]
fn the_gate_is_exact_for_one_electron() {
    let script = format!("{GRID}use std.networks\nlet one = n / integral(n)\n");
    let hartree = number(&format!("{script}let e = -integral(one * hartree(one)) / 2\ne"));
    let found = number(&format!("{script}energy(networks.ksr_global, one)"));
    assert!((found - hartree).abs() < 1e-13, "{found} {hartree}");
}

#[test]
fn initial_parameters_follow_the_seed() {
    let script = format!("{GRID}use std.networks\nlet e = fn(s) = energy(init(networks.ksr_lda, seed: s), n)\n");
    assert_eq!(
        texts(&format!("{script}e(3) == e(3)\ne(3) == e(4)\nenergy(networks.ksr_lda, n) == e(0)")),
        ["true", "false", "true"]
    );
}

#[test]
fn mistakes_in_bodies_are_errors_in_the_users_terms() {
    let body = |body: &str| format!("{GRID}functional f(n) {{ {body} }}\nenergy(f, n)");
    for (script, wanted) in [
        (body("if n > 1 then n else 2 * n"), "ksr::functional::condition"),
        (body("concat(n, n) + n |> conv(16, width: 3)"), "ksr::shape::result"),
        (body("conv(n, 16, width: 3) + conv(n, 8, width: 3)"), "ksr::shape::mismatch"),
        (body("integral(n) |> dense(3)"), "ksr::shape::mismatch"),
        (body("upsample(n)"), "ksr::shape::mismatch"),
        (body("n |> downsample"), "ksr::shape::result"),
        (body("channel(n, 1)"), "ksr::shape::mismatch"),
        (body("n |> dense(4) |> self_interaction_gate(n)"), "ksr::shape::mismatch"),
        (body("[n, n]"), "ksr::shape::result"),
        (body("param a = 3 in 0 .. 2\n a * n"), "ksr::functional::param"),
        (body("param a ~ normal(3, 1) in 0 .. 2\n a * n"), "ksr::functional::param"),
        (body("param a[10000000, 10000000]\n sum(n)"), "ksr::shape::mismatch"),
        (body("param a[2] = [1, 2, 3]\n a[0] * n"), "ksr::functional::param"),
        (body("n |> global_conv(channels: 4, width: 2 .. 1) |> dense(1)"), "ksr::functional::layer"),
        (format!("{GRID}conv(n, 3, width: 3)"), "ksr::functional::param_outside"),
        (
            format!("{GRID}functional f(a, b) = a * b\nfunctional h(n) = f(concat(n, n))\nenergy(h, n)"),
            "ksr::shape::density",
        ),
        (format!("{GRID}energy(fn(n) = n, n)"), "ksr::types::functional"),
    ] {
        assert_eq!(code(&script), wanted, "{script}");
    }
}

#[test]
fn an_error_inside_a_functional_shows_the_calls_that_led_there() {
    let problem = failure(&format!(
        "{GRID}functional f(n) = n + dense(concat(n, n), 3) * concat(n, n)\nfunctional h(n) = f(n)\nenergy(h, n)"
    ));
    let notes: Vec<&str> = problem.via.iter().map(|v| v.note.as_str()).collect();
    assert_eq!(notes, ["in this use of `f`", "in this use of `h`"]);
    assert_eq!(problem.to_string(), "`*` cannot combine a field of 3 channels with a field of 2 channels");
}

#[test]
fn fields_of_the_script_fix_the_grid() {
    let script = format!("{GRID}functional f(n) = n * g.x\nlet other = uniform(points: 33, spacing: 0.2)\n");
    assert!(number(&format!("{script}energy(f, n)")).is_finite());
    assert_eq!(code(&format!("{script}energy(f, exp(-other.x^2))")), "ksr::functional::other_grid");
}

#[test]
fn plain_data_of_a_functional_crosses_threads() {
    fn crosses<T: Send + Sync>(_: &T) {}
    let (_, traced, _) = functional("let f = functionals.lda");
    crosses::<Arc<crate::functional::Compiled>>(&traced.compiled);
}

#[test]
fn functionals_with_parameters_need_a_grid() {
    for body in ["{ param a = 2; -a * n }", "n |> dense(1)"] {
        let problem = failure(&format!("functional f(n) = {body}\nf(0.3)"));
        assert!(problem.to_string().starts_with("`f` has trainable parameters"), "{problem}");
    }
}

#[test]
fn an_exact_answer_that_is_not_accurate_enough_is_reported_once() {
    take_lines();
    values(
        "grid g = uniform(points: 65, spacing: 0.3)\nsystem h on g { H at 0 }\nsystem he on g { He at 0 }\n\
         [exact(h, accuracy: 1e-20).energy for k in 1 .. 3]\nexact(h, accuracy: 1e-20)\nexact(he, accuracy: 1e-20)",
    );
    let lines = take_lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.starts_with("ksr::exact::rough") && line.contains("more than 1e-20")),
        "{lines:?}"
    );
}

#[test]
fn a_reference_is_its_own_answer_unless_a_better_one_is_asked_for() {
    take_lines();
    let system = "grid g = uniform(points: 65, spacing: 0.3)\nsystem h on g { H at 0 }\nlet r = exact(h)\n";
    values(&format!("{system}exact(r)\nexact(r, accuracy: 1e-3)\nexact(r, time_limit: 60)"));
    assert_eq!(take_lines(), Vec::<String>::new());
    // No answer is that accurate, so it is recalculated.
    values(&format!("{system}exact(r, accuracy: 1e-20)"));
    let lines = take_lines();
    assert!(lines.len() == 1 && lines[0].starts_with("ksr::exact::rough"), "{lines:?}");
}

/// The energy is the body, whatever the density, and the potential its derivative; of both spins, and as a part of another functional.
#[test]
fn a_total_functional_is_the_energy_itself() {
    let head = "grid g = uniform(points: 61, spacing: 0.2)\nlet n = 1.7 * exp(-g.x^2)\nlet d = g.x * exp(-g.x^2)\n\
                total functional F(n) = integral(n^2)^2\ntotal functional G(n_up, n_down) = integral(n_up^3) * integral(n_down)\n";
    let of = |expression: &str| number(&format!("{head}{expression}"));
    assert!(of("energy(F, n) - integral(n^2)^2").abs() < 1e-9);
    assert!(of("max(abs(potential(F, n) - 4 * integral(n^2) * n))") < 1e-9);
    assert!(of("energy(G, n, n_down: 0.4 * n) - (integral(n^3) * 0.4 * integral(n) + 0.4^3 * integral(n^3) * integral(n)) / 2").abs() < 1e-8);
    // Both together: the energy per electron of each is added.
    let sum = of("functional both(n) = F(n) - 0.3 * n\nenergy(both, n) - integral(n^2)^2 + 0.3 * integral(n^2)");
    assert!(sum.abs() < 1e-9, "{sum}");
    let step = 1e-5;
    let moved = |by: f64| of(&format!("energy(F, n + {by} * d)"));
    let wanted = (moved(step) - moved(-step)) / (2.0 * step);
    assert!((of("integral(potential(F, n) * d)") - wanted).abs() < 1e-6);
    // In a calculation it is the exchange-correlation energy.
    let run = of(
        "system he on g { He at 0 }\nlet r = solve(he, with: F)\nr.xc_energy / (1 hartree) - integral(r.density^2)^2",
    );
    assert!(run.abs() < 1e-8, "{run}");
    assert_eq!(code(&format!("{head}total functional H(n) = n^2\nenergy(H, n)")), "ksr::shape::total");
    assert_eq!(code("total potential functional v(n) = n"), "ksr::parse::total_potential");
}

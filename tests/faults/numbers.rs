//! Numbers that were wrong.

use super::{Refuses, Shows, check};

#[test]
fn elementary_functions_are_exact_where_they_can_be() {
    check(
        "use std.functionals\ngrid g = uniform(points: 5, spacing: 1)\n",
        &[
            ("floor(log10(1000))", Shows(&["3"])),
            ("floor(log2(8))", Shows(&["3"])),
            ("sum([log10(10^k) - k for k in -300 .. 300])", Shows(&["0"])),
            ("sum([log2(2^k) - k for k in -1000 .. 1000])", Shows(&["0"])),
            ("floor(log10(1000 + 0 * g.x))[0]", Shows(&["3"])),
            ("round(functionals.lsda(0.5, 0) * 1e7)", Shows(&["-4022883"])),
            ("round(functionals.lsda(0, 0.5) * 1e7)", Shows(&["-4022883"])),
            ("abs(functionals.lda(0)) < 1e-20", Shows(&["true"])),
            ("functionals.lsda(0.5, 0) - functionals.lsda(0.5 + 0 * g.x, 0 * g.x)[1]", Shows(&["0"])),
        ],
    );
}

#[test]
fn a_change_of_sign_is_not_a_root() {
    check(
        "",
        &[
            ("root(fn(x) = 1 / x, -1 .. 1)", Refuses("ksr::run::jump", "without a root")),
            ("root(fn(x) = tan(x), 1 .. 2)", Refuses("ksr::run::jump", "without a root")),
            ("root(fn(x) = if x < 0.3 then -1 else 2, -1 .. 1)", Refuses("ksr::run::jump", "without a root")),
            ("root(fn(x) = x^3, -1 .. 2)^2 < 1e-9", Shows(&["true"])),
        ],
    );
}

#[test]
fn a_start_is_where_it_was_written() {
    check(
        "grid g = uniform(points: 65, spacing: 0.3)\nlet n = exp(-g.x^2)\nlet one = integral(n)\n",
        &[
            (
                "functional f(n) { param a = 1e-5 in 0 .. 1e5; a }\nabs(energy(f, n) / one / 1e-5 - 1) < 1e-9",
                Shows(&["true"]),
            ),
            (
                "functional f(n) { param a = 0.999999 in 0 .. 1; a }\nabs(energy(f, n) / one - 0.999999) < 1e-14",
                Shows(&["true"]),
            ),
            (
                "functional f(n) { param a = -3 in -3.0001 .. 1e8; a }\nabs(energy(f, n) / one + 3) < 1e-6",
                Shows(&["true"]),
            ),
            ("functional f(n) { param a = 2 in 0 .. 1; a }\nenergy(f, n)", Refuses("ksr::functional::param", "2")),
        ],
    );
}

#[test]
fn ties_are_shared_and_roots_of_squares_have_slopes() {
    check(
        "grid g = uniform(points: 65, spacing: 0.3)\nlet n = exp(-g.x^2)\nsystem he on g { He at 0 }\n",
        &[
            (
                "functional f(n_up, n_down) = -max(n_up, n_down)\nlet v = potential(f, n, n)\n[v.up[32], v.down[32]]",
                Shows(&["[-2, -2]"]),
            ),
            (
                "functional f(n_up, n_down) = min(n_up, n_down)\nlet v = potential(f, n, n)\nmax(abs(v.up - v.down))",
                Shows(&["0"]),
            ),
            (
                "functional f(n_up, n_down) = -abs(n_up - n_down)\nlet v = potential(f, n, n)\nmax(abs(v.up - v.down))",
                Shows(&["0"]),
            ),
            ("functional f(n) = -0.1 * sqrt(grad(n)^2) - 0.3 * n\nsolve(he, with: f).converged", Shows(&["true"])),
            ("functional f(n) = -0.1 * abs(grad(n)) - 0.3 * n\nsolve(he, with: f).converged", Shows(&["true"])),
            ("functional f(n) = (grad(n)^2)^0.5\nmax(abs(potential(f, 1 + 0 * g.x)))", Shows(&["0"])),
        ],
    );
}

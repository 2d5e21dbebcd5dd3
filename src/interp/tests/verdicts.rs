//! How far numbers can be trusted: marks of calculations that did not converge, and spreads of committees.

use super::helpers::{shows, take_lines, texts, value};
use crate::interp::value::Value;
use crate::report::{Style, text};

/// A run that does not converge, and one that does.
const HEAD: &str = "use std.functionals\nuse std.losses\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\n\
                    let bad = solve(he, with: functionals.lda, iterations: 2)\nlet good = solve(he, with: functionals.lda)\n";

fn shown(body: &str) -> String {
    shows(&format!("{HEAD}{body}"))
}

#[test]
fn numbers_of_an_unconverged_run_are_marked_wherever_they_go() {
    assert_eq!(shown("[bad.converged, good.converged]"), "[false, true]");
    for body in [
        "bad.energy",
        "bad.total_energy -> eV",
        "good.energy - bad.energy",
        "-bad.energy",
        "abs(2 * bad.energy)",
        "sqrt(bad.energy^2)",
        "mean([good.energy, bad.energy])",
        "max([good.energy, bad.energy])",
        "sum([bad.energy for i in 1 .. 3])",
        "median([good.energy, bad.energy])",
        "bad.orbital_energies[0]",
        "bad.gap",
        "bad.energies[0]",
        "table({ n: bad.density }).n[3]",
        "linspace(bad.energy .. 0 hartree, 3)[1]",
        "if true then bad.energy else 0",
        "where([true], [bad.energy], [good.energy])[0]",
        "sort([good.energy, bad.energy])[0] + sort([good.energy, bad.energy])[1]",
        "bad.density",
        "good.density - bad.density",
        "where(g.x > 0, bad.density, 0)",
        "hartree(bad.density)",
        "integral(bad.density)",
        "max(bad.density)",
        "bad.density[3]",
        "bad.density.values[3]",
        "energy(functionals.lda, bad.density)",
        "potential(functionals.lda, bad.density)",
        "losses.ksr()(bad, exact(he))",
        "round(bad.energy / (1 hartree))",
        "minimum(fn(x) = (x - 2)^2 + bad.energy / (1 hartree), 0 .. 3).value",
        "minimum(fn(x) = (x - 2)^2 + bad.energy / (1 hartree), 0 .. 3).x",
        "root(fn(x) = x + bad.energy / (1 hartree), 0 .. 9)",
    ] {
        assert!(shown(body).ends_with("(not converged)"), "{body}: {}", shown(body));
    }
    assert_eq!(
        shown("[converged(bad), converged([good.energy, bad.energy]), converged({ a: [good.density] })]"),
        "[false, false, true]"
    );
    for body in ["good.energy", "good.density", "bad.iterations", "bad.residual", "he.nuclear_repulsion"] {
        assert!(!shown(body).contains("converged"), "{body}: {}", shown(body));
    }
    assert!(shown("[good.energy, bad.energy]").ends_with("hartree (not converged)]"));
}

#[test]
fn tables_say_which_rows_are_not_converged() {
    let Value::Table(table) = value(&format!("{HEAD}table {{ i: [1, 2], E: [good.energy, bad.energy] }}")) else {
        panic!("no table")
    };
    let written = text(&Value::Table(table), &Style::plain(80));
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines[3].ends_with(|c: char| c.is_ascii_digit()) && lines[4].ends_with('*'), "{written}");
    assert_eq!(lines.last(), Some(&"  * not converged"));
}

#[test]
fn many_verdicts_are_told_once() {
    take_lines();
    texts(&format!("{HEAD}[solve(he, with: functionals.lda, iterations: k).converged for k in [1, 2, 3, 50]]"));
    let lines = take_lines();
    let told: Vec<&String> = lines.iter().filter(|line| line.starts_with("ksr::ks::not_converged")).collect();
    assert_eq!(told.len(), 2, "{lines:?}");
    assert!(told[1].contains("3 of 4 calculations here did not converge"), "{told:?}");
}

#[test]
fn a_threshold_decides_without_a_tolerance() {
    let verdict = |threshold: &str| {
        shown(&format!(
            "solve(he, with: functionals.lda, iterations: 12, mixing: linear(0.5), threshold: {threshold}).converged"
        ))
    };
    assert_eq!((verdict("1e-2"), verdict("1e-12")), ("true".into(), "false".into()));
}

#[test]
fn what_is_asked_for_is_done_and_nothing_else() {
    for (options, how) in [
        (", iterations: 2", "DIIS"),
        (", mixing: linear(0.5), iterations: 3", "linear mixing"),
        (", mixing: linear(0.5), iterations: 3, remedies: true", "DIIS, after linear mixing"),
        ("", "DIIS"),
    ] {
        assert_eq!(shown(&format!("solve(he, with: functionals.lda{options}).how")), how, "{options}");
    }
}

#[test]
fn a_spread_is_that_of_the_same_calculation_with_each_member() {
    let script = "use std.losses\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\n\
                  functional f(n) { param a ~ normal(0, 0.3)\n -(1 + 0.2 * a) * n / (0.3 + n) }\n\
                  let two = train f { on: [he]; loss: losses.final(); seeds: [0, 1]; optimizer: lbfgs(steps: 0); gradient: implicit }\n\
                  let E = solve(he, with: committee(two)).energy\nlet each = [solve(he, with: m).energy for m in two.members]\n";
    assert!(shows(&format!("{script}E")).contains('('));
    // Two members: the sample's standard deviation is their distance over the root of 2; what is squared has twice the relative spread.
    let relative = format!(
        "{script}let d = abs(each[0] - each[1]) / sqrt(2)\nlet r = solve(he, with: committee(two))\n\
                            abs(r.spread.energy / d - 1) < 1e-9"
    );
    assert_eq!(texts(&relative), ["true"]);
    assert_eq!(texts(&format!("{script}\"{{E - E}}\" == \"0 hartree\"")), ["true"]);
}

#[test]
fn a_run_that_is_not_converged_stays_so_in_a_data_set() {
    let script = format!(
        "{HEAD}save([bad, good], \"both\")\nlet back = dataset(\"both\")\n[converged(r) for r in back]\nback[0].energy\nback[1].energy\nback[0].density"
    );
    let shown = texts(&script);
    assert_eq!(shown[0], "[false, true]");
    assert!(shown[1].ends_with("(not converged)") && !shown[2].contains("converged"), "{shown:?}");
    assert!(shown[3].contains("(not converged)"), "{shown:?}");
}

#[test]
fn a_threshold_is_never_without_effect() {
    let refused = |options: &str| {
        super::helpers::failure(&format!("{HEAD}solve(he, with: functionals.lda, {options})")).to_string()
    };
    assert!(refused("tolerance: 5").contains("must be at most 0.001 electrons, not 5"), "{}", refused("tolerance: 5"));
    assert!(refused("tolerance: 1e-4, threshold: 1e-5").contains("at least the tolerance"));
    // It is enough to reach the threshold where the tolerance is out of reach.
    let verdict =
        |options: &str| shown(&format!("solve(he, with: functionals.lda, iterations: 8, {options}).converged"));
    assert_eq!(
        (verdict("tolerance: 1e-14"), verdict("tolerance: 1e-14, threshold: 1e-3")),
        ("false".into(), "true".into())
    );
    assert_eq!(verdict("tolerance: 0.1, threshold: 0.1"), "true");
}

/// Two hydrogen atoms on a fine grid.
const H2: &str = "use std.functionals\ngrid g = uniform(points: 257, spacing: 0.16)\n\
                  system h2(R) on g { H at snap(-R / 2, g); H at snap(-R / 2, g) + R }\n";

#[test]
fn what_is_not_the_lowest_solution_says_so() {
    let told = |body: &str, code: &str| {
        take_lines();
        let shown = texts(&format!("{H2}{body}"));
        (shown, take_lines().iter().any(|line| line.starts_with(code)))
    };
    // Close to the distance at which spins break there are two minima.
    let near = "solve(h2(3.52), with: functionals.lsda, start: broken_spin).converged";
    let (shown, lower) = told(near, "ksr::ks::equal_spins_lower");
    let (_, alike) = told(near, "ksr::ks::spins_alike");
    assert!(shown == ["true"] && (lower || alike));
    assert!(!told("solve(h2(4.8), with: functionals.lsda, start: broken_spin).energy", "ksr::ks::equal_spins_lower").1);
    // Stationary at more than a hundred hartree above the iterations before.
    let wild = "functional wild(n) { 2.4 * sin(-15 * n) * n }\ngrid small = uniform(points: 129, spacing: 0.16)\n\
                system far on small { H at -2.4; H at 2.4 }\n";
    let run =
        |options: &str| format!("{wild}solve(far, with: wild, start: broken_spin{options}).total_energy < 0 hartree");
    let (alone, is_told) = told(&run(", remedies: false"), "ksr::ks::not_lowest");
    assert!(alone == ["true"] || is_told, "{alone:?}");
    assert_eq!(told(&run(""), "ksr::ks::not_lowest"), (vec!["true".to_owned()], false));
}

#[test]
fn stability_sees_spins_that_are_alike_however_they_were_found() {
    let found = |options: &str| {
        texts(&format!(
            "{H2}let s = stability(solve(h2(4.8), with: functionals.lsda{options}))\n[s.stable, s.breaks_spin]"
        ))
    };
    assert_eq!(found(""), ["[false, true]"]);
    assert_eq!(found(", start: solve(h2(4.8), with: functionals.lsda)"), ["[false, true]"]);
    assert_eq!(found(", start: broken_spin"), ["[true, false]"]);
}

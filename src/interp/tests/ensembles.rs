//! Several models at once: members, snapshots, committees, and the spreads that numbers made from them have.

use super::helpers::{code, shows, texts};

const HEAD: &str = "use std.losses\nuse std.functionals\nuse std.analysis\ngrid g = uniform(points: 65, spacing: 0.25)\n\
                    system h on g { H at 0 }\nsystem h2(R) on g { H at -R / 2; H at R / 2 }\n";

fn script(text: &str) -> String {
    format!("{HEAD}{text}")
}

const DRAWN: &str = "functional drawn(n) { param a ~ normal(0, 0.3)\n -(1 + 0.2 * a) * n / (0.3 + n) }\n\
                        let ensemble = train drawn { on: [h]; validate: [h2(1.5)]; loss: losses.final(); seeds: 0 .. 3; optimizer: lbfgs(steps: 0)\n\
                        gradient: implicit }\n";

#[test]
fn a_committee_is_the_mean_of_its_members_and_knows_their_spread() {
    let text = |body: &str| script(&format!("{DRAWN}let best = committee(ensemble, best: 3)\n{body}"));
    // Its energy per electron is their mean, at any density.
    let same = "let n = exp(-g.x^2)\n\
                abs(energy(best, n) - mean([energy(m, n) for m in best.members])) < 1e-12";
    assert_eq!(texts(&text(same)), ["true"]);
    let chosen = "let ranked = sort(ensemble.members, by: fn(m) = m.validation_loss)\n\
                  all([best.members[i].validation_loss == ranked[i].validation_loss for i in 0 .. 2])";
    assert_eq!(texts(&text(chosen)), ["true"]);
    // The spread is that of the same calculation with each member.
    let spread = "let run = solve(h2(1.5), with: best)\nlet each = [solve(h2(1.5), with: m).energy for m in best.members]\n\
                  abs(run.spread.energy / (deviation(each) * sqrt(3 / 2)) - 1) < 1e-6\n\
                  run.spread.energy > 0 hartree\nabs(run.spread.total_energy / run.spread.energy - 1) < 1e-6";
    assert_eq!(texts(&text(spread)), ["true", "true", "true"]);
    // What the same members have in common cancels; weights count.
    let zero = shows(&text("let run = solve(h, with: best)\nrun.energy - run.energy"));
    assert_eq!(zero, "0 hartree");
    let one = "let first = committee(ensemble.members[0 .. 1], weights: [1, 0])\nlet n = exp(-g.x^2)\n\
               energy(first, n) == energy(ensemble.members[0], n)";
    assert_eq!(texts(&text(one)), ["true"]);
    assert!(shows(&text("solve(h, with: best).energy")).contains('('));
}

#[test]
fn impossible_committees_are_refused() {
    let code = |body: &str| code(&script(&format!("{DRAWN}{body}")));
    for body in [
        "committee(ensemble, best: 0)",
        "committee(ensemble, best: 5)",
        "committee([])",
        "committee([1, 2])",
        "committee(ensemble, weights: [1, 2])",
        "committee(ensemble, weights: [0, 0, 0, 0])",
        "committee(ensemble.members[0])",
        "committee([model(drawn, parameters: { a: 0 })], best: 1)",
    ] {
        assert!(["ksr::run::value", "ksr::types::mismatch"].contains(&code(body).as_str()), "{body}: {}", code(body));
    }
}

#[test]
fn committees_differ_by_their_members_and_weights() {
    let text = |body: &str| {
        script(&format!(
            "{DRAWN}let a = committee(ensemble, best: 2)\nlet b = committee(ensemble)\n\
             fn E(f) = solve(h2(1.5), with: f).energy\n{body}"
        ))
    };
    // As a functional too a committee is known by its members.
    for (one, other) in [("a", "b"), ("a.functional", "b.functional")] {
        let far = texts(&text(&format!("spread(E({one}) - E({other})) > 0.5 * spread(E({one}))")));
        assert_eq!(far, ["true"], "{one} {other}");
        let same = texts(&text(&format!("spread(E({one}) - E({one})) < 1e-12 * spread(E({one}))")));
        assert_eq!(same, ["true"], "{one}");
    }
    // A weight of almost nothing is none.
    let tiny = "spread(E(committee(ensemble.members[0 .. 2], weights: [1, 1, 1e-20]))) < 1 hartree";
    assert_eq!(texts(&text(tiny)), ["true"]);
    assert_eq!(
        texts(&text("nominal(E(a)) == nominal(solve(h2(1.5), with: a).energy)\nspread(nominal(E(a)))")),
        ["true", "0 hartree"]
    );
}

#[test]
fn a_loss_of_a_committee_is_that_of_its_density_and_energies() {
    let loss = format!(
        "{DRAWN}let f = committee(ensemble)\nlet r = solve(h2(1.5), with: f)\n\
         abs(losses.final()(r, exact(h2(1.5))) - losses.final()(solve(h2(1.5), with: f), exact(h2(1.5)))) < 1e-12"
    );
    assert_eq!(texts(&script(&loss)), ["true"]);
}

const TRAINED: &str = "functional drawn(n) { param a ~ normal(0, 0.3)\n param b ~ normal(0, 0.3)\n -(1 + 0.2 * a) * n / (0.3 + b^2 + n) }\n\
                       let ensemble = train drawn { on: [h]; validate: [h2(1.5)]; loss: losses.final(); seeds: 0 .. 2\n\
                       optimizer: adam(steps: 6, rate: 0.02); validate_every: 2; snapshots: 3 }\n";

#[test]
fn snapshots_are_the_best_steps_by_validation() {
    let text = |body: &str| script(&format!("{TRAINED}{body}"));
    let losses = "let each = [[s.validation_loss for s in m.snapshots] for m in ensemble.members]\n\
                  all([len(l) == 3 and l == sort(l) for l in each])\n\
                  all([each[i][0] == ensemble.members[i].validation_loss for i in 0 .. 2])\n\
                  ensemble.snapshots[0].validation_loss == ensemble.validation_loss\n\
                  all([l == sort([x for x in ensemble.members[0].history.validation_loss if kind(x) == \"number\"])[0 .. 2] for l in [each[0]]])";
    assert_eq!(texts(&text(losses)), ["true", "true", "true", "true"]);
    let mean = "let m = mean_parameters(ensemble.snapshots)\n\
                abs(m.parameters.a - mean([s.parameters.a for s in ensemble.snapshots])) < 1e-15\n\
                kind(solve(h, with: m).energy)";
    assert_eq!(texts(&text(mean)), ["true", "quantity"]);
    assert_eq!(code(&text("mean_parameters([])")), "ksr::run::value");
    assert_eq!(code(&text("mean_parameters([ensemble, model(functionals.lda, parameters: {})])")), "ksr::run::value");
    assert_eq!(code(&text("train drawn { on: [h]; loss: losses.final(); snapshots: 0 }")), "ksr::run::value");
}

#[test]
fn members_are_trained_further_each_from_its_own_parameters() {
    let text = |body: &str| script(&format!("{TRAINED}{body}"));
    let options = "on: [h]; validate: [h2(1.5)]; loss: losses.final()";
    let still = format!(
        "let more = train ensemble {{ members: true; {options}; optimizer: lbfgs(steps: 0) }}\n\
         more.seeds.seed\n[more.members[i].parameters.a == ensemble.members[i].parameters.a for i in 0 .. 2]"
    );
    assert_eq!(texts(&text(&still)), ["[0, 1, 2]", "[true, true, true]"]);
    // One after another or all together, in one go or with a pause: the same.
    let alone = format!(
        "let more = train ensemble {{ members: true; {options}; optimizer: lbfgs(steps: 2) }}\n\
         let one = train ensemble.members[1] {{ {options}; optimizer: lbfgs(steps: 2) }}\n\
         more.members[1].parameters.a == one.parameters.a"
    );
    assert_eq!(texts(&text(&alone)), ["true"]);
    for refused in [
        format!("train ensemble {{ members: true; seeds: [1]; {options} }}"),
        format!("train drawn {{ members: true; {options} }}"),
        format!("train committee(ensemble) {{ members: true; {options} }}"),
        format!("train ensemble.members[0] {{ members: true; {options} }}"),
    ] {
        assert_eq!(code(&text(&refused)), "ksr::run::value", "{refused}");
    }
}

#[test]
fn a_spread_that_is_right_is_found_to_be_so() {
    // Student's distribution: half of it lies within 1 (one degree of freedom) and 0.8165 (two).
    assert_eq!(
        texts(&script("abs(analysis.student(1, 1) - 0.5) < 1e-9\nabs(analysis.student(0.816497, 2) - 0.5) < 1e-6")),
        ["true", "true"]
    );
    assert_eq!(texts(&script("abs(analysis.student(1.959964, 200) - 0.95) < 2e-3")), ["true"]);
    let text = |body: &str| script(&format!("{DRAWN}let f = committee(ensemble)\nlet all = [h, h2(1), h2(2)]\n{body}"));
    // Against a truth that is exactly two spreads away.
    let off = "fn truth(s) = nominal(solve(s, with: f).total_energy) + 2 * spread(solve(s, with: f).total_energy)\n\
               let c = analysis.calibration(f, all, against: truth)\nabs(c.factor - 2) < 1e-6\nc.within_one\n\
               analysis.calibration(f, all, against: truth, factor: 4).within_one";
    assert_eq!(texts(&text(off)), ["true", "0", "1"]);
    for refused in ["analysis.calibration(ensemble, all)", "analysis.calibration(functionals.lda, all)"] {
        assert!(!code(&text(refused)).is_empty(), "{refused}");
    }
}

#[test]
fn shares_have_intervals_and_quantiles_have_limits() {
    for (body, shown) in [
        ("analysis.quantile([1, 2, inf], 0.5)", "2"),
        ("analysis.quantile([1, 2, nan], 0.5)", "nan"),
        ("analysis.quantile([3], 0.3)", "3"),
        ("analysis.wilson(0, 10).low", "0"),
        ("analysis.wilson(10, 10).high", "1"),
        // R. A. Fisher, The Design of Experiments (1935): eight cups, all right; two-sided.
        ("abs(analysis.same_share(4, 4, 0, 4) - 2 / 70) < 1e-9", "true"),
        ("analysis.same_share(500, 1000, 500, 1000)", "1"),
    ] {
        assert_eq!(texts(&script(body)), [shown], "{body}");
    }
}

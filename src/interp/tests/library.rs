//! The analysis and the molecules of the standard library, against numbers calculated by hand and published geometries.

use super::helpers::{code, described, interpreter, number, shows, texts, value};
use crate::interp::value::Value;
use crate::model::System;
use std::sync::Arc;

const LINE: &str =
    "use std.molecules\nuse std.analysis\nuse std.functionals\ngrid line = uniform(points: 513, spacing: 0.08 bohr)\n";
/// A coarse grid, for quick answers.
const COARSE: &str =
    "use std.molecules\nuse std.analysis\nuse std.functionals\ngrid line = uniform(points: 129, spacing: 0.2 bohr)\n";
/// A curve of known minimum as a method: any energy of a system will do. Atoms have none.
const MORSE: &str = "fn morse(R) = 0.2 * (1 - exp(-0.7 * (R - 1.6)))^2 - 1.5\n\
                     fn method(s) = if len(s.charges) == 1 then -0.65 hartree else morse(s.distance / (1 bohr)) * (1 hartree)\n\
                     fn h2(R) = molecules.h2(line, R: R)\n";

fn systems(script: &str) -> Vec<Arc<System>> {
    let Value::List(items) = value(&format!("{LINE}{script}")) else { panic!("{script}: no list") };
    let one = |v: &Value| match v {
        Value::System(system) => system.clone(),
        other => panic!("{}", other.kind()),
    };
    items.iter().map(one).collect()
}

/// Values in the unit they are shown in.
fn numbers(script: &str) -> Vec<f64> {
    let Value::List(items) = value(script) else { panic!("{script}: no list") };
    let one = |v: &Value| match v {
        Value::Number(q) => q.shown(),
        other => panic!("{}", other.kind()),
    };
    items.iter().map(one).collect()
}

fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64) {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    assert!(found.len() == wanted.len() && found.iter().zip(wanted).all(near), "{found:?}\n{wanted:?}");
}

/// Name, electrons, unpaired ones, charges and positions of the nuclei.
type Published = (&'static str, usize, usize, &'static [(f64, f64)]);

/// Kalita et al. (2022): the nuclei of the ten molecules, and their electrons.
#[test]
fn molecules_stand_where_they_were_published() {
    let published: [Published; 10] = [
        ("H2", 2, 0, &[(1.0, -0.72), (1.0, 0.8)]),
        ("H2+", 1, 1, &[(1.0, -1.2), (1.0, 1.28)]),
        ("HeH+", 2, 0, &[(2.0, -1.04), (1.0, 1.12)]),
        ("H3", 3, 1, &[(1.0, -2.08), (1.0, 0.0), (1.0, 2.08)]),
        ("H3+", 2, 0, &[(1.0, -1.76), (1.0, 0.0), (1.0, 1.76)]),
        ("LiH", 4, 0, &[(3.0, -1.6), (1.0, 1.6)]),
        ("H4", 4, 0, &[(1.0, -2.96), (1.0, -0.96), (1.0, 1.04), (1.0, 3.04)]),
        ("BeH2", 6, 0, &[(1.0, -3.52), (4.0, 0.0), (1.0, 3.52)]),
        ("(He-H-H-He)2+", 4, 0, &[(2.0, -3.84), (1.0, -1.28), (1.0, 1.28), (2.0, 3.84)]),
        ("(H-He-He-H)2+", 4, 0, &[(1.0, -4.64), (2.0, -1.52), (2.0, 1.6), (1.0, 4.72)]),
    ];
    let found = systems("molecules.equilibrium(line)");
    assert_eq!(found.len(), published.len());
    for (system, (name, electrons, unpaired, nuclei)) in found.iter().zip(published) {
        assert_eq!((system.label.as_str(), system.electrons, system.unpaired), (name, electrons, unpaired));
        assert_eq!(system.nuclei.len(), nuclei.len(), "{name}");
        for (nucleus, (charge, position)) in system.nuclei.iter().zip(nuclei) {
            assert_eq!(nucleus.charge, *charge, "{name}");
            assert!((nucleus.position - position).abs() < 1e-12, "{name} {}", nucleus.position);
        }
    }
}

#[test]
fn ions_are_in_the_published_order_and_chains_have_their_atoms() {
    let names: Vec<String> = systems("molecules.ions(line)").iter().map(|s| s.label.clone()).collect();
    assert_eq!(names, ["H", "He+", "Li++", "Be3+", "He", "Li+", "Be++", "Li", "Be+", "Be"]);
    assert_eq!(systems("molecules.all(line)").len(), 20);
    let six = &systems("[molecules.hydrogen_chain(6, 1.6, line)]")[0];
    assert_eq!((six.electrons, six.nuclei.len()), (6, 6));
    assert!(six.nuclei.windows(2).all(|pair| (pair[1].position - pair[0].position - 1.6).abs() < 1e-12));
    assert_eq!(texts(&format!("{LINE}molecules.lih(line, R: 4.8).name")), ["LiH at R = 4.8"]);
    assert_eq!(
        texts(&format!("{LINE}molecules.atom(1, 2, line).name\nmolecules.atom(5, 5, line).name")),
        ["H-", "Z=5"]
    );
    let pair = &systems("[molecules.h2_h2(line, 4.8)]")[0];
    let places: Vec<f64> = pair.nuclei.iter().map(|n| (n.position * 100.0).round() / 100.0).collect();
    assert_eq!((places, pair.electrons), (vec![-3.12, -1.6, 1.68, 3.2], 4));
}

#[test]
fn errors_keep_their_unit() {
    let errors = format!("{LINE}let e = [1, -2, 3] * (1 mhartree) -> mhartree\n");
    assert_eq!(
        texts(&format!("{errors}analysis.mean_error(e)\nanalysis.mae(e)\nanalysis.max_error(e)")),
        ["0.666666666667 mhartree", "2 mhartree", "3 mhartree"]
    );
    let rms = value(&format!("{errors}analysis.rms(e)"));
    let Value::Number(q) = rms else { panic!("{}", rms.kind()) };
    assert!((q.shown() - (14.0_f64 / 3.0).sqrt()).abs() < 1e-12 && q.unit_text() == "mhartree");
    assert_eq!(shows(&format!("{LINE}analysis.rms([0, 0])")), "0");
    // Numbers against numbers.
    assert_eq!(shows(&format!("{LINE}analysis.max_error([-1.5, 1.0], [-1.0, 1.25])")), "0.5");
}

#[test]
fn runs_are_compared_with_exact_answers() {
    let runs = format!("{COARSE}let all = molecules.ions(line)[[0, 1, 4]]\nlet f = functionals.lsda\n");
    let error =
        |i: usize| number(&format!("{runs}solve(all[{i}], with: f).total_energy - exact(all[{i}]).total_energy"));
    let by_hand: Vec<f64> = (0..3).map(error).collect();
    let mae = by_hand.iter().map(|e| e.abs()).sum::<f64>() / 3.0;
    for call in [
        "analysis.mae([solve(s, with: f) for s in all])",
        "analysis.mae([solve(s, with: f) for s in all], [exact(s) for s in all])",
        "analysis.mae([solve(s, with: f).total_energy for s in all], [exact(s).total_energy for s in all])",
        "analysis.mae(analysis.compare(all, with: f))",
        "analysis.summary(all, { zero: fn(s) = 0, lsda: f }).mae[1]",
    ] {
        assert!((number(&format!("{runs}{call}")) - mae).abs() < 1e-12, "{call}");
    }
    let table = format!("{runs}let t = analysis.compare(all, with: f)\n");
    assert_eq!(texts(&format!("{table}t.name")), ["[H, He+, He]"]);
    let in_millihartree: Vec<f64> = by_hand.iter().map(|e| 1e3 * e).collect();
    assert_close(&numbers(&format!("{table}t.error")), &in_millihartree, 1e-9);
    let density = "integral((solve(all[2], with: f).density - exact(all[2]).density)^2) / 2";
    let by_hand = number(&format!("{runs}{density}"));
    assert!(by_hand > 1e-5);
    assert!((number(&format!("{table}t.density_error[2]")) - by_hand).abs() < 1e-15);
    assert!((number(&format!("{runs}analysis.density_error(solve(all[2], with: f))")) - by_hand).abs() < 1e-15);
    assert_eq!(shows(&format!("{runs}len(analysis.compare(all[0], with: f))")), "1");
    // The column of the other values has the name of what they are.
    let zero = format!("{runs}let t = analysis.compare(all, with: f, against: fn(s) = 1 hartree)\n");
    assert_eq!(
        texts(&format!("{zero}t.against\nkeys(t)")),
        ["[1 hartree, 1 hartree, 1 hartree]", "[name, energy, against, error, density_error]"]
    );
    let zero = "analysis.ionisation_energies(all, with: f, against: fn(s) = 0 hartree).against";
    assert_eq!(shows(&format!("{runs}len({zero})")), "3");
    assert_eq!(code(&format!("{runs}analysis.compare(all, with: 3)")), "ksr::run::assertion");
    // A method that gives only an energy has no density; another method may replace the exact one.
    assert_eq!(shows(&format!("{runs}is_nan(analysis.compare(all, with: fn(s) = 1).density_error[0])")), "true");
    assert_eq!(
        shows(&format!("{runs}analysis.mae(analysis.compare(all, with: f, against: f)) -> hartree")),
        "0 hartree"
    );
}

#[test]
fn ionisation_energies_are_differences_of_exact_answers() {
    let he = format!("{COARSE}let he = molecules.atom(2, 2, line)\nlet plus = molecules.atom(2, 1, line)\n");
    let by_hand = number(&format!("{he}exact(plus).energy - exact(he).energy"));
    assert!(by_hand > 0.7 && by_hand < 0.8);
    assert!((number(&format!("{he}analysis.ionisation_energy(he, with: exact)")) - by_hand).abs() < 1e-12);
    assert!((number(&format!("{he}analysis.electron_affinity(plus, with: exact)")) - by_hand).abs() < 1e-12);
    let last = number(&format!("{he}analysis.ionisation_energy(plus, with: exact) + exact(plus).energy"));
    assert!(last.abs() < 1e-15, "without its last electron nothing is left");
    // In a list: the cation is found among its own nuclei; H2 has none here.
    let table = "let t = analysis.ionisation_energies([molecules.h2(line), he, molecules.atom(3, 1, line), plus], with: functionals.self_exchange)\n";
    assert_eq!(texts(&format!("{he}{table}t.name")), ["[He, Li++, He+]"]);
    let exact = numbers(&format!("{he}{table}t.exact"));
    assert!((exact[0] - by_hand).abs() < 1e-12);
    // One electron is exact for this functional.
    assert_close(&numbers(&format!("{he}{table}t.error"))[1..], &[0.0, 0.0], 1e-3);
}

#[test]
fn charged_molecules_fall_apart_as_cheaply_as_they_can() {
    // It costs less energy to remove an electron from hydrogen than from helium.
    for (molecule, shares) in [
        ("heh_plus", "[2, 0]"),
        ("h2", "[1, 1]"),
        ("h2_plus", "[0, 1]"),
        ("h3_plus", "[0, 1, 1]"),
        ("he_h_h_he_2plus", "[2, 0, 0, 2]"),
        ("lih", "[3, 1]"),
    ] {
        assert_eq!(texts(&format!("{COARSE}analysis.shares(molecules.{molecule}(line))")), [shares], "{molecule}");
    }
    let by_hand = "2 * exact(molecules.atom(1, 1, line)).energy - exact(molecules.h2(line)).total_energy";
    let found = "analysis.atomisation_energy(molecules.h2(line), with: exact)";
    assert!((number(&format!("{COARSE}{found}")) - number(&format!("{COARSE}{by_hand}"))).abs() < 1e-9);
    let table = "analysis.atomisation_energies([molecules.heh_plus(line), molecules.h2(line)], with: functionals.lsda)";
    let errors = numbers(&format!("{COARSE}{table}.error"));
    let by_hand = "[1e3 * (analysis.atomisation_energy(m, with: functionals.lsda) - analysis.atomisation_energy(m, with: exact)) \
                   for m in [molecules.heh_plus(line), molecules.h2(line)]]";
    assert_close(&errors, &numbers(&format!("{COARSE}{by_hand}")), 1e-9);
    assert_eq!(
        code(&format!("{COARSE}system w on line {{ potential(x): x^2; electrons: 1 }}\nanalysis.shares(w)")),
        "ksr::run::assertion"
    );
}

#[test]
fn atoms_of_a_molecule_have_its_interaction() {
    let soft = "system h2(R) on line { interaction: soft_coulomb(); H at -R / 2; H at R / 2 }\n\
                system h on line { interaction: soft_coulomb(); H at 0 }\n";
    let found = number(&format!("{COARSE}{soft}analysis.atomisation_energy(h2(1.6), with: exact)"));
    let by_hand = number(&format!("{COARSE}{soft}2 * exact(h).energy - exact(h2(1.6)).total_energy"));
    assert!((found - by_hand).abs() < 1e-9 && found > 0.0);
}

/// V = D (1 - exp(-a (R - R0)))^2 has its minimum at R0 and there the second derivative 2 D a^2.
#[test]
fn a_bond_is_that_of_the_curve() {
    let script = format!("{LINE}{MORSE}let b = analysis.bond(h2, with: method, near: 2.4)\n");
    assert!((number(&format!("{script}b.R")) - 1.6).abs() < 1e-5);
    assert!((number(&format!("{script}b.energy")) + 1.5).abs() < 1e-9);
    assert!((number(&format!("{script}b.depth")) - 0.2).abs() < 1e-9);
    assert!((number(&format!("{script}b.force_constant")) - 2.0 * 0.2 * 0.49).abs() < 1e-4);
    assert_eq!(shows(&format!("{script}b.R > 1 bohr and b.force_constant > 0.1 hartree / (1 bohr)^2")), "true");
    let curve = format!("{LINE}{MORSE}let Rs = 0.8 .. 12 by 0.16\nlet b = analysis.equilibrium(Rs, morse(Rs))\n");
    assert!((number(&format!("{curve}b.R")) - 1.6).abs() < 1e-5);
    assert!((number(&format!("{curve}b.depth")) - 0.2).abs() < 3e-4);
    assert_eq!(code(&format!("{LINE}analysis.equilibrium(1 .. 6, 1 .. 6)")), "ksr::run::assertion");
    assert_eq!(
        code(&format!("{LINE}{MORSE}analysis.bond(h2, with: fn(s) = s.distance / (1 bohr), near: 2)")),
        "ksr::run::assertion"
    );
}

#[test]
fn a_curve_has_a_column_for_every_method_and_its_error() {
    let script = format!(
        "{LINE}{MORSE}let Rs = [1.6, 3.2]\nlet t = analysis.curve(h2, Rs, {{ own: method, off: fn(s) = method(s) + 1.6 mhartree }}, against: method)\n"
    );
    assert_eq!(texts(&format!("{script}keys(t)")), ["[R, against, own, off, own_error, off_error]"]);
    assert_close(&numbers(&format!("{script}t.off_error")), &[1.6, 1.6], 1e-9);
    assert_eq!(texts(&format!("{script}t.R\nt[\"own_error\"]")), ["[1.6, 3.2]", "[0 mhartree, 0 mhartree]"]);
    // Systems instead of a function, and a single method.
    let listed = "analysis.curve([h2(1.6), h2(3.2)], Rs, method, against: method)";
    assert_eq!(
        texts(&format!("{script}keys({listed})\n{listed}.energy == t.own")),
        ["[R, against, energy, energy_error]", "true"]
    );
}

#[test]
fn the_trained_functional_knows_the_atoms_it_was_trained_on() {
    let error = |charge: &str, electrons: usize, energy: f64| {
        let script = format!(
            "use std.models\nuse std.molecules\ngrid line = uniform(points: 513, spacing: 0.08)\n\
             solve(molecules.atom({charge}, {electrons}, line), with: models.sksr, iterations: 30).energy"
        );
        number(&script) - energy
    };
    // Exact energies on this grid, hartree.
    for (charge, electrons, energy) in [("1", 1, -0.669972), ("2", 2, -2.237782), ("3", 3, -4.216254)] {
        let error = error(charge, electrons, energy);
        assert!(error.abs() < 2e-3, "{charge}: {error}");
    }
}

/// Whatever the spin of a molecule, its atoms are in their ground states: a triplet of H2 dissociates into two
/// doublets.
#[test]
fn atoms_of_an_open_shell_are_in_their_ground_states() {
    let found = numbers(&format!(
        "{COARSE}let triplet = with_electrons(molecules.h2(line, R: 2), 2, unpaired: 2)\n\
         let atom = exact(molecules.atom(1, 1, line)).total_energy\n\
         [analysis.atomisation_energy(triplet, exact), 2 * atom - exact(triplet).total_energy]"
    ));
    assert_close(&found[..1], &found[1..], 1e-8);
    assert!(found[0] < -0.05, "a triplet is not bound: {found:?}");
}

#[test]
fn what_is_no_distance_or_no_name_is_refused() {
    for call in ["h2(line, R: -1.5)", "h2(line, R: 0)", "hydrogen_chain(4, nan, line)", "h2_h2(line, 4, bond: -1)"] {
        assert_eq!(code(&format!("{COARSE}molecules.{call}")), "ksr::run::assertion", "{call}");
    }
    let names = texts(&format!(
        "{LINE}molecules.atom(2.5, 2, line).name\nmolecules.atom(2.5, 1, line).name\nmolecules.atom(5, 4, line).name"
    ));
    assert_eq!(names, ["Z=2.5 with 2 electrons", "Z=2.5 with 1 electron", "Z=5+"]);
    for methods in ["{ R: exact }", "{ exact: exact }", "{ a: exact, a_error: exact }"] {
        let script = format!("{COARSE}analysis.curve(fn(R) = molecules.h2(line, R: R), [1, 2], {methods})");
        assert_eq!(code(&script), "ksr::run::assertion", "{methods}");
    }
}

#[test]
fn errors_of_nothing_or_of_unequal_lists_are_refused() {
    for call in [
        "mae([])",
        "mae(molecules.atom(1, 1, line))",
        "errors([1 hartree], [1, 2])",
        "errors([1, 2], 1 hartree)",
        "rms([1], [])",
    ] {
        assert_eq!(code(&format!("{COARSE}analysis.{call}")), "ksr::run::assertion", "{call}");
    }
    // Whatever the name of the script.
    let text = "use std.analysis\nanalysis.mae([])";
    let problems = interpreter().run("std.ksr", text).expect_err("an error");
    assert!(described(&problems).ends_with("[17..33] []"), "{}", described(&problems));
    let he = "let he = molecules.atom(2, 2, line)\nlet run = solve(he, with: functionals.lda)\n";
    for call in ["density_error(he)", "total_energy(he, fn(s) = \"a\")"] {
        assert_eq!(code(&format!("{COARSE}{he}analysis.{call}")), "ksr::run::assertion", "{call}");
    }
    for other in ["molecules.atom(2, 1, line)", "molecules.atom(4, 2, line)"] {
        for call in ["density_error", "mae"] {
            let script = format!("{COARSE}{he}analysis.{call}(run, exact({other}))");
            assert_eq!(code(&script), "ksr::run::assertion", "{script}");
        }
    }
    let nothing = "analysis.mae(analysis.compare([], with: functionals.lda))";
    assert_eq!(code(&format!("{COARSE}{nothing}")), "ksr::run::assertion");
    let found = numbers(&format!(
        "{COARSE}{he}[analysis.density_error(run), analysis.density_error(run, exact(he)),\n\
         analysis.density_error(run, functionals.lda), analysis.mae(run, exact(he)) / analysis.mae(run),\n\
         analysis.mae(run, exact(he).total_energy) / analysis.mae(run), analysis.mae(3, 1 hartree)]"
    ));
    assert_close(&found, &[found[0], found[0], 0.0, 1.0, 1.0, 2.0], 1e-12);
    let short = "analysis.curve([molecules.h2(line)], [1, 2], exact)";
    assert_eq!(code(&format!("{COARSE}{short}")), "ksr::run::assertion");
    assert_close(
        &numbers(&format!("{COARSE}[analysis.mae([1 hartree, -2 hartree]), analysis.mae([3])]")),
        &[1.5, 3.0],
        0.0,
    );
}

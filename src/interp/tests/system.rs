//! Systems: entries, defaults, interactions, and what they are afterwards.

use super::helpers::{code, number, shows, take_lines, texts, value};
use crate::interp::value::Value;
use crate::model::{Interaction, System};
use std::sync::Arc;

const LINE: &str = "grid line = uniform(points: 513, spacing: 0.08 bohr)\n";

fn system(script: &str) -> Arc<System> {
    match value(&format!("{LINE}{script}")) {
        Value::System(system) => system,
        other => panic!("{script}: {}", other.kind()),
    }
}

#[test]
fn the_systems_of_the_language() {
    let h2 = system("system h2(R) on line {\n  H at snap(-R / 2, line)\n  H at snap(-R / 2, line) + R\n}\nh2(1.28)");
    assert_eq!((h2.label.as_str(), h2.electrons, h2.unpaired, h2.nuclei.len()), ("h2(1.28)", 2, 0, 2));
    assert!((h2.nuclei[1].position - h2.nuclei[0].position - 1.28).abs() < 1e-12);
    let repulsion = Interaction::BAKER.at(1.28).expect("closed");
    assert!((h2.nuclear_repulsion - repulsion).abs() < 1e-12);
    let lih = system("system lih(R = 3.2) on line { Li at -R/2; H at R/2 }\nlih()");
    assert_eq!((lih.electrons, lih.label.as_str()), (4, "lih()"));
    let be = system("system be2plus on line { Be at 0; charge: 2 }\nbe2plus");
    assert_eq!((be.electrons, be.label.as_str()), (2, "be2plus"));
    let h3 = system("system h3(R) on line { H at -R; H at 0; H at R; unpaired: 1 }\nh3(1.6)");
    assert_eq!((h3.electrons, h3.unpaired), (3, 1));
    let chain = "system chain(N, R, g = line) on g { H at (i - (N - 1) / 2) * R for i in 0 .. N - 1 }\nchain(4, 1.6)";
    let chain = system(chain);
    let positions: Vec<f64> = chain.nuclei.iter().map(|n| (n.position * 100.0).round() / 100.0).collect();
    assert_eq!(positions, [-2.4, -0.8, 0.8, 2.4]);
    let ion = system("system ion(Z, N) on line { nucleus(Z) at 0; electrons: N }\nion(2.5, 2)");
    assert_eq!((ion.electrons, ion.nuclei[0].symbol.as_str(), ion.nuclei[0].charge), (2, "Z=2.5", 2.5));
    let well = "system well(depth) on line { potential(x): -depth * exp(-x^2 / 2); electrons: 2 }\nwell(3 hartree)";
    assert!((system(well).potential[256] + 3.0).abs() < 1e-12);
}

#[test]
fn interactions_are_ready_made_or_any_function() {
    let soft =
        system("system soft(R) on line { interaction: soft_coulomb(softening: 1.0); H at -R/2; H at R/2 }\nsoft(1.6)");
    let Interaction::Sampled { name, kernel } = &soft.interaction else { panic!("sampled") };
    assert_eq!((name.as_str(), kernel[0]), ("soft_coulomb(softening: 1.0)", 1.0));
    assert!((soft.nuclear_repulsion - 1.0 / (1.6_f64 * 1.6 + 1.0).sqrt()).abs() < 1e-12);
    let own = system("system own on line { interaction(r): exp(-r) ; H at 0 }\nown");
    assert!((own.potential[256] + 1.0).abs() < 1e-12);
    let named = system("fn w(r) = 2 * exp(-r)\nsystem own on line { interaction: w; H at 0 }\nown");
    assert!((named.potential[256] + 2.0).abs() < 1e-12);
    let weak = system("system weak on line { interaction: exponential(amplitude: 0.5); H at 0 }\nweak");
    assert_eq!(weak.interaction, Interaction::Exponential { amplitude: 0.5, kappa: 1.0 / 2.385345 });
    let free = "grid unit = uniform(from: 0, to: 1, points: 500, wall: odd)\n\
                system box(N) on unit { potential(x): 0; electrons: N; unpaired: N; interaction: none }\nbox(3)";
    let free = system(free);
    assert_eq!((free.spins(), free.interaction.clone()), ((3, 0), Interaction::None));
}

#[test]
fn nuclei_and_potentials_add_up_and_fields_are_potentials() {
    let plain = system("system a on line { H at 0 }\na");
    let both = system("system a on line { H at 0; potential: 0.1 * line.x }\na");
    let added = both.potential.iter().zip(plain.potential.iter()).map(|(b, p)| b - p);
    assert!(added.zip(both.grid.xs()).all(|(v, x)| (v - 0.1 * x).abs() < 1e-12));
}

#[test]
fn positions_may_have_units() {
    let h = system("system h(x) on line { H at x }\nh(snap(1 angstrom, line))");
    assert!((h.nuclei[0].position - 1.92).abs() < 1e-12);
    assert_eq!(h.label, "h(1.92)");
}

#[test]
fn systems_have_members() {
    let h2 = format!("{LINE}system h2(R) on line {{ H at -R / 2; H at R / 2; charge: 1 }}\nlet s = h2(1.6)\n");
    assert_eq!(
        texts(&format!("{h2}s.electrons\ns.unpaired\ns.charge\ns.grid.points\ns.system.name\ns.nuclei[1].position")),
        ["1", "1", "1", "513", "h2(1.6)", "0.8 bohr"]
    );
    assert!((number(&format!("{h2}s.nuclear_repulsion")) - Interaction::BAKER.at(1.6).expect("closed")).abs() < 1e-12);
    assert_eq!(shows(&format!("{h2}s.potential[256] < -1")), "true");
}

#[test]
fn systems_have_names_and_places() {
    let lih = format!(
        "{LINE}system lih(R, called = \"LiH at {{R}}\") on line {{ name: called; Li at -1.6; H at R - 1.6 }}\n"
    );
    let members = "s.name\ns.charges\ns.locations\ns.distance\ns";
    assert_eq!(
        texts(&format!("{lih}let s = lih(3.2)\n{members}")),
        ["LiH at 3.2", "[3, 1]", "[-1.6 bohr, 1.6 bohr]", "3.2 bohr", "LiH at 3.2"]
    );
    assert_eq!(texts(&format!("{lih}lih(3.2, called: \"x\").name")), ["x"]);
    let one = format!("{LINE}system h on line {{ H at 0 }}\n");
    assert_eq!(
        texts(&format!("{one}h.name\nh.distance\nexact(h).name\nexact(h).charges")),
        ["h", "nan bohr", "h", "[1]"]
    );
    assert_eq!(code(&format!("{LINE}system h on line {{ H at 0; name: 3 }}\nh")), "ksr::types::mismatch");
}

#[test]
fn ions_are_systems_with_other_electrons() {
    let he = format!("{LINE}system he on line {{ He at 0 }}\n");
    assert_eq!(
        texts(&format!("{he}let s = with_electrons(he, 1)\ns.electrons\ns.unpaired\ns.charge\ns.name\nhe.electrons")),
        ["1", "1", "1", "he with 1 electron", "2"]
    );
    let named = |call: &str| texts(&format!("{he}{call}.name"))[0].clone();
    assert_eq!(named("with_electrons(he, 2)"), "he");
    assert_eq!(named("with_electrons(he, 2, unpaired: 2)"), "he with 2 unpaired");
    assert_eq!(named("with_electrons(with_electrons(he, 3), 4, unpaired: 2)"), "he with 4 electrons, 2 unpaired");
    assert_eq!(named("with_electrons(he, 1, name: \"He+\")"), "He+");
    assert_eq!(named("with_electrons(with_electrons(he, 4), 4, unpaired: 2)"), "he with 4 electrons, 2 unpaired");
    assert_eq!(named("with_electrons(with_electrons(he, 2, unpaired: 2), 2)"), "he with 2 electrons");
    // A given name that contains `with` is kept.
    let dressed = "with_electrons(he, 2, unpaired: 2, name: \"he with field\")";
    assert_eq!(named(&format!("with_electrons({dressed}, 1)")), "he with field with 1 electron");
    let Value::System(triplet) = value(&format!("{he}with_electrons(exact(he), 2, unpaired: 2, name: \"triplet\")"))
    else {
        panic!("a system");
    };
    assert_eq!((triplet.spins(), triplet.label.as_str()), ((2, 0), "triplet"));
    for call in ["with_electrons(he, 0)", "with_electrons(he, 1.5)", "with_electrons(he, -1)"] {
        assert_eq!(code(&format!("{he}{call}")), "ksr::system::electrons", "{call}");
    }
    assert_eq!(code(&format!("{he}with_electrons(he, 3, unpaired: 2)")), "ksr::system::unpaired");
    let two = "grid g = uniform(points: 9, spacing: 1)\nsystem h on g { H at 0 }\nwith_electrons(h, 19)";
    assert_eq!(code(two), "ksr::system::too_many_electrons");
}

#[test]
fn a_ready_made_interaction_serves_another_system() {
    let soft = format!(
        "{LINE}system a(x, w = soft_coulomb()) on line {{ interaction: w; H at x; H at 1 + x }}\nlet first = a(0)\n"
    );
    let Value::System(first) = value(&format!("{soft}first")) else { panic!("a system") };
    let Value::System(again) = value(&format!("{soft}a(0, w: first.interaction)")) else { panic!("a system") };
    let far = first.potential.iter().zip(again.potential.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(far < 1e-5 && (first.nuclear_repulsion - again.nuclear_repulsion).abs() < 1e-5, "{far}");
}

#[test]
fn a_nucleus_between_points_earns_a_note() {
    take_lines();
    system("system h on line { H at 0.04 }\nh");
    let notes = take_lines();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("ksr::system::between_points"), "{notes:?}");
}

#[test]
fn impossible_systems_are_refused() {
    for (entries, wanted) in [
        ("H at 30", "ksr::system::outside_grid"),
        ("H at 0; charge: 1; electrons: 1", "ksr::system::electrons_and_charge"),
        ("H at 0; unpaired: 2", "ksr::system::unpaired"),
        ("potential(x): 0", "ksr::system::no_electrons"),
        ("H at 0; interaction: none", "ksr::system::nuclei_without_interaction"),
        ("H at 1 eV", "ksr::units::wanted"),
        ("true at 0", "ksr::system::not_a_nucleus"),
        ("potential: 3; electrons: 1", "ksr::types::mismatch"),
        ("H at 0; interaction: 3", "ksr::types::mismatch"),
        ("H at 0; electrons: \"two\"", "ksr::types::mismatch"),
        ("H at 0; interaction(r): 1 / r", "ksr::system::interaction_not_finite"),
    ] {
        assert_eq!(code(&format!("{LINE}system s(q) on line {{ {entries} }}\ns(1)")), wanted, "{entries}");
    }
    assert_eq!(code("let line = 3\nsystem s(q) on line { H at q }\ns(0)"), "ksr::types::mismatch");
}

#[test]
fn entries_do_not_hide_the_functions_of_their_names() {
    let own =
        "fn potential(x, k) = -k * exp(-x^2)\nsystem s on line { potential(x): potential(x, 3); electrons: 2 }\ns";
    assert!((system(own).potential[256] + 3.0).abs() < 1e-12);
}

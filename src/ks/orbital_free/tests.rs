use super::energy::Terms;
use super::state::State;
use crate::interp::tests::helpers::{code, number, take_lines, values};
use crate::interp::value::{Functional, Value as Answer};
use crate::ks::direct::{Curved, Surface};
use crate::model::System;
use crate::tensor::Cpu;
use crate::tensor::vector::dot_in_order as dot;
use std::rc::Rc;
use std::sync::Arc;

const HEAD: &str = "use std.kinetic\nuse std.wells\nuse std.functionals\nuse std.networks\ngrid g = uniform(points: 129, spacing: 0.2)\n\
    system he on g { He at 0 }\nsystem li on g { Li at 0 }\nsystem be on g { Be at 0 }\nsystem h2(R) on g { H at -R/2; H at R/2 }\n\
    let box = wells.unit_box(points: 99)\n";

/// A functional of the language, compiled, with its parameters.
fn functional(name: &str) -> (Arc<crate::functional::Compiled>, Vec<f64>) {
    let mut interp = crate::interp::tests::helpers::interpreter();
    let found: Rc<Functional> = match crate::interp::tests::helpers::value(&format!("{HEAD}{name}")) {
        Answer::Functional(functional) => functional,
        _ => panic!("no functional"),
    };
    interp.compiled(&Answer::Functional(found), crate::source::Span::default()).expect("a graph")
}

fn system(name: &str) -> Arc<System> {
    match crate::interp::tests::helpers::value(&format!("{HEAD}{name}")) {
        Answer::System(system) => system,
        _ => panic!("no system"),
    }
}

/// The gradient and the products of the second derivative against differences of energies, for one density, two, and one spin alone.
#[test]
fn the_surface_is_that_of_the_energy() {
    let cases = [
        ("he", "kinetic.gradient_expansion(c: 0.7)", Some("functionals.lsda")),
        ("li", "kinetic.gradient_expansion", Some("functionals.lsda")),
        ("li", "kinetic.smooth_global", Some("functionals.lda")),
        ("wells.gaussian_wells(electrons: 2, line: box)", "kinetic.thomas_fermi", None),
    ];
    for (name, kinetic, xc) in cases {
        let (system, kinetic) = (system(name), functional(kinetic));
        let xc = xc.map(functional);
        let other = xc.as_ref().map(|(compiled, parameters)| (compiled, &parameters[..]));
        let terms = Terms::new(&system, Cpu::default(), (&kinetic.0, &kinetic.1), other).expect("terms");
        let begin = super::start::density(&system, Cpu::default(), &crate::control::Quiet).expect("a start");
        let state = State::new(&terms, &terms.channels.of_spins(begin)).expect("a state");
        let (middle, width) =
            (system.centre() + 0.1 * system.grid.spacing, 0.15 * (system.grid.end() - system.grid.start));
        let at = |i: usize| {
            let x = (system.grid.x(i % system.grid.points) - middle) / width;
            (-x * x).exp() * (1.3 * x + 0.4 + (i / system.grid.points) as f64).sin()
        };
        let raw: Vec<f64> = (0..state.gradient().len()).map(at).collect();
        // In directions that keep the number of electrons, of the size of what there is.
        let step: Vec<f64> = state.product(&raw).expect("a product").iter().map(|x| x * 1e-3 / state.size()).collect();
        let energy = |t: f64| {
            let moved: Vec<f64> = step.iter().map(|x| t * x).collect();
            state.moved(&moved).expect("a state").energy()
        };
        let h = 0.05;
        let slope = (8.0 * (energy(h) - energy(-h)) - (energy(2.0 * h) - energy(-2.0 * h))) / (12.0 * h);
        let wanted = state.weight() * dot(state.gradient(), &step);
        assert!((slope - wanted).abs() < 1e-6 * wanted.abs() + 1e-10, "{name}: {slope} {wanted}");
        let bend = (16.0 * (energy(h) + energy(-h)) - (energy(2.0 * h) + energy(-2.0 * h)) - 30.0 * energy(0.0))
            / (12.0 * h * h);
        let wanted = state.weight() * dot(&state.product(&step).expect("a product"), &step);
        assert!((bend - wanted).abs() < 1e-4 * wanted.abs() + 1e-9, "{name}: {bend} {wanted}");
    }
}

/// For one electron of a spin von Weizsäcker's functional is exact: energy, derivative, density and chemical potential.
#[test]
fn von_weizsaecker_is_exact_for_one_electron() {
    for seed in 0..3 {
        let head = format!(
            "{HEAD}let w = wells.gaussian_wells(seed: {seed}, line: box)\nlet r = exact(w)\n\
             let s = solve(w, kinetic: kinetic.von_weizsaecker)\n"
        );
        for (what, most) in [
            ("s.energy - r.energy", 1e-11),
            ("s.kinetic_energy - r.kinetic_energy", 1e-8),
            ("integral(abs(s.density - r.density))", 1e-8),
            ("s.chemical_potential - r.energy", 1e-11),
            ("max(abs(r.density * (s.kinetic_potential.up - r.kinetic_potential.up)))", 1e-5),
            ("energy(kinetic.von_weizsaecker, r.density, 0 * r.density) - r.kinetic_energy", 1e-11),
        ] {
            let found = number(&format!("{head}{what}"));
            assert!(found.abs() < most, "{seed}: {what} = {found}");
        }
    }
}

/// For two electrons in one orbital it gives the Kohn-Sham density with any functional.
#[test]
fn von_weizsaecker_is_kohn_sham_for_two_electrons() {
    for (system, with) in [("he", "functionals.lda"), ("h2(1.6)", "functionals.lsda"), ("h2(5)", "networks.ksr_global")]
    {
        let head = format!(
            "{HEAD}let a = solve({system}, with: {with})\nlet b = solve({system}, kinetic: kinetic.von_weizsaecker, with: {with})\n"
        );
        assert!(number(&format!("{head}b.energy - a.energy")).abs() < 1e-9, "{system}");
        assert!(number(&format!("{head}integral(abs(b.density - a.density))")) < 1e-6, "{system}");
        assert!(number(&format!("{head}b.chemical_potential - a.orbital_energies[0]")).abs() < 1e-7, "{system}");
    }
}

/// Thomas-Fermi and von Weizsäcker bound the energy of Kohn-Sham electrons from both sides.
#[test]
fn bounds_of_the_kinetic_energy_hold() {
    for system in ["be", "li", "wells.gaussian_wells(electrons: 3, line: box)"] {
        let with = if system.starts_with("wells") { "" } else { ", with: functionals.lsda" };
        let orbitals = number(&format!("{HEAD}solve({system}, with: functionals.lsda).energy"));
        let of = |kinetic: &str| number(&format!("{HEAD}solve({system}, kinetic: kinetic.{kinetic}{with}).energy"));
        let orbitals = match with {
            "" => number(&format!("{HEAD}exact({system}).energy")),
            _ => orbitals,
        };
        assert!(of("von_weizsaecker") < orbitals && orbitals < of("gradient_expansion"), "{system}");
    }
}

/// The density of lowest energy satisfies δT/δn + v_s = μ, and its trace is that of a run.
#[test]
fn a_run_without_orbitals_is_a_run() {
    let head = format!("{HEAD}let s = solve(li, kinetic: kinetic.gradient_expansion, with: functionals.lsda)\n");
    let off = |spin: &str| {
        format!(
            "{head}max(abs(s.density_{spin} * (s.kinetic_potential.{spin} + s.potential.{spin} - s.chemical_potential.{spin})))"
        )
    };
    assert!(number(&off("up")) < 1e-6 && number(&off("down")) < 1e-6);
    assert!(number(&format!("{head}integral(s.density) - 3")).abs() < 1e-12);
    assert!(number(&format!("{head}s.energies[-1] - s.energy")).abs() < 1e-14);
    assert!(
        number(&format!("{head}s.energy - (s.kinetic_energy + s.hartree_energy + s.xc_energy + s.external_energy)"))
            .abs()
            < 1e-13
    );
    // The start does not matter.
    let other = format!(
        "{head}solve(li, kinetic: kinetic.gradient_expansion, with: functionals.lsda, start: exact(li)).energy - s.energy"
    );
    assert!(number(&other).abs() < 1e-10);
    assert_eq!(code(&format!("{head}s.gap")), "ksr::types::no_field");
    assert_eq!(code(&format!("{head}stability(s)")), "ksr::run::value");
}

/// What does not go together is refused.
#[test]
fn options_that_do_not_suit_are_errors() {
    let near = "principal([exact(wells.gaussian_wells(seed: k, electrons: 2, line: box)).density for k in 0 .. 9], neighbours: 5, dimensions: 2)";
    for (call, wanted) in [
        ("solve(he, kinetic: kinetic.thomas_fermi)", "ksr::run::value"),
        ("solve(he)", "ksr::run::value"),
        (
            "solve(li, kinetic: kinetic.thomas_fermi, with: functionals.lsda, start: exact(wells.gaussian_wells(line: g)))",
            "ksr::ks::start",
        ),
        ("solve(he, kinetic: functionals.lda, with: functionals.lda)", "ksr::functional::not_kinetic"),
        ("solve(he, kinetic: kinetic.thomas_fermi, with: kinetic.thomas_fermi)", "ksr::functional::kinetic"),
        ("solve(he, kinetic: kinetic.thomas_fermi, with: functionals.lda, mixing: diis())", "ksr::run::value"),
        ("solve(he, kinetic: kinetic.thomas_fermi, with: functionals.lda, start: broken_spin)", "ksr::run::value"),
        ("solve(he, with: functionals.lda, projected: principal(3))", "ksr::run::value"),
        (
            "solve(he, kinetic: kinetic.thomas_fermi, with: functionals.lda, projected: principal(3))",
            "ksr::types::mismatch",
        ),
        ("principal([1, 2, 3])", "ksr::types::mismatch"),
        ("principal([g.x], dimensions: 3)", "ksr::run::value"),
    ] {
        assert_eq!(code(&format!("{HEAD}{call}")), wanted, "{call}");
    }
    let others = format!(
        "{HEAD}solve(wells.gaussian_wells(electrons: 1, line: box), kinetic: kinetic.thomas_fermi, projected: {near})"
    );
    assert_eq!(code(&others), "ksr::run::value");
}

/// Energies learned by a machine have a derivative only among densities like those it has seen.
#[test]
fn a_learned_functional_is_minimised_among_its_samples() {
    let head = format!(
        "{HEAD}let known = [exact(wells.gaussian_wells(seed: 100 + k, line: box)) for k in 0 .. 39]\n\
         let machine = ridge([r.density for r in known], [r.kinetic_energy for r in known], kernel: gaussian(width: 4), noise: 1e-11)\n\
         total kinetic functional t(n) = machine(n)\nlet w = wells.gaussian_wells(seed: 5, line: box)\nlet r = exact(w)\n"
    );
    let solved = "solve(w, kinetic: t, projected: principal(machine, neighbours: 15, dimensions: 4))";
    values(&format!("{head}let s = {solved}\nassert(s.converged)\nassert(abs(s.energy - r.energy) < 5 kcal/mol)"));
    let start = format!(
        "{head}{solved}.energy - solve(w, kinetic: t, start: known[3], projected: principal(machine, neighbours: 15, dimensions: 4)).energy"
    );
    assert!(number(&start).abs() < 1e-4);
    take_lines();
    values(&format!("{head}solve(w, kinetic: t)"));
    assert!(take_lines().iter().any(|line| line.starts_with("ksr::learn::far")), "no warning");
}

/// The gradient of a loss of everything that it sees, through the minimisation, against differences; for a total density and for two.
#[test]
fn the_gradient_through_the_minimisation_is_that_of_the_loss() {
    let seen = "run.energy^2 + integral(run.density^2) + 0.1 * run.kinetic_energy^2 + run.external_energy * 0.3";
    let closed = format!(
        "loss own(run, exact) = {seen} + 0.2 * integral(run.density * run.kinetic_potential) + run.chemical_potential^2 + \
         0.1 * integral(run.density * run.potential) + 0.01 * run.hartree_energy + 0.02 * run.xc_energy\n"
    );
    let open = format!(
        "loss own(run, exact) = {seen} + integral(run.density_up^3) + 0.1 * integral(run.density_down * run.xc_potential.down) + \
         run.chemical_potential.up * run.chemical_potential.down\n"
    );
    let t = "kinetic functional t(n_up, n_down) {\n  param a = 0.9 in 0.1 .. 3\n  param b = 0.2\n  \
             a * kinetic.gradient_expansion(n_up, n_down) + b * n_up * n_down + 0.05 * b^2 * (n_up - n_down)^2\n}\n";
    let total = "kinetic functional t(n) {\n  param a = 0.9 in 0.1 .. 3\n  param b = 0.2\n  let phi = sqrt(n)\n  \
                 a * phi * kinetic_operator(phi) / n + b * n^2 + 0.05 * b^2 * n\n}\n";
    for (functional, loss, system, with) in [
        (total, &closed, "he", "; with: functionals.lda"),
        (t, &closed, "be", "; with: functionals.lda"),
        (t, &open, "li", "; with: functionals.lsda"),
        (total, &open, "li", "; with: functionals.lda"),
    ] {
        let script = format!(
            "{HEAD}{functional}{loss}train t {{ on: [{system}]; loss: own(); scf: {{ tolerance: 1e-11 }}{with} }}"
        );
        let plans = crate::interp::tests::helpers::interpreter().plans("test", &script).expect("a plan");
        let plan = &plans.1[0];
        let at = plan.functional.initial(0);
        let of = |params: &[f64]| crate::train::evaluate(crate::tensor::Device::Cpu, plan, params).expect("a gradient");
        let (_, gradient) = of(&at);
        for (k, slope) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut params = at.clone();
                params[k] += by;
                of(&params).0
            };
            let h = 1e-4;
            let wanted = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
            assert!((slope - wanted).abs() < 1e-6 * wanted.abs().max(0.1), "{system} {k}: {slope} {wanted}");
        }
    }
}

#[test]
fn training_without_orbitals_has_its_own_options() {
    let head =
        format!("{HEAD}kinetic functional t(n) {{ param a = 0.9\n a * n^2 }}\nloss own(run, exact) = run.energy^2\n");
    for (options, wanted) in [
        ("", "ksr::run::value"),
        ("; with: functionals.lda; gradient: implicit", "ksr::run::value"),
        ("; with: functionals.lda; scf: { mixing: diis() }", "ksr::run::value"),
        ("; with: functionals.lda; scf: none", "ksr::run::value"),
        ("; with: kinetic.thomas_fermi", "ksr::functional::kinetic"),
    ] {
        assert_eq!(code(&format!("{head}train t {{ on: [he]; loss: own(){options} }}")), wanted, "{options}");
    }
    let levels =
        format!("{head}loss gap(run, exact) = run.gap^2\ntrain t {{ on: [he]; loss: gap(); with: functionals.lda }}");
    assert_eq!(code(&levels), "ksr::types::no_field");
    assert_eq!(
        code(&format!(
            "{HEAD}functional f(n) {{ param a = 1\n a * n }}\nuse std.losses\ntrain f {{ on: [he]; loss: losses.ksr(); with: functionals.lda }}"
        )),
        "ksr::run::value"
    );
}

/// Electrons are in all wells where that lowers the energy, whatever the start: Thomas-Fermi's density by bisection on the same grid.
#[test]
fn no_well_is_forgotten() {
    let head = "use std.kinetic\ngrid g = uniform(points: 401, spacing: 0.1)\n\
        system two(a, b, N) on g { potential(x): -a*exp(-(x+8)^2) - b*exp(-(x-8)^2); electrons: N; interaction: none }\n\
        system left on g { potential(x): -9*exp(-(x+8)^2); electrons: 4; interaction: none }\n";
    for (call, wanted) in [("two(5, 4.9, 2)", -8.3909), ("two(20, 19, 4)", -66.084), ("two(60, 59, 4)", -216.739)] {
        let found = number(&format!("{head}solve({call}, kinetic: kinetic.thomas_fermi).energy"));
        assert!((found - wanted).abs() < 1e-3, "{call}: {found}");
    }
    let start = "start: solve(left, kinetic: kinetic.thomas_fermi)";
    let found = number(&format!("{head}solve(two(20, 19, 4), kinetic: kinetic.thomas_fermi, {start}).energy"));
    assert!((found + 66.084).abs() < 1e-3, "{found}");
}

/// A formula whose derivative is useless in the tails does not pass for converged, and a density on one point is told.
#[test]
fn minima_that_are_none_are_told() {
    let told = |script: &str| {
        take_lines();
        values(&format!("{HEAD}{script}"));
        take_lines().join("\n")
    };
    let rough = "kinetic functional t(n) = grad(n)^2 / (8 * n^2)\n";
    // Either the minimum of that formula on the grid, which is near that of Kohn-Sham, or the word that there is none.
    let ion = "grid f = uniform(points: 513, spacing: 0.08)\nsystem ion on f { Be at 0; electrons: 2 }\n";
    let off = number(&format!(
        "{HEAD}{rough}{ion}abs(solve(ion, kinetic: t, with: functionals.lda).energy - solve(ion, with: functionals.lda).energy)"
    ));
    let lines = told(&format!("{rough}{ion}solve(ion, kinetic: t, with: functionals.lda)"));
    assert!(off < 0.02 || lines.contains("ks::not_converged"), "{off} {lines}");
    assert!(
        told("kinetic functional t(n) = -0.5 * n^2\nsystem ho on g { potential(x): x^2 / 2; electrons: 2; interaction: none }\nsolve(ho, kinetic: t)")
            .contains("ks::unresolved")
    );
    assert!(
        told("system free on g { H at 0; electrons: 4 }\nsolve(free, kinetic: kinetic.thomas_fermi, with: functionals.lda)").contains("ks::at_edge")
    );
    // What is converged already stays so.
    let same = "system ho on g { potential(x): x^2 / 2; electrons: 20; unpaired: 20; interaction: none }\n\
                let s = solve(ho, kinetic: kinetic.gradient_expansion)\nassert(s.converged and solve(ho, kinetic: kinetic.gradient_expansion, start: s).converged)";
    values(&format!("{HEAD}{same}"));
}

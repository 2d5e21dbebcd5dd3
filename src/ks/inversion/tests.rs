use super::*;
use crate::control::Quiet;
use crate::interp::tests::helpers::{code, number, take_lines, values};
use crate::interp::value::Value as Answer;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use std::sync::LazyLock;

static GRID: LazyLock<Grid> = LazyLock::new(|| Grid::centred(301, 0.08));

/// The density of the lowest orbitals in a potential, and their kinetic energy.
fn filled(v: &[f64], count: usize) -> (Vec<f64>, f64) {
    let found = lowest(&Hamiltonian::new(&GRID, v), count, None).expect("orbitals");
    let mut density = vec![0.0; GRID.points];
    for psi in &found.vectors {
        density.iter_mut().zip(psi).for_each(|(n, psi)| *n += psi * psi / GRID.spacing);
    }
    let kinetic = found.energies.iter().sum::<f64>()
        - GRID.integrate(&density.iter().zip(v).map(|(n, v)| n * v).collect::<Vec<_>>());
    (density, kinetic)
}

/// A well with a dent, without symmetry.
fn potential() -> Vec<f64> {
    GRID.xs().iter().map(|x| -2.0 * (-0.2 * (x - 1.0).powi(2)).exp() - 1.3 * (-(x + 2.5).powi(2)).exp()).collect()
}

fn given<'a>(spins: [&'a [f64]; 2], electrons: [usize; 2], highest: [Option<f64>; 2]) -> Density<'a> {
    Density { grid: &GRID, spins, electrons, system: None, highest, digits: false }
}

#[test]
fn the_potential_of_a_density_is_the_one_it_was_made_in() {
    let v = potential();
    for count in 1..=3 {
        let (density, kinetic) = filled(&v, count);
        let top = lowest(&Hamiltonian::new(&GRID, &v), count, None).expect("orbitals").energies[count - 1];
        let target = given([&density, &density], [count; 2], [Some(top); 2]);
        let found = invert(&target, &Quiet).expect("a potential");
        assert!(found.converged() && found.residual < 1e-7, "{count}: {}", found.residual);
        assert!((found.kinetic_energy - 2.0 * kinetic).abs() < 1e-9, "{count}: {} {kinetic}", found.kinetic_energy);
        let inside = found.trusted[0].clone();
        let worst = inside.map(|i| (found.potential[0][i] - v[i]).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-3, "{count}: {worst}");
        // Where most of the density is.
        let middle = (0..GRID.points).filter(|i| density[*i] > 1e-3);
        let worst = middle.map(|i| (found.potential[0][i] - v[i]).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-5, "{count}: {worst}");
    }
}

#[test]
fn spins_have_their_own_potentials() {
    let v = potential();
    let (up, _) = filled(&v, 2);
    let (down, _) = filled(&v, 1);
    let found = invert(&given([&up, &down], [2, 1], [None; 2]), &Quiet).expect("a potential");
    assert!(found.converged() && !found.restricted);
    // The same potential, up to a constant.
    let apart = |i: usize| found.potential[0][i] - found.potential[1][i];
    let (a, b) = (GRID.nearest(-1.0), GRID.nearest(2.0));
    assert!((apart(a) - apart(b)).abs() < 1e-6);
    let none = vec![0.0; GRID.points];
    let alone = invert(&given([&down, &none], [1, 0], [None; 2]), &Quiet).expect("a potential");
    assert_eq!(alone.potential[0], alone.potential[1]);
    assert_eq!(alone.constants, [Constant::Wall; 2]);
}

#[test]
fn digits_that_run_out_are_recognised() {
    let (exact, _) = filled(&potential(), 1);
    // Ten decimals, as data sets have them.
    let rounded: Vec<f64> = exact.iter().map(|n| (n * 1e10).round() / 1e10).collect();
    let found = invert(&given([&rounded, &rounded], [1; 2], [None; 2]), &Quiet).expect("a potential");
    assert!(found.warnings.iter().any(|w| matches!(w, InversionWarning::Noise)), "{:?}", found.warnings);
    let whole = invert(&given([&exact, &exact], [1; 2], [None; 2]), &Quiet).expect("a potential");
    assert!(whole.warnings.is_empty(), "{:?}", whole.warnings);
    assert!(found.trusted[0].len() < whole.trusted[0].len());
    let slope = |i: usize| (found.potential[0][i + 1] - found.potential[0][i]).abs();
    assert!((0..GRID.points - 1).map(slope).fold(0.0, f64::max) < 0.3, "no spikes");
}

#[test]
fn what_is_no_density_is_refused() {
    let (density, _) = filled(&potential(), 1);
    let refused = |n: &[f64], count: usize| invert(&given([n, n], [count; 2], [None; 2]), &Quiet).err();
    assert!(matches!(refused(&density, 2), Some(InversionError::Electrons { wanted: 2, .. })));
    let negative: Vec<f64> = density.iter().map(|n| n - 1e-3).collect();
    assert!(matches!(refused(&negative, 1), Some(InversionError::Negative { .. })));
    let broken: Vec<f64> = density.iter().map(|n| if *n > 0.1 { f64::NAN } else { *n }).collect();
    assert!(matches!(refused(&broken, 1), Some(InversionError::NotFinite { .. })));
    assert_eq!(refused(&vec![0.0; GRID.points], 0), Some(InversionError::Empty));
}

/// Two electrons of opposite spin are in one orbital, √(n/2): T_s is that of von Weizsäcker, with the stencil of the grid.
#[test]
fn the_kinetic_energy_of_two_electrons_is_that_of_von_weizsacker() {
    let head = "use std.molecules\ngrid g = uniform(points: 257, spacing: 0.16)\n";
    for system in ["molecules.h2(g, R: 1.6)", "molecules.h2(g, R: 5.12)", "molecules.atom(2, 2, g)"] {
        let script = format!("{head}let r = exact({system})\nr\ninvert(r).kinetic_energy");
        let found = values(&script);
        let [Answer::Reference(reference), Answer::Number(kinetic)] = &found[..] else { panic!("{found:?}") };
        let grid = &reference.system.grid;
        let root: Vec<f64> = reference.total_density().iter().map(|n| n.sqrt()).collect();
        let moving = Hamiltonian::new(grid, &[]).apply(&root);
        let weizsacker = grid.overlap(&root, &moving);
        assert!((kinetic.value - weizsacker).abs() < 1e-8, "{system}: {} {weizsacker}", kinetic.value);
    }
}

#[test]
fn what_is_not_quite_a_density_is_told() {
    let (density, _) = filled(&potential(), 1);
    let more: Vec<f64> = density.iter().map(|n| n * 1.0002).collect();
    let found = invert(&given([&more, &more], [1; 2], [None; 2]), &Quiet).expect("a potential");
    assert!(found.converged(), "{}", found.residual);
    assert!(found.warnings.iter().any(|w| matches!(w, InversionWarning::Scaled { .. })), "{:?}", found.warnings);
    // Two halves with a gap between them: no ground state has it, and what is given is the closest.
    let gap: Vec<f64> = (0..GRID.points).map(|i| if GRID.x(i).abs() < 1.0 { 0.0 } else { density[i] }).collect();
    let count = GRID.integrate(&gap);
    let gap: Vec<f64> = gap.iter().map(|n| n / count).collect();
    let found = invert(&given([&gap, &gap], [1; 2], [None; 2]), &Quiet).expect("a potential");
    assert!(found.kinetic_energy >= 0.0, "{}", found.kinetic_energy);
    assert!(found.converged() || found.warnings.iter().any(|w| matches!(w, InversionWarning::NotConverged { .. })));
    let many = invert(&given([&density, &density], [GRID.points + 1; 2], [None; 2]), &Quiet).err();
    assert!(matches!(many, Some(InversionError::TooMany { .. })), "{many:?}");
}

#[test]
fn digits_are_told_of_only_where_they_are_missed() {
    let head = "use std.molecules\nuse std.functionals\ngrid g = uniform(points: 193, spacing: 0.16)\n\
                grid walls = uniform(from: 0.1, to: 9.9, points: 99, wall: odd)\n\
                system box on walls { potential(x): 0; electrons: 4 }\n";
    for of in [
        "exact(molecules.atom(2, 2, g))",
        "exact(molecules.h2(g, R: 1.6))",
        "exact(molecules.atom(4, 4, g))",
        "solve(molecules.atom(4, 4, g), with: functionals.lda)",
        "solve(box, with: functionals.lda)",
    ] {
        take_lines();
        values(&format!("{head}invert({of}).residual"));
        let told = take_lines();
        assert!(!told.iter().any(|line| line.contains("invert::noise")), "{of}: {told:?}");
    }
    take_lines();
    values(&format!(
        "{head}let r = exact(molecules.atom(2, 2, g))\ninvert(round(r.density * 1e8) / 1e8, electrons: 2).residual"
    ));
    let told = take_lines();
    assert!(told.iter().any(|line| line.contains("invert::noise")), "{told:?}");
}

#[test]
fn an_ionisation_energy_holds_the_electrons() {
    let head = "grid g = uniform(points: 193, spacing: 0.16)\nsystem he on g { He at 0 }\n\
                system trap on g { potential(x): x^2 / 2; electrons: 1 }\n";
    let of = |call: &str| format!("{head}{call}");
    assert_eq!(code(&of("invert(exact(he), ionisation_energy: -0.3)")), "ksr::run::value");
    // Far out a trap is higher than its levels.
    let level = number(&of("invert(exact(trap), ionisation_energy: -0.5).orbital_energies.up[0]"));
    assert!((level - 0.5).abs() < 1e-9, "{level}");
}

/// The ionisation energy of each spin, from the lowest state of the electrons that stay.
#[test]
fn the_levels_of_a_reference_are_those_of_its_ions() {
    let head = "grid g = uniform(points: 129, spacing: 0.2)\nsystem li on g { Li at 0 }\n\
                system singlet on g { nucleus(3) at 0; electrons: 2 }\n\
                system triplet on g { nucleus(3) at 0; electrons: 2; unpaired: 2 }\nlet i = invert(exact(li))\n";
    let of = |expression: &str| number(&format!("{head}{expression}"));
    for (level, ion) in [("up[1]", "singlet"), ("down[0]", "triplet")] {
        let off = of(&format!("i.orbital_energies.{level} - (exact(li).energy - exact({ion}).energy)"));
        assert!(off.abs() < 1e-9, "{ion}: {off}");
    }
    assert!(of("i.residual") < 1e-6);
    // One ionisation energy is that of an up electron; the other level stays what it was.
    let given = "invert(exact(li), ionisation_energy: 0.3).orbital_energies";
    assert!((of(&format!("{given}.up[1]")) + 0.3).abs() < 1e-9);
    assert!(of(&format!("{given}.down[0] - i.orbital_energies.down[0]")).abs() < 1e-9);
    let both = "invert(exact(li), ionisation_energy: [0.3, 1.1]).orbital_energies.down[0]";
    assert!((of(both) + 1.1).abs() < 1e-9);
    assert_eq!(code(&format!("{head}invert(exact(li), ionisation_energy: [0.3, 1.1, 2])")), "ksr::run::value");
    assert_eq!(code(&format!("{head}invert(exact(li), ionisation_energy: [\"much\", 1])")), "ksr::run::value");
}

#[test]
fn a_wrong_ionisation_energy_is_told() {
    let head = "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem he on g { He at 0 }\n\
                system li on g { Li at 0 }\nlet r = exact(li)\n\
                system trap on g { potential(x): x^2 / 2; electrons: 6 }\n";
    let told = |call: &str| {
        take_lines();
        values(&format!("{head}{call}.converged"));
        take_lines().join("\n")
    };
    for (call, code) in [
        ("invert(exact(he), ionisation_energy: 5)", Some("invert::level")),
        ("invert(exact(he), ionisation_energy: 0.76)", None),
        ("invert(r.density_up, n_down: r.density_down, ionisation_energy: 0.3)", Some("invert::one_level")),
        ("invert(r.density_up, n_down: r.density_down, ionisation_energy: [0.3, 1])", None),
        ("invert(solve(trap, with: functionals.lda))", None),
        ("invert(solve(he, with: functionals.lda))", None),
    ] {
        let told = told(call);
        assert!(code.map_or(!told.contains("ksr::invert"), |code| told.contains(code)), "{call}: {told}");
    }
}

/// Tails fall off fast, the potential of a density with several orbitals is not yet that of the highest one, and on a coarse grid differences
/// are large where nothing is rough.
#[test]
fn densities_in_traps_are_inverted() {
    let head = "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\n";
    for electrons in [4, 10, 20] {
        let script = format!(
            "{head}system trap on g {{ potential(x): x^2 / 2; electrons: {electrons} }}\n\
             let run = solve(trap, with: functionals.lda)\nlet i = invert(run)\n"
        );
        let residual = number(&format!("{script}i.residual"));
        assert!(residual < 1e-8, "{electrons}: {residual}");
        let gap = number(&format!("{script}i.gap - run.gap"));
        assert!(gap.abs() < 1e-6, "{electrons}: {gap}");
    }
}

#[test]
fn a_number_of_electrons_that_is_not_that_of_the_density_is_refused() {
    let head = "grid g = uniform(points: 129, spacing: 0.2)\nlet n = 2 * exp(-g.x^2) / sqrt(pi)\n";
    for (call, wanted) in [
        ("invert(n, electrons: 3)", "ksr::invert::integral"),
        ("invert(n, electrons: 0)", "ksr::invert::integral"),
        ("invert(1.25 * n)", "ksr::invert::integral"),
        ("energy(exact_functional(), 1.25 * n)", "ksr::invert::integral"),
        ("energy(exact_functional(), n, n_down: 0.75 * n)", "ksr::invert::integral"),
        ("energy(exact_functional(), n - 0.01)", "ksr::invert::negative"),
        ("potential(exact_functional(), n / 0)", "ksr::invert::not_finite"),
    ] {
        assert_eq!(code(&format!("{head}{call}")), wanted, "{call}");
    }
}

#[test]
fn ionisation_energies_that_one_potential_cannot_have_are_refused() {
    let head = "grid g = uniform(points: 97, spacing: 0.2)\nsystem he on g { He at 0 }\nsystem h on g { H at 0 }\n";
    for call in ["invert(exact(he), ionisation_energy: [0.7, 0.8])", "invert(exact(h), ionisation_energy: [0.6, 0.6])"]
    {
        assert_eq!(code(&format!("{head}{call}")), "ksr::run::value", "{call}");
    }
    assert!(number(&format!("{head}invert(exact(he), ionisation_energy: [0.75, 0.75]).residual")) < 1e-6);
}

/// Where the density reaches the walls, the xc potential does not come to follow the Hartree potential, and a level fixes the constant, but not
/// the shape outside.
#[test]
fn a_level_does_not_make_an_inversion_worse() {
    let head = "grid d = uniform(points: 31, spacing: 0.45)\n\
                system t on d { potential(x): 0.1 * x^2 + 0.05 * x; electrons: 4; unpaired: 4 }\n\
                system ion on d { potential(x): 0.1 * x^2 + 0.05 * x; electrons: 3; unpaired: 3 }\nlet e = exact(t)\n";
    let apart = number(&format!("{head}e.non_interacting_kinetic_energy - invert(e).kinetic_energy"));
    assert!(apart.abs() < 3e-6, "{apart}");
    let level = number(&format!("{head}invert(e).orbital_energies.up[3] - e.energy + exact(ion).energy"));
    assert!(level.abs() < 1e-6, "{level}");
}

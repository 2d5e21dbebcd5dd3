//! Values that do not come from ksr: closed forms, published values, and those of tests/independent/figures.py, another program
//! with dense matrices and the derivatives of jax. They are compared with the standard library as shipped, through scripts.
//!
//! These tests run in every clone. tests/reference_*.rs compare with more published data, where it is available.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "helpers/keeper.rs"]
mod keeper;

use keeper::{compiled, numbers, shown};
use ksr::data::npy_bytes;
use ksr::model::{Grid, Interaction};
use ksr::tensor::Device;
use ksr::train::evaluate;
use std::f64::consts::PI;

/// Tolerance for values from figures.py, which works in double precision, as ksr does.
const SAME: f64 = 1e-8;

#[track_caller]
fn near(what: &str, found: &[f64], known: &[f64], tolerance: f64) {
    assert_eq!(found.len(), known.len(), "{what}");
    for (found, known) in found.iter().zip(known) {
        let error = (found - known).abs();
        assert!(error <= tolerance, "{what}: {found} and not {known}: off by {error:e}");
    }
}

/// The parameters of every network here: 0.5 sin((i + 1)^2).
fn weights(count: usize) -> Vec<f64> {
    (1..=count).map(|i| 0.5 * ((i * i) as f64).sin()).collect()
}

/// The numbers that a script shows, one list per statement.
fn figures(script: &str) -> Vec<Vec<f64>> {
    shown(&format!("grid line = uniform(points: 513, spacing: 0.08 bohr)\n{script}")).iter().map(numbers).collect()
}

// ---- energies and potentials of functionals at a density

/// Where potentials are compared.
const POINTS: [usize; 3] = [236, 256, 275];

/// Two spin densities made of Gaussians.
fn densities(grid: &Grid) -> [Vec<f64>; 2] {
    let bump = |x: f64, centre: f64, width: f64, height: f64| height * (-((x - centre) / width).powi(2)).exp();
    let up = |x: f64| bump(x, 0.2, 1.0, 0.6) + bump(x, -1.1, 0.7, 0.5);
    let down = |x: f64| bump(x, -0.3, 1.2, 0.45);
    let xs = grid.xs();
    [xs.iter().map(|x| up(*x)).collect(), xs.iter().map(|x| down(*x)).collect()]
}

/// The energy of a functional of the library and its potentials at [`POINTS`], spin by spin; with the total density for one that
/// does not distinguish spins, scaled to `electrons` if given.
#[track_caller]
fn at_a_density(name: &str, electrons: Option<f64>, known: &[f64]) {
    let (module, _) = name.split_once('.').unwrap();
    let (f, start) = compiled(&format!("use std.{module}\n{name}"));
    let grid = Grid::centred(513, 0.08);
    let spins = densities(&grid);
    let total: Vec<f64> = spins[0].iter().zip(&spins[1]).map(|(up, down)| up + down).collect();
    let scale = electrons.map_or(1.0, |electrons| electrons / grid.integrate(&total));
    let total: Vec<f64> = total.iter().map(|n| scale * n).collect();
    let n: &[&[f64]] = if known.len() > 1 + POINTS.len() { &[&spins[0], &spins[1]] } else { &[&total] };
    let xc = f.evaluate(&grid, &Interaction::BAKER, &weights(start.len()), n).unwrap();
    let potentials = xc.potential.iter().flat_map(|v| POINTS.map(|i| v[i]));
    let found: Vec<f64> = std::iter::once(xc.energy).chain(potentials).collect();
    near(name, &found[..known.len()], known, SAME);
}

#[test]
fn local_functionals_at_a_density() {
    at_a_density(
        "functionals.lda",
        None,
        &[-1.000877877777928, -0.4298842647265646, -0.48825371406814405, -0.3331419761968382],
    );
    at_a_density(
        "functionals.lsda",
        None,
        &[
            -1.0057114957385813,
            -0.4480124330443829,
            -0.4932898233448312,
            -0.35027607896565466,
            -0.3962267084530908,
            -0.4812093193168051,
            -0.3170965386660376,
        ],
    );
}

/// Three points of a density of lithium: n_up, n_down, the energy per electron and both potentials, by the program published with Kalita et
/// al., J. Phys. Chem. Lett. 13, 2540 (2022), in double precision.
#[test]
fn lsda_is_the_published_one() {
    let published = [
        [0.27784493799973453, 0.06925723042365178, -0.3252240859374058, -0.4329645337974981, -0.3214680698857789],
        [0.5423664503875475, 0.537341776016817, -0.4121288624085262, -0.4900859723386267, -0.4898091045310678],
        [0.28799924057514376, 0.08166483085545752, -0.32840989390070974, -0.43603645309116057, -0.33955234125550543],
    ];
    let (f, _) = compiled("use std.functionals\nfunctionals.lsda");
    let grid = Grid::centred(65, 0.08);
    for [up, down, e, v_up, v_down] in published {
        // It is local: the density may be the same at all points.
        let n = [vec![up; 65], vec![down; 65]];
        let xc = f.evaluate(&grid, &Interaction::BAKER, &[], &[&n[0], &n[1]]).unwrap();
        near("lsda", &[xc.e[32], xc.potential[0][32], xc.potential[1][32]], &[e, v_up, v_down], 1e-12);
    }
}

#[test]
fn networks_of_the_total_density() {
    let known = [-0.3243481123121365, -0.12706347115034414, -0.3778862542356384, -0.034126374222956626];
    at_a_density("networks.ksr_lda", None, &known);
    let known = [-0.1285145904774659, 0.04051914361221719, -0.07159396843519238, 0.007872801005670105];
    at_a_density("networks.ksr_gga", None, &known);
    let known = [0.7117655422925298, 0.3151955778968993, 0.2823424559447413, 0.2619198330222633];
    at_a_density("networks.ksr_global", None, &known);
    let known = [-0.4197345663988263, -0.18577784855178434, -0.2560983679649354, -0.07368536322226167];
    at_a_density("networks.unet", None, &known);
}

/// Near one electron the gate removes half of the Hartree potential.
#[test]
fn the_gate_near_one_electron() {
    let known = [-0.3967589621230897, -0.30797031464676233, -0.4684291218100067, -0.19420359012323704];
    at_a_density("networks.ksr_global", Some(1.05), &known);
}

#[test]
fn networks_of_both_spins() {
    let known = [
        -0.11512706445640092,
        -0.048948944274711984,
        -0.1187282710473594,
        -0.01513655929077894,
        -0.046551180951237454,
        -0.11206403191393413,
        -0.014902139199304566,
    ];
    at_a_density("networks.sksr_lsda", None, &known);
    let known = [
        -0.10487245969833603,
        -0.029809432907716264,
        -0.09515640872557118,
        -0.007656789009985004,
        -0.030269209621317374,
        -0.09419799499677471,
        -0.00769947169165561,
    ];
    at_a_density("networks.sksr_gga", None, &known);
    let known = [
        0.32778047073442573,
        0.2513253944612335,
        0.3880399639102412,
        0.09191466858160456,
        0.3182461566775908,
        0.6296608834596468,
        0.158064697614274,
    ];
    at_a_density("networks.sksr_global", None, &known);
}

// ---- whole Kohn-Sham calculations

/// Total, xc and kinetic energies of the ten ions of Kalita et al. (2022), in the order of the library's list.
#[test]
fn lsda_on_ten_ions() {
    let known = [
        [-0.6433438868813554, -0.3137211293886796, 0.10104361918473737],
        [-1.4499641559452627, -0.3448507787546318, 0.18361275785757503],
        [-2.299265335049291, -0.3606335564190641, 0.2540854236939798],
        [-3.1720732891301466, -0.37097921751741647, 0.3175581417170239],
        [-2.1963443873307718, -0.6829863325487591, 0.2570979896367067],
        [-3.8429556341265125, -0.7252451204766294, 0.4117852338730441],
        [-5.558134178306379, -0.749418090933546, 0.5471626074025107],
        [-4.182524080746199, -1.0438754590135118, 0.5923862874119149],
        [-6.413308275855823, -1.1092584512983212, 0.8820282356027733],
        [-6.786030977444687, -1.4509578978476785, 1.06929697921258],
    ];
    let runs = figures(
        "use std.functionals (lsda)\nuse std.molecules\n\
         let runs = [solve(s, with: lsda, tolerance: 1e-10) for s in molecules.ions(line)]\n\
         [r.total_energy for r in runs]\n[r.xc_energy for r in runs]\n[r.kinetic_energy for r in runs]",
    );
    for (k, found) in runs.iter().enumerate() {
        near("total, xc, kinetic", found, &known.map(|row| row[k]), SAME);
    }
}

/// sKSR-global on H, He, Li and Be, thirty iterations with decaying mixing: the first and the last energy, xc and kinetic energy.
#[test]
fn a_network_through_thirty_iterations() {
    let known = [
        [-0.25484622339953195, -0.3892091604826371, -0.04258940044280627, 0.04892159628388981],
        [0.29232890624740593, -1.5524870594626066, -0.04707082176960755, 0.11921957082278074],
        [0.5954691778753993, -3.0782147629474994, 0.06261189200996761, 0.29354487481780717],
        [1.0576150166710636, -5.037507093276342, 0.2516378232909637, 0.5937256250754966],
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.npy");
    std::fs::write(&file, npy_bytes(&file, &[1559], &weights(1559)).unwrap()).unwrap();
    let runs = figures(&format!(
        "use std.networks\nuse std.molecules\nlet f = load(networks.sksr_global, \"{}\")\n\
         fn run(Z) = solve(molecules.atom(Z, Z, line), with: f, iterations: 30, mixing: linear(0.5, decay: 0.9), threshold: 0.1)\n\
         let runs = [run(Z) for Z in 1 .. 4]\n\
         [r.energies[0] for r in runs]\n[r.energy for r in runs]\n[r.xc_energy for r in runs]\n[r.kinetic_energy for r in runs]",
        file.display()
    ));
    for (k, found) in runs.iter().enumerate() {
        near("first, last, xc, kinetic", found, &known.map(|row| row[k]), SAME);
    }
}

/// The loss of Li et al. (2021) for H and He, against their exact answers, and its gradient: norm, and along cos(i).
#[test]
fn a_loss_and_its_gradient() {
    let [loss, norm, along] = [0.2854856410835653, 1.5160434187760714, -0.13742912227230167];
    let plans = keeper::plans(
        "use std.networks\nuse std.losses\nuse std.molecules\ngrid line = uniform(points: 513, spacing: 0.08 bohr)\n\
         let model = train networks.sksr_global {\n\
         on: [exact(molecules.atom(Z, Z, line), accuracy: 1e-12) for Z in [1, 2]]\n\
         loss: losses.ksr(energy_weight: 0.5, density_weight: 0.5, discount: 0.9, skip: 4)\n\
         scf: { iterations: 8, mixing: linear(0.5, decay: 0.9) } }",
    );
    let (found, gradient) = evaluate(Device::Cpu, &plans[0], &weights(1559)).unwrap();
    near("loss", &[found], &[loss], SAME * loss);
    let size = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let part = gradient.iter().enumerate().map(|(i, g)| g * (i as f64).cos()).sum::<f64>();
    near("gradient", &[size, part], &[norm, along], SAME * norm);
}

/// The losses of the library with their own options, by their formulas: Li et al. (2021) weigh energy and density alike, skip ten
/// iterations and discount earlier ones by 0.9.
#[test]
fn losses_by_their_formulas() {
    let found = figures(
        "use std.losses\nuse std.functionals\nuse std.molecules\nlet helium = exact(molecules.atom(2, 2, line))\n\
         let run = solve(helium, with: functionals.lda, iterations: 15, mixing: linear(0.5, decay: 0.9), threshold: 0.1)\n\
         run.energies\n[helium.energy]\n[integral((run.density - helium.density)^2)]\n\
         [losses.ksr(run, helium), losses.energy_only(run, helium), losses.density_only(run, helium), losses.final(run, helium)]",
    );
    let [energies, exact, density, losses] = &found[..] else { panic!("{found:?}") };
    let errors: Vec<f64> = energies.iter().map(|e| (e - exact[0]).powi(2)).collect();
    let discounted: f64 = (10..15).map(|k| 0.9f64.powi(14 - k as i32) * errors[k]).sum();
    let sums = [discounted + density[0], discounted, density[0], errors[14] + density[0]];
    near("losses", losses, &sums.map(|sum| sum / 2.0), 1e-15);
}

// ---- exact answers

/// One and two electrons, by a dense eigen-solver and on the product of two grids.
#[test]
fn exact_energies_of_one_and_two_electrons() {
    let found = figures(
        "use std.molecules\n\
         [exact(molecules.atom(Z, 1, line)).energy for Z in 1 .. 4]\n\
         [exact(molecules.atom(Z, 2, line)).energy for Z in 2 .. 4]\n\
         [exact(molecules.h2(line, R)).total_energy for R in [1.52, 1.6, 3.84]]\n\
         [exact(molecules.heh_plus(line, 1.6)).total_energy]\n\
         [molecules.h2(line, R).nuclear_repulsion for R in [1.52, 1.6, 3.84]]",
    );
    let one = [-0.6699723367782299, -1.4827789550665362, -2.3346607592525426, -3.208862970661242];
    near("one electron", &found[0], &one, SAME);
    near("two electrons", &found[1], &[-2.237781851831857, -3.8934314232793157, -5.613472147691291], SAME);
    near("H2", &found[2], &[-1.4406707021628793, -1.44066279613622, -1.3569496626245867], SAME);
    near("HeH+", &found[3], &[-2.3781616871154703], SAME);
    near("repulsion", &found[4], &[0.5664558208580889, 0.5477729990321358, 0.21417500291131106], 1e-14);
}

/// Energies by DMRG on this grid, published with Kalita et al. (2022), to their accuracy, which is that of `exact` too.
#[test]
fn published_energies_of_three_and_four_electrons() {
    let found = figures(
        "use std.molecules\n\
         [exact(molecules.atom(c[0], c[1], line)).energy for c in [[3, 3], [4, 3], [4, 4]]]",
    );
    near("Li, Be+, Be", &found[0], &[-4.21625397, -6.45928398, -6.8105826], 1e-6);
}

/// Without interaction the energy is a sum of levels: those of the oscillator, of -3 sech^2 x (Pöschl and Teller 1933), and of a box between hard walls.
#[test]
fn levels_that_are_known_in_closed_form() {
    let found = shown(
        "grid wide = uniform(points: 321, spacing: 0.08, stencil: 9)\n\
         grid inside = uniform(points: 127, spacing: 1 / 128, stencil: 9, wall: odd)\n\
         system oscillator(N) on wide { potential(x): x^2 / 2; electrons: N; interaction: none }\n\
         system well(N) on wide { potential(x): -3 / cosh(x)^2; electrons: N; interaction: none }\n\
         system box(N) on inside { potential(x): 0; electrons: N; interaction: none }\n\
         [exact(oscillator(N)).energy for N in 1 .. 4]\n[exact(well(N)).energy for N in 1 .. 3]\n\
         [exact(box(N)).energy for N in 1 .. 4]",
    );
    let found: Vec<Vec<f64>> = found.iter().map(numbers).collect();
    near("oscillator", &found[0], &[0.5, 1.0, 2.5, 4.0], SAME);
    near("well", &found[1], &[-2.0, -4.0, -4.5], SAME);
    near("box", &found[2], &[0.5, 1.0, 3.0, 5.0].map(|sum| sum * PI * PI), 1e-7);
}

/// Electrons coupled to each other and to the origin by springs (M. Moshinsky, Am. J. Phys. 36, 52 (1968)): the centre
/// of mass oscillates with frequency 1, all other modes with sqrt(1 + N k). Two in their lowest state, three with one
/// internal quantum; three of one spin with three.
#[test]
fn interacting_electrons_in_closed_form() {
    let found = shown(
        "grid wide = uniform(points: 181, spacing: 0.08, stencil: 9)\n\
         system springs(N, k, unpaired) on wide {\n\
           potential(x): x^2 / 2\n  interaction(r): k * r^2 / 2\n  electrons: N\n  unpaired: unpaired\n}\n\
         [exact(springs(2, k, 0)).energy for k in [0.5, -0.1]]\n\
         [exact(springs(3, k, 1), accuracy: 1e-7).energy for k in [0.5, -0.1]]\n\
         [exact(springs(3, k, 3), accuracy: 1e-7).energy for k in [0.5, -0.1]]",
    );
    let found: Vec<Vec<f64>> = found.iter().map(numbers).collect();
    let inner = |n: f64| [0.5, -0.1].map(|k| (1.0 + n * k).sqrt());
    near("two", &found[0], &inner(2.0).map(|w| 0.5 + 0.5 * w), SAME);
    near("three", &found[1], &inner(3.0).map(|w| 0.5 + 2.0 * w), 1e-7);
    near("three of one spin", &found[2], &inner(3.0).map(|w| 0.5 + 4.0 * w), 1e-7);
}

//! Published values of whole Kohn-Sham calculations and of a training gradient, from the folder named by
//! `KSR_REFERENCE_DIR`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/published_data.rs"]
mod published_data;
#[path = "helpers/training.rs"]
mod training;

use ksr::cli::Disk;
use ksr::control::Quiet;
use ksr::data::{Array, read_npy, read_npz};
use ksr::functional::Compiled;
use ksr::ks::{InitialDensity, ScfOptions, solve};
use ksr::model::System;
use ksr::tensor::Device;
use std::path::Path;
use std::sync::Arc;
use training::{Published, Target};

/// Charge and electrons of the ions, in the order of the published set.
const IONS: [(f64, f64); 10] = [
    (1.0, 1.0),
    (2.0, 1.0),
    (3.0, 1.0),
    (4.0, 1.0),
    (2.0, 2.0),
    (3.0, 2.0),
    (4.0, 2.0),
    (3.0, 3.0),
    (4.0, 3.0),
    (4.0, 4.0),
];

fn array(arrays: &[Array], name: &str) -> Vec<f64> {
    arrays.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("no array {name}")).data.clone()
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn run(system: &Arc<System>, f: &Arc<Compiled>, params: &[f64], options: &ScfOptions) -> ksr::ks::Run {
    solve(Device::Cpu, system, f, params, options, &InitialDensity::NonInteracting, &Quiet).unwrap()
}

#[test]
fn lsda_energies_of_the_ions() {
    let Some(dir) = published_data::folder() else { return };
    let golden = json(&dir.join("golden/lsda_ions.json"));
    let f = functionals::lsda();
    for (row, (charge, electrons)) in golden["lsda_ions"].as_array().unwrap().iter().zip(IONS) {
        let options = ScfOptions { tolerance: Some(1e-10), ..ScfOptions::default() };
        let run = run(&training::ion(charge, electrons), &f, &[], &options);
        assert!(run.converged(), "{row}");
        for name in ["total_energy", "xc_energy", "kinetic_energy"] {
            let value = run.part(name).unwrap_or(run.energy);
            let published = row[name].as_f64().unwrap();
            assert!((value - published).abs() < 1e-8, "{} {name}: {value} {published}", row["symbol"]);
        }
    }
}

#[test]
fn trained_network_on_the_ions() {
    let Some(dir) = published_data::folder() else { return };
    let golden = json(&dir.join("golden/published_sksr_global_ions.json"));
    let params = array(&read_npz(&Disk, &dir.join("golden/params_sksr_global.npz")).unwrap(), "flat");
    let (f, options) = (functionals::sksr_global(), training::linear(30, 0.5, 0.9, false));
    for (row, (charge, electrons)) in golden["sksr_global"]["ions"].as_array().unwrap().iter().zip(IONS) {
        let run = run(&training::ion(charge, electrons), &f, &params, &options);
        let published = row["total_energy"].as_f64().unwrap();
        assert!((run.energy - published).abs() < 1e-4, "{}: {} {published}", row["symbol"], run.energy);
    }
}

/// Ions H and He, 10 iterations, mixing 0.5 x 0.9^k; only the last energy, weights 1/2.
#[test]
fn training_gradient_as_published() {
    let Some(dir) = published_data::folder() else { return };
    let golden = read_npz(&Disk, &dir.join("golden/grad.npz")).unwrap();
    let energies = read_npy(&Disk, &dir.join("dmrg/ions/total_energies.npy")).unwrap().data;
    let densities = read_npy(&Disk, &dir.join("dmrg/ions/densities.npy")).unwrap().data;
    let params = array(&golden, "init/params");
    let (f, options) = (functionals::sksr_global(), training::linear(10, 0.5, 0.9, false));
    let loss = Published { energy_weight: 0.5, density_weight: 0.5, discount: 1.0, skip: 9 };
    let mut systems = Vec::new();
    for (row, key) in [(0, "polarized_H"), (4, "unpolarized_He")] {
        let (charge, electrons) = IONS[row];
        let system = training::ion(charge, electrons);
        let run = run(&system, &f, &params, &options);
        let published = array(&golden, &format!("init/{key}/total_energy"));
        for (k, (ours, theirs)) in run.energies.iter().zip(&published).enumerate() {
            assert!((ours - theirs).abs() < 1e-9, "{key} iteration {k}: {ours} {theirs}");
        }
        let density = array(&golden, &format!("init/{key}/final_density"));
        let total = run.densities.last().unwrap();
        assert!(total.iter().zip(&density).all(|(a, b)| (a - b).abs() < 1e-9), "{key}");
        let target = Target { energy: energies[row], density: densities[row * 513..(row + 1) * 513].to_vec() };
        systems.push((system, target));
    }
    let plan = training::plan(&f, &systems, loss, &options);
    let (value, gradient) = ksr::train::evaluate(Device::Cpu, &plan, &params).unwrap();
    let published = array(&golden, "init/loss")[0];
    assert!((value / published - 1.0).abs() < 1e-8, "{value} {published}");
    let published = array(&golden, "init/grad");
    let size = published.iter().map(|g| g * g).sum::<f64>().sqrt();
    let error = gradient.iter().zip(&published).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(error / size < 1e-8, "{}", error / size);
}

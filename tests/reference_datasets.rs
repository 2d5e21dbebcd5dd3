//! Published data sets through scripts: Kalita et al. (2022) and Li et al. (2021), from the folder named by
//! KSR_REFERENCE_DIR, with published results for them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test may panic, and says why it is skipped

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/published_data.rs"]
mod published_data;
#[path = "helpers/training.rs"]
mod training;

use keeper::{numbers, shown};
use ksr::cli::Disk;
use ksr::data::{npy_bytes, read_layout, read_npz};
use ksr::exact::dataset::{Choice, Dataset};
use ksr::model::{Grid, Interaction, Wall};
use ksr::tensor::Device;
use std::path::PathBuf;
use training::{Published, Target};

fn json(path: PathBuf) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn golden(dir: &std::path::Path, name: &str) -> Vec<f64> {
    read_npz(&Disk, &dir.join("golden/grad.npz")).unwrap().iter().find(|a| a.name == name).unwrap().data.clone()
}

#[test]
fn published_sets_are_read_without_a_warning() {
    let Some(dir) = published_data::folder() else { return };
    let dmrg = dir.join("dmrg");
    let script = format!(
        "grid line = uniform(points: 513, spacing: 0.08 bohr)\n\
         let sets = [dataset(\"{0}/{{s}}\") for s in [\"ions\", \"h2\", \"h4\", \"li_h\"]]\n\
         [len(s) for s in sets]\n\
         [if r.grid.points == line.points then max(abs(r.density - line.x * 0)) else nan for r in sets[3] if r.distance == 3.2]\n\
         [r.energy for r in sets[1] if r.distance == 1.28]\n\
         [r.distance for r in dataset(\"{0}/h2\", points: 401) if r.distance < 0.5]",
        dmrg.display()
    );
    let values = shown(&script);
    assert_eq!(numbers(&values[0]), [10.0, 72.0, 63.0, 75.0]);
    assert!(numbers(&values[1]).len() == 1 && numbers(&values[1])[0] > 0.5);
    assert_eq!(numbers(&values[2]).len(), 1);
    assert_eq!(numbers(&values[3]), [0.32, 0.4, 0.48]);
    let names = shown(&format!(
        "[r.name for r in dataset(\"{}/ions\")] == [\"H\", \"He+\", \"Li++\", \"Be3+\", \"He\", \"Li+\", \"Be++\", \"Li\", \"Be+\", \"Be\"]",
        dmrg.display()
    ));
    assert!(matches!(names[0], ksr::interp::value::Value::Bool(true)), "{names:?}");
}

#[test]
fn saved_sets_are_read_back_bit_by_bit() {
    let Some(dir) = published_data::folder() else { return };
    let place = tempfile::tempdir().unwrap();
    for set in ["ions", "h2", "h4", "li_h"] {
        let copy = place.path().join(set);
        shown(&format!("save(dataset(\"{}/dmrg/{set}\"), \"{}\")", dir.display(), copy.display()));
        let made = |folder: &std::path::Path| {
            let choice = Choice { points: None, stencil: 5, wall: Wall::Zero };
            let mut set = Dataset::new("set", read_layout(&Disk, folder).unwrap(), &choice).unwrap();
            let mut nothing = |_: f64| Err::<f64, ()>(());
            (0..set.len()).map(|k| set.reference(k, &Interaction::BAKER, &mut nothing).unwrap().0).collect::<Vec<_>>()
        };
        for (a, b) in made(&dir.join("dmrg").join(set)).iter().zip(&made(&copy)) {
            assert_eq!((a.energy.to_bits(), &a.density), (b.energy.to_bits(), &b.density));
            assert_eq!((&a.system.grid, &a.system.potential), (&b.system.grid, &b.system.potential));
            assert_eq!((a.system.electrons, a.system.unpaired), (b.system.electrons, b.system.unpaired));
            let places =
                |r: &ksr::exact::Reference| r.system.nuclei.iter().map(|n| (n.charge, n.position)).collect::<Vec<_>>();
            assert_eq!((places(a), a.spins()), (places(b), b.spins()));
            assert_eq!(
                a.entry().and_then(|e| e.distance),
                b.entry().and_then(|e| e.distance).filter(|_| set != "ions")
            );
            assert_eq!(*a.system.grid, Grid::centred(513, 0.08));
        }
    }
}

#[test]
fn published_model_and_lsda_on_the_published_ions() {
    let Some(dir) = published_data::folder() else { return };
    let script = format!(
        "use std.networks\nuse std.functionals\nlet ions = dataset(\"{0}/dmrg/ions\")\n\
         let model = load(networks.sksr_global, \"{0}/golden/params_sksr_global.npz\")\n\
         [solve(r, with: model, iterations: 30, mixing: linear(0.5, decay: 0.9), threshold: 0.1).total_energy for r in ions]\n\
         [solve(r, with: functionals.lsda, tolerance: 1e-10).total_energy for r in ions]",
        dir.display()
    );
    let values = shown(&script);
    let published = json(dir.join("golden/published_sksr_global_ions.json"));
    let converged = json(dir.join("golden/lsda_ions.json"));
    // The published program runs the network in single precision.
    let tables = [(&published["sksr_global"]["ions"], 1e-6), (&converged["lsda_ions"], 1e-8)];
    for (ours, (rows, tolerance)) in values.iter().map(numbers).zip(tables) {
        let rows = rows.as_array().unwrap();
        assert_eq!(ours.len(), rows.len());
        let errors = ours.iter().zip(rows).map(|(e, row)| (e - row["total_energy"].as_f64().unwrap()).abs());
        let worst = errors.fold(0.0, f64::max);
        eprintln!("largest deviation {worst:.1e}, allowed {tolerance:e}");
        assert!(worst < tolerance, "{ours:?}");
    }
}

#[test]
fn published_loss_and_gradient_by_a_script() {
    let Some(dir) = published_data::folder() else { return };
    let place = tempfile::tempdir().unwrap();
    let start = golden(&dir, "init/params");
    let flat = place.path().join("start.npy");
    std::fs::write(&flat, npy_bytes(&flat, &[start.len()], &start).unwrap()).unwrap();
    let script = format!(
        "use std.networks\nuse std.losses\nlet ions = dataset(\"{}/dmrg/ions\")\n\
         let model = train trainable(load(networks.sksr_global, \"{}\")) {{\n\
         on: [r for r in ions if r.name == \"H\" or r.name == \"He\"]\n\
         loss: losses.final(energy_weight: 0.5, density_weight: 0.5)\n\
         scf: {{ iterations: 10, mixing: linear(0.5, decay: 0.9) }}\noptimizer: lbfgs(steps: 0) }}\n\
         model.loss\nmodel.history.gradient_norm[0]",
        dir.display(),
        flat.display()
    );
    let values = shown(&script);
    let gradient = golden(&dir, "init/grad");
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let (loss, found) = (numbers(&values[0])[0], numbers(&values[1])[0]);
    let published = golden(&dir, "init/loss")[0];
    assert!((loss / published - 1.0).abs() < 1e-8, "{loss} {published}");
    assert!((found / norm - 1.0).abs() < 1e-8, "{found} {norm}");
}

#[test]
fn published_gradient_on_the_references_of_a_data_set() {
    let Some(dir) = published_data::folder() else { return };
    let choice = Choice { points: None, stencil: 5, wall: Wall::Zero };
    let mut set = Dataset::new("ions", read_layout(&Disk, &dir.join("dmrg/ions")).unwrap(), &choice).unwrap();
    let mut nothing = |_: f64| Err::<f64, ()>(());
    let systems = [0, 4].map(|k| {
        let (r, _) = set.reference(k, &Interaction::BAKER, &mut nothing).unwrap();
        let density = r.density[0].iter().zip(&r.density[1]).map(|(up, down)| up + down).collect();
        (r.system.clone(), Target { energy: r.energy, density })
    });
    let (f, options) = (functionals::sksr_global(), training::linear(10, 0.5, 0.9, false));
    let loss = Published { energy_weight: 0.5, density_weight: 0.5, discount: 1.0, skip: 9 };
    let plan = training::plan(&f, &systems, loss, &options);
    let (value, gradient) = ksr::train::evaluate(Device::Cpu, &plan, &golden(&dir, "init/params")).unwrap();
    let published = golden(&dir, "init/loss")[0];
    assert!((value / published - 1.0).abs() < 1e-8, "{value} {published}");
    let published = golden(&dir, "init/grad");
    let size = published.iter().map(|g| g * g).sum::<f64>().sqrt();
    let error = gradient.iter().zip(&published).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(error / size < 1e-8, "{}", error / size);
}

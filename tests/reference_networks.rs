//! Published parameters and densities, from the folder named by KSR_REFERENCE_DIR: energies and potentials
//! of the networks and of the local spin-density approximation at one spin-polarised density of lithium.
#![allow(clippy::panic)]

#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/published_data.rs"]
mod published_data;

use ksr::cli::Disk;
use ksr::data::read_npz;
use ksr::functional::Evaluation;
use ksr::model::{Grid, Interaction};

#[test]
fn networks_agree_with_the_published_program_at_a_point() {
    let Some(folder) = published_data::folder() else { return };
    let golden = read_npz(&Disk, &folder.join("golden/xc_point.npz")).expect("golden values");
    let get = |name: &str| &golden.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("{name}")).data;
    let archive = folder.join("golden/params_sksr_global.npz");
    let grid = Grid::centred(513, 0.08);
    let (up, down) = (get("Li/n_up"), get("Li/n_dn"));
    let total: Vec<f64> = up.iter().zip(down).map(|(up, down)| up + down).collect();
    let close = |what: String, found: &[f64], wanted: &[f64]| {
        // The published LSDA evaluates ln(1 + y^2) literally, which loses digits where y is below 1e-8.
        let tolerance = if what.starts_with("lsda") { 1e-8 } else { 1e-9 };
        assert_eq!(found.len(), wanted.len());
        for (i, (f, w)) in found.iter().zip(wanted).enumerate() {
            assert!((f - w).abs() <= tolerance * (1.0 + w.abs()), "{what}[{i}]: {f} instead of {w}");
        }
    };
    let sksr = format!("use std.networks\nload(networks.sksr_global, \"{}\")", archive.display());
    let lsda = "use std.functionals\nfunctionals.lsda".to_string();
    for (name, script) in [("sksr_global", sksr), ("lsda", lsda)] {
        let (compiled, parameters) = keeper::compiled(&script);
        let at = |n: &[&[f64]]| -> Evaluation {
            compiled.evaluate(&grid, &Interaction::BAKER, &parameters, n).expect("an energy")
        };
        let (spin, restricted) = (at(&[up, down]), at(&[&total]));
        close(format!("{name} energy"), &[spin.energy], get(&format!("Li/{name}/E_xc")));
        close(format!("{name} e"), &spin.e, get(&format!("Li/{name}/exc_sym")));
        close(format!("{name} v_up"), &spin.potential[0], get(&format!("Li/{name}/v_up")));
        close(format!("{name} v_down"), &spin.potential[1], get(&format!("Li/{name}/v_dn")));
        close(format!("{name} restricted e"), &restricted.e, get(&format!("Li/{name}/restricted_exc")));
        close(format!("{name} restricted v"), &restricted.potential[0], get(&format!("Li/{name}/restricted_v")));
    }
}

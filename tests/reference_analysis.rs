//! The analysis of the standard library on the published ions (Kalita et al. 2022), from the folder named by
//! KSR_REFERENCE_DIR.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/published_data.rs"]
mod published_data;

use keeper::{numbers, shown};

/// A script with the published ions as `ions`; `None` without them.
fn on_ions(script: &str) -> Option<String> {
    let folder = published_data::folder()?.join("dmrg/ions");
    let head = "use std.analysis\nuse std.functionals\nuse std.molecules\n";
    Some(format!("{head}let ions = dataset(\"{}\")\n{script}", folder.display()))
}

/// The mean absolute error of LSDA over the ten ions is 38.4 millihartree, and the molecules of the library have their names.
#[test]
fn errors_of_lsda_over_the_published_ions() {
    let script = "[1000 * analysis.mae(analysis.compare(ions, with: functionals.lsda)) / (1 hartree)]\n\
                  [if ions[i].name == molecules.ions(ions[i].grid)[i].name then 1 else 0 for i in 0 .. 9]\n";
    let Some(script) = on_ions(script) else { return };
    let values = shown(&script);
    assert!((numbers(&values[0])[0] - 38.4).abs() < 0.05, "{:?}", numbers(&values[0]));
    assert_eq!(numbers(&values[1]), [1.0; 10]);
}

/// The cation of each is among them or has no electrons; compared with themselves all errors are zero.
#[test]
fn ionisation_energies_of_the_published_ions() {
    let script = "let t = analysis.ionisation_energies(ions, with: exact)\n\
                  [e / (1 hartree) for e in t.exact]\n[abs(e) / (1 hartree) for e in t.error]";
    let Some(script) = on_ions(script) else { return };
    let values = shown(&script);
    let exact = numbers(&values[0]);
    assert_eq!(exact.len(), 10);
    // Li to Li+, Be to Be+: differences of the published total energies.
    assert!((exact[7] - (4.21625397 - 3.89343142)).abs() < 1e-7, "{exact:?}");
    assert!((exact[9] - (6.8105826 - 6.45928398)).abs() < 1e-7, "{exact:?}");
    assert_eq!(numbers(&values[1]), [0.0; 10]);
}

//! Finished calculations as files, bit for bit, for the same build of ksr.

use super::{KsWarning, OrbitalFree, Run, Stop, Way};
use crate::data::{sealed, unsealed};
use crate::model::System;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The kind of files.
const KIND: &str = "ksr runs 1";

/// A run without its system.
#[derive(Serialize, Deserialize)]
struct Kept {
    functional: String,
    has_energy: bool,
    energy: f64,
    parts: Vec<(String, f64)>,
    density: [Vec<f64>; 2],
    potential: [Vec<f64>; 2],
    xc_potential: [Vec<f64>; 2],
    orbital_energies: [Vec<f64>; 2],
    orbitals: [Vec<Vec<f64>>; 2],
    gap: Option<f64>,
    iterations: usize,
    residual: f64,
    stop: Stop,
    limit: f64,
    how: Vec<Way>,
    restricted: bool,
    symmetric: bool,
    energies: Vec<f64>,
    densities: Vec<Vec<f64>>,
    residuals: Vec<f64>,
    correction: Option<f64>,
    orbital_free: Option<OrbitalFree>,
    warnings: Vec<KsWarning>,
}

/// The content of a file with the runs of one system.
pub fn kept(runs: Vec<Run>) -> Option<Vec<u8>> {
    let one = |run: Run| {
        let Run {
            system: _,
            functional,
            has_energy,
            energy,
            parts,
            density,
            potential,
            xc_potential,
            orbital_energies,
            orbitals,
            gap,
            iterations,
            residual,
            stop,
            limit,
            how,
            restricted,
            symmetric,
            energies,
            densities,
            residuals,
            correction,
            orbital_free,
            warnings,
        } = run;
        let parts = parts.into_iter().map(|(name, energy)| (name.to_owned(), energy)).collect();
        Kept {
            functional,
            has_energy,
            energy,
            parts,
            density,
            potential,
            xc_potential,
            orbital_energies,
            orbitals,
            gap,
            iterations,
            residual,
            stop,
            limit,
            how,
            restricted,
            symmetric,
            energies,
            densities,
            residuals,
            correction,
            orbital_free,
            warnings,
        }
    };
    let all: Vec<Kept> = runs.into_iter().map(one).collect();
    postcard::to_stdvec(&all).ok().map(|bytes| sealed(KIND, bytes))
}

/// The runs of a system in a file, if it is intact.
pub fn recalled(bytes: &[u8], system: &Arc<System>) -> Option<Vec<Run>> {
    let all: Vec<Kept> = postcard::from_bytes(unsealed(KIND, bytes)?).ok()?;
    let one = |kept: Kept| {
        let Kept {
            functional,
            has_energy,
            energy,
            parts,
            density,
            potential,
            xc_potential,
            orbital_energies,
            orbitals,
            gap,
            iterations,
            residual,
            stop,
            limit,
            how,
            restricted,
            symmetric,
            energies,
            densities,
            residuals,
            correction,
            orbital_free,
            warnings,
        } = kept;
        let parts = parts.into_iter().map(|(name, energy)| (interned(name), energy)).collect();
        Run {
            system: system.clone(),
            functional,
            has_energy,
            energy,
            parts,
            density,
            potential,
            xc_potential,
            orbital_energies,
            orbitals,
            gap,
            iterations,
            residual,
            stop,
            limit,
            how,
            restricted,
            symmetric,
            energies,
            densities,
            residuals,
            correction,
            orbital_free,
            warnings,
        }
    };
    Some(all.into_iter().map(one).collect())
}

/// The name of a term of the energy. There are a dozen, each of which is allocated once.
fn interned(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(&*name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into_boxed_str());
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::value;
    use crate::interp::value::Value;

    /// Every bit comes back, warnings and numbers that are not finite included, and no damaged file is read.
    #[test]
    fn runs_come_back_bit_by_bit() {
        let head = "use std.functionals\nuse std.kinetic\ngrid g = uniform(points: 65, spacing: 0.4)\n\
                    system s on g { nucleus(3) at 0; electrons: 3 }\npotential functional v(n) = potential(functionals.lda, n)\n";
        for how in [
            "with: functionals.lsda",
            "with: functionals.lda, iterations: 2, mixing: linear(0.1)",
            "with: v",
            "with: hartree_fock",
            "with: functionals.lda, kinetic: kinetic.gradient_expansion",
        ] {
            let Value::Run(solved) = value(&format!("{head}solve(s, {how})")) else { panic!("no run") };
            let bytes = kept(vec![solved.run.clone()]).expect("bytes");
            let back = recalled(&bytes, &solved.run.system).expect("runs");
            assert_eq!(format!("{:?}", solved.run), format!("{:?}", back[0]), "{how}");
            assert_eq!(Some(bytes.clone()), kept(back));
            let mut damaged = bytes;
            let middle = damaged.len() / 2;
            damaged[middle] ^= 1;
            assert!(recalled(&damaged, &solved.run.system).is_none());
        }
    }
}

//! Finished calculations as files, bit for bit, for the same build of ksr.

use super::Run;
use crate::data::{sealed, unsealed};
use crate::model::{Grid, Interaction, System};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The kind of files.
const KIND: &str = "ksr runs 1";

/// The content of a file with the runs of one system, under a key of all that they depend on.
pub fn kept(key: &str, runs: &[Run]) -> Option<Vec<u8>> {
    postcard::to_stdvec(runs).ok().map(|bytes| sealed(&format!("{KIND} {key}"), bytes))
}

/// The runs of a system in a file, if it is intact and that of the key.
pub fn recalled(key: &str, bytes: &[u8], system: &Arc<System>) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = postcard::from_bytes(unsealed(&format!("{KIND} {key}"), bytes)?).ok()?;
    runs.iter_mut().for_each(|run| run.system = system.clone());
    Some(runs)
}

/// In the place of the system of a run that is being read: a file does not hold it.
pub(super) fn nowhere() -> Arc<System> {
    Arc::new(System {
        label: String::new(),
        grid: Arc::new(Grid::centred(1, 1.0)),
        interaction: Interaction::None,
        nuclei: Vec::new(),
        potential: Arc::from([0.0]),
        nuclear_repulsion: 0.0,
        electrons: 0,
        unpaired: 0,
    })
}

/// The terms of the energy, whose names are constants of the program.
pub(super) mod terms {
    use super::*;

    /// Writes them.
    pub fn serialize<S: Serializer>(terms: &[(&'static str, f64)], into: S) -> Result<S::Ok, S::Error> {
        terms.serialize(into)
    }

    /// Reads them.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(&'static str, f64)>, D::Error> {
        let terms = Vec::<(String, f64)>::deserialize(from)?;
        Ok(terms.into_iter().map(|(name, energy)| (interned(name), energy)).collect())
    }

    /// A name. There are a dozen, each of which is allocated once.
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
            let bytes = kept("a", std::slice::from_ref(&solved.run)).expect("bytes");
            let back = recalled("a", &bytes, &solved.run.system).expect("runs");
            assert!(recalled("b", &bytes, &solved.run.system).is_none());
            assert_eq!(format!("{:?}", solved.run), format!("{:?}", back[0]), "{how}");
            assert_eq!(Some(&bytes), kept("a", &back).as_ref());
            let mut damaged = bytes;
            let middle = damaged.len() / 2;
            damaged[middle] ^= 1;
            assert!(recalled("a", &damaged, &solved.run.system).is_none());
        }
    }
}

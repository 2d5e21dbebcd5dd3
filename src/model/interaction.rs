//! The interaction w(r) between electrons, and (with a sign and a charge) with nuclei.

use std::sync::Arc;

/// A pair interaction, hartree.
#[derive(Clone, Debug, PartialEq)]
pub enum Interaction {
    /// w = 0: no Hartree energy, no nuclei.
    None,
    /// w(r) = amplitude exp(-kappa |r|); Baker et al., Phys. Rev. B 91, 235141 (2015).
    Exponential {
        /// A, hartree.
        amplitude: f64,
        /// kappa, 1/bohr.
        kappa: f64,
    },
    /// Any other even function, sampled for one grid: `kernel[k]` = w(k h), one value a grid point.
    Sampled {
        /// What the user calls it.
        name: String,
        /// w(k h) for k = 0 .. N - 1.
        kernel: Arc<[f64]>,
    },
}

impl Interaction {
    /// The exponential of Baker et al. (2015): A = 1.071295, 1/kappa = 2.385345.
    pub const BAKER: Interaction = Interaction::Exponential { amplitude: 1.071295, kappa: 1.0 / 2.385345 };
}

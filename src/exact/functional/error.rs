//! Why there is no exact functional of a density.

use crate::exact::ExactError;
use crate::ks::{InversionError, KsError};
use crate::number::brief;
use miette::Diagnostic;
use thiserror::Error;

/// Why there is no exact functional of a density.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub(crate) enum FunctionalError {
    /// The exact functional is evaluated by solving the interacting problem again and again on the product of the grid with itself, one factor
    /// for each electron: that is possible for up to four. Electrons that do not interact can be any number.
    ///
    /// What to do: use up to four electrons. For more, `exact` has the energy and `invert(exact(…))` the exact Kohn-Sham potential of the
    /// ground state.
    #[error("the exact functional is for up to four electrons, and `{label}` has {electrons}")]
    #[diagnostic(
        code(ksr::exact_functional::electrons),
        help("`invert(exact(…))` has the exact Kohn-Sham potential of the ground state of more electrons")
    )]
    Electrons { label: String, electrons: usize },
    /// With three and four electrons wave functions have as many numbers as the grid has points, to the power of the number of electrons,
    /// and here this is too many.
    ///
    /// What to do: use fewer points with a larger spacing. `exact` and `invert(exact(…))` take larger grids.
    #[error(
        "wave functions of {electrons} electrons on {points} grid points are too large: {points}^{electrons} numbers"
    )]
    #[diagnostic(
        code(ksr::exact_functional::points),
        help("use at most {most} points, with a larger spacing; `invert(exact(…))` takes larger grids")
    )]
    Points { electrons: usize, points: usize, most: usize },
    /// The density that was to be inverted is that of no ground state, as far as was found: no potential was found in which interacting
    /// electrons have it.
    ///
    /// What to do: look at the density: it may have a node, a kink between nuclei, or noise. Smooth it or use one of a ground state.
    #[error(
        "no potential was found in which interacting electrons have the density: that of the closest one differs by {residual} electrons",
        residual = brief(*residual)
    )]
    #[diagnostic(
        code(ksr::exact_functional::not_found),
        help("densities with nodes, kinks between nuclei or noise are those of no ground state")
    )]
    NotFound { residual: f64 },
    /// The density that was to be inverted has no Kohn-Sham potential, as far as was found.
    ///
    /// What to do: look at the density: it may have a node, a kink between nuclei, or noise. `invert(n)` shows how close it comes.
    #[error(
        "no potential was found in which electrons that do not interact have the density: that of the closest one differs by {residual} \
         electrons",
        residual = brief(*residual)
    )]
    #[diagnostic(code(ksr::exact_functional::no_kohn_sham_potential), help("`invert(n)` shows how close it comes"))]
    NoKohnShamPotential { residual: f64 },
    /// A density of three electrons says nothing of the spins, and each spin has its own potential.
    ///
    /// What to do: give the density of the up electrons, and that of the down electrons as `n_down:`.
    #[error("of {electrons} electrons the density of each spin is needed")]
    #[diagnostic(
        code(ksr::exact_functional::spins),
        help("give the density of the up electrons, and that of the down electrons as `n_down:`")
    )]
    Spins { electrons: usize },
    /// Where the non-interacting inversion fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Inversion(#[from] InversionError),
    /// Where the interacting problem fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Exact(#[from] ExactError),
    /// Options that are out of range; orbitals that are not found.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Iterations(#[from] KsError),
}

impl FunctionalError {
    /// Whether the density is to blame, so that another one may do.
    pub fn of_density(&self) -> bool {
        use InversionError::{Electrons, Negative, NotFinite, Orbitals};
        matches!(
            self,
            Self::NotFound { .. }
                | Self::NoKohnShamPotential { .. }
                | Self::Inversion(Electrons { .. } | Negative { .. } | NotFinite { .. } | Orbitals { .. })
        )
    }
}

//! Options of a Kohn-Sham calculation.

use super::KsError;

/// How the next input density follows from the ones before.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Mixing {
    /// n_{k+1} = n_k + alpha decay^k times the mean of the last `history` differences (n_out - n_in).
    Linear {
        /// First step length.
        alpha: f64,
        /// Factor from iteration to iteration.
        decay: f64,
        /// Differences averaged.
        history: usize,
    },
    /// Pulay's direct inversion in the iterative subspace.
    Diis {
        /// Densities kept.
        history: usize,
        /// Step along the extrapolated difference.
        alpha: f64,
    },
}

impl Mixing {
    /// The step length where none is asked for.
    pub const ALPHA: f64 = 0.5;
    /// Densities kept by DIIS where no number is asked for.
    pub const HISTORY: usize = 8;
    /// DIIS as it is where nothing else is asked for.
    pub const DIIS: Mixing = Mixing::Diis { history: Self::HISTORY, alpha: Self::ALPHA };
}

/// Options of a Kohn-Sham calculation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScfOptions {
    /// At most (with a tolerance) or exactly (without) so many.
    pub iterations: usize,
    /// Mixing.
    pub mixing: Mixing,
    /// On the integral of |n_out - n_in|, electrons; `None`: all iterations, no verdict.
    pub tolerance: Option<f64>,
    /// Mirror-average about the mean nuclear position.
    pub symmetric: bool,
}

/// Electrons that may move in a density that is called converged where its response is wanted.
const LOOSEST_TOLERANCE: f64 = 1e-6;

impl Default for ScfOptions {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl ScfOptions {
    /// The tolerance where none is asked for.
    pub const TOLERANCE: f64 = 1e-8;
    /// DIIS to the tolerance in at most 200 iterations.
    pub const STANDARD: ScfOptions =
        ScfOptions { iterations: 200, mixing: Mixing::DIIS, tolerance: Some(Self::TOLERANCE), symmetric: false };

    /// All that decides about a calculation, for a content key.
    pub(crate) fn content(&self) -> String {
        let ScfOptions { iterations, mixing, tolerance, symmetric } = self;
        let mixing = match mixing {
            Mixing::Linear { alpha, decay, history } => format!("linear {alpha:?} {decay:?} {history}"),
            Mixing::Diis { history, alpha } => format!("diis {history} {alpha:?}"),
        };
        format!("{iterations} {mixing} {tolerance:?} {symmetric}")
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// [`KsError::Option`] with the option's name.
    pub fn check(&self) -> Result<(), KsError> {
        let wrong = |option, problem: String| Err(KsError::Option { option, problem });
        if self.iterations == 0 {
            return Err(Self::no_iterations());
        }
        if let Some(tolerance) = self.tolerance.filter(|tolerance| tolerance.is_nan() || *tolerance <= 0.0) {
            return wrong("tolerance", format!("must be above 0 electrons, not {tolerance}"));
        }
        let (alpha, history) = match self.mixing {
            Mixing::Linear { alpha, decay, .. } if !(decay > 0.0 && decay.is_finite()) => {
                return wrong("decay", format!("must be above 0, not {decay} (mixing {alpha})"));
            }
            Mixing::Linear { alpha, history, .. } | Mixing::Diis { history, alpha } => (alpha, history),
        };
        if !(alpha > 0.0 && alpha.is_finite()) {
            return wrong("mixing", format!("must be above 0, not {alpha}"));
        }
        if history == 0 {
            return wrong("history", "must be at least 1, not 0".to_owned());
        }
        Ok(())
    }

    /// Refuses what cannot converge.
    ///
    /// # Errors
    /// [`KsError::Option`] with the option's name.
    pub(crate) fn check_settles(&self) -> Result<(), KsError> {
        self.check()?;
        let wrong = |option, problem: &str| Err(KsError::Option { option, problem: problem.to_owned() });
        match self.mixing {
            _ if !self.tolerance.is_some_and(|tolerance| tolerance <= LOOSEST_TOLERANCE) => {
                wrong("tolerance", "must be at most 1e-6 electrons where the gradient is that of a converged density")
            }
            Mixing::Linear { decay, .. } if decay < 1.0 => wrong(
                "mixing",
                "must not decay where the density is to converge: `diis()`, or `linear(…)` without `decay:`",
            ),
            _ => Ok(()),
        }
    }

    /// Other options for a density that has to converge and did not.
    pub(crate) fn to_settle(&self) -> String {
        let mixing = match self.mixing {
            Mixing::Linear { .. } => "`mixing: diis()`".to_owned(),
            Mixing::Diis { alpha, .. } => format!("smaller steps (`mixing: diis(alpha: {})`)", alpha / 2.0),
        };
        let tolerance = match self.tolerance {
            Some(tolerance) if tolerance < LOOSEST_TOLERANCE => {
                format!(", a `tolerance:` above {tolerance:e}, up to {LOOSEST_TOLERANCE:e},")
            }
            _ => String::new(),
        };
        format!(
            "`gradient: implicit` needs converged densities: in `scf:` try more `iterations:` than {}{tolerance} or {mixing}; \
             or train with `gradient: unrolled` first and go on from that model",
            self.iterations
        )
    }

    /// The error of no iteration at all.
    pub(super) fn no_iterations() -> KsError {
        KsError::Option { option: "iterations", problem: "must be at least 1, not 0".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_about_the_options_in_use() {
        let advice =
            |tolerance, mixing| ScfOptions { tolerance: Some(tolerance), mixing, ..ScfOptions::default() }.to_settle();
        let diis = advice(1e-9, Mixing::Diis { history: 8, alpha: 0.5 });
        assert!(
            diis.contains("than 200") && diis.contains("above 1e-9, up to 1e-6") && diis.contains("alpha: 0.25"),
            "{diis}"
        );
        let linear = advice(LOOSEST_TOLERANCE, Mixing::Linear { alpha: 0.5, decay: 1.0, history: 1 });
        assert!(linear.contains("`mixing: diis()`") && !linear.contains("tolerance"), "{linear}");
    }
}

//! Options of a Kohn-Sham calculation.

use super::KsError;

/// How the next input density follows from the previous ones.
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
    /// The default step length.
    pub const ALPHA: f64 = 0.5;
    /// The default number of densities kept by DIIS.
    pub const HISTORY: usize = 8;
    /// DIIS with its defaults.
    pub const DIIS: Mixing = Mixing::Diis { history: Self::HISTORY, alpha: Self::ALPHA };

    /// The call that makes it, with its numbers written by `number`.
    pub fn text(&self, number: impl Fn(f64) -> String) -> String {
        match self {
            Mixing::Linear { alpha, decay, history } => {
                format!("linear({}, decay: {}, history: {history})", number(*alpha), number(*decay))
            }
            Mixing::Diis { history, alpha } => format!("diis(history: {history}, alpha: {})", number(*alpha)),
        }
    }
}

/// Options of a Kohn-Sham calculation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScfOptions {
    /// The maximum number of iterations (with a tolerance) or the exact number (without).
    pub iterations: usize,
    /// Mixing.
    pub mixing: Mixing,
    /// Tolerance for the integral of |n_out - n_in|, electrons; `None`: do all iterations and test nothing.
    pub tolerance: Option<f64>,
    /// Average with the mirror image about the mean nuclear position.
    pub symmetric: bool,
    /// The integral of |n_out - n_in|, electrons, above which a calculation counts as not converged; `None`: the tolerance, or without
    /// one [`Self::THRESHOLD`].
    pub threshold: Option<f64>,
    /// Whether `solve` tries other ways to a self-consistent density where these iterations do not find one.
    pub remedies: bool,
}

/// A residual, electrons, that is rounding error: more iterations do not reduce it.
pub(super) const ROUNDING: f64 = 1e-13;
/// A tolerance, electrons, that rounding does not prevent.
pub(super) const REACHABLE: f64 = 1e-12;

/// The largest tolerance, electrons, at which a density counts as converged for its response.
const LOOSEST_TOLERANCE: f64 = 1e-6;

impl Default for ScfOptions {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl ScfOptions {
    /// The default tolerance.
    pub const TOLERANCE: f64 = 1e-8;
    /// The threshold without a tolerance, and the largest tolerance without a threshold.
    pub const THRESHOLD: f64 = 1e-3;
    /// DIIS to the tolerance in at most 200 iterations, and what else helps.
    pub const STANDARD: ScfOptions = ScfOptions {
        iterations: 200,
        mixing: Mixing::DIIS,
        tolerance: Some(Self::TOLERANCE),
        symmetric: false,
        threshold: None,
        remedies: true,
    };

    /// The residual, electrons, up to which a calculation counts as converged.
    pub fn limit(&self) -> f64 {
        self.threshold.or(self.tolerance).unwrap_or(Self::THRESHOLD)
    }

    /// Which option [`Self::limit`] is.
    pub(crate) fn limit_name(&self) -> &'static str {
        if self.threshold.is_none() && self.tolerance.is_some() { "tolerance" } else { "threshold" }
    }

    /// The same with a tolerance.
    pub(super) fn converging(&self) -> Self {
        ScfOptions { tolerance: Some(self.tolerance.unwrap_or(Self::TOLERANCE)), ..self.clone() }
    }

    /// Everything that determines a calculation in training, for a content key. There nothing is tried in its place, and its residual
    /// is kept, not the verdict.
    pub(crate) fn content(&self) -> String {
        let ScfOptions { iterations, mixing, tolerance, symmetric, threshold: _, remedies: _ } = self;
        let mixing = match mixing {
            Mixing::Linear { alpha, decay, history } => format!("linear {alpha:?} {decay:?} {history}"),
            Mixing::Diis { history, alpha } => format!("diis {history} {alpha:?}"),
        };
        format!("{iterations} {mixing} {tolerance:?} {symmetric}")
    }

    /// Checks the options.
    ///
    /// # Errors
    /// [`KsError::Option`] with the option's name.
    pub fn check(&self) -> Result<(), KsError> {
        let wrong = |option, problem: String| Err(KsError::Option { option, problem });
        if self.iterations == 0 {
            return Err(Self::no_iterations());
        }
        if let Some(tolerance) = self.tolerance.filter(|tolerance| !(*tolerance > 0.0 && tolerance.is_finite())) {
            return wrong("tolerance", format!("must be positive and finite, not {tolerance} electrons"));
        }
        if let Some(threshold) = self.threshold.filter(|threshold| !(*threshold > 0.0 && threshold.is_finite())) {
            return wrong("threshold", format!("must be positive and finite, not {threshold} electrons"));
        }
        match (self.tolerance, self.threshold) {
            (Some(tolerance), Some(threshold)) if tolerance > threshold => {
                let problem = format!("must be at least the tolerance, {tolerance} electrons, not {threshold}");
                return wrong("threshold", problem);
            }
            (Some(tolerance), None) if tolerance > Self::THRESHOLD => {
                let most = Self::THRESHOLD;
                let problem =
                    format!("must be at most {most} electrons, not {tolerance}, unless `threshold:` allows as much");
                return wrong("tolerance", problem);
            }
            _ => {}
        }
        let (alpha, history) = match self.mixing {
            Mixing::Linear { alpha, decay, .. } if !(decay > 0.0 && decay.is_finite()) => {
                return wrong("decay", format!("must be positive, not {decay} (mixing {alpha})"));
            }
            Mixing::Linear { alpha, history, .. } | Mixing::Diis { history, alpha } => (alpha, history),
        };
        if !(alpha > 0.0 && alpha.is_finite()) {
            return wrong("mixing", format!("must be positive, not {alpha}"));
        }
        if history == 0 {
            return wrong("history", "must be at least 1, not 0".to_owned());
        }
        Ok(())
    }

    /// Checks that the options can converge.
    ///
    /// # Errors
    /// [`KsError::Option`] with the option's name.
    pub(crate) fn check_converges(&self) -> Result<(), KsError> {
        self.check()?;
        let wrong = |option, problem: &str| Err(KsError::Option { option, problem: problem.to_owned() });
        match self.mixing {
            _ if !self.tolerance.is_some_and(|tolerance| tolerance <= LOOSEST_TOLERANCE) => {
                wrong("tolerance", "must be at most 1e-6 electrons if the gradient is that of a converged density")
            }
            Mixing::Linear { decay, .. } if decay < 1.0 => wrong(
                "mixing",
                "must not decay if the density has to converge: use `diis()`, or `linear(…)` without `decay:`",
            ),
            _ => Ok(()),
        }
    }

    /// Advice for a density that has to converge and did not, but still changes by `residual` electrons.
    pub(crate) fn to_converge(&self, residual: f64) -> String {
        if residual < ROUNDING {
            return format!(
                "what is left is rounding error, which more iterations do not reduce: in `scf:` set a `tolerance:` from {REACHABLE:e} to \
                 {LOOSEST_TOLERANCE:e}"
            );
        }
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
             or train with `gradient: unrolled` first and continue from that model",
            self.iterations
        )
    }

    /// The error for zero iterations.
    pub(super) fn no_iterations() -> KsError {
        KsError::Option { option: "iterations", problem: "must be at least 1, not 0".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_about_the_options_in_use() {
        let advice = |tolerance, mixing| {
            ScfOptions { tolerance: Some(tolerance), mixing, ..ScfOptions::default() }.to_converge(1e-5)
        };
        let diis = advice(1e-9, Mixing::Diis { history: 8, alpha: 0.5 });
        assert!(
            diis.contains("than 200") && diis.contains("above 1e-9, up to 1e-6") && diis.contains("alpha: 0.25"),
            "{diis}"
        );
        let linear = advice(LOOSEST_TOLERANCE, Mixing::Linear { alpha: 0.5, decay: 1.0, history: 1 });
        assert!(linear.contains("`mixing: diis()`") && !linear.contains("tolerance"), "{linear}");
        let rounded = ScfOptions { tolerance: Some(1e-17), ..ScfOptions::default() }.to_converge(3e-16);
        assert!(rounded.contains("rounding") && rounded.contains("from 1e-12 to 1e-6"), "{rounded}");
    }

    #[test]
    fn a_tolerance_is_positive_and_finite() {
        for tolerance in [0.0, -1e-8, f64::INFINITY, f64::NAN] {
            let options = ScfOptions { tolerance: Some(tolerance), ..ScfOptions::default() };
            let error = options.check().unwrap_err().to_string();
            assert!(error.contains("`tolerance`") && error.contains("positive and finite"), "{error}");
        }
    }
}

//! What a finished calculation is honest about.

use super::{Mixing, ScfOptions};
use miette::Diagnostic;
use thiserror::Error;

/// A doubt about a finished calculation, with advice. A value beside the result.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[diagnostic(severity(Warning))]
pub enum KsWarning {
    /// The iterations ran out before the tolerance was met.
    #[error(
        "`{system}` has not converged: after {iterations} iterations the density still changes by {residual:.1e} \
         electrons (tolerance {tolerance:.1e})"
    )]
    #[diagnostic(code(ksr::ks::not_converged), help("{advice}"))]
    NotConverged {
        /// Label of the system.
        system: String,
        /// Iterations done.
        iterations: usize,
        /// Integral of |n_out - n_in|, electrons.
        residual: f64,
        /// What was asked for.
        tolerance: f64,
        /// What to try.
        advice: String,
    },
    /// A tolerance with a mixing that decays: it stops moving before it arrives.
    #[error(
        "a mixing that decays by {decay} an iteration can stop before it meets a tolerance: after {iterations} \
         iterations at best {left:.2} % of the first error is taken away by no later step"
    )]
    #[diagnostic(
        code(ksr::ks::decaying_mixing),
        help("leave `decay` away, use `diis()`, or give no `tolerance` for a fixed number of iterations")
    )]
    DecayingMixing {
        /// Decay.
        decay: f64,
        /// Iterations allowed.
        iterations: usize,
        /// Percentage of the first error left if every step removed its fraction of it.
        left: f64,
    },
    /// Highest occupied and lowest unoccupied orbital nearly coincide, or are in the wrong order.
    #[error("the gap of `{system}` is {gap:.1e} hartree: several densities compete")]
    #[diagnostic(
        code(ksr::ks::small_gap),
        help(
            "the answer depends on the start; compare other starts or another `unpaired`, and lower the mixing if it jumps"
        )
    )]
    SmallGap {
        /// Label of the system.
        system: String,
        /// Lowest unoccupied minus highest occupied orbital energy, hartree.
        gap: f64,
    },
}

/// Below this, hartree, a gap is called small.
const SMALL_GAP: f64 = 1e-3;

/// The warning about a decaying mixing with a tolerance, if `options` deserve it.
pub(super) fn decaying_mixing(options: &ScfOptions) -> Option<KsWarning> {
    let (Mixing::Linear { alpha, decay, .. }, Some(_)) = (&options.mixing, options.tolerance) else { return None };
    if *decay >= 1.0 {
        return None;
    }
    let left: f64 = (0..options.iterations).map(|k| 1.0 - alpha * decay.powi(k as i32)).product();
    Some(KsWarning::DecayingMixing { decay: *decay, iterations: options.iterations, left: 100.0 * left.abs() })
}

/// The warning about a small or negative gap.
pub(super) fn small_gap(system: &str, gap: Option<f64>) -> Option<KsWarning> {
    gap.filter(|gap| *gap < SMALL_GAP).map(|gap| KsWarning::SmallGap { system: system.to_owned(), gap })
}

/// What to try when iterations ran out, from how the residuals developed; `gap` is the smallest within a spin.
pub(super) fn advice(options: &ScfOptions, residuals: &[f64], gap: Option<f64>) -> String {
    let mut parts = Vec::new();
    let last = residuals.last().copied().unwrap_or(f64::INFINITY);
    let earlier = residuals.len().checked_sub(11).and_then(|k| residuals.get(k)).copied();
    let converging = match earlier {
        Some(earlier) => last < 0.3 * earlier,
        // Too few to tell, unless they have not fallen at all.
        None => residuals.first().is_none_or(|first| last < *first),
    };
    if converging {
        parts.push(format!("it still converges: give it more than {} `iterations`", options.iterations));
    } else {
        parts.push(match options.mixing {
            Mixing::Linear { decay, .. } if decay < 1.0 => "use a mixing without `decay`".to_owned(),
            Mixing::Linear { alpha, .. } => format!("lower the mixing below {alpha}, or use `diis()`"),
            Mixing::Diis { alpha, .. } => format!("try `linear({:.2})` with many iterations", 0.4 * alpha),
        });
    }
    if let Some(gap) = gap.filter(|gap| *gap < 0.02) {
        parts.push(format!("the gap is only {gap:.1e} hartree, which makes densities slosh"));
    }
    parts.join("; ")
}

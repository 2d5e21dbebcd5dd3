//! Warnings about a finished calculation.

use super::occupation::Closest;
use super::options::{REACHABLE, ROUNDING};
use super::{Mixing, ScfOptions};
use crate::number::{brief, counted, significant};
use miette::Diagnostic;
use thiserror::Error;

/// A concern about a finished calculation, with advice. A value alongside the result.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[diagnostic(severity(Warning))]
pub enum KsWarning {
    /// The iterations ended with a density that still changes by more than the tolerance. The run can be used, but its
    /// energies are those of an unfinished calculation.
    ///
    /// What to do: follow the help line: more `iterations:`, `mixing: diis()`, or `symmetric: true` for a system that
    /// is its own mirror image.
    #[error(
        "`{system}` has not converged: after {} the density still changes by {} \
         electrons (tolerance {})",
        counted(*iterations, "iteration"),
        brief(*residual),
        brief(*tolerance)
    )]
    #[diagnostic(code(ksr::ks::not_converged), help("{advice}"))]
    NotConverged {
        /// Label of the system.
        system: String,
        /// Iterations done.
        iterations: usize,
        /// Integral of |n_out - n_in|, electrons.
        residual: f64,
        /// The requested value.
        tolerance: f64,
        /// What to try.
        advice: String,
    },
    /// With `decay:` the steps become smaller at every iteration, so the sum of all steps may be too short to reach the
    /// tolerance.
    ///
    /// What to do: leave out `decay:` or use `diis()`; or give no `tolerance:`, for a fixed number of iterations as in
    /// the published training.
    #[error(
        "a mixing that decays by {decay} per iteration can stop before it meets a tolerance: after {iterations} \
         iterations, {left:.2} % of the initial error is left at best, and no later step removes it"
    )]
    #[diagnostic(
        code(ksr::ks::decaying_mixing),
        help("leave out `decay`, use `diis()`, or give no `tolerance` for a fixed number of iterations")
    )]
    DecayingMixing {
        /// Decay.
        decay: f64,
        /// Iterations allowed.
        iterations: usize,
        /// Percentage of the first error left if every step removed its fraction of it.
        left: f64,
    },
    /// A fixed number of iterations, such as a model brings from its training, ended with a density that is still far from the one
    /// that the equations ask for. The energy of such a run means little.
    ///
    /// What to do: solve to convergence with `mixing: diis()`, or with more `iterations:`.
    #[error(
        "`{system}` is far from convergence: after {} the density still changes by {} electrons",
        counted(*iterations, "iteration"), brief(*residual)
    )]
    #[diagnostic(
        code(ksr::ks::unsettled),
        help("its energy means little: converge it with `mixing: diis()`, or allow more `iterations`")
    )]
    Unsettled {
        /// Label of the system.
        system: String,
        /// Iterations done.
        iterations: usize,
        /// Integral of |n_out - n_in|, electrons.
        residual: f64,
    },
    /// The highest occupied level and the one above it nearly coincide. Which of them is filled, and so the density,
    /// depends on tiny changes in the potential.
    ///
    /// What to do: compare with another `unpaired:`, and with `symmetric: true` for a system that is its own mirror
    /// image. Treat the numbers of this run with caution.
    #[error("{levels} in `{system}` are {} hartree apart: several densities compete", brief(*gap))]
    #[diagnostic(code(ksr::ks::small_gap), help("{advice}"))]
    SmallGap {
        /// Label of the system.
        system: String,
        /// Which levels.
        levels: String,
        /// Their distance, hartree.
        gap: f64,
        /// What to try.
        advice: String,
    },
}

/// A change of the density, electrons, above which a fixed number of iterations is reported as too few.
pub(super) const UNSETTLED: f64 = 0.1;

/// A gap below this, hartree, is reported as small.
const SMALL_GAP: f64 = 1e-3;

/// A gap below this, hartree, makes iterations jump.
const JUMPING_GAP: f64 = 0.02;

/// The number of last iterations that show how a calculation develops.
const RECENT_ITERATIONS: usize = 10;

/// So many iterations show whether the residual still falls.
const MANY_ITERATIONS: usize = 100;

/// A residual, electrons, that may be rounding error if levels nearly coincide.
const ROUNDED_RESIDUAL: f64 = 1e-6;

/// Rounding error of a potential and its levels, hartree; divided by the gap, it gives the electrons that it moves.
const ROUNDED_POTENTIAL: f64 = 1e-14;

/// The warning about a decaying mixing with a tolerance, if it applies to `options`.
pub(super) fn decaying_mixing(options: &ScfOptions) -> Option<KsWarning> {
    let (Mixing::Linear { alpha, decay, .. }, Some(_)) = (&options.mixing, options.tolerance) else { return None };
    if *decay >= 1.0 {
        return None;
    }
    let factors = (0..options.iterations).map(|k| 1.0 - alpha * decay.powi(k as i32));
    // A factor of 1 is followed by no other.
    let left: f64 = factors.take_while(|factor| *factor != 1.0).product();
    Some(KsWarning::DecayingMixing { decay: *decay, iterations: options.iterations, left: 100.0 * left.abs() })
}

/// The warning about a small gap; `mirror` as in [`advice`].
pub(super) fn small_gap(system: &str, closest: Option<Closest>, mirror: bool) -> Option<KsWarning> {
    let closest = closest.filter(|closest| closest.gap < SMALL_GAP)?;
    let symmetric = if mirror { " and `symmetric: true`" } else { "" };
    let advice = format!(
        "small changes in the system may change the density strongly: compare with another `unpaired`{symmetric}"
    );
    Some(KsWarning::SmallGap { system: system.to_owned(), levels: levels(&closest), gap: closest.gap, advice })
}

/// `levels 3 and 4 of the up electrons`.
fn levels(closest: &Closest) -> String {
    let of = closest.spin.map_or("", |spin| [" of the up electrons", " of the down electrons"][spin.min(1)]);
    format!("levels {} and {}{of}", closest.level, closest.level + 1)
}

/// What to try when the iterations ran out, judged by the course of the residuals and of the levels at the gap; `mirror`: the system
/// is its own mirror image and `symmetric: true` was not set.
pub(super) fn advice(options: &ScfOptions, residuals: &[f64], closest: &[Option<Closest>], mirror: bool) -> String {
    let last = residuals.last().copied().unwrap_or(f64::INFINITY);
    let earlier = residuals.len().checked_sub(RECENT_ITERATIONS + 1).and_then(|k| residuals.get(k)).copied();
    let converging = match earlier {
        Some(earlier) => last < 0.3 * earlier,
        // Too few to tell, unless they have not fallen at all.
        None => residuals.first().is_none_or(|first| last < *first),
    };
    // Slowly, but all the time.
    let falling = residuals.iter().rev().take(RECENT_ITERATIONS + 1).is_sorted();
    let least = |residuals: &[f64]| residuals.iter().copied().fold(f64::INFINITY, f64::min);
    let (early, late) = residuals.split_at(residuals.len() / 2);
    let stuck = residuals.len() >= MANY_ITERATIONS && least(late) > 0.5 * least(early);
    let recent = closest.iter().rev().take(RECENT_ITERATIONS).flatten();
    let near = recent.min_by(|a, b| a.gap.total_cmp(&b.gap)).filter(|near| near.gap < JUMPING_GAP);
    let tolerance = options.tolerance.unwrap_or(f64::INFINITY);
    let hopeless = near.is_some_and(|near| ROUNDED_POTENTIAL > tolerance * near.gap);
    let more = format!("allow more than {} `iterations`", options.iterations);
    let remedy = match options.mixing {
        _ if last < ROUNDING => format!(
            "what is left is rounding error, which more iterations do not reduce: set `tolerance: {}` or more",
            brief(REACHABLE)
        ),
        _ if converging => format!("it is still converging: {more}"),
        Mixing::Linear { decay, .. } if decay < 1.0 => "use a mixing without `decay`".to_owned(),
        Mixing::Linear { alpha, .. } if falling => {
            format!("it converges slowly: use `diis()`, a mixing above {alpha}, or more `iterations`")
        }
        Mixing::Linear { alpha, .. } => format!("use `diis()`, or lower the mixing below {alpha}"),
        Mixing::Diis { .. } if last < ROUNDED_RESIDUAL => {
            format!("set a looser tolerance, `tolerance: {}`", significant(10.0 * last, 1, -3..5))
        }
        Mixing::Diis { .. } if hopeless => {
            "rounding errors alone can cause this, and more `iterations` will hardly help".to_owned()
        }
        Mixing::Diis { .. } if stuck => {
            "it no longer converges, and more `iterations` will hardly help: try `mixing: linear(0.1)`".to_owned()
        }
        Mixing::Diis { .. } => more,
    };
    let or = if hopeless { ";" } else { ", or" };
    let symmetric =
        if mirror { format!("{or} keep the density symmetric with `symmetric: true`") } else { String::new() };
    let Some(near) = near else { return remedy };
    format!(
        "{} come within {} hartree of each other, so small changes in the potential decide which of them is \
         occupied: {remedy}{symmetric}; another `unpaired` may fill whole groups of levels",
        levels(near),
        brief(near.gap)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_follows_the_course_of_the_residuals() {
        let with = |mixing: Mixing, residuals: &[f64]| {
            let options = ScfOptions { tolerance: Some(1e-8), mixing, ..ScfOptions::default() };
            advice(&options, residuals, &[], false)
        };
        let linear = || Mixing::Linear { alpha: 0.01, decay: 1.0, history: 1 };
        let slow: Vec<f64> = (0..30).map(|k| 0.99f64.powi(k)).collect();
        assert!(with(linear(), &slow).contains("slowly") && with(linear(), &slow).contains("above 0.01"));
        let jumping: Vec<f64> = (0..30).map(|k| if k % 2 == 0 { 0.5 } else { 0.4 }).collect();
        assert!(with(linear(), &jumping).contains("lower the mixing below 0.01"));
        let diis = || Mixing::Diis { history: 8, alpha: 0.5 };
        let stuck: Vec<f64> = (0..200).map(|k| if k < 20 { 0.7f64.powi(k) } else { 0.0008 }).collect();
        assert!(with(diis(), &stuck).contains("no longer converges"), "{}", with(diis(), &stuck));
        assert!(with(diis(), &jumping).contains("allow more"));
    }
}

//! Warnings about a finished calculation.

use super::occupation::Closest;
use super::options::{REACHABLE, ROUNDING};
use super::way::{Way, listed};
use super::{Mixing, Run, ScfOptions, Stop};
use crate::model::{System, Wall};
use crate::number::{brief, counted, significant};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A concern about a finished calculation, with advice. A value alongside the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Error, Diagnostic)]
pub enum KsWarning {
    /// The iterations ended with a density that still changes by more than the tolerance; without one, as with the fixed number of
    /// iterations that a model brings from its training, by more than the threshold. The energies are those of an unfinished
    /// calculation, and numbers made from them are marked.
    ///
    /// What to do: follow the help line: more `iterations:`, no `mixing:` (then other ways are tried if the first one fails), or
    /// `symmetric: true` for a system that is its own mirror image. `threshold:` sets the residual that counts as converged.
    #[error(
        "`{system}` has not converged: after {} the density still changes by {} electrons ({limit} {})",
        counted(*iterations, "iteration"),
        brief(*residual),
        brief(*value)
    )]
    #[diagnostic(code(ksr::ks::not_converged), severity(Warning), help("{advice}"))]
    NotConverged {
        /// Label of the system.
        system: String,
        /// Iterations done.
        iterations: usize,
        /// Integral of |n_out - n_in|, electrons.
        residual: f64,
        /// `tolerance`, `threshold`.
        limit: String,
        /// Its value, electrons.
        value: f64,
        /// What to try.
        advice: String,
    },
    /// The density that minimises the energy among those like a sample is negative in places: it is the mean of the nearest samples plus
    /// a few of their principal components, and nothing keeps that from falling below zero.
    ///
    /// What to do: give more samples, or samples that are more like the system; fewer `dimensions:`.
    #[error("the density of `{system}` is negative in places, which together have -{} electrons", brief(*electrons))]
    #[diagnostic(
        code(ksr::ks::negative_density),
        severity(Warning),
        help("give more samples, or such that are more like this system, or fewer `dimensions:`")
    )]
    NegativeDensity {
        /// Label of the system.
        system: String,
        /// The integral of the negative part, electrons.
        electrons: f64,
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
        severity(Warning),
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
    /// The chosen iterations did not find a self-consistent density, and something else did. The run is converged.
    ///
    /// What to do: nothing. `.how` of the run names the way; `remedies: false` does only the chosen iterations.
    #[error("`{system}` was converged by {how}: {} of {first} left {} electrons", counted(*iterations, "iteration"), brief(*residual))]
    #[diagnostic(
        code(ksr::ks::remedied),
        severity(Advice),
        help("the energy is that of the converged density; `remedies: false` keeps the chosen iterations")
    )]
    Remedied {
        /// Label of the system.
        system: String,
        /// The way, in words.
        how: String,
        /// The chosen mixing, in words.
        first: String,
        /// Iterations done by it.
        iterations: usize,
        /// Integral of |n_out - n_in| after them, electrons.
        residual: f64,
    },
    /// The highest occupied level lies above the Kohn-Sham potential at an end of the grid: only the wall of the grid holds its electron,
    /// and in a larger grid the energy would be another. The number of electrons is more than the potential binds with this functional.
    ///
    /// What to do: do not use differences of energies with this run, such as electron affinities. Compare with a larger grid. If the
    /// walls are meant, `wall: odd` of the grid says so.
    #[error("only the wall of the grid holds the last electron of `{system}`: its level {} hartree is above the potential at the edge", brief(*level))]
    #[diagnostic(
        code(ksr::ks::unbound),
        severity(Warning),
        help(
            "the grid is too short, or the functional does not bind so many electrons: compare with a larger grid; walls that are meant are \
             `wall: odd`"
        )
    )]
    Unbound {
        /// Label of the system.
        system: String,
        /// The highest occupied level, hartree.
        level: f64,
    },
    /// The density has gathered on a point of the grid: it is narrower than the grid can resolve, and on a finer grid the energy would be
    /// another. The functional attracts electrons to themselves more strongly than their kinetic energy keeps them apart.
    ///
    /// What to do: do not use the energy. Compare with a finer grid; look at how the energy per electron grows with the density.
    #[error(
        "the density of `{system}` has gathered on the point x = {x:.2} bohr: it is narrower than the grid resolves"
    )]
    #[diagnostic(
        code(ksr::ks::unresolved),
        severity(Warning),
        help("its energy depends on the spacing of the grid; the functional may have no lowest energy at all")
    )]
    Unresolved {
        /// Label of the system.
        system: String,
        /// By how much the point exceeds its neighbours, of a pair of electrons.
        share: f64,
        /// Where, bohr.
        x: f64,
    },
    /// The density does not vanish at an end of the grid, so the wall there compresses it and raises the energy.
    ///
    /// What to do: use a larger grid. If the walls are meant, `wall: odd` of the grid says so.
    #[error("the density of `{system}` reaches the edge of the grid: {} per bohr at x = {x:.2} bohr", brief(*density))]
    #[diagnostic(
        code(ksr::ks::at_edge),
        severity(Advice),
        help("its energy depends on the size of the grid: use more points; walls that are meant are `wall: odd`")
    )]
    AtEdge {
        /// Label of the system.
        system: String,
        /// Density, 1/bohr.
        density: f64,
        /// Where, bohr.
        x: f64,
    },
    /// The calculation began with electrons of opposite spin in different places, and ended with the same density for both. The search is
    /// a local one; that it found no solution with broken spin does not prove that there is none.
    ///
    /// What to do: nothing; `stability(run)` says whether the run is a minimum.
    #[error("both spins of `{system}` ended with the same density: no solution with broken spin was found")]
    #[diagnostic(code(ksr::ks::spins_alike), severity(Advice))]
    SpinsAlike {
        /// Label of the system.
        system: String,
    },
    /// A solution with broken spin was found, a minimum of its surroundings, but that with equal spins has a lower energy.
    ///
    /// What to do: use the run without `start: broken_spin`.
    #[error("`{system}` has a lower energy with equal spins, {lower:.6} hartree, than with broken spin, {energy:.6}")]
    #[diagnostic(
        code(ksr::ks::equal_spins_lower),
        severity(Warning),
        help(
            "a minimum is the lowest energy nearby, not of all: compare both, and use the run without `start: broken_spin`"
        )
    )]
    EqualSpinsLower {
        /// Label of the system.
        system: String,
        /// Total energy with broken spin, hartree.
        energy: f64,
        /// With equal spins.
        lower: f64,
    },
    /// The calculation converged, but orbitals that it met on its way have a lower energy than the ones it converged to. So the functional
    /// has a lower solution somewhere else.
    ///
    /// What to do: do not take the run for the ground state. `stability(run)` says whether it is a minimum at all; another density to
    /// begin with (`start:`) or `start: broken_spin` may lead to the lower one.
    #[error(
        "`{system}` converged to {energy:.6} hartree, but an iteration on the way had {lower:.6}: there is a lower solution"
    )]
    #[diagnostic(
        code(ksr::ks::not_lowest),
        severity(Warning),
        help(
            "`stability(run)` says whether this one is a minimum; another `start:`, such as `broken_spin`, may find the lower one"
        )
    )]
    NotLowest {
        /// Label of the system.
        system: String,
        /// Total energy, hartree.
        energy: f64,
        /// The lower one.
        lower: f64,
    },
    /// The calculation converged, but orbitals that it met on its way had a lower energy, so that was not the lowest solution. The energy
    /// was minimised from there. The run is converged.
    ///
    /// What to do: nothing. `remedies: false` does only the chosen iterations.
    #[error(
        "`{system}` has a lower solution than the one found first: {energy:.6} hartree instead of {first:.6}, by direct minimisation"
    )]
    #[diagnostic(
        code(ksr::ks::lowered),
        severity(Advice),
        help("an iteration on the way had a lower energy; `remedies: false` keeps the solution that was found first")
    )]
    Lowered {
        /// Label of the system.
        system: String,
        /// Total energy of the first solution, hartree.
        first: f64,
        /// Of the run.
        energy: f64,
    },
    /// The highest occupied level and the one above it nearly coincide. Which of them is filled, and so the density,
    /// depends on tiny changes in the potential.
    ///
    /// What to do: compare with another `unpaired:`, and with `symmetric: true` for a system that is its own mirror
    /// image. Treat the numbers of this run with caution.
    #[error("{levels} in `{system}` are {} hartree apart: several densities compete", brief(*gap))]
    #[diagnostic(code(ksr::ks::small_gap), severity(Warning), help("{advice}"))]
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

impl KsWarning {
    /// Which of two of one kind is worse: the one with the larger weight.
    pub(crate) fn weight(&self) -> f64 {
        match self {
            KsWarning::NotConverged { residual, .. } | KsWarning::Remedied { residual, .. } => *residual,
            KsWarning::Unbound { level, .. } => *level,
            KsWarning::AtEdge { density, .. } => *density,
            KsWarning::Unresolved { share, .. } => *share,
            KsWarning::SmallGap { gap, .. } => -gap,
            KsWarning::DecayingMixing { left, .. } => *left,
            KsWarning::EqualSpinsLower { energy, lower, .. } | KsWarning::NotLowest { energy, lower, .. } => {
                energy - lower
            }
            KsWarning::Lowered { first, energy, .. } => first - energy,
            KsWarning::NegativeDensity { electrons, .. } => *electrons,
            KsWarning::SpinsAlike { .. } => 0.0,
        }
    }
}

/// How far from its ends, bohr, a grid should have no density any more, and the density, 1/bohr, that counts as none.
const EDGE: f64 = 1.0;
const EDGE_DENSITY: f64 = 1e-4;

/// Energies, hartree, that are closer are the same.
const SAME_ENERGY: f64 = 1e-6;

/// Integral of |n_up - n_down|, electrons, below which spins count as equal.
const SAME_SPINS: f64 = 1e-3;

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

/// The concerns about a run with these options; `first`: the iterations of the first attempt and the residual after them;
/// `closest`: its levels at the gap, iteration by iteration.
pub(super) fn of(run: &Run, options: &ScfOptions, first: (usize, f64), closest: &[Option<Closest>]) -> Vec<KsWarning> {
    let mirror = !options.symmetric && run.system.mirror().is_ok();
    let system = run.system.label.clone();
    let mut warnings = Vec::new();
    if !run.converged() {
        let limit = options.limit_name();
        let advice = match run.how.as_slice() {
            // An interruption needs no advice.
            _ if run.stop == Stop::Interrupted => None,
            [Way::Direct] => Some(minimised(options, run.residual, closest, mirror)),
            [_] | [_, Way::Shared] => Some(advice(options, &run.residuals, closest, mirror)),
            all => rounding(options, run.residual).or_else(|| Some(exhausted(all, closest, mirror))),
        };
        if let Some(advice) = advice {
            let (iterations, residual, value) = (run.iterations, run.residual, run.limit);
            warnings.push(KsWarning::NotConverged {
                system,
                iterations,
                residual,
                limit: limit.to_owned(),
                value,
                advice,
            });
        }
    } else {
        if let [chosen, .., last] = run.how.as_slice()
            && !matches!(run.how.as_slice(), [Way::Diis, Way::Shared])
            // A minimum that was found from a converged saddle is no remedy.
            && first.1 > options.limit()
        {
            let (how, first, (iterations, residual)) = (last.name().to_owned(), chosen.name(), first);
            warnings.push(KsWarning::Remedied {
                system: system.clone(),
                how,
                first: first.to_owned(),
                iterations,
                residual,
            });
        }
        warnings.extend(small_gap(&system, closest.last().copied().flatten(), mirror));
        warnings.extend(held_by_walls(run));
        warnings.extend(unresolved(run));
    }
    warnings.extend(decaying_mixing(options));
    warnings
}

/// The concerns about a run apart from its convergence: levels that nearly coincide, walls that hold electrons, a density that the
/// grid does not resolve.
pub(crate) fn beyond_convergence(run: &Run, closest: Option<Closest>) -> Vec<KsWarning> {
    let of_levels = small_gap(&run.system.label, closest, false);
    of_levels.into_iter().chain(held_by_walls(run)).chain(unresolved(run)).collect()
}

/// A density with more than this share of an electron pair on a single point, compared with its neighbours, is not resolved.
const ON_ONE_POINT: f64 = 0.35;

/// The warning that the density is narrower than the grid resolves, if it is.
fn unresolved(run: &Run) -> Option<KsWarning> {
    let grid = &run.system.grid;
    let density = run.total_density();
    let share = |i: usize| {
        let around = [i.wrapping_sub(1), i + 1].iter().filter_map(|k| density.get(*k)).sum::<f64>() / 2.0;
        (density[i] - around) * grid.spacing / 2.0
    };
    let at = (0..density.len()).max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
    let (system, share, x) = (run.system.label.clone(), share(at), grid.x(at));
    (share > ON_ONE_POINT).then_some(KsWarning::Unresolved { system, share, x })
}

/// The note that the walls of the grid hold the electrons, if they do and are not meant to.
fn held_by_walls(run: &Run) -> Option<KsWarning> {
    let (system, grid) = (run.system.label.clone(), &run.system.grid);
    let (Wall::Zero, Some(last)) = (grid.wall, grid.points.checked_sub(1)) else { return None };
    let (up, down) = run.system.spins();
    let highest = [up, down].into_iter().enumerate().zip(&run.potential).filter_map(|((spin, count), v)| {
        let level = run.chemical_potential(spin).filter(|_| count > 0)?;
        (level > v[0].min(v[last])).then_some(level)
    });
    if let Some(level) = highest.reduce(f64::max) {
        return Some(KsWarning::Unbound { system, level });
    }
    at_edge(&run.system, &run.total_density())
}

/// The note that a density does not vanish at an end of the grid, if it does not.
pub(crate) fn at_edge(system: &System, density: &[f64]) -> Option<KsWarning> {
    let grid = &system.grid;
    let (Wall::Zero, Some(last)) = (grid.wall, grid.points.checked_sub(1)) else { return None };
    let inside = ((EDGE / grid.spacing) as usize).clamp(1, 1 + last / 20);
    let ends = [inside.min(last), last.saturating_sub(inside)];
    let at = ends.into_iter().max_by(|a, b| density[*a].total_cmp(&density[*b]))?;
    let label = || system.label.clone();
    (density[at] > EDGE_DENSITY).then(|| KsWarning::AtEdge { system: label(), density: density[at], x: grid.x(at) })
}

/// Whether both spins have the same density.
pub(super) fn spins_are_alike(run: &Run) -> bool {
    let [up, down] = &run.density;
    up.iter().zip(down).map(|(up, down)| (up - down).abs() * run.system.grid.spacing).sum::<f64>() < SAME_SPINS
}

/// The note that the solution with equal spins has a lower energy than the one with broken spin, if it does.
pub(super) fn equal_spins_lower(broken: &Run, equal: &Run) -> Option<KsWarning> {
    let (energy, lower) = (broken.total_energy(), equal.total_energy());
    let is_lower = equal.converged() && lower < energy - SAME_ENERGY;
    is_lower.then(|| KsWarning::EqualSpinsLower { system: broken.system.label.clone(), energy, lower })
}

fn rounding_error() -> String {
    format!(
        "what is left is rounding error, which more iterations do not reduce: set `tolerance: {}` or more",
        brief(REACHABLE)
    )
}

/// What to do after all ways were tried, if what is left may be rounding error.
fn rounding(options: &ScfOptions, residual: f64) -> Option<String> {
    if residual < ROUNDING {
        return Some(rounding_error());
    }
    let tight = options.tolerance.is_none_or(|tolerance| tolerance < ROUNDED_RESIDUAL);
    (residual < ROUNDED_RESIDUAL && tight).then(|| looser(residual))
}

fn looser(residual: f64) -> String {
    format!("set a looser tolerance, `tolerance: {}`", significant(10.0 * residual, 1, -3..5))
}

/// What levels say that nearly coincide at the end, if they do.
fn groups(closest: &[Option<Closest>]) -> String {
    let near = closest.last().copied().flatten().filter(|near| near.gap < JUMPING_GAP);
    let levels = near.map(|near| {
        let (levels, gap) = (levels(&near), brief(near.gap));
        format!("; {levels} are {gap} hartree apart, and another `unpaired` may fill whole groups of levels")
    });
    levels.unwrap_or_default()
}

/// What is left to try after all ways were tried.
fn exhausted(all: &[Way], closest: &[Option<Closest>], mirror: bool) -> String {
    let symmetric = if mirror { "; `symmetric: true` keeps the density symmetric" } else { "" };
    format!(
        "{} were tried: the functional may have no self-consistent density here{}{symmetric}",
        listed(all),
        groups(closest)
    )
}

/// What to try where the energy was minimised from the beginning, as with exact exchange, and nothing else can be.
fn minimised(options: &ScfOptions, residual: f64, closest: &[Option<Closest>], mirror: bool) -> String {
    if let Some(advice) = rounding(options, residual) {
        return advice;
    }
    let symmetric = if mirror { ", or keep the orbitals symmetric with `symmetric: true`" } else { "" };
    format!(
        "the minimisation of the energy ended before its minimum, and more `iterations` change nothing: begin with another run \
         (`start:`){symmetric}{}",
        groups(closest)
    )
}

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
        _ if last < ROUNDING => rounding_error(),
        _ if converging => format!("it is still converging: {more}"),
        Mixing::Linear { decay, .. } if decay < 1.0 && options.tolerance.is_some() => {
            "use a mixing without `decay`".to_owned()
        }
        Mixing::Linear { .. } if options.tolerance.is_none() => "its energy means little: without `mixing:`, `iterations:` and `remedies: false`, `solve` goes on until it converges; so does `mixing: diis()`".to_owned(),
        Mixing::Linear { alpha, .. } if falling => {
            format!("it converges slowly: use `diis()`, a mixing above {alpha}, or more `iterations`")
        }
        Mixing::Linear { alpha, .. } => format!("use `diis()`, or lower the mixing below {alpha}"),
        Mixing::Diis { .. } if last < ROUNDED_RESIDUAL => looser(last),
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

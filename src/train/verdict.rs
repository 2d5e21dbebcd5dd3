//! What should be said about the calculations of the parameters that a training keeps.

use super::plan::{Case, Gradient, Plan};
use crate::control::Control;
use crate::ks::{InitialDensity, KsError, KsWarning, Run, ScfOptions, solve};
use crate::model::Mirror;
use crate::number::brief;
use crate::tensor::Device;
use miette::Diagnostic;
use thiserror::Error;

/// A density that differs from its mirror image by more than this, electrons, is lopsided.
const LOPSIDED: f64 = 1e-4;

/// How much of the difference of two sides has to be left for both to be solutions.
const STAYS: f64 = 0.9;

/// A concern about the calculations of a training: its loss may jump, and its gradient mean little.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[diagnostic(severity(Warning))]
pub enum TrainWarning {
    /// A system is its own mirror image, but its density is not. The mirror image of that density is another solution, and rounding
    /// errors decide which of the two the iterations approach: the loss jumps when a parameter moves by a hair, and its gradient
    /// means little. Stretched molecules do this.
    ///
    /// What to do: keep the density symmetric with `scf: { symmetric: true }`, or leave the system out.
    #[error(
        "the density of `{system}` is lopsided, although the system is its own mirror image: they differ by {} electrons{}",
        brief(*electrons), also(*others)
    )]
    #[diagnostic(
        code(ksr::train::lopsided),
        help(
            "rounding errors decide which side it leans to, so the loss jumps and its gradient means little: \
             train with `scf: {{ symmetric: true }}`"
        )
    )]
    Lopsided {
        /// Label of the system whose density differs most.
        system: String,
        /// The integral of |n(x) - n(-x)|, electrons.
        electrons: f64,
        /// How many more systems do the same.
        others: usize,
    },
    /// The highest occupied level and the lowest empty one of a system nearly coincide, so that its density responds strongly to
    /// small changes of the parameters: the loss may jump, and its gradient mean little.
    ///
    /// What to do: leave the system out, or choose `unpaired:` so that whole groups of levels are filled.
    #[error(
        "the highest occupied and the lowest empty level of `{system}` are {} hartree apart{}",
        brief(*gap), also(*others)
    )]
    #[diagnostic(
        code(ksr::train::close_levels),
        help("its density responds strongly to the parameters, so the loss may jump and its gradient mean little")
    )]
    CloseLevels {
        /// Label of the system with the smallest distance.
        system: String,
        /// The distance, hartree.
        gap: f64,
        /// How many more systems do the same.
        others: usize,
    },
}

/// `, and 2 more systems do the same`.
fn also(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", and so does 1 more system".into(),
        n => format!(", and so do {n} more systems"),
    }
}

/// How many calculations of the systems of a plan, those of validation too, do not converge in the iterations of the training at given
/// parameters; `None`: the user stopped it, or nothing is solved.
///
/// # Errors
/// Those of a device.
pub(super) fn unconverged(
    device: Device,
    plan: &Plan,
    params: &[f64],
    control: &dyn Control,
) -> Result<Option<usize>, KsError> {
    if [Gradient::Unsolved, Gradient::Minimised].contains(&plan.gradient) {
        return Ok(None);
    }
    let scf = ScfOptions { remedies: false, ..plan.scf.clone() };
    let mut count = 0;
    for system in plan.systems() {
        if control.interrupted() {
            return Ok(None);
        }
        match solve(device, system, &plan.functional, params, &scf, &InitialDensity::default(), control) {
            Ok(run) => count += usize::from(!run.converged()),
            Err(error @ KsError::Device { .. }) => return Err(error),
            Err(_) => count += 1,
        }
    }
    Ok(Some(count))
}

/// Concerns about the systems of a plan at given parameters, at most one of each kind.
///
/// # Errors
/// Those of a device. A calculation that fails says nothing: the training has told its loss.
pub(super) fn concerns(
    device: Device,
    plan: &Plan,
    params: &[f64],
    control: &dyn Control,
) -> Result<Vec<TrainWarning>, KsError> {
    if plan.scf.symmetric || [Gradient::Unsolved, Gradient::Minimised].contains(&plan.gradient) {
        return Ok(Vec::new());
    }
    let scf = ScfOptions { remedies: false, ..plan.scf.clone() };
    let (mut lopsided, mut close) = (Vec::new(), Vec::new());
    for system in plan.cases.iter().flat_map(|Case { systems, .. }| systems) {
        if control.interrupted() {
            return Ok(Vec::new());
        }
        let start = InitialDensity::default();
        let run = match solve(device, system, &plan.functional, params, &scf, &start, control) {
            Ok(run) => run,
            Err(error @ KsError::Device { .. }) => return Err(error),
            Err(_) => continue,
        };
        let size = |f: &[f64]| system.grid.spacing * f.iter().map(|x| x.abs()).sum::<f64>();
        match system.mirror().map(|mirror| (leaning(&run, &mirror), mirror)) {
            Ok((lean, _)) if size(&lean) <= LOPSIDED => {}
            Ok((lean, mirror)) => {
                // A functional may itself tell left from right. The density leans by itself if it leans to the other side when the
                // iterations begin there.
                let start = InitialDensity::Given(run.density.clone().map(|n| mirror.image(&n)));
                let other = solve(device, system, &plan.functional, params, &scf, &start, control);
                let back = other.map(|other| leaning(&other, &mirror)).unwrap_or_default();
                let change: Vec<f64> = lean.iter().zip(&back).map(|(a, b)| 0.5 * (a - b)).collect();
                if size(&change) > STAYS * size(&lean) {
                    lopsided.push((system.label.clone(), size(&lean)));
                }
            }
            Err(_) => close.extend(run.warnings.iter().find_map(|warning| match warning {
                KsWarning::SmallGap { gap, .. } => Some((system.label.clone(), *gap)),
                _ => None,
            })),
        }
    }
    let (others, gaps) = (lopsided.len().saturating_sub(1), close.len().saturating_sub(1));
    let worst = lopsided.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let worst = worst.map(|(system, electrons)| TrainWarning::Lopsided { system, electrons, others });
    let closest = close.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let closest = closest.map(|(system, gap)| TrainWarning::CloseLevels { system, gap, others: gaps });
    Ok(worst.into_iter().chain(closest).collect())
}

/// n(x) - n(-x).
fn leaning(run: &Run, mirror: &Mirror) -> Vec<f64> {
    let density = run.total_density();
    density.iter().zip(mirror.image(&density)).map(|(n, image)| n - image).collect()
}

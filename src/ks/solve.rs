//! Solving: the same iteration as in training, without a tape, and with a test of convergence.

use super::kohn_sham::{Energies, Equations, Iteration, KohnSham, Setting, Spins, fields};
use super::occupation::{Closest, Occupation};
use super::search::Search;
use super::{KsError, KsWarning, Run, ScfOptions, Stop, warning};
use crate::control::Control;
use crate::functional::Compiled;
use crate::model::System;
use crate::tensor::{Backend, Device, NoneTape, Value, on_device};
use std::sync::Arc;

/// The initial density of a calculation.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum InitialDensity {
    /// Non-interacting electrons in v.
    #[default]
    NonInteracting,
    /// A given density of each spin.
    Given([Vec<f64>; 2]),
}

/// Solves the Kohn-Sham equations of `system` with a functional and its flat parameters on a device.
///
/// Closed shells run spin-restricted. With a tolerance it ends when the density changes by less, or when the iterations
/// run out (a warning); without one, after exactly `iterations`. After an interruption the result is the run so far.
///
/// # Errors
/// An unavailable device, impossible options, a missing symmetry, an initial density that does not fit, a value that is not
/// finite, orbitals that are not found.
pub fn solve(
    device: Device,
    system: &Arc<System>,
    functional: &Arc<Compiled>,
    params: &[f64],
    options: &ScfOptions,
    start: &InitialDensity,
    control: &dyn Control,
) -> Result<Run, KsError> {
    options.check()?;
    let occupation = Occupation::of(system);
    let setting = Setting { system, functional, occupation: &occupation, symmetric: options.symmetric };
    let equations = Arc::new(Equations::new(&setting)?);
    let run = on_device!(device, D => {
        let (ks, _) = KohnSham::new(&equations, &D::default(), params, NoneTape)?;
        solve_bound(&ks, &functional.name, options, start, control)
    });
    run.map_err(|cause| KsError::Device { cause })?
}

/// [`solve`] of equations with their parameters.
pub(crate) fn solve_bound<D: Backend>(
    ks: &KohnSham<D>,
    functional: &str,
    options: &ScfOptions,
    start: &InitialDensity,
    control: &dyn Control,
) -> Result<Run, KsError> {
    let mut search = Search::new(options, ks.equations.system.grid.points);
    let mut density = initial(ks, start)?;
    let mut log = Log::default();
    let mut warm = Vec::new();
    for k in 0..options.iterations {
        let (iteration, _) = ks.iterate(k, &density, &warm, NoneTape)?;
        let (energies, _) = ks.energies(k, &iteration, NoneTape)?;
        let (residual, _) = ks.distance(&iteration.output, &density, NoneTape)?;
        let residual = residual.first();
        let mixed = search.next(ks, &density, &iteration, residual)?;
        log.note(&energies, residual, &mixed);
        log.closest.push(closest(ks, &iteration));
        let stop = match options.tolerance {
            Some(tolerance) if residual <= tolerance => Some(Stop::Converged),
            _ if k + 1 == options.iterations && options.tolerance.is_some() => Some(Stop::Exhausted),
            _ if k + 1 == options.iterations => Some(Stop::Fixed),
            _ if control.interrupted() => Some(Stop::Interrupted),
            _ => None,
        };
        if let Some(stop) = stop {
            let last = Last { iteration, energies, mixed, stop };
            return Ok(finish(ks, functional, options, log, &last));
        }
        density = mixed;
        warm = iteration.orbitals();
    }
    Err(ScfOptions::no_iterations())
}

/// The trajectory so far.
#[derive(Default)]
struct Log {
    energies: Vec<f64>,
    densities: Vec<Vec<f64>>,
    residuals: Vec<f64>,
    closest: Vec<Option<Closest>>,
}

impl Log {
    fn note<D: Backend>(&mut self, energies: &Energies<D>, residual: f64, mixed: &Spins<D>) {
        self.energies.push(energies.total.first());
        self.residuals.push(residual);
        let mixed: Vec<_> = mixed.iter().map(Value::host).collect();
        let points = mixed.first().map_or(0, |n| n.len());
        self.densities.push((0..points).map(|i| mixed.iter().map(|n| n[i]).sum()).collect());
    }
}

/// The last iteration, for the report.
struct Last<D: Backend> {
    iteration: Iteration<D>,
    energies: Energies<D>,
    mixed: Spins<D>,
    stop: Stop,
}

/// The first input density.
fn initial<D: Backend>(ks: &KohnSham<D>, start: &InitialDensity) -> Result<Spins<D>, KsError> {
    let InitialDensity::Given([up, down]) = start else { return ks.non_interacting() };
    let points = ks.equations.system.grid.points;
    let wrong = |problem: String| KsError::Start { system: ks.equations.system.label.clone(), problem };
    for density in [up, down] {
        if density.len() != points {
            return Err(wrong(format!("it has {} points, but the grid has {points}", density.len())));
        }
        if let Some(bad) = density.iter().find(|n| !(n.is_finite() && **n >= 0.0)) {
            return Err(wrong(format!("it contains {bad}; densities must be finite and not negative")));
        }
    }
    let constant = |density: Vec<Vec<f64>>| fields(&ks.device, &density, Value::constant);
    match ks.equations.occupation.spins() {
        1 => constant(vec![up.iter().zip(down).map(|(up, down)| up + down).collect()]),
        _ => constant(vec![up.clone(), down.clone()]),
    }
}

fn finish<D: Backend>(ks: &KohnSham<D>, functional: &str, options: &ScfOptions, log: Log, last: &Last<D>) -> Run {
    let occupation = &ks.equations.occupation;
    let Last { iteration, energies, mixed, stop } = last;
    let spin = |fields: &Spins<D>, spin: usize| fields[occupation.channel(spin)].host().to_vec();
    let density = |s: usize| -> Vec<f64> {
        let field = match options.tolerance {
            Some(_) => spin(&iteration.output, s),
            None => spin(mixed, s),
        };
        field.into_iter().map(|n| occupation.share() * n).collect()
    };
    let orbital_energies = [0, 1].map(|s| iteration.filled[occupation.channel(s)].energies.host().to_vec());
    let levels = [orbital_energies[0].as_slice(), &orbital_energies[1]];
    let gap = occupation.gap(levels);
    Run {
        system: ks.equations.system.clone(),
        functional: functional.to_owned(),
        energy: energies.total.first(),
        parts: energies.parts(),
        density: [0, 1].map(density),
        potential: [0, 1].map(|s| spin(&iteration.potential, s)),
        xc_potential: [0, 1].map(|s| spin(&iteration.xc_potential, s)),
        orbital_energies,
        gap,
        iterations: log.energies.len(),
        residual: log.residuals.last().copied().unwrap_or(f64::INFINITY),
        stop: *stop,
        warnings: warnings(&ks.equations.system, options, &log, *stop),
        energies: log.energies,
        densities: log.densities,
        residuals: log.residuals,
    }
}

/// The highest occupied level of an iteration and the one above it.
fn closest<D: Backend>(ks: &KohnSham<D>, iteration: &Iteration<D>) -> Option<Closest> {
    let levels = [0, 1].map(|s| iteration.filled[ks.equations.occupation.channel(s)].orbitals.energies.as_slice());
    ks.equations.occupation.closest(levels)
}

fn warnings(system: &System, options: &ScfOptions, log: &Log, stop: Stop) -> Vec<KsWarning> {
    let mirror = !options.symmetric && system.mirror().is_ok();
    let mut warnings = Vec::new();
    if let (Stop::Exhausted, Some(tolerance)) = (stop, options.tolerance) {
        warnings.push(KsWarning::NotConverged {
            system: system.label.clone(),
            iterations: log.residuals.len(),
            residual: log.residuals.last().copied().unwrap_or(f64::INFINITY),
            tolerance,
            advice: warning::advice(options, &log.residuals, &log.closest, mirror),
        });
    } else {
        let residual = log.residuals.last().copied().unwrap_or(0.0);
        if stop == Stop::Fixed && residual > warning::UNSETTLED {
            let (system, iterations) = (system.label.clone(), log.residuals.len());
            warnings.push(KsWarning::Unsettled { system, iterations, residual });
        }
        warnings.extend(warning::small_gap(&system.label, log.closest.last().copied().flatten(), mirror));
    }
    warnings.extend(warning::decaying_mixing(options));
    warnings
}

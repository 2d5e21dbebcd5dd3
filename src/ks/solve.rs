//! Solving: the same iteration as in training, without a tape, and with a test of convergence.

use super::attempt::{Attempts, Found, Outcome};
use super::direct::State;
use super::exchange;
use super::hamiltonian::Hamiltonian;
use super::kohn_sham::{Equations, KohnSham, Setting, Spins, fields};
use super::occupation::Occupation;
use super::terms::TERMS;
use super::way::Way;
use super::{KsError, KsWarning, Run, ScfOptions, Stop, ladder, orbitals, warning};
use crate::control::Control;
use crate::functional::Compiled;
use crate::model::System;
use crate::tensor::{Backend, Device, NoneTape, Value, on_device};
use std::f64::consts::FRAC_PI_4;
use std::sync::Arc;

/// Orbitals that are at most this far apart, hartree, are mixed in equal parts for a start with broken spin.
const MIXED_GAP: f64 = 0.2;

/// The initial density of a calculation.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum InitialDensity {
    /// Non-interacting electrons in v.
    #[default]
    NonInteracting,
    /// A given density of each spin.
    Given([Vec<f64>; 2]),
    /// Electrons of opposite spin mostly in different places: occupied and empty orbitals of non-interacting electrons mixed in opposite
    /// ways, the highest with the lowest, the next with the next. In a chain of atoms spins alternate.
    BrokenSpin,
}

impl InitialDensity {
    /// Whether both spins may share their orbitals where there are as many of each.
    fn restricted(&self) -> bool {
        match self {
            InitialDensity::NonInteracting => true,
            InitialDensity::Given([up, down]) => up == down,
            InitialDensity::BrokenSpin => false,
        }
    }
}

/// Solves the Kohn-Sham equations of `system` with a functional and its flat parameters on a device.
///
/// Closed shells run spin-restricted. With a tolerance it ends when the density changes by less, or when the iterations
/// run out; without one, after exactly `iterations`. If that did not find a self-consistent density, and remedies are allowed, other
/// ways are tried. A run that is not converged has a warning. After an interruption the result is the run so far.
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
    let occupation = if start.restricted() { Occupation::of(system) } else { Occupation::unrestricted(system) };
    let setting = Setting { system, functional, occupation: &occupation, symmetric: options.symmetric };
    let equations = Arc::new(Equations::new(&setting)?);
    let run = on_device!(device, D => {
        let (ks, _) = KohnSham::new(&equations, &D::default(), params, NoneTape)?;
        solve_bound(&ks, &functional.name, options, start, control)
    });
    let mut run = run.map_err(|cause| KsError::Device { cause })??;
    if *start == InitialDensity::BrokenSpin && run.converged() && system.closed_shell() {
        if warning::spins_are_alike(&run) {
            run.warnings.push(KsWarning::SpinsAlike { system: system.label.clone() });
        } else if run.has_energy {
            let equal = solve(device, system, functional, params, options, &InitialDensity::NonInteracting, control);
            match equal {
                Ok(equal) => run.warnings.extend(warning::equal_spins_lower(&run, &equal)),
                Err(error) if error.diverged() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(run)
}

/// [`solve`] of equations with their parameters.
pub(crate) fn solve_bound<D: Backend>(
    ks: &KohnSham<D>,
    functional: &str,
    options: &ScfOptions,
    start: &InitialDensity,
    control: &dyn Control,
) -> Result<Run, KsError> {
    let mut attempts = Attempts::new(ks, control);
    if ks.exchange() {
        exchange::settle(&mut attempts, options, start)?;
        if *start == InitialDensity::BrokenSpin {
            ladder::descend(&mut attempts, options)?;
        }
        let found = attempts.found(options.limit()).ok_or_else(ScfOptions::no_iterations)?;
        return Ok(finish(ks, functional, options, found));
    }
    let first = attempts.run(Way::of(&options.mixing), options, initial(ks, start)?);
    attempts.first_is_over(first.as_ref().map_or(f64::INFINITY, |outcome| outcome.residual));
    let mut fault = None;
    match first {
        Ok(outcome) => attempts.keep_better(outcome),
        Err(error) if options.remedies && error.diverged() => fault = Some(error),
        Err(error) => return Err(error),
    }
    if options.remedies && !attempts.done(options.limit()) {
        ladder::climb(&mut attempts, options, start)?;
    }
    if options.remedies {
        ladder::lower(&mut attempts, options)?;
        if *start == InitialDensity::BrokenSpin {
            ladder::descend(&mut attempts, options)?;
        }
    }
    match attempts.found(options.limit()) {
        Some(found) => Ok(finish(ks, functional, options, found)),
        None => Err(fault.unwrap_or_else(ScfOptions::no_iterations)),
    }
}

/// The self-consistent density of every channel of [`solve_bound`].
pub(super) fn solve_density<D: Backend>(
    ks: &KohnSham<D>,
    options: &ScfOptions,
    start: &InitialDensity,
    control: &dyn Control,
) -> Result<Spins<D>, KsError> {
    let run = solve_bound(ks, "", options, start, control)?;
    fields(&ks.device, &run.channels(), Value::constant)
}

/// The first input density.
pub(super) fn initial<D: Backend>(ks: &KohnSham<D>, start: &InitialDensity) -> Result<Spins<D>, KsError> {
    let [up, down] = match start {
        InitialDensity::NonInteracting => return ks.non_interacting(),
        InitialDensity::BrokenSpin => return broken_spin(ks),
        InitialDensity::Given(density) => density,
    };
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

/// See [`InitialDensity::BrokenSpin`].
fn broken_spin<D: Backend>(ks: &KohnSham<D>) -> Result<Spins<D>, KsError> {
    let system = &ks.equations.system;
    let (up, down) = system.spins();
    let count = (up + down).min(system.grid.points);
    let h = Hamiltonian::new(&system.grid, &system.potential);
    let levels = orbitals::lowest(&h, count, None).map_err(|cause| KsError::orbitals(0, system, cause))?;
    let density = |occupied: usize, sign: f64| -> Vec<f64> {
        let mut density = vec![0.0; system.grid.points];
        for k in 0..occupied.min(count) {
            let partner = count - 1 - k;
            let free = partner >= occupied;
            let gap = if free { levels.energies[partner] - levels.energies[k] } else { f64::INFINITY };
            let angle = sign * FRAC_PI_4 * (MIXED_GAP / gap).min(1.0);
            let (cos, sin) = (angle.cos(), angle.sin());
            for (i, n) in density.iter_mut().enumerate() {
                let other = if free { sin * levels.vectors[partner][i] } else { 0.0 };
                *n += (cos * levels.vectors[k][i] + other).powi(2) / system.grid.spacing;
            }
        }
        density
    };
    fields(&ks.device, &[density(up, 1.0), density(down, -1.0)], Value::constant)
}

fn finish<D: Backend>(ks: &KohnSham<D>, functional: &str, options: &ScfOptions, found: Found<D>) -> Run {
    let occupation = &ks.equations.occupation;
    let Found { outcome, how, iterations, first, lower, lowered } = found;
    let Outcome { iteration, energies, mixed, stop, residual, log, .. } = outcome;
    let spin = |fields: &Spins<D>, spin: usize| fields[occupation.channel(spin)].host().to_vec();
    let density = |s: usize| -> Vec<f64> {
        let field = if stop == Stop::Fixed { spin(&mixed, s) } else { spin(&iteration.output, s) };
        field.into_iter().map(|n| occupation.share() * n).collect()
    };
    let orbital_energies = [0, 1].map(|s| iteration.filled[occupation.channel(s)].energies.host().to_vec());
    let levels = [orbital_energies[0].as_slice(), &orbital_energies[1]];
    let gap = occupation.gap(levels);
    let has_energy = ks.has_energy();
    let with_energy = |energy: f64| if has_energy { energy } else { f64::NAN };
    let of_functional = |name: &str| TERMS.iter().any(|term| term.name() == name && term.of_functional());
    let mut run = Run {
        system: ks.equations.system.clone(),
        functional: functional.to_owned(),
        has_energy,
        energy: with_energy(energies.total.first()),
        parts: energies.parts().into_iter().filter(|(name, _)| has_energy || !of_functional(name)).collect(),
        density: [0, 1].map(density),
        potential: [0, 1].map(|s| spin(&iteration.potential, s)),
        xc_potential: [0, 1].map(|s| spin(&iteration.xc_potential, s)),
        orbital_energies,
        gap,
        iterations,
        residual,
        stop,
        limit: options.limit(),
        how,
        restricted: occupation.spins() == 1,
        orbitals: match ks.exchange() {
            true => {
                let occupied = State::occupied(ks, &iteration.orbitals());
                [0, 1].map(|s| occupied[occupation.channel(s)].clone())
            }
            false => [Vec::new(), Vec::new()],
        },
        symmetric: options.symmetric,
        warnings: Vec::new(),
        energies: log.energies.into_iter().map(with_energy).collect(),
        densities: log.densities,
        residuals: log.residuals,
        correction: None,
        orbital_free: None,
    };
    run.warnings = warning::of(&run, options, first, &log.closest);
    let (nuclear, energy) = (run.system.nuclear_repulsion, run.total_energy());
    if let Some(lower) = lower {
        let system = run.system.label.clone();
        run.warnings.push(KsWarning::NotLowest { system, energy, lower: lower + nuclear });
    }
    if let (Some(first), true) = (lowered, run.converged()) {
        let system = run.system.label.clone();
        run.warnings.push(KsWarning::Lowered { system, first: first + nuclear, energy });
    }
    run
}

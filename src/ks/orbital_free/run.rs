//! A whole calculation without orbitals, as a run.

use super::energy::{Channels, Terms};
use super::minimise::{Found, lowest};
use super::{Projection, projected, start};
use crate::control::Control;
use crate::functional::Compiled;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::way::Way;
use crate::ks::{InitialDensity, KsError, KsWarning, Run, ScfOptions, Stop, beyond_convergence, orbitals};
use crate::model::System;
use crate::tensor::{Cpu, Device, on_device};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A functional and its flat parameters.
pub type Part<'a> = (&'a Arc<Compiled>, &'a [f64]);

/// What a run without orbitals has in their place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrbitalFree {
    /// δT/δn of each spin, hartree.
    pub kinetic_potential: [Vec<f64>; 2],
    /// μ of each spin, hartree; that of all electrons where they are not distinguished.
    pub chemical_potential: [f64; 2],
    /// Whether only densities like those of samples were allowed; then μ has no meaning.
    pub projected: bool,
}

/// The density of lowest energy of a system with a kinetic functional and one of exchange and correlation, beginning with `start` (without
/// one, with the density of Thomas-Fermi and von Weizsäcker, or with the best of the samples), and among all densities or among those like
/// the samples of a projection.
///
/// # Errors
/// An unavailable device, impossible options, a value that is not finite, a projection where spins differ.
pub fn solve(
    device: Device,
    system: &Arc<System>,
    (kinetic, xc): (Part<'_>, Option<Part<'_>>),
    projection: Option<&Projection>,
    options: &ScfOptions,
    start: Option<&InitialDensity>,
    control: &dyn Control,
) -> Result<Run, KsError> {
    options.check()?;
    let found = on_device!(device, D => {
        let device = D::default();
        Terms::new(system, device.clone(), kinetic, xc).and_then(|terms| {
            let begin = match (start, projection) {
                (Some(start), _) => terms.channels.of_spins(given(system, start)?),
                (None, Some(projection)) => vec![projection.best(&terms)?],
                (None, None) => terms.channels.of_spins(start::density(system, device, control)?),
            };
            let found = match projection {
                Some(projection) => projected::minimise(&terms, projection, &begin[0], options, control)?,
                None => lowest(&terms, &begin, options, control)?,
            };
            Ok((terms.channels, found))
        })
    });
    let (channels, found) = found.map_err(|cause| KsError::Device { cause })??;
    Ok(finish(system, (&kinetic.0.name, projection.is_some()), channels, options, found))
}

/// The densities of both spins to begin with.
fn given(system: &System, start: &InitialDensity) -> Result<[Vec<f64>; 2], KsError> {
    match start {
        InitialDensity::Given(density) => {
            let (up, down) = system.spins();
            let empty = |n: &Vec<f64>, count: usize| count > 0 && system.grid.integrate(n) <= 0.0;
            let problem = match () {
                () if empty(&density[0], up) => "it has no electrons of spin up",
                () if empty(&density[1], down) => "it has no electrons of spin down",
                () => return Ok(density.clone()),
            };
            Err(KsError::Start { system: system.label.clone(), problem: problem.to_owned() })
        }
        InitialDensity::NonInteracting | InitialDensity::BrokenSpin => non_interacting(system),
    }
}

/// The lowest orbitals in v, at least one.
fn in_potential(system: &System) -> Result<orbitals::Orbitals, KsError> {
    let h = Hamiltonian::new(&system.grid, &system.potential);
    orbitals::lowest(&h, system.spins().0.max(1), None).map_err(|cause| KsError::orbitals(0, system, cause))
}

/// That of non-interacting electrons in v.
fn non_interacting(system: &System) -> Result<[Vec<f64>; 2], KsError> {
    let ((up, down), found) = (system.spins(), in_potential(system)?);
    let density = |count: usize| -> Vec<f64> {
        let at = |i: usize| found.vectors[..count].iter().map(|x| x[i] * x[i]).sum::<f64>() / system.grid.spacing;
        (0..system.grid.points).map(at).collect()
    };
    Ok([density(up), density(down)])
}

/// The density with which a minimisation begins.
///
/// # Errors
/// A potential for which there are no orbitals.
pub(crate) fn first_density(system: &Arc<System>, control: &dyn Control) -> Result<[Vec<f64>; 2], KsError> {
    start::density(system, Cpu::default(), control)
}

/// The highest occupied level of each spin without interaction, hartree; of a spin without electrons the lowest one. NaN where there is none.
pub(crate) fn highest_levels(system: &System) -> [f64; 2] {
    let (up, down) = system.spins();
    let found = in_potential(system).map(|found| found.energies).unwrap_or_default();
    [up, down].map(|count| found.get(count.saturating_sub(1)).copied().unwrap_or(f64::NAN))
}

fn finish(
    system: &Arc<System>,
    (kinetic, projected): (&str, bool),
    channels: Channels,
    options: &ScfOptions,
    found: Found,
) -> Run {
    let Found { density, energies, levels, residual, stop, log } = found;
    let spins = |all: &[Vec<f64>]| [0, 1].map(|s| channels.of_spin(all, s).cloned().unwrap_or_default());
    let orbital_free = OrbitalFree {
        kinetic_potential: spins(&energies.kinetic_potential),
        chemical_potential: [0, 1].map(|s| channels.of_spin(&levels, s).copied().unwrap_or(f64::NAN)),
        projected,
    };
    let mut run = Run {
        system: system.clone(),
        functional: kinetic.to_owned(),
        has_energy: true,
        energy: energies.total(),
        parts: vec![
            ("kinetic_energy", energies.kinetic),
            ("hartree_energy", energies.hartree),
            ("xc_energy", energies.xc),
            ("external_energy", energies.external),
        ],
        density: channels.spins(system, &density),
        potential: spins(&energies.potential),
        xc_potential: spins(&energies.xc_potential),
        orbital_energies: [Vec::new(), Vec::new()],
        orbitals: [Vec::new(), Vec::new()],
        gap: None,
        iterations: log.energies.len(),
        residual,
        stop,
        limit: options.limit(),
        how: vec![Way::Direct],
        restricted: system.closed_shell(),
        symmetric: false,
        energies: log.energies,
        densities: log.densities,
        residuals: log.residuals,
        warnings: Vec::new(),
        correction: None,
        orbital_free: Some(orbital_free),
    };
    run.warnings = warnings(&run, options, &density);
    run
}

/// Electrons below zero that are told of.
const NEGATIVE: f64 = 1e-4;

fn warnings(run: &Run, options: &ScfOptions, density: &[Vec<f64>]) -> Vec<KsWarning> {
    let system = run.system.label.clone();
    let mut all = Vec::new();
    if !run.converged() && run.stop != Stop::Interrupted {
        let limit = options.limit_name();
        let advice = match run.iterations >= options.iterations {
            true => "allow more `iterations:`, or begin elsewhere with `start:`",
            false => {
                "no step lowers the energy any more: look at the kinetic functional. Its energy may have no minimum, or its derivative may not be \
                 smooth where the density is small, as with `grad(n)^2 / n`: write von Weizsäcker's part with `sqrt(n)` and \
                 `kinetic_operator`. One that has learned energies alone needs `projected: principal(…)`, or training with derivatives"
            }
        };
        all.push(KsWarning::NotConverged {
            system: system.clone(),
            iterations: run.iterations,
            residual: run.residual,
            limit: limit.to_owned(),
            value: run.limit,
            advice: advice.to_owned(),
        });
    }
    let spacing = run.system.grid.spacing;
    let below: f64 = density.iter().flatten().map(|n| spacing * (-n).max(0.0)).sum();
    if below > NEGATIVE {
        all.push(KsWarning::NegativeDensity { system, electrons: below });
    }
    if run.converged() {
        all.extend(beyond_convergence(run, None));
    }
    all
}

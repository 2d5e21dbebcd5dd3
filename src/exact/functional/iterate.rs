//! Kohn-Sham iterations with the exact functional.

use super::at::{AtDensity, ExactFunctional, mirror, symmetric};
use super::channels::total;
use super::mix::Mix;
use super::{FunctionalError, NAME};
use crate::control::{Control, Event};
use crate::exact::methods::Series;
use crate::exact::progress::Progress;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::{Orbitals, lowest};
use crate::ks::{
    InitialDensity, KsError, KsWarning, Mixing, Occupation, Run, ScfOptions, Stop, Way, beyond_convergence,
};
use crate::model::{Interaction, Mirror, System, both_spins};
use crate::tensor::vector::add;
use std::sync::Arc;

/// The residual of the inversions as a fraction of that of the last iteration; its largest value, and its smallest, as a fraction of the
/// tolerance and at least, electrons.
const SHARE: f64 = 1e-2;
const COARSE: f64 = 1e-4;
const SHARE_OF_TOLERANCE: f64 = 0.1;
const FINE: f64 = 1e-10;
/// A residual, electrons, that may be the error of the inversions, if theirs is this fraction of it.
const ROUNDED: f64 = 1e-6;
/// So many residuals that fall to this fraction are those of a calculation that still converges.
const FALLING: (usize, f64) = (6, 0.7);
const INVERSIONS: f64 = 0.1;

/// A first density that differs from its mirror image by less than this fraction of its largest value is symmetric.
const SYMMETRIC: f64 = 1e-7;
/// An energy, hartree, that is so much above the lowest one so far is that of a step that was too long; with a part of what was gained.
const SLACK: f64 = 1e-6;
/// Energies that differ by less, hartree, are equal; with the error that comes from a residual of the inversions, hartree for each electron.
const EQUAL: f64 = 1e-9;
const UNCERTAIN: f64 = 0.3;
const SLACK_OF_GAIN: f64 = 0.1;

/// Iterations of the mean field that the first density comes from, and the fraction of the new density in the next.
const ROUNDS: usize = 20;
const STEP: f64 = 0.5;

/// Where the density of the mean field cannot be inverted, the first one is that in the potential times this.
const DEEPER: f64 = 1.1;

/// A density of each channel, 1/bohr.
type Channels = Vec<Vec<f64>>;

/// Orbitals in the Kohn-Sham potential of an iteration.
#[derive(Clone)]
struct Output {
    /// Of each channel.
    density: Channels,
    potential: [Vec<f64>; 2],
    orbitals: Vec<Orbitals>,
    residual: f64,
}

/// Solves the Kohn-Sham equations of a system of up to four electrons, or any number without interaction, with the exact functional.
/// Energies, potentials and density of the run are those of the last input density; of that with the lowest energy, if DIIS has not
/// converged.
///
/// # Errors
/// Too many electrons; impossible options; a first density that cannot be inverted; an interruption within an inversion.
pub(crate) fn solve(
    system: &Arc<System>,
    options: &ScfOptions,
    start: &InitialDensity,
    control: &dyn Control,
) -> Result<Run, FunctionalError> {
    options.check()?;
    let mut functional = ExactFunctional::new(system, true)?;
    let occupation = Occupation::of(system);
    let mut iterations = Iterations { system, occupation, warm: Vec::new(), mirror: mirror(system) };
    let mut density = iterations.first(start)?;
    let mut mix = Mix::new(options, system.grid.points);
    let mut log = Log::default();
    let mut last: Option<Found> = None;
    // Of the lowest energy, hartree; of energies that are equal but for rounding, of the smallest residual.
    let mut lowest: Option<(f64, Found)> = None;
    let label = format!("functional {}", system.label);
    let mut progress = Progress::new(label, options.tolerance.unwrap_or(ScfOptions::TOLERANCE));
    let finest = options.tolerance.map_or(FINE, |tolerance| (SHARE_OF_TOLERANCE * tolerance).max(FINE));
    let mut stop = if options.tolerance.is_some() { Stop::Exhausted } else { Stop::Fixed };
    let mut fault = None;
    let (mut k, mut another) = (0, false);
    while k < options.iterations {
        k += 1;
        log.iterations = k;
        let tolerance = (SHARE * log.residuals.last().copied().unwrap_or(1.0)).clamp(finest, COARSE.max(finest));
        let at = match functional.at(&iterations.spins(&density), tolerance, control) {
            Ok(at) => at,
            Err(error) => match &lowest {
                Some((_, (_, input, output))) if error.of_density() && mix.shorten() => {
                    density = iterations.mixed(&mut mix, input, &output.density);
                    continue;
                }
                // The steps were too long; what was found before them is the result.
                Some(_) if error.of_density() => {
                    (stop, fault) = (Stop::Exhausted, Some(error));
                    break;
                }
                // Another one to begin with.
                None if error.of_density() && *start == InitialDensity::NonInteracting && !another => {
                    density = iterations.in_deeper_potential(&density, control)?;
                    (another, k) = (true, 0);
                    continue;
                }
                _ => return Err(error),
            },
        };
        let output = iterations.output(k - 1, &at, &density)?;
        let energy = at.universal + system.grid.overlap(&system.potential, &both(&density));
        log.residuals.push(output.residual);
        log.energies.push(energy);
        progress.at(output.residual).into_iter().for_each(|event: Event| control.report(event));
        let done = options.tolerance.is_some_and(|tolerance| output.residual <= tolerance);
        let first = log.energies.first().copied().unwrap_or(energy);
        let next = match &lowest {
            // The energy is a convex functional of the density, and the output is downhill from the input: so the step was too long.
            Some((least, (_, input, output)))
                if energy > least + SLACK + SLACK_OF_GAIN * (first - least) && mix.shorten() =>
            {
                iterations.mixed(&mut mix, input, &output.density)
            }
            _ => {
                let lower = |(least, (of, _, before)): &(f64, Found)| {
                    let equal = EQUAL + UNCERTAIN * at.residual.max(of.residual);
                    energy < least - equal || (energy < least + equal && output.residual < before.residual)
                };
                if lowest.as_ref().is_none_or(lower) {
                    lowest = Some((energy, (at.clone(), density.clone(), output.clone())));
                }
                iterations.mixed(&mut mix, &density, &output.density)
            }
        };
        log.densities.push(both(if done { &density } else { &next }));
        last = Some((at, std::mem::replace(&mut density, next), output));
        if done {
            stop = Stop::Converged;
            break;
        }
        if control.interrupted() {
            stop = Stop::Interrupted;
            break;
        }
    }
    // Where DIIS has gone astray, the lowest energy is the closest to the ground state.
    let diis = matches!(options.mixing, Mixing::Diis { .. });
    let last = if diis && stop != Stop::Converged { lowest.map(|(_, found)| found).or(last) } else { last };
    let Some((at, density, output)) = last else {
        return Err(KsError::Option { option: "iterations", problem: "must be at least 1, not 0".into() }.into());
    };
    Ok(finished(&iterations, options, (at, density, output), (stop, fault), log))
}

/// An iteration: the functional at its input density, and what comes out.
type Found = (AtDensity, Channels, Output);

/// The course of the iterations.
#[derive(Default)]
struct Log {
    /// Those done, with densities that could not be inverted.
    iterations: usize,
    energies: Vec<f64>,
    densities: Vec<Vec<f64>>,
    residuals: Vec<f64>,
}

/// What all iterations share.
struct Iterations<'a> {
    system: &'a Arc<System>,
    occupation: Occupation,
    /// The orbitals before, of each channel.
    warm: Vec<Orbitals>,
    /// The reflection that maps all densities onto themselves, if there is one.
    mirror: Option<Mirror>,
}

impl Iterations<'_> {
    /// The first density, of each channel.
    fn first(&mut self, start: &InitialDensity) -> Result<Channels, FunctionalError> {
        let density = match start {
            InitialDensity::Given(spins) if self.occupation.spins() == 1 => vec![both(spins)],
            InitialDensity::Given(spins) => spins.to_vec(),
            _ => return Ok(self.averaged(self.mean_field()?)),
        };
        self.mirror = self.mirror.filter(|mirror| density.iter().all(|n| symmetric(mirror, n, SYMMETRIC)));
        Ok(self.averaged(density))
    }

    /// The density of electrons in the mean field of each other, one spin after the other: where atoms are far apart, the electrons of one
    /// spin leave those of the other alone.
    fn mean_field(&self) -> Result<Channels, FunctionalError> {
        let System { grid, interaction, potential, .. } = &**self.system;
        let counts = [self.system.spins().0, self.system.spins().1];
        let mut spins = [vec![0.0; grid.points], vec![0.0; grid.points]];
        let alone = self.system.electrons == 1 || *interaction == Interaction::None;
        for round in 0..if alone { 1 } else { ROUNDS } {
            for spin in 0..2 {
                if counts[spin] == 0 {
                    continue;
                }
                let mut v = potential.to_vec();
                add(&mut v, 1.0, &self.system.repulsion_of_others(&spins)[spin]);
                let found = lowest(&Hamiltonian::new(grid, &v), counts[spin], None)
                    .map_err(|cause| KsError::orbitals(0, self.system, cause))?;
                let step = if round == 0 { 1.0 } else { STEP };
                spins[spin].iter_mut().for_each(|n| *n *= 1.0 - step);
                for psi in &found.vectors {
                    spins[spin].iter_mut().zip(psi).for_each(|(n, psi)| *n += step * psi * psi / grid.spacing);
                }
            }
        }
        Ok(if self.occupation.spins() == 1 { vec![both(&spins)] } else { spins.to_vec() })
    }

    /// The density of the electrons in a deeper potential: that of a ground state, so that it can be inverted. `density`: about the same.
    fn in_deeper_potential(&self, density: &Channels, control: &dyn Control) -> Result<Channels, FunctionalError> {
        let v: Vec<f64> = self.system.potential.iter().map(|v| DEEPER * v).collect();
        let system = System { potential: v.clone().into(), ..(**self.system).clone() };
        let symmetry = (self.mirror.is_some(), self.occupation.spins() == 1);
        let mut series = Series::new(system, &both(density), symmetry, control)?;
        let spins = series.ground([&v, &v], FINE, control)?.density;
        Ok(self.averaged(if self.occupation.spins() == 1 { vec![both_spins(&spins)] } else { spins.to_vec() }))
    }

    /// Densities averaged with their mirror images: rounding errors alone would move electrons between distant atoms.
    fn averaged(&self, density: Channels) -> Channels {
        match self.mirror {
            Some(mirror) => density.iter().map(|n| mirror.average(n)).collect(),
            None => density,
        }
    }

    /// The density of each spin.
    fn spins(&self, density: &[Vec<f64>]) -> [Vec<f64>; 2] {
        let share = self.occupation.share();
        [0, 1].map(|spin| {
            let n = density.get(self.occupation.channel(spin)).map_or(&[][..], Vec::as_slice);
            n.iter().map(|n| share * n).collect()
        })
    }

    /// The density and the orbitals of each channel in a potential of each spin.
    fn filled(&self, iteration: usize, potential: &[Vec<f64>; 2]) -> Result<(Channels, Vec<Orbitals>), KsError> {
        let grid = &self.system.grid;
        let mut filled = (Vec::new(), Vec::new());
        for (k, (channel, v)) in self.occupation.channels.iter().zip(potential).enumerate() {
            let found = lowest(&Hamiltonian::new(grid, v), channel.levels, self.warm.get(k))
                .map_err(|cause| KsError::orbitals(iteration, self.system, cause))?;
            let mut density = vec![0.0; grid.points];
            for psi in found.vectors.iter().take(channel.occupied) {
                density.iter_mut().zip(psi).for_each(|(n, psi)| *n += channel.filling * psi * psi / grid.spacing);
            }
            filled.0.push(density);
            filled.1.push(found);
        }
        Ok(filled)
    }

    /// What comes out of an iteration.
    fn output(&mut self, iteration: usize, at: &AtDensity, input: &[Vec<f64>]) -> Result<Output, KsError> {
        let external = &self.system.potential;
        let potential = [0, 1].map(|spin: usize| -> Vec<f64> {
            let xc = &at.xc_potential[spin];
            (0..xc.len()).map(|i| external[i] + at.hartree[i] + xc[i]).collect()
        });
        let (density, orbitals) = self.filled(iteration, &potential)?;
        let density = self.averaged(density);
        let apart = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let residual = self.system.grid.spacing * density.iter().zip(input).map(apart).sum::<f64>();
        self.warm.clone_from(&orbitals);
        Ok(Output { density, potential, orbitals, residual })
    }

    /// The next density of each channel.
    fn mixed(&self, mix: &mut Mix, input: &[Vec<f64>], output: &[Vec<f64>]) -> Channels {
        let next = mix.next(&input.concat(), &output.concat());
        next.chunks(self.system.grid.points).map(<[f64]>::to_vec).collect()
    }
}

/// The sum of the channels.
fn both(channels: &[Vec<f64>]) -> Vec<f64> {
    total(channels.iter().map(Vec::as_slice), channels.first().map_or(0, Vec::len))
}

fn finished(
    iterations: &Iterations<'_>,
    options: &ScfOptions,
    (at, density, output): (AtDensity, Channels, Output),
    (stop, fault): (Stop, Option<FunctionalError>),
    log: Log,
) -> Run {
    let Iterations { system, occupation, .. } = iterations;
    let external_energy = system.grid.overlap(&system.potential, &both(&density));
    let levels = [0, 1].map(|spin| output.orbitals[occupation.channel(spin)].energies.clone());
    let closest = occupation.closest([&levels[0], &levels[1]]);
    // A spin without electrons has no ionisation energy, which would fix the constant in its potential.
    let gap = match system.spins().1 {
        0 => closest.as_ref().map(|closest| closest.gap),
        _ => occupation.gap([&levels[0], &levels[1]]),
    };
    let way = match options.mixing {
        Mixing::Linear { .. } => Way::Linear,
        Mixing::Diis { .. } => Way::Diis,
    };
    let mut run = Run {
        has_energy: true,
        orbitals: [Vec::new(), Vec::new()],
        system: (*system).clone(),
        functional: NAME.to_owned(),
        energy: at.universal + external_energy,
        parts: vec![
            ("kinetic_energy", at.kinetic_energy),
            ("hartree_energy", at.hartree_energy),
            ("xc_energy", at.xc_energy),
            ("external_energy", external_energy),
        ],
        density: iterations.spins(&density),
        potential: output.potential,
        xc_potential: at.xc_potential,
        orbital_energies: levels,
        gap,
        iterations: log.iterations,
        residual: output.residual,
        stop,
        limit: options.limit(),
        how: vec![way],
        restricted: occupation.spins() == 1,
        symmetric: false,
        energies: log.energies,
        densities: log.densities,
        residuals: log.residuals,
        correction: None,
        orbital_free: None,
        warnings: Vec::new(),
    };
    run.warnings = warnings(&run, options, (at.residual, fault));
    if run.converged() {
        run.warnings.extend(beyond_convergence(&run, closest));
    }
    run
}

/// What there is to tell about the convergence of a run.
fn warnings(run: &Run, options: &ScfOptions, (inversions, fault): (f64, Option<FunctionalError>)) -> Vec<KsWarning> {
    if run.converged() || run.stop == Stop::Interrupted {
        return Vec::new();
    }
    let limit = options.limit_name();
    let steps = match options.mixing {
        Mixing::Linear { alpha, .. } => format!("smaller steps, `mixing: linear({})`, or `diis()`", alpha / 2.0),
        Mixing::Diis { .. } => "`mixing: linear(0.1)`, and many `iterations`".to_owned(),
    };
    let least = run.residuals.iter().copied().fold(f64::INFINITY, f64::min);
    let last = &run.residuals[run.residuals.len().saturating_sub(FALLING.0)..];
    let fell = last.first().zip(last.last()).is_some_and(|(first, end)| *end <= FALLING.1 * first);
    let falling = last.iter().rev().is_sorted() && fell && run.residual <= least;
    let advice = match fault {
        Some(fault) => format!(
            "the density of the next iteration cannot be inverted ({fault}): try {steps}, or begin at another density, such as `start: exact(…)`"
        ),
        // The inversions are as accurate as they get.
        None if inversions > INVERSIONS * run.residual && run.residual < ROUNDED => {
            let reached = crate::number::significant(10.0 * run.residual, 1, -3..5);
            format!("what is left is the error of the inversions: set a looser tolerance, `tolerance: {reached}`")
        }
        None if falling => format!("it is still converging: allow more than {} `iterations`", options.iterations),
        None => format!("try {steps}, or begin at another density, such as `start: exact(…)`"),
    };
    let (system, iterations) = (run.system.label.clone(), run.iterations);
    vec![KsWarning::NotConverged {
        system,
        iterations,
        residual: run.residual,
        limit: limit.to_owned(),
        value: run.limit,
        advice,
    }]
}

//! What is tried where the chosen iterations do not find a self-consistent density: one way after another, from the density with the
//! smallest residual so far, until one converges. Where they do find one, none of this runs.

use super::attempt::{Attempts, Outcome};
use super::direct::{self, State};
use super::exchange;
use super::kohn_sham::{KohnSham, fields};
use super::stability::softest;
use super::way::Way;
use super::{InitialDensity, KsError, Mixing, ScfOptions, Stop};
use crate::tensor::{Backend, NoneTape, Value};
use std::sync::Arc;

/// How often a saddle is left at most, and by how large a rotation.
const MAX_DESCENTS: usize = 4;
const DESCENT: f64 = 0.5;

/// The first step of damped iterations, and how many densities they keep.
const DAMPED: Mixing = Mixing::Diis { history: 12, alpha: 0.1 };

/// How many times as large as in the system distances are where the continuation begins, and its steps.
const DISTANCES: [f64; 6] = [0.4, 0.55, 0.7, 0.8, 0.9, 1.0];

/// Tries one way after another until one converges. What a way cannot do is no error: the next one may.
///
/// # Errors
/// None but those of the device.
pub(super) fn climb<D: Backend>(
    attempts: &mut Attempts<'_, D>,
    chosen: &ScfOptions,
    start: &InitialDensity,
) -> Result<(), KsError> {
    let options = chosen.converging();
    let pulay = |mixing| ScfOptions { mixing, iterations: ScfOptions::STANDARD.iterations, ..options.clone() };
    // Another geometry has another start than the one that was asked for.
    let mut rungs = match start {
        InitialDensity::NonInteracting => vec![Way::Damped, Way::Continued, Way::Direct],
        InitialDensity::BrokenSpin | InitialDensity::Given(_) => vec![Way::Damped, Way::Direct],
    };
    if !attempts.ks.has_energy() {
        rungs.retain(|way| *way != Way::Direct);
    }
    if Way::of(&chosen.mixing) != Way::Diis {
        rungs.insert(0, Way::Diis);
    }
    for way in rungs {
        if attempts.done(chosen.limit()) {
            break;
        }
        let found = match way {
            Way::Continued => continued(attempts, &pulay(Mixing::DIIS)),
            Way::Direct => minimised(attempts, &options),
            Way::Damped => from_best(attempts, way, &pulay(DAMPED)),
            _ => from_best(attempts, way, &pulay(Mixing::DIIS)),
        };
        match found {
            Ok(Some(outcome)) => attempts.keep_better(outcome),
            Ok(None) => {}
            Err(error) if error.diverged() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Minimises the energy from the lowest one that was seen, if the converged one is above it.
///
/// # Errors
/// As [`climb`].
pub(super) fn lower<D: Backend>(attempts: &mut Attempts<'_, D>, chosen: &ScfOptions) -> Result<(), KsError> {
    let options = chosen.converging();
    let Some(lowest) = attempts.lower(chosen.limit()) else { return Ok(()) };
    let orbitals = lowest.orbitals.clone();
    match direct::minimise(attempts, &options, orbitals) {
        Ok(Some(outcome)) if outcome.stop == Stop::Converged => attempts.lowered(outcome),
        Ok(_) => {}
        Err(error) if error.diverged() => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// From the density with the smallest residual so far.
fn from_best<D: Backend>(
    attempts: &mut Attempts<'_, D>,
    way: Way,
    options: &ScfOptions,
) -> Result<Option<Outcome<D>>, KsError> {
    let start = attempts.best_density()?;
    attempts.run(way, options, start).map(Some)
}

/// By minimising the energy over the orbitals, beginning with those of the density with the smallest residual so far.
fn minimised<D: Backend>(attempts: &mut Attempts<'_, D>, options: &ScfOptions) -> Result<Option<Outcome<D>>, KsError> {
    let (first, _) = attempts.ks.iterate(0, &attempts.best_density()?, &[], NoneTape)?;
    let orbitals = State::occupied(attempts.ks, &first.orbitals());
    direct::minimise(attempts, options, orbitals)
}

/// Follows rotations of the orbitals that lower the energy from a converged outcome to a minimum.
///
/// # Errors
/// As [`climb`].
pub(super) fn descend<D: Backend>(attempts: &mut Attempts<'_, D>, chosen: &ScfOptions) -> Result<(), KsError> {
    let options = chosen.converging();
    let descents = if attempts.ks.has_energy() { MAX_DESCENTS } else { 0 };
    for _ in 0..descents {
        let Some(levels) = attempts.converged_levels(chosen.limit())? else { break };
        let softest = softest(attempts.ks, levels, attempts.control)?;
        if !softest.descends() {
            break;
        }
        let turned: Vec<f64> = softest.rotation.iter().map(|x| DESCENT * x).collect();
        let turned = softest.state.rotated(&turned);
        let found = match attempts.ks.exchange() {
            true => exchange::from(attempts, &options, turned),
            false => direct::minimise(attempts, &options, turned),
        };
        match found {
            Ok(Some(outcome)) if outcome.stop == Stop::Converged => attempts.overrule(outcome),
            Ok(_) => break,
            Err(error) if error.diverged() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// From the density of a more compact geometry, in which orbitals overlap and levels are far apart, in steps to the system. `None`: it
/// has no nuclei to move.
fn continued<D: Backend>(attempts: &mut Attempts<'_, D>, options: &ScfOptions) -> Result<Option<Outcome<D>>, KsError> {
    let ks = attempts.ks;
    let system = &ks.equations.system;
    let mut density: Option<Vec<Vec<f64>>> = None;
    for factor in DISTANCES {
        let start = |ks: &KohnSham<D>, density: &Option<Vec<Vec<f64>>>| match density {
            Some(density) => fields(&ks.device, density, Value::constant),
            None => ks.non_interacting(),
        };
        if factor == 1.0 {
            let start = start(ks, &density)?;
            return attempts.run(Way::Continued, options, start).map(Some);
        }
        let Some(nearer) = system.scaled(factor).map(Arc::new) else { return Ok(None) };
        let there = ks.elsewhere(&nearer)?;
        let start = start(&there, &density)?;
        let mut inside = Attempts::new(&there, attempts.control);
        let outcome = inside.run(Way::Continued, options, start)?;
        attempts.count(inside.iterations());
        if outcome.stop == Stop::Interrupted {
            return Ok(None);
        }
        density = Some(outcome.iteration.output.iter().map(|n| n.host().to_vec()).collect());
    }
    Ok(None)
}

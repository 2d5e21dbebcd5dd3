//! The orbitals of lowest energy with exact exchange.

use super::empty::lowest_empty;
use super::start;
use crate::ks::attempt::{Attempts, Outcome};
use crate::ks::direct::{State, even_or_odd, minimise};
use crate::ks::{InitialDensity, KsError, ScfOptions, Stop};
use crate::tensor::Backend;

/// How often an electron is moved to an empty level below an occupied one at most.
const MAX_MOVES: usize = 8;
/// Levels this close, hartree, are in either order.
const SAME_LEVEL: f64 = 1e-6;

/// Minimises the energy and keeps the outcome.
///
/// # Errors
/// A value that is not finite; orbitals that are not found.
pub(in crate::ks) fn settle<D: Backend>(
    attempts: &mut Attempts<'_, D>,
    options: &ScfOptions,
    start: &InitialDensity,
) -> Result<(), KsError> {
    let options = options.converging();
    let orbitals = start::orbitals(attempts.ks, start, attempts.control)?;
    let mut found = from(attempts, &options, orbitals)?;
    let interrupted = found.as_ref().is_some_and(|found| found.stop == Stop::Interrupted);
    // Electrons without a partner break the spin anyway, so the lower of the two solutions is kept.
    if *start == InitialDensity::BrokenSpin && !attempts.ks.equations.system.closed_shell() && !interrupted {
        let orbitals = start::orbitals(attempts.ks, &InitialDensity::NonInteracting, attempts.control)?;
        let plain = from(attempts, &options, orbitals)?.filter(|plain| plain.stop == Stop::Converged);
        let energy = |outcome: &Outcome<D>| outcome.energies.total.first();
        if let Some(plain) = plain
            && found.as_ref().is_none_or(|found| found.stop != Stop::Converged || energy(&plain) <= energy(found))
        {
            found = Some(plain);
        }
    }
    attempts.first_is_over(found.as_ref().map_or(f64::INFINITY, |outcome| outcome.residual));
    if let Some(outcome) = found {
        attempts.overrule(outcome);
    }
    Ok(())
}

/// The outcome of a minimisation, with its lowest empty levels. Where one of them is below an occupied one, its electron moves there,
/// and the energy is minimised again, for as long as that lowers it.
///
/// # Errors
/// As [`settle`].
pub(in crate::ks) fn from<D: Backend>(
    attempts: &mut Attempts<'_, D>,
    options: &ScfOptions,
    orbitals: Vec<Vec<Vec<f64>>>,
) -> Result<Option<Outcome<D>>, KsError> {
    let (mut orbitals, mut best) = (even_or_odd(attempts.ks, orbitals), None::<Outcome<D>>);
    for _ in 0..MAX_MOVES {
        let Some(mut outcome) = minimise(attempts, options, orbitals)? else { break };
        if outcome.stop == Stop::Interrupted {
            return Ok(Some(best.unwrap_or(outcome)));
        }
        let ks = attempts.ks;
        let label = &ks.equations.system.label;
        let state = State::new(ks, State::occupied(ks, &outcome.iteration.orbitals()))?;
        let (mut empty, mut moved) = (Vec::with_capacity(state.levels.len()), state.orbitals.clone());
        let mut moves = false;
        for (channel, levels) in state.levels.iter().enumerate() {
            let found = lowest_empty(label, &state, channel, attempts.control)?;
            if let (Some((level, orbital)), Some(highest)) = (&found, levels.last())
                && *level < highest - SAME_LEVEL
                && let Some(last) = moved[channel].last_mut()
            {
                last.clone_from(orbital);
                moves = true;
            }
            empty.push(found.map(|(level, _)| level));
        }
        outcome.iteration = state.iteration(ks, &empty)?;
        let levels = [0, 1].map(|spin| {
            let channel = ks.equations.occupation.channel(spin);
            outcome.iteration.filled[channel].orbitals.energies.as_slice()
        });
        let closest = ks.equations.occupation.closest(levels);
        outcome.log.closest.last_mut().into_iter().for_each(|last| *last = closest);
        let energy = |outcome: &Outcome<D>| outcome.energies.total.first();
        if best.as_ref().is_some_and(|best| energy(best) <= energy(&outcome)) {
            break;
        }
        best = Some(outcome);
        if !moves {
            break;
        }
        orbitals = even_or_odd(attempts.ks, moved);
    }
    Ok(best)
}

//! Three or more interacting electrons: full configuration interaction in natural orbitals, which are added until the energy converges.

#[cfg(test)]
mod close_tests;
mod density;
mod error;
mod gradient;
mod ground;
mod natural;
mod operator;
mod panels;
mod rotate;
mod space;
mod strings;
#[cfg(test)]
mod tests;

use super::{Answer, Method};
use crate::control::{Control, unless_interrupted};
use crate::exact::davidson::Found;
use crate::exact::field::Field;
use crate::exact::integrals::{self, Integrals};
use crate::exact::orbitals::{Basis, mean_field};
use crate::exact::progress::Progress;
use crate::exact::{ExactError, Options, PairDensity};
use crate::ks::orbitals::lowest;
use crate::model::{Interaction, System, both_spins};
use faer::Mat;
use gradient::{Correlated, Growth};
use ground::ground;
use natural::Natural;
use rotate::moved;
use space::Space;
use std::sync::Arc;
use std::time::Duration;
use strings::binomial;

/// The maximum number of determinants: with the vectors of the iterations they take up to 2 GiB.
const MOST_DETERMINANTS: usize = 10_000_000;

/// Initial orbitals beyond the occupied ones.
const EXTRA_ORBITALS: usize = 6;

/// The maximum number of entries, of 8 bytes each, in the tables of strings: 1 GiB.
const MOST_ENTRIES: usize = 1 << 27;

/// The minimum number of orbitals to begin with.
const FEWEST_ORBITALS: usize = 12;

/// The maximum number of orbitals added at a time.
const MOST_ADDED: usize = 6;

/// Decrease of the logarithm of the error per additional orbital.
const ERROR_DECAY: f64 = 0.35;

/// The maximum number of orbitals: strings are words of 64 bits.
const MOST_ORBITALS: usize = 62;

/// Orbitals that contribute less to the energy than this fraction of the expected gain of new ones are replaced.
const LEAST_CONTRIBUTION: f64 = 0.1;

/// Tolerance of the first iterations, hartree.
const FIRST_TOLERANCE: f64 = 1e-6;

/// Rounds without new orbitals after which the search ends.
const IDLE_ROUNDS: usize = 6;

/// The fraction of the error that such a round must gain.
const LEAST_GAIN: f64 = 0.05;

/// Occupations below this are not listed.
const LEAST_OCCUPATION: f64 = 1e-14;

/// A superposition of all determinants of the orbitals that suit the electrons best.
#[derive(Debug)]
pub(super) struct Determinants;

impl Method for Determinants {
    fn name(&self) -> &'static str {
        "determinants"
    }

    fn takes(&self) -> &'static str {
        "two to about ten electrons that interact"
    }

    /// H is treated as a sum over pairs of electrons.
    fn suits(&self, system: &System) -> bool {
        system.electrons >= 2 && system.interaction != Interaction::None
    }

    fn accuracy(&self, system: &System) -> f64 {
        match system.electrons {
            0..=4 => 1e-6,
            5 => 1e-5,
            _ => 2e-5,
        }
    }

    fn solve(&self, system: &Arc<System>, options: &Options, control: &dyn Control) -> Result<Answer, ExactError> {
        solve(system, options, control)
    }
}

fn solve(system: &System, options: &Options, control: &dyn Control) -> Result<Answer, ExactError> {
    let watch = Watch::new(system, options, control);
    let (up, down) = system.spins();
    let begin = FEWEST_ORBITALS.max(up + EXTRA_ORBITALS).min(system.grid.points);
    if begin > MOST_ORBITALS
        || determinants((up, down), begin) > MOST_DETERMINANTS
        || tables((up, down), begin) > MOST_ENTRIES
    {
        return Err(ExactError::Electrons { label: watch.label(), electrons: system.electrons });
    }
    let given = system.clone();
    // On many points this takes long.
    let begun = unless_interrupted(control, move |_| {
        let field = Field::new(&given);
        let density = field.self_consistent_density(&given)?;
        let basis = mean_field(&field, &field.screened(&given, &density), begin)?;
        Ok::<_, ExactError>((field, basis))
    });
    let (field, basis) = begun.map_err(|_| ExactError::Interrupted { label: watch.label() })??;
    let mut calculation = Calculation::new(system, &field, basis);
    let mut progress = Progress::new(watch.label(), options.accuracy);
    let mut before: Option<f64> = None;
    let fine = 0.003 * options.accuracy;
    let whole = |basis: &Basis| basis.vectors.len() == system.grid.points;
    let mut tolerance = if whole(&calculation.basis) { fine } else { FIRST_TOLERANCE };
    let mut estimate = error::Estimate::default();
    let mut error = f64::INFINITY;
    // The largest number of orbitals so far, and the number of rounds since.
    let (mut most, mut idle) = (0, 0);
    loop {
        let found = calculation.ground((tolerance, before.is_none()), &watch)?;
        let energy = found.energies[0];
        // States closer together than the error of their energies may change order: the orbitals should suit all of them.
        let averaged = found.energies.iter().take_while(|other| *other - energy < error).count().max(1);
        let states = (&found.states[..], averaged);
        let natural = Natural::new(&calculation.basis, calculation.space, states, &watch)?;
        watch.check()?;
        let two = density::Two::new(&natural.space, natural.mean()).whole();
        watch.check()?;
        let growth = growth(system, &field, &natural, &two)?;
        let fell = before.map_or(0.0, |before| (before - energy).abs());
        let size = natural.basis.vectors.len();
        (most, idle) = if size > most { (size, 0) } else { (most, idle + 1) };
        let full = !fits(&natural.space, most + 1);
        let missing =
            if whole(&natural.basis) { 0.0 } else { estimate.missing(&natural, &growth, fell, idle > 0 && full) };
        error = 2.0 * found.left + missing + 1e-15 * field.hamiltonian.scale();
        progress.at(error).into_iter().for_each(|event| control.report(event));
        before = Some(energy);
        // Replacing orbitals without adding any must gain enough.
        let tired = idle > IDLE_ROUNDS || (full && idle > 1 && fell < LEAST_GAIN * error);
        let done = error <= options.accuracy || watch.late() || tired;
        let more = ((error / options.accuracy).ln() / ERROR_DECAY).ceil().clamp(1.0, MOST_ADDED as f64) as usize;
        // With fewer orbitals than before, too many were dropped.
        let least = LEAST_CONTRIBUTION * if full { 1.0 } else { 0.5_f64.powi(idle as i32) };
        match if done { None } else { grown(&natural, &growth, (least, more)) } {
            Some((basis, space, states)) => {
                tolerance = if whole(&basis) { fine } else { (0.01 * growth.gain).min(FIRST_TOLERANCE).max(fine) };
                calculation = Calculation { system, field: &field, basis, space, states };
            }
            None if averaged == 1 => return answer(system, &field, (&natural, &two), (energy, error)),
            None => {
                let natural = Natural::new(&natural.basis, natural.space, (&natural.states[..1], 1), &watch)?;
                let two = density::Two::new(&natural.space, natural.mean()).whole();
                return answer(system, &field, (&natural, &two), (energy, error));
            }
        }
    }
}

fn answer(
    system: &System,
    field: &Field,
    (natural, two): (&Natural, &Mat<f64>),
    (energy, error): (f64, f64),
) -> Result<Answer, ExactError> {
    let mut occupations: Vec<f64> = natural.occupations.iter().copied().filter(|n| *n > LEAST_OCCUPATION).collect();
    occupations.sort_by(|a, b| b.total_cmp(a));
    let density = natural.densities(system.grid.spacing);
    let error = error + field.evened(system, &both_spins(&density));
    let pairs = Some(pairs(system, natural, two)?);
    Ok(Answer { energy, density, occupations: Some(occupations), pairs, error })
}

/// sum G_pq,rs phi_p(x) phi_q(x) phi_r(y) phi_s(y).
fn pairs(system: &System, natural: &Natural, two: &Mat<f64>) -> Result<PairDensity, ExactError> {
    let k = natural.basis.vectors.len();
    let products = integrals::pairs(k);
    let d = Mat::from_fn(products.len(), products.len(), |a, b| {
        let ((p, q), (r, s)) = (products[a.max(b)], products[a.min(b)]);
        let both = two[(p * k + q, r * k + s)] + two[(p * k + q, s * k + r)];
        let all = both + two[(q * k + p, r * k + s)] + two[(q * k + p, s * k + r)];
        all * if p == q { 0.5 } else { 1.0 } * if r == s { 0.5 } else { 1.0 }
    });
    let mut f = integrals::products(&natural.basis.vectors);
    f *= faer::Scale(1.0 / system.grid.spacing);
    PairDensity::of_products(&f, &d, &system.label)
}

/// How many determinants there are, of both parities.
fn determinants((up, down): (usize, usize), orbitals: usize) -> usize {
    binomial(orbitals, up).saturating_mul(binomial(orbitals, down))
}

/// Entries of the tables that say which string results from creating an electron in an orbital, or two in a pair of orbitals.
fn tables((up, down): (usize, usize), orbitals: usize) -> usize {
    let pairs = orbitals * orbitals.saturating_sub(1) / 2;
    let of = |n: usize| match n {
        0 => 0,
        1 => orbitals,
        _ => binomial(orbitals, n - 1)
            .saturating_mul(orbitals)
            .saturating_add(binomial(orbitals, n - 2).saturating_mul(pairs)),
    };
    of(up).saturating_add(of(down))
}

/// Whether a calculation with `orbitals` orbitals fits in memory.
fn fits(space: &Space, orbitals: usize) -> bool {
    // Mirror symmetry halves the number of determinants.
    let most = if space.parities.contains(&1) { 2 * MOST_DETERMINANTS } else { MOST_DETERMINANTS };
    let electrons = (space.up.electrons(), space.down.electrons());
    orbitals <= MOST_ORBITALS
        && determinants(electrons, orbitals) <= most
        && tables(electrons, orbitals) <= MOST_ENTRIES
}

/// The next calculation: determinants of some orbitals, and initial states.
struct Calculation<'a> {
    system: &'a System,
    field: &'a Field,
    basis: Basis,
    space: Space,
    states: Vec<Vec<f64>>,
}

impl<'a> Calculation<'a> {
    /// Starts from the determinant of the lowest orbitals. In one dimension the lowest state has the same parity: neither changes sign
    /// as long as the electrons of each spin keep their order.
    fn new(system: &'a System, field: &'a Field, basis: Basis) -> Self {
        let spins = system.spins();
        let odd = |n: usize| basis.parities[..n].iter().filter(|parity| **parity == 1).count();
        let parity = (odd(spins.0) + odd(spins.1)) % 2;
        let space = Space::new(spins, &basis.parities, parity);
        let mut state = vec![0.0; space.len()];
        let first = |n: usize| (1_u64 << n) - 1;
        state[space.at(space.up.find(first(spins.0)), space.down.find(first(spins.1)))] = 1.0;
        Self { system, field, basis, space, states: vec![state] }
    }

    /// The lowest states; `how` is the tolerance, and whether to search for other states close to the first.
    fn ground(&mut self, how: (f64, bool), watch: &Watch) -> Result<Found, ExactError> {
        let integrals = Integrals::new(self.system, &self.field.hamiltonian, &self.basis);
        ground(&self.space, &integrals, std::mem::take(&mut self.states), how, watch)
    }
}

fn growth(system: &System, field: &Field, natural: &Natural, two: &Mat<f64>) -> Result<Growth, ExactError> {
    let h = &field.hamiltonian;
    let screened = field.screened(system, &both_spins(&natural.densities(system.grid.spacing)));
    let levels = lowest(&screened, (system.spins().0 + 1).min(system.grid.points), None)?.energies;
    let ends = (levels[0], levels[levels.len() - 1]);
    let (basis, occupations) = (&natural.basis, &natural.occupations[..]);
    let integrals = &Integrals::new(system, h, basis);
    Ok(Correlated { basis, integrals, occupations, two }.growth(h, &screened, ends))
}

/// The orbitals without those that contribute less than the fraction `least` of the expected gain of new ones, with up to `more` new
/// ones, and the states in them; `None` if nothing can be added.
fn grown(natural: &Natural, growth: &Growth, (least, more): (f64, usize)) -> Option<(Basis, Space, Vec<Vec<f64>>)> {
    let (count, space) = (natural.basis.vectors.len(), &natural.space);
    let spins = (space.up.electrons(), space.down.electrons());
    let matters = |p: usize| natural.occupations[p] * growth.costs[p] > least * growth.gain;
    let kept: Vec<usize> = (0..count).filter(|p| matters(*p)).collect();
    let mut basis = Basis {
        vectors: kept.iter().map(|p| natural.basis.vectors[*p].clone()).collect(),
        parities: kept.iter().map(|p| natural.basis.parities[*p]).collect(),
    };
    let most = (count + more).min(kept.len() + MOST_ADDED);
    for (direction, parity, _) in &growth.directions {
        let orbitals = basis.vectors.len();
        if orbitals < most && fits(space, orbitals + 1) {
            basis.extend(direction.clone(), *parity);
        }
    }
    if basis.vectors.len() == kept.len() {
        return None;
    }
    let mut places = vec![None; count];
    kept.iter().enumerate().for_each(|(place, p)| places[*p] = Some(place));
    let next = Space::new(spins, &basis.parities, space.parity);
    let states = natural.states.iter().map(|state| moved(space, &next, &places, state)).collect();
    Some((basis, next, states))
}

/// Watches the time limit and interruptions.
pub(super) struct Watch<'a> {
    system: &'a System,
    control: &'a dyn Control,
    until: Option<Duration>,
}

impl<'a> Watch<'a> {
    fn new(system: &'a System, options: &Options, control: &'a dyn Control) -> Self {
        Self { system, control, until: options.time_limit.map(|limit| control.elapsed().saturating_add(limit)) }
    }

    fn label(&self) -> String {
        self.system.label.clone()
    }

    /// Whether the time limit has passed.
    fn late(&self) -> bool {
        self.until.is_some_and(|until| self.control.elapsed() > until)
    }

    /// Whether the user has stopped the work.
    fn stopped(&self) -> bool {
        self.control.interrupted()
    }

    /// Fails if the user has stopped the work.
    fn check(&self) -> Result<(), ExactError> {
        if self.stopped() { Err(ExactError::Interrupted { label: self.label() }) } else { Ok(()) }
    }
}

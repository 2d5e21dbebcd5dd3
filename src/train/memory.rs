//! How much memory the tapes of a training run take, and how many of them fit into a budget.
//!
//! The backward pass through a Kohn-Sham calculation needs the tape of every iteration. Tapes that do not fit are
//! recomputed during the pass, which costs one more forward pass of their iterations and leaves the gradient bitwise
//! unchanged.

use super::budget::Budget;
use super::plan::{Case, Plan};
use crate::functional::Compiled;
use crate::graph::Routine;
use crate::ks::{Observable, Occupation};
use crate::model::System;
use crate::number::size;
use std::sync::Arc;

/// Fields of one number per point that an iteration keeps per spin channel, in addition to its orbitals and those of
/// the functional: potentials, densities, the Hamiltonian's bands, sums of the mixing.
const FIELDS_PER_CHANNEL: usize = 32;

/// The memory that the tapes of a training run take, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// For every iteration of every case.
    pub cases: Vec<Vec<u64>>,
    /// The number of cases worked on at a time.
    pub together: usize,
}

impl Forecast {
    /// For a plan.
    pub fn new(plan: &Plan) -> Self {
        let tapes = |case: &Case| {
            let Some(iterations) = plan.gradient.iterations(&plan.scf) else { return vec![of_loss(case)] };
            let mut all = vec![0; iterations];
            for (index, system) in case.systems.iter().enumerate() {
                let wanted = case.wanted(index);
                let wants = |k: usize| {
                    let parts = k + 1 == iterations && wanted.iter().any(Observable::is_energy_part);
                    parts || wanted.contains(&Observable::Energy(k))
                };
                let own = tapes(&plan.functional, system, iterations, wants);
                all.iter_mut().zip(own).for_each(|(sum, bytes)| *sum += bytes);
            }
            all
        };
        let cases = plan.cases.iter().map(tapes).collect();
        Self { cases, together: plan.team().clamp(1, (plan.cases.len() * plan.seeds.len()).max(1)) }
    }

    /// For training one seed on some systems, with a loss that uses the energies of all iterations, which takes the
    /// most.
    pub fn of(functional: &Compiled, systems: &[Arc<System>], iterations: usize, threads: usize) -> Self {
        let cases = systems.iter().map(|system| tapes(functional, system, iterations, |_| true)).collect();
        Self { cases, together: threads.clamp(1, systems.len().max(1)) }
    }

    /// All tapes of the cases worked on together.
    pub fn all(&self) -> u64 {
        self.largest(|tapes| tapes.iter().sum())
    }

    /// One tape of each of these cases.
    pub fn least(&self) -> u64 {
        self.largest(|tapes| tapes.iter().copied().max().unwrap_or(0))
    }

    /// The total for the largest cases that may be worked on together; several seeds may work on the same case.
    fn largest(&self, size: impl Fn(&[u64]) -> u64) -> u64 {
        let largest = self.cases.iter().map(|tapes| size(tapes)).max().unwrap_or(0);
        largest.saturating_mul(self.together as u64)
    }

    /// For every case, how many tapes of its last iterations fit into the budget: at least one.
    pub fn kept(&self, budget: Budget) -> Vec<usize> {
        let share = budget.bytes() / self.together as u64;
        let fitting = |tapes: &Vec<u64>| {
            let mut sum = 0u64;
            let fits = |bytes: &&u64| {
                sum = sum.saturating_add(**bytes);
                sum <= share
            };
            tapes.iter().rev().take_while(fits).count().max(1)
        };
        self.cases.iter().map(fitting).collect()
    }

    /// A message, if not all tapes fit; `counted` says after a comma what the budget is a part of, where that is needed.
    pub(crate) fn repeated(&self, budget: Budget, counted: &str) -> Option<String> {
        let kept = self.kept(budget);
        let (some, all) =
            self.cases.iter().zip(&kept).map(|(tapes, kept)| (*kept, tapes.len())).find(|(k, n)| k < n)?;
        let (needs, budget) = (size(self.all()), size(budget.bytes()));
        Some(format!(
            "the tapes of all iterations would take {needs}, more than the {budget} allowed{counted}: the last {some} of {all} iterations \
             keep theirs, the others are recomputed in the backward pass"
        ))
    }

    /// A message, if the budget is too small even so; `counted` as for [`Forecast::repeated`].
    pub(crate) fn too_small(&self, budget: Budget, counted: &str) -> Option<String> {
        let (least, budget) = (self.least(), budget.bytes());
        (least > budget).then(|| {
            format!(
                "a single iteration of every system being worked on takes {}, more than the {} allowed{counted}",
                size(least),
                size(budget)
            )
        })
    }
}

/// Bytes of the tape of a loss that holds the functional itself.
fn of_loss(case: &Case) -> u64 {
    let routine = Routine::new(&case.loss.graph, &[case.loss.output]);
    routine.tape_bytes(case.systems[0].grid.points, 1) as u64
}

/// Bytes of the tape of every iteration; `wants` says which of them calculate the energy.
fn tapes(functional: &Compiled, system: &System, iterations: usize, wants: impl Fn(usize) -> bool) -> Vec<u64> {
    let (points, occupation) = (system.grid.points, Occupation::of(system));
    let [energy, potential] = functional.tape_bytes(points, occupation.spins());
    let besides =
        8 * points * occupation.channels.iter().map(|channel| FIELDS_PER_CHANNEL + channel.levels).sum::<usize>();
    (0..iterations).map(|k| (potential + besides + if wants(k) { energy } else { 0 }) as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast() -> Forecast {
        Forecast { cases: vec![vec![10; 6], vec![30, 30, 40]], together: 2 }
    }

    #[test]
    fn as_many_of_the_last_tapes_are_kept_as_fit() {
        let kept = |bytes| forecast().kept(Budget::Bytes(bytes));
        assert_eq!(kept(200), [6, 3]);
        assert_eq!(kept(199), [6, 2]);
        assert_eq!(kept(100), [5, 1]);
        assert_eq!(kept(0), [1, 1]);
        assert_eq!(forecast().kept(Budget::Unlimited), [6, 3]);
        assert_eq!((forecast().all(), forecast().least()), (200, 80));
    }

    #[test]
    fn tapes_that_do_not_fit_are_reported() {
        let f = forecast();
        assert_eq!((f.repeated(Budget::Bytes(200), ""), f.too_small(Budget::Bytes(80), "")), (None, None));
        assert!(f.repeated(Budget::Bytes(199), ", half").is_some_and(|text| text.contains("half: the last 2 of 3")));
        assert!(f.too_small(Budget::Bytes(79), "").is_some());
    }
}

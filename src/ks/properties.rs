//! What a run knows, in one table: the names after its dot, what a loss sees of it, its text, its JSON and the reference page
//! are made from it.

use super::terms::{TERMS, Term};
use super::{Observable, Run, Stop};
use crate::model::System;
use std::sync::LazyLock;

/// A property of a run.
#[derive(Clone, Copy)]
pub(crate) struct Property {
    /// Its name after the dot, in losses and in what is shown.
    pub name: &'static str,
    /// What it is, in a phrase.
    pub about: &'static str,
    /// Whether and where it is shown in the summary of a run.
    pub shown: Shown,
    source: Source,
}

/// The position of a property in the summary of a run, counted from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nowhere.
    No,
    /// In JSON alone.
    InJson(usize),
    /// In text and JSON.
    Yes(usize),
}

/// Where a property comes from.
#[derive(Clone, Copy)]
enum Source {
    /// A finished run; and the trajectory that a loss sees, where it sees the property.
    Run(fn(&Run) -> Datum, Option<fn(&Trajectory) -> Seen>),
    /// A term of the energy, which both have.
    Term,
}

/// The value of a property of a finished run, in hartree and bohr.
pub(crate) enum Datum {
    /// How many.
    Count(usize),
    /// An energy, if there is one.
    Energy(Option<f64>),
    /// A number of electrons that need not be whole.
    Electrons(f64),
    /// Some energies.
    Energies(Vec<f64>),
    /// The energies of all iterations.
    Trajectory(Vec<f64>),
    /// Whether the run converged, why it ended, and how.
    Verdict(Verdict),
    /// Yes or no.
    Truth(bool),
    /// Words.
    Text(String),
    /// A field on the system's grid.
    Field(Vec<f64>),
    /// Some fields.
    Fields(Vec<Vec<f64>>),
    /// One for up and one for down; for closed shells one for both.
    Spins(Box<[Datum; 2]>),
}

/// How a run ended.
pub(crate) struct Verdict {
    /// Whether it converged.
    pub converged: bool,
    /// Why it ended.
    pub stop: Stop,
    /// Iterations done.
    pub iterations: usize,
    /// How it was solved, in words.
    pub way: String,
}

/// What a loss sees of a trajectory.
pub(crate) enum Seen {
    /// What is the same for all runs with this number of iterations.
    Known(f64),
    /// An observable.
    One(Observable),
    /// An observable plus a constant.
    Shifted(Observable, f64),
    /// Some observables.
    List(Vec<Observable>),
    /// One for up and one for down, as in [`Datum::Spins`].
    Spins(Box<[Seen; 2]>),
    /// The lowest of some observables minus the highest of others; NaN if there are none.
    Difference {
        /// The first ones.
        lowest_of: Vec<Observable>,
        /// The others.
        highest_of: Vec<Observable>,
    },
}

/// Why a run of a potential functional has no energy.
pub(crate) const NO_ENERGY: &str = "a potential functional has no energy: its potential need not be the derivative of one. \
    `analysis.path_energy` integrates it along a path of densities";

/// Why a run without orbitals lacks their properties.
pub(crate) const NO_ORBITALS: &str =
    "a calculation with a kinetic functional has no orbitals, and so no levels. It has a `chemical_potential`";

/// What is known of a trajectory before it is run.
pub(crate) struct Trajectory<'a> {
    /// What will be solved.
    pub system: &'a System,
    /// How many iterations there will be, at least 1.
    pub iterations: usize,
    /// Whether the functional has an energy.
    pub has_energy: bool,
    /// Whether there are orbitals.
    pub orbitals: bool,
}

impl Trajectory<'_> {
    /// What is left of the last iteration.
    fn last(&self, observable: fn(usize) -> Observable) -> Observable {
        observable(self.iterations.saturating_sub(1))
    }

    /// Of all iterations.
    fn each(&self, observable: fn(usize) -> Observable) -> Seen {
        Seen::List((0..self.iterations).map(observable).collect())
    }

    fn spins(&self, observable: fn(usize) -> Observable) -> Seen {
        Seen::Spins(Box::new([0, 1].map(|spin| Seen::One(observable(spin)))))
    }

    fn levels(&self) -> Seen {
        let (up, down) = self.system.spins();
        let levels = |spin: usize, occupied: usize| {
            Seen::List((0..=occupied).map(|index| Observable::OrbitalEnergy { spin, index }).collect())
        };
        Seen::Spins(Box::new([levels(0, up), levels(1, down)]))
    }

    /// The lowest empty minus the highest occupied level; that of a closed shell needs only one spin.
    fn gap(&self) -> Seen {
        let (up, down) = self.system.spins();
        let spins = if self.system.closed_shell() { vec![(0, up)] } else { vec![(0, up), (1, down)] };
        let level = |spin, index| Observable::OrbitalEnergy { spin, index };
        let lowest_of = spins.iter().map(|&(spin, occupied)| level(spin, occupied)).collect();
        let filled = spins.iter().filter(|(_, occupied)| *occupied > 0);
        let highest_of = filled.map(|&(spin, occupied)| level(spin, occupied - 1)).collect();
        Seen::Difference { lowest_of, highest_of }
    }
}

impl Property {
    /// Whether it needs the energy of the functional, which a potential functional has not.
    pub fn needs_energy(&self) -> bool {
        let term = || TERMS.iter().any(|term| term.name() == self.name && term.of_functional());
        ["energy", "total_energy", "energies"].contains(&self.name) || term()
    }

    /// Whether it is of orbitals.
    fn needs_orbitals(&self) -> bool {
        ["orbital_energies", "gap"].contains(&self.name)
    }

    /// Whether a loss sees it only where there are no orbitals.
    fn without_orbitals(&self) -> bool {
        ["kinetic_potential", "chemical_potential"].contains(&self.name)
    }

    /// Whether a run has it.
    pub fn is_in(&self, run: &Run) -> bool {
        (run.has_energy || !self.needs_energy())
            && (run.orbital_free.is_none() || !self.needs_orbitals())
            && (run.correction.is_some() || self.name != "correction")
            && (self.name != "chemical_potential" || !run.orbital_free.as_ref().is_some_and(|found| found.projected))
    }

    /// Its value for a finished run.
    pub fn of(&self, run: &Run) -> Datum {
        match self.source {
            Source::Run(of, _) => of(run),
            Source::Term => Datum::Energy(run.part(self.name)),
        }
    }

    /// What a loss sees of it, if anything.
    pub fn seen(&self, trajectory: &Trajectory) -> Option<Seen> {
        if !trajectory.has_energy && self.needs_energy() {
            return None;
        }
        if if trajectory.orbitals { self.without_orbitals() } else { self.needs_orbitals() } {
            return None;
        }
        match self.source {
            Source::Run(_, seen) => seen.map(|seen| seen(trajectory)),
            Source::Term => Some(Seen::One(Observable::Part(self.name))),
        }
    }

    /// The property of a name.
    pub fn named(name: &str) -> Option<&'static Property> {
        PROPERTIES.iter().find(|property| property.name == name)
    }

    /// Those that are shown, in their order; JSON has a few more.
    pub fn all_shown(json: bool) -> Vec<&'static Property> {
        let place = |property: &&Property| match property.shown {
            Shown::Yes(place) => Some(place),
            Shown::InJson(place) if json => Some(place),
            Shown::InJson(_) | Shown::No => None,
        };
        let mut shown: Vec<&Property> = PROPERTIES.iter().filter(|property| place(property).is_some()).collect();
        shown.sort_by_key(place);
        shown
    }
}

/// The place of the first term; the others follow in their order.
const FIRST_TERM: usize = 10;
/// The place of what is shown below the terms, in the order of the table.
const BELOW_TERMS: usize = 100;

const fn row(
    name: &'static str,
    about: &'static str,
    shown: Shown,
    of: fn(&Run) -> Datum,
    seen: Option<fn(&Trajectory) -> Seen>,
) -> Property {
    Property { name, about, shown, source: Source::Run(of, seen) }
}

fn term((index, term): (usize, &&dyn Term)) -> Property {
    Property { name: term.name(), about: term.about(), shown: Shown::Yes(FIRST_TERM + index), source: Source::Term }
}

/// All properties in the order of their names after the dot.
pub(crate) static PROPERTIES: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let mut all = FIELDS_AND_SUMS.to_vec();
    // The results of the functional are next to its potential.
    let functional = |of: bool| TERMS.iter().enumerate().filter(move |(_, term)| term.of_functional() == of).map(term);
    all.extend(functional(true).chain(functional(false)));
    all.extend(LEVELS_AND_ITERATIONS);
    all
});

fn spins(of: impl Fn(usize) -> Datum) -> Datum {
    Datum::Spins(Box::new([of(0), of(1)]))
}

/// Whether both spins are alike, or there is only one.
fn one_spin(system: &System) -> bool {
    system.closed_shell() || system.spins().1 == 0
}

const FIELDS_AND_SUMS: &[Property] = &[
    row(
        "energy",
        "the electronic energy",
        Shown::Yes(1),
        |r| Datum::Energy(Some(r.energy)),
        Some(|t| Seen::One(t.last(Observable::Energy))),
    ),
    row(
        "total_energy",
        "the energy with the repulsion of the nuclei",
        Shown::Yes(0),
        |r| Datum::Energy(Some(r.total_energy())),
        Some(|t| Seen::Shifted(t.last(Observable::Energy), t.system.nuclear_repulsion)),
    ),
    row("correction", "what `corrected(…)` added to the energy", Shown::Yes(2), |r| Datum::Energy(r.correction), None),
    row(
        "density",
        "the density of all electrons",
        Shown::No,
        |r| Datum::Field(r.total_density()),
        Some(|t| Seen::One(t.last(Observable::Density))),
    ),
    row(
        "density_up",
        "the density of the up electrons",
        Shown::No,
        |r| Datum::Field(r.density[0].clone()),
        Some(|_| Seen::One(Observable::SpinDensity(0))),
    ),
    row(
        "density_down",
        "the density of the down electrons",
        Shown::No,
        |r| Datum::Field(r.density[1].clone()),
        Some(|_| Seen::One(Observable::SpinDensity(1))),
    ),
    row(
        "potential",
        "the Kohn-Sham potential (with unpaired electrons, `.up` and `.down`)",
        Shown::No,
        |r| spins(|s| Datum::Field(r.potential[s].clone())),
        Some(|t| t.spins(Observable::Potential)),
    ),
    row(
        "xc_potential",
        "its exchange-correlation part (with unpaired electrons, `.up` and `.down`); of exact exchange, which is no potential, nothing",
        Shown::No,
        |r| spins(|s| Datum::Field(r.xc_potential[s].clone())),
        Some(|t| t.spins(Observable::XcPotential)),
    ),
];

const LEVELS_AND_ITERATIONS: &[Property] = &[
    row(
        "orbital_energies",
        "the occupied levels and the lowest empty one (with unpaired electrons, `.up` and `.down`)",
        Shown::Yes(BELOW_TERMS),
        |r| spins(|s| Datum::Energies(r.orbital_energies[s].clone())),
        Some(|t| t.levels()),
    ),
    row(
        "gap",
        "the lowest empty minus the highest occupied level",
        Shown::Yes(BELOW_TERMS),
        |r| Datum::Energy(r.gap),
        Some(|t| t.gap()),
    ),
    row(
        "chemical_potential",
        "the derivative of the energy with respect to the number of electrons: without orbitals that of the minimum, otherwise the highest \
         occupied level (where spins differ, `.up` and `.down`)",
        Shown::No,
        |r| match [0, 1].map(|s| r.chemical_potential(s)) {
            [up, _] if one_spin(&r.system) => Datum::Energy(up),
            both => Datum::Spins(Box::new(both.map(Datum::Energy))),
        },
        Some(|t| match one_spin(t.system) {
            true => Seen::One(Observable::ChemicalPotential(0)),
            false => t.spins(Observable::ChemicalPotential),
        }),
    ),
    row(
        "kinetic_potential",
        "the derivative of the kinetic energy with respect to the density: of orbitals the chemical potential minus the Kohn-Sham \
         potential (with unpaired electrons, `.up` and `.down`)",
        Shown::No,
        |r| spins(|s| Datum::Field(r.kinetic_potential(s))),
        Some(|t| t.spins(Observable::KineticPotential)),
    ),
    row(
        "converged",
        "whether the tolerance was met, or the residual is within the threshold",
        Shown::Yes(BELOW_TERMS),
        |r| Datum::Verdict(Verdict { converged: r.converged(), stop: r.stop, iterations: r.iterations, way: r.way() }),
        None,
    ),
    row(
        "iterations",
        "the number of iterations done, by all ways that were tried",
        Shown::InJson(BELOW_TERMS),
        |r| Datum::Count(r.iterations),
        Some(|t| Seen::Known(t.iterations as f64)),
    ),
    row(
        "residual",
        "the integral of |n_out - n_in| in the last iteration, electrons; with exact exchange or without orbitals, of the change in a Newton step",
        Shown::Yes(BELOW_TERMS),
        |r| Datum::Electrons(r.residual),
        Some(|_| Seen::One(Observable::Residual)),
    ),
    row(
        "how",
        "how the density was found: `DIIS`, or the way that converged and those tried before",
        Shown::InJson(BELOW_TERMS),
        |r| Datum::Text(r.way()),
        None,
    ),
    row(
        "symmetric",
        "whether densities were averaged with their mirror images",
        Shown::InJson(BELOW_TERMS),
        |r| Datum::Truth(r.symmetric),
        None,
    ),
    row(
        "energies",
        "the electronic energy of every iteration of the way that gave the result",
        Shown::No,
        |r| Datum::Trajectory(r.energies.clone()),
        Some(|t| t.each(Observable::Energy)),
    ),
    row(
        "densities",
        "the mixed density after every iteration of the way that gave the result",
        Shown::No,
        |r| Datum::Fields(r.densities.clone()),
        Some(|t| t.each(Observable::Density)),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_has_a_name_of_its_own_and_every_term_is_one() {
        for (k, property) in PROPERTIES.iter().enumerate() {
            assert!(PROPERTIES[..k].iter().all(|other| other.name != property.name), "{}", property.name);
        }
        assert!(
            TERMS.iter().all(|term| Property::named(term.name()).is_some_and(|p| matches!(p.source, Source::Term)))
        );
    }

    #[test]
    fn what_is_shown_begins_with_the_energies() {
        let names = |json: bool| Property::all_shown(json).iter().map(|property| property.name).collect::<Vec<_>>();
        assert_eq!(names(false)[..2], ["total_energy", "energy"]);
        assert!(names(false)[3..].starts_with(&TERMS.iter().map(|term| term.name()).collect::<Vec<_>>()));
        assert_eq!(
            names(true).iter().filter(|name| !names(false).contains(name)).collect::<Vec<_>>(),
            [&"iterations", &"how", &"symmetric"]
        );
    }
}

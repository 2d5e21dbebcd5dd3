//! Members of grids, fields, systems, runs and references.

use super::{Member, pick};
use crate::exact::{PairDensity, Reference};
use crate::interp::value::{Field, Quantity, Solved, Trust, Value, model, property, spread};
use crate::interp::verbs::INVERTED;
use crate::ks::{NO_ENERGY, NO_ORBITALS, PROPERTIES, Property};
use crate::lang::Dimension;
use crate::model::{Grid, Interaction, System, Wall};
use std::rc::Rc;
use std::sync::Arc;

const fn member<T>(name: &'static str, about: &'static str, get: fn(&T) -> Value) -> Member<T> {
    Member { name, about, get }
}

fn count(n: usize) -> Value {
    Value::plain(n as f64)
}

pub(crate) const GRID: &[Member<Arc<Grid>>] = &[
    member("x", "the coordinates of its points, as a field", |g| Value::field(g, g.xs())),
    member("points", "the number of points", |g| count(g.points)),
    member("spacing", "the distance between points", |g| Value::length(g.spacing)),
    member("from", "the coordinate of the first point", |g| Value::length(g.start)),
    member("to", "the coordinate of the last point", |g| Value::length(g.end())),
    member("stencil", "the number of points in the second-derivative stencil", |g| count(g.stencil)),
    member("wall", "the boundary condition: `zero` or `odd`", |g| match g.wall {
        Wall::Zero => Value::text("zero"),
        Wall::Odd => Value::text("odd"),
    }),
];

pub(crate) const FIELD: &[Member<Field>] = &[
    member("grid", "its grid", |f| Value::Grid(f.grid.clone())),
    member("channels", "the number of channels", |f| count(f.channels)),
    member("values", "its values, as a list", |f| f.numbers(&f.data)),
];

pub(crate) const INTERACTION: &[Member<Interaction>] = &[
    member("name", "its name", |w| Value::text(interaction_name(w))),
    member("kappa", "the inverse decay length of an exponential, 1/bohr", |w| match w {
        Interaction::Exponential { kappa, .. } => Value::plain(*kappa),
        _ => Value::plain(f64::NAN),
    }),
];

fn interaction_name(w: &Interaction) -> &str {
    match w {
        Interaction::None => "none",
        Interaction::Exponential { .. } => "exponential",
        Interaction::Sampled { name, .. } => name,
    }
}

pub(crate) const SYSTEM: &[Member<Arc<System>>] = &[
    member("name", "its name: that given by `name:`, otherwise the expression it was written as", |s| {
        Value::text(&s.label)
    }),
    member("electrons", "the number of electrons", |s| count(s.electrons)),
    member("unpaired", "up minus down electrons", |s| count(s.unpaired)),
    member("charge", "the nuclear charges minus the number of electrons", |s| {
        Value::plain(nuclear_charge(s) - s.electrons as f64)
    }),
    member("grid", "its grid", |s| Value::Grid(s.grid.clone())),
    member("system", "itself", |s| Value::System(s.clone())),
    member("potential", "the total external potential, as a field", |s| Value::field(&s.grid, s.potential.to_vec())),
    member("nuclear_repulsion", "the repulsion energy of the nuclei", |s| Value::energy(s.nuclear_repulsion)),
    member("nuclei", "its nuclei: records with `symbol`, `charge` and `position`", nuclei),
    member("charges", "the charges of its nuclei", |s| charges(s)),
    member("locations", "the positions of its nuclei", |s| locations(s)),
    member("distance", "the distance between its first two nuclei", |s| length(s.distance())),
    member("interaction", "the interaction between its electrons", |s| Value::Interaction(s.interaction.clone())),
];

fn nuclear_charge(s: &System) -> f64 {
    s.nuclei.iter().map(|n| n.charge).sum()
}

fn charges(s: &System) -> Value {
    Value::list(s.nuclei.iter().map(|n| Value::plain(n.charge)).collect())
}

fn locations(s: &System) -> Value {
    Value::list(s.nuclei.iter().map(|n| Value::length(n.position)).collect())
}

/// NaN if there is no second nucleus.
fn length(distance: Option<f64>) -> Value {
    Value::length(distance.unwrap_or(f64::NAN))
}

fn nuclei(s: &Arc<System>) -> Value {
    let one = |n: &crate::model::Nucleus| {
        Value::record([
            ("symbol", Value::text(&n.symbol)),
            ("charge", Value::plain(n.charge)),
            ("position", Value::length(n.position)),
        ])
    };
    Value::list(s.nuclei.iter().map(one).collect())
}

/// P(x_i, x_k) in channel k.
fn pair_density(r: &Reference, pairs: &PairDensity) -> Value {
    let grid = r.system.grid.clone();
    let data = pairs.on_grid(grid.points);
    Value::Field(Rc::new(Field { channels: grid.points, data, grid, unconverged: false }))
}

/// The members of a run besides its properties: those before and those after them.
const RUN_HEAD: &[Member<Solved>] = &[member("name", "the name of the system", |r| Value::text(&r.system.label))];
const RUN_REST: &[Member<Solved>] = &[
    member("electrons", "the number of electrons", |r| count(r.system.electrons)),
    member("unpaired", "up minus down electrons", |r| count(r.system.unpaired)),
    member("grid", "the grid of the system", |r| Value::Grid(r.system.grid.clone())),
    member("charges", "the charges of the nuclei", |r| charges(&r.system)),
    member("locations", "the positions of the nuclei", |r| locations(&r.system)),
    member("distance", "the distance between the first two nuclei", |r| length(r.system.distance())),
    member("system", "the system", |r| Value::System(r.system.clone())),
    member("functional", "the functional or model it was solved with", |r| r.with.clone()),
    member("kinetic_functional", "the kinetic functional, of a calculation without orbitals", |r| r.kinetic.clone()),
    member("parameters", "the parameters of the functional, by layer and name", |r| {
        model::parameters(&r.arrays, &r.parameters)
    }),
];

/// Names and sentences of the members of a run.
pub(crate) fn run_members() -> Vec<(&'static str, &'static str)> {
    let properties = PROPERTIES.iter().map(|property| (property.name, property.about));
    let others = |members: &'static [Member<Solved>]| members.iter().map(|member| (member.name, member.about));
    let spread =
        ("spread", "for a committee, the standard deviation over its members of every energy and of the densities");
    others(RUN_HEAD).chain(properties).chain(others(RUN_REST)).chain([spread]).collect()
}

/// Why a run lacks a property that others have.
pub(crate) fn absent_in_run(run: &Solved, name: &str) -> Option<&'static str> {
    let property = Property::named(name).filter(|property| !property.is_in(run))?;
    Some(match name {
        "correction" => {
            "nothing was added to its energy afterwards: that is for runs with `corrected(…)` without `inside:`"
        }
        "chemical_potential" => {
            "the energy was minimised among densities like the samples, and its derivative means nothing in other directions: there is no \
             chemical potential"
        }
        _ if property.needs_energy() && !run.has_energy => NO_ENERGY,
        _ => NO_ORBITALS,
    })
}

/// The member of a run with that name.
pub(crate) fn of_run(run: &Solved, name: &str) -> Option<Value> {
    let found = || Property::named(name).map(|found| property(found, run));
    let spread = || if name == "spread" { spread(run) } else { None };
    pick(RUN_HEAD, run, name).or_else(found).or_else(|| pick(RUN_REST, run, name)).or_else(spread)
}

fn energy_of(r: &Reference, value: f64) -> Value {
    Value::Number(Quantity::energy(value).trusted(Trust::of(r.converged(), None)))
}

fn density_of(r: &Reference, values: Vec<f64>) -> Value {
    Value::Field(Rc::new(Field::simple(r.system.grid.clone(), values).doubted(!r.converged())))
}

pub(crate) const REFERENCE: &[Member<Arc<Reference>>] = &[
    member("name", "the name of the system", |r| Value::text(&r.system.label)),
    member("energy", "the electronic energy", |r| energy_of(r, r.energy)),
    member("total_energy", "the energy including the nuclear repulsion", |r| {
        energy_of(r, r.energy + r.system.nuclear_repulsion)
    }),
    member("density", "the total density", |r| density_of(r, r.total_density())),
    member("density_up", "the density of the up electrons", |r| density_of(r, r.density[0].clone())),
    member("density_down", "the density of the down electrons", |r| density_of(r, r.density[1].clone())),
    member("spin_density", "the density of the up electrons minus that of the down electrons", |r| {
        let [up, down] = &r.density;
        density_of(r, up.iter().zip(down).map(|(up, down)| up - down).collect())
    }),
    member(
        "pair_density",
        "the pair density P(x, x'), with integral N (N - 1), as a field with one channel per x'",
        |r| r.pairs.as_ref().map_or(Value::Nothing, |pairs| pair_density(r, pairs)),
    ),
    member("occupations", "the natural occupations, largest first", |r| {
        r.occupations.as_ref().map_or(Value::Nothing, |occupations| Value::vector(occupations, Dimension::PLAIN))
    }),
    member("interaction_energy", "the energy of the interaction between electrons", |r| {
        r.interaction_energy().map_or(Value::Nothing, Value::energy)
    }),
    member("kinetic_energy", "the kinetic energy of the interacting electrons", |r| {
        r.kinetic_energy().map_or(Value::Nothing, Value::energy)
    }),
    member("hartree_energy", "the Hartree energy of its density", |r| {
        energy_of(r, r.system.hartree_energy(&r.density))
    }),
    member("external_energy", "the energy of its density in the external potential", |r| {
        energy_of(r, r.system.external_energy(&r.density))
    }),
    member("error", "the estimated error of the energy", |r| Value::energy(r.error)),
    member("method", "the method that found it, as named in `exact(…, method: …)`", |r| {
        r.method().map_or(Value::Nothing, |method| Value::text(method.name()))
    }),
    member("electrons", "the number of electrons", |r| count(r.system.electrons)),
    member("unpaired", "up minus down electrons", |r| count(r.system.unpaired)),
    member("grid", "the grid of the system", |r| Value::Grid(r.system.grid.clone())),
    member("charges", "the charges of the nuclei", |r| charges(&r.system)),
    member("locations", "the positions of the nuclei", |r| locations(&r.system)),
    member("distance", "the distance given by a data set, otherwise that between the first two nuclei", |r| {
        length(r.distance())
    }),
    member("system", "the system", |r| Value::System(r.system.clone())),
];

/// Names and sentences of the members of a reference.
pub(crate) fn reference_members() -> Vec<(&'static str, &'static str)> {
    REFERENCE.iter().map(|member| (member.name, member.about)).chain(INVERTED.iter().copied()).collect()
}

/// Why a reference lacks a member that others have.
pub(crate) fn absent(reference: &Reference, name: &str) -> Option<String> {
    let Some(method) = reference.method() else { return absent_in_data(reference, name).map(str::to_owned) };
    let what = match name {
        "pair_density" if reference.pairs.is_none() => "pair density",
        "interaction_energy" | "kinetic_energy" if reference.interaction_energy().is_none() => {
            "pair density, of which it is made"
        }
        "occupations" if reference.occupations.is_none() => "natural occupations",
        _ => return None,
    };
    Some(format!("the method {:?} does not give the {what}; another `method:` of `exact` may", method.name()))
}

/// Why one from a data set does not.
fn absent_in_data(reference: &Reference, name: &str) -> Option<&'static str> {
    match name {
        "density_up" | "density_down" | "spin_density" if !reference.spins() => {
            Some("the data set has only the total density; `exact(r.system)` calculates that of each spin")
        }
        "pair_density" => Some("a data set has no pair density; `exact(r.system)` calculates it"),
        "interaction_energy" | "kinetic_energy" if reference.interaction_energy().is_none() => {
            Some("a data set has only the total energy; `exact(r.system)` calculates its parts")
        }
        "occupations" => Some("a data set has no natural occupations; `exact(r.system)` calculates them"),
        "error" => Some("a data set has no errors of its energies; compare with `exact(r.system)`"),
        "method" => Some("a data set does not record how it was computed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::value;

    #[test]
    fn what_a_method_does_not_give_is_absent_with_a_reason() {
        let script = "grid g = uniform(points: 33, spacing: 0.4)\nsystem h on g { H at 0 }\nexact(h)";
        let Value::Reference(whole) = value(script) else { panic!("no reference") };
        for name in ["pair_density", "occupations", "method", "energy"] {
            assert_eq!(absent(&whole, name), None);
        }
        let part = Reference { occupations: None, pairs: None, ..(*whole).clone() };
        for name in ["pair_density", "occupations"] {
            let reason = absent(&part, name).expect("a reason");
            assert!(reason.starts_with("the method \"independent\" does not give"), "{reason}");
        }
        assert_eq!(absent(&part, "energy"), None);
    }
}

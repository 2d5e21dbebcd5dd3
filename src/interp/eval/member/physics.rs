//! What grids, fields, systems, runs and references have.

use super::Member;
use crate::exact::Reference;
use crate::interp::value::{Field, Value};
use crate::ks::{Run, Stop};
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
    member("points", "how many points it has", |g| count(g.points)),
    member("spacing", "the distance between points", |g| Value::length(g.spacing)),
    member("from", "the coordinate of the first point", |g| Value::length(g.start)),
    member("to", "the coordinate of the last point", |g| Value::length(g.end())),
    member("stencil", "the points of the second-derivative stencil", |g| count(g.stencil)),
    member("wall", "what orbitals do beyond the ends: `zero` or `odd`", |g| match g.wall {
        Wall::Zero => Value::text("zero"),
        Wall::Odd => Value::text("odd"),
    }),
];

pub(crate) const FIELD: &[Member<Field>] = &[
    member("grid", "the grid it lives on", |f| Value::Grid(f.grid.clone())),
    member("channels", "how many channels it has", |f| count(f.channels)),
    member("values", "its values, as a list", |f| Value::vector(&f.data, Dimension::PLAIN)),
];

pub(crate) const INTERACTION: &[Member<Interaction>] = &[
    member("name", "what it is called", |w| Value::text(interaction_name(w))),
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
    member("name", "what it is called: its `name:`, otherwise how it was written", |s| Value::text(&s.label)),
    member("electrons", "the number of electrons", |s| count(s.electrons)),
    member("unpaired", "up minus down electrons", |s| count(s.unpaired)),
    member("charge", "nuclear charges minus electrons", |s| Value::plain(nuclear_charge(s) - s.electrons as f64)),
    member("grid", "the grid it lives on", |s| Value::Grid(s.grid.clone())),
    member("system", "itself", |s| Value::System(s.clone())),
    member("potential", "the whole external potential, as a field", |s| Value::field(&s.grid, s.potential.to_vec())),
    member("nuclear_repulsion", "the energy of the nuclei among themselves", |s| Value::energy(s.nuclear_repulsion)),
    member("nuclei", "its nuclei: records with `symbol`, `charge` and `position`", nuclei),
    member("charges", "the charges of its nuclei", |s| charges(s)),
    member("locations", "the positions of its nuclei", |s| locations(s)),
    member("distance", "the distance between its first two nuclei", |s| length(s.distance())),
    member("interaction", "the interaction of its electrons", |s| Value::Interaction(s.interaction.clone())),
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

/// Not a number where there is no second nucleus.
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
fn pair_density(r: &Reference) -> Field {
    let grid = r.system.grid.clone();
    Field { channels: grid.points, data: r.pairs.on_grid(grid.points), grid }
}

/// One value for a closed shell, otherwise a record of `up` and `down`.
fn by_spin(system: &System, value: impl Fn(usize) -> Value) -> Value {
    if system.closed_shell() { value(0) } else { Value::record([("up", value(0)), ("down", value(1))]) }
}

pub(crate) const RUN: &[Member<Run>] = &[
    member("name", "what the system is called", |r| Value::text(&r.system.label)),
    member("energy", "the electronic energy", |r| Value::energy(r.energy)),
    member("total_energy", "the energy with the repulsion of the nuclei", |r| {
        Value::energy(r.energy + r.system.nuclear_repulsion)
    }),
    member("density", "the density of all electrons", |r| Value::field(&r.system.grid, r.total_density())),
    member("density_up", "the density of the up electrons", |r| Value::field(&r.system.grid, r.density[0].clone())),
    member("density_down", "the density of the down electrons", |r| Value::field(&r.system.grid, r.density[1].clone())),
    member("potential", "the Kohn-Sham potential (with unpaired electrons, `.up` and `.down`)", |r| {
        by_spin(&r.system, |s| Value::field(&r.system.grid, r.potential[s].clone()))
    }),
    member("xc_potential", "its exchange-correlation part (with unpaired electrons, `.up` and `.down`)", |r| {
        by_spin(&r.system, |s| Value::field(&r.system.grid, r.xc_potential[s].clone()))
    }),
    member("xc_energy", "the exchange-correlation energy", |r| Value::energy(r.xc_energy)),
    member("kinetic_energy", "the kinetic energy of the Kohn-Sham electrons", |r| Value::energy(r.kinetic_energy)),
    member("hartree_energy", "the classical repulsion of the density", |r| Value::energy(r.hartree_energy)),
    member("external_energy", "the energy in the external potential", |r| Value::energy(r.external_energy)),
    member(
        "orbital_energies",
        "occupied levels and the lowest empty one (with unpaired electrons, `.up` and `.down`)",
        |r| by_spin(&r.system, |s| Value::vector(&r.orbital_energies[s], Dimension::ENERGY)),
    ),
    member("gap", "lowest empty minus highest occupied level", |r| Value::energy(r.gap.unwrap_or(f64::NAN))),
    member("converged", "whether the tolerance was met", |r| Value::Bool(r.stop == Stop::Converged)),
    member("iterations", "iterations done", |r| count(r.iterations)),
    member("residual", "integral of |n_out - n_in| of the last iteration, electrons", |r| Value::plain(r.residual)),
    member("energies", "the electronic energy of every iteration", |r| Value::vector(&r.energies, Dimension::ENERGY)),
    member("densities", "the density mixed after every iteration", |r| {
        Value::list(r.densities.iter().map(|n| Value::field(&r.system.grid, n.clone())).collect())
    }),
    member("electrons", "the number of electrons", |r| count(r.system.electrons)),
    member("unpaired", "up minus down electrons", |r| count(r.system.unpaired)),
    member("grid", "the grid of the system", |r| Value::Grid(r.system.grid.clone())),
    member("charges", "the charges of the nuclei", |r| charges(&r.system)),
    member("locations", "the positions of the nuclei", |r| locations(&r.system)),
    member("distance", "the distance between the first two nuclei", |r| length(r.system.distance())),
    member("system", "what was solved", |r| Value::System(r.system.clone())),
    member("functional", "the name of the functional", |r| Value::text(&r.functional)),
];

pub(crate) const REFERENCE: &[Member<Arc<Reference>>] = &[
    member("name", "what the system is called", |r| Value::text(&r.system.label)),
    member("energy", "the electronic energy", |r| Value::energy(r.energy)),
    member("total_energy", "the energy with the repulsion of the nuclei", |r| {
        Value::energy(r.energy + r.system.nuclear_repulsion)
    }),
    member("density", "the density of all electrons", |r| Value::field(&r.system.grid, r.total_density())),
    member("density_up", "the density of the up electrons", |r| Value::field(&r.system.grid, r.density[0].clone())),
    member("density_down", "the density of the down electrons", |r| Value::field(&r.system.grid, r.density[1].clone())),
    member("spin_density", "the density of the up electrons less that of the down electrons", |r| {
        let [up, down] = &r.density;
        Value::field(&r.system.grid, up.iter().zip(down).map(|(up, down)| up - down).collect())
    }),
    member(
        "pair_density",
        "P(x, x'), the density of pairs of electrons, integral N (N - 1), as a field with a channel for every x'",
        |r| Value::Field(Rc::new(pair_density(r))),
    ),
    member("occupations", "the natural occupations, largest first", |r| {
        Value::vector(&r.occupations, Dimension::PLAIN)
    }),
    member("error", "the estimated error of the energy", |r| Value::energy(r.error)),
    member("electrons", "the number of electrons", |r| count(r.system.electrons)),
    member("unpaired", "up minus down electrons", |r| count(r.system.unpaired)),
    member("grid", "the grid of the system", |r| Value::Grid(r.system.grid.clone())),
    member("charges", "the charges of the nuclei", |r| charges(&r.system)),
    member("locations", "the positions of the nuclei", |r| locations(&r.system)),
    member("distance", "the distance a data set gives, otherwise that between the first two nuclei", |r| {
        length(r.distance())
    }),
    member("system", "what was solved", |r| Value::System(r.system.clone())),
];

/// Why a reference does not have what others have.
pub(crate) fn absent(reference: &Reference, name: &str) -> Option<&'static str> {
    reference.entry()?;
    match name {
        "density_up" | "density_down" | "spin_density" if !reference.spins() => {
            Some("the data set gives the density of all electrons only; `exact(r.system)` computes that of each spin")
        }
        "pair_density" => Some("a data set has no pair density; `exact(r.system)` computes it"),
        "occupations" => Some("a data set has no natural occupations; `exact(r.system)` computes them"),
        "error" => Some("a data set does not say how good its energies are; compare with `exact(r.system)`"),
        _ => None,
    }
}

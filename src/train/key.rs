//! The content key of a training run: a hash of what is trained, on what, and how, without source texts, places or file
//! names.

use super::plan::{Case, Gradient, LossGraph, LossInput, Plan};
use crate::data::ContentKey;
use crate::functional::{Compiled, Density, FunctionalKind};
use crate::graph::{Graph, Identity, Init, Node, ParamSpec, Shape};
use crate::ks::Observable;
use crate::model::{Grid, Interaction, System, Wall};

/// Change it when the same plan would give different results.
const KIND: &str = "ksr training 8";

/// The key of a plan on a `device`. It depends neither on the seeds nor on the number of steps: each seed is kept under
/// it separately, and continues where a run of fewer steps ended.
pub(crate) fn key(plan: &Plan, device: &str) -> String {
    let mut key = ContentKey::new(KIND).text(env!("CARGO_PKG_VERSION")).text(device);
    let Plan {
        functional,
        cases,
        validation,
        scf,
        gradient,
        optimizer,
        starts,
        xc,
        snapshots,
        validate_every,
        // Each seed has its own file; the rest does not change a bit of the result.
        seeds: _,
        checkpoint_every: _,
        threads: _,
        memory: _,
    } = plan;
    key = self::functional(key, functional);
    key = key.text(&scf.content()).text(&optimizer.content()).integer(*validate_every as u64);
    key = key.text(match gradient {
        Gradient::Unrolled => "unrolled",
        Gradient::Implicit => "implicit",
        Gradient::Unsolved => "unsolved",
        Gradient::Minimised => "minimised",
    });
    // What is not asked for leaves the key as it was.
    if *snapshots > 1 {
        key = key.text("snapshots").integer(*snapshots as u64);
    }
    if let Some((xc, parameters)) = xc {
        key = self::functional(key.text("xc"), xc).numbers(parameters);
    }
    if let Some(starts) = starts {
        key = starts.iter().fold(key.text("starts"), |key, start| key.numbers(start));
    }
    for cases in [cases, validation] {
        key = cases.iter().fold(key.integer(cases.len() as u64), case);
    }
    key.finish()
}

/// Adds what a functional calculates.
pub(crate) fn functional(key: ContentKey, functional: &Compiled) -> ContentKey {
    let density = match functional.density {
        Density::Total => "total",
        Density::Spin => "spin",
    };
    let kind = match functional.kind {
        FunctionalKind::Xc => 0,
        FunctionalKind::Kinetic => 1,
        FunctionalKind::Potential => 2,
    };
    let key = graph(key, &functional.graph)
        .text(density)
        .integer(u64::from(functional.energy.0))
        .integers(&[functional.flip_average.into(), kind]);
    match functional.kind.has_energy() {
        true => key,
        false => functional.potential.iter().fold(key, |key, potential| key.integer(u64::from(potential.0))),
    }
}

fn case(key: ContentKey, case: &Case) -> ContentKey {
    let Case { systems, loss: LossGraph { graph, output, inputs } } = case;
    let key = systems.iter().fold(key.integer(systems.len() as u64), |key, one| system(key, one));
    let key = self::graph(key, graph).integers(&[u64::from(output.0), inputs.len() as u64]);
    let input =
        |key: ContentKey, LossInput { system, observable: of }: &LossInput| observable(key.integer(*system as u64), of);
    inputs.iter().fold(key, input)
}

fn observable(key: ContentKey, observable: &Observable) -> ContentKey {
    let one = |kind, number: usize| (kind, vec![number as u64]);
    let (kind, numbers) = match *observable {
        Observable::Energy(k) => one("energy", k),
        Observable::Density(k) => one("density", k),
        Observable::SpinDensity(spin) => one("spin density", spin),
        Observable::Potential(spin) => one("potential", spin),
        Observable::XcPotential(spin) => one("xc potential", spin),
        Observable::Part(term) => return key.text("term").text(term),
        Observable::OrbitalEnergy { spin, index } => ("orbital energy", vec![spin as u64, index as u64]),
        Observable::KineticPotential(spin) => one("kinetic potential", spin),
        Observable::ChemicalPotential(spin) => one("chemical potential", spin),
        Observable::Residual => ("residual", Vec::new()),
        Observable::Parameters => ("parameters", Vec::new()),
    };
    key.text(kind).integers(&numbers)
}

/// Adds what the solution of a system depends on.
pub(crate) fn system(key: ContentKey, system: &System) -> ContentKey {
    // The label is for messages; losses have the nuclear repulsion as a constant in their graph.
    let System { label: _, grid, interaction, nuclei, potential, nuclear_repulsion: _, electrons, unpaired } = system;
    let Grid { points, spacing, start, stencil, wall } = **grid;
    let kind = match interaction {
        Interaction::None => "none",
        Interaction::Exponential { .. } => "exponential",
        Interaction::Sampled { .. } => "sampled",
    };
    let wall = match wall {
        Wall::Zero => "zero",
        Wall::Odd => "odd",
    };
    let nuclei: Vec<f64> = nuclei.iter().map(|nucleus| nucleus.position).collect();
    key.numbers(&[spacing, start])
        .integers(&[points as u64, stencil as u64, *electrons as u64, *unpaired as u64])
        .text(wall)
        .text(kind)
        .numbers(&interaction.kernel(grid))
        .numbers(potential)
        .numbers(&nuclei)
}

/// Adds a graph, without names and places in the source.
pub(crate) fn graph(key: ContentKey, graph: &Graph) -> ContentKey {
    let Graph { nodes, inputs, params } = graph;
    let key = nodes.iter().fold(key.integer(nodes.len() as u64), node);
    let key = inputs.iter().fold(key.integer(inputs.len() as u64), |key, input| shape(key, input.shape));
    params.iter().fold(key.integer(params.len() as u64), param)
}

fn node(key: ContentKey, Node { op, inputs, shape: result, span: _ }: &Node) -> ContentKey {
    let Identity { kind, function, numbers } = op.identity();
    let inputs: Vec<u64> = inputs.iter().map(|input| u64::from(input.0)).collect();
    shape(key.text(kind).text(function).integers(&numbers).integers(&inputs), *result)
}

fn shape(key: ContentKey, Shape { grid, channels }: Shape) -> ContentKey {
    key.integers(&[grid.map_or(0, |level| u64::from(level) + 1), channels as u64])
}

fn param(key: ContentKey, ParamSpec { name: _, shape, init, bounds, span: _ }: &ParamSpec) -> ContentKey {
    let shape: Vec<u64> = shape.iter().map(|length| *length as u64).collect();
    let key = key.integers(&shape);
    let key = match init {
        Init::Values(values) => key.text("values").numbers(values),
        Init::Normal { mean, deviation } => key.text("normal").numbers(&[*mean, *deviation]),
        Init::HeNormal { fan_in } => key.text("he_normal").integer(*fan_in as u64),
    };
    bounds.iter().fold(key, |key, (low, high)| key.numbers(&[*low, *high]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Grid;
    use std::sync::Arc;

    #[test]
    fn the_name_of_an_interaction_is_not_part_of_the_key() {
        let of = |name: &str, tail: f64| {
            let kernel = vec![1.0, 0.5, tail].into();
            let made = System {
                label: "s".into(),
                grid: Arc::new(Grid::centred(3, 0.5)),
                interaction: Interaction::Sampled { name: name.into(), kernel },
                nuclei: vec![],
                potential: vec![0.0; 3].into(),
                nuclear_repulsion: 0.0,
                electrons: 1,
                unpaired: 1,
            };
            system(ContentKey::new("test"), &made).finish()
        };
        assert_eq!(of("mine", 0.25), of("yours", 0.25));
        assert_ne!(of("mine", 0.25), of("mine", 0.2));
    }
}

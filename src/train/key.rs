//! The content key of a training run: a hash of what is trained, on what, and how, without source texts, places or file
//! names.

use super::plan::{Case, Gradient, Plan};
use crate::data::ContentKey;
use crate::graph::Graph;
use crate::model::{Interaction, System};

/// Change it when the same plan would give different results.
const KIND: &str = "ksr training 5";

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
        validate_every,
        // Each seed has its own file; the rest does not change a bit of the result.
        seeds: _,
        checkpoint_every: _,
        threads: _,
        memory: _,
    } = plan;
    key = graph(key, &functional.graph);
    key = key.text(&format!("{:?} {:?} {}", functional.energy, functional.density, functional.flip_average));
    key = key.text(&scf.content()).text(&optimizer.content()).integer(*validate_every as u64);
    key = key.text(match gradient {
        Gradient::Unrolled => "unrolled",
        Gradient::Implicit => "implicit",
    });
    for cases in [cases, validation] {
        key = cases.iter().fold(key.integer(cases.len() as u64), case);
    }
    key.finish()
}

fn case(key: ContentKey, case: &Case) -> ContentKey {
    let key = graph(system(key, &case.system), &case.loss.graph);
    key.text(&format!("{:?} {:?}", case.loss.output, case.loss.inputs))
}

/// Adds what the solution of a system depends on.
fn system(key: ContentKey, system: &System) -> ContentKey {
    let grid = &system.grid;
    let kind = match system.interaction {
        Interaction::None => "none",
        Interaction::Exponential { .. } => "exponential",
        Interaction::Sampled { .. } => "sampled",
    };
    let nuclei: Vec<f64> = system.nuclei.iter().map(|nucleus| nucleus.position).collect();
    key.numbers(&[grid.spacing, grid.start])
        .text(&format!("{} {} {:?} {kind}", grid.points, grid.stencil, grid.wall))
        .numbers(&system.interaction.kernel(grid))
        .numbers(&system.potential)
        .numbers(&nuclei)
        .integer(system.electrons as u64)
        .integer(system.unpaired as u64)
}

/// Adds a graph, without places in the source.
pub(crate) fn graph(key: ContentKey, graph: &Graph) -> ContentKey {
    let mut key = key.integer(graph.nodes.len() as u64);
    for node in &graph.nodes {
        key = key.text(&format!("{:?} {:?} {:?}", node.op, node.inputs, node.shape));
    }
    for param in &graph.params {
        key = key.text(&format!("{:?} {:?} {:?}", param.shape, param.init, param.bounds));
    }
    key
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

//! The content key of a training: the bits of what is trained, on what, and how. No source texts, places or names of files.

use super::plan::{Case, Plan};
use crate::data::ContentKey;
use crate::functional::Graph;
use crate::model::System;

/// Changes when the same plan would give other results.
const KIND: &str = "ksr training 1";

/// The key of a plan. Seeds do not enter: each is kept under it on its own.
pub(crate) fn key(plan: &Plan) -> String {
    let mut key = ContentKey::new(KIND).text(env!("CARGO_PKG_VERSION"));
    let functional = &plan.functional;
    key = graph(key, &functional.graph);
    key = key.text(&format!("{:?} {:?} {}", functional.energy, functional.density, functional.flip_average));
    key = key.text(&format!("{:?} {:?} {}", plan.scf, plan.optimizer, plan.validate_every));
    for cases in [&plan.cases, &plan.validation] {
        key = cases.iter().fold(key.integer(cases.len() as u64), case);
    }
    key.finish()
}

fn case(key: ContentKey, case: &Case) -> ContentKey {
    let key = graph(system(key, &case.system), &case.loss.graph);
    key.text(&format!("{:?} {:?}", case.loss.output, case.loss.inputs))
}

/// Takes in what is solved of a system.
fn system(key: ContentKey, system: &System) -> ContentKey {
    let grid = &system.grid;
    let nuclei: Vec<f64> = system.nuclei.iter().map(|nucleus| nucleus.position).collect();
    key.numbers(&[grid.spacing, grid.start])
        .text(&format!("{} {} {:?} {:?}", grid.points, grid.stencil, grid.wall, system.interaction))
        .numbers(&system.potential)
        .numbers(&nuclei)
        .integer(system.electrons as u64)
        .integer(system.unpaired as u64)
}

/// Takes in a graph, without its places.
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

//! Whether two nodes of a graph are the same calculation, so that an energy that is already symmetric in the spins is
//! not averaged again.

use crate::graph::{Graph, NodeId, Op};
use std::collections::BTreeMap;

/// Whether two nodes are the same calculation, judging by their operations (sums and products in either order).
pub fn same(graph: &Graph, a: NodeId, b: NodeId) -> bool {
    let mut seen = BTreeMap::new();
    let mut numbers: Vec<usize> = Vec::with_capacity(graph.nodes.len());
    for node in graph.nodes.iter().take(a.max(b).0 as usize + 1) {
        let mut inputs: Vec<usize> = node.inputs.iter().map(|i| numbers[i.0 as usize]).collect();
        if commutes(&node.op) {
            inputs.sort_unstable();
        }
        let next = seen.len();
        let key = (node.op.identity(), node.shape, inputs);
        numbers.push(*seen.entry(key).or_insert(next));
    }
    numbers[a.0 as usize] == numbers[b.0 as usize]
}

fn commutes(op: &Op) -> bool {
    matches!(op, Op::Binary(f) if f.commutes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Binary, Shape};
    use crate::source::Span;

    #[test]
    fn sums_and_products_are_the_same_in_either_order_and_differences_are_not() {
        let (mut g, s) = (Graph::new(), Span::default());
        let (up, down) = (g.input("n_up", Shape::FIELD, s), g.input("n_down", Shape::FIELD, s));
        let mut pair = |f| (g.binary(f, up, down, s).unwrap(), g.binary(f, down, up, s).unwrap());
        let (sum, product, difference) = (pair(Binary::Add), pair(Binary::Mul), pair(Binary::Sub));
        assert!(same(&g, sum.0, sum.1) && same(&g, product.0, product.1));
        assert!(!same(&g, difference.0, difference.1));
        let (a, b) = (g.binary(Binary::Div, product.0, sum.1, s), g.binary(Binary::Div, product.1, sum.0, s));
        assert!(same(&g, a.unwrap(), b.unwrap()));
    }
}

//! Sums of fields with constant factors.

use super::nodes::{Binary, Graph, NodeId, Op, Unary};

/// Factors this close are the same.
const ROUNDING: f64 = 1e-12;

/// Whether the nodes `given`, added up, are the sum of the nodes `own`, judging by sums and constant factors.
pub fn adds_up(graph: &Graph, given: &[NodeId], own: &[NodeId]) -> bool {
    let mut sum = vec![0.0; own.len()];
    for node in given {
        let Some(factors) = factors(graph, *node, own) else { return false };
        sum.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += factor);
    }
    sum.iter().all(|factor| (factor - 1.0).abs() <= ROUNDING)
}

/// The factors of the nodes `own` in a node; `None`: it is no sum of them.
fn factors(graph: &Graph, node: NodeId, own: &[NodeId]) -> Option<Vec<f64>> {
    // Every node in turn, as a body may be deep.
    let mut known: Vec<Option<Vec<f64>>> = Vec::with_capacity(node.0 as usize + 1);
    for index in 0..=node.0 {
        let here = graph.nodes.get(index as usize)?;
        let place = own.iter().position(|own| own.0 == index);
        let input = |k: usize| here.inputs.get(k).and_then(|input| known.get(input.0 as usize)?.as_ref());
        let constant = |k: usize| here.inputs.get(k).and_then(|input| graph.as_constant(*input));
        let times = |of: &Vec<f64>, factor: f64| of.iter().map(|x| factor * x).collect::<Vec<f64>>();
        let sum = |sign: f64| {
            let (a, b) = (input(0)?, input(1)?);
            Some(a.iter().zip(b).map(|(a, b)| a + sign * b).collect())
        };
        let found = match (place, &here.op) {
            (Some(place), _) => Some((0..own.len()).map(|k| f64::from(u8::from(k == place))).collect()),
            (None, Op::Binary(Binary::Add)) => sum(1.0),
            (None, Op::Binary(Binary::Sub)) => sum(-1.0),
            (None, Op::Binary(Binary::Mul)) => match (input(0), input(1)) {
                (Some(of), None) => constant(1).map(|factor| times(of, factor)),
                (None, Some(of)) => constant(0).map(|factor| times(of, factor)),
                _ => None,
            },
            (None, Op::Binary(Binary::Div)) => input(0).zip(constant(1)).map(|(of, factor)| times(of, 1.0 / factor)),
            (None, Op::Unary(Unary::Neg)) => input(0).map(|of| times(of, -1.0)),
            (None, Op::Broadcast) => input(0).cloned(),
            _ => None,
        };
        known.push(found);
    }
    known.pop()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Shape;
    use crate::source::Span;

    #[test]
    fn sums_with_factors_are_recognised() {
        let (mut g, s) = (Graph::new(), Span::default());
        let (up, down) = (g.input("n_up", Shape::FIELD, s), g.input("n_down", Shape::FIELD, s));
        let own = [up, down];
        let whole = g.binary(Binary::Add, down, up, s).expect("a sum");
        let half = g.scale(0.5, whole, s);
        let rest = g.binary(Binary::Sub, whole, half, s).expect("a difference");
        let product = g.binary(Binary::Mul, up, down, s).expect("a product");
        assert!(adds_up(&g, &own, &own) && adds_up(&g, &[whole], &own) && adds_up(&g, &[half, rest], &own));
        assert!(!adds_up(&g, &[half], &own) && !adds_up(&g, &[up], &own) && !adds_up(&g, &[product], &own));
        assert!(!adds_up(&g, &[whole, up], &own));
    }
}

use super::*;
use crate::graph::nodes::OpKind;
use crate::graph::{Formula, GridMap, Init, ParamSpec, Routine};
use crate::model::{Grid, Interaction};
use crate::tensor::{Cpu, NoneTape, Value};
use std::sync::Arc;
use strum::IntoEnumIterator;

const POINTS: usize = 9;
const CHANNELS: usize = 2;
const S: Span = Span { source: crate::source::SourceId(0), start: 0, end: 0 };

/// An expression of x, a field of two channels with values between 0 and 1.
type Body = Box<dyn Fn(&mut Graph, NodeId) -> Result<NodeId, ShapeError>>;

fn body(f: impl Fn(&mut Graph, NodeId) -> Result<NodeId, ShapeError> + 'static) -> Vec<Body> {
    vec![Box::new(f)]
}

/// A level on which the map has a result, with x on it.
fn suited(g: &mut Graph, map: GridMap, x: NodeId) -> Result<NodeId, ShapeError> {
    if map == GridMap::Upsample { g.map(GridMap::Downsample, x, S) } else { Ok(x) }
}

fn field(g: &Graph, grid: Option<u8>, channels: usize, x: NodeId) -> Shape {
    Shape { grid: grid.or(g.shape(x).grid), channels }
}

/// Uses of an operation; the compiler requires them for every new one.
fn bodies(kind: OpKind) -> Vec<Body> {
    match kind {
        OpKind::Input => body(|_, x| Ok(x)),
        // Parameters count as fixed.
        OpKind::Param => body(|g, x| {
            let spec =
                ParamSpec { name: "p".into(), shape: vec![], init: Init::Values(vec![0.7]), bounds: None, span: S };
            let p = g.param(spec);
            g.binary(Binary::Mul, p, x, S)
        }),
        OpKind::Const => body(|g, x| {
            let factors = g.vector(&[0.4, -1.3], S);
            g.binary(Binary::Mul, factors, x, S)
        }),
        OpKind::Spacing => body(|g, x| g.integral(x, S)),
        OpKind::Points => body(|g, x| g.mean_grid(x, S)),
        OpKind::Unary => Unary::iter()
            .chain([2.0, 1.5, -3.0].map(Unary::Pow))
            .map(|f| Box::new(move |g: &mut Graph, x| Ok(g.push(Op::Unary(f), vec![x], g.shape(x), S))) as Body)
            .collect(),
        OpKind::Binary => Binary::iter()
            .map(|f| {
                Box::new(move |g: &mut Graph, x| {
                    let (a, b) = (g.channel(x, 0, S)?, g.channel(x, 1, S)?);
                    Ok(g.push(Op::Binary(f), vec![a, b], g.shape(a), S))
                }) as Body
            })
            .collect(),
        OpKind::Where => body(|g, x| {
            let half = g.constant(0.5, S);
            let (condition, root) = (g.binary(Binary::Less, half, x, S)?, g.unary(Unary::Sqrt, x, S));
            g.select(condition, root, x, S)
        }),
        OpKind::Broadcast => body(|g, x| {
            let sum = g.sum_grid(x, S)?;
            Ok(g.stretch(sum, Shape::field(CHANNELS), S))
        }),
        OpKind::SumGrid => body(|g, x| g.sum_grid(x, S)),
        OpKind::SumChannels => body(|g, x| Ok(g.sum_channels(x, S))),
        OpKind::MaxGrid => body(|g, x| g.max_grid(x, S)),
        OpKind::MaxChannels => body(|g, x| {
            let half = g.constant(0.5, S);
            let (a, b) = (g.channel(x, 0, S)?, g.channel(x, 1, S)?);
            g.extreme(Binary::Max, &[a, half, b], S)
        }),
        OpKind::Concat => body(|g, x| {
            let sine = g.unary(Unary::Sin, x, S);
            g.concat(&[sine, x, sine], S)
        }),
        OpKind::Channels => body(|g, x| g.channel(x, 1, S)),
        OpKind::ChannelsT => {
            body(|g, x| Ok(g.push(Op::ChannelsT { from: 1, to: 3 }, vec![x], field(g, None, 4, x), S)))
        }
        OpKind::Map => GridMap::iter()
            .map(|map| {
                Box::new(move |g: &mut Graph, x| {
                    let x = suited(g, map, x)?;
                    g.map(map, x, S)
                }) as Body
            })
            .collect(),
        OpKind::MapT => GridMap::iter()
            .map(|map| {
                Box::new(move |g: &mut Graph, x| {
                    let x = suited(g, map, x)?;
                    let mapped = g.map(map, x, S)?;
                    Ok(g.push(Op::MapT(map), vec![mapped], g.shape(x), S))
                }) as Body
            })
            .collect(),
        OpKind::Hartree => body(|g, x| g.hartree(x, S)),
        OpKind::ExpConv => body(|g, x| {
            let widths = g.vector(&[0.2, 0.5, 1.1], S);
            g.exp_conv(x, widths, S)
        }),
        OpKind::ExpConvT => body(|g, x| {
            let widths = g.vector(&[0.2, 0.5], S);
            Ok(g.push(Op::ExpConvT, vec![x, widths], field(g, None, 1, x), S))
        }),
        OpKind::Conv => body(|g, x| {
            let weight = g.vector(&numbers(3 * CHANNELS * 3), S);
            g.conv(x, weight, 3, 3, S)
        }),
        OpKind::ConvT => body(|g, x| {
            let weight = g.vector(&numbers(3 * 3 * CHANNELS), S);
            let op = Op::ConvT { width: 3, input: 3, output: CHANNELS };
            Ok(g.push(op, vec![x, weight], field(g, None, 3, x), S))
        }),
        // Of weights, which may not move.
        OpKind::FlipWeight => body(|g, x| {
            let weight = g.sum_grid(x, S)?;
            let op = Op::FlipWeight { width: 1, input: CHANNELS, output: 1 };
            Ok(g.push(op, vec![weight], g.shape(weight), S))
        }),
        OpKind::MergeWeight => body(|g, x| {
            let weight = g.sum_grid(x, S)?;
            let op = Op::MergeWeight { width: 1, input: 1, output: 1, channels: [0; CHANNELS].into() };
            Ok(g.push(op, vec![weight], Shape::SCALAR, S))
        }),
    }
}

/// Numbers between 0 and 1, no two alike.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| 0.5 + 0.4 * (1.7 * i as f64 + 0.3).sin()).collect()
}

/// The sum of the numbers of a node, each times its own weight.
fn weighted(g: &mut Graph, y: NodeId) -> Result<NodeId, ShapeError> {
    let shape = g.shape(y);
    let points = shape.grid.map_or(1, |level| (0..level).fold(POINTS, |points, _| points.div_ceil(2)));
    let weights = g.push(Op::Const(numbers(points * shape.channels).into()), vec![], shape, S);
    let mut sum = g.binary(Binary::Mul, weights, y, S)?;
    if shape.grid.is_some() {
        sum = g.sum_grid(sum, S)?;
    }
    Ok(g.sum_channels(sum, S))
}

fn evaluated(g: &Graph, node: NodeId, x: &[f64]) -> Vec<f64> {
    let (grid, device) = (Grid::centred(POINTS, 0.3), Cpu::default());
    let mut plain = g.clone();
    // A formula has no parameters: theirs become numbers.
    for node in &mut plain.nodes {
        if let Op::Param(_) = node.op {
            node.op = Op::Const([0.7].into());
        }
    }
    plain.params.clear();
    let formula = Formula::new(&Arc::new(Routine::new(&plain, &[node])), &grid, &Interaction::BAKER).unwrap();
    let x = Value::constant(&device, (1, POINTS, CHANNELS), x.to_vec()).unwrap();
    let (values, _) = formula.run(&formula.on(&device).unwrap(), &[&x], NoneTape).unwrap();
    values[0].host().to_vec()
}

#[test]
fn every_operation_has_the_derivative_of_its_finite_differences_or_refuses() {
    for kind in OpKind::iter() {
        for body in bodies(kind) {
            let mut g = Graph::new();
            let x = g.input("x", Shape::field(CHANNELS), S);
            let y = body(&mut g, x).unwrap();
            assert!(g.nodes.iter().any(|node| OpKind::from(&node.op) == kind), "{kind:?} is not in its example");
            let op = g.node(y).op.clone();
            let sum = weighted(&mut g, y).unwrap();
            let derivative = match gradient(&mut g, sum, &[x]) {
                Ok(derivative) => derivative[0],
                Err(DifferentiateError::MovingKernel { .. }) => {
                    assert!(matches!(kind, OpKind::FlipWeight | OpKind::MergeWeight), "{op:?}");
                    continue;
                }
                Err(error) => panic!("{op:?}: {error}"),
            };
            let at = numbers(POINTS * CHANNELS);
            let slopes = evaluated(&g, derivative, &at);
            for (i, slope) in slopes.into_iter().enumerate() {
                let moved = |step: f64| {
                    let mut x = at.clone();
                    x[i] += step;
                    evaluated(&g, sum, &x)[0]
                };
                let h = 1e-4;
                let numeric = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
                assert!((numeric - slope).abs() < 1e-8 * (1.0 + numeric.abs()), "{op:?}, entry {i}: {numeric} {slope}");
            }
        }
    }
}

#[test]
fn kernels_that_move_are_refused() {
    let mut g = Graph::new();
    let x = g.input("x", Shape::field(CHANNELS), S);
    let widths = g.sum_grid(x, S).unwrap();
    for y in [g.exp_conv(x, widths, S).unwrap(), g.conv(x, widths, 1, 1, S).unwrap()] {
        let sum = weighted(&mut g, y).unwrap();
        assert!(matches!(gradient(&mut g, sum, &[x]), Err(DifferentiateError::MovingKernel { .. })));
    }
}

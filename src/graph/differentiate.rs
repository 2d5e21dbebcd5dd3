//! Reverse-mode differentiation from graph to graph: the adjoint of every operation consists of operations of the same set, so
//! that the derivative of an energy can be lowered, and differentiated again, like any other graph.
//!
//! Cotangents that are exactly 0 (an untaken branch of `where`, a field outside its support) must suppress slopes that are
//! infinite or NaN there: such products are [`Binary::MulZero`] and [`Binary::DivZero`].
//!
//! A slope that is 0 because the function is even, as that of u^2 at u = 0, or because the other factor of a product is 0, likewise
//! suppresses a cotangent that is infinite there, as that of a square root: such products are [`Binary::MulZeros`]. Where several
//! values are the largest or smallest, they share the cotangent equally.

use super::nodes::{Binary, Graph, NodeId, Op, Unary};
use super::shapes::{Shape, ShapeError};
use crate::source::Span;
use std::f64::consts::{LOG2_E, LOG10_E};

/// Why there is no derivative.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DifferentiateError {
    /// A kernel width or weight that depends on the density.
    #[error("the {what} of `{operation}` depend on the density, for which ksr has no derivative")]
    MovingKernel {
        /// `conv` or `global_conv`.
        operation: &'static str,
        /// `weights` or `widths`.
        what: &'static str,
        /// Where.
        span: Span,
    },
    /// A shape mismatch.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// Appends the derivatives of `output`, a single number, with respect to each node of `wrt`, in the shape of that node: the
/// change of the output is the plain sum over points and channels of derivative times change. Parameters and everything else
/// are constants.
pub fn gradient(graph: &mut Graph, output: NodeId, wrt: &[NodeId]) -> Result<Vec<NodeId>, DifferentiateError> {
    graph.expect_shape("derivative", output, Shape::SCALAR)?;
    let span = graph.node(output).span;
    let moving = moving(graph, output, wrt);
    let mut adjoints: Vec<Option<NodeId>> = vec![None; moving.len()];
    adjoints[output.0 as usize] = Some(graph.constant(1.0, span));
    for index in (0..moving.len()).rev() {
        if !moving[index] {
            continue;
        }
        let Some(adjoint) = adjoints[index] else { continue };
        let node = NodeId(index as u32);
        for (argument, part) in pullback(graph, node, adjoint, &moving)? {
            let slot = argument.0 as usize;
            let span = graph.node(argument).span;
            adjoints[slot] = Some(match adjoints[slot] {
                None => part,
                Some(sum) => graph.binary(Binary::Add, sum, part, span)?,
            });
        }
    }
    let derivative = |graph: &mut Graph, &node: &NodeId| {
        let adjoint = adjoints.get(node.0 as usize).copied().flatten();
        let shape = graph.shape(node);
        let adjoint = adjoint.unwrap_or_else(|| graph.constant(0.0, span));
        graph.stretch(adjoint, shape, span)
    };
    Ok(wrt.iter().map(|node| derivative(graph, node)).collect())
}

/// Which nodes up to `output` depend on `wrt`.
fn moving(graph: &Graph, output: NodeId, wrt: &[NodeId]) -> Vec<bool> {
    let mut moving = vec![false; output.0 as usize + 1];
    for index in 0..moving.len() {
        let depends = graph.nodes[index].inputs.iter().any(|i| moving[i.0 as usize]);
        moving[index] = depends || wrt.contains(&NodeId(index as u32));
    }
    moving
}

/// Sums an adjoint to the shape of the operand that it belongs to.
fn sum_to(graph: &mut Graph, mut x: NodeId, shape: Shape, span: Span) -> Result<NodeId, ShapeError> {
    let found = graph.shape(x);
    if shape.channels == 1 && found.channels > 1 {
        x = graph.sum_channels(x, span);
    }
    if shape.grid.is_none() && found.grid.is_some() {
        x = graph.sum_grid(x, span)?;
    }
    Ok(x)
}

/// The contributions of a node's adjoint to those of its moving arguments.
fn pullback(
    graph: &mut Graph,
    node: NodeId,
    adjoint: NodeId,
    moving: &[bool],
) -> Result<Vec<(NodeId, NodeId)>, DifferentiateError> {
    let (op, inputs, shape, span) = {
        let node = graph.node(node);
        (node.op.clone(), node.inputs.clone(), node.shape, node.span)
    };
    let moves = |x: NodeId| moving[x.0 as usize];
    // An operation that is linear in its first argument passes its transpose of the adjoint to that argument.
    let transposed = |graph: &mut Graph, transpose: Op| {
        let full = graph.stretch(adjoint, shape, span);
        let arguments = std::iter::once(full).chain(inputs.iter().skip(1).copied()).collect();
        let x = graph.shape(inputs[0]);
        (inputs[0], graph.push(transpose, arguments, x, span))
    };
    let mut parts = Vec::new();
    match op {
        Op::Unary(f) => parts.push((inputs[0], unary(graph, f, inputs[0], node, adjoint, span)?)),
        Op::Binary(f) => match silu(graph, f, &inputs) {
            Some((x, sigmoid)) => {
                let slope = graph.binary(Binary::SiluSlope, x, sigmoid, span)?;
                parts.push((x, graph.binary(Binary::MulZero, adjoint, slope, span)?));
            }
            None => {
                for (position, &argument) in inputs.iter().enumerate().filter(|(_, x)| moves(**x)) {
                    let part = binary(graph, f, &inputs, position, node, adjoint, span)?;
                    if let Some(part) = part {
                        let stretched = graph.stretch(part, shape, span);
                        parts.push((argument, sum_to(graph, stretched, graph.shape(argument), span)?));
                    }
                }
            }
        },
        Op::Where => {
            let zero = graph.constant(0.0, span);
            let full = graph.stretch(adjoint, shape, span);
            for (position, &argument) in inputs.iter().enumerate().skip(1).filter(|(_, x)| moves(**x)) {
                let (taken, other) = if position == 1 { (full, zero) } else { (zero, full) };
                let part = graph.select(inputs[0], taken, other, span)?;
                parts.push((argument, sum_to(graph, part, graph.shape(argument), span)?));
            }
        }
        Op::Concat => {
            let full = graph.stretch(adjoint, shape, span);
            let mut from = 0;
            for &argument in &inputs {
                let to = from + graph.shape(argument).channels;
                if moves(argument) {
                    parts.push((argument, graph.channels(full, from, to, span)?));
                }
                from = to;
            }
        }
        Op::ExpConv | Op::ExpConvT if moves(inputs[1]) => {
            return Err(DifferentiateError::MovingKernel { operation: "global_conv", what: "widths", span });
        }
        Op::Conv { .. } | Op::ConvT { .. } if moves(inputs[1]) => {
            return Err(DifferentiateError::MovingKernel { operation: "conv", what: "weights", span });
        }
        // Depends on weights only.
        Op::FlipWeight { .. } | Op::MergeWeight { .. } => {
            return Err(DifferentiateError::MovingKernel { operation: "conv", what: "weights", span });
        }
        Op::Broadcast => {
            let full = graph.stretch(adjoint, shape, span);
            parts.push((inputs[0], sum_to(graph, full, graph.shape(inputs[0]), span)?));
        }
        Op::SumGrid | Op::SumChannels => {
            let full = graph.stretch(adjoint, shape, span);
            parts.push((inputs[0], graph.stretch(full, graph.shape(inputs[0]), span)));
        }
        Op::MaxGrid => {
            let full = graph.stretch(adjoint, shape, span);
            let largest = graph.binary(Binary::Eq, inputs[0], node, span)?;
            let count = graph.sum_grid(largest, span)?;
            let share = graph.binary(Binary::Div, full, count, span)?;
            parts.push((inputs[0], graph.binary(Binary::MulZero, largest, share, span)?));
        }
        Op::MaxChannels => {
            let full = graph.stretch(adjoint, shape, span);
            let largest = graph.binary(Binary::Eq, inputs[0], node, span)?;
            let count = graph.sum_channels(largest, span);
            let share = graph.binary(Binary::Div, full, count, span)?;
            parts.push((inputs[0], graph.binary(Binary::MulZero, largest, share, span)?));
        }
        // Constant without arguments.
        Op::Input(_) | Op::Param(_) | Op::Const(_) | Op::Spacing | Op::Points(_) => {}
        Op::Channels { from, to } => parts.push(transposed(graph, Op::ChannelsT { from, to })),
        Op::ChannelsT { from, to } => parts.push(transposed(graph, Op::Channels { from, to })),
        Op::Map(map) => parts.push(transposed(graph, Op::MapT(map))),
        Op::MapT(map) => parts.push(transposed(graph, Op::Map(map))),
        Op::Hartree => parts.push(transposed(graph, Op::Hartree)),
        Op::ExpConv => parts.push(transposed(graph, Op::ExpConvT)),
        Op::ExpConvT => parts.push(transposed(graph, Op::ExpConv)),
        Op::Conv { width, input, output } => parts.push(transposed(graph, Op::ConvT { width, input, output })),
        Op::ConvT { width, input, output } => parts.push(transposed(graph, Op::Conv { width, input, output })),
    }
    Ok(parts)
}

/// x and sigmoid(x), if these are the two factors: one slope is cheaper than the two of a product.
fn silu(graph: &Graph, f: Binary, factors: &[NodeId]) -> Option<(NodeId, NodeId)> {
    let [a, b] = *factors else { return None };
    if f != Binary::Mul {
        return None;
    }
    let is = |x: NodeId, s: NodeId| graph.node(s).op == Op::Unary(Unary::Sigmoid) && graph.node(s).inputs[0] == x;
    if is(a, b) { Some((a, b)) } else { is(b, a).then_some((b, a)) }
}

/// Adjoint of an elementwise function of one argument; `y` is its value.
fn unary(graph: &mut Graph, f: Unary, x: NodeId, y: NodeId, adjoint: NodeId, span: Span) -> Result<NodeId, ShapeError> {
    let g = graph;
    let shape = g.shape(x);
    let square = |g: &mut Graph, u| g.unary(Unary::Pow(2.0), u, span);
    let one = g.constant(1.0, span);
    // 1 - u^2, for the inverse trigonometric functions and tanh.
    let one_minus_square = |g: &mut Graph, u| {
        let u2 = g.unary(Unary::Pow(2.0), u, span);
        g.binary(Binary::Sub, one, u2, span)
    };
    let slope = match f {
        Unary::Neg => {
            let minus = g.unary(Unary::Neg, adjoint, span);
            return Ok(g.stretch(minus, shape, span));
        }
        Unary::Sign => {
            let zero = g.constant(0.0, span);
            return Ok(g.stretch(zero, shape, span));
        }
        // Divisions: the cotangent over something.
        Unary::Ln => return g.binary(Binary::DivZero, adjoint, x, span),
        Unary::Log2 | Unary::Log10 => {
            let natural = g.binary(Binary::DivZero, adjoint, x, span)?;
            return Ok(g.scale(if f == Unary::Log2 { LOG2_E } else { LOG10_E }, natural, span));
        }
        Unary::Ln1p => {
            let below = g.binary(Binary::Add, one, x, span)?;
            return g.binary(Binary::DivZero, adjoint, below, span);
        }
        Unary::Sqrt => {
            let below = g.scale(2.0, y, span);
            return g.binary(Binary::DivZero, adjoint, below, span);
        }
        Unary::Asin | Unary::Acos => {
            let inside = one_minus_square(g, x)?;
            let root = g.unary(Unary::Sqrt, inside, span);
            let part = g.binary(Binary::DivZero, adjoint, root, span)?;
            return Ok(if f == Unary::Acos { g.unary(Unary::Neg, part, span) } else { part });
        }
        Unary::Atan => {
            let x2 = square(g, x);
            let below = g.binary(Binary::Add, one, x2, span)?;
            return g.binary(Binary::DivZero, adjoint, below, span);
        }
        Unary::Abs => g.unary(Unary::Sign, x, span),
        Unary::Recip => {
            let y2 = square(g, y);
            g.unary(Unary::Neg, y2, span)
        }
        Unary::Exp => y,
        Unary::Expm1 => g.binary(Binary::Add, y, one, span)?,
        Unary::Sin => g.unary(Unary::Cos, x, span),
        Unary::Cos => {
            let sin = g.unary(Unary::Sin, x, span);
            g.unary(Unary::Neg, sin, span)
        }
        Unary::Tan => {
            let y2 = square(g, y);
            g.binary(Binary::Add, one, y2, span)?
        }
        Unary::Sinh => g.unary(Unary::Cosh, x, span),
        Unary::Cosh => g.unary(Unary::Sinh, x, span),
        Unary::Tanh => one_minus_square(g, y)?,
        Unary::Sigmoid => {
            let rest = g.binary(Binary::Sub, one, y, span)?;
            g.binary(Binary::Mul, y, rest, span)?
        }
        Unary::Softplus => g.unary(Unary::Sigmoid, x, span),
        Unary::Pow(p) => {
            let power = g.unary(Unary::Pow(p - 1.0), x, span);
            g.scale(p, power, span)
        }
    };
    g.binary(if f.is_even() { Binary::MulZeros } else { Binary::MulZero }, adjoint, slope, span)
}

/// Adjoint of an elementwise function of two arguments with respect to one; `y` is its value. `None`: the slope is 0.
fn binary(
    graph: &mut Graph,
    f: Binary,
    inputs: &[NodeId],
    position: usize,
    y: NodeId,
    adjoint: NodeId,
    span: Span,
) -> Result<Option<NodeId>, ShapeError> {
    let g = graph;
    let (a, b, first) = (inputs[0], inputs[1], position == 0);
    Ok(Some(match f {
        Binary::Add => adjoint,
        Binary::Sub if first => adjoint,
        Binary::Sub => g.unary(Unary::Neg, adjoint, span),
        Binary::Mul | Binary::MulZero | Binary::MulZeros => {
            g.binary(Binary::MulZeros, adjoint, if first { b } else { a }, span)?
        }
        Binary::Div | Binary::DivZero if first => g.binary(Binary::DivZero, adjoint, b, span)?,
        Binary::Div | Binary::DivZero => {
            let change = g.binary(Binary::MulZeros, adjoint, y, span)?;
            let part = g.binary(Binary::DivZero, change, b, span)?;
            g.unary(Unary::Neg, part, span)
        }
        Binary::Pow if first => {
            let one = g.constant(1.0, span);
            let less = g.binary(Binary::Sub, b, one, span)?;
            let power = g.binary(Binary::Pow, a, less, span)?;
            let slope = g.binary(Binary::Mul, b, power, span)?;
            g.binary(Binary::MulZero, adjoint, slope, span)?
        }
        Binary::Pow => {
            let ln = g.unary(Unary::Ln, a, span);
            let change = g.binary(Binary::MulZero, adjoint, y, span)?;
            g.binary(Binary::MulZero, change, ln, span)?
        }
        Binary::Min | Binary::Max => {
            let order = if first == (f == Binary::Max) { [a, b] } else { [b, a] };
            let share = g.binary(Binary::Share, order[0], order[1], span)?;
            g.binary(Binary::MulZeros, adjoint, share, span)?
        }
        Binary::SiluSlope => {
            let one = g.constant(1.0, span);
            let slope = if first {
                let rest = g.binary(Binary::Sub, one, b, span)?;
                g.binary(Binary::Mul, b, rest, span)?
            } else {
                let twice = g.scale(2.0, b, span);
                let rest = g.binary(Binary::Sub, one, twice, span)?;
                let bend = g.binary(Binary::Mul, a, rest, span)?;
                g.binary(Binary::Add, one, bend, span)?
            };
            g.binary(Binary::MulZero, adjoint, slope, span)?
        }
        Binary::Less | Binary::LessEq | Binary::Eq | Binary::Share => return Ok(None),
    }))
}

#[cfg(test)]
#[path = "differentiate_tests.rs"]
mod tests;

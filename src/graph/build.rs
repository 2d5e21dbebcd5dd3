//! The builder: every operation of the language as a method that infers the shape of its result, or explains why there is
//! none. Elementwise operations are simplified (see `fold`). Linear operators along the grid are in `operators`.

use super::nodes::{Binary, Graph, InputSpec, Node, NodeId, Op, ParamSpec, Unary};
use super::shapes::{Shape, ShapeError, broadcast, size};
use crate::source::Span;

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a node without inference or simplification.
    pub(super) fn push(&mut self, op: Op, inputs: Vec<NodeId>, shape: Shape, span: Span) -> NodeId {
        self.nodes.push(Node { op, inputs, shape, span });
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// A new input.
    pub fn input(&mut self, name: impl Into<String>, shape: Shape, span: Span) -> NodeId {
        self.inputs.push(InputSpec { name: name.into(), shape });
        self.push(Op::Input(self.inputs.len() - 1), vec![], shape, span)
    }

    /// A number.
    pub fn constant(&mut self, value: f64, span: Span) -> NodeId {
        self.push(Op::Const([value].into()), vec![], Shape::SCALAR, span)
    }

    /// A vector of numbers without a grid (a single one is a plain number).
    pub fn vector(&mut self, values: &[f64], span: Span) -> NodeId {
        self.push(Op::Const(values.into()), vec![], Shape::vector(values.len()), span)
    }

    /// Fixed values on the system's grid, channel-contiguous: `values[point * channels + channel]`. Their number is checked
    /// against the points when the graph is bound to a grid.
    pub fn samples(&mut self, values: &[f64], channels: usize, span: Span) -> NodeId {
        self.push(Op::Const(values.into()), vec![], Shape::field(channels.max(1)), span)
    }

    /// A new trainable array, as a vector without a grid of its flat values. With bounds a .. b the array stores t, and
    /// the node is a + (b - a) sigmoid(t).
    pub fn param(&mut self, spec: ParamSpec) -> NodeId {
        let (span, shape, bounds) = (spec.span, Shape::vector(spec.len()), spec.bounds);
        self.params.push(spec);
        let raw = self.push(Op::Param(self.params.len() - 1), vec![], shape, span);
        let Some((a, b)) = bounds else { return raw };
        let t = self.unary(Unary::Sigmoid, raw, span);
        let (low, range) = (self.constant(a, span), self.constant(b - a, span));
        let scaled = self.push(Op::Binary(Binary::Mul), vec![t, range], shape, span);
        self.push(Op::Binary(Binary::Add), vec![scaled, low], shape, span)
    }

    /// Spacing of a grid level, bohr.
    pub fn spacing(&mut self, level: u8, span: Span) -> NodeId {
        let h = self.push(Op::Spacing, vec![], Shape::SCALAR, span);
        self.scale((1u64 << level.min(32)) as f64, h, span)
    }

    /// A constant times x.
    pub fn scale(&mut self, factor: f64, x: NodeId, span: Span) -> NodeId {
        let shape = self.shape(x);
        if factor == 1.0 {
            return x;
        }
        let factor = self.constant(factor, span);
        self.fold_binary(Binary::Mul, factor, x, shape, span)
    }

    /// A function of each value.
    pub fn unary(&mut self, f: Unary, x: NodeId, span: Span) -> NodeId {
        self.fold_unary(f, x, span)
    }

    /// A function of two values, broadcast.
    pub fn binary(&mut self, f: Binary, a: NodeId, b: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let shape = broadcast(f.name(), self.shape(a), self.shape(b))?;
        Ok(self.fold_binary(f, a, b, shape, span))
    }

    /// `where(condition, a, b)`: a where the condition is not 0, else b; the other branch has no effect, even if it is NaN.
    pub fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let values = broadcast("where", self.shape(a), self.shape(b))?;
        let shape = broadcast("where", self.shape(condition), values)?;
        Ok(match self.as_constant(condition) {
            Some(0.0) => self.stretch(b, shape, span),
            Some(_) => self.stretch(a, shape, span),
            None => self.push(Op::Where, vec![condition, a, b], shape, span),
        })
    }

    /// x broadcast to a shape over a missing grid axis and a single channel.
    pub fn stretch(&mut self, x: NodeId, shape: Shape, span: Span) -> NodeId {
        if self.shape(x) == shape { x } else { self.push(Op::Broadcast, vec![x], shape, span) }
    }

    /// Plain sum over grid points.
    pub fn sum_grid(&mut self, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        self.level("sum", x)?;
        let channels = self.shape(x).channels;
        Ok(self.push(Op::SumGrid, vec![x], Shape::vector(channels), span))
    }

    /// Mean over grid points.
    pub fn mean_grid(&mut self, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let level = self.level("mean", x)?;
        let sum = self.sum_grid(x, span)?;
        let points = self.push(Op::Points(level), vec![], Shape::SCALAR, span);
        self.binary(Binary::Div, sum, points, span)
    }

    /// The integral over x, per channel: h times the sum.
    pub fn integral(&mut self, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let level = self.level("integral", x)?;
        let sum = self.sum_grid(x, span)?;
        let h = self.spacing(level, span);
        self.binary(Binary::Mul, h, sum, span)
    }

    /// Largest value over grid points, per channel. Equal maxima share the slope.
    pub fn max_grid(&mut self, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        self.level("max", x)?;
        let channels = self.shape(x).channels;
        Ok(self.push(Op::MaxGrid, vec![x], Shape::vector(channels), span))
    }

    /// Smallest value over grid points, per channel.
    pub fn min_grid(&mut self, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let minus = self.unary(Unary::Neg, x, span);
        let largest = self.max_grid(minus, span)?;
        Ok(self.unary(Unary::Neg, largest, span))
    }

    /// Sum over channels.
    pub fn sum_channels(&mut self, x: NodeId, span: Span) -> NodeId {
        let Shape { grid, channels } = self.shape(x);
        if channels == 1 {
            return x;
        }
        self.push(Op::SumChannels, vec![x], Shape { grid, channels: 1 }, span)
    }

    /// Mean over channels.
    pub fn mean_channels(&mut self, x: NodeId, span: Span) -> NodeId {
        let channels = self.shape(x).channels;
        let sum = self.sum_channels(x, span);
        self.scale(1.0 / channels as f64, sum, span)
    }

    /// Largest (`Binary::Max`) or smallest (`Binary::Min`) over channels. Equal ones share the slope.
    pub fn extreme_channels(&mut self, f: Binary, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let Shape { grid, channels } = self.shape(x);
        let smallest = f == Binary::Min;
        match channels {
            1 => Ok(x),
            2 => {
                let (a, b) = (self.channel(x, 0, span)?, self.channel(x, 1, span)?);
                self.binary(f, a, b, span)
            }
            _ => {
                let x = if smallest { self.unary(Unary::Neg, x, span) } else { x };
                let best = self.push(Op::MaxChannels, vec![x], Shape { grid, channels: 1 }, span);
                Ok(if smallest { self.unary(Unary::Neg, best, span) } else { best })
            }
        }
    }

    /// Largest (`Binary::Max`) or smallest (`Binary::Min`) of several values, broadcast. Equal ones share the slope.
    pub fn extreme(&mut self, f: Binary, parts: &[NodeId], span: Span) -> Result<NodeId, ShapeError> {
        let mut shape = Shape::SCALAR;
        for &part in parts {
            shape = broadcast(f.name(), shape, self.shape(part))?;
        }
        let mut channels = Vec::with_capacity(shape.channels);
        for k in 0..shape.channels {
            let own =
                |g: &mut Self, x: NodeId| if g.shape(x).channels == 1 { Ok(x) } else { g.channel(x, k as i64, span) };
            let all = parts.iter().map(|&x| own(self, x)).collect::<Result<Vec<_>, _>>()?;
            let all = self.concat(&all, span)?;
            channels.push(self.extreme_channels(f, all, span)?);
        }
        self.concat(&channels, span)
    }

    /// Concatenates channels; those without a grid are broadcast if others have one.
    pub fn concat(&mut self, parts: &[NodeId], span: Span) -> Result<NodeId, ShapeError> {
        let nothing = || ShapeError::Nothing { operation: "concat".into(), what: "field to join" };
        let first = *parts.first().ok_or_else(nothing)?;
        let mut grid = None;
        for &part in parts {
            let (left, right) = (self.shape(first), self.shape(part));
            if grid.is_some() && right.grid.is_some() && grid != right.grid {
                return Err(ShapeError::Levels { operation: "concat".into(), left, right });
            }
            grid = grid.or(right.grid);
        }
        if parts.len() == 1 {
            return Ok(first);
        }
        let stretched = |graph: &mut Self, part| {
            let channels = graph.shape(part).channels;
            graph.stretch(part, Shape { grid, channels }, span)
        };
        let parts: Vec<NodeId> = parts.iter().map(|&part| stretched(self, part)).collect();
        let channels = parts.iter().map(|&part| self.shape(part).channels).sum();
        size("concat", &[channels])?;
        Ok(self.push(Op::Concat, parts, Shape { grid, channels }, span))
    }

    /// Channels `from .. to` (exclusive).
    pub fn channels(&mut self, x: NodeId, from: usize, to: usize, span: Span) -> Result<NodeId, ShapeError> {
        let found = self.shape(x);
        if to > found.channels || from >= to {
            let index = if from >= found.channels { from } else { to.max(1) - 1 } as i64;
            return Err(ShapeError::NoChannel { index, found });
        }
        if to - from == found.channels {
            return Ok(x);
        }
        Ok(self.push(Op::Channels { from, to }, vec![x], Shape { channels: to - from, ..found }, span))
    }

    /// One channel (or entry of a vector); -1 is the last.
    pub fn channel(&mut self, x: NodeId, index: i64, span: Span) -> Result<NodeId, ShapeError> {
        let found = self.shape(x);
        let from = if index < 0 { index + found.channels as i64 } else { index };
        if from < 0 || from >= found.channels as i64 {
            return Err(ShapeError::NoChannel { index, found });
        }
        self.channels(x, from as usize, from as usize + 1, span)
    }
}

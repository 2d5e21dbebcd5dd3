//! The graph: nodes in order of evaluation, each a value per grid point and channel, or per channel alone.
//!
//! A graph knows neither grid nor batch: both are bound when it is lowered, and every node becomes a tensor
//! `[batch, points, channels]` (with one point if the node has no grid).

use super::maps::GridMap;
use super::shapes::{Shape, ShapeError};
use crate::source::Span;
pub use crate::tensor::scalar::{Binary, Unary};
use std::sync::Arc;

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What a node does. `T` marks transposes: the adjoint of a linear operation with respect to the plain sum over points.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(strum::EnumDiscriminants), strum_discriminants(name(OpKind), derive(strum::EnumIter)))]
pub enum Op {
    /// The input with that index.
    Input(usize),
    /// The parameter with that index, flat, as a vector without a grid.
    Param(usize),
    /// Fixed values: one per channel, or (with a grid) one per point and channel, channel-contiguous.
    Const(Arc<[f64]>),
    /// The grid spacing h, bohr (of level 0).
    Spacing,
    /// Number of points of that level.
    Points(u8),
    /// One argument.
    Unary(Unary),
    /// Two arguments, broadcast.
    Binary(Binary),
    /// `[condition, a, b]`: a where the condition is not 0. All broadcast.
    Where,
    /// Broadcasts over a missing grid axis and a single channel to the node's shape.
    Broadcast,
    /// Plain sum over grid points. An integral is `Spacing` times this.
    SumGrid,
    /// Sum over channels.
    SumChannels,
    /// Largest value over grid points, per channel.
    MaxGrid,
    /// Largest value over channels.
    MaxChannels,
    /// Concatenated channels.
    Concat,
    /// Channels `from .. to` (exclusive).
    Channels {
        /// First.
        from: usize,
        /// One past the last.
        to: usize,
    },
    /// Transpose of [`Op::Channels`]: zeros around.
    ChannelsT {
        /// First, of the result's channels.
        from: usize,
        /// One past the last, of the result's channels.
        to: usize,
    },
    /// A linear map along the grid, per channel.
    Map(GridMap),
    /// Its transpose.
    MapT(GridMap),
    /// v_i = h sum_j w(x_i - x_j) n_j with the system's interaction. Its own transpose.
    Hartree,
    /// `[x, xi]`: every channel of x convolved with every kernel exp(-|x|/xi_k)/(2 xi_k), times h: input 1 with all, input 2, …
    ExpConv,
    /// `[y, xi]`: transpose of [`Op::ExpConv`] in x: channels of y are summed down to y.channels / xi.channels.
    ExpConvT,
    /// `[x, weight]`: cross-correlation, zero-padded, weight flat `[width, input, output]` row-major.
    Conv {
        /// Points of the window.
        width: usize,
        /// Channels in.
        input: usize,
        /// Channels out.
        output: usize,
    },
    /// Weight `[width, input, output]` as the transpose needs it, `[width, output, input]` with the points reversed. Made only by
    /// the lowering, once per weight.
    FlipWeight {
        /// Points of the window.
        width: usize,
        /// Channels in.
        input: usize,
        /// Channels out.
        output: usize,
    },
    /// The weight `[width, channels.len(), output]` of a wide convolution, whose channel c is channel `channels[c]` of `input`
    /// channels, as the weight for these: the weights of equal channels are added.
    MergeWeight {
        /// Points of the window.
        width: usize,
        /// Channels in.
        input: usize,
        /// Channels out.
        output: usize,
        /// The input channel for every channel of the wide convolution.
        channels: Arc<[usize]>,
    },
    /// `[y, weight]`: transpose of [`Op::Conv`] in x, the same weight.
    ConvT {
        /// Points of the window.
        width: usize,
        /// Channels of the result.
        input: usize,
        /// Channels of y.
        output: usize,
    },
}

/// An operation on every point and channel separately, as programs consist of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pointwise {
    /// [`Op::Unary`].
    Unary(Unary),
    /// [`Op::Binary`].
    Binary(Binary),
    /// [`Op::Where`].
    Where,
    /// [`Op::Broadcast`].
    Broadcast,
}

impl Op {
    /// What it does, if it acts on every point and channel separately.
    pub fn pointwise(&self) -> Option<Pointwise> {
        match *self {
            Op::Unary(f) => Some(Pointwise::Unary(f)),
            Op::Binary(f) => Some(Pointwise::Binary(f)),
            Op::Where => Some(Pointwise::Where),
            Op::Broadcast => Some(Pointwise::Broadcast),
            Op::Input(_) | Op::Param(_) | Op::Const(_) | Op::Spacing | Op::Points(_) => None,
            Op::SumGrid | Op::SumChannels | Op::MaxGrid | Op::MaxChannels => None,
            Op::Concat | Op::Channels { .. } | Op::ChannelsT { .. } => None,
            Op::Map(_) | Op::MapT(_) | Op::Hartree | Op::ExpConv | Op::ExpConvT => None,
            Op::Conv { .. } | Op::ConvT { .. } | Op::FlipWeight { .. } | Op::MergeWeight { .. } => None,
        }
    }

    /// Whether it acts on every point and channel separately.
    pub fn elementwise(&self) -> bool {
        self.pointwise().is_some()
    }

    /// Whether it is known without arguments.
    pub fn is_source(&self) -> bool {
        matches!(self, Op::Input(_) | Op::Param(_) | Op::Const(_) | Op::Spacing | Op::Points(_))
    }

    /// For a convolution, the points of its window and how many of them are before the current one.
    pub fn convolution(&self) -> Option<(usize, usize)> {
        match *self {
            Op::Conv { width, .. } => Some((width, (width - 1) / 2)),
            Op::ConvT { width, .. } => Some((width, width / 2)),
            _ => None,
        }
    }

    /// Its name in the language.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input(_) => "density",
            Op::Param(_) => "param",
            Op::Const(_) => "number",
            Op::Spacing => "spacing",
            Op::Points(_) => "points",
            Op::Unary(f) => f.name(),
            Op::Binary(f) => f.name(),
            Op::Where => "where",
            Op::Broadcast => "broadcast",
            Op::SumGrid | Op::SumChannels => "sum",
            Op::MaxGrid | Op::MaxChannels => "max",
            Op::Concat => "concat",
            Op::Channels { .. } | Op::ChannelsT { .. } => "channel",
            Op::Map(map) | Op::MapT(map) => map.name(),
            Op::Hartree => "hartree",
            Op::ExpConv | Op::ExpConvT => "global_conv",
            Op::Conv { width: 1, .. } | Op::ConvT { width: 1, .. } => "dense",
            Op::Conv { .. } | Op::ConvT { .. } | Op::FlipWeight { .. } | Op::MergeWeight { .. } => "conv",
        }
    }
}

/// One node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// Its arguments, which are earlier nodes.
    pub inputs: Vec<NodeId>,
    /// The shape of its value.
    pub shape: Shape,
    /// The expression it came from.
    pub span: Span,
}

/// The initial values of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    /// Given values (a single one is for all).
    Values(Vec<f64>),
    /// Normal deviates.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        deviation: f64,
    },
    /// Normal with variance 2/fan_in, truncated at two standard deviations and rescaled (he_normal).
    HeNormal {
        /// width times input channels.
        fan_in: usize,
    },
}

/// One trainable array.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// `conv0.weight`, or the user's own name.
    pub name: String,
    /// `[width, input, output]`, `[len]`, or `[]` for a single number.
    pub shape: Vec<usize>,
    /// Initial values.
    pub init: Init,
    /// Bounds a .. b: the array then stores t, with value a + (b - a) sigmoid(t); initial values, given or drawn, are values.
    pub bounds: Option<(f64, f64)>,
    /// Where it is made.
    pub span: Span,
}

impl ParamSpec {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |len, &length| len.saturating_mul(length))
    }
    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// Its name in the script.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
}

/// Nodes in order of evaluation, with inputs and parameters.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All nodes; the inputs of a node come before it.
    pub nodes: Vec<Node>,
    /// Inputs, by index.
    pub inputs: Vec<InputSpec>,
    /// Parameters, by index; the flat parameter vector is their concatenation.
    pub params: Vec<ParamSpec>,
}

impl Graph {
    /// Whether it counts grid points instead of lengths: its results depend on the spacing of the grid.
    pub fn counts_points(&self) -> bool {
        let counts = |op: &Op| match op {
            Op::Conv { width, .. } => *width > 1,
            Op::Map(map) => matches!(map, GridMap::Downsample | GridMap::Upsample | GridMap::Point(_)),
            _ => false,
        };
        self.nodes.iter().any(|node| counts(&node.op))
    }

    /// Which nodes `outputs` need.
    pub fn live(&self, outputs: &[NodeId]) -> Vec<bool> {
        let mut live = vec![false; self.nodes.len()];
        outputs.iter().for_each(|output| live[output.0 as usize] = true);
        for index in (0..live.len()).rev() {
            if live[index] {
                self.nodes[index].inputs.iter().for_each(|input| live[input.0 as usize] = true);
            }
        }
        live
    }

    /// The shape of a node.
    pub fn shape(&self, node: NodeId) -> Shape {
        self.nodes[node.0 as usize].shape
    }

    /// The grid level of a field.
    pub(super) fn level(&self, operation: &str, x: NodeId) -> Result<u8, ShapeError> {
        let found = self.shape(x);
        found.grid.ok_or_else(|| ShapeError::NotField { operation: operation.into(), found })
    }

    /// Rejects anything but this shape.
    pub fn expect_shape(&self, operation: &str, x: NodeId, expected: Shape) -> Result<(), ShapeError> {
        let found = self.shape(x);
        match found == expected {
            true => Ok(()),
            false => Err(ShapeError::Unexpected { operation: operation.into(), expected, found }),
        }
    }
}

//! Lowering: a routine bound to a grid and an interaction, as plain data that threads share. `evaluate` runs it on a device.

use super::error::LowerError;
use super::maps::GridMap;
use super::nodes::Op;
use super::routine::Routine;
use super::shapes::Shape;
use crate::model::{Grid, Interaction};
use crate::tensor::hartree::Kernel;
use crate::tensor::rows::Rows;
use crate::tensor::{Backend, Cotangents, Dims, Numbers, TensorError, Value, count};
use std::sync::Arc;

/// What a node needs that depends only on the grid.
#[derive(Clone, Debug)]
pub(super) enum Static {
    Nothing,
    Value(Dims, Numbers),
    /// A matrix and its transpose.
    Rows(Arc<Rows>, Arc<Rows>),
    Kernel(Arc<Kernel>),
}

/// A routine bound to a grid and an interaction. Plain data: `Send + Sync`.
#[derive(Clone, Debug)]
pub struct Lowered {
    pub(super) routine: Arc<Routine>,
    spacing: f64,
    /// Points of every level.
    points: Vec<usize>,
    pub(super) statics: Vec<Static>,
}

impl Lowered {
    /// Binds a routine.
    pub fn new(routine: &Arc<Routine>, grid: &Grid, interaction: &Interaction) -> Result<Self, LowerError> {
        let deepest = routine.nodes.iter().filter_map(|node| node.shape.grid).max().unwrap_or(0);
        let mut points = vec![grid.points];
        for level in 0..deepest as usize {
            points.push(points[level].div_ceil(2));
        }
        let mut lowered = Self { routine: routine.clone(), spacing: grid.spacing, points, statics: Vec::new() };
        for index in 0..routine.nodes.len() {
            let fixed = lowered.prepare(index, grid, interaction)?;
            lowered.statics.push(fixed);
        }
        Ok(lowered)
    }

    pub(super) fn size(&self, shape: Shape) -> usize {
        shape.grid.map_or(1, |level| self.points.get(level as usize).copied().unwrap_or(1))
    }

    pub(super) fn step(&self, shape: Shape) -> f64 {
        self.spacing * shape.grid.map_or(1.0, |level| (1u64 << level.min(32)) as f64)
    }

    fn prepare(&self, index: usize, grid: &Grid, interaction: &Interaction) -> Result<Static, LowerError> {
        let node = &self.routine.nodes[index];
        let source = node.inputs.first().map_or(node.shape, |input| self.routine.nodes[input.0 as usize].shape);
        let matrix =
            |map: GridMap, from, to| map.rows(grid, (self.size(from), self.step(from)), self.size(to), node.span);
        let number = |value: f64| Ok(Static::Value((1, 1, 1), vec![value].into()));
        match &node.op {
            Op::Const(values) => {
                let dims = (1, self.size(node.shape), node.shape.channels);
                let found = values.len() / node.shape.channels.max(1);
                if values.len() != count(dims) {
                    return Err(LowerError::OtherGrid { expected: dims.1, found, span: node.span });
                }
                Ok(Static::Value(dims, values.to_vec().into()))
            }
            Op::Spacing => number(self.spacing),
            Op::Points(level) => number(self.points.get(*level as usize).copied().unwrap_or(0) as f64),
            Op::Map(map) => {
                let rows = matrix(*map, source, node.shape)?;
                let transposed = rows.transposed();
                Ok(Static::Rows(rows.into(), transposed.into()))
            }
            Op::MapT(map) => {
                let rows = matrix(*map, node.shape, source)?;
                let transposed = rows.transposed();
                Ok(Static::Rows(transposed.into(), rows.into()))
            }
            Op::Hartree => Ok(Static::Kernel(Arc::new(self.kernel(interaction, source)))),
            Op::Input(_) | Op::Param(_) => Ok(Static::Nothing),
            Op::Unary(_) | Op::Binary(_) | Op::Where | Op::Broadcast => Ok(Static::Nothing),
            Op::SumGrid | Op::SumChannels | Op::MaxGrid | Op::MaxChannels => Ok(Static::Nothing),
            Op::Concat | Op::Channels { .. } | Op::ChannelsT { .. } => Ok(Static::Nothing),
            Op::ExpConv | Op::ExpConvT | Op::Conv { .. } | Op::ConvT { .. } => Ok(Static::Nothing),
            Op::FlipWeight { .. } | Op::MergeWeight { .. } => Ok(Static::Nothing),
        }
    }

    fn kernel(&self, interaction: &Interaction, shape: Shape) -> Kernel {
        let (points, h) = (self.size(shape), self.step(shape));
        match interaction {
            Interaction::None => Kernel::None,
            Interaction::Exponential { amplitude, kappa } => {
                Kernel::Exponential { h, amplitude: *amplitude, kappa: *kappa }
            }
            Interaction::Sampled { kernel, .. } => {
                let stride = (h / self.spacing).round() as usize;
                Kernel::Toeplitz(kernel.iter().step_by(stride.max(1)).take(points).map(|w| h * w).collect())
            }
        }
    }

    /// A flat parameter vector as a leaf whose gradient can be read after the backward pass.
    pub fn parameters<D: Backend>(&self, device: &D, flat: &[f64]) -> Result<Value<D>, LowerError> {
        let expected = self.routine.parameter_count();
        if flat.len() != expected {
            return Err(TensorError::Length { operation: "parameters", expected, found: flat.len() }.into());
        }
        // A functional without parameters still has a leaf, which is not used.
        let numbers = if flat.is_empty() { vec![0.0] } else { flat.to_vec() };
        Ok(Value::leaf(device, (1, 1, numbers.len()), numbers)?)
    }

    /// The gradient of that leaf.
    pub fn gradient<D: Backend>(
        &self,
        parameters: &Value<D>,
        cotangents: &mut Cotangents<D>,
    ) -> Result<Vec<f64>, LowerError> {
        let mut gradient = parameters.cotangent(cotangents)?;
        gradient.truncate(self.routine.parameter_count());
        Ok(gradient)
    }
}

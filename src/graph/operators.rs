//! The builder, continued: linear operators along the grid.

use super::maps::GridMap;
use super::nodes::{Graph, NodeId, Op};
use super::shapes::{Shape, ShapeError, size};
use crate::source::Span;

impl Graph {
    /// A linear map along the grid, per channel.
    pub fn map(&mut self, map: GridMap, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        let level = self.level(map.name(), x)?;
        let shape = map.result(self.shape(x), level)?;
        Ok(self.push(Op::Map(map), vec![x], shape, span))
    }

    /// v_i = h sum_j w(x_i - x_j) n_j with the system's interaction, per channel.
    pub fn hartree(&mut self, x: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        self.level("hartree", x)?;
        let shape = self.shape(x);
        Ok(self.push(Op::Hartree, vec![x], shape, span))
    }

    /// Every channel of x convolved with every kernel exp(-|x|/xi_k)/(2 xi_k), with a vector xi of widths, bohr. Channel order:
    /// input 1 with all kernels, input 2, …
    pub fn exp_conv(&mut self, x: NodeId, xi: NodeId, span: Span) -> Result<NodeId, ShapeError> {
        self.level("global_conv", x)?;
        let (found, kernels) = (self.shape(x), self.shape(xi));
        self.expect_shape("global_conv", xi, Shape::vector(kernels.channels))?;
        let shape = Shape { channels: size("global_conv", &[found.channels, kernels.channels])?, ..found };
        Ok(self.push(Op::ExpConv, vec![x, xi], shape, span))
    }

    /// Cross-correlation, zero-padded; `weight` is a vector of the flat `[width, input, output]` values.
    pub fn conv(
        &mut self,
        x: NodeId,
        weight: NodeId,
        width: usize,
        output: usize,
        span: Span,
    ) -> Result<NodeId, ShapeError> {
        let name = if width == 1 { "dense" } else { "conv" };
        self.level(name, x)?;
        for (count, what) in [(width, "point of width"), (output, "channel")] {
            if count == 0 {
                return Err(ShapeError::Nothing { operation: name.into(), what });
            }
        }
        let found = self.shape(x);
        let input = found.channels;
        self.expect_shape(name, weight, Shape::vector(size(name, &[width, input, output])?))?;
        let shape = Shape { channels: output, ..found };
        Ok(self.push(Op::Conv { width, input, output }, vec![x, weight], shape, span))
    }
}

//! Lowering: a plan bound to a grid, an interaction and a device, run on tensors `[batch, points, channels]` with any
//! tape.

use super::nodes::{Op, Shape};
use super::plan;
use super::plan::{Plan, Step};
use crate::model::{Grid, Interaction};
use crate::source::Span;
use crate::tensor::hartree::{self, Kernel};
use crate::tensor::rows::{self, Rows};
use crate::tensor::{
    Backend, Cotangents, Tape, TensorError, Value, arrange, convolution, elementwise, exponential, window,
};
use std::sync::Arc;

/// Why a graph cannot run on this grid or device.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LowerError {
    /// The tensor layer failed.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// `n[600]` on fewer points.
    #[error("point {index} does not exist on a grid of {points} points")]
    NoPoint {
        /// The index.
        index: i64,
        /// Points there are.
        points: usize,
        /// Where it is asked for.
        span: Span,
    },
    /// `at(n, x: 50)` outside.
    #[error("x = {position} lies outside the grid, {from} .. {to} bohr")]
    Outside {
        /// Coordinate, bohr.
        position: f64,
        /// First point, bohr.
        from: f64,
        /// Last point, bohr.
        to: f64,
        /// Where it is asked for.
        span: Span,
    },
    /// A field of another grid in a functional's body.
    #[error("a field of {found} points stands in a functional that runs on a grid of {expected}")]
    OtherGrid {
        /// Points of the grid.
        expected: usize,
        /// Points of the field.
        found: usize,
        /// Where it stands.
        span: Span,
    },
    /// An input of the wrong shape.
    #[error("input {index} has {found} points and channels where {expected} belong")]
    Input {
        /// Which.
        index: usize,
        /// Points times channels wanted.
        expected: usize,
        /// Points times channels there.
        found: usize,
    },
}

/// What a node needs that depends on the grid alone.
#[derive(Clone, Debug)]
enum Static<D: Backend> {
    Nothing,
    Value(Value<D>),
    Rows(Arc<Rows>, Arc<Rows>),
    Kernel(Arc<Kernel>),
}

/// A plan bound to a grid, an interaction and a device.
#[derive(Clone, Debug)]
pub struct Lowered<D: Backend> {
    plan: Arc<Plan>,
    device: D,
    spacing: f64,
    /// Points of every level.
    points: Vec<usize>,
    statics: Vec<Static<D>>,
}

/// Parameters, and all that depends on them alone, on one tape.
#[derive(Clone, Debug)]
pub struct Bound<D: Backend> {
    slots: Vec<Option<Value<D>>>,
}

impl<D: Backend> Lowered<D> {
    /// Binds a plan.
    pub fn new(plan: &Arc<Plan>, grid: &Grid, interaction: &Interaction, device: &D) -> Result<Self, LowerError> {
        let deepest = plan.nodes.iter().filter_map(|node| node.shape.grid).max().unwrap_or(0);
        let mut points = vec![grid.points];
        for level in 0..deepest as usize {
            points.push(points[level].div_ceil(2));
        }
        let mut lowered =
            Self { plan: plan.clone(), device: device.clone(), spacing: grid.spacing, points, statics: Vec::new() };
        for index in 0..plan.nodes.len() {
            let fixed = lowered.prepare(index, grid, interaction)?;
            lowered.statics.push(fixed);
        }
        Ok(lowered)
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    fn size(&self, shape: Shape) -> usize {
        shape.grid.map_or(1, |level| self.points.get(level as usize).copied().unwrap_or(1))
    }

    fn step(&self, shape: Shape) -> f64 {
        self.spacing * shape.grid.map_or(1.0, |level| (1u64 << level.min(32)) as f64)
    }

    fn prepare(&self, index: usize, grid: &Grid, interaction: &Interaction) -> Result<Static<D>, LowerError> {
        let node = &self.plan.nodes[index];
        let source = node.inputs.first().map_or(node.shape, |input| self.plan.nodes[input.0 as usize].shape);
        let (points, fine) = (self.size(source), self.size(node.shape));
        let rows = |rows: Rows| {
            let transposed = Arc::new(rows.transposed());
            Static::Rows(Arc::new(rows), transposed)
        };
        let turned = |rows: Rows| {
            let transposed = Arc::new(rows.transposed());
            Static::Rows(transposed, Arc::new(rows))
        };
        let number = |value: f64| Ok(Static::Value(Value::number(&self.device, value)?));
        match &node.op {
            Op::Const(values) => {
                let dims = (1, fine, node.shape.channels);
                if values.len() != fine * node.shape.channels {
                    let found = values.len() / node.shape.channels.max(1);
                    return Err(LowerError::OtherGrid { expected: fine, found, span: node.span });
                }
                Ok(Static::Value(Value::constant(&self.device, dims, values.to_vec())?))
            }
            Op::Spacing => number(self.spacing),
            Op::Points(level) => number(self.points.get(*level as usize).copied().unwrap_or(0) as f64),
            Op::Grad => Ok(rows(Rows::gradient(points, self.step(source)))),
            Op::GradT => Ok(turned(Rows::gradient(points, self.step(source)))),
            Op::Laplacian => Ok(rows(Rows::laplacian(points, self.step(source)))),
            Op::LaplacianT => Ok(turned(Rows::laplacian(points, self.step(source)))),
            Op::Downsample => Ok(rows(Rows::downsample(points))),
            Op::DownsampleT => Ok(turned(Rows::downsample(fine))),
            Op::Upsample => Ok(rows(Rows::upsample(fine))),
            Op::UpsampleT => Ok(turned(Rows::upsample(points))),
            Op::Point(i) => Ok(rows(self.point(*i, points, node.span)?)),
            Op::PointT(i) => Ok(turned(self.point(*i, fine, node.span)?)),
            Op::At(x) => Ok(rows(self.between(*x, source, grid, node.span)?)),
            Op::AtT(x) => Ok(turned(self.between(*x, node.shape, grid, node.span)?)),
            Op::Hartree => Ok(Static::Kernel(Arc::new(self.kernel(interaction, source)))),
            _ => Ok(Static::Nothing),
        }
    }

    fn point(&self, index: i64, points: usize, span: Span) -> Result<Rows, LowerError> {
        let place = if index < 0 { index + points as i64 } else { index };
        if place < 0 || place >= points as i64 {
            return Err(LowerError::NoPoint { index, points, span });
        }
        Ok(Rows::point(points, place as usize))
    }

    fn between(&self, position: f64, shape: Shape, grid: &Grid, span: Span) -> Result<Rows, LowerError> {
        let points = self.size(shape);
        let place = (position - grid.start) / self.step(shape);
        let slack = 1e-9;
        if !(place >= -slack && place <= (points as f64 - 1.0) + slack) {
            return Err(LowerError::Outside { position, from: grid.start, to: grid.end(), span });
        }
        Ok(Rows::between(points, place))
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
    pub fn parameters(&self, flat: &[f64]) -> Result<Value<D>, LowerError> {
        let expected = self.plan.parameter_count();
        if flat.len() != expected {
            return Err(TensorError::Length { operation: "parameters", expected, found: flat.len() }.into());
        }
        // A functional without parameters still has a leaf, which nothing uses.
        let numbers = if flat.is_empty() { vec![0.0] } else { flat.to_vec() };
        Ok(Value::leaf(&self.device, (1, 1, numbers.len()), numbers)?)
    }

    /// The gradient of that leaf.
    pub fn gradient(&self, parameters: &Value<D>, cotangents: &mut Cotangents<D>) -> Result<Vec<f64>, LowerError> {
        let mut gradient = parameters.cotangent(cotangents)?;
        gradient.truncate(self.plan.parameter_count());
        Ok(gradient)
    }

    /// Evaluates what depends on the parameters alone, once a tape.
    pub fn bind<T: Tape<f64, D>>(&self, parameters: &Value<D>, mut tape: T) -> Result<(Bound<D>, T), LowerError> {
        let mut slots: Vec<Option<Value<D>>> = vec![None; self.plan.nodes.len()];
        for (slot, fixed) in slots.iter_mut().zip(&self.statics) {
            if let Static::Value(value) = fixed {
                *slot = Some(value.clone());
            }
        }
        for step in &self.plan.prelude {
            tape = self.advance(step, &mut slots, Some(parameters), &[], tape)?;
        }
        Ok((Bound { slots }, tape))
    }

    /// Evaluates the outputs of the plan at inputs `[batch, points, channels]`, in the order asked for. Outputs that
    /// depend on no input have a batch of one.
    pub fn run<T: Tape<f64, D>>(
        &self,
        bound: &Bound<D>,
        inputs: &[&Value<D>],
        mut tape: T,
    ) -> Result<(Vec<Value<D>>, T), LowerError> {
        for (index, shape) in self.plan.inputs.iter().enumerate() {
            let expected = self.size(*shape) * shape.channels;
            let found = inputs.get(index).map_or(0, |input| input.dims().1 * input.dims().2);
            if expected != found {
                return Err(LowerError::Input { index, expected, found });
            }
        }
        let mut slots = bound.slots.clone();
        for step in &self.plan.steps {
            tape = self.advance(step, &mut slots, None, inputs, tape)?;
        }
        let outputs = self.plan.outputs.iter().map(|&output| get(&slots, output).cloned());
        Ok((outputs.collect::<Result<_, _>>()?, tape))
    }
}

fn get<D: Backend>(slots: &[Option<Value<D>>], index: usize) -> Result<&Value<D>, LowerError> {
    let missing = TensorError::Length { operation: "plan", expected: 1, found: 0 };
    slots.get(index).and_then(Option::as_ref).ok_or(LowerError::Tensor(missing))
}

impl<D: Backend> Lowered<D> {
    fn advance<T: Tape<f64, D>>(
        &self,
        step: &Step,
        slots: &mut [Option<Value<D>>],
        parameters: Option<&Value<D>>,
        inputs: &[&Value<D>],
        tape: T,
    ) -> Result<T, LowerError> {
        match step {
            Step::Single(index) => {
                if slots[*index].is_some() {
                    return Ok(tape);
                }
                let (value, tape) = self.single(*index, slots, parameters, inputs, tape)?;
                slots[*index] = Some(value);
                Ok(tape)
            }
            Step::Fused { program, operands, results, shape } => {
                let operands = operands.iter().map(|&o| self.operand(o, slots)).collect::<Result<Vec<_>, _>>()?;
                let extent = (self.size(*shape), shape.channels);
                let (values, tape) = elementwise::elementwise(&self.device, program, &operands, extent, tape)?;
                for (&result, value) in results.iter().zip(values) {
                    slots[result] = Some(value);
                }
                Ok(tape)
            }
        }
    }

    fn operand<'a>(
        &self,
        operand: plan::Operand,
        slots: &'a [Option<Value<D>>],
    ) -> Result<elementwise::Operand<'a, D>, LowerError> {
        match operand {
            plan::Operand::Node(index) => Ok(elementwise::Operand::Value(get(slots, index)?)),
            plan::Operand::Convolved(index) => {
                let (x, weight) = (self.argument(index, 0, slots)?, self.argument(index, 1, slots)?);
                let (width, left) = self.plan.nodes[index].op.convolution().unwrap_or((1, 0));
                Ok(elementwise::Operand::Convolved { x, weight, width, left })
            }
        }
    }

    /// Argument k of a node.
    fn argument<'a>(&self, index: usize, k: usize, slots: &'a [Option<Value<D>>]) -> Result<&'a Value<D>, LowerError> {
        get(slots, self.plan.nodes[index].inputs.get(k).map_or(usize::MAX, |i| i.0 as usize))
    }

    fn single<T: Tape<f64, D>>(
        &self,
        index: usize,
        slots: &[Option<Value<D>>],
        parameters: Option<&Value<D>>,
        inputs: &[&Value<D>],
        tape: T,
    ) -> Result<(Value<D>, T), LowerError> {
        let node = &self.plan.nodes[index];
        let argument = |k: usize| self.argument(index, k, slots);
        let missing = || TensorError::Length { operation: node.op.name(), expected: 1, found: 0 };
        Ok(match &node.op {
            Op::Input(k) => ((*inputs.get(*k).ok_or_else(missing)?).clone(), tape),
            Op::Param(k) => {
                let range = self.plan.parameters.get(*k).ok_or_else(missing)?;
                arrange::take(parameters.ok_or_else(missing)?, range.start, range.end, tape)?
            }
            Op::SumGrid => arrange::sum_points(argument(0)?, tape)?,
            Op::SumChannels => arrange::sum_channels(argument(0)?, tape)?,
            Op::MaxGrid => arrange::max_points(argument(0)?, tape)?,
            Op::Concat => {
                let parts = (0..node.inputs.len()).map(argument).collect::<Result<Vec<_>, _>>()?;
                arrange::concat(&self.device, &parts, tape)?
            }
            Op::Channels { from, to } => arrange::take(argument(0)?, *from, *to, tape)?,
            Op::ChannelsT { from, .. } => arrange::pad(argument(0)?, *from, node.shape.channels, tape)?,
            Op::ExpConv => exponential::spread(argument(0)?, argument(1)?, self.step(node.shape), tape)?,
            Op::ExpConvT => exponential::gather(argument(0)?, argument(1)?, self.step(node.shape), tape)?,
            Op::MergeWeight { width, input, output, channels } => {
                window::merge_weight(argument(0)?, channels, (*width, *input, *output), tape)?
            }
            Op::FlipWeight { width, input, output } => {
                window::flip_weight(argument(0)?, (*width, *input, *output), tape)?
            }
            Op::Conv { .. } | Op::ConvT { .. } => {
                let (width, left) = node.op.convolution().ok_or_else(missing)?;
                convolution::convolve(argument(0)?, argument(1)?, width, left, tape)?
            }
            _ => match &self.statics[index] {
                Static::Rows(rows, transposed) => rows::apply(argument(0)?, rows, transposed, tape)?,
                Static::Kernel(kernel) => hartree::hartree(argument(0)?, kernel, tape)?,
                Static::Value(value) => (value.clone(), tape),
                Static::Nothing => return Err(missing().into()),
            },
        })
    }
}

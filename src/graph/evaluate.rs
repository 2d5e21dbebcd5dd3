//! Runs a lowered routine on tensors `[batch, points, channels]` with any tape.

use super::error::LowerError;
use super::lower::{Lowered, Static};
use super::nodes::Op;
use super::routine::{self, Routine, RoutineStep};
use crate::model::{Grid, Interaction};
use crate::tensor::{
    Backend, Cpu, Dims, NoneTape, Numbers, Tape, TensorError, Value, arrange, convolve, elementwise, exponential,
    hartree, rows, window,
};
use std::sync::Arc;

/// Constants and parameters, and everything that depends only on them, on a device and one tape.
#[derive(Clone, Debug)]
pub struct Binding<D: Backend> {
    device: D,
    /// By node.
    values: Vec<Option<Value<D>>>,
}

impl<D: Backend> Binding<D> {
    /// The device of its values, and of the values made from them.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The same numbers, on no tape.
    pub fn detached(&self) -> Self {
        let detached = |value: &Option<Value<D>>| value.as_ref().map(Value::detached);
        Self { device: self.device.clone(), values: self.values.iter().map(detached).collect() }
    }
}

impl Lowered {
    /// Evaluates what depends only on the parameters, once per tape, on the device of the parameters.
    pub fn bind<D: Backend, T: Tape<f64, D>>(
        &self,
        parameters: &Value<D>,
        mut tape: T,
    ) -> Result<(Binding<D>, T), LowerError> {
        let device = parameters.device();
        let mut pass = Pass::new(self, device, &[], &[]);
        pass.parameters = Some(parameters);
        for (value, fixed) in pass.made.iter_mut().zip(&self.statics) {
            if let Static::Value(dims, numbers) = fixed {
                *value = Some(Value::constant(device, *dims, numbers.clone())?);
            }
        }
        for step in &self.routine.prelude {
            tape = pass.advance(step, tape)?;
        }
        Ok((Binding { device: device.clone(), values: pass.made }, tape))
    }

    /// Evaluates the outputs of the routine at inputs `[batch, points, channels]`, in the order of the outputs. Outputs that do not
    /// depend on the inputs have a batch of one.
    pub fn run<D: Backend, T: Tape<f64, D>>(
        &self,
        bound: &Binding<D>,
        inputs: &[&Value<D>],
        tape: T,
    ) -> Result<(Vec<Value<D>>, T), LowerError> {
        Pass::new(self, &bound.device, &bound.values, inputs).outputs(tape)
    }
}

/// A routine without parameters on a grid, with what does not depend on the inputs already evaluated. Plain data: `Send + Sync`.
#[derive(Clone, Debug)]
pub struct Formula {
    lowered: Lowered,
    /// By node, the values that do not depend on the inputs.
    fixed: Vec<Option<(Dims, Numbers)>>,
}

impl Formula {
    /// Lowers a routine.
    ///
    /// # Errors
    /// A routine that has parameters; as [`Lowered::new`].
    pub fn new(routine: &Arc<Routine>, grid: &Grid, interaction: &Interaction) -> Result<Self, LowerError> {
        let lowered = Lowered::new(routine, grid, interaction)?;
        let (bound, _) = lowered.bind(&lowered.parameters(&Cpu::default(), &[])?, NoneTape)?;
        let fixed = bound.values.iter().map(|value| value.as_ref().map(|value| (value.dims(), value.host()))).collect();
        Ok(Self { lowered, fixed })
    }

    /// Its constants on a device.
    pub fn on<D: Backend>(&self, device: &D) -> Result<Binding<D>, LowerError> {
        let value = |fixed: &Option<(Dims, Numbers)>| {
            let made = fixed.as_ref().map(|(dims, numbers)| Value::constant(device, *dims, numbers.clone()));
            made.transpose().map_err(LowerError::from)
        };
        let values = self.fixed.iter().map(value).collect::<Result<_, _>>()?;
        Ok(Binding { device: device.clone(), values })
    }

    /// Its outputs at inputs, as [`Lowered::run`].
    pub fn run<D: Backend, T: Tape<f64, D>>(
        &self,
        constants: &Binding<D>,
        inputs: &[&Value<D>],
        tape: T,
    ) -> Result<(Vec<Value<D>>, T), LowerError> {
        self.lowered.run(constants, inputs, tape)
    }
}

/// One pass through a routine.
struct Pass<'a, D: Backend> {
    lowered: &'a Lowered,
    device: &'a D,
    parameters: Option<&'a Value<D>>,
    /// By node, the values that do not depend on the inputs; empty while these are being evaluated.
    bound: &'a [Option<Value<D>>],
    inputs: &'a [&'a Value<D>],
    /// By node, the values made by this pass so far.
    made: Vec<Option<Value<D>>>,
}

impl<'a, D: Backend> Pass<'a, D> {
    fn new(lowered: &'a Lowered, device: &'a D, bound: &'a [Option<Value<D>>], inputs: &'a [&'a Value<D>]) -> Self {
        Self { lowered, device, parameters: None, bound, inputs, made: vec![None; lowered.routine.nodes.len()] }
    }

    fn outputs<T: Tape<f64, D>>(mut self, mut tape: T) -> Result<(Vec<Value<D>>, T), LowerError> {
        let routine = &self.lowered.routine;
        for (index, shape) in routine.inputs.iter().enumerate() {
            let expected = self.lowered.size(*shape) * shape.channels;
            let found = self.inputs.get(index).map_or(0, |input| input.dims().1 * input.dims().2);
            if expected != found {
                return Err(LowerError::Input { index, expected, found });
            }
        }
        for step in &routine.steps {
            tape = self.advance(step, tape)?;
        }
        let outputs = routine.outputs.iter().map(|&output| self.get(output).cloned());
        Ok((outputs.collect::<Result<_, _>>()?, tape))
    }

    /// The value of a node, once it is known.
    fn find(&self, index: usize) -> Option<&Value<D>> {
        let known = |values: &'_ [Option<Value<D>>]| values.get(index).is_some_and(Option::is_some);
        let values = if known(&self.made) { &self.made } else { self.bound };
        values.get(index)?.as_ref()
    }

    fn get(&self, index: usize) -> Result<&Value<D>, LowerError> {
        let missing = TensorError::Length { operation: "routine", expected: 1, found: 0 };
        self.find(index).ok_or(LowerError::Tensor(missing))
    }

    /// Argument k of a node.
    fn argument(&self, index: usize, k: usize) -> Result<&Value<D>, LowerError> {
        self.get(self.lowered.routine.nodes[index].inputs.get(k).map_or(usize::MAX, |i| i.0 as usize))
    }

    fn advance<T: Tape<f64, D>>(&mut self, step: &RoutineStep, tape: T) -> Result<T, LowerError> {
        match step {
            RoutineStep::Single(index) => {
                if self.find(*index).is_some() {
                    return Ok(tape);
                }
                let (value, tape) = self.single(*index, tape)?;
                self.made[*index] = Some(value);
                Ok(tape)
            }
            RoutineStep::Fused { program, operands, results, shape } => {
                let operands = operands.iter().map(|&o| self.operand(o)).collect::<Result<Vec<_>, _>>()?;
                let extent = (self.lowered.size(*shape), shape.channels);
                let (values, tape) = elementwise::elementwise(self.device, program, &operands, extent, tape)?;
                for (&result, value) in results.iter().zip(values) {
                    self.made[result] = Some(value);
                }
                Ok(tape)
            }
        }
    }

    fn operand(&self, operand: routine::Reading) -> Result<elementwise::Argument<'_, D>, LowerError> {
        match operand {
            routine::Reading::Node(index) => Ok(elementwise::Argument::Value(self.get(index)?)),
            routine::Reading::Convolved(index) => {
                let (x, weight) = (self.argument(index, 0)?, self.argument(index, 1)?);
                let (width, left) = self.lowered.routine.nodes[index].op.convolution().unwrap_or((1, 0));
                Ok(elementwise::Argument::Convolved { x, weight, width, left })
            }
        }
    }

    fn single<T: Tape<f64, D>>(&self, index: usize, tape: T) -> Result<(Value<D>, T), LowerError> {
        let routine = &self.lowered.routine;
        let node = &routine.nodes[index];
        let argument = |k: usize| self.argument(index, k);
        let missing = || TensorError::Length { operation: node.op.name(), expected: 1, found: 0 };
        Ok(match &node.op {
            Op::Input(k) => ((*self.inputs.get(*k).ok_or_else(missing)?).clone(), tape),
            Op::Param(k) => {
                let range = routine.parameters.get(*k).ok_or_else(missing)?;
                arrange::take(self.parameters.ok_or_else(missing)?, range.start, range.end, tape)?
            }
            Op::SumGrid => arrange::sum_points(argument(0)?, tape)?,
            Op::SumChannels => arrange::sum_channels(argument(0)?, tape)?,
            Op::MaxGrid => arrange::max_points(argument(0)?, tape)?,
            Op::MaxChannels => arrange::max_channels(argument(0)?, tape)?,
            Op::Concat => {
                let parts = (0..node.inputs.len()).map(argument).collect::<Result<Vec<_>, _>>()?;
                arrange::concat(self.device, &parts, tape)?
            }
            Op::Channels { from, to } => arrange::take(argument(0)?, *from, *to, tape)?,
            Op::ChannelsT { from, .. } => arrange::pad(argument(0)?, *from, node.shape.channels, tape)?,
            Op::ExpConv => exponential::spread(argument(0)?, argument(1)?, self.lowered.step(node.shape), tape)?,
            Op::ExpConvT => exponential::gather(argument(0)?, argument(1)?, self.lowered.step(node.shape), tape)?,
            Op::MergeWeight { width, input, output, channels } => {
                window::merge_weight(argument(0)?, channels, (*width, *input, *output), tape)?
            }
            Op::FlipWeight { width, input, output } => {
                window::flip_weight(argument(0)?, (*width, *input, *output), tape)?
            }
            Op::Conv { .. } | Op::ConvT { .. } => {
                let (width, left) = node.op.convolution().ok_or_else(missing)?;
                convolve(argument(0)?, argument(1)?, width, left, tape)?
            }
            Op::Map(_) | Op::MapT(_) => match &self.lowered.statics[index] {
                Static::Rows(rows, transposed) => rows::apply(argument(0)?, rows, transposed, tape)?,
                _ => return Err(missing().into()),
            },
            Op::Hartree => match &self.lowered.statics[index] {
                Static::Kernel(kernel) => hartree::hartree(argument(0)?, kernel, tape)?,
                _ => return Err(missing().into()),
            },
            // Binding before, or in a program.
            Op::Const(_) | Op::Spacing | Op::Points(_) => return Err(missing().into()),
            Op::Unary(_) | Op::Binary(_) | Op::Where | Op::Broadcast => return Err(missing().into()),
        })
    }
}

//! Values: dfdx tensors `[batch, points, channels]` that know whether a tape follows them, with their numbers on the host.

use super::backend::{Array, Backend, Cotangents, Dims, TensorError, count};
use dfdx::prelude::{Backward, OwnedTape, PutTape, ReshapeTo, Tape};
use std::sync::{Arc, OnceLock};

/// A value on a device. Cheap to clone: clones are the same node of a tape.
#[derive(Clone, Debug)]
pub struct Value<D: Backend> {
    array: Array<D>,
    tracked: bool,
    host: Arc<OnceLock<Arc<Vec<f64>>>>,
}

impl<D: Backend> Value<D> {
    /// A value that no gradient flows to.
    pub fn constant(device: &D, dims: Dims, numbers: Vec<f64>) -> Result<Self, TensorError> {
        if numbers.len() != count(dims) {
            return Err(TensorError::Length { operation: "tensor", expected: count(dims), found: numbers.len() });
        }
        let array = device.try_tensor_from_vec(numbers, dims).map_err(TensorError::device)?;
        Ok(Self { array, tracked: false, host: Arc::default() })
    }

    /// A value whose gradient is wanted: read it with [`Value::cotangent`] after [`backward`].
    pub fn leaf(device: &D, dims: Dims, numbers: Vec<f64>) -> Result<Self, TensorError> {
        Ok(Self { tracked: true, ..Self::constant(device, dims, numbers)? })
    }

    /// A single number.
    pub fn number(device: &D, value: f64) -> Result<Self, TensorError> {
        Self::constant(device, (1, 1, 1), vec![value])
    }

    /// Wraps the result of a dfdx operation (contiguous, as they all are).
    pub fn from_array(array: Array<D>, tracked: bool) -> Self {
        Self { array, tracked, host: Arc::default() }
    }

    /// The tensor.
    pub fn array(&self) -> &Array<D> {
        &self.array
    }

    /// Batch, points, channels.
    pub fn dims(&self) -> Dims {
        use dfdx::prelude::HasShape;
        *self.array.shape()
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        count(self.dims())
    }

    /// Whether gradients flow to it.
    pub fn tracked(&self) -> bool {
        self.tracked
    }

    /// The device.
    pub fn device(&self) -> &D {
        self.array.device()
    }

    /// Its numbers, `[batch][point][channel]`; copied from the device once.
    pub fn host(&self) -> Arc<Vec<f64>> {
        let read = || {
            let mut numbers = vec![0.0; self.count()];
            self.array.copy_into(&mut numbers);
            Arc::new(numbers)
        };
        self.host.get_or_init(read).clone()
    }

    /// The first number: the value of a single one.
    pub fn first(&self) -> f64 {
        self.host().first().copied().unwrap_or(f64::NAN)
    }

    /// The gradient that a backward pass left for a leaf (zeros if none reached it). Those of results of [`record`] are
    /// freed on the way.
    pub fn cotangent(&self, cotangents: &mut Cotangents<D>) -> Result<Vec<f64>, TensorError> {
        let buffer = cotangents.get_or_alloc_mut(&self.array).map_err(TensorError::device)?;
        let numbers = D::take(buffer).map_err(TensorError::device)?;
        let copy = numbers.clone();
        D::put(buffer, numbers).map_err(TensorError::device)?;
        Ok(copy)
    }
}

/// Runs a tape backwards from a single number.
pub fn backward<D: Backend>(loss: &Value<D>, tape: OwnedTape<f64, D>) -> Result<Cotangents<D>, TensorError> {
    let expected = 1;
    if loss.count() != expected {
        return Err(TensorError::Length { operation: "backward", expected, found: loss.count() });
    }
    let scalar = loss.array.clone().try_reshape_like(&()).map_err(TensorError::device)?;
    scalar.put_tape(tape).try_backward().map_err(TensorError::device)
}

/// Records a function of host numbers on a tape: the values were computed outside; `pullback` gets one cotangent an
/// output, and for every tracked input (`Some`) the cotangent to add to. The same value may stand twice among the
/// inputs. It cannot fail: an operator whose pullback can keeps a cell for its error and writes NaN.
pub fn record<D: Backend, T: Tape<f64, D>>(
    device: &D,
    inputs: &[&Value<D>],
    outputs: Vec<(Dims, Vec<f64>)>,
    mut tape: T,
    pullback: impl FnOnce(&[Vec<f64>], &mut [Option<Vec<f64>>]) + 'static,
) -> Result<(Vec<Value<D>>, T), TensorError> {
    let tracked = T::OWNS_TAPE && inputs.iter().any(|input| input.tracked);
    let mut values = Vec::with_capacity(outputs.len());
    for (dims, numbers) in outputs {
        values.push(Value { tracked, ..Value::constant(device, dims, numbers)? });
    }
    if !tracked {
        return Ok((values, tape));
    }
    let targets: Vec<_> = inputs.iter().map(|input| input.tracked.then(|| input.array.ghost())).collect();
    let repeats: Vec<bool> = (0..inputs.len())
        .map(|i| (0..i).any(|j| inputs[i].tracked && Arc::ptr_eq(&inputs[i].host, &inputs[j].host)))
        .collect();
    let lengths: Vec<usize> = inputs.iter().map(|input| input.count()).collect();
    let sources: Vec<_> = values.iter().map(|value| value.array.ghost()).collect();
    tape.add_backward_op(move |gradients| {
        let mut incoming = Vec::with_capacity(sources.len());
        for source in &sources {
            incoming.push(D::take(gradients.get_or_alloc_mut(source)?)?);
        }
        let mut outgoing = Vec::with_capacity(targets.len());
        for (i, target) in targets.iter().enumerate() {
            outgoing.push(match target {
                None => None,
                Some(_) if repeats[i] => Some(vec![0.0; lengths[i]]),
                Some(target) => Some(D::take(gradients.get_or_alloc_mut(target)?)?),
            });
        }
        pullback(&incoming, &mut outgoing);
        for (i, (target, host)) in targets.iter().zip(outgoing).enumerate() {
            let (Some(target), Some(mut host)) = (target, host) else { continue };
            let buffer = gradients.get_or_alloc_mut(target)?;
            if repeats[i] {
                let others = D::take(buffer)?;
                host.iter_mut().zip(&others).for_each(|(sum, other)| *sum += other);
            }
            D::put(buffer, host)?;
        }
        Ok(())
    });
    Ok((values, tape))
}

/// [`record`] for a single output.
pub fn record_one<D: Backend, T: Tape<f64, D>>(
    device: &D,
    inputs: &[&Value<D>],
    dims: Dims,
    numbers: Vec<f64>,
    tape: T,
    pullback: impl FnOnce(&[f64], &mut [Option<Vec<f64>>]) + 'static,
) -> Result<(Value<D>, T), TensorError> {
    let (mut values, tape) =
        record(device, inputs, vec![(dims, numbers)], tape, |incoming, outgoing| pullback(&incoming[0], outgoing))?;
    match values.pop() {
        Some(value) => Ok((value, tape)),
        None => Err(TensorError::Length { operation: "record", expected: 1, found: 0 }),
    }
}

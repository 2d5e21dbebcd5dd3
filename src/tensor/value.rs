//! Values: numbers `[batch, points, channels]` on a device that know whether a tape tracks them.
//!
//! On the host a value's dfdx tensor only identifies it to a tape: its numbers are stored alongside the tensor, and its
//! cotangent is made when the first contribution arrives. On other devices the tensor holds the numbers.

use super::backend::{Array, Backend, Cotangents, Dims, TensorError, count};
use super::cotangent::Cotangent;
use super::stock::{Buffer, Numbers};
use dfdx::prelude::{Backward, OwnedTape, PutTape, Tape};
use std::sync::{Arc, OnceLock};

/// A value on a device. Cheap to clone: clones are the same node of a tape.
#[derive(Clone, Debug)]
pub struct Value<D: Backend> {
    array: Array<D>,
    dims: Dims,
    tracked: bool,
    host: Arc<OnceLock<Numbers>>,
}

impl<D: Backend> Value<D> {
    /// A value that no gradient flows to.
    pub fn constant(device: &D, dims: Dims, numbers: impl Into<Numbers>) -> Result<Self, TensorError> {
        let numbers = numbers.into();
        if numbers.len() != count(dims) {
            return Err(TensorError::Length { operation: "tensor", expected: count(dims), found: numbers.len() });
        }
        let (array, host) = match D::ON_HOST {
            true => (device.try_tensor_from_vec(vec![0.0], (1, 1, 1)), OnceLock::from(numbers)),
            false => (device.try_tensor_from_vec(numbers.to_vec(), dims), OnceLock::new()),
        };
        Ok(Self { array: array.map_err(TensorError::device)?, dims, tracked: false, host: host.into() })
    }

    /// A value whose gradient is wanted: read it with [`Value::cotangent`] after [`backward`].
    pub fn leaf(device: &D, dims: Dims, numbers: Vec<f64>) -> Result<Self, TensorError> {
        Ok(Self { tracked: true, ..Self::constant(device, dims, numbers)? })
    }

    /// A single number.
    pub fn number(device: &D, value: f64) -> Result<Self, TensorError> {
        Self::constant(device, (1, 1, 1), vec![value])
    }

    /// The same numbers, on no tape.
    pub fn detached(&self) -> Self {
        Self { tracked: false, ..self.clone() }
    }

    /// Its numbers as a tensor for dfdx's own operations, tracked by the tape.
    pub fn tensor<T: Tape<f64, D>>(&self, mut tape: T) -> Result<(Array<D>, T), TensorError> {
        if !D::ON_HOST {
            return Ok((self.array.clone(), tape));
        }
        let tensor = self.device().try_tensor_from_vec(self.host().to_vec(), self.dims).map_err(TensorError::device)?;
        if self.tracked && T::OWNS_TAPE {
            let (from, to, length) = (tensor.ghost(), self.array.ghost(), self.count());
            tape.add_backward_op(move |gradients| {
                let part = D::take(gradients.get_or_alloc_mut(&from)?)?;
                let buffer = gradients.get_or_alloc_mut(&to)?;
                let mut sum = Cotangent::new(D::take(buffer)?, length);
                sum.add(part);
                D::put(buffer, sum.into_numbers())
            });
        }
        Ok((tensor, tape))
    }

    /// The result of dfdx's own operations (contiguous, as they all are).
    pub fn from_tensor<T: Tape<f64, D>>(
        tensor: Array<D>,
        tracked: bool,
        mut tape: T,
    ) -> Result<(Self, T), TensorError> {
        use dfdx::prelude::HasShape;
        let (dims, device) = (*tensor.shape(), tensor.device().clone());
        if !D::ON_HOST {
            return Ok((Self { array: tensor, dims, tracked, host: Arc::default() }, tape));
        }
        let mut numbers = Buffer::any(count(dims));
        tensor.copy_into(&mut numbers);
        let value = Self { tracked, ..Self::constant(&device, dims, numbers)? };
        if tracked && T::OWNS_TAPE {
            let (from, to) = (value.array.ghost(), tensor.ghost());
            tape.add_backward_op(move |gradients| {
                let whole = Cotangent::new(D::take(gradients.get_or_alloc_mut(&from)?)?, count(dims));
                D::put(gradients.get_or_alloc_mut(&to)?, whole.into_numbers())
            });
        }
        Ok((value, tape))
    }

    /// Batch, points, channels.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        count(self.dims)
    }

    /// Whether gradients flow to it.
    pub fn tracked(&self) -> bool {
        self.tracked
    }

    /// The device.
    pub fn device(&self) -> &D {
        self.array.device()
    }

    /// Its numbers, `[batch][point][channel]`; copied once if the device is not the host.
    pub fn host(&self) -> Numbers {
        let read = || {
            let mut numbers = Buffer::any(self.count());
            self.array.copy_into(&mut numbers);
            numbers.into()
        };
        self.host.get_or_init(read).clone()
    }

    /// The first number: the value of a single one.
    pub fn first(&self) -> f64 {
        self.host().first().copied().unwrap_or(f64::NAN)
    }

    /// The gradient that a backward pass left for a leaf (zeros if none reached it). Cotangents of results of [`record`] are
    /// freed during the pass.
    pub fn cotangent(&self, cotangents: &mut Cotangents<D>) -> Result<Vec<f64>, TensorError> {
        let numbers = self.take_cotangent(cotangents)?;
        self.put_cotangent(cotangents, numbers.clone())?;
        Ok(numbers)
    }

    /// The same, taken out.
    pub fn take_cotangent(&self, cotangents: &mut Cotangents<D>) -> Result<Vec<f64>, TensorError> {
        let buffer = cotangents.get_or_alloc_mut(&self.array).map_err(TensorError::device)?;
        Ok(Cotangent::new(D::take(buffer).map_err(TensorError::device)?, self.count()).into_numbers())
    }

    /// Moves its cotangent, if one has arrived, to `again`, the same value recomputed.
    pub fn hand_over(&self, again: &Self, cotangents: &mut Cotangents<D>) -> Result<(), TensorError> {
        let buffer = cotangents.get_or_alloc_mut(&self.array).map_err(TensorError::device)?;
        let numbers = D::take(buffer).map_err(TensorError::device)?;
        if numbers.len() == self.count() { again.put_cotangent(cotangents, numbers) } else { Ok(()) }
    }

    /// Sets its cotangent, one number per entry, before a backward pass continues.
    pub fn put_cotangent(&self, cotangents: &mut Cotangents<D>, numbers: Vec<f64>) -> Result<(), TensorError> {
        let buffer = cotangents.get_or_alloc_mut(&self.array).map_err(TensorError::device)?;
        D::put(buffer, numbers).map_err(TensorError::device)
    }
}

/// Runs a tape backward from a single number.
pub fn backward<D: Backend>(loss: &Value<D>, tape: OwnedTape<f64, D>) -> Result<Cotangents<D>, TensorError> {
    let expected = 1;
    if loss.count() != expected {
        return Err(TensorError::Length { operation: "backward", expected, found: loss.count() });
    }
    let mut cotangents = Cotangents::leaky();
    loss.put_cotangent(&mut cotangents, vec![1.0])?;
    resume(loss.device(), cotangents, tape)
}

/// Runs a tape backward from the cotangents that its results already have, for example from tapes recorded later: a
/// calculation on several tapes, run backward one after another from the last, has the same gradient as on one tape.
pub fn resume<D: Backend>(
    device: &D,
    cotangents: Cotangents<D>,
    mut tape: OwnedTape<f64, D>,
) -> Result<Cotangents<D>, TensorError> {
    // Recorded last, run first.
    tape.add_backward_op(move |gradients| {
        *gradients = cotangents;
        Ok(())
    });
    // dfdx starts from its own tensor.
    let start = device.try_tensor_from_vec(vec![1.0], ()).map_err(TensorError::device)?;
    start.put_tape(tape).try_backward().map_err(TensorError::device)
}

/// Records a function of host numbers on a tape: the values were computed outside; `pullback` gets one cotangent per
/// output, at least one of them not fresh, and for every tracked input (`Some`) the cotangent to add to. The same
/// value may occur twice among the inputs. The pullback must not fail: an operator whose pullback can fail stores its error in a
/// cell and writes NaN.
pub fn record<D: Backend, T: Tape<f64, D>, N: Into<Numbers>>(
    device: &D,
    inputs: &[&Value<D>],
    outputs: Vec<(Dims, N)>,
    mut tape: T,
    pullback: impl FnOnce(&mut [Cotangent], &mut [Option<Cotangent>]) + 'static,
) -> Result<(Vec<Value<D>>, T), TensorError> {
    let tracked = T::OWNS_TAPE && inputs.iter().any(|input| input.tracked);
    let mut values = Vec::with_capacity(outputs.len());
    for (dims, numbers) in outputs {
        values.push(Value { tracked, ..Value::constant(device, dims, numbers)? });
    }
    if !tracked {
        return Ok((values, tape));
    }
    // The cotangent of each input; `true` if the same value has occurred among the inputs before.
    let mut targets = Vec::with_capacity(inputs.len());
    for (i, input) in inputs.iter().enumerate() {
        let again = inputs[..i].iter().any(|other| other.tracked && Arc::ptr_eq(&input.host, &other.host));
        targets.push(input.tracked.then(|| (input.array.ghost(), input.count(), again)));
    }
    let sources: Vec<_> = values.iter().map(|value| (value.array.ghost(), value.count())).collect();
    tape.add_backward_op(move |gradients| {
        let mut incoming = Vec::with_capacity(sources.len());
        for (source, length) in &sources {
            incoming.push(Cotangent::new(D::take(gradients.get_or_alloc_mut(source)?)?, *length));
        }
        if incoming.iter().all(Cotangent::fresh) {
            return Ok(());
        }
        let mut outgoing = Vec::with_capacity(targets.len());
        for target in &targets {
            outgoing.push(match target {
                None => None,
                Some((_, length, true)) => Some(Cotangent::new(Vec::new(), *length)),
                Some((target, length, false)) => {
                    Some(Cotangent::new(D::take(gradients.get_or_alloc_mut(target)?)?, *length))
                }
            });
        }
        pullback(&mut incoming, &mut outgoing);
        for (target, part) in targets.iter().zip(outgoing) {
            let (Some((target, length, again)), Some(part)) = (target, part) else { continue };
            if part.fresh() {
                continue;
            }
            let buffer = gradients.get_or_alloc_mut(target)?;
            if *again {
                let mut sum = Cotangent::new(D::take(buffer)?, *length);
                sum.add(part.into_numbers());
                D::put(buffer, sum.into_numbers())?;
            } else {
                D::put(buffer, part.into_numbers())?;
            }
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
    numbers: impl Into<Numbers>,
    tape: T,
    pullback: impl FnOnce(&[f64], &mut [Option<Cotangent>]) + 'static,
) -> Result<(Value<D>, T), TensorError> {
    let pullback =
        |incoming: &mut [Cotangent], outgoing: &mut [Option<Cotangent>]| pullback(incoming[0].whole(), outgoing);
    let (values, tape) = record(device, inputs, vec![(dims, numbers)], tape, pullback)?;
    Ok((only("record", values)?, tape))
}

/// The result of an operation that has only one.
pub(super) fn only<D: Backend>(operation: &'static str, mut values: Vec<Value<D>>) -> Result<Value<D>, TensorError> {
    values.pop().ok_or(TensorError::Length { operation, expected: 1, found: 0 })
}

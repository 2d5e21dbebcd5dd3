//! Devices: those of dfdx, with the access to host memory that our operators need.

use dfdx::prelude::{Cpu, Device, Gradients, Storage, Tensor};

/// A dfdx device on which our operators run. They compute on the host: free on the CPU, by copies on others.
pub trait Backend: Device<f64> {
    /// Whether its memory is the host's: then operators that bypass the device altogether are faster.
    const ON_HOST: bool;
    /// Takes the numbers out of a gradient buffer (on the CPU it is left empty until [`Backend::put`]).
    fn take(buffer: &mut <Self as Storage<f64>>::Vec) -> Result<Vec<f64>, Self::Err>;
    /// Puts numbers (as many as were taken) into a gradient buffer.
    fn put(buffer: &mut <Self as Storage<f64>>::Vec, host: Vec<f64>) -> Result<(), Self::Err>;
}

impl Backend for Cpu {
    const ON_HOST: bool = true;
    fn take(buffer: &mut <Self as Storage<f64>>::Vec) -> Result<Vec<f64>, Self::Err> {
        Ok(std::mem::take(&mut **buffer))
    }
    fn put(buffer: &mut <Self as Storage<f64>>::Vec, host: Vec<f64>) -> Result<(), Self::Err> {
        **buffer = host;
        Ok(())
    }
}

#[cfg(feature = "cuda")]
impl Backend for dfdx::prelude::Cuda {
    const ON_HOST: bool = false;
    fn take(buffer: &mut <Self as Storage<f64>>::Vec) -> Result<Vec<f64>, Self::Err> {
        let slice = &**buffer;
        Ok(slice.device().dtoh_sync_copy(slice)?)
    }
    fn put(buffer: &mut <Self as Storage<f64>>::Vec, host: Vec<f64>) -> Result<(), Self::Err> {
        let slice = &mut **buffer;
        Ok(slice.device().htod_sync_copy_into(&host, slice)?)
    }
}

/// Shape of every value: batch, points, channels (contiguous, channels fastest).
pub type Dims = (usize, usize, usize);

/// A dfdx tensor of that shape, without tape.
pub type Array<D> = Tensor<Dims, f64, D>;

/// Gradients of a backward pass.
pub type Cotangents<D> = Gradients<f64, D>;

/// What the tensor layer reports.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TensorError {
    /// dfdx or its device failed (usually out of memory).
    #[error("the device failed: {message}")]
    Device {
        /// Its own message.
        message: String,
    },
    /// Numbers and shape do not match.
    #[error("`{operation}` got {found} numbers instead of {expected}")]
    Length {
        /// The operation.
        operation: &'static str,
        /// Numbers expected.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
}

impl TensorError {
    /// A device's own error.
    pub fn device(error: impl std::fmt::Display) -> Self {
        Self::Device { message: error.to_string() }
    }
}

/// Number of entries.
pub fn count((batch, points, channels): Dims) -> usize {
    batch * points * channels
}

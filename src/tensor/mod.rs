//! dfdx: device choice, and our operators with their backward rules, one file per operator.
//!
//! Every value is a tensor `[batch, points, channels]`, contiguous, channels fastest. An operator takes values and a
//! tape and returns the result and the tape; with `NoneTape` nothing is recorded.

pub mod arrange;
mod backend;
mod convolution;
mod cotangent;
mod device;
pub(crate) mod elementwise;
mod exp;
pub mod exponential;
pub mod hartree;
pub(crate) mod program;
pub(crate) mod rows;
pub(crate) mod scalar;
mod stock;
mod sweep;
#[cfg(test)]
mod testing;
mod value;
pub(crate) mod vector;
pub mod window;

pub use backend::{Array, Backend, Cotangents, Dims, TensorError, count};
pub use cotangent::Cotangent;
pub use device::Device;
#[cfg(not(feature = "cuda"))]
pub(crate) use device::NO_CUDA;
pub(crate) use device::on_device;
pub use dfdx::prelude::{Cpu, NoneTape, OwnedTape, Tape};
pub use elementwise::convolve;
pub use stock::{Buffer, Numbers, turn_to};
pub use value::{Value, backward, record, record_one, resume};

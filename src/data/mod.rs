//! Files of numbers: `.npy` arrays and `.npz` archives.

mod npy;

pub use npy::{Array, DataError, read_npy, read_npz, write_npy, write_whole};

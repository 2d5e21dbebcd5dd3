//! Files of numbers: `.npy` arrays and `.npz` archives; keys of content.

mod content;
mod npy;

pub use content::ContentKey;
pub use npy::{Array, DataError, read_npy, read_npz, write_npy, write_whole};

//! Files of numbers: `.npy` arrays and `.npz` archives, folders of them in the published layout; content keys.

mod content;
mod element;
mod layout;
mod npy;
mod pickle;
mod seal;
mod unicode;
mod whole;

pub use content::ContentKey;
pub use layout::{Layout, LayoutError, read_layout, write_layout};
pub use npy::{Array, Content, DataError, npy_bytes, read_content, read_npy, read_npz};
pub use seal::{Seal, seal, sealed};
pub use whole::{keep, special, write_folder, write_whole};

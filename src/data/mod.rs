//! Files of numbers: `.npy` arrays and `.npz` archives, folders of them in the published layout; keys of content.

mod content;
mod element;
mod layout;
mod npy;
mod pickle;
mod unicode;

pub use content::ContentKey;
pub use layout::{Layout, LayoutError, read_layout, write_layout};
pub use npy::{Array, Content, DataError, read_content, read_npy, read_npz, write_npy, write_whole};

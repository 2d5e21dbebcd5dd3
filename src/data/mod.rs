//! Files of numbers: `.npy` arrays and `.npz` archives, folders of them in the published layout; content keys, the files
//! of the caches.

mod content;
mod element;
mod header;
mod kept;
mod layout;
mod ledger;
mod mark;
mod npy;
mod npz;
mod pickle;
mod unicode;
mod whole;

pub use content::ContentKey;
pub use kept::{keep, recall, sealed, unsealed};
pub use layout::{Layout, LayoutError, read_layout, write_layout};
pub use ledger::{Ledger, content_of};
pub use mark::{
    ARRAY_START, DRAWN, Mark, PAINTED, content, is_marked_array, is_painted, mark, marked_array, marked_text,
};
pub use npy::{Array, Content, DataError, npy_bytes, read_content, read_npy};
pub use npz::{Arrays, Member, read_npz};
pub use whole::{abandon, regular, special, write_folder, write_whole};

//! How the interacting problem is solved: one method a file or folder.

pub(super) mod determinants;
pub(super) mod independent;
pub(super) mod two_electrons;

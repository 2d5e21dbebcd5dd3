//! The library functions of the language, one file per topic.

pub(super) mod checks;
#[cfg(test)]
mod dataset_tests;
pub(super) mod datasets;
pub(super) mod figures;
#[cfg(test)]
mod file_tests;
pub(super) mod files;
pub(super) mod grids;
pub(super) mod lists;
pub(super) mod math;
pub(super) mod random;
pub(super) mod records;
pub(super) mod reduce;
pub(super) mod search;
pub(super) mod systems;
pub(super) mod tables;
#[cfg(test)]
mod tests;

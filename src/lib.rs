//! `ksr`: a language for electronic systems in one dimension, the functionals that describe them and the losses by
//! which these are learned, and its interpreter.
//!
//! The modules are the phases through which a script passes; imports go up this list, never down it:
//!
//! - [`cli`]: the front doors, one file each
//! - [`report`]: what users see: values as text and JSON, tables, figures, progress
//! - [`interp`]: evaluates a checked program; traces functional bodies and losses into graphs
//! - [`lang`]: text to tree: parser, tree, checks
//! - [`train`]: optimisers, seeds, validation, checkpoints
//! - [`exact`]: the interacting problem
//! - [`ks`]: Hamiltonian, orbitals, energies, mixing, the unrolled loop
//! - [`functional`]: graph, shapes, differentiate, lower, parameters
//! - [`model`]: grid, interaction, system
//! - [`tensor`]: dfdx devices and our operators with their backward rules
//! - [`data`]: npy and npz, model text
//! - [`source`], [`problem`], [`control`]: places in texts, errors that carry them, progress and interruption

#[cfg(feature = "cli")]
pub mod cli;
pub mod control;
pub mod data;
pub mod exact;
pub mod functional;
pub mod graph;
pub mod interp;
pub mod ks;
pub mod lang;
pub mod model;
pub mod problem;
pub mod report;
pub mod source;
pub mod tensor;
pub mod train;

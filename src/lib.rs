//! `ksr`: a language for electronic systems in one dimension, the functionals that describe them and the losses by
//! which they are learned, and its interpreter.
//!
//! The modules are the phases through which a script passes. A module imports from those below it in this list, never from
//! those above:
//!
//! - [`cli`]: the command line, one file per command
//! - [`report`]: what users see: values as text and JSON, tables, figures, progress
//! - [`interp`]: evaluates a checked program; traces functional bodies and losses into graphs
//! - [`lang`]: from script to syntax tree: parser, tree, checks
//! - [`train`]: optimisers, seeds, validation, checkpoints
//! - [`exact`]: the interacting problem
//! - [`learn`]: kernel ridge regression, without a graph
//! - [`ks`]: Hamiltonian, orbitals, energies, mixing, the unrolled loop
//! - [`functional`]: what a functional is: spin, closed shells, evaluation
//! - [`graph`]: the compiler of graphs: nodes, shapes, differentiate, routine, lower
//! - [`model`]: grid, interaction, system
//! - [`tensor`]: dfdx devices and our operators with their backward rules
//! - [`data`]: npy and npz, folders in the published layout, content keys
//! - [`source`], [`problem`], [`control`], [`world`]: places in texts, errors that carry them, progress and interruption, the
//!   files that a script can reach; numbers as texts

// The library accesses files only through `world::World`, except for the few modules with a cache, which say so.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

#[cfg(feature = "cli")]
#[allow(clippy::disallowed_methods, reason = "the command line is where the disk comes in")]
pub mod cli;
pub mod control;
pub mod data;
pub mod exact;
pub mod functional;
pub mod graph;
pub mod interp;
pub mod ks;
pub mod lang;
pub mod learn;
pub mod model;
pub(crate) mod number;
pub mod problem;
pub mod report;
pub mod source;
mod team;
pub mod tensor;
pub mod together;
pub mod train;
pub mod world;

//! Calls: the record of a builtin, binding of arguments to parameters, and expected kinds of values.

mod args;
mod bind;
mod builtin;
mod expect;

pub use args::Args;
pub use bind::{Argument, BoundArguments, Parameter, Site, bind};
pub use builtin::{
    Builtin, DefaultValue, EACH, Example, Meaning, Param, Style, constant, example, function, local, named, optional,
    required, shown,
};
pub(crate) use expect::{dimensioned, not_functional};
pub use expect::{mismatch, quantity, truth};

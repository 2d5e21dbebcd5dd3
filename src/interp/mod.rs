//! Evaluates a checked program: values, environment, builtins (a file a topic), and the tracing of bodies and losses.

pub mod host;
pub mod value;

pub use host::Host;
pub use value::Value;

//! What users see: problems, values as text and JSON, tables, figures, progress.
//!
//! Everything here produces strings or the bytes of files; only [`crate::cli`] writes to the terminal.

mod clip;
mod excerpt;
mod figure;
mod inline;
mod json;
pub mod number;
mod problem;
pub mod progress;
mod sketch;
mod style;
mod table;
mod text;
mod ticks;
pub mod width;

pub use figure::{draw, png, svg};
pub use json::{json, json_line, record as json_record};
pub use problem::{Report, problem_in_words, problem_json};
pub use sketch::sketch;
pub use style::Style;
pub use text::text;

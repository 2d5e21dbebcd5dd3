//! The parser that pest makes of `grammar/ksr.pest`.

#![allow(missing_docs)]

use pest_derive::Parser;

/// The generated parser.
#[derive(Parser)]
#[grammar = "grammar/ksr.pest"]
pub(in crate::lang) struct Grammar;

//! The parser that pest generates from `grammar/ksr.pest`.

#![allow(missing_docs)]

use pest_derive::Parser;

/// The generated parser.
#[derive(Parser)]
#[grammar = "grammar/ksr.pest"]
pub(in crate::lang) struct Grammar;

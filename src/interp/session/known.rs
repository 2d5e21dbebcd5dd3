//! What the checker knows before it sees a program.

use crate::interp::value::scope::{Binding, Scope};
use crate::lang::check::Names;
use std::rc::Rc;

/// The names of the language and of the session so far.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    pub names: Names,
    /// The scope up to which the session is known.
    pub seen: Option<Scope>,
    /// Names that had no value yet.
    pub unready: Vec<Rc<Binding>>,
}

//! Lists, and how large values with values in them are.

use super::Value;
use std::ops::Deref;

/// How deeply values are nested and how many there are. Known when a list or record is made, so that nothing has to walk down it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Levels of lists, records and tables.
    pub depth: u32,
    /// Elements and entries of all levels; a value that occurs twice counts twice.
    pub total: u64,
}

impl Extent {
    /// Of something that contains these values.
    pub fn around<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut whole = Self { depth: 1, total: 0 };
        for extent in values.into_iter().map(Value::extent) {
            whole.depth = whole.depth.max(extent.depth.saturating_add(1));
            whole.total = whole.total.saturating_add(extent.total).saturating_add(1);
        }
        whole
    }
}

/// A list of values.
#[derive(Clone, Debug, Default)]
pub struct List {
    items: Vec<Value>,
    extent: Extent,
}

impl List {
    /// Its own extent.
    pub fn extent(&self) -> Extent {
        self.extent
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        let extent = Extent::around(&items);
        Self { items, extent }
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}

impl Deref for List {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.items
    }
}

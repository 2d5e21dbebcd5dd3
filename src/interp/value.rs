//! Values. They never cross threads; what does is plain data (graphs, systems, parameters).

use crate::exact::Reference;
use crate::ks::{Mixing, Run};
use crate::lang::ast::FnDef;
use crate::model::{Grid, Interaction, System};
use std::rc::Rc;
use std::sync::Arc;

/// Powers of the two dimensions known: everything else is plain. In halves, so that a square root has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Dim {
    /// Twice the power of energy.
    pub energy: i16,
    /// Twice the power of length.
    pub length: i16,
}

/// A number, in Hartree atomic units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Value in atomic units.
    pub value: f64,
    /// Dimension; plain numbers combine with any.
    pub dim: Dim,
    /// Unit to be shown in, after `->`; `None`: hartree, bohr.
    pub unit: Option<ShownUnit>,
}

/// A unit chosen by `->`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShownUnit {
    /// Its name, `kcal/mol`.
    pub name: &'static str,
    /// Its power.
    pub power: i32,
    /// Atomic units in one of it, power included.
    pub factor: f64,
}

/// Numbers on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The grid.
    pub grid: Arc<Grid>,
    /// Channels, 1 for a simple field.
    pub channels: usize,
    /// Values, channel-contiguous: `data[i * channels + c]`.
    pub data: Vec<f64>,
}

/// Named columns of equal length, each a list of values.
#[derive(Clone, Debug)]
pub struct Table {
    /// Columns in order.
    pub columns: Vec<(Rc<str>, Rc<Vec<Value>>)>,
}

/// Lines in a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Title.
    pub title: Option<String>,
    /// Label of the abscissa, unit included.
    pub x_label: String,
    /// Label of the ordinate.
    pub y_label: String,
    /// Curves.
    pub series: Vec<Series>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Legend.
    pub name: String,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates; gaps where not finite.
    pub y: Vec<f64>,
}

/// Names to values, in order of definition; records, modules.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Entries in order.
    pub entries: Vec<(Rc<str>, Value)>,
}

impl Record {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }
}

/// Anything a name can stand for.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number with its dimension.
    Number(Quantity),
    /// `true`, `false`.
    Bool(bool),
    /// A text.
    Str(Rc<str>),
    /// A list; of numbers, a vector.
    List(Rc<Vec<Value>>),
    /// `{ a: 1 }`.
    Record(Rc<Record>),
    /// `a .. b` that was not listed: bounds of a search, of a parameter, of a width.
    Interval(Quantity, Quantity),
    /// Numbers on a grid.
    Field(Rc<Field>),
    /// A grid.
    Grid(Arc<Grid>),
    /// A ready-made interaction.
    Interaction(Interaction),
    /// A system.
    System(Arc<System>),
    /// A finished Kohn-Sham calculation.
    Run(Rc<Run>),
    /// An exact answer, or one of a data set.
    Reference(Arc<Reference>),
    /// Columns.
    Table(Rc<Table>),
    /// A plot.
    Figure(Rc<Figure>),
    /// `linear(…)`, `diis(…)`.
    Mixing(Mixing),
    /// A user's function with the names it sees.
    Function(Rc<FnDef>),
}

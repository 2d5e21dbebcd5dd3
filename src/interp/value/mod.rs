//! Values. They never cross threads; only plain data does (graphs, systems, parameters).

mod equal;
mod functional;
mod list;
mod loss;
pub(crate) mod machine;
pub(crate) mod model;
pub mod module;
mod operand;
pub(crate) mod params;
mod quantity;
mod run;
pub(crate) mod scf;
pub mod scope;
mod symbol;
pub mod text;

pub use equal::equal;
pub(crate) use functional::{A_POTENTIAL, COMMITTEES};
pub use functional::{Functional, Layer, StartFrom, Traced};
pub use list::{Extent, List};
pub use loss::Loss;
pub use machine::{FieldBasis, Form, Kernel, KernelFunction, Machine};
pub use model::{Model, SeedRow, TrainedWith, Training};
pub use operand::Operand;
pub use quantity::{ByMembers, MAX_LENGTH, Quantity, ShownUnit, Trust, listed_length};
pub use run::{Corrected, Solved};
pub(crate) use run::{property, spread};
pub use symbol::{Symbol, Trace, Trained};

use crate::exact::Reference;
use crate::graph::Shape;
use crate::interp::call::Builtin;
use crate::ks::Mixing;
use crate::lang::ast::{FnDef, SystemDef};
use crate::lang::{Dimension, Kind};
use crate::model::{Grid, Interaction, System};
use crate::train::Optimizer;
use scope::{ModuleId, Scope};
use std::rc::Rc;
use std::sync::Arc;

/// What all the values share, according to `of`: the unit that a column or list is shown in; `None` if one has none, or
/// a different one.
pub fn shared<'a>(
    values: impl IntoIterator<Item = &'a Value>,
    of: impl Fn(&'a Value) -> Option<String>,
) -> Option<String> {
    let mut all = values.into_iter().map(of);
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
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
    /// Whether it comes from a calculation that did not converge.
    pub unconverged: bool,
}

impl Field {
    /// A field of one channel; `data` has one value per grid point.
    pub fn simple(grid: Arc<Grid>, data: Vec<f64>) -> Self {
        Self { grid, channels: 1, data, unconverged: false }
    }
    /// A field made from this one, trusted no further; `data` has one value per grid point and channel.
    pub fn made(&self, channels: usize, data: Vec<f64>) -> Self {
        Self { grid: self.grid.clone(), channels, data, unconverged: self.unconverged }
    }
    /// The same, if `doubt` as one from a calculation that did not converge.
    pub fn doubted(self, doubt: bool) -> Self {
        Self { unconverged: self.unconverged || doubt, ..self }
    }
    /// A number made from it, trusted no further.
    pub fn number(&self, value: f64) -> Value {
        Value::Number(Quantity::plain(value).trusted(Trust::of(!self.unconverged, None)))
    }
    /// Numbers made from it.
    pub fn numbers(&self, values: &[f64]) -> Value {
        Value::list(values.iter().map(|value| self.number(*value)).collect())
    }
    /// One channel's values.
    pub fn channel(&self, channel: usize) -> Vec<f64> {
        self.data.iter().skip(channel).step_by(self.channels.max(1)).copied().collect()
    }
}

/// Named columns of equal length, each a list of values.
#[derive(Clone, Debug)]
pub struct Table {
    /// Columns in order.
    pub columns: Vec<(Rc<str>, Rc<List>)>,
}

impl Table {
    /// A column by name.
    pub fn get(&self, name: &str) -> Option<&Rc<List>> {
        self.columns.iter().find(|(n, _)| &**n == name).map(|(_, c)| c)
    }
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, c)| c.len())
    }
    /// A row, as a record.
    pub fn row(&self, row: usize) -> Value {
        Value::record(self.columns.iter().map(|(name, column)| (&**name, column[row].clone())))
    }
    /// Some of the rows, in that order.
    pub fn only(&self, rows: &[usize]) -> Self {
        let column = |column: &List| Rc::new(rows.iter().map(|row| column[*row].clone()).collect());
        Self { columns: self.columns.iter().map(|(name, values)| (name.clone(), column(values))).collect() }
    }
}

/// Curves in a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Title.
    pub title: Option<String>,
    /// Label of the x axis, including the unit.
    pub x_label: String,
    /// Label of the y axis.
    pub y_label: String,
    /// Range of the x axis, if not that of the data.
    pub x_range: Option<(f64, f64)>,
    /// Range of the y axis, if not that of the data.
    pub y_range: Option<(f64, f64)>,
    /// Shaded ranges of y; drawn as a line if both ends are equal.
    pub bands: Vec<(f64, f64)>,
    /// Curves.
    pub series: Vec<Series>,
}

/// One curve of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Legend.
    pub name: String,
    /// The entry of the legend that it belongs to: the members of an ensemble share one.
    pub curve: usize,
    /// Whether it is drawn thin, as one of an ensemble.
    pub thin: bool,
    /// Values of x.
    pub x: Vec<f64>,
    /// Values of y, with gaps where they are not finite.
    pub y: Vec<f64>,
    /// Whether each point comes from a calculation that did not converge; empty: none does.
    pub unconverged: Vec<bool>,
    /// The spread of each y over the members of a committee; empty: there is none.
    pub spread: Vec<f64>,
}

/// Named values, in order of definition.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Entries in order.
    pub entries: Vec<(Rc<str>, Value)>,
    /// What it is, with its article, if it is not simply a record: `the run of a loss`.
    pub label: Option<&'static str>,
    /// Of the run of a loss for which nothing is solved: the reference whose density it has.
    pub reference: Option<Arc<Reference>>,
    extent: Extent,
}

impl Record {
    /// A record with these entries.
    pub fn new(entries: Vec<(Rc<str>, Value)>) -> Self {
        let extent = Extent::around(entries.iter().map(|(_, value)| value));
        Self { entries, label: None, reference: None, extent }
    }

    /// The same under another name for what it is.
    pub fn labelled(self, label: Option<&'static str>) -> Self {
        Self { label, ..self }
    }

    /// The same as the run of a loss at the density of a reference.
    pub fn at_reference(self, reference: Option<Arc<Reference>>) -> Self {
        Self { reference, ..self }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }
}

/// A user's function with the names it sees.
#[derive(Debug)]
pub struct Closure {
    /// Parameters and body.
    pub def: Rc<FnDef>,
    /// What was visible where it was defined.
    pub scope: Scope,
    /// Whether its body can refer to it by name.
    pub named: bool,
}

/// A `system` with parameters.
#[derive(Debug)]
pub struct SystemMaker {
    /// Definition.
    pub def: Rc<SystemDef>,
    /// What was visible where it was defined.
    pub scope: Scope,
}

/// The names of a used file or standard module; their values are looked up on demand.
#[derive(Clone, Debug)]
pub struct ModuleRef {
    /// Which.
    pub id: ModuleId,
    /// Its name in the script: `functionals`.
    pub name: Rc<str>,
}

/// Any value of the language.
#[derive(Clone, Debug)]
pub enum Value {
    /// The value of `print` and `save`; never shown.
    Nothing,
    /// A number with its dimension.
    Number(Quantity),
    /// `true`, `false`.
    Bool(bool),
    /// A string.
    Str(Rc<str>),
    /// A list; a list of numbers is a vector.
    List(Rc<List>),
    /// `{ a: 1 }`.
    Record(Rc<Record>),
    /// `a .. b` that is not a list: bounds of a search, of a parameter, of a width.
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
    Run(Rc<Solved>),
    /// An exact answer, or one from a data set.
    Reference(Arc<Reference>),
    /// Columns.
    Table(Rc<Table>),
    /// A plot.
    Figure(Rc<Figure>),
    /// `linear(…)`, `diis(…)`.
    Mixing(Mixing),
    /// A user's function.
    Function(Rc<Closure>),
    /// A function of the language.
    Builtin(&'static Builtin),
    /// A system with parameters.
    SystemMaker(Rc<SystemMaker>),
    /// A module imported by `use`.
    Module(ModuleRef),
    /// A part of a body that is being traced: a node of its graph.
    Symbol(Symbol),
    /// A functional.
    Functional(Rc<Functional>),
    /// A functional with trained parameters.
    Model(Rc<Model>),
    /// `exact_functional()`.
    ExactFunctional,
    /// A functional with a correction that is added to its energies.
    Corrected(Rc<Corrected>),
    /// What kernel ridge regression has learned.
    Machine(Rc<Machine>),
    /// `gaussian(width: 2)`.
    Kernel(Rc<Kernel>),
    /// `fourier(200)`, `principal(25)`.
    Basis(FieldBasis),
    /// `lbfgs(…)`, `adam(…)`.
    Optimizer(Optimizer),
    /// A loss, with or without options.
    Loss(Rc<Loss>),
}

impl Value {
    /// A plain number.
    pub fn plain(value: f64) -> Self {
        Value::Number(Quantity::plain(value))
    }
    /// An energy, hartree.
    pub fn energy(value: f64) -> Self {
        Value::Number(Quantity::energy(value))
    }
    /// A length, bohr.
    pub fn length(value: f64) -> Self {
        Value::Number(Quantity::length(value))
    }
    /// A number of a dimension, in atomic units.
    pub fn of(value: f64, dim: Dimension) -> Self {
        Value::Number(Quantity::of(value, dim))
    }
    /// A string.
    pub fn text(text: impl AsRef<str>) -> Self {
        Value::Str(Rc::from(text.as_ref()))
    }
    /// A list.
    pub fn list(items: Vec<Value>) -> Self {
        Value::List(Rc::new(List::from(items)))
    }
    /// A list of numbers of one dimension.
    pub fn vector(items: &[f64], dim: Dimension) -> Self {
        Value::list(items.iter().map(|&v| Value::Number(Quantity::of(v, dim))).collect())
    }
    /// A field of one channel.
    pub fn field(grid: &Arc<Grid>, data: Vec<f64>) -> Self {
        Value::Field(Rc::new(Field::simple(grid.clone(), data)))
    }
    /// A record.
    pub fn record<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let entries = entries.into_iter().map(|(n, v)| (Rc::from(n), v)).collect();
        Value::Record(Rc::new(Record::new(entries)))
    }

    /// The same with all numbers in it plain: energies in hartree, lengths in bohr.
    pub(crate) fn plain_numbers(self) -> Self {
        match self {
            Value::Number(q) => Value::plain(q.value),
            Value::Interval(a, b) => Value::Interval(Quantity::plain(a.value), Quantity::plain(b.value)),
            Value::List(items) => Value::list(items.iter().cloned().map(Value::plain_numbers).collect()),
            Value::Record(record) => {
                let entries = record.entries.iter().map(|(n, v)| (n.clone(), v.clone().plain_numbers())).collect();
                let reference = record.reference.clone();
                Value::Record(Rc::new(Record::new(entries).labelled(record.label).at_reference(reference)))
            }
            other => other,
        }
    }

    /// Whether everything in it comes from calculations that converged, as far as is known.
    pub fn converged(&self) -> bool {
        match self {
            Value::Number(q) => !q.trust.unconverged(),
            Value::Field(field) => !field.unconverged,
            Value::Run(run) => run.trusted(),
            Value::Reference(reference) => reference.converged(),
            Value::Machine(machine) => !machine.unconverged,
            Value::List(items) => items.iter().all(Value::converged),
            Value::Record(record) => record.entries.iter().all(|(_, value)| value.converged()),
            Value::Table(table) => table.columns.iter().all(|(_, column)| column.iter().all(Value::converged)),
            _ => true,
        }
    }

    /// How deeply it is nested and how much it contains; nothing for values without values in them.
    pub fn extent(&self) -> Extent {
        match self {
            Value::List(items) => items.extent(),
            Value::Record(record) => record.extent,
            Value::Table(table) => table.columns.iter().fold(Extent::default(), |whole, (_, column)| {
                let Extent { depth, total } = column.extent();
                Extent { depth: whole.depth.max(depth + 1), total: whole.total.saturating_add(total) }
            }),
            _ => Extent::default(),
        }
    }

    /// About how many bytes its own elements take, without those of the lists in it.
    pub fn bytes(&self) -> u64 {
        let values = |count: usize| (count * size_of::<Value>()) as u64;
        match self {
            Value::List(items) => values(items.len()),
            Value::Record(record) => values(record.entries.len()),
            Value::Table(table) => values(table.rows().saturating_mul(table.columns.len())),
            Value::Str(text) => text.len() as u64,
            Value::Field(field) => 8 * field.data.len() as u64,
            _ => 0,
        }
    }

    /// The name of its type, as in `kind` and JSON: `number`, `quantity`, `list`, `run`.
    pub fn type_word(&self) -> &'static str {
        match self {
            Value::Nothing => "nothing",
            Value::Number(q) if q.dim.is_plain() && q.unit_text().is_empty() => "number",
            Value::Number(_) => "quantity",
            Value::Bool(_) => "bool",
            Value::Str(_) => "string",
            Value::List(_) => "list",
            Value::Record(_) => "record",
            Value::Interval(from, to) if listed_length(from, to).is_some() => "list",
            Value::Interval(..) => "interval",
            Value::Field(_) => "field",
            Value::Grid(_) => "grid",
            Value::Interaction(_) => "interaction",
            Value::System(_) => "system",
            Value::Run(_) => "run",
            Value::Reference(_) => "reference",
            Value::Table(_) => "table",
            Value::Figure(_) => "figure",
            Value::Mixing(_) => "mixing",
            Value::Function(_) | Value::Builtin(_) | Value::SystemMaker(_) => "function",
            Value::Module(_) => "module",
            Value::Symbol(symbol) => match symbol.shape() {
                Shape { grid: Some(_), .. } => "field",
                Shape { channels: 1, .. } => "number",
                _ => "list",
            },
            Value::Functional(_) => "functional",
            Value::Model(_) => "model",
            Value::ExactFunctional => "exact_functional",
            Value::Corrected(_) => "corrected",
            Value::Machine(_) => "machine",
            Value::Kernel(_) => "kernel",
            Value::Basis(_) => "basis",
            Value::Loss(_) => "loss",
            Value::Optimizer(_) => "optimizer",
        }
    }

    /// Whether it is of a kind. A symbol counts as any of the kinds that can be numbers.
    pub fn is(&self, kind: Kind) -> bool {
        let traced = matches!(self, Value::Symbol(_));
        match kind {
            Kind::Any => true,
            Kind::Nothing => matches!(self, Value::Nothing),
            Kind::Number => traced || matches!(self, Value::Number(q) if q.dim.is_plain()),
            Kind::Quantity => traced || matches!(self, Value::Number(_)),
            Kind::Measured(dim) => traced || matches!(self, Value::Number(q) if q.dim.agree(dim).is_some()),
            Kind::Whole => matches!(self, Value::Number(q) if q.dim.is_plain() && q.is_whole() && q.value >= 0.0),
            Kind::Truth => traced || matches!(self, Value::Bool(_)),
            Kind::Text => matches!(self, Value::Str(_)),
            Kind::Word(words) if matches!(self, Value::Interaction(Interaction::None)) => words.contains(&"none"),
            Kind::Word(words) | Kind::Quoted(words) => {
                matches!(self, Value::Str(text) if words.contains(&&**text))
            }
            Kind::List => traced || matches!(self, Value::List(_) | Value::Interval(..)),
            Kind::Record => matches!(self, Value::Record(_)),
            Kind::Interval => matches!(self, Value::Interval(..)),
            Kind::Field => traced || matches!(self, Value::Field(_)),
            Kind::Grid => matches!(self, Value::Grid(_)),
            Kind::Interaction => matches!(self, Value::Interaction(_)),
            Kind::System => matches!(self, Value::System(_)),
            Kind::Run => matches!(self, Value::Run(_)),
            Kind::Reference => matches!(self, Value::Reference(_)),
            Kind::Table => matches!(self, Value::Table(_)),
            Kind::Figure => matches!(self, Value::Figure(_)),
            Kind::Mixing => matches!(self, Value::Mixing(_)),
            Kind::Function => matches!(
                self,
                Value::Function(_)
                    | Value::Builtin(_)
                    | Value::SystemMaker(_)
                    | Value::Functional(_)
                    | Value::Model(_)
                    | Value::Loss(_)
                    | Value::Machine(_)
                    | Value::Kernel(_)
                    | Value::Interaction(_)
            ),
            Kind::Functional => matches!(self, Value::Functional(_)),
            Kind::Model => matches!(self, Value::Model(_)),
            Kind::Corrected => matches!(self, Value::Corrected(_)),
            Kind::ExactFunctional => matches!(self, Value::ExactFunctional),
            Kind::Machine => matches!(self, Value::Machine(_)),
            Kind::Kernel => matches!(self, Value::Kernel(_)),
            Kind::Basis => matches!(self, Value::Basis(_)),
            Kind::Loss => matches!(self, Value::Loss(_)),
            Kind::Optimizer => matches!(self, Value::Optimizer(_)),
        }
    }

    /// What it is, with its article: `a number`, `an energy`, `a field`.
    pub fn kind(&self) -> String {
        match self {
            Value::Nothing => "nothing",
            Value::Number(q) if q.dim.is_plain() => "a number",
            Value::Number(q) => return q.dim.words(),
            Value::Bool(_) => "a Boolean",
            Value::Str(_) => "a string",
            Value::List(_) => "a list",
            Value::Record(record) => record.label.unwrap_or("a record"),
            Value::Interval(..) => "an interval",
            Value::Field(_) => "a field",
            Value::Grid(_) => "a grid",
            Value::Interaction(_) => "an interaction",
            Value::System(_) => "a system",
            Value::Run(_) => "a run",
            Value::Reference(_) => "a reference",
            Value::Table(_) => "a table",
            Value::Figure(_) => "a figure",
            Value::Mixing(_) => "a mixing",
            Value::Function(_) | Value::Builtin(_) => "a function",
            Value::SystemMaker(_) => "a system with parameters",
            Value::Module(_) => "a module",
            Value::Symbol(symbol) => return symbol.shape().to_string(),
            Value::Functional(_) => "a functional",
            Value::Model(_) => "a model",
            Value::ExactFunctional => "the exact functional",
            Value::Corrected(_) => "a corrected functional",
            Value::Machine(_) => "a machine",
            Value::Kernel(_) => "a kernel",
            Value::Basis(_) => "a basis",
            Value::Loss(_) => "a loss",
            Value::Optimizer(_) => "an optimizer",
        }
        .to_string()
    }
}

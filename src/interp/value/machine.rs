//! What kernel ridge regression has learned, as a value: a machine, its kernel and its basis.

use super::{Closure, Field, List, Quantity, Table, Value};
use crate::ks::Projection;
use crate::lang::Dimension;
use crate::learn::{Basis, Expansion, Head, Machine as Learned, Profile};
use crate::model::Grid;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// The function of a kernel.
#[derive(Clone, Debug)]
pub enum KernelFunction {
    /// One of the language.
    Known(Profile),
    /// A user's function of the distance.
    Own(Rc<Closure>),
}

impl KernelFunction {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            KernelFunction::Known(profile) => profile.name(),
            KernelFunction::Own(closure) => &closure.def.name.name,
        }
    }
}

/// A kernel with its width, `gaussian(width: 2)`.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Its function of the distance in widths.
    pub profile: Profile,
    /// The width.
    pub width: f64,
    /// Its value at a distance of 0.
    pub strength: f64,
}

impl Kernel {
    /// As it would be written.
    pub fn text(&self) -> String {
        let (name, width) = (self.profile.name(), super::text::number(self.width));
        match self.strength {
            1.0 => format!("{name}(width: {width})"),
            strength => format!("{name}(strength: {}, width: {width})", super::text::number(strength)),
        }
    }
}

/// In what fields are expanded: functions, or those around each field.
#[derive(Clone, Debug)]
pub enum FieldBasis {
    /// The same everywhere.
    Of(Basis),
    /// The principal components of the nearest samples.
    Near(Rc<Projection>),
}

impl FieldBasis {
    /// As it would be written.
    pub fn text(&self) -> String {
        match self {
            FieldBasis::Of(basis) => basis.text(),
            FieldBasis::Near(near) => format!(
                "principal({} samples, neighbours: {}, dimensions: {})",
                near.samples.count(),
                near.neighbours,
                near.dimensions
            ),
        }
    }
}

/// What inputs or outputs are.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Numbers of a dimension.
    Number(Dimension),
    /// Lists of so many plain numbers.
    List(usize),
    /// Fields of one channel on a grid.
    Field(Arc<Grid>),
}

impl Form {
    /// How many numbers each has.
    pub fn length(&self) -> usize {
        match self {
            Form::Number(_) => 1,
            Form::List(length) => *length,
            Form::Field(grid) => grid.points,
        }
    }

    /// The weight of a number in a squared distance: 1, or the spacing.
    pub fn measure(&self) -> f64 {
        if let Form::Field(grid) = self { grid.spacing } else { 1.0 }
    }

    /// `an energy`, `a list of 3 numbers`, `a field on 257 points 0.1 bohr apart`.
    pub fn words(&self) -> String {
        match self {
            Form::Number(dim) if dim.is_plain() => "a number".to_owned(),
            Form::Number(dim) => dim.words(),
            Form::List(length) => format!("a list of {}", crate::number::counted(*length, "number")),
            Form::Field(grid) => format!("a field on {}", super::text::grid(grid)),
        }
    }

    /// What a value is, if it can be an input or output, and its numbers.
    pub fn of(value: &Value) -> Option<(Form, Vec<f64>)> {
        match value {
            Value::Number(q) => Some((Form::Number(q.dim), vec![q.value])),
            Value::Field(field) if field.channels == 1 => Some((Form::Field(field.grid.clone()), field.data.clone())),
            Value::List(items) if !items.is_empty() => {
                let number = |item: &Value| if let Value::Number(q) = item { Some(q.value) } else { None };
                let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
                numbers.map(|numbers| (Form::List(numbers.len()), numbers))
            }
            _ => None,
        }
    }

    /// Whether values of another form can stand for these: of numbers the dimension must agree.
    pub fn takes(&self, other: &Form) -> bool {
        match (self, other) {
            (Form::Number(a), Form::Number(b)) => a.agree(*b).is_some(),
            (a, b) => a == b,
        }
    }

    /// Numbers as a value.
    pub fn value(&self, numbers: Vec<f64>, unconverged: bool) -> Value {
        let trust = || super::Trust::of(!unconverged, None);
        match self {
            Form::Number(dim) => {
                let number = numbers.first().copied().unwrap_or(f64::NAN);
                Value::Number(Quantity::of(number, *dim).trusted(trust()))
            }
            Form::List(_) => {
                let number = |x: f64| Value::Number(Quantity::plain(x).trusted(trust()));
                Value::list(numbers.into_iter().map(number).collect())
            }
            Form::Field(grid) => Value::Field(Rc::new(Field::simple(grid.clone(), numbers).doubted(unconverged))),
        }
    }
}

/// A machine with what its numbers mean.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Weights and inputs.
    pub learned: Learned,
    /// Of all its heads.
    pub kernel: KernelFunction,
    /// What it is called on.
    pub input: Form,
    /// What it gives.
    pub output: Form,
    /// In what it has learned its outputs.
    pub basis: Basis,
    /// The functions of that.
    pub expansion: Option<Arc<Expansion>>,
    /// What cross-validation has tried.
    pub tried: Option<Rc<Table>>,
    /// Whether what it has learned from comes from calculations that did not converge.
    pub unconverged: bool,
    /// How far the loneliest of its inputs is from its nearest neighbour, once it was asked for.
    pub loneliest: OnceCell<Option<f64>>,
}

/// Members and what they are.
pub(crate) const MEMBERS: &[(&str, &str)] = &[
    ("kernel", "the name of its kernel"),
    ("width", "the width of the kernel; a list if the coefficients of a basis have different ones"),
    ("noise", "what was added to the diagonal of the kernel matrix; a list like `width`"),
    ("basis", "in what its outputs were expanded before they were learned"),
    ("mean", "of a machine for fields, the mean of its outputs, around which it has learned them"),
    ("size", "the number of inputs it has seen"),
    ("inputs", "the inputs it has seen"),
    ("weights", "of every input: the number, field or list that is multiplied with its kernel"),
    (
        "condition",
        "the condition number of the kernel matrix with the noise, the largest of all: weights and predictions lose about as many digits \
         as it has",
    ),
    (
        "tried",
        "of a cross-validation: the table of widths and noises with the mean and the largest error of what was left out",
    ),
];

impl Machine {
    /// The weights of each input in some heads, as outputs without the mean of a basis.
    pub(crate) fn weights_of(&self, heads: &[&Head]) -> Vec<Vec<f64>> {
        let (count, wide) = (self.learned.inputs.count(), self.learned.outputs);
        let mut rows = vec![vec![0.0; wide]; count];
        for head in heads {
            for (row, weights) in rows.iter_mut().zip(head.weights.chunks(head.outputs.len().max(1))) {
                head.outputs.iter().zip(weights).for_each(|(output, weight)| row[*output] = *weight);
            }
        }
        rows.into_iter().map(|row| self.expansion.as_ref().map_or(row.clone(), |e| e.change(&row))).collect()
    }

    /// An output from the numbers that were learned.
    pub fn expanded(&self, numbers: Vec<f64>) -> Vec<f64> {
        match &self.expansion {
            Some(expansion) => expansion.field(&numbers),
            None => numbers,
        }
    }

    /// The value of a member.
    pub(crate) fn member(&self, name: &str) -> Option<Value> {
        let per_head = |of: &dyn Fn(&Head) -> f64| match &self.learned.heads[..] {
            [one] => Value::plain(of(one)),
            heads => Value::list(heads.iter().map(|head| Value::plain(of(head))).collect()),
        };
        let rows = |form: &Form, rows: Vec<Vec<f64>>| {
            Value::List(Rc::new(List::from(
                rows.into_iter().map(|row| form.value(row, self.unconverged)).collect::<Vec<_>>(),
            )))
        };
        Some(match name {
            "kernel" => Value::text(self.kernel.name()),
            "width" => per_head(&|head| head.width),
            "noise" => per_head(&|head| head.noise),
            "basis" => Value::text(self.basis.text()),
            "mean" => self.output.value(self.expansion.as_ref()?.mean.clone(), self.unconverged),
            "size" => Value::plain(self.learned.inputs.count() as f64),
            "inputs" => rows(&self.input, self.learned.inputs.rows().map(<[f64]>::to_vec).collect()),
            "weights" => rows(&self.output, self.weights_of(&self.learned.heads.iter().collect::<Vec<_>>())),
            "condition" => Value::plain(self.learned.condition()),
            "tried" => Value::Table(self.tried.clone()?),
            _ => return None,
        })
    }

    /// A summary in a few lines.
    pub fn summary(&self) -> Vec<(&'static str, Value)> {
        let mut lines = vec![
            ("from", Value::text(self.input.words())),
            ("to", Value::text(self.output.words())),
            ("learned_from", Value::text(crate::number::counted(self.learned.inputs.count(), "input"))),
        ];
        let names = ["kernel", "width", "noise", "basis", "condition"];
        lines.extend(names.into_iter().filter_map(|name| Some((name, self.member(name)?))));
        lines
    }
}

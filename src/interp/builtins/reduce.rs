//! Sums, means and extremes of lists, of the points of fields, or of several values element by element.

mod norm;

use crate::graph::Binary;
use crate::interp::Interpreter;
use crate::interp::arith::scaled_sum;
use crate::interp::arith::symbols;
use crate::interp::arith::symbols::Reduce;
use crate::interp::call::{Args, Builtin, EACH, Param, Style, example, function, mismatch, required};
use crate::interp::error::{RunError, UnitsError, fail};
use crate::interp::value::{Operand, Quantity, Value};
use crate::lang::{Dimension, Kind};
use crate::problem::Result;
use crate::source::Span;

const X: &[Param] = &[required("x", &[Kind::Quantity, Kind::List, Kind::Field])];
/// What a list alone has.
const LIST: &[Param] = &[required("x", &[Kind::List])];

/// A value from many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    Sum,
    Product,
    Min,
    Max,
    Mean,
}

impl Reduction {
    fn name(self) -> &'static str {
        match self {
            Reduction::Sum => "sum",
            Reduction::Product => "product",
            Reduction::Min => "min",
            Reduction::Max => "max",
            Reduction::Mean => "mean",
        }
    }

    fn operation(self) -> Binary {
        match self {
            Reduction::Sum | Reduction::Mean => Binary::Add,
            Reduction::Product => Binary::Mul,
            Reduction::Min => Binary::Min,
            Reduction::Max => Binary::Max,
        }
    }

    /// A sum or mean again without overflow on the way, if it is not finite but all numbers are.
    fn rescued(self, plain: f64, values: &[f64]) -> f64 {
        let factor = match self {
            Reduction::Sum => 1.0,
            Reduction::Mean => 1.0 / values.len() as f64,
            Reduction::Product | Reduction::Min | Reduction::Max => return plain,
        };
        let again = if plain.is_finite() { None } else { scaled_sum(factor, values.iter().copied()) };
        again.unwrap_or(plain)
    }

    fn of_nothing(self) -> Option<f64> {
        match self {
            Reduction::Sum => Some(0.0),
            Reduction::Product => Some(1.0),
            _ => None,
        }
    }
}

pub(crate) const ALL: &[Builtin] = &[
    function(
        "sum",
        X,
        &[Kind::Quantity, Kind::List],
        "the sum of a list, or of a field over its points (an integral is `integral`)",
        &["add", "total"],
        &[example("sum([1, 2, 3])", "6"), example("sum(0 .. 4)", "10")],
        |interp, args| interp.reduce(Reduction::Sum, args.operand("x")?),
    ),
    function(
        "product",
        X,
        &[Kind::Quantity, Kind::List],
        "the product of a list, or of a field over its points",
        &["multiply", "prod"],
        &[example("product([2, 3, 4])", "24")],
        |interp, args| interp.reduce(Reduction::Product, args.operand("x")?),
    ),
    function(
        "mean",
        X,
        &[Kind::Quantity, Kind::List],
        "the mean of a list, or of a field over its points",
        &["average"],
        &[example("mean([1, 2, 6])", "3")],
        |interp, args| interp.reduce(Reduction::Mean, args.operand("x")?),
    ),
    function(
        "norm",
        &[required("x", &[Kind::Quantity, Kind::List, Kind::Record])],
        &[Kind::Quantity],
        "the Euclidean norm: the square root of the sum of the squares of all numbers in a list or record, as in \
         `norm(run.parameters)`",
        &["length", "magnitude", "penalty", "euclidean", "root sum of squares"],
        &[example("norm([3, 4])", "5"), example("norm({ a: 1, b: [2, 2] })", "3")],
        norm::norm,
    ),
    function(
        "max",
        X,
        EACH,
        "the largest element of a list or value of a field; for several arguments, element by element and point by point",
        &["maximum", "largest", "extreme"],
        &[example("max([1, 5, 2])", "5"), example("max(0, [-1, 1])", "[0, 1]")],
        |interp, args| extreme(interp, args, Reduction::Max),
    )
    .with(Style::Rest("others")),
    function(
        "min",
        X,
        EACH,
        "the smallest element of a list or value of a field; for several arguments, element by element and point by point",
        &["minimum", "smallest", "extreme"],
        &[example("min([4, 1, 2])", "1"), example("min(3, 2, 5)", "2")],
        |interp, args| extreme(interp, args, Reduction::Min),
    )
    .with(Style::Rest("others")),
    function(
        "deviation",
        X,
        &[Kind::Quantity, Kind::List],
        "the standard deviation of a list (the square root of the mean squared distance from the mean)",
        &["std", "standard deviation", "spread"],
        &[example("deviation([1, 3])", "1")],
        deviation,
    ),
    function(
        "median",
        LIST,
        &[Kind::Quantity],
        "the middle value of the sorted list; nan if it contains a nan, which `[x for x in list if not is_nan(x)]` leaves out",
        &["middle", "quantile"],
        &[example("median([5, 1, 2])", "2"), example("median([1, 2, 3, 10])", "2.5")],
        median,
    ),
];

fn extreme(interp: &mut Interpreter, args: &mut Args, reduction: Reduction) -> Result<Value> {
    if args.rest.is_empty() {
        return interp.reduce(reduction, args.operand("x")?);
    }
    let all: Vec<Operand<'_>> =
        std::iter::once(args.arg("x")?).chain(&args.rest).map(|arg| Operand::new(&arg.value, arg.span)).collect();
    if let Some(value) = symbols::extreme(reduction.operation(), &all, args.span)? {
        return Ok(value);
    }
    let mut value = args.arg("x")?.value.clone();
    for other in &args.rest {
        let so_far = Operand::new(&value, args.arg("x")?.span);
        value = interp.binary(reduction.operation(), so_far, Operand::new(&other.value, other.span), args.span)?;
    }
    Ok(value)
}

impl Interpreter {
    /// One value from a list's elements or a field's points (per channel).
    ///
    /// # Errors
    /// An extreme or mean of an empty list; elements that do not combine.
    pub(crate) fn reduce(&mut self, reduction: Reduction, x: Operand<'_>) -> Result<Value> {
        match x.value {
            Value::List(items) => self.reduce_list(reduction, items, x.span),
            Value::Interval(from, to) => {
                let listed = self.listed(from, to, x.span)?;
                self.reduce(reduction, Operand::new(&listed, x.span))
            }
            Value::Number(_) => Ok(x.value.clone()),
            Value::Symbol(symbol) => match reduction {
                Reduction::Sum => symbols::reduce(Reduce::Sum, symbol, x.span),
                Reduction::Mean => symbols::reduce(Reduce::Mean, symbol, x.span),
                Reduction::Max => symbols::reduce(Reduce::Max, symbol, x.span),
                Reduction::Min => symbols::reduce(Reduce::Min, symbol, x.span),
                Reduction::Product => mismatch("the argument of `product`", "a list of numbers", x.value, None, x.span),
            },
            Value::Field(field) => {
                let one = |c: usize| {
                    let values = field.channel(c);
                    let folded = values.iter().copied().reduce(|a, b| reduction.operation().value(a, b));
                    let all = folded.unwrap_or(f64::NAN);
                    let plain = if reduction == Reduction::Mean { all / values.len() as f64 } else { all };
                    field.number(reduction.rescued(plain, &values))
                };
                Ok(if field.channels == 1 { one(0) } else { Value::list((0..field.channels).map(one).collect()) })
            }
            other => {
                mismatch(&format!("the argument of `{}`", reduction.name()), "a list or field", other, None, x.span)
            }
        }
    }

    fn reduce_list(&mut self, reduction: Reduction, items: &[Value], span: Span) -> Result<Value> {
        let Some((first, rest)) = items.split_first() else {
            let function = reduction.name().to_string();
            return match reduction.of_nothing() {
                Some(value) => Ok(Value::plain(value)),
                None => fail(RunError::Empty { function, span }, span),
            };
        };
        if reduction != Reduction::Product {
            one_dimension(reduction.name(), items, span)?;
        }
        if matches!(reduction, Reduction::Max | Reduction::Min) {
            let all: Vec<Operand<'_>> = items.iter().map(|item| Operand::new(item, span)).collect();
            if let Some(value) = symbols::extreme(reduction.operation(), &all, span)? {
                return Ok(value);
            }
        }
        let neutral = Value::plain(0.0);
        // An operation with one more operand finds elements without arithmetic.
        let mut value = match reduction {
            Reduction::Sum | Reduction::Mean if rest.is_empty() => {
                self.binary(Binary::Add, Operand::new(first, span), Operand::new(&neutral, span), span)?
            }
            _ => first.clone(),
        };
        for item in rest {
            value = self.binary(reduction.operation(), Operand::new(&value, span), Operand::new(item, span), span)?;
        }
        if reduction == Reduction::Mean {
            let count = Value::plain(items.len() as f64);
            value = self.binary(Binary::Div, Operand::new(&value, span), Operand::new(&count, span), span)?;
        }
        if let Value::Number(q) = &mut value
            && !q.value.is_finite()
        {
            let number = |item: &Value| if let Value::Number(q) = item { q.value } else { f64::NAN };
            q.value = reduction.rescued(q.value, &items.iter().map(number).collect::<Vec<_>>());
        }
        Ok(value)
    }
}

/// Whether the numbers of a list share a dimension.
fn one_dimension(function: &str, items: &[Value], span: Span) -> Result<()> {
    let mut shared = Dimension::PLAIN;
    for item in items {
        let Value::Number(q) = item else { continue };
        match shared.agree(q.dim) {
            Some(dim) => shared = dim,
            None => {
                let (first, other) = (shared.words(), q.dim.words());
                return fail(UnitsError::Mixed { function: function.into(), first, other, span }, span);
            }
        }
    }
    Ok(())
}

/// The numbers of a list, which share a dimension.
pub(super) fn quantities(interp: &mut Interpreter, args: &Args, name: &str) -> Result<Vec<Quantity>> {
    let items = args.list(interp, name)?;
    let what = format!("an element of {}", args.what(name));
    let span = args.span_of(name);
    one_dimension(args.name(), &items, span)?;
    items.iter().map(|v| crate::interp::call::quantity(Operand::new(v, span), &what)).collect()
}

fn deviation(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let x = args.operand("x")?;
    let mean = interp.reduce(Reduction::Mean, x)?;
    let distance = interp.binary(Binary::Sub, x, Operand::new(&mean, x.span), args.span)?;
    let distance = Operand::new(&distance, x.span);
    let squares = interp.binary(Binary::Mul, distance, distance, args.span)?;
    let variance = interp.reduce(Reduction::Mean, Operand::new(&squares, x.span))?;
    interp.unary(crate::graph::Unary::Sqrt, Operand::new(&variance, x.span))
}

fn median(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let mut values = quantities(interp, args, "x")?;
    values.sort_by(|a, b| a.value.total_cmp(&b.value));
    let n = values.len();
    if n == 0 {
        let span = args.span_of("x");
        return fail(RunError::Empty { function: "median".into(), span }, span);
    }
    if let Some(nan) = values.iter().find(|v| v.value.is_nan()) {
        return Ok(Value::Number(nan.clone()));
    }
    let (low, high) = (&values[(n - 1) / 2], &values[n / 2]);
    Ok(Value::Number(Quantity {
        value: 0.5 * (low.value + high.value),
        trust: low.trust.combined(low.value, &high.trust, high.value, |a, b| 0.5 * (a + b)),
        ..low.clone()
    }))
}

//! Assertions.

use crate::interp::Interpreter;
use crate::interp::arith::{agree, same_grid};
use crate::interp::call::{Args, Builtin, DefaultValue, function, optional, required, shown, truth};
use crate::interp::error::{RunError, TypesError, fail};
use crate::interp::value::{Operand, Quantity, ShownUnit, Value, equal, text};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::problem::Result;
use crate::source::Span;

pub(crate) const ALL: &[Builtin] = &[
    function(
        "assert",
        &[required("condition", &[Kind::Truth]), optional("message", &[Kind::Text], DefaultValue::Absent("none"))],
        &[Kind::Nothing],
        "stops the script with status 1 if a condition is false",
        &["test", "check", "ensure"],
        &[shown("assert(1 < 2, \"order of numbers\")")],
        assert,
    ),
    function(
        "assert_eq",
        &[
            required("a", &[Kind::Any]),
            required("b", &[Kind::Any]),
            optional("tolerance", &[Kind::Quantity], DefaultValue::Number(0.0)),
        ],
        &[Kind::Nothing],
        "stops the script with status 1, showing both values, if they differ by more than the tolerance; lists and fields \
         are compared element by element",
        &["test", "check", "equal", "compare", "approx"],
        &[shown("assert_eq(0.1 + 0.2, 0.3, 1e-12)"), shown("assert_eq([1 hartree, 2 eV], [27.2114 eV, 2 eV], 1 meV)")],
        assert_eq,
    ),
];

fn assert(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let condition = args.operand("condition")?;
    if truth(condition, "the condition of `assert`")? {
        return Ok(Value::Nothing);
    }
    let message = match args.opt_text("message")? {
        Some(message) => message.to_string(),
        None => format!("`{}` is false", interp.sources().text(condition.span)),
    };
    fail(RunError::Assertion { message, span: condition.span }, condition.span)
}

/// Two numbers to compare, and where they came from.
struct Pair {
    a: Quantity,
    b: Quantity,
    place: String,
}

fn assert_eq(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (a, b) = (args.operand("a")?, args.operand("b")?);
    if plain_kinds(a.value) && plain_kinds(b.value) {
        return same(args, a, b);
    }
    let tolerance = args.quantity("tolerance")?;
    if !(tolerance.value >= 0.0 && tolerance.value.is_finite()) {
        let message = "the tolerance must be a finite number of at least 0";
        return args.wrong(args.span_of("tolerance"), message, None);
    }
    let unit = args.get("tolerance").and_then(|t| t.unit);
    let mut pairs = Vec::new();
    interp.collect(a, b, String::new(), args.span, &mut pairs)?;
    for pair in &pairs {
        let dim = agree("assert_eq", (pair.a.dim, a.span), (pair.b.dim, b.span), args.span)?;
        agree("assert_eq", (dim, a.span), (tolerance.dim, args.span_of("tolerance")), args.span)?;
    }
    let distance = |p: &Pair| if p.a.value == p.b.value { 0.0 } else { (p.a.value - p.b.value).abs() };
    // A NaN is never within a tolerance.
    let outside: Vec<&Pair> = pairs.iter().filter(|p| !matches!(distance(p), d if d <= tolerance.value)).collect();
    let rank = |p: &&&Pair| if distance(p).is_nan() { f64::INFINITY } else { distance(p) };
    let Some(worst) = outside.iter().max_by(|p, q| rank(p).total_cmp(&rank(q))) else {
        return Ok(Value::Nothing);
    };
    let shown = |value: f64| in_unit(Quantity::of(value, shared(worst, &tolerance)), unit);
    let help = (!worst.place.is_empty())
        .then(|| format!("the largest difference is at {}; {} of {} differ", worst.place, outside.len(), pairs.len()));
    let error = RunError::NotEqual {
        left: shown(worst.a.value),
        right: shown(worst.b.value),
        difference: shown(distance(worst)),
        tolerance: shown(tolerance.value),
        help,
        left_span: a.span,
        right_span: b.span,
    };
    fail(error, args.span)
}

fn shared(pair: &Pair, tolerance: &Quantity) -> Dimension {
    [pair.a.dim, pair.b.dim, tolerance.dim].into_iter().find(|d| !d.is_plain()).unwrap_or_default()
}

fn in_unit(q: Quantity, unit: Option<ShownUnit>) -> String {
    text::quantity(&Quantity { unit: if q.dim.is_plain() { None } else { unit }, ..q })
}

fn plain_kinds(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Str(_) | Value::Record(_) | Value::System(_) | Value::Grid(_) => true,
        Value::List(items) => items.iter().any(plain_kinds),
        _ => false,
    }
}

/// Values without numbers: equal or not.
fn same(args: &Args, a: Operand<'_>, b: Operand<'_>) -> Result<Value> {
    if equal(a.value, b.value) == Some(true) {
        return Ok(Value::Nothing);
    }
    let (left, right) = (text::value(a.value), text::value(b.value));
    fail(RunError::Different { left, right, left_span: a.span, right_span: b.span }, args.span)
}

impl Interpreter {
    /// All numbers of two values of the same shape; a number is compared with every element, an interval is listed.
    fn collect(
        &mut self,
        a: Operand<'_>,
        b: Operand<'_>,
        place: String,
        whole: Span,
        pairs: &mut Vec<Pair>,
    ) -> Result<()> {
        match (a.value, b.value) {
            (Value::Number(x), Value::Number(y)) => pairs.push(Pair { a: x.clone(), b: y.clone(), place }),
            (Value::Interval(from, to), Value::Interval(start, end)) => {
                pairs.push(Pair { a: from.clone(), b: start.clone(), place: "the lower end".into() });
                pairs.push(Pair { a: to.clone(), b: end.clone(), place: "the upper end".into() });
            }
            (Value::Interval(from, to), _) => {
                let listed = self.listed(from, to, a.span)?;
                self.collect(Operand::new(&listed, a.span), b, place, whole, pairs)?;
            }
            (_, Value::Interval(from, to)) => {
                let listed = self.listed(from, to, b.span)?;
                self.collect(a, Operand::new(&listed, b.span), place, whole, pairs)?;
            }
            (Value::List(x), Value::List(y)) if x.len() != y.len() => {
                let (left, right, left_span, right_span) = (x.len(), y.len(), a.span, b.span);
                let operator = "assert_eq".into();
                return fail(TypesError::Lengths { operator, left, right, left_span, right_span }, whole);
            }
            (Value::List(x), Value::List(y)) => {
                for (i, (x, y)) in x.iter().zip(y.iter()).enumerate() {
                    self.collect(Operand::new(x, a.span), Operand::new(y, b.span), index(&place, i), whole, pairs)?;
                }
            }
            (Value::List(x), Value::Number(_)) => {
                for (i, x) in x.iter().enumerate() {
                    self.collect(Operand::new(x, a.span), b, index(&place, i), whole, pairs)?;
                }
            }
            (Value::Number(_), Value::List(y)) => {
                for (i, y) in y.iter().enumerate() {
                    self.collect(a, Operand::new(y, b.span), index(&place, i), whole, pairs)?;
                }
            }
            (Value::Field(x), Value::Field(y)) => {
                same_grid("assert_eq", (x, a.span), (y, b.span), whole)?;
                if x.channels != y.channels {
                    let (left, right, left_span, right_span) = (x.channels, y.channels, a.span, b.span);
                    let operator = "assert_eq".into();
                    return fail(TypesError::Channels { operator, left, right, left_span, right_span }, whole);
                }
                let both = x.data.iter().zip(&y.data).enumerate();
                let pair = |(i, (x, y)): (usize, (&f64, &f64))| (i, Quantity::plain(*x), Quantity::plain(*y));
                pairs.extend(both.map(pair).map(|(i, a, b)| Pair { a, b, place: point(&place, x.channels, i) }));
            }
            (Value::Field(x), Value::Number(y)) => {
                let data = x.data.iter().map(|x| Quantity::plain(*x)).enumerate();
                pairs.extend(data.map(|(i, a)| Pair { a, b: y.clone(), place: point(&place, x.channels, i) }));
            }
            (Value::Number(x), Value::Field(y)) => {
                let data = y.data.iter().map(|y| Quantity::plain(*y)).enumerate();
                pairs.extend(data.map(|(i, b)| Pair { a: x.clone(), b, place: point(&place, y.channels, i) }));
            }
            (x, y) => {
                let (left, right, left_span, right_span) = (x.kind(), y.kind(), a.span, b.span);
                let operator = "assert_eq".into();
                return fail(TypesError::Operands { operator, left, right, help: None, left_span, right_span }, whole);
            }
        }
        Ok(())
    }
}

/// The point of entry `i` of a field's data, and its channel if there are several.
fn point(place: &str, channels: usize, i: usize) -> String {
    match channels {
        0 | 1 => index(place, i),
        channels => format!("{} of channel {}", index(place, i / channels), i % channels),
    }
}

fn index(place: &str, i: usize) -> String {
    if place.is_empty() { format!("index {i}") } else { format!("{place}, {i}") }
}

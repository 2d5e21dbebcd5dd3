//! Elementary functions of numbers, of lists element by element, of fields point by point.

use crate::graph::{Binary, Unary};
use crate::interp::Interpreter;
use crate::interp::call::{
    Args, Builtin, DefaultValue, EACH, Example, Param, constant, example, function, optional, required,
};
use crate::interp::value::{Operand, Value};
use crate::lang::Kind;
use crate::problem::Result;

const X: &[Param] = &[required("x", EACH)];

/// A function of one value.
const fn elementary(
    name: &'static str,
    summary: &'static str,
    words: &'static [&'static str],
    examples: &'static [Example],
    run: fn(&mut Interpreter, &mut Args) -> Result<Value>,
) -> Builtin {
    function(name, X, EACH, summary, words, examples, run)
}

macro_rules! unary {
    ($op:expr) => {
        |interp, args| interp.unary($op, args.operand("x")?)
    };
}

/// Functions of one number, and constants.
pub(crate) const ALL: &[Builtin] = &[
    constant(
        "pi",
        &[Kind::Number],
        "the ratio of a circle's circumference to its diameter",
        &["circle", "constant"],
        &[example("round(pi * 100)", "314")],
        || Value::plain(std::f64::consts::PI),
    ),
    constant("inf", &[Kind::Number], "infinity", &["infinity", "constant"], &[example("1 / inf", "0")], || {
        Value::plain(f64::INFINITY)
    }),
    constant(
        "automatic",
        &[Kind::Text],
        "the program's own choice, for the option `memory:`",
        &["option"],
        &[example("automatic", "automatic")],
        || Value::text("automatic"),
    ),
    constant(
        "unrolled",
        &[Kind::Text],
        "the training gradient by a backward pass through every iteration: `gradient: unrolled`",
        &["training", "backpropagation"],
        &[example("unrolled", "unrolled")],
        || Value::text("unrolled"),
    ),
    constant(
        "implicit",
        &[Kind::Text],
        "the training gradient at the converged density, from one linear equation: `gradient: implicit`",
        &["training", "adjoint", "fixed point"],
        &[example("implicit", "implicit")],
        || Value::text("implicit"),
    ),
    constant(
        "nan",
        &[Kind::Number],
        "not a number",
        &["undefined", "constant"],
        &[example("is_nan(nan)", "true")],
        || Value::plain(f64::NAN),
    ),
    elementary(
        "abs",
        "absolute value",
        &["modulus", "magnitude"],
        &[example("abs([-1, 2])", "[1, 2]")],
        unary!(Unary::Abs),
    ),
    elementary("sign", "-1, 0 or 1", &["signum"], &[example("sign(-3)", "-1")], unary!(Unary::Sign)),
    elementary("sqrt", "square root", &["root"], &[example("sqrt(9)", "3")], unary!(Unary::Sqrt)),
    elementary("exp", "exponential function", &["exponential"], &[example("exp(0)", "1")], unary!(Unary::Exp)),
    elementary(
        "expm1",
        "exp(x) - 1, exact at small x",
        &["exponential"],
        &[example("expm1(1e-20)", "1e-20")],
        unary!(Unary::Expm1),
    ),
    elementary("ln", "natural logarithm", &["log", "logarithm"], &[example("ln(exp(2))", "2")], unary!(Unary::Ln)),
    elementary(
        "log",
        "natural logarithm, the same as `ln`",
        &["ln", "logarithm"],
        &[example("log(1)", "0")],
        unary!(Unary::Ln),
    ),
    elementary(
        "ln1p",
        "ln(1 + x), exact at small x",
        &["log1p", "logarithm"],
        &[example("ln1p(1e-20)", "1e-20")],
        unary!(Unary::Ln1p),
    ),
    elementary("log10", "logarithm to base 10", &["logarithm"], &[example("log10(1000)", "3")], unary!(Unary::Log10)),
    elementary("log2", "logarithm to base 2", &["logarithm"], &[example("log2(8)", "3")], unary!(Unary::Log2)),
    elementary("sin", "sine", &["trigonometry"], &[example("sin(0)", "0")], unary!(Unary::Sin)),
    elementary("cos", "cosine", &["trigonometry"], &[example("cos(pi)", "-1")], unary!(Unary::Cos)),
    elementary("tan", "tangent", &["trigonometry"], &[example("tan(0)", "0")], unary!(Unary::Tan)),
    elementary("asin", "inverse of `sin`", &["arcsine"], &[example("2 * asin(1)", "pi")], unary!(Unary::Asin)),
    elementary("acos", "inverse of `cos`", &["arccosine"], &[example("acos(-1)", "pi")], unary!(Unary::Acos)),
    elementary("atan", "inverse of `tan`", &["arctangent"], &[example("4 * atan(1)", "pi")], unary!(Unary::Atan)),
    elementary("sinh", "hyperbolic sine", &["hyperbolic"], &[example("sinh(0)", "0")], unary!(Unary::Sinh)),
    elementary("cosh", "hyperbolic cosine", &["hyperbolic"], &[example("cosh(0)", "1")], unary!(Unary::Cosh)),
    elementary(
        "tanh",
        "hyperbolic tangent",
        &["hyperbolic", "activation"],
        &[example("tanh(0)", "0")],
        unary!(Unary::Tanh),
    ),
    elementary(
        "sigmoid",
        "1 / (1 + exp(-x))",
        &["logistic", "activation"],
        &[example("sigmoid(0)", "0.5")],
        unary!(Unary::Sigmoid),
    ),
    elementary(
        "softplus",
        "ln(1 + exp(x))",
        &["activation"],
        &[example("softplus(0)", "ln(2)")],
        unary!(Unary::Softplus),
    ),
    elementary(
        "floor",
        "rounds down to a whole number",
        &["round"],
        &[example("floor(-1.5)", "-2")],
        |interp, args| interp.rounded(args.operand("x")?, "floor", f64::floor),
    ),
    elementary("ceil", "rounds up to a whole number", &["round"], &[example("ceil(1.2)", "2")], |interp, args| {
        interp.rounded(args.operand("x")?, "ceil", f64::ceil)
    }),
    elementary(
        "round",
        "rounds to the nearest whole number",
        &["integer"],
        &[example("round(2.6)", "3")],
        |interp, args| interp.rounded(args.operand("x")?, "round", f64::round),
    ),
    function(
        "mod",
        &[required("x", EACH), required("y", EACH)],
        EACH,
        "the remainder of x / y, with the sign of y",
        &["remainder", "modulo"],
        &[example("mod(7, 3)", "1"), example("mod(-1, 3)", "2")],
        modulo,
    ),
    function(
        "where",
        &[
            required("condition", &[Kind::Truth, Kind::List, Kind::Field]),
            required("a", &[Kind::Any]),
            required("b", &[Kind::Any]),
        ],
        &[Kind::Any],
        "a where the condition is true, b elsewhere, point by point or element by element",
        &["if", "choose", "select", "piecewise"],
        &[example("where([1, 5] > 2, 10, 20)", "[20, 10]")],
        |interp, args| interp.choose(args.operand("condition")?, args.operand("a")?, args.operand("b")?, args.span),
    ),
    function(
        "is_nan",
        &[required("x", &[Kind::Quantity])],
        &[Kind::Truth],
        "whether a number is nan",
        &["nan", "finite"],
        &[example("is_nan(1)", "false")],
        |_, args| Ok(Value::Bool(args.quantity("x")?.value.is_nan())),
    ),
    function(
        "clamp",
        &[
            required("x", EACH),
            optional("from", EACH, DefaultValue::Number(f64::NEG_INFINITY)),
            optional("to", EACH, DefaultValue::Number(f64::INFINITY)),
        ],
        EACH,
        "x limited to the range from `from` to `to`",
        &["limit", "bound", "clip"],
        &[example("clamp([-1, 5], from: 0, to: 3)", "[0, 3]")],
        clamp,
    ),
];

fn modulo(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (x, y) = (args.operand("x")?, args.operand("y")?);
    let ratio = interp.binary(Binary::Div, x, y, args.span)?;
    let whole = interp.rounded(Operand::new(&ratio, args.span), "mod", f64::floor)?;
    let part = interp.binary(Binary::Mul, y, Operand::new(&whole, args.span), args.span)?;
    interp.binary(Binary::Sub, x, Operand::new(&part, args.span), args.span)
}

fn clamp(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let mut value = args.arg("x")?.value.clone();
    for (name, op) in [("from", Binary::Max), ("to", Binary::Min)] {
        if args.has(name) {
            value = interp.binary(op, Operand::new(&value, args.arg("x")?.span), args.operand(name)?, args.span)?;
        }
    }
    if args.has("from") && args.has("to") && reversed(interp, args.operand("from")?, args.operand("to")?, args)? {
        let help = Some("the lower bound is `from`".into());
        return args.wrong(args.span_of("from"), "`from` of `clamp` must not be above `to`", help);
    }
    Ok(value)
}

/// Whether a lower bound is above an upper one anywhere; bounds that are not known yet are not.
fn reversed(interp: &mut Interpreter, from: Operand<'_>, to: Operand<'_>, args: &Args) -> Result<bool> {
    fn anywhere(above: &Value) -> bool {
        match above {
            Value::Bool(above) => *above,
            Value::List(items) => items.iter().any(anywhere),
            Value::Field(field) => field.data.contains(&1.0),
            _ => false,
        }
    }
    if matches!(from.value, Value::Symbol(_)) || matches!(to.value, Value::Symbol(_)) {
        return Ok(false);
    }
    interp.binary(Binary::Less, to, from, args.span).map(|above| anywhere(&above))
}

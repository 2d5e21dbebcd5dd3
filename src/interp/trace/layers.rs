//! Layers: convolutions with their trainable weights, changes of grid, channels, activations, the self-interaction gate.

use crate::graph::{Binary, GridMap, Init, NodeId, Shape, Unary};
use crate::interp::Interpreter;
use crate::interp::arith::symbols::trace_of;
use crate::interp::call::{Args, Builtin, DefaultValue, EACH, Param, example, function, optional, required, shown};
use crate::interp::error::{TraceError, fail};
use crate::interp::value::params::{Name, Request};
use crate::interp::value::{Operand, Trace, Value, text};
use crate::lang::Kind;
use crate::problem::Result;
use std::rc::Rc;

const FIELD: &[Param] = &[required("f", &[Kind::Field])];
const X: &[Param] = &[required("x", EACH)];

/// Layers of functionals.
pub const LAYERS: &[Builtin] = &[
    function(
        "conv",
        &[
            required("f", &[Kind::Field]),
            required("channels", &[Kind::Whole]),
            required("width", &[Kind::Whole]),
            optional("bias", &[Kind::Truth], DefaultValue::Truth(false)),
        ],
        &[Kind::Field],
        "a convolution with trainable weights over `width` points, zero-padded at the ends, to `channels` channels",
        &["convolution", "network", "layer", "filter"],
        &[shown("functional f(n) = n |> conv(16, width: 3) |> silu |> conv(1, width: 1)")],
        |interp, args| {
            let width = args.whole("width")?;
            conv(interp, args, width)
        },
    ),
    function(
        "dense",
        &[
            required("f", &[Kind::Field]),
            required("channels", &[Kind::Whole]),
            optional("bias", &[Kind::Truth], DefaultValue::Truth(false)),
        ],
        &[Kind::Field],
        "trainable weights from all channels to `channels` channels, point by point: a `conv` of width 1",
        &["linear", "network", "layer", "fully connected"],
        &[shown("functional f(n) = n |> dense(16) |> tanh |> dense(1)")],
        |interp, args| conv(interp, args, 1),
    ),
    function(
        "global_conv",
        &[required("f", &[Kind::Field]), required("channels", &[Kind::Whole]), required("width", &[Kind::Interval])],
        &[Kind::Field],
        "the field itself and its convolutions with channels - 1 exponentials, with trainable widths in the interval `width`, bohr",
        &["exponential", "convolution", "nonlocal", "layer", "network"],
        &[shown("functional f(n) = n |> global_conv(channels: 16, width: 0.1 .. 2.4) |> dense(1)")],
        global_conv,
    ),
    function(
        "downsample",
        FIELD,
        &[Kind::Field],
        "the field on every second point, smoothed with 1/4, 1/2, 1/4",
        &["coarse", "pool", "unet", "grid"],
        &[shown("functional f(n) = n |> downsample |> upsample")],
        |_, args| on_grid(args, |g, x, span| g.map(GridMap::Downsample, x, span)),
    ),
    function(
        "upsample",
        FIELD,
        &[Kind::Field],
        "the field on the grid before `downsample`, by linear interpolation",
        &["fine", "interpolate", "unet", "grid"],
        &[shown("functional f(n) = n |> downsample |> conv(1, width: 3) |> upsample")],
        |_, args| on_grid(args, |g, x, span| g.map(GridMap::Upsample, x, span)),
    ),
    function(
        "self_interaction_gate",
        &[required("e", &[Kind::Field]), required("n", &[Kind::Field])],
        &[Kind::Field],
        "mixes e with minus half the Hartree potential of n so that one electron is exact: the weight of the latter is \
         exp(-((N - 1) / s)^2) with N electrons and a trainable s that starts at 1",
        &["self-interaction", "ksr", "one electron", "gate"],
        &[shown("functional f(n) = n |> dense(1) |> negative |> self_interaction_gate(n)")],
        gate,
    ),
    function(
        "silu",
        X,
        EACH,
        "x times sigmoid(x)",
        &["swish", "activation"],
        &[example("silu(0)", "0")],
        |interp, args| {
            let x = args.operand("x")?;
            silu(interp, x)
        },
    ),
    function(
        "negative",
        X,
        EACH,
        "minus silu(x), for an energy that is at most slightly positive",
        &["activation", "bound"],
        &[example("negative(0)", "0")],
        |interp, args| {
            let x = args.operand("x")?;
            let value = silu(interp, x)?;
            interp.unary(Unary::Neg, Operand::new(&value, x.span))
        },
    ),
    function(
        "relu",
        X,
        EACH,
        "max(x, 0)",
        &["activation", "ramp"],
        &[example("relu([-2, 3])", "[0, 3]")],
        |interp, args| {
            let x = args.operand("x")?;
            interp.binary(Binary::Max, x, Operand::new(&Value::plain(0.0), x.span), x.span)
        },
    ),
    function(
        "elu",
        X,
        EACH,
        "x above 0, exp(x) - 1 below",
        &["activation"],
        &[example("elu([-inf, 3])", "[-1, 3]")],
        |interp, args| {
            let x = args.operand("x")?;
            let zero = Value::plain(0.0);
            let zero = Operand::new(&zero, x.span);
            let (above, below) =
                (interp.binary(Binary::Max, x, zero, x.span)?, interp.binary(Binary::Min, x, zero, x.span)?);
            let below = interp.unary(Unary::Expm1, Operand::new(&below, x.span))?;
            interp.binary(Binary::Add, Operand::new(&above, x.span), Operand::new(&below, x.span), x.span)
        },
    ),
    function(
        "normal",
        &[
            optional("mean", &[Kind::Number], DefaultValue::Number(0.0)),
            optional("deviation", &[Kind::Number], DefaultValue::Number(1.0)),
        ],
        &[Kind::Record],
        "the distribution of the initial value of a `param`: normal; draws outside the bounds of the `param` are repeated",
        &["gauss", "random", "draw", "initial"],
        &[shown("functional f(n) { param b[8] ~ normal(0, 0.01); sum(b) * n }")],
        |_, args| {
            let (mean, deviation) = (args.number("mean")?, args.number("deviation")?);
            Ok(Value::record([("mean", Value::plain(mean)), ("deviation", Value::plain(deviation))]))
        },
    ),
];

/// The trace and node of a field argument. A layer makes sense only in a body.
fn field(interp: &Interpreter, args: &Args, name: &str) -> Result<(Rc<Trace>, NodeId)> {
    let arg = args.arg(name)?;
    let Some(trace) = trace_of([&arg.value]).or_else(|| interp.traces.last().cloned()) else {
        return fail(TraceError::ParamOutside { span: args.span }, args.span);
    };
    match trace.node_of(&arg.value, arg.span)? {
        Some(node) => Ok((trace, node)),
        None => args.mismatch(name, "a field", None),
    }
}

fn on_grid(
    args: &Args,
    build: impl FnOnce(
        &mut crate::graph::Graph,
        NodeId,
        crate::source::Span,
    ) -> std::result::Result<NodeId, crate::graph::ShapeError>,
) -> Result<Value> {
    match &args.arg("f")?.value {
        Value::Symbol(x) => {
            let value = x.trace().try_add(args.span, |g| build(g, x.node(), args.span))?;
            if let Value::Symbol(s) = &value {
                x.trace().log(args.name(), s.node(), 0);
            }
            Ok(value)
        }
        _ => args.mismatch("f", "a field in the body of a functional", None),
    }
}

fn conv(interp: &mut Interpreter, args: &Args, width: usize) -> Result<Value> {
    let (trace, x) = field(interp, args, "f")?;
    let (channels, span) = (args.whole("channels")?, args.span);
    let shape = trace.graph().shape(x);
    if channels == 0 || width == 0 || shape.grid.is_none() {
        // The builder has the messages for all three.
        return trace.try_add(span, |g| g.conv(x, x, width, channels, span));
    }
    let request = Request {
        name: Name::Layer("conv", "weight"),
        shape: vec![width, shape.channels, channels],
        init: Init::HeNormal { fan_in: width.saturating_mul(shape.channels) },
        bounds: None,
        span,
    };
    let weight = trace.param(request)?;
    let count = width * shape.channels * channels;
    let value = trace.try_add(span, |g| g.conv(x, weight, width, channels, span))?;
    let what = match args.name() {
        "conv" => format!("conv({channels}, width: {width})"),
        name => format!("{name}({channels})"),
    };
    if !args.truth("bias")? {
        return Ok(logged(value, &trace, what, count));
    }
    let bias = Request {
        name: Name::Further("conv", "bias"),
        shape: vec![channels],
        init: Init::Values(vec![0.0]),
        bounds: None,
        span,
    };
    let bias = trace.value(trace.param(bias)?);
    let value = interp.binary(Binary::Add, Operand::new(&value, span), Operand::new(&bias, span), span)?;
    Ok(logged(value, &trace, what, count + channels))
}

fn logged(value: Value, trace: &Rc<Trace>, what: String, parameters: usize) -> Value {
    if let Value::Symbol(s) = &value {
        trace.log(what, s.node(), parameters);
    }
    value
}

fn global_conv(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (trace, x) = field(interp, args, "f")?;
    let (channels, span) = (args.whole("channels")?, args.span);
    let (from, to) = args.interval("width")?;
    let (a, b) = (from.value, to.value);
    if !(a > 0.0 && b > a && b.is_finite()) {
        let message = format!("the widths of `global_conv` must be between two positive numbers, not {a} and {b}");
        let help = Some("for example `width: 0.1 .. 2.385345`, in bohr".into());
        return fail(TraceError::Layer { message, help, span: args.arg("width")?.span }, span);
    }
    if channels == 0 {
        let help = Some("the first channel is the field itself, each further one an exponential".into());
        let message = "`global_conv` needs at least one channel".into();
        return fail(TraceError::Layer { message, help, span: args.arg("channels")?.span }, span);
    }
    let what = format!("global_conv({channels}, width: {} .. {})", text::number(a), text::number(b));
    if channels == 1 {
        return Ok(logged(trace.value(x), &trace, what, 0));
    }
    let kernels = channels - 1;
    let request = Request {
        name: Name::Layer("global_conv", "eta"),
        shape: vec![kernels],
        init: Init::Normal { mean: 0.0, deviation: 0.01 },
        bounds: None,
        span,
    };
    let eta = trace.param(request)?;
    let value = trace.try_add(span, |g| {
        let share = g.unary(Unary::Sigmoid, eta, span);
        let scaled = g.scale(b - a, share, span);
        let low = g.constant(a, span);
        let xi = g.binary(Binary::Add, low, scaled, span)?;
        let through = g.exp_conv(x, xi, span)?;
        g.concat(&[x, through], span)
    })?;
    Ok(logged(value, &trace, what, kernels))
}

/// beta = exp(-((N - 1) / s)^2); e_gated = -(beta / 2) v_H + (1 - beta) e. Li et al., Phys. Rev. Lett. 126, 036401 (2021).
fn gate(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (trace, e) = field(interp, args, "e")?;
    let (_, n) = field(interp, args, "n")?;
    let span = args.span;
    for (name, node) in [("e", e), ("n", n)] {
        let found = trace.graph().shape(node);
        if found != Shape::FIELD && !(name == "e" && found == Shape::SCALAR) {
            let at = span;
            let message = format!("`{name}` of `self_interaction_gate` must be a field of one channel, not {found}");
            let help = Some("end the network with `conv(1, width: 1)` or `dense(1)`".into());
            return fail(TraceError::Shape { message, help, span: at }, at);
        }
    }
    let request = Request {
        name: Name::Layer("self_interaction_gate", "s"),
        shape: vec![],
        init: Init::Values(vec![1.0]),
        bounds: None,
        span,
    };
    let s = trace.param(request)?;
    let value = trace.try_add(span, |g| {
        let one = g.constant(1.0, span);
        let electrons = g.integral(n, span)?;
        let beyond = g.binary(Binary::Sub, electrons, one, span)?;
        let ratio = g.binary(Binary::Div, beyond, s, span)?;
        let square = g.binary(Binary::Mul, ratio, ratio, span)?;
        let minus = g.unary(Unary::Neg, square, span);
        let beta = g.unary(Unary::Exp, minus, span);
        let rest = g.unary(Unary::Expm1, minus, span);
        let potential = g.hartree(n, span)?;
        let half = g.scale(-0.5, potential, span);
        let exact = g.binary(Binary::Mul, beta, half, span)?;
        let net = g.binary(Binary::Mul, rest, e, span)?;
        g.binary(Binary::Sub, exact, net, span)
    })?;
    Ok(logged(value, &trace, "self_interaction_gate".into(), 1))
}

fn silu(interp: &mut Interpreter, x: Operand<'_>) -> Result<Value> {
    let share = interp.unary(Unary::Sigmoid, x)?;
    interp.binary(Binary::Mul, x, Operand::new(&share, x.span), x.span)
}

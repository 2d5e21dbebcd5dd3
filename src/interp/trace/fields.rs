//! Functions of fields that mean the same in a body and on concrete fields: derivatives, integrals, values at a point, channels.

use crate::graph::{Formula, Graph, GridMap, LowerError, NodeId, Routine, ShapeError};
use crate::interp::Interpreter;
use crate::interp::arith::scaled_sum;
use crate::interp::arith::symbols::trace_of;
use crate::interp::call::{Args, Builtin, DefaultValue, Param, Style, example, function, optional, required, shown};
use crate::interp::error::{TraceError, fail};
use crate::interp::value::{Field, Trace, Value};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::model::{Grid, Interaction};
use crate::problem::Result;
use crate::source::Span;
use crate::tensor::{Cpu, NoneTape};
use std::rc::Rc;
use std::sync::Arc;

const FIELD: &[Param] = &[required("f", &[Kind::Field])];

/// Functions of fields.
pub const FIELDS: &[Builtin] = &[
    function(
        "integral",
        FIELD,
        &[Kind::Number, Kind::List],
        "the integral over x: the spacing times the sum over grid points, one number per channel",
        &["sum", "norm", "electrons", "area"],
        &[example(
            "let g = uniform(points: 101, spacing: 0.2)\nround(integral(exp(-g.x^2))^2 * 1000)",
            "round(pi * 1000)",
        )],
        integral,
    ),
    function(
        "grad",
        FIELD,
        &[Kind::Field],
        "the derivative with respect to x: central differences, one-sided at the ends",
        &["derivative", "gradient", "slope", "gga"],
        &[example("let g = uniform(points: 101, spacing: 0.2)\ngrad(3 * g.x)[50]", "3")],
        |interp, args| on_field(interp, args, |g, x, span| g.map(GridMap::Grad, x, span)),
    ),
    function(
        "laplacian",
        FIELD,
        &[Kind::Field],
        "the second derivative with respect to x, from three points",
        &["derivative", "curvature", "second"],
        &[example("let g = uniform(points: 101, spacing: 0.25)\nlaplacian(g.x^2)[50]", "2")],
        |interp, args| on_field(interp, args, |g, x, span| g.map(GridMap::Laplacian, x, span)),
    ),
    function(
        "kinetic_operator",
        FIELD,
        &[Kind::Field],
        "-1/2 times the second derivative of an orbital, with the stencil and the walls of the grid, as in the Kohn-Sham equations: \
         `integral(phi * kinetic_operator(phi))` is its kinetic energy",
        &["derivative", "kinetic energy", "von weizsaecker", "orbital"],
        &[example(
            "let g = uniform(from: 0, to: 1, points: 99, wall: odd)\nlet phi = sqrt(2) * sin(pi * g.x)\n\
             round(1e4 * integral(phi * kinetic_operator(phi)))",
            "round(1e4 * pi^2 / 2)",
        )],
        |interp, args| on_field(interp, args, |g, x, span| g.map(GridMap::Kinetic, x, span)),
    ),
    function(
        "cumulative_integral",
        FIELD,
        &[Kind::Field],
        "the cumulative integral: at every point the integral from the left end of the grid up to that point",
        &["running", "antiderivative", "primitive", "integral", "distribution"],
        &[example(
            "let g = uniform(points: 101, spacing: 0.2)\nround(1e9 * cumulative_integral(exp(-g.x^2))[50])",
            "round(5e8 * sqrt(pi))",
        )],
        |interp, args| on_field(interp, args, |g, x, span| g.map(GridMap::Cumulative, x, span)),
    ),
    function(
        "at",
        &[required("f", &[Kind::Field]), required("x", &[Kind::Measured(Dimension::LENGTH)])],
        &[Kind::Number, Kind::List],
        "the value of a field at a coordinate, bohr, by linear interpolation",
        &["value", "interpolate", "place", "position"],
        &[example("let g = uniform(points: 101, spacing: 0.25)\nat(2 * g.x, x: 1.5)", "3")],
        |interp, args| {
            let position = args.dimensioned("x", Dimension::LENGTH)?;
            on_field(interp, args, |g, x, span| g.map(GridMap::At(position), x, span))
        },
    ),
    function(
        "hartree",
        &[
            required("n", &[Kind::Field]),
            optional(
                "interaction",
                &[Kind::Interaction, Kind::Function],
                DefaultValue::Value("exponential()", || Value::Interaction(Interaction::BAKER)),
            ),
        ],
        &[Kind::Field],
        "the potential of a density: the integral of w(x - y) n(y). In the body of a functional, w is the interaction \
         of the system",
        &["potential", "coulomb", "repulsion", "convolution"],
        &[shown("let g = uniform(points: 101, spacing: 0.2)\nhartree(exp(-g.x^2))")],
        hartree,
    ),
    function(
        "concat",
        &[],
        &[Kind::Field],
        "several fields as one field of several channels",
        &["join", "stack", "channels"],
        &[example("let g = uniform(points: 5, spacing: 1)\nconcat(g.x, g.x^2)[0]", "[-2, 4]")],
        concat,
    )
    .with(Style::Rest("fields")),
    function(
        "channel",
        &[required("f", &[Kind::Field]), required("k", &[Kind::Number])],
        &[Kind::Field],
        "one channel of a field, counted from 0; -1 is the last",
        &["component", "select"],
        &[example("let g = uniform(points: 5, spacing: 1)\nchannel(concat(g.x, g.x^2), 1)[0]", "4")],
        channel,
    ),
];

/// Adds an operation to the body that its argument belongs to, or evaluates it at once.
fn on_field(
    interp: &Interpreter,
    args: &Args,
    build: impl FnOnce(&mut Graph, NodeId, Span) -> std::result::Result<NodeId, ShapeError>,
) -> Result<Value> {
    let (span, arg) = (args.span, args.arg("f")?);
    match (&arg.value, interp.traces.last()) {
        (Value::Symbol(x), _) => x.trace().try_add(span, |g| build(g, x.node(), span)),
        (Value::Field(field), _) => evaluate(interp, field, &Interaction::None, span, build),
        (Value::Number(_), Some(trace)) => match trace.node_of(&arg.value, arg.span)? {
            Some(node) => trace.try_add(span, |g| build(g, node, span)),
            None => args.mismatch("f", "a field", None),
        },
        _ => args.mismatch("f", "a field", None),
    }
}

/// From this many points on, an operation can be interrupted.
const MANY: usize = 10_000;

/// An operation on a concrete field.
fn evaluate(
    interp: &Interpreter,
    field: &Field,
    interaction: &Interaction,
    span: Span,
    build: impl FnOnce(&mut Graph, NodeId, Span) -> std::result::Result<NodeId, ShapeError>,
) -> Result<Value> {
    let mut graph = Graph::new();
    let node = graph.samples(&field.data, field.channels, span);
    let output = match build(&mut graph, node, span) {
        Ok(output) => output,
        Err(error) => return fail(TraceError::shape(&error, span), span),
    };
    let shape = graph.shape(output);
    let (grid, interaction) = (field.grid.clone(), interaction.clone());
    // The interaction of many points with all others takes long.
    let long = field.grid.points >= MANY;
    let data = match interp.stoppable(long, span, move || run(&graph, output, &grid, &interaction))? {
        Ok(data) => data,
        Err(error) => return fail(TraceError::lower(&error, span), span),
    };
    Ok(match (shape.grid, data.as_slice()) {
        (Some(_), _) => Value::Field(Rc::new(field.made(shape.channels, data))),
        (None, [value]) => field.number(*value),
        (None, values) => field.numbers(values),
    })
}

fn run(
    graph: &Graph,
    output: NodeId,
    grid: &Grid,
    interaction: &Interaction,
) -> std::result::Result<Vec<f64>, LowerError> {
    let formula = Formula::new(&Arc::new(Routine::new(graph, &[output])), grid, interaction)?;
    let (outputs, _) = formula.run(&formula.on(&Cpu::default())?, &[], NoneTape)?;
    Ok(outputs.first().map(|v| v.host().to_vec()).unwrap_or_default())
}

fn integral(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let plain = on_field(interp, args, |g, x, span| g.integral(x, span))?;
    let Value::Field(f) = &args.arg("f")?.value else { return Ok(plain) };
    // Where the sum overflows the integral need not.
    let again = |plain: f64, c: usize| {
        let scaled = if plain.is_finite() { None } else { scaled_sum(f.grid.spacing, f.channel(c).into_iter()) };
        scaled.unwrap_or(plain)
    };
    Ok(match plain {
        Value::Number(q) => f.number(again(q.value, 0)),
        Value::List(items) => {
            let value = |(c, v): (usize, &Value)| match v {
                Value::Number(q) => f.number(again(q.value, c)),
                other => other.clone(),
            };
            Value::list(items.iter().enumerate().map(value).collect())
        }
        other => other,
    })
}

fn hartree(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (span, arg) = (args.span, args.arg("n")?);
    if let Some(trace) = trace_of([&arg.value]).or_else(|| interp.traces.last().cloned()) {
        if let Some(given) = args.get("interaction") {
            return fail(TraceError::OwnInteraction { span: given.span }, given.span);
        }
        return match trace.node_of(&arg.value, arg.span)? {
            Some(node) => trace.try_add(span, |g| g.hartree(node, span)),
            None => args.mismatch("n", "a density", None),
        };
    }
    let field = args.field("n")?;
    let interaction = interp.interaction_of(args, &field.grid)?;
    evaluate(interp, &field, &interaction, span, |g, x, span| g.hartree(x, span))
}

fn concat(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let span = args.span;
    if let Some(trace) = trace_of(args.rest.iter().map(|a| &a.value)) {
        return concat_nodes(&trace, args);
    }
    let mut fields = Vec::with_capacity(args.rest.len());
    for arg in &args.rest {
        match &arg.value {
            Value::Field(f) => fields.push((f.clone(), arg.span)),
            other => return crate::interp::call::mismatch("a part of `concat`", "a field", other, None, arg.span),
        }
    }
    let Some((first, _)) = fields.first().cloned() else {
        return args.wrong(span, "`concat` needs at least one field", None);
    };
    if let Some((_, place)) = fields.iter().find(|(f, _)| *f.grid != *first.grid) {
        return fail(TraceError::Grids { span: *place }, *place);
    }
    let row = |i: usize| fields.iter().flat_map(move |(f, _)| &f.data[i * f.channels..(i + 1) * f.channels]);
    let data = (0..first.grid.points).flat_map(row).copied().collect();
    let channels = fields.iter().map(|(f, _)| f.channels).sum();
    let doubt = fields.iter().any(|(f, _)| f.unconverged);
    Ok(Value::Field(Rc::new(first.made(channels, data).doubted(doubt))))
}

fn concat_nodes(trace: &Rc<Trace>, args: &Args) -> Result<Value> {
    let mut nodes = Vec::with_capacity(args.rest.len());
    for arg in &args.rest {
        match trace.node_of(&arg.value, arg.span)? {
            Some(node) => nodes.push(node),
            None => {
                return crate::interp::call::mismatch("a part of `concat`", "a field", &arg.value, None, arg.span);
            }
        }
    }
    trace.try_add(args.span, |g| g.concat(&nodes, args.span))
}

fn channel(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let k = args.number("k")?;
    let place = args.arg("k")?.span;
    if k != k.round() || k.abs() > 1e9 {
        return args.wrong(place, "a channel must be a whole number", None);
    }
    match &args.arg("f")?.value {
        Value::Symbol(x) => x.trace().try_add(args.span, |g| g.channel(x.node(), k as i64, args.span)),
        Value::Field(f) => {
            let index = if k < 0.0 { k + f.channels as f64 } else { k };
            if index < 0.0 || index >= f.channels as f64 {
                let message = format!("channel {k} does not exist: the field has {}", f.channels);
                return args.wrong(place, message, Some("channels are counted from 0; -1 is the last".into()));
            }
            Ok(Value::Field(Rc::new(f.made(1, f.channel(index as usize)))))
        }
        _ => args.mismatch("f", "a field", None),
    }
}

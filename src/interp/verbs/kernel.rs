//! `xc_kernel(…)`: how the potential of a functional changes with the density.

use super::fits::Met;
use super::probe::density_field;
use crate::graph::{LowerError, Lowered, NodeId, Routine};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Argument, Builtin, DefaultValue, Site, function, optional, required, shown};
use crate::interp::error::{TraceError, fail};
use crate::interp::trace::by_spin;
use crate::interp::value::{Field, Trace, Value};
use crate::lang::Kind;
use crate::model::{Grid, Interaction};
use crate::problem::Result;
use crate::source::Span;
use crate::tensor::{Cpu, NoneTape};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) const KERNEL: &[Builtin] = &[function(
    "xc_kernel",
    &[
        required("functional", &[Kind::Functional, Kind::Model]),
        required("n", &[Kind::Field]),
        required("probe", &[Kind::Field]).about("the change of the density, of that of spin up if `n_down` is given"),
        optional("n_down", &[Kind::Field], DefaultValue::Absent("n / 2")),
        optional("probe_down", &[Kind::Field], DefaultValue::Absent("0 with `n_down`")),
        optional(
            "interaction",
            &[Kind::Interaction, Kind::Function],
            DefaultValue::Value("exponential()", || Value::Interaction(Interaction::BAKER)),
        ),
    ],
    &[Kind::Field, Kind::Record],
    "the change of the potential of a functional when the density changes by `probe`, to first order: ∫ f(x, x') probe(x') dx' with the \
     kernel f(x, x') = dv(x)/dn(x'); with densities of up and down electrons, `.up` and `.down`. In a loss it can be trained, as in \
     `xc_kernel(run.functional, run.density, probe)`",
    &["functional", "response", "second derivative", "fxc", "susceptibility", "curvature"],
    &[shown(
        "use std.functionals\nlet g = uniform(points: 101, spacing: 0.1)\n\
         xc_kernel(functionals.lda, exp(-g.x^2), probe: g.x * exp(-g.x^2))",
    )],
    kernel,
)];

fn kernel(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    if args.has("probe_down") && !args.has("n_down") {
        let span = args.span_of("probe_down");
        return args.wrong(span, "`probe_down` is for two densities", Some("give `n_down`, too".into()));
    }
    let names: &[&str] = if args.has("n_down") { &["probe", "probe_down"] } else { &["probe"] };
    if let Some(probe) = interp.traced_probe(args)? {
        let mut probes = Vec::with_capacity(2);
        for name in names {
            probes.push(match args.get(name) {
                None => probe.trace().add(|g| {
                    let zero = g.constant(0.0, args.span);
                    g.stretch(zero, crate::graph::Shape::FIELD, args.span)
                }),
                Some(given) => field_node(probe.trace(), given)?,
            });
        }
        let nodes = probe.kernel(&probes, args.span)?;
        return Ok(by_spin(nodes.into_iter().map(|node| probe.trace().value(node)).collect()));
    }
    concrete(interp, args, names)
}

/// A field in the graph of a body or a loss.
fn field_node(trace: &Rc<Trace>, given: &Argument) -> Result<NodeId> {
    match trace.node_of(&given.value, given.span)? {
        Some(node) if trace.graph().shape(node) == crate::graph::Shape::FIELD => Ok(node),
        _ => {
            let (functional, found, span) = ("xc_kernel".into(), given.value.kind(), given.span);
            fail(TraceError::NotDensity { functional, found, span }, span)
        }
    }
}

/// At densities that are known, in a graph of its own.
fn concrete(interp: &mut Interpreter, args: &Args, names: &[&str]) -> Result<Value> {
    let of = args.operand("functional")?;
    let ready = interp.ready(args.operand("functional")?, &args.what("functional"))?;
    interp.check_density_only(&ready, args.span)?;
    let densities: &[&str] = if names.len() == 2 { &["n", "n_down"] } else { &["n"] };
    let grid = density_field(args, "n")?.grid.clone();
    let interaction = interp.interaction_of(args, &grid)?;
    let met = Met { interaction: &interaction, grid: &grid, at: args.name() };
    interp.check_interaction(&ready, met, args.span_of("functional"));
    interp.check_grid(&ready, &grid, args.span_of("n"))?;
    let (trace, span) = (Trace::new(), args.span);
    let mut doubt = false;
    let mut node = |name: &&str| -> Result<(NodeId, Span)> {
        let place = args.span_of(name);
        let field = match args.has(name) {
            true => density_field(args, name)?,
            false => Rc::new(Field::simple(grid.clone(), vec![0.0; grid.points])),
        };
        doubt |= field.unconverged;
        match trace.node_of(&Value::Field(field), place)? {
            Some(node) => Ok((node, place)),
            None => args.mismatch(name, "a field", None),
        }
    };
    let variables = densities.iter().map(&mut node).collect::<Result<Vec<_>>>()?;
    let probes = names.iter().map(&mut node).collect::<Result<Vec<_>>>()?;
    let variables = variables.into_iter().map(|(node, place)| (trace.variable(node, place), place)).collect();
    let site = Site { span, callee: args.what("functional") };
    let Some(probe) = interp.probe(&trace, of, variables, &site)? else {
        return args.mismatch("functional", "a functional", None);
    };
    let probes: Vec<NodeId> = probes.into_iter().map(|(node, _)| node).collect();
    let nodes = probe.kernel(&probes, span)?;
    let routine = Arc::new(Routine::new(&trace.graph(), &nodes));
    interp.afford(routine.tape_bytes(grid.points, 1) as u64, "this kernel", span)?;
    let flat = if routine.parameter_count() == 0 { Vec::new() } else { ready.parameters.to_vec() };
    let found = evaluated(&routine, &grid, &interaction, &flat);
    let found = found.or_else(|error| fail(TraceError::lower(&error, span), span))?;
    let given =
        densities.iter().filter(|name| args.has(name)).map(|name| Ok((density_field(args, name)?, args.span_of(name))));
    let given = given.collect::<Result<Vec<_>>>()?;
    interp.tell_negative(&ready.name, &given, found.iter().flatten().all(|v| v.is_finite()));
    let field = |data: Vec<f64>| Value::Field(Rc::new(Field::simple(grid.clone(), data).doubted(doubt)));
    Ok(by_spin(found.into_iter().map(field).collect()))
}

/// The outputs of a routine without inputs, fields.
fn evaluated(
    routine: &Arc<Routine>,
    grid: &Grid,
    interaction: &Interaction,
    flat: &[f64],
) -> std::result::Result<Vec<Vec<f64>>, LowerError> {
    let lowered = Lowered::new(routine, grid, interaction)?;
    let (bound, tape) = lowered.bind(&lowered.parameters(&Cpu::default(), flat)?, NoneTape)?;
    let (outputs, _) = lowered.run(&bound, &[], tape)?;
    Ok(outputs.iter().map(|output| output.host().to_vec()).collect())
}

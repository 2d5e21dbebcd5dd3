//! `describe`: what a functional consists of, what it costs, and the memory that training it needs.

use super::solve::system_in;
use crate::functional::Compiled;
use crate::graph::Operations;
use crate::interp::Interpreter;
use crate::interp::call::Args;
use crate::interp::trace::Ready;
use crate::interp::value::{A_POTENTIAL, Quantity, ShownUnit, Table, Value};
use crate::ks::MAX_ITERATIONS;
use crate::lang::Dimension;
use crate::model::System;
use crate::problem::Result;
use crate::train::Forecast;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) fn describe(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let ready = interp.ready(args.operand("functional")?, &args.what("functional"))?;
    let layers = &ready.traced.layers;
    let column = |values: Vec<Value>| Rc::new(values.into());
    let table = Table {
        columns: vec![
            ("layer".into(), column(layers.iter().map(|l| Value::text(&l.what)).collect())),
            ("gives".into(), column(layers.iter().map(|l| Value::text(l.shape.to_string())).collect())),
            ("parameters".into(), column(layers.iter().map(|l| Value::plain(l.parameters as f64)).collect())),
        ],
    };
    let compiled = &ready.traced.compiled;
    let densities: Vec<Value> = ready.functional.densities().map(Value::text).collect();
    let names: Vec<Value> =
        compiled.graph.params.iter().map(|p| Value::text(format!("{} {:?}", p.name, p.shape))).collect();
    let made_for = ready.traced.interactions.iter().map(Value::text).collect();
    let operations = compiled.graph.layers(compiled.e);
    let systems = systems(interp, args)?;
    let memory = memory(args, &ready, systems.as_deref())?;
    let mut entries = vec![
        ("name", Value::text(&ready.name)),
        ("densities", Value::list(densities)),
        ("parameters", Value::plain(compiled.parameter_count() as f64)),
        ("arrays", Value::list(names)),
        ("made_for", Value::list(made_for)),
        ("operations", Value::list(operations.iter().map(|o| Value::text(&o.name)).collect())),
        ("memory", memory),
    ];
    if !compiled.kind.has_energy() {
        entries.insert(1, ("gives", Value::text(A_POTENTIAL)));
    }
    if compiled.exchange {
        entries.push(("depends_on", Value::text("the orbitals, by exact exchange")));
    }
    if let Some(systems) = &systems {
        entries.push(("flop", flop(compiled, systems)));
    }
    if !layers.is_empty() {
        entries.push(("layers", Value::Table(Rc::new(table))));
    }
    Ok(Value::record(entries))
}

/// The systems of `on:`, if it is given.
fn systems(interp: &mut Interpreter, args: &Args) -> Result<Option<Vec<Arc<System>>>> {
    if !args.has("on") {
        return Ok(None);
    }
    let span = args.arg("on")?.span;
    let items = match &args.arg("on")?.value {
        one @ (Value::System(_) | Value::Reference(_)) => Rc::new(vec![one.clone()].into()),
        _ => args.list(interp, "on")?,
    };
    items.iter().map(|item| system_in(item, span, "an element of `on`")).collect::<Result<_>>().map(Some)
}

/// Floating-point operations of one evaluation at the densities of all systems: of the energy, of energy and potential, and of
/// the backward pass through both.
fn flop(functional: &Compiled, systems: &[Arc<System>]) -> Value {
    let of = |system: &Arc<System>| functional.operations(system.grid.points, system.closed_shell());
    let sum = |[e, f]: [Operations; 2], [energy, full]: [Operations; 2]| [e + energy, f + full];
    let [energy, full] = systems.iter().map(of).fold([Operations::default(); 2], sum);
    let count = |operations: u64| Value::plain(operations as f64);
    Value::record([
        ("energy", count(energy.forward)),
        ("with_potential", count(full.forward)),
        ("backward", count(full.backward)),
    ])
}

/// The memory forecast for the systems of `on:`, or for one iteration of a system like the published ones.
fn memory(args: &Args, ready: &Ready, systems: Option<&[Arc<System>]>) -> Result<Value> {
    let functional = &ready.traced.compiled;
    let Some(systems) = systems else {
        if args.has("iterations") {
            let help = "`describe(f, on: [h, he], iterations: 40)`".to_owned();
            return args.wrong(
                args.span_of("iterations"),
                "`iterations` needs `on:`, the systems to train on",
                Some(help),
            );
        }
        let one = |spins| megabytes(functional.tape_bytes(PUBLISHED_POINTS, spins).iter().sum::<usize>() as u64);
        let points = Value::plain(PUBLISHED_POINTS as f64);
        return Ok(Value::record([("points", points), ("closed_shell", one(1)), ("open_shell", one(2))]));
    };
    let iterations = args.whole("iterations")?;
    if !(1..=MAX_ITERATIONS).contains(&iterations) {
        let message = format!("`iterations` must be from 1 to {MAX_ITERATIONS}, not {iterations}");
        return args.wrong(args.span_of("iterations"), message, None);
    }
    let forecast = Forecast::of(functional, systems, iterations, rayon::current_num_threads());
    Ok(Value::record([
        ("systems_at_a_time", Value::plain(forecast.together as f64)),
        ("all_iterations", megabytes(forecast.all())),
        ("at_least", megabytes(forecast.least())),
    ]))
}

/// Grid points of the published calculations (Li et al., Phys. Rev. Lett. 126, 036401 (2021)).
const PUBLISHED_POINTS: usize = 513;

/// In MB, rounded to hundredths, as it is only a forecast.
fn megabytes(bytes: u64) -> Value {
    let unit = Some(ShownUnit { name: &"MB", power: 1, factor: 1e6 });
    Value::Number(Quantity { unit, ..Quantity::of((bytes as f64 / 1e4).round() * 1e4, Dimension::MEMORY) })
}

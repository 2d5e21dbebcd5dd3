//! Losses: setting options, calls on a finished run, and tracing over the trajectory of a system's run. Inside a loss all numbers are
//! plain, energies in hartree and lengths in bohr.

use super::body::through;
use crate::exact::Reference;
use crate::graph::{Binary, Graph, NodeId, Op, Shape};
use crate::interp::Interpreter;
use crate::interp::call::{Argument, Parameter, Site, bind, mismatch};
use crate::interp::error::{TraceError, fail};
use crate::interp::value::{Loss, Record, Trace, TracedLoss, Value, datum};
use crate::ks::{Observable, PROPERTIES, Run, Seen, Trajectory};
use crate::lang::ast::{ParamDecl, StmtKind};
use crate::model::System;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// What a body is evaluated with: one value per parameter, `None` for its default.
type Values = Vec<Option<(Value, Span)>>;

impl Interpreter {
    /// A call of a loss: with a run and a reference its value, without them the loss with new options.
    ///
    /// # Errors
    /// Arguments that do not match; any error in the body, with this call added to it.
    pub(crate) fn call_loss(&mut self, loss: &Rc<Loss>, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let site = &Site { callee: format!("`{}`", loss.name()), span: site.span };
        let (run, exact, options) = self.split(loss, args, site)?;
        let bound = Rc::new(Loss { closure: loss.closure.clone(), options });
        let (run, exact) = match (run, exact) {
            (None, None) => return Ok(Value::Loss(bound)),
            (Some(run), Some(exact)) => (run, exact),
            (Some(given), None) | (None, Some(given)) => {
                return fail(TraceError::HalfLoss { loss: loss.name().to_string(), span: given.span }, site.span);
            }
        };
        let run_view = match &run.value {
            Value::Run(run) => run_view(run),
            other => {
                return mismatch(
                    "the first argument of a loss",
                    "a run, as returned by `solve`",
                    other,
                    None,
                    run.span,
                );
            }
        };
        let reference = self.reference(&exact.value, exact.span)?;
        let values = [(run_view, run.span), (reference_view(&reference), exact.span)];
        let value = self.loss_value(&bound, values).map_err(|p| self.through(p, site, loss.name()))?;
        match value {
            Value::Number(_) => Ok(value),
            other => not_a_loss(loss, other.kind()),
        }
    }

    /// Splits the arguments of a loss into run, reference and options (including earlier ones).
    #[allow(clippy::type_complexity)]
    fn split(
        &mut self,
        loss: &Loss,
        args: Vec<Argument>,
        site: &Site,
    ) -> Result<(Option<Argument>, Option<Argument>, Vec<(Rc<str>, Value)>)> {
        let physical =
            |v: &Value| matches!(v, Value::Run(_) | Value::Reference(_) | Value::System(_) | Value::Record(_));
        let positional = args.iter().any(|a| a.name.is_none() && physical(&a.value));
        let (required, optional): (Vec<&ParamDecl>, Vec<&ParamDecl>) =
            loss.params().iter().partition(|p| p.default.is_none());
        let order: Vec<Rc<str>> = match positional {
            true => required.iter().chain(&optional).map(|p| p.name.name.clone()).collect(),
            false => optional.iter().chain(&required).map(|p| p.name.name.clone()).collect(),
        };
        let params: Vec<Parameter> = order.iter().map(|n| Parameter::new(n.clone(), false)).collect();
        let bound = bind(&params, args, false, site)?;
        let (mut run, mut exact, mut options) = (None, None, loss.options.clone());
        for (name, argument) in order.iter().zip(bound.values) {
            let Some(argument) = argument else { continue };
            match required.iter().position(|p| p.name.name == *name) {
                Some(0) => run = Some(argument),
                Some(_) => exact = Some(argument),
                None => {
                    options.retain(|(n, _)| n != name);
                    options.push((name.clone(), argument.value));
                }
            }
        }
        Ok((run, exact, options))
    }

    /// The value of the body with run and reference as the parameters without defaults.
    fn loss_value(&mut self, loss: &Loss, given: [(Value, Span); 2]) -> Result<Value> {
        let mut scope = loss.closure.scope.clone();
        let mut given = given.into_iter();
        let value = |p: &ParamDecl| match &p.default {
            None => given.next(),
            Some(_) => loss.options.iter().find(|(n, _)| *n == p.name.name).map(|(_, v)| (v.clone(), p.name.span)),
        };
        let values: Values = loss.params().iter().map(value).collect();
        self.bind_params(&mut scope, loss.params(), values)?;
        self.eval(&loss.closure.def.body, &scope)
    }

    /// The loss of a system as a graph over a trajectory of `iterations` iterations, with the reference's numbers as constants.
    ///
    /// # Errors
    /// Any error in the body, with `span` added to it.
    pub(crate) fn trace_loss(
        &mut self,
        loss: &Rc<Loss>,
        reference: &Reference,
        iterations: usize,
        span: Span,
    ) -> Result<TracedLoss> {
        let trace = Trace::new();
        let mut inputs = Vec::new();
        let run = symbolic_run(&trace, &reference.system, iterations, &mut inputs, span);
        let outer = std::mem::replace(&mut self.traces, vec![trace.clone()]);
        let value = self.loss_value(loss, [(run, span), (reference_view(reference), span)]);
        self.traces = outer;
        let site = Site { span, callee: format!("`{}`", loss.name()) };
        let value = value.map_err(|p| through(p, &site, loss.name()))?;
        let end = loss.closure.def.body.span;
        if trace.grid().is_some_and(|grid| *grid != *reference.system.grid) {
            return fail(TraceError::OtherGrid { functional: loss.name().to_string(), span: end }, end)
                .map_err(|p| through(p, &site, loss.name()));
        }
        let output = match (&value, trace.node_of(&value, end)?) {
            (Value::List(_), _) | (_, None) => return not_a_loss(loss, value.kind()),
            (_, Some(node)) => node,
        };
        let shape = trace.graph().shape(output);
        if shape != Shape::SCALAR {
            return not_a_loss(loss, shape.to_string());
        }
        Ok(needed(&trace.graph(), output, &inputs))
    }

    /// The reference given by a value: itself, or the exact answer for a system.
    ///
    /// # Errors
    /// It is neither; the exact answer cannot be found.
    pub(crate) fn reference(&mut self, value: &Value, span: Span) -> Result<Arc<Reference>> {
        match value {
            Value::Reference(reference) => Ok(reference.clone()),
            Value::System(system) => self.exact(system, span),
            other => mismatch("the exact answer", "a reference or a system", other, None, span),
        }
    }

    /// The loss in a value; `what` it is for messages.
    pub(crate) fn loss(&mut self, value: &Value, what: &str, span: Span) -> Result<Rc<Loss>> {
        match value {
            Value::Loss(loss) => Ok(loss.clone()),
            Value::Function(f) => {
                let help = format!("define `{}` with `loss` instead of `fn`", f.def.name.name);
                mismatch(what, "a loss", value, Some(help), span)
            }
            other => {
                let help = Some(format!(
                    "`use std.losses` brings {}; `loss l(run, exact) = …` defines one",
                    self.shipped_losses()
                ));
                mismatch(what, "a loss", other, help, span)
            }
        }
    }
}

impl Interpreter {
    /// The losses of the standard library, as they are written after their `use`.
    fn shipped_losses(&self) -> String {
        let statements =
            self.library.iter().filter(|module| module.name == "losses").flat_map(|m| &m.program.statements);
        let names = statements.filter_map(|statement| match &statement.kind {
            StmtKind::Loss(def) => Some(format!("`losses.{}`", def.name.name)),
            _ => None,
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

fn not_a_loss<T>(loss: &Loss, found: String) -> Result<T> {
    let span = loss.closure.def.body.span;
    fail(TraceError::NotLoss { loss: loss.name().to_string(), found, span }, span)
}

/// The part of a graph that an output needs, with its inputs renumbered.
fn needed(graph: &Graph, output: NodeId, observables: &[Observable]) -> TracedLoss {
    let used = graph.live(&[output]);
    let mut kept = Graph { params: graph.params.clone(), ..Graph::default() };
    let mut inputs = Vec::new();
    let mut places = vec![NodeId(0); used.len()];
    for (index, node) in graph.nodes.iter().enumerate().filter(|(i, _)| used[*i]) {
        let mut node = node.clone();
        if let Op::Input(old) = node.op {
            node.op = Op::Input(inputs.len());
            kept.inputs.push(graph.inputs[old].clone());
            inputs.push(observables[old]);
        }
        for input in &mut node.inputs {
            *input = places[input.0 as usize];
        }
        kept.nodes.push(node);
        places[index] = NodeId(kept.nodes.len() as u32 - 1);
    }
    TracedLoss { output: places[output.0 as usize], graph: kept, inputs }
}

fn entries(list: Vec<(&str, Value)>) -> Value {
    let entries = list.into_iter().map(|(n, v)| (Rc::from(n), v)).collect();
    Value::Record(Rc::new(Record::new(entries)))
}

fn plain_list(values: &[f64]) -> Value {
    Value::list(values.iter().map(|&v| Value::plain(v)).collect())
}

/// What both records of a loss have.
fn common(system: &Arc<System>) -> Vec<(&'static str, Value)> {
    vec![
        ("electrons", Value::plain(system.electrons as f64)),
        ("unpaired", Value::plain(system.unpaired as f64)),
        ("grid", Value::Grid(system.grid.clone())),
        ("system", Value::System(system.clone())),
    ]
}

/// The trajectory of a run as symbols, each an input; their observables are appended to `inputs` in order.
fn symbolic_run(
    trace: &Rc<Trace>,
    system: &Arc<System>,
    iterations: usize,
    inputs: &mut Vec<Observable>,
    span: Span,
) -> Value {
    let mut run = Symbols { trace, system, inputs, values: Vec::new(), span };
    let trajectory = Trajectory { system, iterations };
    // Those of all iterations come first, for any order of names: keys of training runs contain the numbers of the
    // inputs.
    for observable in (0..iterations).map(Observable::Energy).chain((0..iterations).map(Observable::Density)) {
        run.observed(observable);
    }
    let seen = PROPERTIES.iter().filter_map(|property| Some((property.name, property.seen(&trajectory)?)));
    let mut list: Vec<(&str, Value)> = seen.map(|(name, seen)| (name, run.value(seen))).collect();
    list.extend(common(system));
    entries(list)
}

/// The symbols of a trajectory, one per observable.
struct Symbols<'a> {
    trace: &'a Rc<Trace>,
    system: &'a System,
    inputs: &'a mut Vec<Observable>,
    values: Vec<Value>,
    span: Span,
}

impl Symbols<'_> {
    fn observed(&mut self, observable: Observable) -> Value {
        if let Some(known) = self.inputs.iter().position(|input| *input == observable) {
            return self.values[known].clone();
        }
        let shape = if observable.is_field() { Shape::FIELD } else { Shape::SCALAR };
        let value = self.trace.value(self.trace.add(|g| g.input(format!("{observable:?}"), shape, self.span)));
        self.inputs.push(observable);
        self.values.push(value.clone());
        value
    }

    fn value(&mut self, seen: Seen) -> Value {
        match seen {
            Seen::Known(number) => Value::plain(number),
            Seen::One(observable) => self.observed(observable),
            Seen::Shifted(observable, by) => match self.observed(observable) {
                Value::Symbol(symbol) => self.trace.value(self.trace.add(|g| {
                    let by = g.constant(by, self.span);
                    g.binary(Binary::Add, symbol.node(), by, self.span).unwrap_or(symbol.node())
                })),
                other => other,
            },
            Seen::List(all) => Value::list(all.into_iter().map(|observable| self.observed(observable)).collect()),
            Seen::Spins(both) => {
                let [up, down] = *both;
                if self.system.closed_shell() {
                    return self.value(up);
                }
                entries(vec![("up", self.value(up)), ("down", self.value(down))])
            }
        }
    }
}

/// A finished run as plain numbers.
fn run_view(run: &Run) -> Value {
    let seen = PROPERTIES.iter().filter(|property| property.is_seen());
    let mut list: Vec<(&str, Value)> =
        seen.map(|property| (property.name, datum(property.of(run), &run.system, true))).collect();
    list.extend(common(&run.system));
    entries(list)
}

/// A reference as plain numbers, without what is not known.
fn reference_view(reference: &Reference) -> Value {
    let system = &reference.system;
    let [up, down] = &reference.density;
    let total: Vec<f64> = up.iter().zip(down).map(|(up, down)| up + down).collect();
    let mut list = vec![
        ("energy", Value::plain(reference.energy)),
        ("total_energy", Value::plain(reference.energy + system.nuclear_repulsion)),
        ("density", Value::field(&system.grid, total)),
    ];
    if reference.spins() {
        list.push(("density_up", Value::field(&system.grid, up.clone())));
        list.push(("density_down", Value::field(&system.grid, down.clone())));
    }
    if let Some(occupations) = &reference.occupations {
        list.push(("occupations", plain_list(occupations)));
    }
    if reference.entry().is_none() {
        list.push(("error", Value::plain(reference.error)));
    }
    list.extend(common(system));
    entries(list)
}

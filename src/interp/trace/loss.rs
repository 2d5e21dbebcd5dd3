//! Losses: values with options bound, called on a finished run, or traced over the trajectory of a system's run. Inside a
//! loss everything is plain: energies in hartree, lengths in bohr.

use super::body::through;
use crate::exact::Reference;
use crate::graph::{Graph, NodeId, Op, Shape};
use crate::interp::Interpreter;
use crate::interp::call::{Argument, Parameter, Site, bind, mismatch};
use crate::interp::error::{TraceError, fail, suggestion};
use crate::interp::value::{Loss, Record, Trace, TracedLoss, Value};
use crate::ks::{Observable, Run};
use crate::lang::ast::ParamDecl;
use crate::model::System;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// What a body is evaluated with: one value a parameter, `None` where its default is to count.
type Values = Vec<Option<(Value, Span)>>;

impl Interpreter {
    /// A call of a loss: on a run and a reference its value, without them the loss with options bound.
    ///
    /// # Errors
    /// Arguments that do not fit, whatever goes wrong in the body, with this call on the way.
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
                return mismatch("the first argument of a loss", "a run, as `solve` gives it", other, None, run.span);
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

    /// Splits the arguments of a loss into run, reference and options (those bound before included).
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

    /// The body with run and reference in the place of the parameters without default.
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

    /// The loss of a system as a graph over a trajectory of so many iterations, the reference's numbers baked in.
    ///
    /// # Errors
    /// Whatever goes wrong in the body, with `span` on the way.
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

    /// The reference of a value that stands for one: itself, or the exact answer of a system.
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

    /// The loss in a value.
    pub(crate) fn loss(&mut self, value: &Value, span: Span) -> Result<Rc<Loss>> {
        match value {
            Value::Loss(loss) => Ok(loss.clone()),
            Value::Function(f) => {
                let help = format!("define `{}` with `loss` instead of `fn`", f.def.name.name);
                mismatch("`loss`", "a loss", value, Some(help), span)
            }
            other => {
                let help = Some(suggestion("", &["losses.ksr", "losses.energy_only"], "losses of `use std.losses`"));
                mismatch("`loss`", "a loss", other, help, span)
            }
        }
    }
}

fn not_a_loss<T>(loss: &Loss, found: String) -> Result<T> {
    let span = loss.closure.def.body.span;
    fail(TraceError::NotLoss { loss: loss.name().to_string(), found, span }, span)
}

/// The part of a graph an output needs, its inputs numbered anew.
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
    Value::Record(Rc::new(Record { entries }))
}

fn plain_list(values: &[f64]) -> Value {
    Value::list(values.iter().map(|&v| Value::plain(v)).collect())
}

/// One value for a closed shell, otherwise a record of `up` and `down`.
fn by_spin(system: &System, value: impl Fn(usize) -> Value) -> Value {
    if system.closed_shell() { value(0) } else { entries(vec![("up", value(0)), ("down", value(1))]) }
}

/// What every record of a loss has.
fn common(system: &Arc<System>) -> Vec<(&'static str, Value)> {
    vec![
        ("electrons", Value::plain(system.electrons as f64)),
        ("unpaired", Value::plain(system.unpaired as f64)),
        ("grid", Value::Grid(system.grid.clone())),
        ("system", Value::System(system.clone())),
    ]
}

/// The trajectory of a run as symbols: every one an input, in the order of `inputs`.
fn symbolic_run(
    trace: &Rc<Trace>,
    system: &Arc<System>,
    iterations: usize,
    inputs: &mut Vec<Observable>,
    span: Span,
) -> Value {
    let inputs = std::cell::RefCell::new(inputs);
    let input = |observable: Observable| {
        inputs.borrow_mut().push(observable);
        let shape = match observable {
            Observable::Density(_)
            | Observable::SpinDensity(_)
            | Observable::Potential(_)
            | Observable::XcPotential(_) => Shape::FIELD,
            _ => Shape::SCALAR,
        };
        trace.value(trace.add(|g| g.input(format!("{observable:?}"), shape, span)))
    };
    let energies: Vec<Value> = (0..iterations).map(|k| input(Observable::Energy(k))).collect();
    let densities: Vec<Value> = (0..iterations).map(|k| input(Observable::Density(k))).collect();
    let energy = energies.last().cloned().unwrap_or(Value::Nothing);
    let total = match &energy {
        Value::Symbol(e) => trace.value(trace.add(|g| {
            let repulsion = g.constant(system.nuclear_repulsion, span);
            g.binary(crate::graph::Binary::Add, e.node(), repulsion, span).unwrap_or(e.node())
        })),
        other => other.clone(),
    };
    let spins = system.spins();
    let levels = |spin: usize| {
        let occupied = if spin == 0 { spins.0 } else { spins.1 };
        Value::list((0..=occupied).map(|index| input(Observable::OrbitalEnergy { spin, index })).collect())
    };
    let mut list = vec![
        ("density", densities.last().cloned().unwrap_or(Value::Nothing)),
        ("energies", Value::list(energies)),
        ("densities", Value::list(densities)),
        ("energy", energy),
        ("total_energy", total),
        ("density_up", input(Observable::SpinDensity(0))),
        ("density_down", input(Observable::SpinDensity(1))),
        ("potential", by_spin(system, |s| input(Observable::Potential(s)))),
        ("xc_potential", by_spin(system, |s| input(Observable::XcPotential(s)))),
        ("xc_energy", input(Observable::XcEnergy)),
        ("kinetic_energy", input(Observable::KineticEnergy)),
        ("hartree_energy", input(Observable::HartreeEnergy)),
        ("external_energy", input(Observable::ExternalEnergy)),
        ("orbital_energies", by_spin(system, levels)),
        ("residual", input(Observable::Residual)),
        ("iterations", Value::plain(iterations as f64)),
    ];
    list.extend(common(system));
    entries(list)
}

/// A finished run with plain numbers.
fn run_view(run: &Run) -> Value {
    let grid = &run.system.grid;
    let total: Vec<f64> = run.density[0].iter().zip(&run.density[1]).map(|(up, down)| up + down).collect();
    let mut list = vec![
        ("energies", plain_list(&run.energies)),
        ("densities", Value::list(run.densities.iter().map(|n| Value::field(grid, n.clone())).collect())),
        ("energy", Value::plain(run.energy)),
        ("total_energy", Value::plain(run.energy + run.system.nuclear_repulsion)),
        ("density", Value::field(grid, total)),
        ("density_up", Value::field(grid, run.density[0].clone())),
        ("density_down", Value::field(grid, run.density[1].clone())),
        ("potential", by_spin(&run.system, |s| Value::field(grid, run.potential[s].clone()))),
        ("xc_potential", by_spin(&run.system, |s| Value::field(grid, run.xc_potential[s].clone()))),
        ("xc_energy", Value::plain(run.xc_energy)),
        ("kinetic_energy", Value::plain(run.kinetic_energy)),
        ("hartree_energy", Value::plain(run.hartree_energy)),
        ("external_energy", Value::plain(run.external_energy)),
        ("orbital_energies", by_spin(&run.system, |s| plain_list(&run.orbital_energies[s]))),
        ("residual", Value::plain(run.residual)),
        ("iterations", Value::plain(run.iterations as f64)),
    ];
    list.extend(common(&run.system));
    entries(list)
}

/// A reference with plain numbers, without what is not known of it.
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
    if reference.entry().is_none() {
        list.push(("occupations", plain_list(&reference.occupations)));
        list.push(("error", Value::plain(reference.error)));
    }
    list.extend(common(system));
    entries(list)
}

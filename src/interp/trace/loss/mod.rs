//! Losses: setting options, calls on finished runs, and tracing over the trajectories of a case. Inside a loss all numbers are
//! plain, energies in hartree and lengths in bohr.

#[cfg(test)]
mod tests;
mod unsolved;
#[cfg(test)]
mod unsolved_tests;
mod view;

use super::body::through;
use super::compile::Ready;
use crate::exact::Reference;
use crate::graph::{Graph, NodeId, Op, Shape};
use crate::interp::Interpreter;
use crate::interp::call::{Argument, Parameter, Site, bind, mismatch};
use crate::interp::error::{RunError, TraceError, fail};
use crate::interp::value::{Loss, Quantity, Solved, Trace, Trained, Trust, Value};
use crate::ks::Observable;
use crate::lang::ast::{ParamDecl, StmtKind};
use crate::problem::Result;
use crate::source::Span;
use crate::train::{LossGraph, LossInput};
use std::rc::Rc;
use std::sync::Arc;
pub(crate) use unsolved::{UNSOLVED_ENERGIES, not_solved};

/// What a body is evaluated with: one value per parameter, `None` for its default.
type Values = Vec<Option<(Value, Span)>>;

/// What a loss is to be traced for.
pub(crate) struct Subject<'a> {
    /// The functional that is trained.
    pub ready: &'a Ready,
    /// The exact answers of the systems of a case.
    pub references: &'a [Arc<Reference>],
    /// Whether the loss gets lists of runs and exact answers.
    pub group: bool,
    /// The iterations that it sees; `None`: nothing is solved, and it sees the functional at the densities of the references.
    pub iterations: Option<usize>,
}

impl Interpreter {
    /// A call of a loss: with a run and a reference (or lists of them) its value, without them the loss with new options.
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
        let mut solved = Vec::new();
        runs(&run.value, run.span, &mut solved)?;
        one_group(&solved, run.span)?;
        let exact = (self.references(&exact.value, exact.span)?, exact.span);
        self.judged.extend(solved.first().cloned());
        self.judging.extend(solved.first().map(|run| run.system.clone()));
        let value = self.loss_value(&bound, [(run.value, run.span), exact.clone()]);
        if !solved.is_empty() {
            self.judged.pop();
            self.judging.pop();
        }
        match value.map_err(|p| self.through(p, site, loss.name()))? {
            Value::Number(q) => {
                let converged = solved.iter().all(|run| run.trusted()) && exact.0.converged();
                Ok(Value::Number(Quantity::plain(q.value).trusted(Trust::of(converged, None))))
            }
            value @ Value::Symbol(_) => Ok(value),
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
        let positional = args.iter().any(|a| a.name.is_none() && is_physical(&a.value));
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
                    if matches!(&argument.value, Value::Number(q) if q.value.is_nan()) {
                        let message = format!("the option `{name}` of `{}` is nan", loss.name());
                        return fail(RunError::Value { message, help: None, span: argument.span }, argument.span);
                    }
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
            Some(_) => loss
                .options
                .iter()
                .find(|(n, _)| *n == p.name.name)
                .map(|(_, v)| (v.clone().plain_numbers(), p.name.span)),
        };
        let values: Values = loss.params().iter().map(value).collect();
        self.in_loss += 1;
        let value = self
            .bind_params(&mut scope, loss.params(), values)
            .and_then(|()| self.eval(&loss.closure.def.body, &scope));
        self.in_loss -= 1;
        value
    }

    /// The loss of a case as a graph over trajectories, with the references' numbers as constants.
    ///
    /// # Errors
    /// Any error in the body, with `span` added to it.
    pub(crate) fn trace_loss(&mut self, loss: &Rc<Loss>, of: &Subject<'_>, span: Span) -> Result<LossGraph> {
        let parameters = of.ready.traced.compiled.parameter_count();
        let trace = Trace::of_loss(of.ready.trained(), parameters, span);
        let Some(trained) = trace.trained() else { return not_a_loss(loss, "nothing".into()) };
        // The first input of the trace.
        let mut inputs = vec![LossInput::of(Observable::Parameters)];
        let outer = std::mem::replace(&mut self.traces, vec![trace.clone()]);
        self.judging.push(of.references[0].system.clone());
        let value = self.seen(&trace, of, trained, &mut inputs, span).and_then(|given| self.loss_value(loss, given));
        self.judging.pop();
        self.traces = outer;
        let site = Site { span, callee: format!("`{}`", loss.name()) };
        let value = value.map_err(|mut problem| {
            if of.group {
                let note = "with groups in `on:` the loss gets a list of runs and a list of exact answers".to_owned();
                problem.via.push(crate::problem::Via { span, note });
                return problem;
            }
            through(problem, &site, loss.name())
        })?;
        let end = loss.closure.def.body.span;
        let grid = &of.references[0].system.grid;
        if trace.grid().is_some_and(|own| *own != **grid) {
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

    /// What a loss is given: the run and the exact answer of a system, or the lists of those of a group.
    fn seen(
        &mut self,
        trace: &Rc<Trace>,
        of: &Subject<'_>,
        trained: &Trained,
        inputs: &mut Vec<LossInput>,
        span: Span,
    ) -> Result<[(Value, Span); 2]> {
        let mut runs: Vec<Value> = Vec::with_capacity(of.references.len());
        for (position, reference) in of.references.iter().enumerate() {
            runs.push(match of.iterations {
                Some(iterations) => {
                    let place = (position, &reference.system);
                    view::view(trace, place, iterations, inputs, (of.ready, trained), span)
                }
                None => self.unsolved(trace, reference, (of.ready, trained), span)?,
            });
        }
        let mut exact: Vec<Value> = of.references.iter().cloned().map(Value::Reference).collect();
        let both = match of.group {
            true => [Value::list(runs), Value::list(exact)],
            false => [runs.remove(0), exact.remove(0)],
        };
        Ok(both.map(|value| (value, span)))
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

    /// A reference, or a list of them, with the exact answers for systems.
    fn references(&mut self, value: &Value, span: Span) -> Result<Value> {
        match value {
            Value::List(items) => {
                let all = items.iter().map(|item| self.references(item, span));
                all.collect::<Result<Vec<_>>>().map(Value::list)
            }
            one => self.reference(one, span).map(Value::Reference),
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

/// Whether a positional argument is a run or an exact answer, or a list of them.
fn is_physical(value: &Value) -> bool {
    match value {
        Value::Run(_) | Value::Reference(_) | Value::System(_) | Value::Record(_) => true,
        Value::List(items) => items.first().is_some_and(is_physical),
        _ => false,
    }
}

/// Checks that a value is a run or a list of runs; finished ones are collected.
fn runs(value: &Value, span: Span, finished: &mut Vec<Rc<Solved>>) -> Result<()> {
    match value {
        Value::Run(run) => finished.push(run.clone()),
        Value::Record(record) if record.label.is_some() => {}
        Value::List(items) if !items.is_empty() => {
            return items.iter().try_for_each(|item| runs(item, span, finished));
        }
        other => {
            return mismatch("the first argument of a loss", "a run, as returned by `solve`", other, None, span);
        }
    }
    Ok(())
}

/// Checks that finished runs could be a group in training: one functional with its parameters, one grid, one interaction.
fn one_group(runs: &[Rc<Solved>], span: Span) -> Result<()> {
    let Some(first) = runs.first() else { return Ok(()) };
    let alike = |run: &Solved| match (first.functional(), run.functional()) {
        (Some(a), Some(b)) => a.same(b) && first.parameters == run.parameters,
        (a, b) => a.is_none() && b.is_none(),
    };
    for run in runs {
        let differs = match () {
            () if !alike(run) => "functional or its parameters",
            () if run.system.grid != first.system.grid => "grid",
            () if run.system.interaction != first.system.interaction => "interaction",
            () => continue,
        };
        let message =
            format!("the runs of `{}` and `{}` differ in their {differs}", first.system.label, run.system.label);
        let help = Some("a loss gets runs of one functional, on one grid, with one interaction, as in training".into());
        return fail(RunError::Value { message, help, span }, span);
    }
    Ok(())
}

fn not_a_loss<T>(loss: &Loss, found: String) -> Result<T> {
    let span = loss.closure.def.body.span;
    fail(TraceError::NotLoss { loss: loss.name().to_string(), found, span }, span)
}

/// The part of a graph that an output needs, with its inputs renumbered.
fn needed(graph: &Graph, output: NodeId, all: &[LossInput]) -> LossGraph {
    let used = graph.live(&[output]);
    let mut kept = Graph { params: graph.params.clone(), ..Graph::default() };
    let mut inputs = Vec::new();
    let mut places = vec![NodeId(0); used.len()];
    for (index, node) in graph.nodes.iter().enumerate().filter(|(i, _)| used[*i]) {
        let mut node = node.clone();
        if let Op::Input(old) = node.op {
            node.op = Op::Input(inputs.len());
            kept.inputs.push(graph.inputs[old].clone());
            inputs.push(all[old]);
        }
        for input in &mut node.inputs {
            *input = places[input.0 as usize];
        }
        kept.nodes.push(node);
        places[index] = NodeId(kept.nodes.len() as u32 - 1);
    }
    LossGraph { output: places[output.0 as usize], graph: kept, inputs }
}

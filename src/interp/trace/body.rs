//! The use of functionals: calls with densities and options, the evaluation of bodies into graphs, `param` statements.

use super::same::same;
use crate::graph::{Binary, NodeId, Shape};
use crate::interp::Interpreter;
use crate::interp::arith::symbols::trace_of;
use crate::interp::call::{Argument, Parameter, Site, bind, dimensioned};
use crate::interp::error::{TraceError, fail};
use crate::interp::value::model::Model;
use crate::interp::value::params::Entry;
use crate::interp::value::{Functional, Operand, StartFrom, Symbol, Trace, Traced, Value};
use crate::lang::Dimension;
use crate::lang::ast::{Expr, ExprKind};
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::rc::Rc;

/// What a call gives a functional.
struct Given {
    densities: Vec<(Value, Span)>,
    options: Vec<(Rc<str>, Value)>,
}

/// A functional with the source of its parameters.
struct Applied {
    functional: Rc<Functional>,
    entry: Entry,
    /// The model that its parameters come from.
    model: Option<Rc<Model>>,
}

impl Interpreter {
    /// A call of a functional: with densities its energy per electron, without them the functional with new options.
    ///
    /// # Errors
    /// Arguments that do not match; any error in the body, with this call added to it.
    pub(crate) fn call_functional(
        &mut self,
        functional: &Rc<Functional>,
        args: Vec<Argument>,
        site: &Site,
    ) -> Result<Value> {
        let given = self.given(functional, args, site)?;
        let functional = match given.options.is_empty() {
            true => functional.clone(),
            false => Rc::new(functional.with_options(merged(functional, given.options))),
        };
        if given.densities.is_empty() {
            return Ok(Value::Functional(functional));
        }
        let entry = match &functional.start {
            StartFrom::Seed(_) => Entry::Shared,
            StartFrom::Values(values) => Entry::From(values.clone()),
        };
        let model = functional.parent.clone();
        self.apply_functional(&Applied { functional, entry, model }, given.densities, site)
    }

    /// A call of a model with densities: its functional with its parameters, which are not trained.
    ///
    /// # Errors
    /// As for a functional; a model has no options.
    pub(crate) fn call_model(&mut self, model: &Rc<Model>, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let given = self.given(&model.functional, args, site)?;
        if !given.options.is_empty() || given.densities.is_empty() {
            return fail(TraceError::ModelOptions { model: model.name.clone(), span: site.span }, site.span);
        }
        let entry = Entry::Frozen(model.parameters.clone());
        let (functional, model) = (model.functional.clone(), Some(model.clone()));
        self.apply_functional(&Applied { functional, entry, model }, given.densities, site)
    }

    /// Sorts arguments into densities and options.
    fn given(&mut self, f: &Rc<Functional>, mut args: Vec<Argument>, site: &Site) -> Result<Given> {
        let site = &Site { callee: format!("`{}`", f.name()), span: site.span };
        let names: Vec<Rc<str>> = f.densities().cloned().collect();
        let leading = args.iter().take_while(|a| a.name.is_none() && is_density(&a.value, f)).count();
        if names.len() == 1 && leading > 1 {
            // The densities of both spins, given to a functional of their sum.
            let second = args.remove(1);
            let (a, b) = (Operand::new(&args[0].value, args[0].span), Operand::new(&second.value, second.span));
            args[0].value = self.binary(Binary::Add, a, b, args[0].span.to(second.span))?;
        }
        let options: Vec<Rc<str>> = option_names(f);
        let (first, later) = names.split_at(leading.min(names.len()));
        let order: Vec<Rc<str>> = first.iter().chain(&options).chain(later).cloned().collect();
        let params: Vec<Parameter> = order.iter().map(|name| Parameter::new(name.clone(), false)).collect();
        let bound = bind(&params, args, false, site)?;
        let mut given = Given { densities: Vec::new(), options: Vec::new() };
        let mut found: Vec<Option<(Value, Span)>> = vec![None; names.len()];
        for (name, argument) in order.iter().zip(bound.values) {
            let Some(argument) = argument else { continue };
            match names.iter().position(|n| n == name) {
                Some(slot) => found[slot] = Some((argument.value, argument.span)),
                None => given.options.push((name.clone(), argument.value)),
            }
        }
        given.densities.extend(found.into_iter().flatten());
        Ok(given)
    }

    /// The energy per electron at given densities, in the graph they belong to.
    fn apply_functional(&mut self, f: &Applied, densities: Vec<(Value, Span)>, site: &Site) -> Result<Value> {
        let inside = |problem: Box<Problem>| through(problem, site, f.functional.name());
        let trace = trace_of(densities.iter().map(|(v, _)| v)).or_else(|| self.traces.last().cloned());
        let Some(trace) = trace else {
            if densities.iter().all(|(v, _)| matches!(v, Value::Number(_))) {
                let densities = self.both_spins(&f.functional, densities, site)?;
                return self.at_numbers(&f.functional, &densities, site.span);
            }
            return self.energy_per_electron(&f.functional, &f.entry, &densities, site.span);
        };
        if let Some(whole) = trace.enclosing()
            && whole.def.kind.has_energy()
            && !f.functional.def.kind.has_energy()
        {
            let (potential, whole, span) = (f.functional.label(), whole.label(), site.span);
            return fail(TraceError::PotentialInEnergy { potential, whole, span }, span);
        }
        f.model.iter().for_each(|model| trace.part_of(model));
        let mut symbols = Vec::with_capacity(2);
        for (value, span) in &densities {
            symbols.push((trace.value(density(&trace, value, *span, &f.functional)?), *span));
        }
        let symbols = self.both_spins(&f.functional, symbols, site)?;
        let entry = self.entry_in(&trace, f, site.span)?;
        let f = &Applied { functional: f.functional.clone(), entry, model: f.model.clone() };
        let (layers, parameters) = (trace.layer_count(), trace.graph().parameter_count());
        let (exchanges, lacking) = (trace.exchanges(), trace.lacks_orbitals());
        let energy = match self.averaged(&trace, f, &symbols) {
            // Of all the functionals that lead to it, the one whose use it is.
            Err(_) if trace.lacks_orbitals() && !lacking => return needs_orbitals(f.functional.label(), site.span),
            energy => energy.map_err(inside)?,
        };
        let nodes: Vec<NodeId> = symbols.iter().filter_map(|(value, _)| node_in(value)).collect();
        if trace.exchanges() > exchanges && trace.in_functional() && !trace.is_whole_density(&nodes) {
            let (functional, span) = (f.functional.label(), site.span);
            return fail(TraceError::ExchangeElsewhere { functional, span }, span);
        }
        trace.forget_layers(layers);
        let made = trace.graph().parameter_count() - parameters;
        trace.log(f.functional.label(), energy.node(), made);
        Ok(Value::Symbol(energy))
    }

    /// Where a functional gets its parameters from. In a loss those of the functional that is trained are an input; any other
    /// functional has its initial ones.
    fn entry_in(&mut self, trace: &Rc<Trace>, f: &Applied, span: Span) -> Result<Entry> {
        let Some(trained) = trace.trained() else { return Ok(f.entry.clone()) };
        if trace.in_body() || matches!(f.entry, Entry::Frozen(_)) {
            return Ok(f.entry.clone());
        }
        if !trace.shares(&trained.functional) {
            self.give_arrays(trace, &trained.functional)?;
        }
        if f.functional.same(&trained.functional) {
            return Ok(Entry::Shared);
        }
        let initial = self.traced(&f.functional, span)?.initial(&f.functional.start);
        if !initial.is_empty() {
            refuse_relative(trace, &f.functional, span)?;
        }
        Ok(Entry::Frozen(initial))
    }

    /// Evaluates the body of the functional that is trained once, at a density of 1, so that its arrays get their parts of the
    /// parameters in their order.
    fn give_arrays(&mut self, trace: &Rc<Trace>, functional: &Rc<Functional>) -> Result<()> {
        let span = functional.def.function.name.span;
        let one = trace.add(|g| {
            let one = g.constant(1.0, span);
            g.stretch(one, Shape::FIELD, span)
        });
        let densities: Vec<_> = functional.densities().map(|_| (trace.value(one), span)).collect();
        let applied = Applied { functional: functional.clone(), entry: Entry::Shared, model: None };
        let layers = trace.layer_count();
        let before = trace.stand_in(true);
        let made = self.both_orders(trace, &applied, &densities).map(drop);
        trace.stand_in(before);
        trace.forget_layers(layers);
        made
    }

    /// Whether a functional is the one that is trained, or a part of it, where a loss is being traced.
    pub(crate) fn is_trained(&mut self, functional: &Rc<Functional>) -> Result<bool> {
        let Some(trace) = self.traces.last().filter(|trace| trace.trained().is_some()).cloned() else {
            return Ok(false);
        };
        let Some(trained) = trace.trained() else { return Ok(false) };
        if !trace.in_body() && !trace.shares(&trained.functional) {
            self.give_arrays(&trace, &trained.functional)?;
        }
        Ok(Rc::ptr_eq(&trained.functional.def, &functional.def) || trace.shares(functional))
    }

    /// The parameters of a functional outside its body: in a loss of a finished run, the functional that it was solved with has
    /// those of the run; otherwise they are the initial ones.
    ///
    /// # Errors
    /// It is a part of the functional of the run, or that with other options.
    pub(crate) fn parameters_of(&mut self, f: &Rc<Functional>, traced: &Traced, span: Span) -> Result<Rc<[f64]>> {
        let initial = traced.initial(&f.start);
        let Some(run) = self.judged.last().cloned().filter(|_| !initial.is_empty()) else { return Ok(initial) };
        let Some(whole) = run.functional() else { return Ok(initial) };
        if whole.same(f) {
            return Ok(run.parameters.clone());
        }
        let trace = Trace::of_loss(whole.clone(), run.parameters.len(), span);
        self.give_arrays(&trace, whole)?;
        refuse_relative(&trace, f, span)?;
        Ok(initial)
    }

    /// One density for a functional of both spins means half of it for each spin.
    fn both_spins(
        &mut self,
        f: &Functional,
        mut densities: Vec<(Value, Span)>,
        site: &Site,
    ) -> Result<Vec<(Value, Span)>> {
        let wanted = f.densities().count();
        match (wanted, densities.pop()) {
            (2, Some((n, span))) if densities.is_empty() => {
                let half = Value::plain(0.5);
                let half = self.binary(Binary::Mul, Operand::new(&half, span), Operand::new(&n, span), span)?;
                Ok(vec![(half.clone(), span), (half, span)])
            }
            (wanted, Some(last)) if densities.len() + 1 == wanted => {
                densities.push(last);
                Ok(densities)
            }
            (wanted, _) => {
                let takes = if wanted == 1 { "one density" } else { "one or two densities" };
                let (functional, found) = (f.name().to_string(), densities.len() + 1);
                fail(TraceError::Densities { functional, takes, found, span: site.span }, site.span)
            }
        }
    }

    /// The body as written and, where its energy is to be averaged over exchange of the spins (or it is the potential of both) and
    /// changes by it, with the spins exchanged.
    fn both_orders(
        &mut self,
        trace: &Rc<Trace>,
        f: &Applied,
        densities: &[(Value, Span)],
    ) -> Result<(Symbol, Option<Symbol>)> {
        let straight = self.enter_body(trace, f, densities)?;
        let Some(exchanged) = exchanged(&f.functional, densities) else { return Ok((straight, None)) };
        let layers = trace.layer_count();
        let flipped = self.enter_body(trace, f, &exchanged)?;
        trace.forget_layers(layers);
        let symmetric = same(&trace.graph(), straight.node(), flipped.node());
        Ok((straight, (!symmetric).then_some(flipped)))
    }

    /// The body, averaged over exchange of the spins.
    fn averaged(&mut self, trace: &Rc<Trace>, f: &Applied, densities: &[(Value, Span)]) -> Result<Symbol> {
        if !f.functional.def.kind.has_energy() {
            // The potential of spin up.
            return self.enter_body(trace, f, densities);
        }
        let (straight, flipped) = self.both_orders(trace, f, densities)?;
        let Some(flipped) = flipped else { return Ok(straight) };
        let span = f.functional.def.function.body.span;
        let mean = trace.try_add(span, |g| {
            let sum = g.binary(Binary::Add, straight.node(), flipped.node(), span)?;
            Ok(g.scale(0.5, sum, span))
        })?;
        match mean {
            Value::Symbol(mean) => Ok(mean),
            _ => Ok(straight),
        }
    }

    /// The body with its own parameters.
    fn enter_body(&mut self, trace: &Rc<Trace>, f: &Applied, densities: &[(Value, Span)]) -> Result<Symbol> {
        trace.enter(&f.functional, &f.entry);
        self.traces.push(trace.clone());
        let value = self.body_value(&f.functional, densities);
        self.traces.pop();
        trace.leave();
        let (value, end) = (value?, last_expression(&f.functional.def.function.body));
        if let Some(made_for) = &f.functional.def.made_for {
            trace.made_for(&made_for.name);
        }
        let not_energy = |found: String, help: &str| {
            let (functional, help) = (f.functional.name().to_string(), help.to_string());
            fail(TraceError::NotEnergy { functional, found, help, span: end }, end)
        };
        let node = match (&value, trace.node_of(&value, end)?) {
            (Value::List(_), _) | (_, None) => return not_energy(value.kind(), "end in an expression of the density"),
            (_, Some(node)) => node,
        };
        let shape = trace.graph().shape(node);
        if f.functional.def.total {
            if shape != Shape::SCALAR {
                let (functional, found) = (f.functional.name().to_string(), shape.to_string());
                return fail(TraceError::NotTotal { functional, found, span: end }, end);
            }
            return each_electron(trace, node, densities, end);
        }
        match (shape.grid, shape.channels) {
            (None | Some(0), 1) => {
                let node = trace.add(|g| g.stretch(node, Shape::FIELD, end));
                Ok(Symbol::new(trace, node))
            }
            (Some(0), _) => not_energy(shape.to_string(), "end with `dense(1)`, or take one channel: `channel(f, 0)`"),
            (Some(_), _) => not_energy(shape.to_string(), "`upsample` to the grid of the density"),
            (None, _) => not_energy(shape.to_string(), "take its `sum`, or one entry: `b[0]`"),
        }
    }

    /// The value of the body with the names it sees: itself, the densities, the options.
    fn body_value(&mut self, f: &Rc<Functional>, densities: &[(Value, Span)]) -> Result<Value> {
        let function = &f.def.function;
        let mut scope = f.scope.clone();
        scope.define(function.name.name.clone(), function.name.span, Value::Functional(f.clone()));
        let mut next = densities.iter();
        let given = |p: &crate::lang::ast::ParamDecl| match &p.default {
            None => next.next().cloned(),
            Some(_) => f.options.iter().find(|(n, _)| *n == p.name.name).map(|(_, v)| (v.clone(), p.name.span)),
        };
        let values = function.params.iter().map(given).collect();
        self.bind_params(&mut scope, &function.params, values)?;
        self.eval(&function.body, &scope)
    }

    /// The energy per electron at densities that are plain numbers: that of fields with these values.
    fn at_numbers(&mut self, f: &Rc<Functional>, densities: &[(Value, Span)], span: Span) -> Result<Value> {
        let what = format!("a density of `{}`", f.name());
        let number = |(n, at): &(Value, Span)| dimensioned(Operand::new(n, *at), Dimension::PER_LENGTH, &what);
        let numbers = densities.iter().map(number);
        let numbers = numbers.collect::<Result<Vec<f64>>>()?;
        let compiled = self.traced(f, span)?.compiled.clone();
        if compiled.exchange {
            return needs_orbitals(f.label(), span);
        }
        if !compiled.is_local() {
            return fail(without_grid(f, compiled.parameter_count() > 0, span), span);
        }
        match compiled.at_numbers(&numbers) {
            Ok(energy) => Ok(Value::plain(energy)),
            Err(error) => fail(TraceError::lower(&error, span), span),
        }
    }

    /// The graph of a functional, made once.
    ///
    /// # Errors
    /// Any error in its body, with this use added to it.
    pub(crate) fn traced(&mut self, f: &Rc<Functional>, span: Span) -> Result<Rc<Traced>> {
        if let Some(traced) = f.traced.get() {
            return Ok(traced.clone());
        }
        let site = Site { span, callee: format!("`{}`", f.name()) };
        let traced = self.trace_functional(f).map_err(|problem| through(problem, &site, f.name()))?;
        Ok(f.traced.get_or_init(|| Rc::new(traced)).clone())
    }

    fn trace_functional(&mut self, f: &Rc<Functional>) -> Result<Traced> {
        let trace = Trace::new();
        let applied = Applied { functional: f.clone(), entry: Entry::Shared, model: None };
        let params = f.def.function.params.iter().filter(|p| p.default.is_none());
        let densities: Vec<(Value, Span)> =
            params.map(|p| (trace.density(&p.name.name, p.name.span), p.name.span)).collect();
        let outer = std::mem::take(&mut self.traces);
        let energy = self.both_orders(&trace, &applied, &densities);
        self.traces = outer;
        let (energy, flipped) = energy?;
        super::compile::finish(f, &trace, &energy, flipped.as_ref())
    }
}

/// A total energy as the energy per electron that has it: F / N with N = ∫ n, so that ∫ n F/N is F, and its derivative that of F.
fn each_electron(trace: &Rc<Trace>, total: NodeId, densities: &[(Value, Span)], span: Span) -> Result<Symbol> {
    let nodes: Vec<NodeId> = densities.iter().filter_map(|(value, _)| node_in(value)).collect();
    let each = trace.add(|g| {
        let mut electrons = g.constant(0.0, span);
        for node in &nodes {
            let integral = g.integral(*node, span)?;
            electrons = g.binary(Binary::Add, electrons, integral, span)?;
        }
        let each = g.binary(Binary::Div, total, electrons, span)?;
        Ok(g.stretch(each, Shape::FIELD, span))
    });
    let node = each.or_else(|error| fail(TraceError::shape(&error, span), span))?;
    Ok(Symbol::new(trace, node))
}

/// The node of a symbol.
fn node_in(value: &Value) -> Option<NodeId> {
    if let Value::Symbol(symbol) = value { Some(symbol.node()) } else { None }
}

/// Refuses a functional of orbitals where there are none.
fn needs_orbitals<T>(functional: String, span: Span) -> Result<T> {
    fail(TraceError::NeedsOrbitals { functional, span }, span)
}

/// Refuses a part of the functional that a loss is for, and that functional with other options or initial values: their parameters
/// would not be those of the run.
fn refuse_relative(trace: &Trace, f: &Functional, span: Span) -> Result<()> {
    let Some(trained) = trace.trained() else { return Ok(()) };
    let (named, trained) = (f.label(), &trained.functional);
    if Rc::ptr_eq(&trained.def, &f.def) {
        return fail(TraceError::OtherThanTrained { named, trained: trained.label(), span }, span);
    }
    if trace.shares(f) {
        return fail(TraceError::PartOfTrained { named, trained: trained.label(), span }, span);
    }
    Ok(())
}

/// The densities in the other order, if the functional is the average over both.
fn exchanged(f: &Functional, densities: &[(Value, Span)]) -> Option<[(Value, Span); 2]> {
    let [up, down] = densities else { return None };
    (!f.def.spin_dependent).then(|| [down.clone(), up.clone()])
}

/// The error for a functional with parameters, or of more than the density at a point, that is given numbers.
fn without_grid(f: &Functional, trained: bool, span: Span) -> TraceError {
    let name = f.name();
    let verb = if f.def.kind.has_energy() { "energy" } else { "potential" };
    let why =
        if trained { "has trainable parameters or layers" } else { "depends on more than the density at one point" };
    let message = format!("`{name}` {why}: it needs a density on a grid, not numbers");
    TraceError::Param { message, help: Some(format!("give it a density: `{verb}({name}, n)`")), span }
}

/// Whether a positional argument is a density.
fn is_density(value: &Value, f: &Functional) -> bool {
    match value {
        Value::Field(_) => true,
        Value::Symbol(s) => s.shape().grid.is_some() || option_names(f).is_empty(),
        Value::Number(_) => option_names(f).is_empty(),
        _ => false,
    }
}

fn option_names(f: &Functional) -> Vec<Rc<str>> {
    f.def.function.params.iter().filter(|p| p.default.is_some()).map(|p| p.name.name.clone()).collect()
}

/// The earlier options, replaced by those given now.
fn merged(f: &Functional, given: Vec<(Rc<str>, Value)>) -> Vec<(Rc<str>, Value)> {
    let find = |list: &[(Rc<str>, Value)], name: &Rc<str>| list.iter().find(|(n, _)| n == name).cloned();
    option_names(f).iter().filter_map(|name| find(&given, name).or_else(|| find(&f.options, name))).collect()
}

/// The node of a density: a field of one channel on the grid of the system, or a number broadcast to one.
fn density(trace: &Rc<Trace>, value: &Value, span: Span, f: &Functional) -> Result<crate::graph::NodeId> {
    let not_density = |found: String| {
        let functional = f.name().to_string();
        fail(TraceError::NotDensity { functional, found, span }, span)
    };
    let node = match (value, trace.node_of(value, span)?) {
        (Value::List(_), _) | (_, None) => return not_density(value.kind()),
        (_, Some(node)) => node,
    };
    // The densities of a body being evaluated are away from zero already.
    let node = match value {
        Value::Symbol(_) if trace.in_functional() => node,
        _ => trace.shifted(node, span),
    };
    let shape = trace.graph().shape(node);
    match shape {
        Shape::FIELD => Ok(node),
        Shape::SCALAR => Ok(trace.add(|g| g.stretch(node, Shape::FIELD, span))),
        other => not_density(other.to_string()),
    }
}

/// The place of the last expression of a body, its value.
fn last_expression(body: &Expr) -> Span {
    match &*body.kind {
        ExprKind::Block(statements) => statements.last().map_or(body.span, |s| s.span),
        _ => body.span,
    }
}

/// Adds the use of a functional to a problem.
pub(crate) fn through(mut problem: Box<Problem>, site: &Site, name: &str) -> Box<Problem> {
    if problem.via.len() < 8 && problem.span != site.span {
        problem.via.push(crate::problem::Via { span: site.span, note: format!("in this use of `{name}`") });
    }
    problem
}

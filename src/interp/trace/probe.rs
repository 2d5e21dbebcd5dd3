//! The energy and potential of a functional at densities that are symbols, or of the functional that a loss trains.

use crate::graph::{Binary, DifferentiateError, NodeId, Shape, gradient};
use crate::interp::Interpreter;
use crate::interp::arith::symbols::trace_of;
use crate::interp::call::{Args, Argument, Site};
use crate::interp::error::{TraceError, fail};
use crate::interp::value::{Functional, Operand, Symbol, Trace, Value};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

/// A functional at densities, in a graph.
pub(crate) struct Probe {
    trace: Rc<Trace>,
    /// The densities as the functional gets them.
    densities: Vec<NodeId>,
    given: Given,
}

/// What the functional gives, fields.
enum Given {
    /// The energy per electron.
    Energy(NodeId),
    /// The potential for every density; the name of the functional.
    Potential(Vec<NodeId>, String),
}

impl Interpreter {
    /// The functional and densities of a call of `energy` or `potential`, if they belong into a graph: a density is a symbol,
    /// or the functional is the one that the loss being traced is for.
    ///
    /// # Errors
    /// Arguments that do not fit; any error in the body of the functional.
    pub(crate) fn traced_probe(&mut self, args: &Args) -> Result<Option<Probe>> {
        let names: &[&str] = if args.has("n_down") { &["n", "n_down"] } else { &["n"] };
        let given = names.iter().map(|name| args.arg(name)).collect::<Result<Vec<&Argument>>>()?;
        let of = args.arg("functional")?.clone();
        let trained = match &of.value {
            Value::Functional(f) => self.is_trained(f)?,
            _ => false,
        };
        let trace = match trace_of(given.iter().map(|argument| &argument.value)) {
            Some(trace) => trace,
            None => match self.traces.last() {
                Some(trace) if trained => trace.clone(),
                _ => return Ok(None),
            },
        };
        no_interaction(args)?;
        let mut densities: Vec<(NodeId, Span)> = Vec::with_capacity(2);
        for argument in &given {
            let node = match trace.node_of(&argument.value, argument.span)? {
                Some(node) if trace.graph().shape(node) == Shape::FIELD => node,
                _ => return not_density(args, argument),
            };
            densities.push((trace.variable(node, argument.span), argument.span));
        }
        let site = Site { span: args.span, callee: args.what("functional") };
        self.probe(&trace, Operand::new(&of.value, of.span), densities, &site)
    }

    /// A functional or model at densities in a graph, which are [variables](Trace::variable); `None`: it has no value there.
    ///
    /// # Errors
    /// It is neither; any error in its body.
    pub(crate) fn probe(
        &mut self,
        trace: &Rc<Trace>,
        of: Operand<'_>,
        densities: Vec<(NodeId, Span)>,
        site: &Site,
    ) -> Result<Option<Probe>> {
        let symbol =
            |(node, span): &(NodeId, Span)| Argument::positional(Value::Symbol(Symbol::new(trace, *node)), *span);
        let arguments: Vec<Argument> = densities.iter().map(symbol).collect();
        let mut at = |arguments: Vec<Argument>| {
            let value = match of.value {
                Value::Functional(f) => self.call_functional(f, arguments, site)?,
                Value::Model(m) => self.call_model(m, arguments, site)?,
                other => return crate::interp::call::not_functional(&site.callee, other, of.span),
            };
            Ok(if let Value::Symbol(symbol) = value { Some(symbol.node()) } else { None })
        };
        let Some(first) = at(arguments.clone())? else { return Ok(None) };
        let given = match potential_functional(of.value) {
            None => Given::Energy(first),
            Some(functional) => {
                let name = functional.label();
                let mut both = vec![first];
                if arguments.len() == 2 {
                    // The body gives the potential of the first spin.
                    both.extend(at(arguments.into_iter().rev().collect())?);
                }
                Given::Potential(both, name)
            }
        };
        let densities = densities.into_iter().map(|(node, _)| node).collect();
        Ok(Some(Probe { given, trace: trace.clone(), densities }))
    }
}

/// Refuses an interaction where it is that of the system.
pub(crate) fn no_interaction(args: &Args) -> Result<()> {
    if !args.has("interaction") {
        return Ok(());
    }
    let message = "in a loss or a functional, `interaction` is that of the system";
    args.wrong(args.span_of("interaction"), message, Some("leave it out".into()))
}

fn not_density<T>(args: &Args, argument: &Argument) -> Result<T> {
    let (functional, found, span) = (args.name().into(), argument.value.kind(), argument.span);
    fail(TraceError::NotDensity { functional, found, span }, span)
}

/// The functional in a value, if it gives a potential.
pub(crate) fn potential_functional(value: &Value) -> Option<&Rc<Functional>> {
    let functional = match value {
        Value::Functional(functional) => functional,
        Value::Model(model) => &model.functional,
        _ => return None,
    };
    (!functional.def.kind.has_energy()).then_some(functional)
}

impl Probe {
    /// The sum over points of n e.
    fn sum(&self, e: NodeId, span: Span) -> Result<NodeId> {
        let sum = self.trace.add(|g| {
            let mut n = self.densities[0];
            for &other in &self.densities[1..] {
                n = g.binary(Binary::Add, n, other, span)?;
            }
            let local = g.binary(Binary::Mul, n, e, span)?;
            g.sum_grid(local, span)
        });
        sum.or_else(|error| fail(TraceError::shape(&error, span), span))
    }

    /// The energy, a number.
    pub fn energy(&self, span: Span) -> Result<Value> {
        let e = match &self.given {
            Given::Energy(e) => *e,
            Given::Potential(_, functional) => {
                return fail(TraceError::NoEnergy { functional: functional.clone(), span }, span);
            }
        };
        let sum = self.sum(e, span)?;
        self.trace.try_add(span, |g| {
            let h = g.spacing(0, span);
            g.binary(Binary::Mul, h, sum, span)
        })
    }

    /// Whether the functional has an energy.
    pub fn has_energy(&self) -> bool {
        matches!(self.given, Given::Energy(_))
    }

    /// The potential for every density.
    fn potentials(&self, span: Span) -> Result<Vec<NodeId>> {
        match &self.given {
            Given::Potential(nodes, _) => Ok(nodes.clone()),
            Given::Energy(e) => {
                let sum = self.sum(*e, span)?;
                self.derivatives(sum, span)
            }
        }
    }

    /// The derivatives of a sum over points with respect to every density.
    fn derivatives(&self, sum: NodeId, span: Span) -> Result<Vec<NodeId>> {
        self.derivatives_by(sum, &self.densities, span)
    }

    fn derivatives_by(&self, sum: NodeId, of: &[NodeId], span: Span) -> Result<Vec<NodeId>> {
        match self.trace.add(|g| gradient(g, sum, of)) {
            Ok(nodes) => Ok(nodes),
            Err(DifferentiateError::MovingKernel { operation, what, span }) => {
                fail(TraceError::Moving { what, operation, span }, span)
            }
            Err(DifferentiateError::Shape(error)) => fail(TraceError::shape(&error, span), span),
        }
    }

    /// The change of the potential of every density, a field each, when the densities change by the `probes`: to first order
    /// ∫ δv(x)/δn(x') probe(x') dx', summed over the densities n that change.
    pub fn kernel(&self, probes: &[NodeId], span: Span) -> Result<Vec<NodeId>> {
        let potentials = self.potentials(span)?;
        let overlap = |fields: &[NodeId], others: &[NodeId]| self.overlap(fields, others, span);
        match self.has_energy() {
            // Second derivatives of an energy may be exchanged.
            true => self.derivatives(overlap(&potentials, probes)?, span),
            // The response to `probes` is linear in any other fields that it is multiplied with: their factors are what is wanted.
            false => {
                let others: Vec<NodeId> = probes.iter().map(|probe| self.trace.variable(*probe, span)).collect();
                let back = self.derivatives(overlap(&potentials, &others)?, span)?;
                let sum = overlap(&back, probes)?;
                self.derivatives_by(sum, &others, span)
            }
        }
    }

    /// The sum over points and fields of their products.
    fn overlap(&self, fields: &[NodeId], others: &[NodeId], span: Span) -> Result<NodeId> {
        let sum = self.trace.add(|g| {
            let mut sum = g.constant(0.0, span);
            for (field, other) in fields.iter().zip(others) {
                let product = g.binary(Binary::Mul, *field, *other, span)?;
                let one = g.sum_grid(product, span)?;
                sum = g.binary(Binary::Add, sum, one, span)?;
            }
            Ok(sum)
        });
        sum.or_else(|error| fail(TraceError::shape(&error, span), span))
    }

    /// The graph it belongs to.
    pub fn trace(&self) -> &Rc<Trace> {
        &self.trace
    }

    /// The potential, a field; with densities of both spins `.up` and `.down`.
    pub fn potential(&self, span: Span) -> Result<Value> {
        let nodes = self.potentials(span)?;
        Ok(by_spin(nodes.into_iter().map(|node| self.trace.value(node)).collect()))
    }
}

/// One field, or those of up and down.
pub(crate) fn by_spin(values: Vec<Value>) -> Value {
    match <[Value; 2]>::try_from(values) {
        Ok([up, down]) => Value::record([("up", up), ("down", down)]),
        Err(mut one) => one.pop().unwrap_or(Value::Nothing),
    }
}

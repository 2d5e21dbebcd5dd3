//! The symbolic value and the graph it belongs to.

use super::functional::Functional;
use super::params::{Entry, Name, Params, Request, Taken};
use super::{Field, Layer, Machine, Model, Value};
use crate::functional::DENSITY_SHIFT;
use crate::graph::{Binary, Graph, Init, NodeId, ParamSpec, Shape, ShapeError, adds_up};
use crate::interp::error::{TraceError, fail};
use crate::model::Grid;
use crate::problem::Result;
use crate::source::Span;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A node of a graph under construction, as a value of the language. Symbols are plain: they have no dimension.
#[derive(Clone)]
pub struct Symbol {
    trace: Rc<Trace>,
    node: NodeId,
}

impl Symbol {
    /// A node of a trace.
    pub fn new(trace: &Rc<Trace>, node: NodeId) -> Self {
        Self { trace: trace.clone(), node }
    }

    /// The graph it belongs to.
    pub fn trace(&self) -> &Rc<Trace> {
        &self.trace
    }

    /// Its node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Its shape.
    pub fn shape(&self) -> Shape {
        self.trace.graph().shape(self.node)
    }

    /// Its number, if it is a constant.
    pub fn constant(&self) -> Option<f64> {
        self.trace.graph().as_constant(self.node)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({}: {})", self.node.0, self.shape())
    }
}

/// Adds a value that is not there yet.
fn note_once<T>(all: &RefCell<Vec<Rc<T>>>, one: &Rc<T>) {
    let mut all = all.borrow_mut();
    if !all.iter().any(|known| Rc::ptr_eq(known, one)) {
        all.push(one.clone());
    }
}

/// A graph under construction, with its parameters so far and what a description needs.
#[derive(Debug, Default)]
pub struct Trace {
    graph: RefCell<Graph>,
    pub(in crate::interp) params: RefCell<Params>,
    layers: RefCell<Vec<Layer>>,
    grid: RefCell<Option<Arc<Grid>>>,
    interactions: RefCell<Vec<Rc<str>>>,
    models: RefCell<Vec<Rc<Model>>>,
    machines: RefCell<Vec<Rc<Machine>>>,
    /// Densities that were moved away from zero.
    shifted: RefCell<HashSet<NodeId>>,
    /// The densities of the functional whose graph this is, its inputs; none in a loss.
    densities: RefCell<Vec<NodeId>>,
    /// The energy density of exact exchange, once the body has asked for it: the input after them.
    exchange: Cell<Option<NodeId>>,
    /// How often a body has asked for it.
    exchanges: Cell<usize>,
    /// Whether it is 1, as in a body that is evaluated only for its parameters.
    stand_in: Cell<bool>,
    /// Whether a body has asked for it where there are no orbitals.
    lacks_orbitals: Cell<bool>,
    /// What is trained, in the trace of a loss.
    trained: Option<Trained>,
}

/// What a loss sees of the functional that is trained: its parameters are an input of the loss.
#[derive(Debug)]
pub struct Trained {
    /// The functional, as `run.functional`.
    pub functional: Rc<Functional>,
    /// All its parameters, flat.
    flat: NodeId,
    /// How many of them have been given to its arrays.
    given: Cell<usize>,
}

impl Trace {
    /// An empty graph.
    pub fn new() -> Rc<Self> {
        Rc::new(Self::default())
    }

    /// The graph of a loss for the training of a functional with `parameters` parameters, which are its input 0.
    pub fn of_loss(functional: Rc<Functional>, parameters: usize, span: Span) -> Rc<Self> {
        let mut graph = Graph::new();
        let flat = graph.input("parameters", Shape::vector(parameters.max(1)), span);
        let trained = Some(Trained { functional, flat, given: Cell::new(0) });
        Rc::new(Self { graph: RefCell::new(graph), trained, ..Self::default() })
    }

    /// What is trained, in the trace of a loss.
    pub fn trained(&self) -> Option<&Trained> {
        self.trained.as_ref()
    }

    /// Whether the body of a functional is being evaluated.
    pub fn in_body(&self) -> bool {
        self.params.borrow().in_body()
    }

    /// Whether a functional is, or is part of, one whose arrays are trained here.
    pub fn shares(&self, functional: &Functional) -> bool {
        self.params.borrow().shares(functional)
    }

    /// The arrays of all parameters as values, in the order of `specs`: a number or a vector each.
    pub fn arrays(self: &Rc<Self>, trained: &Trained, specs: &[ParamSpec]) -> Vec<Value> {
        let mut from = 0;
        let array = |spec: &ParamSpec| {
            let range = from..from + spec.len();
            from = range.end;
            self.value(self.slice(trained.flat, range, spec.bounds, spec.span))
        };
        specs.iter().map(array).collect()
    }

    /// A range of the flat parameters; bounded ones as values.
    fn slice(&self, flat: NodeId, range: Range<usize>, bounds: Option<(f64, f64)>, span: Span) -> NodeId {
        self.add(|g| {
            let raw = g.channels(flat, range.start, range.end, span).unwrap_or(flat);
            bounds.map_or(raw, |bounds| g.bounded(raw, bounds, span))
        })
    }

    /// An input that is a density of the functional whose graph this is.
    pub fn density(self: &Rc<Self>, name: &str, span: Span) -> Value {
        let node = self.add(|g| g.input(name, Shape::FIELD, span));
        self.densities.borrow_mut().push(node);
        self.value(node)
    }

    /// Exact exchange per electron, X / n with the energy density X of the orbitals; `None` outside the graph of a functional.
    ///
    /// # Errors
    /// None that a user can cause.
    pub fn exact_exchange(self: &Rc<Self>, span: Span) -> Option<Result<Value>> {
        self.exchanges.set(self.exchanges.get() + 1);
        let densities = self.densities.borrow().clone();
        let Some((first, others)) = densities.split_first() else {
            if self.stand_in.get() {
                let one = self.add(|g| {
                    let one = g.constant(1.0, span);
                    g.stretch(one, Shape::FIELD, span)
                });
                return Some(Ok(self.value(one)));
            }
            self.lacks_orbitals.set(true);
            return None;
        };
        let x = self.exchange.get().unwrap_or_else(|| self.add(|g| g.input("exact_exchange", Shape::FIELD, span)));
        self.exchange.set(Some(x));
        Some(self.try_add(span, |g| {
            let mut n = *first;
            for other in others {
                n = g.binary(Binary::Add, n, *other, span)?;
            }
            g.binary(Binary::Div, x, n, span)
        }))
    }

    /// Whether the body has asked for exact exchange.
    pub fn has_exchange(&self) -> bool {
        self.exchange.get().is_some()
    }

    /// How often bodies have asked for exact exchange.
    pub fn exchanges(&self) -> usize {
        self.exchanges.get()
    }

    /// Whether a body has asked for exact exchange where there are no orbitals.
    pub fn lacks_orbitals(&self) -> bool {
        self.lacks_orbitals.get()
    }

    /// Whether a body is evaluated only for its parameters, so that exact exchange may be anything; the answer before.
    pub fn stand_in(&self, yes: bool) -> bool {
        self.stand_in.replace(yes)
    }

    /// Whether densities that a functional is given add up to that of the functional whose graph this is, if it is that of one.
    pub fn is_whole_density(&self, given: &[NodeId]) -> bool {
        let own = self.densities.borrow();
        own.is_empty() || adds_up(&self.graph(), given, &own)
    }

    /// The graph so far.
    pub fn graph(&self) -> Ref<'_, Graph> {
        self.graph.borrow()
    }

    /// Appends to the graph.
    pub fn add<R>(&self, build: impl FnOnce(&mut Graph) -> R) -> R {
        build(&mut self.graph.borrow_mut())
    }

    /// Appends to the graph an operation that may fail.
    ///
    /// # Errors
    /// A shape mismatch, at `span`.
    pub fn try_add(
        self: &Rc<Self>,
        span: Span,
        build: impl FnOnce(&mut Graph) -> std::result::Result<NodeId, ShapeError>,
    ) -> Result<Value> {
        match self.add(build) {
            Ok(node) => Ok(self.value(node)),
            Err(error) => fail(TraceError::shape(&error, span), span),
        }
    }

    /// A node as a value.
    pub fn value(self: &Rc<Self>, node: NodeId) -> Value {
        Value::Symbol(Symbol::new(self, node))
    }

    /// The node of a value that can be one: a symbol, a number, a field, a list of numbers.
    ///
    /// # Errors
    /// A symbol from another body, or a field on a different grid. `Ok(None)`: the value cannot be in a graph.
    pub fn node_of(self: &Rc<Self>, value: &Value, span: Span) -> Result<Option<NodeId>> {
        Ok(Some(match value {
            Value::Symbol(s) if Rc::ptr_eq(&s.trace, self) => s.node,
            Value::Symbol(_) => return fail(TraceError::Escaped { span }, span),
            Value::Number(q) => self.add(|g| g.constant(q.value, span)),
            Value::Bool(b) => self.add(|g| g.constant(f64::from(u8::from(*b)), span)),
            Value::Field(field) => self.samples(field, span)?,
            Value::List(items) => return self.vector_of(items, span),
            _ => return Ok(None),
        }))
    }

    /// Numbers, plain or symbolic, as one vector.
    fn vector_of(self: &Rc<Self>, items: &[Value], span: Span) -> Result<Option<NodeId>> {
        let plain = items.iter().map(|v| match v {
            Value::Number(q) => Some(q.value),
            _ => None,
        });
        if let Some(values) = plain.collect::<Option<Vec<f64>>>() {
            return Ok((!values.is_empty()).then(|| self.add(|g| g.vector(&values, span))));
        }
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Number(_) | Value::Symbol(_) => nodes.extend(self.node_of(item, span)?),
                _ => return Ok(None),
            }
        }
        if nodes.iter().any(|&n| self.graph().shape(n) != Shape::SCALAR) {
            return Ok(None);
        }
        Ok(self.add(|g| g.concat(&nodes, span)).ok())
    }

    /// Concrete values on a grid: from now on the graph can be used only on this grid.
    fn samples(&self, field: &Field, span: Span) -> Result<NodeId> {
        let mut grid = self.grid.borrow_mut();
        match &*grid {
            Some(known) if **known != *field.grid => return fail(TraceError::Grids { span }, span),
            _ => *grid = Some(field.grid.clone()),
        }
        Ok(self.add(|g| g.samples(&field.data, field.channels, span)))
    }

    /// The only grid that the graph can be used on, if it contains fields.
    pub fn grid(&self) -> Option<Arc<Grid>> {
        self.grid.borrow().clone()
    }

    /// Records a layer.
    pub fn log(&self, what: impl Into<String>, node: NodeId, parameters: usize) {
        let shape = self.graph().shape(node);
        self.layers.borrow_mut().push(Layer { what: what.into(), shape, parameters });
    }

    /// The layers so far.
    pub fn layers(&self) -> Vec<Layer> {
        self.layers.borrow().clone()
    }

    /// The number of layers, for [`Self::forget_layers`].
    pub fn layer_count(&self) -> usize {
        self.layers.borrow().len()
    }

    /// Forgets the layers after the first `count`.
    pub fn forget_layers(&self, count: usize) {
        self.layers.borrow_mut().truncate(count);
    }

    /// Records that a part is made for an interaction.
    pub fn made_for(&self, interaction: &Rc<str>) {
        let mut all = self.interactions.borrow_mut();
        if !all.contains(interaction) {
            all.push(interaction.clone());
        }
    }

    /// Records that a part is a model, or has the parameters of one.
    pub fn part_of(&self, model: &Rc<Model>) {
        note_once(&self.models, model);
    }

    /// The models among its parts.
    pub fn models(&self) -> Vec<Rc<Model>> {
        self.models.borrow().clone()
    }

    /// Records that a machine is a part, called on a density itself.
    pub fn has_machine(&self, machine: &Rc<Machine>) {
        note_once(&self.machines, machine);
    }

    /// The machines among its parts that are called on a density itself.
    pub fn machines(&self) -> Vec<Rc<Machine>> {
        self.machines.borrow().clone()
    }

    /// Whether a node is a density of the functional, moved away from zero or not.
    pub fn is_density(&self, node: NodeId) -> bool {
        self.densities.borrow().contains(&node) || self.shifted.borrow().contains(&node)
    }

    /// The interactions that its parts are made for.
    pub fn interactions(&self) -> Vec<Rc<str>> {
        self.interactions.borrow().clone()
    }
}

impl Trace {
    /// Enters the body of a functional: from now on arrays belong to it.
    pub fn enter(&self, functional: &Rc<Functional>, entry: &Entry) {
        self.params.borrow_mut().enter(functional, entry);
    }

    /// Leaves the body entered last.
    pub fn leave(&self) {
        self.params.borrow_mut().leave();
    }

    /// A density moved away from zero by [`DENSITY_SHIFT`], exactly once.
    pub fn shifted(&self, density: NodeId, span: Span) -> NodeId {
        let known = self.shifted.borrow().contains(&density);
        if known { density } else { self.moved(density, DENSITY_SHIFT, span) }
    }

    /// A density as a node of its own, to differentiate by it. Those in the body of a functional are away from zero already.
    pub fn variable(&self, density: NodeId, span: Span) -> NodeId {
        let moved = self.in_functional() || self.shifted.borrow().contains(&density);
        // Next to the shift the smallest number is nothing, but unlike 0 it makes a node.
        self.moved(density, if moved { f64::MIN_POSITIVE } else { DENSITY_SHIFT }, span)
    }

    fn moved(&self, density: NodeId, by: f64, span: Span) -> NodeId {
        let node = self.add(|g| {
            let by = g.constant(by, span);
            g.binary(Binary::Add, density, by, span).unwrap_or(density)
        });
        self.shifted.borrow_mut().insert(node);
        node
    }

    /// Whether the body of a functional is being evaluated.
    pub fn in_functional(&self) -> bool {
        self.params.borrow().inside()
    }

    /// The functional whose body is being evaluated, the innermost one.
    pub fn enclosing(&self) -> Option<Rc<Functional>> {
        self.params.borrow().enclosing()
    }

    /// The next array of the functional whose body is being evaluated: one made by an earlier application, or a new one.
    ///
    /// # Errors
    /// There is no such body; an earlier application made an array of another shape; a model has too few values.
    pub fn param(self: &Rc<Self>, request: Request) -> Result<NodeId> {
        let span = request.span;
        let params = &mut *self.params.borrow_mut();
        let Some(known) = params.next_known() else {
            return fail(TraceError::ParamOutside { span }, span);
        };
        match known {
            Some((shape, node)) if shape == request.shape => Ok(node),
            Some((shape, _)) => {
                let (first, now) = (words(&shape), words(&request.shape));
                fail(TraceError::ParamsDiffer { first, now, span }, span)
            }
            None => {
                let shape = request.shape.clone();
                let node = self.new_param(request, params)?;
                params.made(shape, node);
                Ok(node)
            }
        }
    }

    fn new_param(&self, request: Request, params: &mut Params) -> Result<NodeId> {
        let Request { name, shape, init, bounds, span } = request;
        let kind = match &name {
            Name::User(_) => "param",
            Name::Layer(kind, _) | Name::Further(kind, _) => *kind,
        };
        let len = match crate::graph::size(kind, &shape) {
            Ok(len) => len,
            Err(error) => return fail(TraceError::shape(&error, span), span),
        };
        let init = match params.take(len, bounds) {
            Taken::Own => init,
            Taken::Start(values) => Init::Values(values),
            Taken::Fixed(values) => return Ok(self.add(|g| g.vector(&values, span))),
            Taken::TooFew { found, needed } => return fail(TraceError::TooFewValues { found, needed, span }, span),
        };
        if let Some(trained) = &self.trained {
            let range = trained.given.get()..trained.given.get() + len;
            let found = self.graph().shape(trained.flat).channels;
            if range.end > found {
                return fail(TraceError::TooFewValues { found, needed: range.end, span }, span);
            }
            trained.given.set(range.end);
            return Ok(self.slice(trained.flat, range, bounds, span));
        }
        let name = params.new_name(name);
        Ok(self.add(|g| g.param(ParamSpec { name, shape, init, bounds, span })))
    }
}

/// `a single number`, `3 x 16 x 16 numbers`.
fn words(shape: &[usize]) -> String {
    match shape {
        [] => "a single number".into(),
        shape => format!("{} numbers", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")),
    }
}

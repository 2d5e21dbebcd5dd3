//! The symbolic value and the graph it belongs to.

use super::params::Params;
use super::{Field, Value};
use crate::graph::{Graph, NodeId, Shape, ShapeError};
use crate::interp::error::{TraceError, fail};
use crate::model::Grid;
use crate::problem::Result;
use crate::source::Span;
use std::cell::{Ref, RefCell};
use std::fmt;
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

    /// What it holds.
    pub fn shape(&self) -> Shape {
        self.trace.graph().shape(self.node)
    }

    /// The number it is, if it does not depend on anything.
    pub fn constant(&self) -> Option<f64> {
        self.trace.graph().as_constant(self.node)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({}: {})", self.node.0, self.shape())
    }
}

/// A layer of a network, for `describe`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// `conv(16, width: 3)`.
    pub what: String,
    /// What comes out.
    pub shape: Shape,
    /// Number of trainable values made by it.
    pub parameters: usize,
}

/// A graph under construction, with the parameters made so far and what a description needs.
#[derive(Debug, Default)]
pub struct Trace {
    graph: RefCell<Graph>,
    pub(in crate::interp) params: RefCell<Params>,
    layers: RefCell<Vec<Layer>>,
    grid: RefCell<Option<Arc<Grid>>>,
    interactions: RefCell<Vec<Rc<str>>>,
}

impl Trace {
    /// An empty graph.
    pub fn new() -> Rc<Self> {
        Rc::new(Self::default())
    }

    /// The graph so far.
    pub fn graph(&self) -> Ref<'_, Graph> {
        self.graph.borrow()
    }

    /// Appends to the graph.
    pub fn add<R>(&self, build: impl FnOnce(&mut Graph) -> R) -> R {
        build(&mut self.graph.borrow_mut())
    }

    /// Appends to the graph what may not fit.
    ///
    /// # Errors
    /// Shapes that do not fit, at `span`.
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
    /// A symbol of another body, a field on another grid. `Ok(None)`: the value has no place in a graph.
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

    /// Concrete values on a grid: from now on the graph lives on this grid alone.
    fn samples(&self, field: &Field, span: Span) -> Result<NodeId> {
        let mut grid = self.grid.borrow_mut();
        match &*grid {
            Some(known) if **known != *field.grid => return fail(TraceError::Grids { span }, span),
            _ => *grid = Some(field.grid.clone()),
        }
        Ok(self.add(|g| g.samples(&field.data, field.channels, span)))
    }

    /// The only grid the graph can live on, if it holds values on one.
    pub fn grid(&self) -> Option<Arc<Grid>> {
        self.grid.borrow().clone()
    }

    /// Notes a layer.
    pub fn log(&self, what: impl Into<String>, node: NodeId, parameters: usize) {
        let shape = self.graph().shape(node);
        self.layers.borrow_mut().push(Layer { what: what.into(), shape, parameters });
    }

    /// The layers so far.
    pub fn layers(&self) -> Vec<Layer> {
        self.layers.borrow().clone()
    }

    /// How many layers there are; [`Self::forget_layers`] goes back to it.
    pub fn layer_count(&self) -> usize {
        self.layers.borrow().len()
    }

    /// Forgets the layers after the first `count`.
    pub fn forget_layers(&self, count: usize) {
        self.layers.borrow_mut().truncate(count);
    }

    /// Notes that a part is made for an interaction.
    pub fn made_for(&self, interaction: &Rc<str>) {
        let mut all = self.interactions.borrow_mut();
        if !all.contains(interaction) {
            all.push(interaction.clone());
        }
    }

    /// The interactions its parts are made for.
    pub fn interactions(&self) -> Vec<Rc<str>> {
        self.interactions.borrow().clone()
    }
}

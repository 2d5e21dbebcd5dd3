//! From a traced body to a compiled functional, and from any value that can serve as one to its graph and parameters.

use crate::functional::{CompileError, Compiled, Definition, Density};
use crate::graph::DifferentiateError;
use crate::interp::Interpreter;
use crate::interp::call::not_functional;
use crate::interp::error::{TraceError, fail};
use crate::interp::value::{Functional, Model, Operand, StartFrom, Symbol, Trace, Traced, Value};
use crate::ks::ScfOptions;
use crate::model::Grid;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// A functional or model, ready to be evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// Its name in the script.
    pub name: String,
    /// The underlying functional.
    pub functional: Rc<Functional>,
    /// Its graph.
    pub traced: Rc<Traced>,
    /// Its parameters, flat.
    pub parameters: Rc<[f64]>,
    /// Whether it is a model: its parameters are given, not drawn.
    pub model: bool,
    /// The options a model was trained with.
    pub scf: Option<ScfOptions>,
    /// The model that its parameters come from.
    pub parent: Option<Rc<Model>>,
}

impl Ready {
    /// The functional as it is trained: a model's starts from its parameters.
    pub fn trained(&self) -> Rc<Functional> {
        match self.model {
            true => Rc::new(self.functional.with_start(StartFrom::Values(self.parameters.clone()))),
            false => self.functional.clone(),
        }
    }
}

/// Turns a body into a functional with energy and potential; `exchanged` is the body with the spins exchanged, if it is another value.
pub(crate) fn finish(f: &Functional, trace: &Rc<Trace>, value: &Symbol, exchanged: Option<&Symbol>) -> Result<Traced> {
    let span = f.def.function.body.span;
    if trace.has_exchange() && !f.def.kind.has_energy() {
        return fail(TraceError::ExchangeOutside { span }, span);
    }
    let definition = Definition {
        name: f.name().to_string(),
        graph: trace.graph().clone(),
        value: value.node(),
        exchanged: exchanged.map(Symbol::node),
        density: if f.densities().count() == 2 { Density::Spin } else { Density::Total },
        flip_average: exchanged.is_some(),
        kind: f.def.kind,
        exchange: trace.has_exchange(),
    };
    let compiled = match Compiled::new(definition) {
        Ok(compiled) => compiled,
        Err(CompileError::Differentiate(DifferentiateError::MovingKernel { operation, what, span })) => {
            return fail(TraceError::Moving { what, operation, span }, span);
        }
        Err(CompileError::Shape(error) | CompileError::Differentiate(DifferentiateError::Shape(error))) => {
            return fail(TraceError::shape(&error, span), span);
        }
    };
    Ok(Traced {
        compiled: Arc::new(compiled),
        layers: trace.layers(),
        grid: trace.grid(),
        interactions: trace.interactions(),
        models: trace.models(),
        machines: trace.machines(),
    })
}

impl Traced {
    /// The initial parameters of a functional.
    pub fn initial(&self, start: &StartFrom) -> Rc<[f64]> {
        match start {
            StartFrom::Seed(seed) => self.compiled.initial(*seed).into(),
            StartFrom::Values(values) => values.clone(),
        }
    }
}

impl Interpreter {
    /// A functional or model as `solve` and `train` evaluate it, and its parameters: those of a model, or the initial ones of a
    /// functional. For a host that displays one, at `span`.
    ///
    /// # Errors
    /// It is neither functional nor model; its body is wrong.
    pub fn compiled(&mut self, value: &Value, span: Span) -> Result<(Arc<Compiled>, Vec<f64>)> {
        let ready = self.ready(Operand::new(value, span), "the value shown")?;
        Ok((ready.traced.compiled.clone(), ready.parameters.to_vec()))
    }

    /// A value that serves as a functional, ready to be evaluated.
    ///
    /// # Errors
    /// It is neither a functional nor a model; its body has an error.
    pub(crate) fn ready(&mut self, value: Operand<'_>, what: &str) -> Result<Ready> {
        match value.value {
            Value::Functional(f) => {
                if self.is_trained(f)? {
                    return fail(TraceError::TrainedElsewhere { functional: f.label(), span: value.span }, value.span);
                }
                let traced = self.traced(f, value.span)?;
                let parameters = self.parameters_of(f, &traced, value.span)?;
                let (functional, parent) = (f.clone(), f.parent.clone());
                Ok(Ready { name: f.label(), functional, traced, parameters, model: false, scf: None, parent })
            }
            Value::Model(m) => Ok(Ready {
                name: m.name.clone(),
                functional: m.functional.clone(),
                traced: m.traced.clone(),
                parameters: m.parameters.clone(),
                model: true,
                scf: m.scf.clone(),
                parent: Some(m.clone()),
            }),
            other => not_functional(what, other, value.span),
        }
    }

    /// Rejects a functional of orbitals where there is only a density.
    pub(crate) fn check_density_only(&self, ready: &Ready, span: Span) -> Result<()> {
        match ready.traced.compiled.exchange {
            true => fail(TraceError::NeedsOrbitals { functional: ready.name.clone(), span }, span),
            false => Ok(()),
        }
    }

    /// Rejects a grid that the functional cannot be used on.
    pub(crate) fn check_grid(&self, ready: &Ready, grid: &Grid, span: Span) -> Result<()> {
        match &ready.traced.grid {
            Some(own) if **own != *grid => fail(TraceError::OtherGrid { functional: ready.name.clone(), span }, span),
            _ => Ok(()),
        }
    }
}

//! Calls of machines: on values, and on symbols in the body of a functional or loss.

use crate::graph::{Binary, NodeId, Shape, Unary};
use crate::interp::arith::symbols::trace_of;
use crate::interp::call::{Args, Argument, Parameter, Site, bind, mismatch};
use crate::interp::error::{RunError, TraceError, fail};
use crate::interp::value::{Field, Form, Kernel, KernelFunction, Machine, Operand, Symbol, Trace, Value};
use crate::interp::{Interpreter, registry};
use crate::learn::Decomposed;
use crate::model::Grid;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// `uncertainty(machine, input)`.
pub(super) fn uncertainty(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let Value::Machine(machine) = args.arg("machine")?.value.clone() else {
        return args.mismatch("machine", "a machine", None);
    };
    let given = args.arg("input")?.clone();
    let (x, unconverged) = numbers(&machine, &given)?;
    let [most] = interp.uncertainties(&machine, &[x], args)?[..] else { return Ok(Value::Nothing) };
    Ok(Form::Number(crate::lang::Dimension::PLAIN).value(vec![most], unconverged || machine.unconverged))
}

impl Interpreter {
    /// How little a machine knows at each of some inputs: of all its heads the most.
    ///
    /// # Errors
    /// A kernel that is not positive.
    pub(super) fn uncertainties(&mut self, machine: &Machine, at: &[Vec<f64>], args: &Args) -> Result<Vec<f64>> {
        let inputs = &machine.learned.inputs;
        let count = inputs.count();
        self.afford(8 * 4 * (count * count) as u64, "the kernel matrix", args.span)?;
        let distances = inputs.distances();
        let mut most = vec![0.0f64; at.len()];
        for head in &machine.learned.heads {
            let mut kernel = |distances: &[f64]| -> Result<Vec<f64>> {
                distances.iter().map(|d| self.kernel_at(&machine.kernel, d / head.width, args.span)).collect()
            };
            let (matrix, own) = (kernel(&distances)?, kernel(&[0.0])?.first().copied().unwrap_or(1.0));
            let from: Vec<Vec<f64>> = at.iter().map(|x| kernel(&inputs.distances_from(x))).collect::<Result<_>>()?;
            let decomposed =
                Decomposed::new(count, |i, j| matrix[i * count + j]).or_else(|error| super::failed(error, args))?;
            for (most, k) in most.iter_mut().zip(from) {
                *most = most.max(((own - decomposed.explained(&k, head.noise)) / own).max(0.0).sqrt());
            }
        }
        Ok(most)
    }
}

/// The numbers of an input.
fn numbers(machine: &Machine, given: &Argument) -> Result<(Vec<f64>, bool)> {
    match Form::of(&given.value).filter(|(form, _)| machine.input.takes(form)) {
        Some((_, numbers)) => Ok((numbers, !given.value.converged())),
        None => {
            let found = Form::of(&given.value).map_or_else(|| given.value.kind(), |(form, _)| form.words());
            other_input(machine, &found, given.span)
        }
    }
}

/// Refuses an input of another form.
fn other_input<T>(machine: &Machine, found: &str, span: Span) -> Result<T> {
    let message = format!("this machine has learned from {}, and is given {found}", machine.input.words());
    fail(RunError::Value { message, help: None, span }, span)
}

impl Interpreter {
    /// A kernel at a distance: a number, or all that a function of the language takes.
    ///
    /// # Errors
    /// What has no power.
    pub(crate) fn call_kernel(&mut self, kernel: &Kernel, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let bound = bind(&[Parameter::new(Rc::from("r"), true)], args, false, site)?;
        let Some(Some(r)) = bound.values.into_iter().next() else { return Ok(Value::Nothing) };
        let r = r.value.plain_numbers();
        let span = site.span;
        let (power, factor) = kernel.profile.exponent();
        let mut with = |op: Binary, a: &Value, b: f64| {
            self.binary(op, Operand::new(a, span), Operand::new(&Value::plain(b), span), span)
        };
        let exponent = with(Binary::Pow, &r, f64::from(power))?;
        let exponent = with(Binary::Mul, &exponent, factor / kernel.width.powi(power))?;
        let Some(exp) = registry::get("exp").and_then(|exp| exp.value()) else { return Ok(Value::Nothing) };
        let value = self.apply(&exp, vec![exponent], span)?;
        let strength = Value::plain(kernel.strength);
        self.binary(Binary::Mul, Operand::new(&value, span), Operand::new(&strength, span), span)
    }

    /// A call of a machine.
    ///
    /// # Errors
    /// An input of another form.
    pub(crate) fn call_machine(&mut self, machine: &Rc<Machine>, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let bound = bind(&[Parameter::new(Rc::from("input"), true)], args, false, site)?;
        let Some(Some(given)) = bound.values.into_iter().next() else { return Ok(Value::Nothing) };
        let inside = match &given.value {
            Value::List(items) => trace_of(items.iter()),
            value => trace_of([value]),
        };
        if let Some(trace) = inside {
            return self.traced_machine(machine, &trace, &given);
        }
        let (x, unconverged) = numbers(machine, &given)?;
        let found = self.machine_at(machine, &x, site.span)?;
        let value = machine.output.value(found, machine.unconverged || unconverged);
        Ok(if self.in_loss > 0 { value.plain_numbers() } else { value })
    }

    /// The numbers that a machine gives for those of an input.
    ///
    /// # Errors
    /// What its kernel, a function of the language, fails with.
    pub(super) fn machine_at(&mut self, machine: &Machine, x: &[f64], span: Span) -> Result<Vec<f64>> {
        let distances = machine.learned.inputs.distances_from(x);
        let mut error = None;
        let found = machine.learned.at(&distances, &mut |r| {
            self.kernel_at(&machine.kernel, r, span).unwrap_or_else(|problem| {
                error.get_or_insert(problem);
                f64::NAN
            })
        });
        error.map_or(Ok(machine.expanded(found)), Err)
    }

    /// A machine at a symbol: the same sums as nodes, so that it has derivatives.
    fn traced_machine(&mut self, machine: &Rc<Machine>, trace: &Rc<Trace>, given: &Argument) -> Result<Value> {
        let span = given.span;
        if let Value::Symbol(symbol) = &given.value
            && trace.is_density(symbol.node())
        {
            trace.has_machine(machine);
        }
        let squares = squares(machine, trace, given)?;
        let mut parts: Vec<Option<NodeId>> = vec![None; machine.learned.outputs];
        let mut field: Option<NodeId> = None;
        for head in &machine.learned.heads {
            let k = self.traced_kernel(&machine.kernel, trace, (squares, head.width), span)?;
            let wide = head.outputs.len().max(1);
            match &machine.output {
                Form::Field(grid) => {
                    let weights = constant(trace, side_by_side(grid, &machine.weights_of(&[head])), span)?;
                    let part = sum_channels(trace, weights, k, span)?;
                    field = Some(match field {
                        None => part,
                        Some(sum) => add(trace, sum, part, span)?,
                    });
                }
                Form::Number(_) | Form::List(_) => {
                    for (place, output) in head.outputs.iter().enumerate() {
                        let column: Vec<f64> = head.weights.chunks(wide).map(|row| row[place]).collect();
                        let weights = trace.add(|g| g.vector(&column, span));
                        parts[*output] = Some(sum_channels(trace, weights, k, span)?);
                    }
                }
            }
        }
        if let (Some(sum), Some(expansion), Form::Field(grid)) = (field, &machine.expansion, &machine.output) {
            let mean = constant(trace, Field::simple(grid.clone(), expansion.mean.clone()), span)?;
            field = Some(add(trace, sum, mean, span)?);
        }
        if let Some(field) = field {
            return Ok(trace.value(field));
        }
        let nodes: Vec<NodeId> = parts.into_iter().flatten().collect();
        match (&machine.output, &nodes[..]) {
            (Form::Number(_), [one]) => Ok(trace.value(*one)),
            _ => trace.try_add(span, |g| g.concat(&nodes, span)),
        }
    }

    /// The kernel between a symbol and every input, from the squares of the distances.
    fn traced_kernel(
        &mut self,
        kernel: &KernelFunction,
        trace: &Rc<Trace>,
        (squares, width): (NodeId, f64),
        span: Span,
    ) -> Result<NodeId> {
        let in_widths = |trace: &Trace| {
            trace.add(|g| {
                let distance = g.unary(Unary::Sqrt, squares, span);
                g.scale(1.0 / width, distance, span)
            })
        };
        match kernel {
            KernelFunction::Known(profile) => {
                let (power, factor) = profile.exponent();
                // The root of a square has no second derivative at 0.
                let (base, factor) = match power {
                    2 => (squares, factor / (width * width)),
                    _ => (in_widths(trace), factor),
                };
                Ok(trace.add(|g| {
                    let exponent = g.scale(factor, base, span);
                    g.unary(Unary::Exp, exponent, span)
                }))
            }
            KernelFunction::Own(closure) => {
                let r = Value::Symbol(Symbol::new(trace, in_widths(trace)));
                let value = self.apply(&Value::Function(closure.clone()), vec![r], span)?;
                let node = trace.node_of(&value, span)?;
                match node {
                    Some(node) if trace.graph().shape(node).grid.is_none() => Ok(node),
                    _ => mismatch("the kernel", "a number", &value, None, span),
                }
            }
        }
    }
}

/// The squared distances of a symbol from all inputs, a vector.
fn squares(machine: &Machine, trace: &Rc<Trace>, given: &Argument) -> Result<NodeId> {
    let (span, inputs) = (given.span, &machine.learned.inputs);
    let wrong = |found: String| other_input(machine, &found, span);
    let Some(x) = trace.node_of(&given.value, span)? else { return wrong(given.value.kind()) };
    let shape = trace.graph().shape(x);
    match &machine.input {
        Form::Field(grid) => {
            if shape != Shape::FIELD {
                return wrong(shape.to_string());
            }
            let rows: Vec<&[f64]> = inputs.rows().collect();
            let seen = constant(trace, side_by_side(grid, &rows), span)?;
            let sum = trace.add(|g| {
                let apart = g.binary(Binary::Sub, x, seen, span)?;
                let square = g.unary(Unary::Pow(2.0), apart, span);
                let sum = g.sum_grid(square, span)?;
                Ok(g.scale(inputs.measure(), sum, span))
            });
            sum.or_else(|error| fail(TraceError::shape(&error, span), span))
        }
        Form::Number(_) | Form::List(_) => {
            if shape != Shape::vector(inputs.length()) {
                return wrong(shape.to_string());
            }
            let sum = trace.add(|g| {
                let mut sum = g.constant(0.0, span);
                for c in 0..inputs.length() {
                    let column: Vec<f64> = inputs.rows().map(|row| row[c]).collect();
                    let (seen, one) = (g.vector(&column, span), g.channels(x, c, c + 1, span)?);
                    let apart = g.binary(Binary::Sub, one, seen, span)?;
                    let square = g.unary(Unary::Pow(2.0), apart, span);
                    sum = g.binary(Binary::Add, sum, square, span)?;
                }
                Ok(sum)
            });
            sum.or_else(|error| fail(TraceError::shape(&error, span), span))
        }
    }
}

/// Rows of values at the points as the channels of one field.
fn side_by_side(grid: &Arc<Grid>, rows: &[impl AsRef<[f64]>]) -> Field {
    let data = (0..grid.points).flat_map(|i| rows.iter().map(move |row| row.as_ref()[i])).collect();
    Field { channels: rows.len(), ..Field::simple(grid.clone(), data) }
}

fn constant(trace: &Rc<Trace>, field: Field, span: Span) -> Result<NodeId> {
    match trace.node_of(&Value::Field(Rc::new(field)), span)? {
        Some(node) => Ok(node),
        None => fail(TraceError::Escaped { span }, span),
    }
}

fn sum_channels(trace: &Rc<Trace>, a: NodeId, b: NodeId, span: Span) -> Result<NodeId> {
    let sum = trace.add(|g| {
        let product = g.binary(Binary::Mul, a, b, span)?;
        Ok(g.sum_channels(product, span))
    });
    sum.or_else(|error| fail(TraceError::shape(&error, span), span))
}

fn add(trace: &Rc<Trace>, a: NodeId, b: NodeId, span: Span) -> Result<NodeId> {
    trace.add(|g| g.binary(Binary::Add, a, b, span)).or_else(|error| fail(TraceError::shape(&error, span), span))
}

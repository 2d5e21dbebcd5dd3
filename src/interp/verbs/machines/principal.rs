//! Principal components of samples: of those near a density, for calculations without orbitals, and of all of them, as fields.

use crate::interp::Interpreter;
use crate::interp::call::{Args, mismatch};
use crate::interp::error::{Placed, fail};
use crate::interp::value::{Field, FieldBasis, Value};
use crate::ks::Projection;
use crate::learn::{Basis, Inputs, LearnError};
use crate::model::Grid;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// Samples, fields of one channel on one grid.
struct Samples {
    fields: Vec<Rc<Field>>,
    grid: Arc<Grid>,
}

impl Samples {
    /// Those of an argument: a list, or a machine that has learned from them.
    fn from_args(interp: &mut Interpreter, args: &Args, name: &str) -> Result<Self> {
        let given = args.arg(name)?.clone();
        let items: Vec<Value> = match &given.value {
            Value::Machine(machine) => match machine.member("inputs") {
                Some(Value::List(inputs)) => inputs.iter().cloned().collect(),
                _ => Vec::new(),
            },
            _ => args.list(interp, name)?.iter().cloned().collect(),
        };
        let mut fields: Vec<Rc<Field>> = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Field(field) if field.channels == 1 => fields.push(field),
                other => return mismatch("samples", "densities, fields of one channel", &other, None, given.span),
            }
        }
        let wrong = |message: &str, help: Option<&str>| args.wrong(given.span, message, help.map(str::to_owned));
        let Some(grid) = fields.first().map(|first| first.grid.clone()) else {
            return wrong("there are no samples", Some("give densities to find principal components of"));
        };
        if fields.iter().any(|field| *field.grid != *grid) {
            return wrong("the samples are on different grids", Some("make all of them on one grid"));
        }
        if fields.iter().any(|field| field.data.iter().any(|x| !x.is_finite())) {
            return wrong("a sample is not finite somewhere", None);
        }
        Ok(Self { fields, grid })
    }

    /// All values, one sample after the other.
    fn rows(&self) -> Vec<f64> {
        self.fields.iter().flat_map(|field| field.data.iter().copied()).collect()
    }
}

/// Samples that cannot be analysed.
fn odd<T>(error: LearnError, span: Span) -> Result<T> {
    fail(Placed::new(error, span, "these samples"), span)
}

/// `principal(samples, neighbours: …, dimensions: …)`.
pub(super) fn local(interp: &mut Interpreter, args: &Args) -> Result<Value> {
    let samples = Samples::from_args(interp, args, "of")?;
    let count = samples.fields.len();
    let (neighbours, dimensions) = (args.whole("neighbours")?, args.whole("dimensions")?);
    if dimensions == 0 {
        return args.wrong(args.span_of("dimensions"), "at least one dimension is needed", None);
    }
    if neighbours > count && args.has("neighbours") {
        let message = format!("there are only {count} samples, but {neighbours} neighbours are asked for");
        return args.wrong(args.span_of("neighbours"), message, Some("ask for fewer, or give more samples".into()));
    }
    let neighbours = neighbours.min(count);
    if dimensions >= neighbours {
        let message =
            format!("{neighbours} neighbours have at most {} principal components", neighbours.saturating_sub(1));
        let help = "more `neighbours:`, or fewer `dimensions:`";
        return args.wrong(args.span_of("dimensions"), message, Some(help.into()));
    }
    let (rows, grid) = (samples.rows(), samples.grid);
    let samples = Arc::new(Inputs::new(rows, grid.points, grid.spacing));
    samples.check(&samples.distances()).or_else(|error| odd(error, args.span_of("of")))?;
    Ok(Value::Basis(FieldBasis::Near(Rc::new(Projection { samples, grid, neighbours, dimensions }))))
}

/// `principal_components(samples, count: …)`.
pub(super) fn components(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let samples = Samples::from_args(interp, args, "samples")?;
    let (given, wanted) = (samples.fields.len(), args.whole("count")?);
    if wanted == 0 {
        return args.wrong(args.span_of("count"), "at least one component is needed", None);
    }
    let (rows, grid) = (samples.rows(), samples.grid);
    let (points, spacing) = (grid.points, grid.spacing);
    interp.afford(8 * (given * points + given.min(points).pow(2)) as u64, "this analysis", args.span)?;
    let data = rows.clone();
    let long = given.min(points) > 300;
    let found =
        interp.stoppable(long, args.span, move || Basis::Principal(wanted).expansion(&data, points, spacing))?;
    let found = found.or_else(|error| odd(error, args.span_of("samples")))?;
    let count = found.functions.len() / points.max(1);
    if count < wanted {
        let message = format!(
            "{given} samples have {count} principal component{}, fewer than {wanted}",
            if count == 1 { "" } else { "s" }
        );
        return args.wrong(args.span_of("count"), message, Some("ask for fewer, or give more samples".into()));
    }
    let mut variances = vec![0.0; wanted];
    for row in rows.chunks(points) {
        let all = found.coefficients(row);
        variances.iter_mut().zip(all).for_each(|(sum, c)| *sum += c * c / given as f64);
    }
    if variances.iter().any(|variance| !variance.is_finite()) {
        return args.wrong(args.span_of("samples"), "the samples are too large: their squares are not finite", None);
    }
    let doubt = samples.fields.iter().any(|field| field.unconverged);
    let field = |data: &[f64]| Value::Field(Rc::new(Field::simple(grid.clone(), data.to_vec()).doubted(doubt)));
    Ok(Value::record([
        ("mean", field(&found.mean)),
        ("components", Value::list(found.functions.chunks(points).map(field).collect())),
        ("variances", Value::list(variances.into_iter().map(Value::plain).collect())),
    ]))
}

//! What a machine learns from, read from the arguments of a call.

use super::{basis, failed};
use crate::interp::Interpreter;
use crate::interp::call::Args;
use crate::interp::error::Placed;
use crate::interp::value::{Form, Machine, Value};
use crate::lang::Dimension;
use crate::learn::{Basis, Expansion, Inputs, LearnError};
use crate::model::Grid;
use crate::number::brief;
use crate::problem::{Problem, Result};
use crate::source::Span;
use faer::Mat;
use miette::Diagnostic;
use std::rc::Rc;
use thiserror::Error;

/// What there is to tell about a machine.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub(crate) enum LearnNote {
    /// The best width or noise is the last of those that were tried: others may be better.
    ///
    /// What to do: give more, `widths:` or `noises:`, beyond that end.
    #[error("the best of the {name} that were tried is the last of them, {chosen}", chosen = brief(*chosen))]
    #[diagnostic(
        code(ksr::learn::at_end),
        severity(Advice),
        help("others may be better: give `{name}:` beyond that end")
    )]
    AtEnd { name: &'static str, chosen: f64 },
    /// The noise is smaller than the rounding errors of the kernel matrix: inputs are too alike for the width, and the weights are large
    /// and cancel. Predictions have fewer digits than outputs, and differ between processors.
    ///
    /// What to do: take a larger noise or a smaller width, or leave out inputs that are nearly the same; `cross_validate` chooses both.
    #[error(
        "the kernel matrix is ill-conditioned: the noise is lost in its rounding errors (its condition number is about 1e{digits:.0})",
        digits = condition.log10()
    )]
    #[diagnostic(
        code(ksr::learn::condition),
        severity(Warning),
        help("take a larger `noise:` or a smaller width; `cross_validate` chooses both")
    )]
    Condition { condition: f64 },
    /// A machine knows what is like its inputs. The density that a calculation found with it is farther from all of them than they are from
    /// each other, and what the machine gives there is a guess.
    ///
    /// What to do: learn from densities of systems like this one. Where the machine is a kinetic functional, minimise among densities like its
    /// inputs: `projected: principal(machine)`.
    #[error(
        "the density of `{system}` is {distance} from the nearest one that the machine of `{functional}` has seen, and each of these at most \
         {among} from its nearest",
        distance = brief(*distance),
        among = brief(*among)
    )]
    #[diagnostic(
        code(ksr::learn::far),
        severity(Warning),
        help(
            "what it gives there is a guess: learn from systems like this one, or minimise with `projected: principal(…)` among densities like \
             its inputs"
        )
    )]
    Far { system: String, functional: String, distance: f64, among: f64 },
}

/// How much farther than its inputs are from each other a density is told of.
const FAR: f64 = 1.5;

impl Interpreter {
    /// Warns if a density is unlike all that machines have learned from.
    pub(in crate::interp::verbs) fn check_near(
        &mut self,
        machines: &[Rc<Machine>],
        (density, grid): (&[f64], &Grid),
        (system, functional): (&str, &str),
        span: Span,
    ) {
        for machine in machines {
            if !matches!(&machine.input, Form::Field(own) if **own == *grid) {
                continue;
            }
            let inputs = &machine.learned.inputs;
            let Some(among) = *machine.loneliest.get_or_init(|| inputs.loneliest()) else { continue };
            let distance = inputs.distances_from(density).into_iter().fold(f64::INFINITY, f64::min);
            if distance > FAR * among {
                let note =
                    LearnNote::Far { system: system.to_owned(), functional: functional.to_owned(), distance, among };
                self.warn_with(Problem::new(Placed::new(note, span, "here"), span), false);
            }
        }
    }
}

/// Inputs and outputs.
pub(super) struct Data {
    pub inputs: Inputs,
    /// Between all inputs, row by row.
    pub distances: Vec<f64>,
    pub input: Form,
    pub output: Form,
    pub basis: Basis,
    pub expansion: Option<Expansion>,
    /// What is learned, an input per row.
    pub outputs: Mat<f64>,
    pub unconverged: bool,
}

impl Data {
    /// From the arguments `inputs`, `outputs` and `basis`.
    pub fn from_args(interp: &mut Interpreter, args: &Args) -> Result<Self> {
        let (input, rows, doubt) = column(interp, args, "inputs", "input")?;
        let (output, out_rows, other_doubt) = column(interp, args, "outputs", "output")?;
        let count = rows.len();
        if count != out_rows.len() {
            return failed(LearnError::Lengths { inputs: count, outputs: out_rows.len() }, args);
        }
        interp.afford(8 * 6 * (count * count) as u64, "the kernel matrix", args.span)?;
        let inputs = Inputs::new(rows.concat(), input.length(), input.measure());
        let distances = inputs.distances();
        inputs.check(&distances).or_else(|error| failed(error, args))?;
        if let Some(index) = out_rows.iter().position(|row| row.iter().any(|x| !x.is_finite())) {
            return failed(LearnError::NotFinite { what: "output", index }, args);
        }
        let basis = basis(args)?;
        let expansion = match (&output, basis) {
            (Form::Field(grid), _) => {
                let found = basis.expansion(&out_rows.concat(), grid.points, grid.spacing);
                Some(found.or_else(|error| failed(error, args))?)
            }
            (_, Basis::Grid) => None,
            _ => {
                let message = "`basis:` is for fields, and the outputs are numbers or lists";
                return args.wrong(args.span_of("basis"), message, None);
            }
        };
        let learned: Vec<Vec<f64>> = match &expansion {
            Some(expansion) => out_rows.iter().map(|row| expansion.coefficients(row)).collect(),
            None => out_rows,
        };
        let wide = learned.first().map_or(0, Vec::len);
        let outputs = Mat::from_fn(count, wide, |i, j| learned[i][j]);
        Ok(Data { inputs, distances, input, output, basis, expansion, outputs, unconverged: doubt || other_doubt })
    }

    /// Only some of them, fields around the mean of these.
    pub fn only(&self, which: &[usize]) -> Self {
        let rows: Vec<&[f64]> = self.inputs.rows().collect();
        let numbers = which.iter().flat_map(|i| rows[*i]).copied().collect();
        let inputs = Inputs::new(numbers, self.inputs.length(), self.inputs.measure());
        let mut outputs = Mat::from_fn(which.len(), self.outputs.ncols(), |i, j| self.outputs[(which[i], j)]);
        let mut expansion = self.expansion.clone();
        if let Some(expansion) = &mut expansion {
            for (j, mean) in expansion.mean.iter_mut().enumerate() {
                let own = (0..which.len()).map(|i| outputs[(i, j)]).sum::<f64>() / which.len() as f64;
                (0..which.len()).for_each(|i| outputs[(i, j)] -= own);
                *mean += own;
            }
        }
        Self {
            distances: inputs.distances(),
            inputs,
            input: self.input.clone(),
            output: self.output.clone(),
            basis: self.basis,
            expansion,
            outputs,
            unconverged: self.unconverged,
        }
    }

    /// An output as it was given.
    pub fn given(&self, index: usize) -> Vec<f64> {
        let learned: Vec<f64> = (0..self.outputs.ncols()).map(|j| self.outputs[(index, j)]).collect();
        self.expansion.as_ref().map_or(learned.clone(), |expansion| expansion.field(&learned))
    }

    /// The size of an error: of a number its own, of a list the mean, of a field ∫ |error| dx.
    pub fn size(&self, error: &[f64]) -> f64 {
        let sum = |all: &[f64]| all.iter().map(|x| x.abs()).sum::<f64>();
        match &self.output {
            Form::Field(grid) => grid.spacing * sum(error),
            Form::Number(_) | Form::List(_) => sum(error) / error.len().max(1) as f64,
        }
    }

    /// The median distance of two inputs.
    pub fn median(&self) -> f64 {
        let mut all: Vec<f64> = self.distances.iter().copied().filter(|d| *d > 0.0).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(1.0)
    }

    /// The dimension of an error.
    pub fn error_dimension(&self) -> Dimension {
        if let Form::Number(dim) = self.output { dim } else { Dimension::PLAIN }
    }
}

/// A list of values of one form, and whether any of them comes from a calculation that did not converge.
fn column(
    interp: &mut Interpreter,
    args: &Args,
    name: &str,
    what: &'static str,
) -> Result<(Form, Vec<Vec<f64>>, bool)> {
    let list = args.list(interp, name)?;
    let mut all: Option<Form> = None;
    let mut rows = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let Some((form, row)) = Form::of(item) else {
            let message = format!("{what} {index} is {}, not a number, a list of numbers, or a field", item.kind());
            return args.wrong(args.span_of(name), message, Some("they are counted from 0".into()));
        };
        match &mut all {
            None => all = Some(form),
            Some(first) if first.takes(&form) => {
                if let (Form::Number(a), Form::Number(b)) = (&mut *first, &form) {
                    *a = a.agree(*b).unwrap_or(*a);
                }
            }
            Some(first) => {
                let (found, expected) = (form.words(), first.words());
                return failed(LearnError::Unequal { what, index, found, expected }, args);
            }
        }
        rows.push(row);
    }
    match all {
        Some(form) => Ok((form, rows, !list.iter().all(Value::converged))),
        None => failed(LearnError::TooFew { found: 0, least: 1 }, args),
    }
}

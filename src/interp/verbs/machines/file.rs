//! Machines as JSON: what is needed to calculate with them elsewhere, by name.

use crate::interp::value::{Closure, Form, KernelFunction, Machine};
use crate::lang::Dimension;
use crate::learn::{Basis, Expansion, Head, Inputs, Machine as Learned, Profile};
use crate::model::{Grid, Wall};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// What a file says first, so that it can be told from others.
const FORMAT: &str = "ksr machine 1";
/// How to calculate with it.
const ABOUT: &str = "output = mean + sum over basis functions of the coefficients; without basis functions the coefficients are the values at the points; coefficient = sum over inputs j of weight_j * kernel(distance_j / width); \
                     the distance of fields is sqrt(spacing * sum of squared differences), of lists sqrt(sum of squared differences); \
                     gaussian: exp(-r^2 / 2), laplace: exp(-r); otherwise kernel is the text of a function in ksr, the last definition in it";

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    about: String,
    kernel: String,
    inputs: Values,
    outputs: FormOf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basis: Option<BasisOf>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unconverged: bool,
    heads: Vec<HeadOf>,
}

#[derive(Serialize, Deserialize)]
struct Values {
    form: FormOf,
    /// One per input.
    values: Vec<Vec<f64>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormOf {
    /// Twice the powers of energy and length: in hartree and bohr.
    Number {
        twice_energy: i16,
        twice_length: i16,
    },
    List {
        length: usize,
    },
    Field {
        points: usize,
        spacing: f64,
        start: f64,
        stencil: usize,
        wall: String,
    },
}

#[derive(Serialize, Deserialize)]
struct BasisOf {
    name: String,
    count: usize,
    mean: Vec<f64>,
    functions: Vec<Vec<f64>>,
}

#[derive(Serialize, Deserialize)]
struct HeadOf {
    width: f64,
    noise: f64,
    condition: f64,
    /// Which outputs or coefficients, counted from 0.
    outputs: Vec<usize>,
    /// One list per input.
    weights: Vec<Vec<f64>>,
}

impl FormOf {
    fn of(form: &Form) -> Self {
        match form {
            Form::Number(dim) => FormOf::Number { twice_energy: dim.energy, twice_length: dim.length },
            Form::List(length) => FormOf::List { length: *length },
            Form::Field(grid) => FormOf::Field {
                points: grid.points,
                spacing: grid.spacing,
                start: grid.start,
                stencil: grid.stencil,
                wall: if grid.wall == Wall::Odd { "odd" } else { "zero" }.to_owned(),
            },
        }
    }

    fn form(self) -> Result<Form, String> {
        Ok(match self {
            FormOf::Number { twice_energy, twice_length } => {
                Form::Number(Dimension { energy: twice_energy, length: twice_length, ..Dimension::PLAIN })
            }
            FormOf::List { length: 0 } => return Err("a list has no numbers".into()),
            FormOf::List { length } => Form::List(length),
            FormOf::Field { points, spacing, start, stencil, wall } => {
                let wall = match &*wall {
                    "odd" => Wall::Odd,
                    "zero" => Wall::Zero,
                    other => return Err(format!("there is no wall {other:?}")),
                };
                let grid = Grid { points, spacing, start, stencil, wall };
                grid.validate().map_err(|error| error.to_string())?;
                Form::Field(Arc::new(grid))
            }
        })
    }
}

/// A machine as text, with the name of its kernel or the text of its definition; `Err`: why it cannot be.
pub(crate) fn written(machine: &Machine, kernel: String) -> Result<String, String> {
    let rows = |of: &[f64], length: usize| of.chunks(length.max(1)).map(<[f64]>::to_vec).collect();
    let learned = &machine.learned;
    let basis = machine.expansion.as_ref().map(|expansion| BasisOf {
        name: match machine.basis {
            Basis::Grid => "grid",
            Basis::Fourier(_) => "fourier",
            Basis::Principal(_) => "principal",
        }
        .to_owned(),
        count: expansion.count(),
        mean: expansion.mean.clone(),
        functions: rows(&expansion.functions, expansion.mean.len()),
    });
    let head = |head: &Head| HeadOf {
        width: head.width,
        noise: head.noise,
        condition: head.condition,
        outputs: head.outputs.clone(),
        weights: rows(&head.weights, head.outputs.len()),
    };
    let file = File {
        format: FORMAT.into(),
        about: ABOUT.into(),
        kernel,
        inputs: Values {
            form: FormOf::of(&machine.input),
            values: rows(learned.inputs.flat(), learned.inputs.length()),
        },
        outputs: FormOf::of(&machine.output),
        basis,
        unconverged: machine.unconverged,
        heads: learned.heads.iter().map(head).collect(),
    };
    let mut text = serde_json::to_string(&file).map_err(|error| error.to_string())?;
    // One list per line.
    text = text.replace("],[", "],\n[").replace("\":[[", "\":[\n[").replace("]],", "]\n],");
    text.push('\n');
    Ok(text)
}

/// The machine in a text, whose kernel, if it has no name, is the function that `defined` finds in its definition; `Err`: what is wrong
/// with it.
pub(crate) fn read(text: &str, defined: impl FnOnce(&str) -> Result<Rc<Closure>, String>) -> Result<Machine, String> {
    let file: File =
        serde_json::from_str(text).map_err(|error| format!("it is not a machine that ksr saved: {error}"))?;
    if file.format != FORMAT {
        return Err(format!("its format is {:?}, not {FORMAT:?}", file.format));
    }
    let kernel = match Profile::named(&file.kernel) {
        Some(profile) => KernelFunction::Known(profile),
        None if file.kernel.contains('=') => KernelFunction::Own(defined(&file.kernel)?),
        None => return Err(format!("there is no kernel {:?}", file.kernel)),
    };
    let (input, output) = (file.inputs.form.form()?, file.outputs.form()?);
    let count = file.inputs.values.len();
    let inputs = flat(file.inputs.values, input.length(), "an input")?;
    let (basis, expansion) = match file.basis {
        None => (Basis::Grid, None),
        Some(basis) => {
            let Form::Field(grid) = &output else { return Err("a basis is for fields".into()) };
            let kind = match &*basis.name {
                "grid" => Basis::Grid,
                "fourier" => Basis::Fourier(basis.count),
                "principal" => Basis::Principal(basis.count),
                other => return Err(format!("there is no basis {other:?}")),
            };
            let mean = flat(vec![basis.mean], grid.points, "the mean")?;
            let functions = flat(basis.functions, grid.points, "a basis function")?;
            (kind, Some(Arc::new(Expansion { mean, functions, spacing: grid.spacing })))
        }
    };
    let outputs = expansion.as_ref().map_or(output.length(), |expansion| expansion.count());
    let mut heads = Vec::with_capacity(file.heads.len());
    for HeadOf { width, noise, condition, outputs: which, weights } in file.heads {
        if which.iter().any(|output| *output >= outputs) {
            return Err("a head has an output that there is not".into());
        }
        if weights.len() != count || width.is_nan() || width <= 0.0 {
            return Err("a head has no weights for some inputs, or no positive width".into());
        }
        let weights = flat(weights, which.len(), "the weights of an input")?;
        heads.push(Head { width, noise, outputs: which, weights, condition });
    }
    Ok(Machine {
        learned: Learned { inputs: Inputs::new(inputs, input.length(), input.measure()), heads, outputs },
        kernel,
        input,
        output,
        basis,
        expansion,
        tried: None,
        unconverged: file.unconverged,
        loneliest: OnceCell::new(),
    })
}

/// Rows of one length as one list of finite numbers.
fn flat(rows: Vec<Vec<f64>>, length: usize, what: &str) -> Result<Vec<f64>, String> {
    match rows.iter().find(|row| row.len() != length) {
        Some(row) => Err(format!("{what} has {} numbers, not {length}", row.len())),
        None => Ok(rows.concat()),
    }
}

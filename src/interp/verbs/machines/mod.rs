//! Kernel ridge regression: machines that learn numbers, lists and fields from examples, and what they are called on.

mod apply;
mod curve;
mod data;
mod file;
mod principal;
#[cfg(test)]
mod tests;

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Param, function, named, optional, required, shown};
use crate::interp::error::{Placed, fail};
use crate::interp::value::{FieldBasis, Kernel, KernelFunction, Machine, Table, Value};
use crate::lang::Kind;
use crate::learn::{
    Basis, Candidate, Choice, LearnError, Machine as Learned, Profile, Scores, choose, fit, least_noise, scores,
};
use crate::problem::{Problem, Result};
use crate::source::Span;
use data::{Data, LearnNote};
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

pub(super) use file::read as read_machine;
pub(crate) use file::written as written_machine;

const INPUTS: &str = "numbers, lists of numbers of one length, or fields on one grid";
const OUTPUTS: &str = "one for each input: numbers, lists of numbers of one length, or fields on one grid";

/// Widths that are tried, as powers of the root of 2 times the median distance of the inputs.
const WIDTHS: std::ops::RangeInclusive<i32> = -4..=14;
/// Noises that are tried, as powers of the root of 10, if they are not lost in rounding.
const NOISES: std::ops::RangeInclusive<i32> = -32..=-4;

/// What functions of a distance are given.
const PROFILE: &[Param] = &[
    optional("strength", &[Kind::Quantity], DefaultValue::Number(1.0)).about("of a repulsion, hartree; a kernel has 1"),
    optional("width", &[Kind::Quantity], DefaultValue::Number(1.0)),
];

/// Kernel matrices, row by row, with the width of each.
type Kernels = Arc<Vec<(f64, Vec<f64>)>>;

pub(crate) const MACHINES: &[Builtin] = &[
    function(
        "ridge",
        &[
            required("inputs", &[Kind::List]).about(INPUTS),
            required("outputs", &[Kind::List]).about(OUTPUTS),
            required("kernel", &[Kind::Kernel, Kind::Function])
                .about("how alike two inputs are: `gaussian(width: …)`, `laplace(width: …)`, or a function of their distance"),
            optional("noise", &[Kind::Number], DefaultValue::Number(1e-12)).about("added to the diagonal of the kernel matrix"),
            optional("basis", &[Kind::Basis], DefaultValue::Absent("the grid"))
                .about("in what fields are expanded before they are learned: `fourier(200)`, `principal(25)`"),
        ],
        &[Kind::Machine],
        "kernel ridge regression: learns outputs from inputs, as sums Σ w_j k(|x - x_j|) over the inputs with the weights w = (K + noise)^-1 y \
         (J. C. Snyder et al., Phys. Rev. Lett. 108, 253002 (2012)). The distance of fields is (∫ (n - n')² dx)^1/2, so that a width does not \
         depend on the grid; of lists it is that of vectors. The machine is called on an input, also in the body of a functional, with its \
         derivative",
        &["kernel ridge regression", "krr", "machine learning", "gaussian process", "fit", "interpolate"],
        &[shown(
            "let xs = [0.2 * k for k in 0 .. 10]\nlet machine = ridge(xs, [sin(x) for x in xs], kernel: gaussian(width: 1), noise: 1e-10)\n\
             machine(0.5) - sin(0.5)",
        )],
        ridge,
    ),
    function(
        "cross_validate",
        &[
            required("inputs", &[Kind::List]).about(INPUTS),
            required("outputs", &[Kind::List]).about(OUTPUTS),
            optional("kernel", &[Kind::Kernel, Kind::Function], DefaultValue::Absent("gaussian"))
                .about("`gaussian`, `laplace`, or a function of the distance in widths; with a width, `gaussian(width: 2)`, only the noise is chosen"),
            optional("folds", &[Kind::Whole], DefaultValue::Number(5.0))
                .about("into so many parts the inputs are divided, input i into part i modulo folds, and each is left out once"),
            named("widths", &[Kind::List], DefaultValue::Absent("from 1/4 to 128 times the median distance of the inputs")),
            named("noises", &[Kind::List], DefaultValue::Absent("two in each decade, from what is not lost in rounding to 0.01")),
            named("basis", &[Kind::Basis], DefaultValue::Absent("the grid"))
                .about(
                    "of principal components each gets a width and a noise of its own; waves share them, so that what holds for all outputs, such as a \
                     0 at a wall, holds for predictions",
                ),
        ],
        &[Kind::Machine],
        "the machine of `ridge` with the width and noise whose mean error is smallest where parts of the data are left out; `.tried` is the \
         table of all that were tried",
        &["cross-validation", "hyperparameters", "kernel ridge regression", "krr", "folds"],
        &[shown(
            "let xs = [0.2 * k for k in 0 .. 10]\nlet machine = cross_validate(xs, [sin(x) for x in xs])\nmachine.width\nmachine(0.5) - sin(0.5)",
        )],
        cross_validate,
    ),
    function(
        "learning_curve",
        &[
            required("inputs", &[Kind::List]).about(INPUTS),
            required("outputs", &[Kind::List]).about(OUTPUTS),
            required("sizes", &[Kind::List]).about("how many of the inputs are learned from"),
            optional("kernel", &[Kind::Kernel, Kind::Function], DefaultValue::Absent("gaussian")).about("as in `cross_validate`"),
            optional("folds", &[Kind::Whole], DefaultValue::Number(5.0)).about("as in `cross_validate`, or as many as there are inputs"),
            named("choose", &[Kind::Quoted(curve::CHOICES)], DefaultValue::Value("\"evenly\"", || Value::text(curve::CHOICES[0]))).about(
                "which inputs: \"evenly\" spaced in the list, both ends among them; \"randomly\", by `seed:`; or \"actively\": after the \
                 smallest size, taken evenly, always the one at which the machine so far has the largest `uncertainty`",
            ),
            named("seed", &[Kind::Whole], DefaultValue::Number(0.0)),
            named("widths", &[Kind::List], DefaultValue::Absent("as in `cross_validate`")),
            named("noises", &[Kind::List], DefaultValue::Absent("as in `cross_validate`")),
        ],
        &[Kind::Table],
        "how the errors of `cross_validate` fall with the number of inputs it learns from: a table of `size`, the mean and the largest error \
         for all inputs that were not learned from (of fields ∫ |error| dx), the `width` and `noise` chosen, and the places in the list of the \
         inputs learned from, `chosen`",
        &["learning curve", "active learning", "generalisation", "training set size"],
        &[shown("let xs = [0.1 * k for k in 0 .. 30]\nlearning_curve(xs, [sin(x) for x in xs], sizes: [4, 6, 8])")],
        curve::learning_curve,
    ),
    function(
        "gaussian",
        PROFILE,
        &[Kind::Kernel],
        "a function of a distance r, strength exp(-r²/(2 width²)): the kernel of `ridge`, between inputs at that distance, or an `interaction:`",
        &["kernel", "rbf", "radial basis function", "interaction", "repulsion"],
        &[shown("ridge([0, 1, 2], [0, 1, 4], kernel: gaussian(width: 2))(1.5)"), shown("gaussian(strength: 3)(0.5)")],
        |_, args| known(args, Profile::Gaussian),
    ),
    function(
        "laplace",
        PROFILE,
        &[Kind::Kernel],
        "a function of a distance r, strength exp(-r/width): the kernel of `ridge`, between inputs at that distance, or an `interaction:`",
        &["kernel", "laplacian kernel", "exponential"],
        &[shown("ridge([0, 1, 2], [0, 1, 4], kernel: laplace(width: 2))(1.5)")],
        |_, args| known(args, Profile::Laplace),
    ),
    function(
        "fourier",
        &[required("count", &[Kind::Whole])],
        &[Kind::Basis],
        "a basis for the fields that a machine learns: so many waves with the period of the grid (and one point more, beyond whose ends fields \
         vanish), a constant first, then cosines and sines in turn",
        &["basis", "sine", "cosine", "expansion"],
        &[shown("fourier(20)")],
        |_, args| Ok(Value::Basis(FieldBasis::Of(Basis::Fourier(args.whole("count")?)))),
    ),
    function(
        "principal",
        &[
            required("of", &[Kind::Whole, Kind::List, Kind::Machine])
                .about("how many, of the outputs that a machine learns; or samples, densities (or a machine that has learned from them)"),
            optional("neighbours", &[Kind::Whole], DefaultValue::Number(30.0)).about("of samples: how many of them, the nearest ones"),
            optional("dimensions", &[Kind::Whole], DefaultValue::Number(5.0)).about("of samples: how many components"),
        ],
        &[Kind::Basis],
        "principal components. With a number, a basis for the fields that a machine learns: so many of the outputs it is given. With samples, \
         those of the samples nearest to a density, for `projected:` of `solve`, which then minimises among densities like these (J. C. Snyder \
         et al., Phys. Rev. Lett. 108, 253002 (2012))",
        &["basis", "pca", "principal components", "expansion", "projection", "projected"],
        &[shown("principal(8)")],
        |interp, args| match &args.arg("of")?.value {
            Value::Number(_) => Ok(Value::Basis(FieldBasis::Of(Basis::Principal(args.whole("of")?)))),
            _ => principal::local(interp, args),
        },
    ),
    function(
        "principal_components",
        &[
            required("samples", &[Kind::List, Kind::Machine]).about("fields on one grid, or a machine that has learned from them"),
            optional("count", &[Kind::Whole], DefaultValue::Number(5.0)),
        ],
        &[Kind::Record],
        "what samples differ in: a record of their `mean`, the `components`, fields φ with ∫ φ_k φ_l dx = δ_kl, that of the largest variance \
         first, and the `variances` of the coefficients ∫ φ_k (n - mean) dx; in the body of a functional these coefficients are a few numbers \
         for the whole density",
        &["pca", "principal components", "descriptors", "dimension reduction", "singular value decomposition"],
        &[shown(
            "let g = uniform(points: 101, spacing: 0.1)\nlet found = principal_components([exp(-(g.x - a)^2) for a in [-1, 0, 1]], count: 2)\n\
             found.variances",
        )],
        principal::components,
    ),
    function(
        "uncertainty",
        &[required("machine", &[Kind::Machine]), required("input", &[Kind::Quantity, Kind::List, Kind::Field])],
        &[Kind::Number],
        "how little a machine knows at an input: the root of k(0) - k^T (K + noise)^-1 k, from 0 at what it has seen to 1 far from everything \
         (the standard deviation of a Gaussian process of variance 1). The input with the largest one is the best to calculate next",
        &["variance", "active learning", "gaussian process", "error bar"],
        &[shown("let machine = ridge([0, 1, 2], [0, 1, 4], kernel: gaussian(width: 1))\nuncertainty(machine, 1.5) < uncertainty(machine, 3)")],
        apply::uncertainty,
    ),
];

fn known(args: &Args, profile: Profile) -> Result<Value> {
    let width = args.quantity("width")?.value;
    positive(width, "width", args)?;
    let strength = args.quantity("strength")?.value;
    if !strength.is_finite() {
        return args.wrong(args.span_of("strength"), "a strength must be finite", None);
    }
    Ok(Value::Kernel(Rc::new(Kernel { profile, width, strength })))
}

fn positive(x: f64, name: &str, args: &Args) -> Result<()> {
    if x > 0.0 && x.is_finite() {
        return Ok(());
    }
    let message = format!("{} must be positive, not {}", args.what(name), crate::number::brief(x));
    args.wrong(args.span_of(name), message, None)
}

/// A function with a width, if it has one: a kernel, `gaussian` itself, or a user's function.
fn kernel(args: &Args) -> Result<(KernelFunction, Option<f64>)> {
    let Some(given) = args.get("kernel") else { return Ok((KernelFunction::Known(Profile::Gaussian), None)) };
    match &given.value {
        Value::Kernel(kernel) if kernel.strength != 1.0 => {
            let help = "more strength is less noise: divide `noise:` by it";
            args.wrong(given.span, "a kernel has a strength of 1", Some(help.into()))
        }
        Value::Kernel(kernel) => Ok((KernelFunction::Known(kernel.profile), Some(kernel.width))),
        Value::Function(closure) => Ok((KernelFunction::Own(closure.clone()), None)),
        other => {
            let known = if let Value::Builtin(builtin) = other { Profile::named(builtin.name) } else { None };
            let wanted = "a kernel, such as `gaussian(width: 2)`, or a function of the distance";
            known.map_or_else(
                || args.mismatch("kernel", wanted, None),
                |profile| Ok((KernelFunction::Known(profile), None)),
            )
        }
    }
}

fn basis(args: &Args) -> Result<Basis> {
    match args.get("basis").map(|arg| &arg.value) {
        Some(Value::Basis(FieldBasis::Of(basis))) => Ok(*basis),
        Some(_) => {
            args.mismatch("basis", "a basis of one set of functions", Some("for example `principal(25)`".into()))
        }
        None => Ok(Basis::Grid),
    }
}

/// An error at the argument it is about.
fn failed<T>(error: LearnError, args: &Args) -> Result<T> {
    let (name, label) = match &error {
        LearnError::NotFinite { what: "output", .. }
        | LearnError::Unequal { what: "output", .. }
        | LearnError::Lengths { .. } => ("outputs", "these outputs"),
        LearnError::Basis { .. } => ("basis", "this basis"),
        LearnError::Kernel { .. } => ("kernel", "this kernel"),
        _ => ("inputs", "these inputs"),
    };
    let place = args.span_of(name);
    fail(Placed::new(error, place, label), place)
}

fn ridge(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (function, width) = kernel(args)?;
    if let (KernelFunction::Known(profile), None) = (&function, width) {
        let name = profile.name();
        let help = format!("`kernel: {name}(width: 2)`; `cross_validate(inputs, outputs, kernel: {name})` chooses one");
        return args.wrong(args.span_of("kernel"), format!("`{name}` needs a width here"), Some(help));
    }
    let noise = args.number("noise")?;
    if !(noise >= 0.0 && noise.is_finite()) {
        let message = format!("{} must be 0 or positive, not {}", args.what("noise"), crate::number::brief(noise));
        return args.wrong(args.span_of("noise"), message, None);
    }
    let data = Data::from_args(interp, args)?;
    let candidate = Candidate { width: width.unwrap_or(1.0), noise };
    let all = (0..data.outputs.ncols()).collect();
    let kernels = interp.kernel_matrices(&function, &data.distances, &[candidate.width], args)?;
    learned(interp, args, (data, function), (kernels, vec![Choice { candidate, outputs: all }]), None)
}

fn cross_validate(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (function, width) = kernel(args)?;
    let data = Data::from_args(interp, args)?;
    let folds = folds(args, data.inputs.count())?;
    validated(interp, args, (data, function), (width, folds), true)
}

/// Into how many parts so many inputs are divided.
fn folds(args: &Args, count: usize) -> Result<usize> {
    let folds = args.whole("folds")?;
    if folds < 2 {
        return args.wrong(args.span_of("folds"), format!("`folds` must be at least 2, not {folds}"), None);
    }
    if folds > count {
        return failed(LearnError::TooFew { found: count, least: folds }, args);
    }
    Ok(folds)
}

/// The machine with the best width (or one that is given) and noise; `notes`: whether there is a word where the best is the last.
fn validated(
    interp: &mut Interpreter,
    args: &Args,
    (data, function): (Data, KernelFunction),
    (width, folds): (Option<f64>, usize),
    notes: bool,
) -> Result<Value> {
    let count = data.inputs.count();
    let widths = match (width, args.has("widths")) {
        (Some(_), true) => {
            let message = "the kernel has a width already";
            return args.wrong(
                args.span_of("widths"),
                message,
                Some("leave out one of them: `kernel: gaussian`".into()),
            );
        }
        (Some(width), false) => vec![width],
        (None, true) => candidates(interp, args, "widths", 0.0)?,
        (None, false) => {
            let median = data.median();
            WIDTHS.map(|k| median * 2f64.powf(0.5 * f64::from(k))).collect()
        }
    };
    let noises = match args.has("noises") {
        true => candidates(interp, args, "noises", -f64::MIN_POSITIVE)?,
        false => {
            let all = NOISES.map(|k| 10f64.powf(0.5 * f64::from(k)));
            all.filter(|noise| *noise >= least_noise(count as f64)).collect()
        }
    };
    let numbers = (count * count * (widths.len() + 3)) as u64;
    interp.afford(
        8 * (numbers + (widths.len() * noises.len() * data.outputs.ncols()) as u64),
        "this cross-validation",
        args.span,
    )?;
    let kernels = interp.kernel_matrices(&function, &data.distances, &widths, args)?;
    let (all, outputs, tried) = (kernels.clone(), data.outputs.clone(), noises.clone());
    let found = interp.unless_stopped(args.span, move |control| scores(&all, &tried, &outputs, folds, control))?;
    interp.check_interrupt(args.span)?;
    let scores = found.or_else(|error| failed(error, args))?;
    let choices = choose(&scores, matches!(data.basis, Basis::Principal(_)));
    let chosen = || choices.iter().map(|choice| choice.candidate);
    let widest = chosen().map(|candidate| candidate.width).find(|width| {
        let (first, last) = ends(&widths, *width);
        widths.len() > 1 && (first || last)
    });
    let noisiest = chosen().map(|candidate| candidate.noise).find(|noise| {
        let (first, last) = ends(&noises, *noise);
        // Less noise than rounding is as good as none.
        noises.len() > 1 && last && !first
    });
    let at_ends = widest.map(|width| ("widths", width)).or(noisiest.map(|noise| ("noises", noise)));
    if let Some((name, chosen)) = at_ends.filter(|_| notes) {
        let span = args.span;
        interp.warn_with(Problem::new(Placed::new(LearnNote::AtEnd { name, chosen }, span, "here"), span), false);
    }
    let table = Rc::new(table_of(&scores, &data));
    learned(interp, args, (data, function), (kernels, choices), Some(table))
}

/// Whether a number is the smallest and whether it is the largest of all.
fn ends(all: &[f64], x: f64) -> (bool, bool) {
    (all.iter().all(|other| *other >= x), all.iter().all(|other| *other <= x))
}

/// Numbers to try, all above `least`.
fn candidates(interp: &mut Interpreter, args: &Args, name: &str, least: f64) -> Result<Vec<f64>> {
    let list = args.list(interp, name)?;
    let number = |value: &Value| if let Value::Number(q) = value { Some(q.value) } else { None };
    let all: Option<Vec<f64>> = list.iter().map(number).collect();
    match all.filter(|all| !all.is_empty() && all.iter().all(|x| *x > least && x.is_finite())) {
        Some(all) => Ok(all),
        None => args.wrong(args.span_of(name), format!("`{name}:` is a list of positive numbers"), None),
    }
}

/// The table of what was tried.
fn table_of(scores: &[Scores], data: &Data) -> Table {
    let dim = data.error_dimension();
    let column = |of: &dyn Fn(&Scores) -> Value| Rc::new(scores.iter().map(of).collect());
    let mean = |one: &Scores| one.mean.iter().sum::<f64>() / one.mean.len().max(1) as f64;
    Table {
        columns: vec![
            ("width".into(), column(&|one| Value::plain(one.candidate.width))),
            ("noise".into(), column(&|one| Value::plain(one.candidate.noise))),
            ("mean_error".into(), column(&|one| Value::of(mean(one), dim))),
            ("largest_error".into(), column(&|one| Value::of(one.largest, dim))),
        ],
    }
}

/// Fits all choices, with the kernel matrices of their widths.
fn learned(
    interp: &mut Interpreter,
    args: &Args,
    (data, kernel): (Data, KernelFunction),
    (kernels, choices): (Kernels, Vec<Choice>),
    tried: Option<Rc<Table>>,
) -> Result<Value> {
    let outputs = data.outputs;
    let wide = outputs.ncols();
    let found = interp.unless_stopped(args.span, move |_| {
        let fitted = |choice: Choice| {
            let Candidate { width, noise } = choice.candidate;
            let (_, matrix) = kernels.iter().find(|(of, _)| *of == width).ok_or(LearnError::Eigen)?;
            fit(matrix, &outputs, choice.outputs, (width, noise))
        };
        choices.into_iter().map(fitted).collect::<std::result::Result<Vec<_>, LearnError>>()
    })?;
    interp.check_interrupt(args.span)?;
    let fitted = found.or_else(|error| failed(error, args))?;
    let lost = fitted.iter().find(|(_, rounded)| *rounded).map(|(head, _)| head.condition);
    if let (Some(condition), None) = (lost, &tried) {
        let span = args.span;
        interp.warn_with(Problem::new(Placed::new(LearnNote::Condition { condition }, span, "here"), span), false);
    }
    let heads = fitted.into_iter().map(|(head, _)| head).collect();
    let learned = Learned { inputs: data.inputs, heads, outputs: wide };
    Ok(Value::Machine(Rc::new(Machine {
        learned,
        kernel,
        input: data.input,
        output: data.output,
        basis: data.basis,
        expansion: data.expansion.map(Arc::new),
        tried,
        unconverged: data.unconverged,
        loneliest: OnceCell::new(),
    })))
}

impl Interpreter {
    /// The kernel matrix of every width.
    fn kernel_matrices(
        &mut self,
        function: &KernelFunction,
        distances: &[f64],
        widths: &[f64],
        args: &Args,
    ) -> Result<Kernels> {
        let span = args.span_of("kernel");
        let mut all = Vec::with_capacity(widths.len());
        for width in widths {
            let mut matrix = Vec::with_capacity(distances.len());
            for distance in distances {
                let k = self.kernel_at(function, distance / width, span)?;
                if !k.is_finite() {
                    return failed(LearnError::Kernel { distance: *distance }, args);
                }
                matrix.push(k);
            }
            all.push((*width, matrix));
        }
        Ok(Arc::new(all))
    }

    /// The kernel at a distance in widths.
    pub(super) fn kernel_at(&mut self, function: &KernelFunction, r: f64, span: Span) -> Result<f64> {
        match function {
            KernelFunction::Known(profile) => Ok(profile.at(r)),
            KernelFunction::Own(closure) => {
                let value = self.apply(&Value::Function(closure.clone()), vec![Value::plain(r)], span)?;
                match value {
                    Value::Number(q) => Ok(q.value),
                    other => crate::interp::call::mismatch("the kernel", "a number", &other, None, span),
                }
            }
        }
    }
}

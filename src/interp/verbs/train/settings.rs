//! The options that say how to train.

use super::super::scf::{from_value, training};
use crate::interp::Interpreter;
use crate::interp::call::{Args, DefaultValue, Param, mismatch, optional};
use crate::interp::trace::Ready;
use crate::interp::value::Value;
use crate::ks::{Mixing, ScfOptions};
use crate::lang::{Dimension, Kind};
use crate::model::Interaction;
use crate::problem::Result;
use crate::train::{Budget, Gradient, Optimizer, Plan};

/// An option that says how to train: its declaration, and how it changes the plan.
pub(super) struct Setting {
    pub param: Param,
    pub set: fn(&mut Interpreter, &Args, &mut Plan) -> Result<()>,
}

/// All of them.
pub(super) const SETTINGS: [Setting; 7] = [
    Setting {
        param: optional(
            "optimizer",
            &[Kind::Optimizer],
            DefaultValue::Value("lbfgs()", || Value::Optimizer(Optimizer::default())),
        )
        .about("`lbfgs(…)` or `adam(…)`, with the number of steps"),
        set: |_, args, plan| match &*args.value("optimizer")? {
            Value::Optimizer(optimizer) => {
                plan.optimizer = optimizer.clone();
                Ok(())
            }
            _ => {
                let help = Some("`lbfgs(steps: 200)` or `adam(steps: 1000, rate: 0.001)`".into());
                args.mismatch("optimizer", "an optimizer", help)
            }
        },
    },
    Setting {
        param: optional("seeds", &[Kind::Whole, Kind::List], DefaultValue::Absent("the functional's"))
            .about("a seed or a list of seeds; each draws its own initial parameters, and the best one wins"),
        set: |interp, args, plan| {
            if args.has("seeds") {
                plan.seeds = seeds(interp, args)?;
            }
            Ok(())
        },
    },
    Setting {
        param: optional("validate_every", &[Kind::Whole], DefaultValue::Number(Plan::EVERY as f64))
            .about("the number of steps between validations; the last step is always validated"),
        set: |_, args, plan| {
            plan.validate_every = every(args, "validate_every")?;
            Ok(())
        },
    },
    Setting {
        param: optional("snapshots", &[Kind::Whole], DefaultValue::Number(1.0)).about(
            "how many steps of each seed are kept, the best ones by validation (without it by the loss, of every `validate_every` \
             steps): `.snapshots` of a model are the models of these steps",
        ),
        set: |_, args, plan| {
            plan.snapshots = args.whole("snapshots")?;
            if !(1..=MOST_SNAPSHOTS).contains(&plan.snapshots) {
                let message = format!("`snapshots` must be between 1 and {MOST_SNAPSHOTS}");
                return args.wrong(args.span_of("snapshots"), message, None);
            }
            Ok(())
        },
    },
    Setting {
        param: optional("checkpoint", &[Kind::Whole], DefaultValue::Number(Plan::EVERY as f64))
            .about("the number of steps between checkpoints; the result does not depend on it"),
        set: |_, args, plan| {
            plan.checkpoint_every = every(args, "checkpoint")?;
            Ok(())
        },
    },
    Setting {
        param: optional(
            "memory",
            &[Kind::Measured(Dimension::MEMORY), Kind::Word(&["automatic"])],
            DefaultValue::Word("automatic"),
        )
        .about(
            "the limit on what the iterations keep for the backward pass, such as `2 GB`: `automatic` is half of the \
             computer's free memory. It is never more than that or 4 GB, whichever is more, or than `--max-memory`, and \
             `inf` means as much. Iterations that do not fit are recomputed, and the result is bitwise identical",
        ),
        set: |_, args, plan| {
            plan.memory = budget(args)?;
            Ok(())
        },
    },
    Setting {
        param: optional("gradient", &[Kind::Word(&["unrolled", "implicit"])], DefaultValue::Word("unrolled")).about(
            "`unrolled` backpropagates through every iteration, `implicit` converges the density and takes the \
             gradient from the equation that it satisfies",
        ),
        set: |_, args, plan| {
            plan.gradient = gradient(args)?;
            Ok(())
        },
    },
];

/// The most steps that are kept of a seed.
const MOST_SNAPSHOTS: usize = 1000;

/// Whole numbers up to here are exact.
const LARGEST_SEED: f64 = 9e15;

/// `seeds:` a number, a list or an interval.
fn seeds(interp: &mut Interpreter, args: &Args) -> Result<Vec<u64>> {
    match &args.arg("seeds")?.value {
        Value::Number(_) => return Ok(vec![args.whole("seeds")? as u64]),
        Value::List(_) | Value::Interval(..) => {}
        _ => return args.mismatch("seeds", "a seed or a list of seeds", Some("`seeds: 0 .. 9` is ten seeds".into())),
    }
    let span = args.arg("seeds")?.span;
    let seed = |value: &Value| match value {
        Value::Number(q)
            if q.dim.is_plain() && (0.0..LARGEST_SEED).contains(&q.value) && q.value == q.value.round() =>
        {
            Ok(q.value as u64)
        }
        Value::Number(q) if q.dim.is_plain() && q.value >= LARGEST_SEED => {
            args.wrong(span, format!("a seed must be below {LARGEST_SEED:e}, not {:e}", q.value), None)
        }
        other => mismatch("a seed", "a whole number, 0 or above", other, None, span),
    };
    args.list(interp, "seeds")?.iter().map(seed).collect()
}

/// A number of steps, of at least one.
fn every(args: &Args, name: &str) -> Result<usize> {
    match args.whole(name)? {
        0 => {
            let help = Some("a number larger than `steps` leaves only that at the last step".into());
            args.wrong(args.span_of(name), format!("`{name}` must be at least 1 step"), help)
        }
        every => Ok(every),
    }
}

/// `gradient: implicit`.
fn gradient(args: &Args) -> Result<Gradient> {
    let given = args.value("gradient")?;
    let word = if let Value::Str(word) = &*given { Some(&**word) } else { None };
    match word {
        Some("unrolled") => Ok(Gradient::Unrolled),
        Some("implicit") => Ok(Gradient::Implicit),
        _ => {
            let help = "`unrolled` backpropagates through every iteration, `implicit` takes the gradient at the \
                        converged density";
            args.mismatch("gradient", "`unrolled` or `implicit`", Some(help.into()))
        }
    }
}

/// Whether nothing is to be solved, `scf: none`.
pub(super) fn is_unsolved(args: &Args) -> bool {
    matches!(args.get("scf").map(|scf| &scf.value), Some(Value::Interaction(Interaction::None)))
}

/// The Kohn-Sham loop of a training run. If the gradient is that of a converged density, the loop has a tolerance, and
/// its defaults are those of `solve`.
pub(super) fn loop_of(args: &Args, ready: &Ready, gradient: Gradient) -> Result<ScfOptions> {
    let own = ready.scf.clone();
    let symmetric = own.as_ref().is_some_and(|scf| scf.symmetric);
    let base = match gradient {
        Gradient::Unrolled => own
            .filter(|scf| scf.tolerance.is_none() && matches!(scf.mixing, Mixing::Linear { .. }))
            .unwrap_or_else(|| ScfOptions { symmetric, ..training() }),
        Gradient::Unsolved => training(),
        Gradient::Minimised => ScfOptions { tolerance: Some(IMPLICIT_TOLERANCE), ..ScfOptions::default() },
        Gradient::Implicit => own.filter(|scf| scf.tolerance.is_some()).unwrap_or_else(|| ScfOptions {
            tolerance: Some(IMPLICIT_TOLERANCE),
            symmetric,
            ..ScfOptions::default()
        }),
    };
    let mut scf = match args.get("scf") {
        Some(given) => {
            if matches!(&given.value, Value::Record(record) if matches!(record.get("remedies"), Some(Value::Bool(true))))
            {
                let message = "training does the iterations of `scf:` and nothing in their place";
                return args.wrong(given.span, message, Some("`remedies:` is an option of `solve`".into()));
            }
            from_value(&given.value, given.span, &base)?
        }
        None => base,
    };
    if gradient == Gradient::Implicit && scf.tolerance.is_none() {
        // By default linear mixing does a fixed number of iterations, fewer than a density needs to converge.
        let given = |name: &str| matches!(args.get("scf").map(|scf| &scf.value), Some(Value::Record(r)) if r.entries.iter().any(|(n, _)| &**n == name));
        scf.tolerance = Some(IMPLICIT_TOLERANCE);
        if !given("iterations") {
            scf.iterations = ScfOptions::default().iterations;
        }
    }
    Ok(scf)
}

/// The tolerance, in electrons, for a density whose gradient is that of a fixed point.
const IMPLICIT_TOLERANCE: f64 = 1e-10;

/// `memory: 2 GB`.
fn budget(args: &Args) -> Result<Budget> {
    let span = args.span_of("memory");
    match &*args.value("memory")? {
        Value::Number(q) if q.value == f64::INFINITY && (q.dim.is_plain() || q.dim == Dimension::MEMORY) => {
            Ok(Budget::Unlimited)
        }
        Value::Number(q) if q.dim == Dimension::MEMORY && q.value >= 1.0 => Ok(Budget::Bytes(q.value as u64)),
        Value::Number(q) if q.dim == Dimension::MEMORY => args.wrong(span, "`memory` must be at least 1 byte", None),
        Value::Str(text) if &**text == "automatic" => Ok(Budget::Automatic),
        _ => args.mismatch("memory", "an amount of memory", Some("`memory: 2 GB`, `automatic` or `inf`".into())),
    }
}

//! Optimisers: how training changes the parameters.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Param, function, mismatch, optional, shown};
use crate::interp::value::{Value, text};
use crate::lang::Kind;
use crate::problem::Result;
use crate::train::{Adam, Lbfgs, Optimizer, Rate};

/// How parameters are changed.
pub const OPTIMIZERS: &[Builtin] = &[
    function(
        "lbfgs",
        &[
            optional("steps", &[Kind::Whole], DefaultValue::Number(Lbfgs::STANDARD.steps as f64)),
            optional("history", &[Kind::Whole], DefaultValue::Number(Lbfgs::STANDARD.history as f64)),
            optional("longest_step", &[Kind::Number], DefaultValue::Number(Lbfgs::STANDARD.longest_step)),
            optional("tolerance", &[Kind::Number], DefaultValue::Number(Lbfgs::STANDARD.tolerance)),
            PATIENCE,
        ],
        &[Kind::Optimizer],
        "training by the limited-memory BFGS method, with `history` correction pairs; no step changes the \
         parameters by more than `longest_step` (root mean square), and the training ends when the norm of the \
         gradient is below `tolerance`, or after `patience` steps without a better loss. (Weight decay: add \
         `1e-4 * norm(run.parameters)^2` to the loss)",
        &["optimizer", "training", "quasi-newton"],
        &[shown("lbfgs(steps: 100)")],
        |_, args| {
            Ok(Value::Optimizer(Optimizer::Lbfgs(Lbfgs {
                steps: args.whole("steps")?,
                history: args.whole("history")?,
                longest_step: args.number("longest_step")?,
                tolerance: args.number("tolerance")?,
                patience: patience(args)?,
            })))
        },
    ),
    function(
        "adam",
        &[
            optional("steps", &[Kind::Whole], DefaultValue::Number(Adam::STANDARD.steps as f64)),
            optional("rate", &[Kind::Number, Kind::Function], DefaultValue::Number(Adam::RATE)),
            optional("beta1", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.beta1)),
            optional("beta2", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.beta2)),
            optional("epsilon", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.epsilon)),
            optional("clip", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.clip)),
            optional("weight_decay", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.weight_decay)),
            PATIENCE,
        ],
        &[Kind::Optimizer],
        "training by Adam: steps along the gradient's running mean divided by the root of its running mean square. `rate` \
         is a number, or a function of the step (1, 2, …) for a schedule; a gradient with a norm above `clip` is scaled \
         down to it; each step also takes `rate` times `weight_decay` of every parameter without bounds away (AdamW); the training ends \
         after `patience` steps without a better loss (that of `validate:` where it is given)",
        &["optimizer", "training", "gradient descent", "momentum", "schedule", "early stopping", "adamw", "clipping"],
        &[
            shown("adam(steps: 500, rate: 0.01)"),
            shown("adam(steps: 500, rate: fn(k) = 0.01 * (1 + cos(pi * k / 501)) / 2, patience: 100)"),
        ],
        |interp, args| {
            Ok(Value::Optimizer(Optimizer::Adam(Adam {
                steps: args.whole("steps")?,
                rate: rate(interp, args)?,
                beta1: args.number("beta1")?,
                beta2: args.number("beta2")?,
                epsilon: args.number("epsilon")?,
                clip: args.number("clip")?,
                weight_decay: args.number("weight_decay")?,
                patience: patience(args)?,
            })))
        },
    ),
];

/// The early stop of both.
const PATIENCE: Param = optional("patience", &[Kind::Whole], DefaultValue::Absent("never"));

fn patience(args: &Args) -> Result<Option<usize>> {
    if !args.has("patience") || args.number("patience")? == f64::INFINITY {
        return Ok(None);
    }
    match args.whole("patience")? {
        0 => args.wrong(args.span_of("patience"), "`patience` must be at least 1 step", None),
        steps => Ok(Some(steps)),
    }
}

/// `rate: 0.01`, or a function of the step, which is evaluated for every step at once.
fn rate(interp: &mut Interpreter, args: &Args) -> Result<Rate> {
    let value = args.value("rate")?;
    if matches!(&*value, Value::Number(_)) {
        return args.number("rate").map(Rate::Constant);
    }
    if !value.is(Kind::Function) {
        let help = "`rate: 0.01`, or a function of the step: `rate: fn(k) = 0.01 * 0.99^k`";
        return args.mismatch("rate", "a number or a function", Some(help.into()));
    }
    let (steps, span) = (args.whole("steps")?, args.span_of("rate"));
    let mut rates = Vec::new();
    for step in 1..=steps {
        interp.check_interrupt(span)?;
        match interp.apply(&value, vec![Value::plain(step as f64)], span)? {
            Value::Number(q) if q.dim.is_plain() && q.value > 0.0 && q.value.is_finite() => rates.push(q.value),
            Value::Number(q) => {
                let message = format!("the rate of step {step} must be above 0, not {}", text::quantity(&q));
                return args.wrong(span, message, None);
            }
            other => return mismatch(&format!("the rate of step {step}"), "a number", &other, None, span),
        }
    }
    Ok(Rate::Each(rates))
}

/// As written in the origin of a model: the number of steps and what differs from the defaults.
pub(super) fn text(optimizer: &Optimizer) -> String {
    let mut options = Vec::new();
    let mut option = |name: &str, value: f64, standard: f64| {
        if value != standard {
            options.push(format!(", {name}: {}", text::number(value)));
        }
    };
    let patience = |patience: Option<usize>| patience.map_or(f64::INFINITY, |steps| steps as f64);
    match optimizer {
        Optimizer::Lbfgs(o) => {
            let standard = Lbfgs::STANDARD;
            option("longest_step", o.longest_step, standard.longest_step);
            option("tolerance", o.tolerance, standard.tolerance);
            option("patience", patience(o.patience), patience(standard.patience));
            format!("lbfgs(steps: {}, history: {}{})", o.steps, o.history, options.concat())
        }
        Optimizer::Adam(o) => {
            let standard = Adam::STANDARD;
            option("beta1", o.beta1, standard.beta1);
            option("beta2", o.beta2, standard.beta2);
            option("epsilon", o.epsilon, standard.epsilon);
            option("clip", o.clip, standard.clip);
            option("weight_decay", o.weight_decay, standard.weight_decay);
            option("patience", patience(o.patience), patience(standard.patience));
            format!("adam(steps: {}, rate: {}{})", o.steps, rate_text(&o.rate), options.concat())
        }
    }
}

/// `0.01`, or the first and the last rate of a schedule.
fn rate_text(rate: &Rate) -> String {
    match rate {
        Rate::Constant(rate) => text::number(*rate),
        Rate::Each(rates) => {
            let ends = [rates.first(), rates.last()].into_iter().flatten();
            ends.map(|rate| text::number(*rate)).collect::<Vec<_>>().join(" to ")
        }
    }
}

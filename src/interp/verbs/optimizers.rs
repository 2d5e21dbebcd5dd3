//! Optimisers: how training changes the parameters.

use crate::interp::call::{Builtin, DefaultValue, function, optional, shown};
use crate::interp::value::Value;
use crate::lang::Kind;
use crate::train::{Adam, Lbfgs, Optimizer};

/// How parameters are changed.
pub const OPTIMIZERS: &[Builtin] = &[
    function(
        "lbfgs",
        &[
            optional("steps", &[Kind::Whole], DefaultValue::Number(Lbfgs::STANDARD.steps as f64)),
            optional("history", &[Kind::Whole], DefaultValue::Number(Lbfgs::STANDARD.history as f64)),
            optional("longest_step", &[Kind::Number], DefaultValue::Number(Lbfgs::STANDARD.longest_step)),
            optional("tolerance", &[Kind::Number], DefaultValue::Number(Lbfgs::STANDARD.tolerance)),
        ],
        &[Kind::Optimizer],
        "training by the limited-memory BFGS method, with `history` correction pairs; no step changes the \
         parameters by more than `longest_step` (root mean square), and the training ends when the norm of the \
         gradient is below `tolerance`",
        &["optimizer", "training", "quasi-newton"],
        &[shown("lbfgs(steps: 100)")],
        |_, args| {
            Ok(Value::Optimizer(Optimizer::Lbfgs(Lbfgs {
                steps: args.whole("steps")?,
                history: args.whole("history")?,
                longest_step: args.number("longest_step")?,
                tolerance: args.number("tolerance")?,
            })))
        },
    ),
    function(
        "adam",
        &[
            optional("steps", &[Kind::Whole], DefaultValue::Number(Adam::STANDARD.steps as f64)),
            optional("rate", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.rate)),
            optional("beta1", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.beta1)),
            optional("beta2", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.beta2)),
            optional("epsilon", &[Kind::Number], DefaultValue::Number(Adam::STANDARD.epsilon)),
        ],
        &[Kind::Optimizer],
        "training by Adam: steps along the gradient's running mean divided by the root of its running mean square",
        &["optimizer", "training", "gradient descent", "momentum"],
        &[shown("adam(steps: 500, rate: 0.01)")],
        |_, args| {
            Ok(Value::Optimizer(Optimizer::Adam(Adam {
                steps: args.whole("steps")?,
                rate: args.number("rate")?,
                beta1: args.number("beta1")?,
                beta2: args.number("beta2")?,
                epsilon: args.number("epsilon")?,
            })))
        },
    ),
];

/// As written in the origin of a model.
pub(super) fn text(optimizer: &Optimizer) -> String {
    match optimizer {
        Optimizer::Lbfgs(o) => format!("lbfgs(steps: {}, history: {})", o.steps, o.history),
        Optimizer::Adam(o) => format!("adam(steps: {}, rate: {:?})", o.steps, o.rate),
    }
}

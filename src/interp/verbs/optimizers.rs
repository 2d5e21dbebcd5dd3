//! Optimizers: how a training changes the parameters.

use crate::interp::call::{Builtin, Run, Style, optional, shown};
use crate::interp::value::Value;
use crate::train::{Adam, Lbfgs, Optimizer};

/// How parameters are changed.
pub const OPTIMIZERS: &[Builtin] = &[
    Builtin {
        name: "lbfgs",
        params: &[
            optional("steps", "200"),
            optional("history", "20"),
            optional("longest_step", "0.1"),
            optional("tolerance", "1e-12"),
        ],
        style: Style::Plain,
        summary: "training by the limited-memory BFGS method, with that many pairs of changes kept; no step changes the \
                  parameters by more than `longest_step` (root mean square), and where the norm of the gradient is below \
                  `tolerance` the training ends",
        words: &["optimizer", "training", "quasi-newton"],
        examples: &[shown("lbfgs(steps: 100)")],
        run: Run::Call(|_, args| {
            let standard = Lbfgs::default();
            Ok(Value::Optimizer(Optimizer::Lbfgs(Lbfgs {
                steps: args.whole_or("steps", standard.steps)?,
                history: args.whole_or("history", standard.history)?,
                longest_step: args.number_or("longest_step", standard.longest_step)?,
                tolerance: args.number_or("tolerance", standard.tolerance)?,
            })))
        }),
    },
    Builtin {
        name: "adam",
        params: &[
            optional("steps", "1000"),
            optional("rate", "0.001"),
            optional("beta1", "0.9"),
            optional("beta2", "0.999"),
            optional("epsilon", "1e-8"),
        ],
        style: Style::Plain,
        summary: "training by Adam: the gradient's running mean over the root of its running mean square",
        words: &["optimizer", "training", "gradient descent", "momentum"],
        examples: &[shown("adam(steps: 500, rate: 0.01)")],
        run: Run::Call(|_, args| {
            let standard = Adam::default();
            Ok(Value::Optimizer(Optimizer::Adam(Adam {
                steps: args.whole_or("steps", standard.steps)?,
                rate: args.number_or("rate", standard.rate)?,
                beta1: args.number_or("beta1", standard.beta1)?,
                beta2: args.number_or("beta2", standard.beta2)?,
                epsilon: args.number_or("epsilon", standard.epsilon)?,
            })))
        }),
    },
];

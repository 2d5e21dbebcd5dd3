//! Set-ups as short scripts, and the training runs they define.

use super::measure::Work;
use super::{Bench, Halt};
use crate::graph::Operations;
use crate::interp::{Interpreter, Options, ScriptEnding};
use crate::ks::Observable;
use crate::model::System;
use crate::tensor::Device;
use crate::train::{self, Plan};
use crate::world::Memory;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// The training run of a script, with new right-hand sides for its `let`s. Exact answers are computed, not taken from a
/// cache, and no file is read or written.
pub fn plan(bench: &Bench, name: &str, script: &str, set: &[(&str, usize)]) -> Result<Plan, Halt> {
    let overrides = set.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
    let mut interpreter =
        Interpreter::new(bench.host.clone(), Rc::new(Memory::default()), Options { overrides, ..Options::default() });
    match interpreter.plans(name, script) {
        Ok((ScriptEnding::Interrupted, _)) => Err(Halt::Interrupted),
        Ok((ScriptEnding::Done, mut plans)) => {
            plans.pop().ok_or_else(|| Halt::Failed(format!("`{name}` trains nothing")))
        }
        Err(problems) => {
            bench.host.problems(&problems, interpreter.sources());
            Err(Halt::Shown)
        }
    }
}

/// Passes `work` a function that evaluates one loss and gradient at the initial parameters, on the given number of threads
/// (`None`: all).
pub fn with_evaluation<R>(
    plan: &Plan,
    threads: Option<usize>,
    work: impl FnOnce(Work<'_>) -> Result<R, Halt>,
) -> Result<R, Halt> {
    let seed = plan.seeds.first().copied().unwrap_or(0);
    let (plan, params) = (Plan { threads, ..plan.clone() }, plan.functional.initial(seed));
    let run = train::with_evaluation(Device::Cpu, &plan, |evaluate| {
        work(&mut || evaluate(&params).map(drop).map_err(Halt::failed))
    });
    run.map_err(Halt::failed)?
}

/// Floating-point operations of the functional in one loss and gradient: a potential in every iteration, an energy where the loss
/// uses it, and the backward pass.
pub fn operations(plan: &Plan) -> Operations {
    let of_case = |case: &crate::train::Case| {
        let of_system = |(index, system): (usize, &Arc<System>)| {
            let wanted: BTreeSet<Observable> =
                case.wanted(index).into_iter().filter(|wanted| matches!(wanted, Observable::Energy(_))).collect();
            let [energy, full] = plan.functional.operations(system.grid.points, system.closed_shell());
            full.times(plan.scf.iterations as u64) + energy.times(wanted.len() as u64)
        };
        case.systems.iter().enumerate().map(of_system).fold(Operations::default(), |sum, own| sum + own)
    };
    plan.cases.iter().map(of_case).fold(Operations::default(), |sum, own| sum + own)
}

//! What is told about a training run.

use crate::interp::error::{Advice, listed};
use crate::source::Span;
use crate::train::{Ending, Optimizer, Plan, SeedRecord, Trained};

/// The message about an interrupted training.
pub(super) fn interrupted(seeds: usize, trained: &Trained) -> String {
    let missing = seeds.saturating_sub(trained.seeds.len());
    let missing = match missing {
        0 => String::new(),
        1 => format!("; 1 of {seeds} seeds was never started"),
        n => format!("; {n} of {seeds} seeds were never started"),
    };
    format!("the training was interrupted: its best parameters so far are used{missing}; run it again to continue")
}

/// A note about parameters on which the energy, or the potential of a potential functional, does not depend.
pub(super) fn idle(plan: &Plan, span: Span) -> Option<Advice> {
    let names = plan.functional.idle_parameters();
    let verb = if names.len() == 1 { "does" } else { "do" };
    let value = if plan.functional.kind.has_energy() { "energy" } else { "potential" };
    (!names.is_empty()).then(|| Advice::Note {
        message: format!("{} of `{}` {verb} not enter its {value}", listed(&names), plan.functional.name),
        span,
    })
}

/// The distance of t from 0 beyond which the slope of the sigmoid in the value of a bounded parameter is below 1e-5.
const SATURATED: f64 = 12.0;

/// A note about parameters that begin at a bound, where the loss does not depend on them.
pub(super) fn saturated(plan: &Plan, span: Span) -> Option<Advice> {
    let graph = &plan.functional.graph;
    let bounded: Vec<_> =
        graph.params.iter().zip(graph.parameter_ranges()).filter(|(spec, _)| spec.bounds.is_some()).collect();
    if bounded.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for seed in &plan.seeds {
        let flat = plan.functional.initial(*seed);
        for (spec, range) in &bounded {
            let at_bound = flat[range.clone()].iter().any(|t| t.abs() > SATURATED);
            if at_bound && !names.contains(&spec.name.as_str()) {
                names.push(&spec.name);
            }
        }
    }
    let functional = &plan.functional.name;
    let (begin, it) = if names.len() == 1 { ("begins", "it") } else { ("begin", "them") };
    (!names.is_empty()).then(|| Advice::Note {
        message: format!(
            "{} of `{functional}` {begin} so close to a bound that the loss hardly depends on {it}: training will hardly move {it}",
            listed(&names)
        ),
        span,
    })
}

/// A warning if seeds found nothing better than their initial parameters without a good reason.
pub(super) fn unmoved(plan: &Plan, trained: &Trained, span: Span) -> Option<Advice> {
    let gradient = |record: &SeedRecord| record.history.first().map_or(0.0, |first| first.gradient_norm);
    let stuck = |r: &&SeedRecord| r.never_moved() && (r.outcome != Ending::Converged || gradient(r) == 0.0);
    let stuck: Vec<&SeedRecord> = trained.seeds.iter().filter(stuck).collect();
    let help = match &plan.optimizer {
        _ if stuck.iter().all(|record| gradient(record) == 0.0) => {
            "the gradient is 0: the loss does not depend on the parameters".to_owned()
        }
        Optimizer::Lbfgs(_) => {
            "the loss or the functional has a kink or a jump, or the Kohn-Sham iterations are so far from convergence that the loss is \
             rough: try a lower mixing, other `iterations`, or `adam(…)`"
                .to_owned()
        }
        Optimizer::Adam(_) => "the steps are too long, or too few: try a lower `rate`, or more `steps`".to_owned(),
    };
    let seeds = some(stuck.iter().map(|record| record.seed));
    (!stuck.is_empty()).then(|| Advice::Unmoved { functional: plan.functional.name.clone(), seeds, help, span })
}

/// A warning if validation losses were not finite: their parameters cannot be chosen by them.
pub(super) fn unjudged(plan: &Plan, trained: &Trained, span: Span) -> Option<Advice> {
    let without: Vec<&SeedRecord> = trained.seeds.iter().filter(|record| record.unjudged.count > 0).collect();
    let cause = &without.first()?.unjudged.cause;
    let judged = |record: &SeedRecord| record.history.iter().filter(|step| step.validation.is_some()).count();
    let failed: usize = without.iter().map(|record| record.unjudged.count).sum();
    let all = failed + trained.seeds.iter().map(judged).sum::<usize>();
    let name = &plan.functional.name;
    let message = match trained.best.validation {
        None => format!("no validation loss of `{name}` is finite, so the training loss chose the parameters"),
        Some(_) => format!(
            "{failed} of {all} validation losses of `{name}` are not finite, and their parameters are passed over (seeds: {})",
            some(without.iter().map(|record| record.seed))
        ),
    };
    Some(Advice::Unjudged { message, help: format!("the first one: {cause}"), span })
}

/// The first few of some seeds.
fn some(seeds: impl ExactSizeIterator<Item = u64>) -> String {
    const SHOWN: usize = 10;
    let hidden = seeds.len().saturating_sub(SHOWN);
    let shown: Vec<String> = seeds.take(SHOWN).map(|seed| seed.to_string()).collect();
    let more = if hidden > 0 { format!(" and {hidden} more") } else { String::new() };
    shown.join(", ") + &more
}

//! The model that a training run gives, and where it says it comes from.

use super::super::{optimizers, save};
use super::Judge;
use crate::interp::Interpreter;
use crate::interp::trace::Ready;
use crate::interp::value::Value;
use crate::interp::value::model::{Model, SeedRow, TrainedWith, Training, UNJUDGED, UNSOLVED, VALIDATED, each_once};
use crate::interp::value::scope::Scope;
use crate::lang::ast::FnDef;
use crate::number::significant;
use crate::train::{Case, Ending, Gradient, Kept, Plan, SeedRecord, Trained};
use std::rc::Rc;

/// The best parameters of all seeds as a model, with those of every seed as its members.
pub(super) fn model(ready: &Ready, plan: &Plan, trained: &Trained, origin: Vec<String>) -> Model {
    let interactions = met(plan);
    let calculations = plan.systems().count();
    let one = |kept: &Kept, record: Option<&SeedRecord>| Model {
        name: ready.functional.name().to_string(),
        functional: ready.functional.clone(),
        traced: ready.traced.clone(),
        parameters: kept.parameters.as_slice().into(),
        scf: (![Gradient::Unsolved, Gradient::Minimised].contains(&plan.gradient)).then(|| plan.scf.clone()),
        training: Some(Training {
            loss: kept.loss,
            validation_loss: kept.validation,
            seed: record.map_or(trained.seed, |record| record.seed),
            step: kept.step,
            unconverged: record
                .filter(|record| record.kept.as_ref() == Some(kept))
                .and_then(|record| record.unconverged)
                .map(|count| (count, calculations)),
            lost: 0,
            seeds: Vec::new(),
            history: record.map_or_else(Vec::new, |record| record.history.clone()),
        }),
        members: Vec::new(),
        snapshots: Vec::new(),
        origin: origin.clone(),
        interactions: interactions.clone(),
    };
    // With the best steps of its seed, if several are kept.
    let of = |kept: &Kept, record: Option<&SeedRecord>| {
        let others = record.filter(|_| plan.snapshots > 1).map_or(&[][..], |record| &record.runners_up);
        let best = (plan.snapshots > 1).then_some(kept);
        let snapshots = best.into_iter().chain(others).map(|kept| Rc::new(one(kept, record))).collect();
        Model { snapshots, ..one(kept, record) }
    };
    let member = |record: &SeedRecord| Some(Rc::new(of(record.kept.as_ref()?, Some(record))));
    let members = trained.seeds.iter().filter_map(member).collect();
    let mut whole = of(&trained.best, trained.chosen());
    whole.members = members;
    if let Some(training) = &mut whole.training {
        training.seeds = trained.seeds.iter().map(row).collect();
        // Those that failed before are still part of the recipe.
        let begun = ready.parent.as_ref().filter(|_| plan.starts.is_some());
        if let Some(before) = begun.and_then(|parent| parent.training.as_ref().zip(Some(parent.members.len()))) {
            training.lost = before.0.lost + before.0.seeds.len().saturating_sub(before.1);
        }
    }
    whole
}

/// A seed's row in the table of seeds.
fn row(record: &SeedRecord) -> SeedRow {
    let kept = record.kept.as_ref();
    SeedRow {
        seed: record.seed,
        step: kept.map_or(0, |k| k.step),
        loss: kept.map_or(f64::NAN, |k| k.loss),
        validation_loss: kept.and_then(|k| k.validation),
        unconverged: record.unconverged,
        evaluations: record.evaluations,
        outcome: match &record.outcome {
            Ending::Finished => "finished".into(),
            Ending::Flat => "flat".into(),
            Ending::Converged => "converged".into(),
            Ending::Stalled => "stalled".into(),
            Ending::Interrupted => "interrupted".into(),
            Ending::Failed { cause, .. } => cause.clone(),
        },
    }
}

/// The grids and interactions of the training.
fn surroundings(plan: &Plan) -> String {
    let grid = |case: &Case| {
        let grid = &case.systems[0].grid;
        format!("{} points with spacing {} bohr", grid.points, significant(grid.spacing, 6, -4..6))
    };
    let grids = each_once(plan.cases.iter().map(grid));
    let interactions = each_once(met(plan).into_iter().map(|with| with.name));
    format!("on {}; interaction {}", grids.join(" and "), interactions.join(" and "))
}

/// The interactions and grid spacings of the training, each once.
fn met(plan: &Plan) -> Vec<TrainedWith> {
    let mut all: Vec<TrainedWith> = Vec::new();
    for system in plan.cases.iter().flat_map(|Case { systems, .. }| systems) {
        let with = TrainedWith::of(&system.interaction, &system.grid);
        if !all.iter().any(|known| known.is(&with) && known.as_fine(&with)) {
            all.push(with);
        }
    }
    all
}

/// Where a model comes from, one sentence per line.
pub(super) fn origin(
    (on, validation): (&[String], &[String]),
    (loss, criterion): (String, Option<String>),
    plan: &Plan,
    trained: &Trained,
) -> Vec<String> {
    let mut lines = vec![format!("trained on {}", on.join(", ")), surroundings(plan)];
    if !validation.is_empty() {
        let with = criterion.map(|text| format!(" with {text}")).unwrap_or_default();
        let judged = if trained.best.validation.is_some() { VALIDATED } else { UNJUDGED };
        lines.push(format!("{judged} {}{with}", validation.join(", ")));
    }
    lines.push(format!("loss {loss}"));
    match plan.gradient {
        Gradient::Unrolled => {}
        Gradient::Implicit => lines.push("gradient at the converged density".into()),
        Gradient::Unsolved => lines.push(UNSOLVED.into()),
        Gradient::Minimised => lines.push("densities that minimise the energy, without orbitals".into()),
    }
    lines.push(format!("{}, seeds {}", optimizers::text(&plan.optimizer), every_seed(&plan.seeds)));
    lines
}

/// The seeds of a training: many in a row as an interval.
fn every_seed(seeds: &[u64]) -> String {
    match seeds {
        [first, .., last] if seeds.len() > 30 && seeds.iter().zip(*first..).all(|(seed, next)| *seed == next) => {
            format!("{first} .. {last}")
        }
        _ => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

impl Interpreter {
    /// The text of a loss and those of the functions, losses and values that it uses, each on lines of its own; nothing for those
    /// of the library.
    pub(super) fn definitions_of(&mut self, judge: &Judge) -> String {
        let mut texts = Vec::new();
        let closure = &judge.loss.closure;
        self.text_of(&closure.def, &closure.scope, &mut texts);
        texts.iter().map(|text| format!("\n{text}")).collect()
    }

    fn text_of(&mut self, def: &FnDef, scope: &Scope, texts: &mut Vec<String>) {
        let whole = def.span.to(def.body.span);
        let text = self.sources.text(whole).to_owned();
        if self.of_library(whole) || texts.contains(&text) {
            return;
        }
        texts.push(text);
        for used in save::of_function(def).used {
            let Ok(Some((_, name, value))) = self.outer(&used, scope) else { continue };
            match &value {
                Value::Function(closure) => self.text_of(&closure.def, &closure.scope, texts),
                Value::Loss(loss) => self.text_of(&loss.closure.def, &loss.closure.scope, texts),
                value => {
                    let line = save::plain(value).map(|value| format!("let {name} = {value}"));
                    texts.extend(line.filter(|line| !texts.contains(line)));
                }
            }
        }
    }
}

//! `committee(…)`: the mean of several models as one functional, which says how far its members differ.

use crate::functional::FunctionalKind;
use crate::graph::ParamSpec;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, mismatch, optional, required};
use crate::interp::error::Advice;
use crate::interp::value::model::each_once;
use crate::interp::value::{COMMITTEES as KINDS, Model, StartFrom, Value, text};
use crate::lang::Kind;
use crate::number::counted;
use crate::problem::{Problem, Result};
use std::rc::Rc;

pub(crate) const COMMITTEES: &[Builtin] = &[COMMITTEE, MEAN_PARAMETERS];

const COMMITTEE: Builtin = function(
    "committee",
    &[
        required("members", &[Kind::Model, Kind::List]),
        optional("best", &[Kind::Whole], DefaultValue::Absent("all")).about(
            "how many members to keep: those with the lowest validation loss, or without validation the lowest loss",
        ),
        optional("weights", &[Kind::List], DefaultValue::Absent("equal"))
            .about("the weight of every member that is kept"),
    ],
    &[Kind::Model],
    "the members of a trained model, or a list of models, as one: its energy per electron (or its potential) is the mean of theirs, and `solve` gives \
     every energy with its spread over the members",
    &["ensemble", "uncertainty", "spread", "error bar", "bagging"],
    &[],
    committee,
);

const MEAN_PARAMETERS: Builtin = function(
    "mean_parameters",
    &[
        required("models", &[Kind::List]),
        optional("weights", &[Kind::List], DefaultValue::Absent("equal")).about("the weight of every model"),
    ],
    &[Kind::Model],
    "a model whose parameters are the mean of those of models of one functional, such as the `.snapshots` of a training (P. Izmailov et \
     al., UAI 2018): unlike a committee, which averages energies, it is no larger than one of them. Models of different seeds are \
     rarely close enough for that",
    &["stochastic weight averaging", "swa", "soup", "snapshots"],
    &[],
    mean_parameters,
);

/// The module of the library with the functionals that committees are.
const MODULE: &str = "committees";

fn committee(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (all, name) = candidates(args)?;
    let span = args.span_of("members");
    let members = match args.get("best") {
        Some(_) => best(args, &all)?,
        None => all.clone(),
    };
    if members.is_empty() {
        return args.wrong(span, "a committee has at least one member", None);
    }
    let weights = weights(interp, args, members.len())?;
    let chosen = members.len();
    let (members, weights) = flattened(&members, &weights);
    if members.iter().any(|member| member.functional.def.kind == FunctionalKind::Kinetic) {
        let help = "solve with each of its members, and compare";
        return args.wrong(span, "kinetic functionals have no committees", Some(help.into()));
    }
    let spins = members.iter().any(|member| member.functional.densities().count() == 2);
    let potentials = members.iter().filter(|member| !member.functional.def.kind.has_energy()).count();
    if potentials != 0 && potentials != members.len() {
        let message = "some of these models are potential functionals, and others have an energy";
        return args.wrong(span, message, Some("make a committee of models of one kind".into()));
    }
    let kind = usize::from(spins) + if potentials > 0 { 2 } else { 0 };
    let made_of = interp.standard_value(MODULE, KINDS[kind], span)?;
    let Some(Value::Functional(made_of)) = made_of else {
        return mismatch("the committee", "a functional", &Value::Nothing, None, span);
    };
    let options = vec![
        ("members".into(), Value::list(members.iter().cloned().map(Value::Model).collect())),
        ("weights".into(), Value::list(weights.into_iter().map(Value::plain).collect())),
    ];
    let functional = Rc::new(made_of.with_options(options));
    let traced = interp.traced(&functional, span)?;
    let loops = each_once(members.iter().map(|member| member.scf.clone()));
    let scf = match loops.as_slice() {
        [one] => one.clone(),
        _ => {
            let message =
                "the members were trained with different Kohn-Sham options: the committee brings none".to_owned();
            interp.warn_with(Problem::new(Advice::Note { message, span }, span), true);
            None
        }
    };
    let model = Model {
        name: format!("committee of {name}"),
        origin: origin(&members, chosen, all.len()),
        interactions: each_once(members.iter().flat_map(|member| member.interactions.clone())),
        scf,
        members,
        ..Model::untrained(functional, traced, Rc::from([]))
    };
    Ok(Value::Model(Rc::new(model)))
}

fn mean_parameters(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let span = args.span_of("models");
    let models = args
        .list(interp, "models")?
        .iter()
        .map(|item| match item {
            Value::Model(model) => Ok(model.clone()),
            other => mismatch("every one of the models", "a model", other, None, span),
        })
        .collect::<Result<Vec<_>>>()?;
    let Some(first) = models.first().cloned() else { return args.wrong(span, "there is no model to average", None) };
    if let Some(whole) = models.iter().find(|model| !model.functional.committee().is_empty()) {
        let message = format!("`{}` is a committee, which has no parameters of its own", whole.name);
        return args.wrong(span, message, Some("take the mean of its `.members`".into()));
    }
    let weights = weights(interp, args, models.len())?;
    let other = models.iter().find(|model| {
        !model.functional.same(&first.functional) && model.functional.label() != first.functional.label()
            || model.parameters.len() != first.parameters.len()
            || !alike(&model.traced.compiled.graph.params, &first.traced.compiled.graph.params)
    });
    if let Some(other) = other {
        let message = format!("`{}` and `{}` have different parameters, which have no mean", first.name, other.name);
        return args.wrong(span, message, Some("`committee(…)` averages energies, of any models".into()));
    }
    let mean = |i: usize| models.iter().zip(&weights).map(|(model, weight)| weight * model.parameters[i]).sum();
    let parameters: Vec<f64> = (0..first.parameters.len()).map(mean).collect();
    let functional = Rc::new(first.functional.with_start(StartFrom::Seed(0)));
    let mut lines = origin(&models, models.len(), models.len());
    lines[0] = format!("the mean of the parameters of {}", counted(models.len(), "model"));
    let model = Model {
        name: first.name.clone(),
        origin: lines,
        interactions: each_once(models.iter().flat_map(|model| model.interactions.clone())),
        scf: first.scf.clone().filter(|_| models.iter().all(|model| model.scf == first.scf)),
        ..Model::untrained(functional, first.traced.clone(), parameters.into())
    };
    Ok(Value::Model(Rc::new(model)))
}

/// Whether arrays of parameters are the same, wherever they are made and whatever they begin with: those of a model that was loaded are made
/// in its file.
fn alike(these: &[ParamSpec], others: &[ParamSpec]) -> bool {
    let same = |(a, b): (&ParamSpec, &ParamSpec)| a.name == b.name && a.shape == b.shape && a.bounds == b.bounds;
    these.len() == others.len() && these.iter().zip(others).all(same)
}

/// The models to choose from, and what they are called together.
fn candidates(args: &Args) -> Result<(Vec<Rc<Model>>, String)> {
    let arg = args.arg("members")?;
    match &arg.value {
        Value::Model(model) if !model.members.is_empty() => Ok((model.members.clone(), model.name.clone())),
        Value::Model(model) => {
            let why = model.absent("members").unwrap_or("they are not known");
            args.wrong(arg.span, format!("`{}` has no members: {why}", model.name), None)
        }
        Value::List(items) => {
            let model = |item: &Value| match item {
                Value::Model(model) => Ok(model.clone()),
                other => mismatch("every member of a committee", "a model", other, None, arg.span),
            };
            let models = items.iter().map(model).collect::<Result<Vec<_>>>()?;
            let names = each_once(models.iter().map(|model| model.name.clone()));
            Ok((models, names.join(", ")))
        }
        _ => args.mismatch("members", "a model with members or a list of models", None),
    }
}

/// Those with the lowest validation loss, in its order.
fn best(args: &Args, all: &[Rc<Model>]) -> Result<Vec<Rc<Model>>> {
    let (count, span) = (args.whole("best")?, args.span_of("best"));
    if count == 0 || count > all.len() {
        let message = format!("`best: {count}` is to be chosen from {}", counted(all.len(), "member"));
        return args.wrong(span, message, None);
    }
    let validated = all.iter().all(|model| model.training.as_ref().is_some_and(|t| t.validation_loss.is_some()));
    let score = |model: &Rc<Model>| {
        let training = model.training.as_ref()?;
        if validated { training.validation_loss } else { Some(training.loss) }
    };
    let mut scored = Vec::with_capacity(all.len());
    for model in all {
        let Some(score) = score(model) else {
            let message = format!("`{}` was not trained here, so nothing says how good it is", model.name);
            return args.wrong(span, message, Some("leave out `best:`, or list the members you want".into()));
        };
        scored.push((score, model.clone()));
    }
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(scored.into_iter().take(count).map(|(_, model)| model).collect())
}

/// Weights that add up to 1.
fn weights(interp: &mut Interpreter, args: &Args, count: usize) -> Result<Vec<f64>> {
    if !args.has("weights") {
        return Ok(vec![1.0 / count as f64; count]);
    }
    let (items, span) = (args.list(interp, "weights")?, args.span_of("weights"));
    let number = |item: &Value| match item {
        Value::Number(q) if q.dim.is_plain() && q.value >= 0.0 && q.value.is_finite() => Ok(q.value),
        other => mismatch("every weight of a committee", "a number of at least 0", other, None, span),
    };
    let given = items.iter().map(number).collect::<Result<Vec<f64>>>()?;
    // Relative to the largest first, as a sum of huge weights overflows.
    let largest = given.iter().copied().fold(0.0, f64::max);
    let given: Vec<f64> = given.iter().map(|weight| if largest > 0.0 { weight / largest } else { 0.0 }).collect();
    let sum: f64 = given.iter().sum();
    if given.len() != count || sum <= 0.0 {
        let message = format!("{} do not suit {}", counted(given.len(), "weight"), counted(count, "member"));
        return args.wrong(span, message, Some("one for every member, not all of them 0".into()));
    }
    Ok(given.iter().map(|weight| weight / sum).collect())
}

/// A share of less than this does not count.
const LEAST_WEIGHT: f64 = 1e-9;

/// Members that count, with those of committees in their place.
fn flattened(members: &[Rc<Model>], weights: &[f64]) -> (Vec<Rc<Model>>, Vec<f64>) {
    let (mut all, mut shares): (Vec<Rc<Model>>, Vec<f64>) = (Vec::new(), Vec::new());
    for (member, weight) in members.iter().zip(weights).filter(|(_, weight)| **weight > LEAST_WEIGHT) {
        let inner = member.functional.committee();
        let parts = match inner.is_empty() {
            true => vec![(member.clone(), 1.0)],
            false => inner.into_iter().zip(member.functional.weights()).collect(),
        };
        for (part, share) in parts {
            match all.iter().position(|known| Rc::ptr_eq(known, &part)) {
                Some(known) => shares[known] += weight * share,
                None => {
                    all.push(part);
                    shares.push(weight * share);
                }
            }
        }
    }
    (all, shares)
}

/// Where it comes from, one sentence per line.
fn origin(members: &[Rc<Model>], chosen: usize, of: usize) -> Vec<String> {
    let first = match chosen {
        count if count == of => format!("the mean of {}", counted(count, "model")),
        count => format!("the mean of the best {count} of {}", counted(of, "model")),
    };
    let known = members.iter().filter_map(|member| {
        let training = member.training.as_ref()?;
        let loss = match training.validation_loss {
            Some(loss) => format!("validation loss {}", text::number(loss)),
            None => format!("loss {}", text::number(training.loss)),
        };
        Some(format!("`{}`, seed {}, step {}, {loss}", member.name, training.seed, training.step))
    });
    let shared = members.first().filter(|first| members.iter().all(|member| member.origin == first.origin));
    let shared = shared.into_iter().flat_map(|first| first.origin.clone());
    std::iter::once(first).chain(known).chain(shared).collect()
}

//! A model as one readable script: the definitions that its functional uses, from whichever file, as they were written; its
//! parameters bit for bit; its Kohn-Sham options; its origin.
//!
//! Definitions of several modules become definitions of one file: a name that is already taken, or hidden by the language or
//! by a definition's own names, is replaced by a free one at every use.

mod gather;
pub(super) mod literal;
mod names;

use crate::data::marked_text;
use crate::graph::ParamSpec;
use crate::interp::Interpreter;
use crate::interp::error::{RunError, fail};
use crate::interp::value::model::{Model, SeedRow, TrainedWith, hash};
use crate::interp::value::params::bounded;
use crate::interp::value::{Functional, StartFrom, Value, scf};
use crate::lang::format::format;
use crate::lang::quoted;
use crate::number::not_finite;
use crate::problem::{Result, visible};
use crate::source::{SourceId, Span};
use gather::{Gathered, f_name};
pub(super) use literal::plain;
pub(super) use names::of_function;
pub(crate) use names::of_program as names_of;
use std::rc::Rc;

/// The name of the model in its file, and the function that makes it.
pub const SAVED: &str = "saved";

/// A text as a comment, line by line.
fn comment(text: &str) -> String {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).map(|line| format!("# {line}\n")).collect()
}

impl Interpreter {
    /// The text of a model's file; `name` will be the name of the model.
    ///
    /// # Errors
    /// Its functional uses something that cannot be written as text: a run, a system, a field.
    pub(crate) fn model_text(&mut self, model: &Model, name: &str, span: Span) -> Result<String> {
        let mut gathered = Gathered::new(span, &[SAVED, "model"]);
        let call = self.model_call(model, name, &mut gathered)?;
        if let (Some(definition), Some(ensemble)) = (&gathered.asks_members, &gathered.ensemble) {
            let message = format!(
                "this model cannot be saved: `{definition}` uses the members of the model `{ensemble}`, which a file does \
                 not keep"
            );
            let help = "name them outside, `let parts = m.members`, and use `parts` in the body: the value of a name \
                        is saved with the model";
            return fail(RunError::Value { message, help: Some(help.into()), span }, span);
        }
        let mut text = comment(&format!("The model `{}`, saved by ksr {}.", visible(name), env!("CARGO_PKG_VERSION")));
        for line in &model.origin {
            text += &comment(line);
        }
        if let Some(training) = &model.training {
            text += &format!("# loss {:e}", training.loss);
            if let Some(validation) = training.validation_loss {
                text += &format!(", validation loss {validation:e}");
            }
            text += &format!(", seed {}, step {}\n", training.seed, training.step);
        }
        text += &comment(&format!("`use \"{name}.ksr\"` gives `{name}`, which can be used like any functional."));
        text += "\n";
        for definition in &gathered.texts {
            text += definition;
            text += "\n\n";
        }
        Ok(format!("{text}let {SAVED} = {call}\n"))
    }

    /// The definition of a function with all that it uses, under the name [`SAVED`].
    ///
    /// # Errors
    /// It uses something that cannot be written as text: a run, a system, a field.
    pub(crate) fn function_text(&mut self, function: &Value, span: Span) -> Result<String> {
        let mut gathered = Gathered::new(span, &[SAVED]);
        let name = self.value_text(function, &Rc::from("kernel"), &mut gathered)?;
        let text = format!("{}\nlet {SAVED} = {name}\n", gathered.texts.join("\n"));
        Ok(format(SourceId::default(), &text).unwrap_or(text))
    }

    /// The text of the file at `path` for a model, or for a functional with its initial parameters.
    ///
    /// # Errors
    /// As for [`Self::model_text`]; an error in the body.
    pub(crate) fn saved_text(&mut self, value: &Value, path: &std::path::Path, span: Span) -> Result<String> {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let text = match value {
            Value::Model(model) => self.model_text(model, &name, span)?,
            Value::Functional(f) => {
                let model = self.start_as_model(f, span)?;
                self.model_text(&model, &name, span)?
            }
            other => return crate::interp::call::not_functional("the value to save", other, span),
        };
        let formatted = format(SourceId::default(), &text).unwrap_or(text);
        Ok(marked_text(&formatted))
    }

    /// `model(f, parameters: …, scf: …)`.
    fn model_call(&mut self, model: &Model, name: &str, gathered: &mut Gathered) -> Result<String> {
        // The functional's own initial values do not matter to a model.
        let functional = self.functional_text(&Rc::new(model.functional.with_start(StartFrom::Seed(0))), gathered)?;
        let mut call = format!("model({functional},\n  name: {},\n", quoted(name));
        let specs = &model.traced.compiled.graph.params;
        if let Some(wrong) = model.parameters.iter().find(|x| !x.is_finite()) {
            let message = format!("this model cannot be saved: one of its parameters is {}", not_finite(*wrong));
            return fail(RunError::Value { message, help: None, span: gathered.span }, gathered.span);
        }
        call += &format!("  parameters: {},\n", parameters(specs, &model.parameters, |spec| spec.bounds.is_none()));
        if specs.iter().any(|spec| spec.bounds.is_some()) {
            call += &format!("  unbounded: {},\n", parameters(specs, &model.parameters, |spec| spec.bounds.is_some()));
        }
        if !model.parameters.is_empty() {
            call += &format!("  hash: {},\n", quoted(&hash(&model.parameters)));
        }
        if !model.interactions.is_empty() {
            let with = |w: &TrainedWith| {
                let spacing = w.spacing.map_or(String::new(), |h| format!(", spacing: {} bohr", literal::number(h)));
                format!("{{ name: {}, values: {}{spacing} }}", quoted(&w.name), literal::array(&w.profile, "  "))
            };
            let all: Vec<String> = model.interactions.iter().map(with).collect();
            call += &format!("  interactions: [{}],\n", all.join(", "));
        }
        if let Some(scf) = model.scf.as_ref().and_then(|scf| literal::plain(&scf::record(scf))) {
            call += &format!("  scf: {scf},\n");
        }
        if let Some(training) = &model.training {
            let validation = training
                .validation_loss
                .map_or(String::new(), |v| format!(", validation_loss: {}", literal::number(v)));
            let (loss, seed, step) = (literal::number(training.loss), training.seed, training.step);
            let seeds = seeds(&training.seeds);
            let unconverged = training
                .unconverged
                .map_or(String::new(), |(count, all)| format!(", unconverged: {count}, calculations: {all}"));
            call += &format!(
                "  training: {{ loss: {loss}{validation}, seed: {seed}, step: {step}{unconverged}{seeds} }},\n"
            );
        }
        let origin: Vec<String> = model.origin.iter().map(|entry| format!("    {}", quoted(entry))).collect();
        let origin = if origin.is_empty() { String::new() } else { format!("\n{}\n  ", origin.join(",\n")) };
        Ok(call + &format!("  origin: [{origin}])"))
    }

    /// A functional as an expression; gathers its definition.
    fn functional_text(&mut self, f: &Rc<Functional>, gathered: &mut Gathered) -> Result<String> {
        let name = self.functional_name(f, gathered)?;
        let mut text = name.to_string();
        if !f.options.is_empty() {
            let mut options = Vec::with_capacity(f.options.len());
            for (option, value) in &f.options {
                options.push(format!("{option}: {}", self.value_text(value, option, gathered)?));
            }
            text = format!("{text}({})", options.join(", "));
        }
        match &f.start {
            StartFrom::Seed(0) => Ok(text),
            StartFrom::Seed(seed) => Ok(format!("init({text}, seed: {seed})")),
            StartFrom::Values(_) => {
                let model = self.start_as_model(f, gathered.span)?;
                Ok(format!("trainable({})", self.model_name(&model, f_name(&text), gathered)?))
            }
        }
    }

    /// A functional with given initial values, as a model with these values.
    fn start_as_model(&mut self, f: &Rc<Functional>, span: Span) -> Result<Rc<Model>> {
        let traced = self.traced(f, span)?;
        let parameters = traced.initial(&f.start);
        Ok(Rc::new(Model::untrained(f.clone(), traced, parameters)))
    }
}

/// The table of all seeds, one record per line.
fn seeds(rows: &[SeedRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |r: &SeedRow| {
        let validation =
            r.validation_loss.map_or(String::new(), |v| format!(", validation_loss: {}", literal::number(v)));
        let (loss, outcome) = (literal::number(r.loss), quoted(&r.outcome));
        let unconverged = r.unconverged.map_or(String::new(), |count| format!(", unconverged: {count}"));
        format!(
            "      {{ seed: {}, step: {}, loss: {loss}{validation}{unconverged}, evaluations: {}, outcome: {outcome} }}",
            r.seed, r.step, r.evaluations
        )
    };
    format!(", seeds: [\n{}\n  ]", rows.iter().map(row).collect::<Vec<_>>().join(",\n"))
}

/// The chosen parameters by layer and name, as the optimiser stores them.
fn parameters(specs: &[ParamSpec], flat: &[f64], chosen: impl Fn(&ParamSpec) -> bool) -> String {
    let mut start = 0;
    let mut layers: Vec<(&str, Vec<(&str, String)>)> = Vec::new();
    let mut notes = String::new();
    for spec in specs {
        let values = flat.get(start..start + spec.len()).unwrap_or_default();
        start += spec.len();
        if !chosen(spec) {
            continue;
        }
        let (layer, array) = spec.name.split_once('.').unwrap_or((&spec.name, ""));
        let text = match (&spec.shape[..], values) {
            ([], [x]) => literal::number(*x),
            _ => literal::array(values, "    "),
        };
        if let Some(bounds) = spec.bounds {
            let shown: Vec<String> = values.iter().take(4).map(|&t| literal::number(bounded(bounds, t))).collect();
            notes += &format!("    # {} is between {} and {}: {}\n", spec.name, bounds.0, bounds.1, shown.join(", "));
        }
        match layers.last_mut() {
            Some((last, arrays)) if *last == layer => arrays.push((array, text)),
            _ => layers.push((layer, vec![(array, text)])),
        }
    }
    if layers.is_empty() {
        return "{}".into();
    }
    let line = |(layer, arrays): &(&str, Vec<(&str, String)>)| match arrays.as_slice() {
        [("", text)] => format!("    {layer}: {text}\n"),
        arrays => {
            let arrays: Vec<String> = arrays.iter().map(|(name, text)| format!("{name}: {text}")).collect();
            format!("    {layer}: {{ {} }}\n", arrays.join(", "))
        }
    };
    format!("{{\n{notes}{}  }}", layers.iter().map(line).collect::<String>())
}

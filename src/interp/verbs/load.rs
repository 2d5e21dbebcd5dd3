//! Models from files: those written by `save`, and published archives of parameters.

use super::machines::read_machine;
use super::save::SAVED;
use super::scf;
use crate::data::{Mark, mark};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, optional, required};
use crate::interp::error::{Advice, RunError, fail};
use crate::interp::trace::{self, Ready};
use crate::interp::value::model::{Model, SeedRow, TrainedWith, Training, hash};
use crate::interp::value::scope::{Binding, ModuleId, Readiness, Thunk};
use crate::interp::value::{Closure, Functional, Record, Traced, Value};
use crate::ks::ScfOptions;
use crate::lang::Kind;
use crate::lang::ast::{Expr, ExprKind, Program, StmtKind};
use crate::problem::{Problem, Result, reason};
use crate::source::Span;
use std::path::Path;
use std::rc::Rc;

/// Models.
pub const MODELS: &[Builtin] = &[
    function(
        "load",
        &[
            required("functional", &[Kind::Text, Kind::Functional, Kind::Model]),
            optional("path", &[Kind::Text], DefaultValue::Absent("the functional")),
        ],
        &[Kind::Model, Kind::Machine],
        "the model or machine in a file written by `save`, `load(\"h2.ksr\")`, `load(\"machine.json\")`; or a functional with the parameters from an \
         archive of arrays, `load(f, \"params.npz\")`, matched by name if all names occur in it, otherwise in order, \
         or from one flat list of all, `.npz` or `.npy`; bounded parameters are taken as values, as in `.parameters`",
        &["read", "open", "import", "npz", "npy", "model", "parameters"],
        &[],
        load,
    ),
    function(
        "model",
        &[
            required("functional", &[Kind::Functional, Kind::Model]),
            required("parameters", &[Kind::Record]),
            optional("scf", &[Kind::Record], DefaultValue::Absent("none")),
            optional("name", &[Kind::Text], DefaultValue::Absent("the functional's")),
            optional("training", &[Kind::Record], DefaultValue::Value("{}", || Value::record([]))),
            optional("origin", &[Kind::List], DefaultValue::Value("[]", || Value::list(Vec::new()))),
            optional("unbounded", &[Kind::Record], DefaultValue::Value("{}", || Value::record([]))),
            optional("interactions", &[Kind::List], DefaultValue::Value("[]", || Value::list(Vec::new())))
                .about("the interactions of the systems that the parameters were trained on: `name`, `values` at 0, 1, 2 and 4 bohr, and the `spacing` of the grid"),
            optional("hash", &[Kind::Text], DefaultValue::Absent("none"))
                .about("the hash of the parameters that were saved; others are used with a warning"),
        ],
        &[Kind::Model],
        "a functional with given parameters, by layer and name, as in `.parameters` of a model; `save` writes those \
         with bounds bit for bit as `unbounded`: the t of the value a + (b - a) / (1 + exp(-t)) in a .. b",
        &["parameters", "fixed", "saved"],
        &[crate::interp::call::shown("functional f(n) { param a = 1.0; -a * n }\nmodel(f, parameters: { a: 0.5 })")],
        make,
    ),
];

impl Model {
    /// A functional with parameters that do not come from training.
    pub(crate) fn untrained(functional: Rc<Functional>, traced: Rc<Traced>, parameters: Rc<[f64]>) -> Self {
        let name = functional.name().to_string();
        Model {
            name,
            functional,
            traced,
            parameters,
            scf: None,
            training: None,
            members: Vec::new(),
            snapshots: Vec::new(),
            origin: Vec::new(),
            interactions: Vec::new(),
        }
    }
}

fn make(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let ready = interp.ready(args.operand("functional")?, &args.what("functional"))?;
    let parameters = crate::interp::verbs::given::from_records(&ready, args)?;
    let scf = match args.get("scf") {
        None => None,
        Some(given) => {
            let none = ScfOptions { tolerance: None, ..ScfOptions::default() };
            Some(scf::from_value(&given.value, given.span, &none)?)
        }
    };
    let name = args.opt_text("name")?.map_or(ready.functional.name().to_string(), |n| n.to_string());
    let origin = match args.get("origin").map(|a| &a.value) {
        Some(Value::List(lines)) => lines.iter().map(crate::interp::value::text::value).collect(),
        _ => Vec::new(),
    };
    let interactions = match args.get("interactions").map(|a| &a.value) {
        Some(Value::List(items)) => items.iter().filter_map(trained_with).collect(),
        _ => Vec::new(),
    };
    let edited = args.opt_text("hash")?.is_some_and(|said| *said != *hash(&parameters));
    // An edited file has been told already.
    let told = || interp.sources().get(args.span.source).is_some_and(|source| mark(&source.text) == Mark::Broken);
    if edited && !told() {
        let (model, span) = (name.clone(), args.span_of("parameters"));
        interp.warn_with(Problem::new(Advice::Edited { model, span }, span), true);
    }
    let training = args.get("training").and_then(|a| training(&a.value));
    let Ready { functional, traced, .. } = ready;
    let members = functional.committee();
    Ok(Value::Model(Rc::new(Model {
        name,
        functional,
        traced,
        parameters,
        scf,
        training,
        members,
        snapshots: Vec::new(),
        origin,
        interactions,
    })))
}

/// An interaction as `save` writes it.
fn trained_with(value: &Value) -> Option<TrainedWith> {
    let Value::Record(record) = value else { return None };
    let (Some(Value::Str(name)), Some(values)) = (record.get("name"), record.get("values")) else { return None };
    let mut profile = Vec::new();
    let name = name.to_string();
    trace::flat(values, &mut profile).then_some(())?;
    let spacing = match record.get("spacing") {
        Some(Value::Number(q)) => Some(q.value),
        _ => None,
    };
    Some(TrainedWith { name, profile: profile.try_into().ok()?, spacing })
}

/// What `save` has written about the training.
fn training(value: &Value) -> Option<Training> {
    let Value::Record(record) = value else { return None };
    let seeds = match record.get("seeds") {
        Some(Value::List(rows)) => rows.iter().filter_map(seed_row).collect(),
        _ => Vec::new(),
    };
    Some(Training {
        lost: 0,
        loss: number(record, "loss")?,
        validation_loss: number(record, "validation_loss"),
        seed: number(record, "seed")? as u64,
        step: number(record, "step")? as usize,
        unconverged: number(record, "unconverged")
            .zip(number(record, "calculations"))
            .map(|(count, all)| (count as usize, all as usize)),
        seeds,
        history: Vec::new(),
    })
}

fn seed_row(value: &Value) -> Option<SeedRow> {
    let Value::Record(record) = value else { return None };
    Some(SeedRow {
        seed: number(record, "seed")? as u64,
        step: number(record, "step")? as usize,
        loss: number(record, "loss")?,
        validation_loss: number(record, "validation_loss"),
        unconverged: number(record, "unconverged").map(|count| count as usize),
        evaluations: number(record, "evaluations")? as usize,
        outcome: record.get("outcome").map(crate::interp::value::text::value)?,
    })
}

fn number(record: &Record, name: &str) -> Option<f64> {
    match record.get(name) {
        Some(Value::Number(q)) => Some(q.value),
        _ => None,
    }
}

fn load(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    match &args.arg("functional")?.value {
        Value::Str(path) if !args.has("path") => {
            let (path, span) = (path.clone(), args.span_of("functional"));
            match path.to_lowercase().ends_with(".json") {
                true => interp.load_machine(&path, span, args.span),
                false => interp.load_model(&path, span, args.span),
            }
        }
        _ => {
            let ready = interp.ready(args.operand("functional")?, "the functional of the parameters")?;
            let path = args.path("path")?;
            interp.load_arrays(ready, &path, args.span_of("path"), args.span)
        }
    }
}

/// Whether a file contains a model as written by `save`: its last `saved` is `let saved = model(…)`.
pub(crate) fn holds_model(program: &Program) -> bool {
    let saved = program.statements.iter().rev().find_map(|s| match &s.kind {
        StmtKind::Let { name, value } if &*name.name == SAVED => Some(value),
        _ => None,
    });
    saved.is_some_and(makes_model)
}

fn makes_model(value: &Expr) -> bool {
    match &*value.kind {
        ExprKind::Call { callee, .. } => matches!(&*callee.kind, ExprKind::Name(name) if &**name == "model"),
        _ => false,
    }
}

impl Interpreter {
    /// The machine in a file; the path is relative to the script with the call.
    fn load_machine(&mut self, path: &str, span: Span, call: Span) -> Result<Value> {
        let full = self.path(path, self.module_at(call));
        let text = self.world.read_text(&full).map_err(|error| reason(&error, "read"));
        let mut faulty = None;
        let kernel = |text: &str| {
            self.saved_function(&full, text, span).map_err(|problem| {
                faulty = Some(problem);
                String::new()
            })
        };
        match text.and_then(|text| read_machine(&text, kernel)) {
            Ok(machine) => Ok(Value::Machine(Rc::new(machine))),
            Err(reason) => match faulty {
                Some(problem) => Err(problem),
                None => fail(RunError::File { verb: "read", path: path.to_string(), reason, span }, span),
            },
        }
    }

    /// The function that a text in a file defines as [`SAVED`].
    fn saved_function(&mut self, file: &Path, text: &str, span: Span) -> Result<Rc<Closure>> {
        let id = self.text_module(&format!("the kernel in {}", file.display()), text, span)?;
        let binding = self.module(id).and_then(|module| module.get(SAVED)).cloned();
        match binding.map(|binding| self.force(&binding, span)).transpose()? {
            Some(Value::Function(closure)) => Ok(closure),
            _ => {
                let (path, reason) = (file.display().to_string(), format!("its kernel defines no function `{SAVED}`"));
                fail(RunError::File { verb: "read", path, reason, span }, span)
            }
        }
    }

    /// The model in a file; the path is relative to the script with the call.
    fn load_model(&mut self, path: &str, span: Span, call: Span) -> Result<Value> {
        if [".npz", ".npy"].iter().any(|ending| path.to_lowercase().ends_with(ending)) {
            let message = format!("`{path}` contains arrays, but not the functional that they belong to");
            let help = Some(format!("name it first: `load(networks.sksr_global, \"{path}\")`"));
            return fail(RunError::Value { message, help, span }, span);
        }
        let id = self.file_module(path, span, self.module_at(call))?;
        let Some(binding) = self.saved(id) else {
            let message = format!("`{path}` does not contain a model");
            let help = Some("`use` imports the definitions of a file".into());
            return fail(RunError::Value { message, help, span }, span);
        };
        self.force(&binding, span)
    }

    /// The binding of a module's model, if it is a saved one.
    pub(crate) fn saved(&self, id: ModuleId) -> Option<Rc<Binding>> {
        let binding = self.module(id)?.get(SAVED)?;
        let is_model = match &*binding.state.borrow() {
            Readiness::Ready(value) => matches!(value, Value::Model(_)),
            Readiness::Lazy(Thunk::Expr(expr, _)) => makes_model(expr),
            _ => false,
        };
        is_model.then(|| binding.clone())
    }
}

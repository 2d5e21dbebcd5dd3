//! Models from files: those written by `save`, and published archives of parameters.

use super::save::SAVED;
use super::scf;
use crate::data;
use crate::data::Array;
use crate::graph::ParamSpec;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, optional, required};
use crate::interp::error::{Advice, RunError, fail, listed};
use crate::interp::trace::{self, Ready};
use crate::interp::value::model::{Model, SeedRow, TrainedWith, Training, hash};
use crate::interp::value::scope::{Binding, ModuleId, Readiness, Thunk};
use crate::interp::value::{Functional, Record, Traced, Value};
use crate::ks::ScfOptions;
use crate::lang::Kind;
use crate::lang::ast::{Expr, ExprKind, Program, StmtKind};
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::rc::Rc;

/// Models.
pub const MODELS: &[Builtin] = &[
    function(
        "load",
        &[
            required("functional", &[Kind::Text, Kind::Functional, Kind::Model]),
            optional("path", &[Kind::Text], DefaultValue::Absent("the functional")),
        ],
        &[Kind::Model],
        "the model in a file written by `save`, `load(\"h2.ksr\")`; or a functional with the parameters from an \
         archive of arrays, `load(f, \"params.npz\")`, matched by name if all names occur in it, otherwise in order, \
         or from one flat list of all, `.npz` or `.npy`",
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
                .about("the interactions of the systems that the parameters were trained on: `name`, and `values` at 0, 1, 2 and 4 bohr"),
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
    if args.opt_text("hash")?.is_some_and(|said| *said != *hash(&parameters)) {
        let (model, span) = (name.clone(), args.span_of("parameters"));
        interp.warn_with(Problem::new(Advice::Edited { model, span }, span), true);
    }
    let training = args.get("training").and_then(|a| training(&a.value));
    let Ready { functional, traced, .. } = ready;
    Ok(Value::Model(Rc::new(Model {
        name,
        functional,
        traced,
        parameters,
        scf,
        training,
        members: Vec::new(),
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
    Some(TrainedWith { name, profile: profile.try_into().ok()? })
}

/// What `save` has written about the training.
fn training(value: &Value) -> Option<Training> {
    let Value::Record(record) = value else { return None };
    let seeds = match record.get("seeds") {
        Some(Value::List(rows)) => rows.iter().filter_map(seed_row).collect(),
        _ => Vec::new(),
    };
    Some(Training {
        loss: number(record, "loss")?,
        validation_loss: number(record, "validation_loss"),
        seed: number(record, "seed")? as u64,
        step: number(record, "step")? as usize,
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
            interp.load_model(&path, span, args.span)
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

    fn load_arrays(&mut self, ready: Ready, path: &str, span: Span, call: Span) -> Result<Value> {
        let full = self.path(path, self.module_at(call));
        let read = match full.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
            true => data::read_npy(&*self.world, &full).map(|array| vec![array]),
            false => data::read_npz(&*self.world, &full),
        };
        let arrays = match read {
            Ok(arrays) => arrays,
            Err(error) => return fail(RunError::Value { message: error.to_string(), help: None, span }, span),
        };
        let specs = &ready.traced.compiled.graph.params;
        let chosen = match matched(specs, &arrays) {
            Ok(chosen) => chosen,
            Err(problem) => {
                let names: Vec<String> = specs.iter().map(|s| format!("{} {:?}", s.name, s.shape)).collect();
                let help = Some(format!("the arrays of `{}` are {}", ready.name, listed(&names)));
                return fail(RunError::Value { message: format!("`{path}` {problem}"), help, span }, span);
            }
        };
        let used: Vec<&str> = chosen.iter().map(|a| a.name.as_str()).collect();
        let surplus: Vec<&str> =
            arrays.iter().map(|a| a.name.as_str()).filter(|n| !used.contains(n) && *n != "flat").collect();
        if !surplus.is_empty() {
            let warning = Advice::Surplus {
                arrays: listed(&surplus),
                verb: if surplus.len() == 1 { "is" } else { "are" },
                file: path.to_string(),
                functional: ready.name.clone(),
                parameters: format!("{} arrays", specs.len()),
                span,
            };
            self.warn_with(Problem::new(warning, span), false);
        }
        let parameters: Vec<f64> = chosen.iter().flat_map(|a| a.data.iter().copied()).collect();
        let mut model = Model::untrained(ready.functional, ready.traced, parameters.into());
        model.origin = vec![format!("parameters of {path}")];
        Ok(Value::Model(Rc::new(model)))
    }
}

/// The array of every parameter: by name if all names are present, otherwise in the archive's order.
fn matched<'a>(specs: &[ParamSpec], arrays: &'a [Array]) -> std::result::Result<Vec<&'a Array>, String> {
    let by_name: Option<Vec<&Array>> =
        specs.iter().map(|spec| arrays.iter().find(|array| array.name == spec.name)).collect();
    let chosen = match by_name {
        Some(chosen) => chosen,
        None => {
            let in_order: Vec<&Array> = match arrays {
                // All parameters in one flat array.
                [only] if specs.len() != 1 || long(&only.shape).len() <= 1 => return flat(specs, only),
                _ => arrays.iter().filter(|a| a.name != "flat").take(specs.len()).collect(),
            };
            if in_order.len() < specs.len() {
                return Err(format!("has {} arrays, but {} are needed", in_order.len(), specs.len()));
            }
            contradiction(specs, &in_order)?;
            in_order
        }
    };
    chosen.iter().try_for_each(|array| finite(array))?;
    for (spec, array) in specs.iter().zip(&chosen) {
        if long(&spec.shape) != long(&array.shape) {
            return Err(format!(
                "has {:?} numbers in `{}`, but `{}` needs {:?}",
                array.shape, array.name, spec.name, spec.shape
            ));
        }
    }
    Ok(chosen)
}

/// Reports an array with the name of one parameter in the position of another: some name is misspelt or missing.
fn contradiction(specs: &[ParamSpec], in_order: &[&Array]) -> std::result::Result<(), String> {
    let misplaced = |(spec, array): &(&ParamSpec, &&Array)| {
        spec.name != array.name && specs.iter().any(|other| other.name == array.name)
    };
    let Some((spec, array)) = specs.iter().zip(in_order).find(misplaced) else { return Ok(()) };
    let missing = specs.iter().find(|spec| in_order.iter().all(|array| array.name != spec.name));
    let missing = missing.map_or(&spec.name, |spec| &spec.name);
    Err(format!("has no array `{missing}`, and taken in order its array `{}` would be `{}`", array.name, spec.name))
}

/// A shape without its axes of length 1.
fn long(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
}

/// All parameters from one list of numbers, in order.
fn flat<'a>(specs: &[ParamSpec], only: &'a Array) -> std::result::Result<Vec<&'a Array>, String> {
    let wanted: usize = specs.iter().map(ParamSpec::len).sum();
    if only.data.len() != wanted {
        return Err(format!("has {} numbers, but {wanted} are needed", only.data.len()));
    }
    if long(&only.shape).len() > 1 {
        return Err(format!("has one array {:?}, but {} arrays or a flat list are needed", only.shape, specs.len()));
    }
    finite(only)?;
    Ok(vec![only])
}

fn finite(array: &Array) -> std::result::Result<(), String> {
    match array.data.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(format!("contains {} at index {index} of `{}`", array.data[index], array.name)),
        None => Ok(()),
    }
}

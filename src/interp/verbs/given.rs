//! Parameters given in a call by layer and name, as values or as the numbers that the optimiser stores.

use crate::graph::ParamSpec;
use crate::interp::call::Args;
use crate::interp::error::{listed, suggestion};
use crate::interp::trace::Ready;
use crate::interp::value::{Record, Value, text};
use crate::number::not_finite;
use crate::problem::Result;
use std::rc::Rc;

/// The largest t of a bounded value: there a + (b - a) sigmoid(t) is the bound itself, to rounding.
const LARGEST_UNBOUNDED: f64 = 40.0;

/// Help for values outside their bounds.
const UNBOUNDED: &str = "`parameters:` takes values, as given by `.parameters` of a model; the numbers that the optimiser stores are given \
                         as `unbounded:`";

/// Flat parameters, as the optimiser stores them, from `parameters:` (values) and `unbounded:` (the t of bounded ones).
///
/// # Errors
/// An array that is missing, unknown or of the wrong length; a value outside its bounds; an array given twice.
pub(crate) fn from_records(ready: &Ready, args: &Args) -> Result<Rc<[f64]>> {
    let specs = &ready.traced.compiled.graph.params;
    let values = record(args, "parameters")?;
    let unbounded = match args.get("unbounded") {
        Some(_) => Some(record(args, "unbounded")?),
        None => None,
    };
    known("parameters", values, specs, ready, args)?;
    if let Some(unbounded) = unbounded {
        let bounded: Vec<ParamSpec> = specs.iter().filter(|spec| spec.bounds.is_some()).cloned().collect();
        known("unbounded", unbounded, &bounded, ready, args)?;
    }
    let mut flat = Vec::with_capacity(ready.traced.compiled.parameter_count());
    for spec in specs {
        let raw = unbounded.and_then(|record| array(record, spec));
        let found = array(values, spec);
        if raw.is_some() && found.is_some() {
            let message = format!("`{}` is given both as a value and as `unbounded`", spec.name);
            return args.wrong(args.span_of("unbounded"), message, Some("leave one of them out".into()));
        }
        let slot = if raw.is_some() { "unbounded" } else { "parameters" };
        let numbers = numbers(slot, raw.as_ref().or(found.as_ref()), spec, ready, args)?;
        match spec.bounds.filter(|_| raw.is_none()) {
            None => flat.extend(numbers),
            Some(bounds) => {
                for value in numbers {
                    let Some(t) = free(value, bounds) else {
                        let message = outside(value, bounds, &spec.name);
                        return args.wrong(args.span_of("parameters"), message, Some(UNBOUNDED.into()));
                    };
                    flat.push(t);
                }
            }
        }
    }
    Ok(flat.into())
}

fn record<'a>(args: &'a Args, name: &str) -> Result<&'a Record> {
    match &args.arg(name)?.value {
        Value::Record(record) => Ok(record),
        _ => args.mismatch(name, "a record of arrays", None),
    }
}

/// Layer and array of a parameter's name; no array if the name is a single word.
fn parts(spec: &ParamSpec) -> (&str, &str) {
    spec.name.split_once('.').unwrap_or((&spec.name, ""))
}

fn array(record: &Record, spec: &ParamSpec) -> Option<Value> {
    let (layer, array) = parts(spec);
    match record.get(layer) {
        Some(Value::Record(arrays)) => arrays.get(array).cloned(),
        other => other.cloned(),
    }
}

/// Rejects names that no parameter has.
fn known(slot: &str, record: &Record, specs: &[ParamSpec], ready: &Ready, args: &Args) -> Result<()> {
    for (layer, value) in &record.entries {
        let unknown = match value {
            Value::Record(arrays) => {
                let missing = |array: &&Rc<str>| !specs.iter().any(|spec| parts(spec) == (&**layer, &***array));
                arrays.entries.iter().map(|(array, _)| array).find(missing).map(|array| format!("{layer}.{array}"))
            }
            _ if specs.iter().any(|spec| parts(spec).0 == &**layer) => None,
            _ => Some(layer.to_string()),
        };
        if let Some(name) = unknown {
            let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
            let kind = if slot == "unbounded" { "bounded parameter" } else { "parameter" };
            let message = format!("`{}` has no {kind} `{name}`", ready.name);
            let help = suggestion(&name, &names, &format!("{kind}s"));
            return args.wrong(args.span_of(slot), message, Some(help));
        }
    }
    Ok(())
}

/// The numbers of an array, checked for their count.
fn numbers(slot: &str, found: Option<&Value>, spec: &ParamSpec, ready: &Ready, args: &Args) -> Result<Vec<f64>> {
    let mut values = Vec::with_capacity(spec.len());
    let given = match found {
        None => "none is given".into(),
        Some(value) if !crate::interp::trace::flat(value, &mut values) => format!("it is given {}", value.kind()),
        Some(_) if values.len() == spec.len() => match values.iter().find(|x| !x.is_finite()) {
            None => return Ok(values),
            Some(wrong) => {
                let message = format!("`{}` of `{}` is {}", spec.name, ready.name, not_finite(*wrong));
                let help = Some("parameters are finite numbers".into());
                return args.wrong(args.span_of(slot), message, help);
            }
        },
        Some(_) => match values.len() {
            1 => "1 is given".into(),
            found => format!("{found} are given"),
        },
    };
    let count = if spec.len() == 1 { "one number".to_string() } else { format!("{} numbers", spec.len()) };
    let message = format!("`{}` needs {count} for `{}`, but {given}", ready.name, spec.name);
    let names: Vec<&str> = ready.traced.compiled.graph.params.iter().map(|s| s.name.as_str()).collect();
    args.wrong(args.span_of(slot), message, Some(format!("its arrays are {}", listed(&names))))
}

/// The t with a + (b - a) sigmoid(t) = value; `None`: the value is outside the bounds. Where training starts, `graph::parameters`
/// moves values a little inside instead, because at a bound the gradient is 0; here the requested values must be recovered.
pub(crate) fn free(value: f64, (a, b): (f64, f64)) -> Option<f64> {
    let t = || ((value - a) / (b - value)).ln().clamp(-LARGEST_UNBOUNDED, LARGEST_UNBOUNDED);
    (a..=b).contains(&value).then(t)
}

/// What a value must satisfy that is outside the bounds of a parameter.
pub(crate) fn outside(value: f64, (a, b): (f64, f64), name: &str) -> String {
    let (found, a, b) = (text::number(value), text::number(a), text::number(b));
    format!("`{name}` must be between {a} and {b}, but {found} is not")
}

//! Parameters from archives of arrays: which array belongs to which parameter, and what its numbers mean.

use super::given::{free, outside};
use crate::data::{Array, Arrays, Member};
use crate::graph::ParamSpec;
use crate::interp::Interpreter;
use crate::interp::error::{Advice, RunError, fail, listed};
use crate::interp::trace::Ready;
use crate::interp::value::Value;
use crate::interp::value::model::Model;
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::rc::Rc;

impl Interpreter {
    /// A functional with the parameters from a file of arrays; the path is relative to the script with the call.
    pub(super) fn load_arrays(&mut self, ready: Ready, path: &str, span: Span, call: Span) -> Result<Value> {
        let full = self.path(path, self.module_at(call));
        let failed = |message: String, help| fail(RunError::Value { message, help, span }, span);
        let mut arrays = match Arrays::open(&*self.world, &full) {
            Ok(arrays) => arrays,
            Err(error) => return failed(error.to_string(), None),
        };
        let specs = &ready.traced.compiled.graph.params;
        let chosen = match matched(specs, &arrays.members) {
            Ok(chosen) => chosen,
            Err(problem) => {
                let names: Vec<String> = specs.iter().map(|s| format!("{} {:?}", s.name, s.shape)).collect();
                let help = format!("the arrays of `{}` are {}", ready.name, listed(&names));
                return failed(format!("`{path}` {problem}"), Some(help));
            }
        };
        let mut parameters = Vec::with_capacity(ready.traced.compiled.parameter_count());
        let mut read = Vec::with_capacity(chosen.len());
        for member in &chosen {
            match arrays.read(&*self.world, member) {
                Ok(array) => read.push(array),
                Err(error) => return failed(error.to_string(), None),
            }
        }
        let mut numbers = read.iter().flat_map(|array| (0..array.data.len()).map(move |index| (array, index)));
        for spec in specs {
            for (array, index) in numbers.by_ref().take(spec.len()) {
                match stored(array, index, spec) {
                    Ok(number) => parameters.push(number),
                    Err(problem) => return failed(format!("`{path}` {problem}"), spec.bounds.map(|_| VALUES.into())),
                }
            }
        }
        self.tell_unused(&ready, path, &arrays, &chosen, span);
        let mut model = Model::untrained(ready.functional, ready.traced, parameters.into());
        model.origin = vec![format!("parameters of {path}")];
        Ok(Value::Model(Rc::new(model)))
    }

    /// Reports what is in a file and no parameter has been taken from.
    fn tell_unused(&mut self, ready: &Ready, path: &str, arrays: &Arrays, chosen: &[Member], span: Span) {
        let surplus: Vec<&str> =
            arrays.members.iter().filter(|m| !chosen.contains(m) && m.name != FLAT).map(|m| m.name.as_str()).collect();
        if !surplus.is_empty() {
            let warning = Advice::Surplus {
                arrays: listed(&surplus),
                verb: if surplus.len() == 1 { "is" } else { "are" },
                file: path.to_string(),
                functional: ready.name.clone(),
                parameters: format!("{} arrays", ready.traced.compiled.graph.params.len()),
                span,
            };
            self.warn_with(Problem::new(warning, span), false);
        }
        let (count, names) = (arrays.ignored.len(), listed(&arrays.ignored));
        if count > 0 {
            let what = if count == 1 { "which is not an array and is" } else { "which are not arrays and are" };
            let message = format!("`{path}` also holds {names}, {what} ignored");
            self.warn_with(Problem::new(Advice::Note { message, span }, span), false);
        }
    }
}

/// The name under which an archive may have all parameters a second time, in one array.
const FLAT: &str = "flat";

/// Help for values outside their bounds.
const VALUES: &str = "an archive holds the values of bounded parameters, as given by `.parameters` of a model; the numbers that the \
                      optimiser stores are given as `unbounded:` of `model`";

/// A number of an array as the optimiser stores it: of a bounded parameter the t of its value.
fn stored(array: &Array, index: usize, spec: &ParamSpec) -> std::result::Result<f64, String> {
    let value = array.data[index];
    if !value.is_finite() {
        return Err(format!("contains {value} at index {index} of `{}`", array.name));
    }
    let Some((a, b)) = spec.bounds else { return Ok(value) };
    // Rounded to single precision, a bound itself may be outside.
    let rounding = if array.single { f64::from(f32::EPSILON) } else { 0.0 };
    let near = [a, b].into_iter().find(|bound| (value - bound).abs() <= rounding * bound.abs());
    let value = near.unwrap_or(value);
    free(value, (a, b)).ok_or_else(|| format!("does not fit: {}", outside(value, (a, b), &spec.name)))
}

/// The array of every parameter: by name if all names are present, otherwise in the archive's order.
fn matched(specs: &[ParamSpec], members: &[Member]) -> std::result::Result<Vec<Member>, String> {
    let by_name: Option<Vec<&Member>> =
        specs.iter().map(|spec| members.iter().find(|member| member.name == spec.name)).collect();
    let chosen = match by_name {
        Some(chosen) => chosen,
        None => {
            let in_order: Vec<&Member> = match members {
                // All parameters in one flat array.
                [only] if specs.len() != 1 || long(only.shape()).len() <= 1 => return flat(specs, only),
                _ => members.iter().filter(|member| member.name != FLAT).take(specs.len()).collect(),
            };
            if in_order.len() < specs.len() {
                return Err(format!("has {} arrays, but {} are needed", in_order.len(), specs.len()));
            }
            contradiction(specs, &in_order)?;
            in_order
        }
    };
    for (spec, member) in specs.iter().zip(&chosen) {
        if long(&spec.shape) != long(member.shape()) {
            return Err(format!(
                "has {:?} numbers in `{}`, but `{}` needs {:?}",
                member.shape(),
                member.name,
                spec.name,
                spec.shape
            ));
        }
    }
    Ok(chosen.into_iter().cloned().collect())
}

/// Reports an array with the name of one parameter in the position of another: some name is misspelt or missing.
fn contradiction(specs: &[ParamSpec], in_order: &[&Member]) -> std::result::Result<(), String> {
    let misplaced = |(spec, array): &(&ParamSpec, &&Member)| {
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
fn flat(specs: &[ParamSpec], only: &Member) -> std::result::Result<Vec<Member>, String> {
    let wanted: usize = specs.iter().map(ParamSpec::len).sum();
    if only.count() != wanted {
        return Err(format!("has {} numbers, but {wanted} are needed", only.count()));
    }
    if long(only.shape()).len() > 1 {
        return Err(format!("has one array {:?}, but {} arrays or a flat list are needed", only.shape(), specs.len()));
    }
    Ok(vec![only.clone()])
}

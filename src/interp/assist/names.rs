//! The names of a session and what is behind them, found without evaluating anything.

use crate::interp::registry;
use crate::interp::session::{Interpreter, PRELUDE, Standard, defined_name, definition, standard_modules};
use crate::interp::value::Value;
use crate::interp::value::scope::Binding;
use crate::lang::ast::{ParamDecl, Program};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A name and a line about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub name: String,
    pub about: Option<String>,
}

impl Named {
    /// A name with the first line of its documentation.
    pub(super) fn new(name: impl Into<String>, docs: Option<&str>) -> Self {
        let about = docs.and_then(|docs| docs.lines().next()).filter(|line| !line.is_empty());
        Self { name: name.into(), about: about.map(str::to_owned) }
    }
}

impl Interpreter {
    /// All names that can be used in an expression now, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.visible(&self.scope).iter().map(|n| n.to_string()).collect();
        names.extend(self.prelude_modules().flat_map(|module| module.definitions.keys()).map(|name| name.to_string()));
        names.into_iter().collect()
    }

    /// A line about a name of a session.
    pub(super) fn about(&self, name: &str) -> Option<String> {
        if let Some(binding) = self.scope.get(name) {
            let docs = Named::new(name, binding.docs.as_deref()).about;
            return docs.or_else(|| binding.value().map(|value| value.kind()));
        }
        if let Some(builtin) = registry::get(name) {
            return Some(builtin.summary.to_owned());
        }
        let statement = self.prelude_modules().find_map(|module| definition(&module.program, name))?;
        Named::new(name, statement.docs.as_deref()).about
    }

    /// The names that may follow the dot of `path`, itself a name or names joined by dots.
    pub(super) fn members(&self, path: &str) -> Vec<Named> {
        if path == "std" {
            return standard_modules().map(|name| Named::new(name, None)).collect();
        }
        match self.known_value(path) {
            Some(Value::Module(module)) => {
                let bindings = self.module(module.id).into_iter().flat_map(|module| &module.bindings);
                bindings.map(|binding| Named::new(&*binding.name, binding.docs.as_deref())).collect()
            }
            Some(value) => self.member_names(&value).into_iter().map(|name| Named::new(name, None)).collect(),
            None => Vec::new(),
        }
    }

    /// The parameter names of a callable name of the session.
    pub(crate) fn parameters(&self, path: &str) -> Vec<String> {
        let names = |params: &[ParamDecl]| params.iter().map(|p| p.name.name.to_string()).collect();
        match self.known_value(path) {
            Some(Value::Function(closure)) => names(&closure.def.params),
            Some(Value::SystemMaker(maker)) => names(maker.def.params.as_deref().unwrap_or_default()),
            Some(Value::Builtin(builtin)) => builtin.params.iter().map(|p| p.name.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// The value behind a path, if it has been evaluated.
    pub(super) fn known_value(&self, path: &str) -> Option<Value> {
        let mut parts = path.split('.');
        let head = parts.next()?;
        let mut value = match self.scope.get(head).cloned().or_else(|| self.prelude_binding(head)) {
            Some(binding) => binding.value()?,
            None => registry::get(head)?.value()?,
        };
        for part in parts {
            value = match &value {
                Value::Record(record) => record.get(part)?.clone(),
                Value::Module(module) => self.module(module.id)?.get(part)?.value()?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// The module of the standard library that the session has under a name.
    pub(super) fn standard_module(&self, name: &str) -> Option<&Standard> {
        let Value::Module(module) = self.scope.get(name)?.value()? else { return None };
        let key = &self.module(module.id)?.key;
        self.library.iter().find(|standard| standard.key == *key)
    }

    /// The modules of the standard library whose names need no `use`.
    pub(super) fn prelude_modules(&self) -> impl Iterator<Item = &Standard> {
        self.library.iter().filter(|module| PRELUDE.contains(&module.name))
    }

    pub(super) fn prelude_binding(&self, name: &str) -> Option<Rc<Binding>> {
        let modules =
            self.prelude_modules().filter_map(|standard| self.modules.iter().find(|module| module.key == standard.key));
        modules.filter_map(|module| module.get(name)).next().cloned()
    }

    pub(super) fn module_binding(&self, module: &str, name: &str) -> Option<Rc<Binding>> {
        match self.scope.get(module)?.value()? {
            Value::Module(module) => self.module(module.id)?.get(name).cloned(),
            _ => None,
        }
    }
}

/// The definitions of a text, in order.
pub(super) fn definitions(program: &Program) -> impl Iterator<Item = Named> {
    program.statements.iter().filter_map(|statement| {
        let name = defined_name(&statement.kind)?;
        Some(Named::new(&*name.name, statement.docs.as_deref()))
    })
}

#[cfg(test)]
mod tests {
    use crate::interp::tests::helpers::interpreter;

    #[test]
    fn names_of_the_language_and_of_the_session_have_a_line() {
        let mut session = interpreter();
        session.eval_entry("## Twice.\nfn twice(x) = 2 * x").unwrap();
        session.eval_entry("let long = 3 bohr").unwrap();
        let about = |name: &str| session.about(name).unwrap_or_default();
        assert_eq!((about("twice").as_str(), about("long").as_str()), ("Twice.", "a length"));
        assert!(about("sqrt").contains("square root"), "{}", about("sqrt"));
        assert!(about("H").contains("ydrogen"), "{}", about("H"));
        assert!(session.names().iter().any(|name| name == "He"));
        assert_eq!(session.about("nothing"), None);
    }

    #[test]
    fn members_of_values_and_modules_are_known() {
        let mut session = interpreter();
        session.eval_entry("use std.functionals\nlet r = { a: { b: 1 } }").unwrap();
        let names = |path: &str| session.members(path).into_iter().map(|named| named.name).collect::<Vec<_>>();
        assert_eq!((names("r"), names("r.a")), (vec!["a".to_owned()], vec!["b".to_owned()]));
        assert!(session.members("functionals").iter().any(|lda| lda.name == "lda" && lda.about.is_some()));
        assert!(names("std").contains(&"losses".to_owned()) && names("sqrt").is_empty());
        assert!(session.standard_module("functionals").is_some_and(|module| module.name == "functionals"));
    }
}

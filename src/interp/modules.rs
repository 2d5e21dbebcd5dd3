//! `use`: files and the standard library, read once, evaluated when needed.

use super::Interpreter;
use super::error::{RunError, fail, suggestion};
use super::eval::binding;
use super::module::{Module, ModuleId};
use super::scope::{Binding, Scope, State, Thunk};
use super::session::MAIN;
use super::value::{ModuleRef, Value};
use crate::lang::ast::{Ident, Program, Stmt, StmtKind, Use, UsePath};
use crate::lang::parse;
use crate::problem::{Problem, Result, reason as reason_of};
use crate::source::Span;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The standard library, shipped in the binary.
pub(super) const STANDARD: &[(&str, &str)] = &[
    ("atoms", include_str!("../../stdlib/atoms.ksr")),
    ("interactions", include_str!("../../stdlib/interactions.ksr")),
    ("functionals", include_str!("../../stdlib/functionals.ksr")),
    ("networks", include_str!("../../stdlib/networks.ksr")),
    ("losses", include_str!("../../stdlib/losses.ksr")),
    ("molecules", include_str!("../../stdlib/molecules.ksr")),
    ("analysis", include_str!("../../stdlib/analysis.ksr")),
    ("models", include_str!("../../stdlib/models.ksr")),
];

/// Standard modules whose names are known without `use`.
pub(super) const PRELUDE: &[&str] = &["interactions", "atoms"];

/// The names of the standard modules.
pub fn standard_modules() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

impl Interpreter {
    /// What a `use` brings: the module under its stem or alias, or the names it lists.
    ///
    /// # Errors
    /// There is no such module or name; its text is wrong; it uses itself.
    pub(super) fn use_module(&mut self, used: &Use, statement: &Stmt, scope: &Scope) -> Result<Vec<Rc<Binding>>> {
        let (id, span) = match &used.path {
            UsePath::Std(path) => self.standard(path, statement.span)?,
            UsePath::File { path, span } => (self.file_module(path, *span, scope.module())?, *span),
        };
        let stem = used.path.stem();
        let Some(names) = &used.names else {
            if let (Some(model), UsePath::File { .. }) = (self.saved(id), &used.path) {
                // A saved model stands under the stem itself.
                let name = used.alias.clone().unwrap_or(Ident { name: stem, span });
                return Ok(vec![model.renamed(&name)]);
            }
            let name = used.alias.clone().unwrap_or(Ident { name: stem, span });
            let module = ModuleRef { id, name: name.name.clone() };
            return Ok(vec![Binding::ready(name.name, name.span, Value::Module(module))]);
        };
        names.iter().map(|name| self.imported(id, &stem, name, used.alias.as_ref())).collect()
    }

    fn imported(&mut self, id: ModuleId, stem: &str, name: &Ident, alias: Option<&Ident>) -> Result<Rc<Binding>> {
        let module = self.module(id);
        if let Some(binding) = module.and_then(|m| m.get(&name.name)) {
            return Ok(alias.map_or_else(|| binding.clone(), |alias| binding.renamed(alias)));
        }
        let known: Vec<String> =
            module.map(|m| m.bindings.iter().map(|b| b.name.to_string()).collect()).unwrap_or_default();
        let help = suggestion(&name.name, &known, "names");
        let error = RunError::NotInModule { module: stem.into(), name: name.name.to_string(), help, span: name.span };
        fail(error, name.span)
    }

    fn standard(&mut self, path: &[Ident], span: Span) -> Result<(ModuleId, Span)> {
        let names: Vec<&str> = path.iter().map(|p| &*p.name).collect();
        let wanted = names.join(".");
        let found = match names.as_slice() {
            ["std", name] => STANDARD.iter().find(|(n, _)| n == name),
            _ => None,
        };
        let Some((name, text)) = found else {
            let known: Vec<String> = standard_modules().map(|n| format!("std.{n}")).collect();
            let help = suggestion(&wanted, &known, "standard modules");
            return fail(RunError::NoModule { name: wanted, help, span }, span);
        };
        let key = format!("std.{name}");
        let id = self.read_module(&key, &key, text, PathBuf::new(), span)?;
        Ok((id, span))
    }

    /// The module of a file; its path is relative to that of `from`.
    pub(super) fn file_module(&mut self, path: &str, span: Span, from: ModuleId) -> Result<ModuleId> {
        let full = self.path(path, from);
        let unreadable = |reason: std::io::Error| RunError::File {
            verb: "read",
            path: path.to_string(),
            reason: reason_of(&reason, "read"),
            span,
        };
        let canonical = match full.canonicalize() {
            Ok(canonical) => canonical,
            Err(reason) => return fail(unreadable(reason), span),
        };
        let text = match std::fs::read_to_string(&canonical) {
            Ok(text) => text,
            Err(reason) => return fail(unreadable(reason), span),
        };
        let base = full.parent().map(Path::to_path_buf).unwrap_or_default();
        self.read_module(&canonical.to_string_lossy(), &full.to_string_lossy(), &text, base, span)
    }

    /// The module in whose text a place lies.
    pub(super) fn module_at(&self, span: Span) -> ModuleId {
        let index = self.modules.iter().skip(1).position(|m| m.source == span.source);
        index.map_or(MAIN, |index| ModuleId(index as u32 + 1))
    }

    /// A path of a module's text, relative to its folder.
    pub(super) fn path(&self, path: &str, module: ModuleId) -> PathBuf {
        self.module(module).map(|m| m.base.join(path)).unwrap_or_else(|| PathBuf::from(path))
    }

    /// Reads a module, or finds it read before. `key` tells it from others, `name` is for users.
    fn read_module(&mut self, key: &str, name: &str, text: &str, base: PathBuf, span: Span) -> Result<ModuleId> {
        if let Some(index) = self.modules.iter().skip(1).position(|m| m.key == key) {
            let id = ModuleId(index as u32 + 1);
            if self.module(id).is_some_and(|m| m.loading) {
                return fail(RunError::ModuleCycle { module: stem(key), span }, span);
            }
            return Ok(id);
        }
        let source = self.sources.add(name, text);
        let through = |problems: Vec<Problem>| {
            let nothing = || Problem::new(RunError::Machine { message: format!("`{name}` cannot be read") }, span);
            let first = problems.into_iter().next().unwrap_or_else(nothing);
            Box::new(first.via(span, format!("in `{}`, used here", stem(key))))
        };
        let program = parse(source, text).map_err(through)?;
        let id = ModuleId(self.modules.len() as u32);
        self.modules.push(Module {
            key: key.into(),
            source,
            base,
            bindings: Vec::new(),
            brought: Vec::new(),
            loading: true,
        });
        let read = self.read_definitions(id, &program);
        match read {
            Ok(()) => {
                if let Some(module) = self.modules.get_mut(id.0 as usize) {
                    module.loading = false;
                }
                Ok(id)
            }
            Err(problem) => {
                // A later `use` reads it again.
                if let Some(module) = self.modules.get_mut(id.0 as usize) {
                    module.key.clear();
                }
                Err(Box::new(problem.via(span, format!("in `{}`, used here", stem(key)))))
            }
        }
    }

    /// Makes every definition known; none is evaluated yet. Expression statements are skipped.
    fn read_definitions(&mut self, id: ModuleId, program: &Program) -> Result<()> {
        let mut scope = Scope::new(id);
        for statement in &program.statements {
            let bindings = match &statement.kind {
                StmtKind::Expr { .. } => continue,
                StmtKind::Use(used) => self.use_module(used, statement, &scope)?,
                StmtKind::Let { name, value } => {
                    vec![binding(statement, name, State::Lazy(Thunk::Expr(value.clone(), scope.clone())))]
                }
                other => match defined_name(other) {
                    Some(name) => {
                        let thunk = Thunk::Definition(Rc::new(statement.clone()), scope.clone());
                        vec![binding(statement, name, State::Lazy(thunk))]
                    }
                    None => continue,
                },
            };
            let brought = matches!(statement.kind, StmtKind::Use(_));
            for binding in bindings {
                scope.bind(binding.clone());
                if let Some(module) = self.modules.get_mut(id.0 as usize) {
                    if brought { &mut module.brought } else { &mut module.bindings }.push(binding);
                }
            }
        }
        Ok(())
    }

    /// A name of the standard modules that need no `use`.
    pub(super) fn prelude(&mut self, name: &str, span: Span) -> Result<Option<Value>> {
        for module in PRELUDE {
            let key = format!("std.{module}");
            let Some((_, text)) = STANDARD.iter().find(|(n, _)| n == module) else { continue };
            let known = self.modules.iter().position(|m| m.key == key);
            if known.is_some_and(|i| self.modules[i].loading) {
                continue;
            }
            let id = self.read_module(&key, &key, text, PathBuf::new(), span)?;
            if let Some(binding) = self.module(id).and_then(|m| m.get(name)).cloned() {
                return self.force(&binding, span).map(Some);
            }
        }
        Ok(None)
    }
}

/// The name a definition binds.
pub(super) fn defined_name(statement: &StmtKind) -> Option<&Ident> {
    match statement {
        StmtKind::Let { name, .. } | StmtKind::Grid { name, .. } => Some(name),
        StmtKind::Fn(def) | StmtKind::Loss(def) => Some(&def.name),
        StmtKind::Functional(def) => Some(&def.function.name),
        StmtKind::System(def) => Some(&def.name),
        StmtKind::Use(_) | StmtKind::Param(_) | StmtKind::Expr { .. } => None,
    }
}

/// What the user calls a module by default: `losses` for `std.losses`, `lda` for `my/lda.ksr`.
fn stem(path: &str) -> String {
    if let Some(name) = path.strip_prefix("std.") {
        return name.to_string();
    }
    Path::new(path).file_stem().map_or_else(|| path.to_string(), |s| s.to_string_lossy().into_owned())
}

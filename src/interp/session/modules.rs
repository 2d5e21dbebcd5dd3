//! `use`: files and the standard library, parsed once, evaluated when needed.

use super::MAIN;
use super::library::{PRELUDE, Standard, standard_modules};
use crate::data::{Mark, mark};
use crate::interp::Interpreter;
use crate::interp::error::{Advice, RunError, fail, suggestion};
use crate::interp::eval::binding;
use crate::interp::value::module::Module;
use crate::interp::value::scope::{Binding, ModuleId, Readiness, Scope, Thunk};
use crate::interp::value::{ModuleRef, Value};
use crate::interp::verbs::holds_model;
use crate::lang::ast::{Ident, Program, Stmt, StmtKind, Use, UsePath};
use crate::lang::parse;
use crate::problem::{Problem, Result, reason as reason_of};
use crate::source::{SourceId, Span};
use std::path::{Path, PathBuf};
use std::rc::Rc;

impl Interpreter {
    /// What a `use` imports: the module under its stem or alias, or the names it lists.
    ///
    /// # Errors
    /// There is no such module or name; the module has errors; it uses itself.
    pub(crate) fn use_module(&mut self, used: &Use, statement: &Stmt, scope: &Scope) -> Result<Vec<Rc<Binding>>> {
        let (id, span) = match &used.path {
            UsePath::Std(path) => self.standard(path, statement.span)?,
            UsePath::File { path, span } => (self.file_module(path, *span, scope.module())?, *span),
        };
        if let Some(module) = self.modules.get_mut(id.0 as usize) {
            module.used = true;
        }
        let stem = used.path.stem();
        let Some(names) = &used.names else {
            if let (Some(model), UsePath::File { .. }) = (self.saved(id), &used.path) {
                // A saved model gets the stem itself as its name.
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
            ["std", name] => self.library.iter().position(|module| module.name == *name),
            _ => None,
        };
        let Some(index) = found else {
            let known: Vec<String> = standard_modules().map(|n| format!("std.{n}")).collect();
            let help = suggestion(&wanted, &known, "standard modules");
            return fail(RunError::NoModule { name: wanted, help, span }, span);
        };
        Ok((self.library_module(index, span)?, span))
    }

    /// A module of the standard library.
    fn library_module(&mut self, index: usize, span: Span) -> Result<ModuleId> {
        let Standard { key, source, program, .. } = &self.library[index];
        let (key, source, program) = (key.clone(), *source, program.clone());
        match self.read_before(&key, span)? {
            Some(id) => Ok(id),
            None => self.read_module(&key, source, &program, PathBuf::new(), None, span),
        }
    }

    /// The module of a file; its path is relative to that of `from`.
    pub(crate) fn file_module(&mut self, path: &str, span: Span, from: ModuleId) -> Result<ModuleId> {
        if path.trim().is_empty() {
            return fail(RunError::Value { message: "the path is empty".into(), help: None, span }, span);
        }
        let full = self.path(path, from);
        let unreadable = |reason: std::io::Error| RunError::File {
            verb: "read",
            path: path.to_string(),
            reason: reason_of(&reason, "read"),
            span,
        };
        let canonical = match self.world.canonical(&full) {
            Ok(canonical) => canonical,
            Err(reason) => return fail(unreadable(reason), span),
        };
        let text = match self.world.read_text(&canonical) {
            Ok(text) => text,
            Err(reason) => return fail(unreadable(reason), span),
        };
        let base = full.parent().map(Path::to_path_buf).unwrap_or_default();
        let (key, name) = (canonical.to_string_lossy(), full.to_string_lossy());
        if let Some(id) = self.read_before(&key, span)? {
            let before = self.module(id).and_then(|m| self.sources.get(m.source)).is_some_and(|s| *s.text == *text);
            if before {
                return Ok(id);
            }
            // It has changed since, as a saved model may.
            if let Some(module) = self.modules.get_mut(id.0 as usize) {
                module.key.clear();
            }
        }
        let (source, program) = self.parsed(&name, &text, span)?;
        if mark(&text) == Mark::Broken && holds_model(&program) {
            self.warn_with(Problem::new(Advice::EditedFile { path: path.to_string(), span }, span), true);
        }
        self.read_module(&key, source, &program, base, Some(canonical.clone()), span)
    }

    /// The module of a text that a file contains; `name` is for messages.
    pub(crate) fn text_module(&mut self, name: &str, text: &str, span: Span) -> Result<ModuleId> {
        let (source, program) = self.parsed(name, text, span)?;
        self.read_module("", source, &program, PathBuf::new(), None, span)
    }

    fn parsed(&mut self, name: &str, text: &str, span: Span) -> Result<(SourceId, Program)> {
        let source = self.sources.add(name, text);
        let program = parse(source, text).map_err(|problems| {
            let nothing = || Problem::new(RunError::Machine { message: format!("`{name}` cannot be read") }, span);
            let first = problems.into_iter().next().unwrap_or_else(nothing);
            Box::new(first.via(span, format!("in `{}`, used here", stem(name))))
        })?;
        Ok((source, program))
    }

    /// Reports a function that prints or writes files in a text other than the script.
    pub(crate) fn only_in_script(&self, function: &str, span: Span) -> Result<()> {
        if self.module_at(span) == MAIN {
            return Ok(());
        }
        fail(RunError::Acts { function: function.into(), span }, span)
    }

    /// The module whose text contains a place.
    pub(crate) fn module_at(&self, span: Span) -> ModuleId {
        let index = self.modules.iter().skip(1).position(|m| m.source == span.source);
        index.map_or(MAIN, |index| ModuleId(index as u32 + 1))
    }

    /// A path in a module's text, relative to its folder.
    pub(crate) fn path(&self, path: &str, module: ModuleId) -> PathBuf {
        self.module(module).map(|m| m.base.join(path)).unwrap_or_else(|| PathBuf::from(path))
    }

    /// The module with a key, if it has been parsed.
    ///
    /// # Errors
    /// It is still being parsed: it uses itself.
    fn read_before(&self, key: &str, span: Span) -> Result<Option<ModuleId>> {
        let Some(index) = self.modules.iter().skip(1).position(|m| m.key == key) else { return Ok(None) };
        let id = ModuleId(index as u32 + 1);
        if self.module(id).is_some_and(|m| m.loading) {
            return fail(RunError::ModuleCycle { module: stem(key), span }, span);
        }
        Ok(Some(id))
    }

    /// Parses a module that has not been parsed before.
    fn read_module(
        &mut self,
        key: &str,
        source: SourceId,
        program: &Program,
        base: PathBuf,
        file: Option<PathBuf>,
        span: Span,
    ) -> Result<ModuleId> {
        let id = ModuleId(self.modules.len() as u32);
        self.modules.push(Module {
            key: key.into(),
            source,
            base,
            file,
            used: false,
            bindings: Vec::new(),
            brought: Vec::new(),
            loading: true,
        });
        let read = self.read_definitions(id, program);
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

    /// Declares every definition without evaluating it. Expression statements are skipped.
    fn read_definitions(&mut self, id: ModuleId, program: &Program) -> Result<()> {
        let mut scope = Scope::new(id);
        for statement in &program.statements {
            let bindings = match &statement.kind {
                StmtKind::Expr { .. } => continue,
                StmtKind::Use(used) => self.use_module(used, statement, &scope)?,
                StmtKind::Let { name, value } => {
                    vec![binding(statement, name, Readiness::Lazy(Thunk::Expr(value.clone(), scope.clone())))]
                }
                other => match defined_name(other) {
                    Some(name) => {
                        let thunk = Thunk::Definition(Rc::new(statement.clone()), scope.clone());
                        vec![binding(statement, name, Readiness::Lazy(thunk))]
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

    /// What a standard module calls by a name.
    pub(crate) fn standard_value(&mut self, module: &str, name: &str, span: Span) -> Result<Option<Value>> {
        let Some(index) = self.library.iter().position(|m| m.name == module) else { return Ok(None) };
        let id = self.library_module(index, span)?;
        let Some(binding) = self.module(id).and_then(|m| m.get(name)).cloned() else { return Ok(None) };
        self.force(&binding, span).map(Some)
    }

    /// A name of the standard modules that need no `use`.
    pub(crate) fn prelude(&mut self, name: &str, span: Span) -> Result<Option<Value>> {
        for module in PRELUDE {
            let Some(index) = self.library.iter().position(|m| m.name == *module) else { continue };
            let key = &self.library[index].key;
            if self.modules.iter().any(|m| m.key == *key && m.loading) {
                continue;
            }
            let id = self.library_module(index, span)?;
            if let Some(binding) = self.module(id).and_then(|m| m.get(name)).cloned() {
                return self.force(&binding, span).map(Some);
            }
        }
        Ok(None)
    }
}

/// The name a definition binds.
pub(crate) fn defined_name(statement: &StmtKind) -> Option<&Ident> {
    match statement {
        StmtKind::Let { name, .. } | StmtKind::Grid { name, .. } => Some(name),
        StmtKind::Fn(def) | StmtKind::Loss(def) => Some(&def.name),
        StmtKind::Functional(def) => Some(&def.function.name),
        StmtKind::System(def) => Some(&def.name),
        StmtKind::Use(_) | StmtKind::Param(_) | StmtKind::Expr { .. } => None,
    }
}

/// The last definition of a name in a text.
pub(crate) fn definition<'p>(program: &'p Program, name: &str) -> Option<&'p Stmt> {
    let defines = |statement: &&Stmt| defined_name(&statement.kind).is_some_and(|defined| *defined.name == *name);
    program.statements.iter().rev().find(defines)
}

/// The default name of a module: `losses` for `std.losses`, `lda` for `my/lda.ksr`.
fn stem(path: &str) -> String {
    if let Some(name) = path.strip_prefix("std.") {
        return name.to_string();
    }
    Path::new(path).file_stem().map_or_else(|| path.to_string(), |s| s.to_string_lossy().into_owned())
}

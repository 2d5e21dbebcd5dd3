//! What the names in a text mean, as far as that is known without evaluating it: its own definitions, what it uses, and behind
//! them the session.

use super::before::{Owner, Whole};
use super::doc::{Doc, member_doc, statement_doc};
use super::names::{Named, definitions};
use crate::interp::call::Param;
use crate::interp::eval::{SYSTEM_ENTRIES, documented_members};
use crate::interp::session::{Interpreter, MAIN, definition};
use crate::interp::value::{Value, scf};
use crate::interp::verbs::holds_model;
use crate::lang::Kind;
use crate::lang::ast::{ExprKind, ParamDecl, Program, Stmt, StmtKind, Use, UsePath};
use crate::lang::kinds::either;
use crate::lang::partial;
use crate::source::SourceId;
use std::rc::Rc;

/// A text that is being written.
pub(super) struct DraftText<'a> {
    pub(super) interpreter: &'a Interpreter,
    program: Program,
    imports: Vec<Import>,
}

/// What a `use` in the text brings.
struct Import {
    program: Rc<Program>,
    binds: Binds,
}

enum Binds {
    /// The module under a name.
    Module(Rc<str>),
    /// A saved model under a name.
    Model(Rc<str>),
    /// Names here, and in the module.
    Names(Vec<(Rc<str>, Rc<str>)>),
}

impl<'a> DraftText<'a> {
    /// Reads a text, and the modules that it uses.
    pub(super) fn new(interpreter: &'a Interpreter, text: &str) -> Self {
        let program = partial(SourceId::default(), text).program;
        let used = program.statements.iter().filter_map(|statement| match &statement.kind {
            StmtKind::Use(used) => interpreter.import(used),
            _ => None,
        });
        Self { interpreter, imports: used.collect(), program }
    }

    /// The names that the text binds outside of functions.
    pub(super) fn names(&self) -> Vec<Named> {
        let mut names: Vec<Named> = definitions(&self.program).collect();
        for Import { program, binds } in &self.imports {
            match binds {
                Binds::Module(name) => names.push(Named::new(&**name, Some("a module"))),
                Binds::Model(name) => names.push(Named::new(&**name, Some("a model"))),
                Binds::Names(pairs) => names.extend(pairs.iter().map(|(name, inside)| {
                    Named::new(&**name, definition(program, inside).and_then(|statement| statement.docs.as_deref()))
                })),
            }
        }
        names
    }

    /// The names that may follow a dot.
    pub(super) fn members(&self, whole: Whole<'_>) -> Vec<Named> {
        let path = match whole {
            Whole::Path(path) => path,
            Whole::Call(callee) => return self.result(callee).map(members_of).unwrap_or_default(),
        };
        if let Some(module) = self.module(path) {
            return definitions(module).collect();
        }
        if let Some(StmtKind::Let { value, .. }) = self.definition(path).map(|statement| &statement.kind)
            && let ExprKind::Record(entries) = &*value.kind
        {
            return entries.iter().map(|(name, _)| Named::new(&*name.name, None)).collect();
        }
        let documented = self.kind(path).map(members_of).unwrap_or_default();
        if self.definition(path).is_some() {
            return documented;
        }
        let mut members = self.interpreter.members(path);
        if members.is_empty() {
            return documented;
        }
        for member in &mut members {
            member.about = member.about.take().or_else(|| {
                documented.iter().find(|named| named.name == member.name).and_then(|named| named.about.clone())
            });
        }
        members
    }

    /// The names of a module of the standard library, by the path of its `use`.
    pub(super) fn library(&self, path: &str) -> Vec<Named> {
        let module = self.interpreter.library.iter().find(|module| module.key == path);
        module.map(|module| definitions(&module.program).collect()).unwrap_or_default()
    }

    /// The options of a call or block.
    pub(super) fn options(&self, owner: Owner<'_>) -> Vec<Named> {
        let params = self.params(owner);
        if !params.is_empty() {
            return params.iter().map(param_named).collect();
        }
        let Owner::Call(path) = owner else { return Vec::new() };
        match self.definition(path).map(|statement| &statement.kind) {
            Some(statement) => declared(statement).iter().map(|p| Named::new(&*p.name.name, None)).collect(),
            None => self.interpreter.parameters(path).into_iter().map(|name| Named::new(name, None)).collect(),
        }
    }

    /// The option with a name, if it is one of the language.
    pub(super) fn option(&self, owner: Owner<'_>, name: &str) -> Option<&'static Param> {
        self.params(owner).iter().find(|param| param.name == name)
    }

    fn params(&self, owner: Owner<'_>) -> &'static [Param] {
        match owner {
            Owner::System => &SYSTEM_ENTRIES,
            Owner::Scf => &scf::PARAMS,
            Owner::Call(path) if self.definition(path).is_none() => match self.interpreter.known_value(path) {
                Some(Value::Builtin(builtin)) => builtin.params,
                _ => &[],
            },
            Owner::Call(_) | Owner::Head | Owner::Import(_) => &[],
        }
    }

    /// The documentation of a path.
    pub(super) fn doc(&self, path: &str) -> Option<Doc> {
        if let Some(statement) = self.definition(path) {
            return Some(statement_doc(statement, path));
        }
        let member = path.rsplit_once('.').and_then(|(whole, name)| self.member_doc(Whole::Path(whole), name));
        member.or_else(|| self.interpreter.doc(path))
    }

    /// The documentation of a member of a value whose kind is known.
    pub(super) fn member_doc(&self, whole: Whole<'_>, name: &str) -> Option<Doc> {
        let kind = match whole {
            Whole::Path(path) => self.kind(path),
            Whole::Call(callee) => self.result(callee),
        };
        member_doc(&kind?.noun(), name)
    }

    /// The definition behind a path, in the text or a module that it uses.
    pub(super) fn definition(&self, path: &str) -> Option<&Stmt> {
        match path.split_once('.') {
            Some((module, name)) => definition(self.module(module)?, name),
            None => definition(&self.program, path).or_else(|| {
                self.imports.iter().rev().find_map(|import| match &import.binds {
                    Binds::Names(pairs) => {
                        let (_, inside) = pairs.iter().find(|(name, _)| **name == *path)?;
                        definition(&import.program, inside)
                    }
                    Binds::Module(_) | Binds::Model(_) => None,
                })
            }),
        }
    }

    /// Whether a name is that of a saved model that the text uses.
    pub(super) fn is_model(&self, name: &str) -> bool {
        self.imports.iter().any(|i| matches!(&i.binds, Binds::Model(model) if **model == *name))
    }

    /// The module with a name, used in the text or, if it is one of the library, before.
    fn module(&self, name: &str) -> Option<&Program> {
        let here = self.imports.iter().rev().find(|i| matches!(&i.binds, Binds::Module(module) if **module == *name));
        match here {
            Some(import) => Some(&import.program),
            None => self.interpreter.standard_module(name).map(|module| &*module.program),
        }
    }
}

impl Interpreter {
    /// What a `use` brings, if the module can be found.
    fn import(&self, used: &Use) -> Option<Import> {
        let (program, model) = match &used.path {
            UsePath::Std(_) => {
                let key = used.path.written();
                (self.library.iter().find(|module| module.key == key)?.program.clone(), false)
            }
            UsePath::File { path, .. } => {
                let text = self.world.read_text(&self.path(path, MAIN)).ok()?;
                let program = partial(SourceId::default(), &text).program;
                let model = holds_model(&program);
                (Rc::new(program), model)
            }
        };
        let alias = used.alias.as_ref().map(|alias| alias.name.clone());
        let binds = match &used.names {
            None if model => Binds::Model(alias.unwrap_or_else(|| used.path.stem())),
            None => Binds::Module(alias.unwrap_or_else(|| used.path.stem())),
            Some(names) => {
                let own = |name: &Rc<str>| alias.clone().unwrap_or_else(|| name.clone());
                Binds::Names(names.iter().map(|name| (own(&name.name), name.name.clone())).collect())
            }
        };
        Some(Import { program, binds })
    }
}

/// The parameters of a definition.
fn declared(statement: &StmtKind) -> &[ParamDecl] {
    match statement {
        StmtKind::Fn(def) | StmtKind::Loss(def) => &def.params,
        StmtKind::Functional(def) => &def.function.params,
        StmtKind::System(def) => def.params.as_deref().unwrap_or_default(),
        StmtKind::Let { .. }
        | StmtKind::Grid { .. }
        | StmtKind::Use(_)
        | StmtKind::Param(_)
        | StmtKind::Expr { .. } => &[],
    }
}

fn members_of(kind: Kind) -> Vec<Named> {
    let members = documented_members().into_iter().find(|(documented, _)| *documented == kind);
    let members = members.into_iter().flat_map(|(_, members)| members);
    members.map(|(name, about)| Named::new(name, Some(about))).collect()
}

fn param_named(param: &Param) -> Named {
    match param.about {
        "" => Named::new(param.name, Some(&either(param.takes))),
        about => Named::new(param.name, Some(about)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::{interpreter, interpreter_in};
    use crate::world::Memory;

    fn names(named: Vec<Named>) -> Vec<String> {
        named.into_iter().map(|named| named.name).collect()
    }

    #[test]
    fn members_follow_from_the_text_alone() {
        let session = interpreter();
        let text = "use std.functionals as f\ngrid line = uniform(points: 9, spacing: 1)\n\
                    fn one(R) = solve(h2(R), with: f.lda)\nsystem h2(R) on line { H at R }\nlet run = 1.6 |> one\n\
                    let r = { a: 1, b: 2 }\nlet wrong = )\nlet copy = run";
        let draft = DraftText::new(&session, text);
        let members = |path| names(draft.members(Whole::Path(path)));
        for (path, member) in [("run", "total_energy"), ("copy", "density"), ("line", "spacing"), ("f", "lda")] {
            assert!(members(path).contains(&member.to_owned()), "{path}: {:?}", members(path));
        }
        assert_eq!(members("r"), ["a", "b"]);
        assert!(names(draft.members(Whole::Call("h2"))).contains(&"electrons".to_owned()));
        assert!(members("nothing").is_empty() && members("f.lda").is_empty());
        assert_eq!(names(draft.options(Owner::Call("h2"))), ["R"]);
    }

    #[test]
    fn files_and_names_are_imported() {
        let world = Memory::with([("lib.ksr", "## Twice.\nfn twice(x) = 2 * x\nlet wrong = )")]);
        let session = interpreter_in(Rc::new(world));
        let draft = DraftText::new(&session, "use \"lib.ksr\" (twice) as double\nuse \"lib.ksr\"\nuse \"no.ksr\"");
        assert_eq!(names(draft.names()), ["double", "lib"]);
        assert_eq!(draft.doc("lib.twice").map(|doc| doc.text).as_deref(), Some("Twice."));
        assert_eq!(draft.doc("double").map(|doc| doc.signature).as_deref(), Some("double(x)"));
        assert_eq!(names(draft.options(Owner::Call("lib.twice"))), ["x"]);
    }

    #[test]
    fn the_session_is_behind_the_text() {
        let mut session = interpreter();
        session.eval_entry("use std.losses\nfn f(x) = x\nlet sum = 3").unwrap();
        let draft = DraftText::new(&session, "fn f(y) = y");
        assert_eq!(names(draft.options(Owner::Call("f"))), ["y"]);
        assert!(names(draft.options(Owner::Call("losses.energy_only"))).contains(&"skip".to_owned()));
        // A name of the session hides a builtin.
        assert!(draft.options(Owner::Call("sum")).is_empty());
    }
}

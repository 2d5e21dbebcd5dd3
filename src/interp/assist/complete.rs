//! Candidates for the word at a position: options, members, units, paths in strings, names, reserved words.

use super::before::{Owner, Whole};
use super::context::{Context, Place, context};
use super::draft::DraftText;
use super::locals::{begins_with_local, locals};
use super::names::Named;
use crate::interp::Interpreter;
use crate::interp::call::Param;
use crate::lang::units::UNITS;
use crate::lang::words::RESERVED;
use crate::lang::{Kind, tokens};

/// What is offered at a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The first byte of what a candidate replaces; it ends at the position itself.
    pub start: usize,
    /// Sorted, each once; all begin with what is typed, except that quotes may come first.
    pub candidates: Vec<Candidate>,
}

/// A text that may be inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What to insert: `total_energy`, `points: `.
    pub insert: String,
    /// What it is.
    pub kind: CandidateKind,
    /// A line about it, if there is one.
    pub about: Option<String>,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// A name of the text, the session or the language.
    Name,
    /// A name after a dot.
    Member,
    /// The name of an option, with its colon.
    Option,
    /// One of the few values that an option takes.
    Value,
    /// A unit.
    Unit,
    /// A reserved word.
    Keyword,
    /// A module.
    Module,
    /// A file.
    File,
    /// A folder, with a slash at its end.
    Folder,
}

impl Interpreter {
    /// What may be written at a position of a text: an entry, or a whole script.
    pub fn complete(&self, text: &str, cursor: usize) -> Completions {
        let at = context(text, cursor);
        let (draft, before) = (DraftText::new(self, text), &text[..at.start]);
        let candidates = match at.place {
            Place::Nothing => Vec::new(),
            Place::Text(option) => {
                let choices = option.map_or_else(Vec::new, |option| choices(&draft, &at, option));
                let quoted = choices.iter().filter_map(|choice| choice.insert.strip_prefix('"')?.strip_suffix('"'));
                let inside: Vec<Candidate> = quoted.map(|text| value(text.to_owned())).collect();
                if inside.is_empty() {
                    let Completions { start, candidates } = self.complete_path_in_text(at.word);
                    return Completions { start: at.start + start, candidates };
                }
                inside
            }
            Place::Module => vec![named(CandidateKind::Module, Named::new("std", Some("the standard library")))],
            Place::Member(Whole::Path("std")) => all(CandidateKind::Module, self.members("std")),
            Place::Member(Whole::Path(path)) if begins_with_local(path, before, &tokens(before)) => Vec::new(),
            Place::Member(whole) => all(CandidateKind::Member, draft.members(whole)),
            Place::Import(module) => all(CandidateKind::Name, draft.library(module)),
            Place::Unit { number } => {
                let units = UNITS.iter().map(|unit| Named::new(unit.name, Some(unit.about))).collect();
                let words = if number && !at.word.is_empty() { reserved() } else { Vec::new() };
                [all(CandidateKind::Unit, units), words].concat()
            }
            Place::Argument => {
                let options = options(&draft, &at);
                // All names would hide the relevant ones, and blocks of options take nothing else.
                let only = at.word.is_empty() && at.owner != Some(Owner::System) || at.owner == Some(Owner::Scf);
                if only && !options.is_empty() {
                    options
                } else {
                    [options, self.anything(&draft, before, at.word)].concat()
                }
            }
            Place::Value(option) => {
                let choices = matching(choices(&draft, &at, option), at.word);
                if choices.is_empty() { self.anything(&draft, before, at.word) } else { choices }
            }
            Place::Expression => self.anything(&draft, before, at.word),
        };
        Completions { start: at.start, candidates: matching(candidates, at.word) }
    }

    /// The names around a position, those of the text and of the session, and reserved words.
    fn anything(&self, draft: &DraftText<'_>, before: &str, word: &str) -> Vec<Candidate> {
        let mut names: Vec<Named> =
            locals(before, &tokens(before)).into_iter().map(|name| Named::new(name, Some("bound here"))).collect();
        names.extend(draft.names());
        let begins = self.names().into_iter().filter(|name| name.starts_with(word));
        names.extend(begins.map(|name| Named { about: self.about(&name), name }));
        [all(CandidateKind::Name, names), reserved()].concat()
    }
}

fn named(kind: CandidateKind, Named { name, about }: Named) -> Candidate {
    Candidate { insert: name, kind, about }
}

fn all(kind: CandidateKind, names: Vec<Named>) -> Vec<Candidate> {
    names.into_iter().map(|name| named(kind, name)).collect()
}

fn value(insert: String) -> Candidate {
    Candidate { insert, kind: CandidateKind::Value, about: None }
}

fn reserved() -> Vec<Candidate> {
    all(CandidateKind::Keyword, RESERVED.iter().map(|word| Named::new(*word, None)).collect())
}

/// The options that are not given yet.
fn options(draft: &DraftText<'_>, at: &Context<'_>) -> Vec<Candidate> {
    let options = at.owner.map_or_else(Vec::new, |owner| draft.options(owner));
    let mut options: Vec<Named> = options.into_iter().skip(at.given.positional).collect();
    options.retain(|option| !at.given.names.contains(&option.name.as_str()));
    let colon = |named: Named| Named { name: format!("{}: ", named.name), ..named };
    all(CandidateKind::Option, options.into_iter().map(colon).collect())
}

/// The values of an option, if it takes only a few: words, or strings in quotes.
fn choices(draft: &DraftText<'_>, at: &Context<'_>, option: &str) -> Vec<Candidate> {
    let param: Option<&Param> = at.owner.and_then(|owner| draft.option(owner, option));
    let texts: Vec<String> = match param.map(|param| param.takes) {
        Some([Kind::Word(words)]) => words.iter().map(|word| (*word).to_owned()).collect(),
        Some([Kind::Quoted(texts)]) => texts.iter().map(|text| format!("\"{text}\"")).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().map(value).collect()
}

/// Candidates that begin with the word, sorted. Of those with the same text the first counts.
fn matching(mut candidates: Vec<Candidate>, word: &str) -> Vec<Candidate> {
    candidates.retain(|candidate| candidate.insert.trim_start_matches('"').starts_with(word));
    candidates.sort_by(|a, b| a.insert.cmp(&b.insert));
    candidates.dedup_by(|later, first| later.insert == first.insert);
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::assist::examples;
    use crate::interp::tests::helpers::interpreter;

    fn offered(text: &str) -> Vec<String> {
        inserts(&interpreter(), text, text.len())
    }

    fn inserts(session: &Interpreter, text: &str, cursor: usize) -> Vec<String> {
        session.complete(text, cursor).candidates.into_iter().map(|candidate| candidate.insert).collect()
    }

    #[test]
    fn options_are_offered_where_an_argument_begins() {
        assert_eq!(offered("uniform("), ["from: ", "points: ", "spacing: ", "stencil: ", "to: ", "wall: "]);
        assert_eq!(offered("uniform(points: len([1]), spacing: 2, "), ["from: ", "stencil: ", "to: ", "wall: "]);
        assert!(offered("uniform(po").contains(&"points: ".to_owned()));
        assert!(offered("uniform(points: 2 + ").contains(&"sqrt".to_owned()));
        assert_eq!(
            offered("train f {\n  scf: { "),
            ["iterations: ", "mixing: ", "remedies: ", "symmetric: ", "threshold: ", "tolerance: "]
        );
        assert_eq!(
            offered("solve(he, functionals.lda, with: 1, iterations: 3, mixing: a, "),
            ["kinetic: ", "projected: ", "remedies: ", "start: ", "symmetric: ", "threshold: ", "tolerance: "]
        );
        assert!(!offered("he |> solve(").contains(&"system: ".to_owned()));
        assert!(offered("train f {\n  validate_w").contains(&"validate_with: ".to_owned()));
        let system = offered("system s on g { ");
        assert!(["electrons: ", "potential: ", "He"].iter().all(|name| system.contains(&(*name).to_owned())));
    }

    #[test]
    fn values_of_options_are_words_or_texts() {
        assert_eq!(offered("uniform(wall: "), ["odd", "zero"]);
        assert_eq!(offered("train f { gradient: im"), ["implicit"]);
        let methods = ["\"automatic\"", "\"determinants\"", "\"independent\"", "\"two_electrons\""];
        assert_eq!(offered("exact(he, method: "), methods);
        assert_eq!(offered("exact(he, method: tw"), ["\"two_electrons\""]);
        let inside = interpreter().complete("exact(he, method: \"de", 22);
        assert_eq!((inside.start, inside.candidates.len()), (19, 1));
        assert_eq!(inside.candidates[0].insert, "determinants");
    }

    #[test]
    fn units_follow_numbers_and_arrows() {
        assert_eq!(offered("0.74 ang"), ["angstrom"]);
        assert!(offered("1 eV -> ").contains(&"kcal/mol".to_owned()));
        assert_eq!(offered("12"), Vec::<String>::new());
        assert_eq!(offered("0 .. 3 b"), ["bohr", "by", "byte"]);
    }

    #[test]
    fn a_script_is_completed_in_the_middle() {
        let text = "use std.functionals\n# a \"quote, and (\nfn twice(alpha) {\n  alp\n}\n\
                    let run = solve(h, with: functionals.ld)\nrun.tot\nlet s = tw";
        let session = interpreter();
        let after = |piece: &str| inserts(&session, text, text.find(piece).unwrap() + piece.len());
        assert_eq!(after("{\n  alp"), ["alpha"]);
        assert_eq!(after("functionals.ld"), ["lda"]);
        assert_eq!(after("run.tot"), ["total_energy"]);
        assert_eq!(after("let s = tw"), ["twice"]);
        assert_eq!(after("and ("), Vec::<String>::new());
        assert_eq!(after("use "), ["std"]);
    }

    #[test]
    fn candidates_say_what_they_are() {
        let session = interpreter();
        let first = |text: &str| session.complete(text, text.len()).candidates.remove(0);
        let kinds = [
            ("sqr", CandidateKind::Name),
            ("solve(h).total_e", CandidateKind::Member),
            ("use std.lo", CandidateKind::Module),
            ("fals", CandidateKind::Keyword),
            ("solve(", CandidateKind::Option),
        ];
        for (text, kind) in kinds {
            let candidate = first(text);
            assert_eq!(candidate.kind, kind, "{candidate:?}");
            assert_eq!(candidate.about.is_some(), !matches!(kind, CandidateKind::Module | CandidateKind::Keyword));
        }
    }

    #[test]
    fn any_position_of_any_text_can_be_completed() {
        let session = interpreter();
        for (name, text) in examples() {
            let stride = text.len() / 40 + 1;
            for cursor in (0..text.len() + stride).step_by(stride) {
                let Completions { start, candidates } = session.complete(&text, cursor);
                assert!(text.is_char_boundary(start) && start <= cursor, "{name} {cursor}");
                // What is cut off there can be completed too.
                let cut = text.floor_char_boundary(cursor);
                assert_eq!(session.complete(&text[..cut], cursor).start, start, "{name} {cursor}");
                let word = &text[start..cut];
                assert!(
                    candidates.iter().all(|c| c.insert.trim_start_matches('"').starts_with(word)),
                    "{name} {cursor}"
                );
            }
        }
        let odd = "let é² = \"ψ{é}π\" # →\r\n\u{feff}🦀 (]}";
        for cursor in 0..odd.len() + 2 {
            assert!(odd.is_char_boundary(session.complete(odd, cursor).start));
        }
    }
}

//! Random layouts: a script keeps its meaning, its comments and its standard form however it is laid out.

use super::super::pieces::{Piece, of_entries, pieces};
use super::super::roles::PieceKind;
use super::super::{comments, placeless};
use super::forms::FORMS;
use super::{formatted, scripts};
use crate::lang::parse::{parse, tokens};
use crate::source::SourceId;

/// A generator of pseudorandom numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn blanks(&mut self) -> &'static str {
        self.of(&[" ", " ", "  ", "\t", " \t   "])
    }

    /// Line ends, perhaps with comments on lines of their own between them.
    fn line_ends(&mut self) -> String {
        self.of(&["\n", "\n", "\n \n", "\n\n\n\t\n", "\n# alone\n", "\n\n  #alone  \n"]).into()
    }

    /// A comment at the end of a line of code, or nothing.
    fn trailing(&mut self) -> &'static str {
        self.of(&["", "", "", "# note", "  #", " #\"{ [", "\t# é\u{a0}\u{3000}", " ## no documentation", " #a;b  "])
    }
}

/// How a text is laid out again.
#[derive(Clone, Copy, PartialEq)]
enum Freedom {
    /// Blanks between tokens.
    Blanks,
    /// Blanks, line ends, comments, and separators at line ends.
    All,
}

/// A text in another layout with the same meaning.
struct Layout<'a> {
    pieces: &'a [Piece],
    entries: Vec<bool>,
    freedom: Freedom,
    /// Whether lines are rather joined than broken.
    wide: bool,
    dice: &'a mut Dice,
}

impl Layout<'_> {
    fn text(mut self) -> String {
        let mut out = String::new();
        let mut open: Vec<bool> = Vec::new();
        let mut last: Option<usize> = None;
        for (i, piece) in self.pieces.iter().enumerate().filter(|(_, p)| p.kind != PieceKind::Newline) {
            let free = open.last().copied().unwrap_or(false);
            let gap = match last {
                Some(last) => self.gap(last, i, free),
                None => self.before_all(i),
            };
            out.push_str(&gap);
            match piece.kind {
                PieceKind::Number => out.push_str(&piece.text.replacen(' ', self.dice.of(&["", " ", "\t "]), 1)),
                _ => out.push_str(&piece.text),
            }
            match piece.kind {
                PieceKind::Open => open.push(!piece.is("{")),
                PieceKind::Close => drop(open.pop()),
                _ => {}
            }
            last = Some(i);
        }
        match self.freedom {
            Freedom::Blanks => out.push_str(self.dice.of(&["", " ", "\t"])),
            Freedom::All => {
                let comment = self.dice.trailing();
                let of_code = last.is_some_and(|last| self.pieces[last].kind != PieceKind::Comment);
                out.push_str(if of_code { comment } else { "" });
                out.push_str(self.dice.of(&["", "\n", "\n\n\n  ", "\t\n# last"]));
            }
        }
        out
    }

    fn before_all(&mut self, first: usize) -> String {
        match self.freedom {
            Freedom::Blanks => "\n".repeat(first) + self.dice.of(&["", "  "]),
            Freedom::All => self.dice.of(&["", "", "\u{feff}", "\n\n", "\u{feff} \n", "# first\n"]).into(),
        }
    }

    /// What stands between two successive pieces that are not newlines.
    fn gap(&mut self, before: usize, next: usize, free: bool) -> String {
        let newlines = next - before - 1;
        let (last, piece) = (&self.pieces[before], &self.pieces[next]);
        if self.freedom == Freedom::Blanks {
            let indent = if newlines > 0 { self.dice.of(&["", "  ", "\t", "         "]) } else { "" };
            return format!("{}{}{indent}", self.blank(last, piece), "\n".repeat(newlines));
        }
        match (last.kind, piece.kind) {
            // Documentation stays directly above its definition.
            (PieceKind::Comment, _) if last.text.starts_with("##") => "\n".repeat(newlines),
            (PieceKind::Comment, _) => self.dice.line_ends(),
            (_, PieceKind::Comment) if newlines == 0 || (!piece.text.starts_with("##") && self.dice.one_in(3)) => {
                self.dice.of(&["", " ", "\t"]).into()
            }
            (_, PieceKind::Comment) => self.line_end(),
            _ if newlines > 0 && !free && self.dice.one_in(3) != self.wide => self.joined(before, next),
            _ if newlines > 0 && !free => self.separated(before, next),
            _ if (free || self.may_break(before, next)) && self.breaks() => self.line_end(),
            _ => self.blank(last, piece).into(),
        }
    }

    /// Whether to end a line where that is possible.
    fn breaks(&mut self) -> bool {
        let rarity = if self.wide { 30 } else { 3 };
        self.dice.one_in(rarity)
    }

    fn line_end(&mut self) -> String {
        self.dice.trailing().to_owned() + &self.dice.line_ends()
    }

    /// Blanks, or none where the pieces stay two.
    fn blank(&mut self, before: &Piece, next: &Piece) -> &'static str {
        let apart = |text: &str| tokens(text).iter().any(|token| token.start == before.text.len());
        let touch = apart(&format!("{}{}", before.text, next.text));
        if touch && !self.dice.one_in(2) { "" } else { self.dice.blanks() }
    }

    /// A line end as in the text; entries may have another separator before it.
    fn separated(&mut self, before: usize, next: usize) -> String {
        let between = self.between_entries(before, next) && !self.may_break(before, next);
        let separator = if between { self.dice.of(&["", ",", " ;", ",;"]) } else { "" };
        separator.to_owned() + &self.line_end()
    }

    /// Two lines in one.
    fn joined(&mut self, before: usize, next: usize) -> String {
        let (last, piece) = (&self.pieces[before], &self.pieces[next]);
        if self.may_break(before, next) {
            return self.blank(last, piece).into();
        }
        match (last.kind, piece.kind) {
            // At the end of a line a `;` hides the value.
            (PieceKind::Separator, _) | (_, PieceKind::Separator) => self.line_end(),
            _ if self.between_entries(before, next) => self.dice.of(&[",", "; ", " ,\t"]).into(),
            _ => self.dice.of(&[";", "; ", " ;"]).into(),
        }
    }

    fn between_entries(&self, before: usize, next: usize) -> bool {
        let inner = |i: usize| self.entries[i] || self.pieces[i].kind == PieceKind::Close;
        self.entries[next] && inner(before)
    }

    /// Whether a line may end between two pieces inside braces or at the top without ending a statement.
    fn may_break(&self, before: usize, next: usize) -> bool {
        let (last, piece) = (&self.pieces[before], &self.pieces[next]);
        let after = match last.kind {
            PieceKind::Open => true,
            PieceKind::Sign => !last.is(".") && !last.is("@"),
            PieceKind::Keyword => ["and", "or", "by", "then", "else"].iter().any(|word| last.is(word)),
            PieceKind::Separator => self.entries[before],
            PieceKind::Word => before > 0 && self.pieces[before - 1].is("@"),
            _ => false,
        };
        let begins = ["|>", "->", "*", "/", "and", "or", "then", "else"];
        after || piece.kind == PieceKind::Close || begins.iter().any(|sign| piece.is(sign))
    }
}

/// A text in another layout.
fn laid_out(text: &str, freedom: Freedom, dice: &mut Dice) -> String {
    let pieces = pieces(text);
    let wide = dice.one_in(3);
    let layout = Layout { pieces: &pieces, entries: of_entries(&pieces), freedom, wide, dice: &mut *dice };
    let text = layout.text();
    match dice.below(6) {
        0 if freedom == Freedom::All => text.replace('\n', "\r\n"),
        1 if freedom == Freedom::All => text.replace('\n', "\r"),
        2 if freedom == Freedom::All => {
            text.split_inclusive('\n').map(|line| line.replace('\n', dice.of(&["\n", "\r\n"]))).collect()
        }
        _ => text,
    }
}

fn with_newlines(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n")
}

fn tree(text: &str) -> String {
    match parse(SourceId(0), text) {
        Ok(program) => placeless(&program),
        Err(problems) => panic!("{:#?}\nin\n{text:?}\n{text}", problems[0]),
    }
}

/// Checks a script in random layouts.
fn check(text: &str, rounds: usize, dice: &mut Dice) {
    let meaning = tree(text);
    let standard = formatted(text);
    for _ in 0..rounds {
        let stirred = laid_out(&standard, Freedom::Blanks, dice);
        assert_eq!(formatted(&stirred), standard, "only blanks differ:\n{stirred}");
        let stirred = laid_out(&with_newlines(text), Freedom::All, dice);
        assert_eq!(tree(&stirred), meaning, "the layout has another meaning:\n{stirred}\nof\n{text}");
        let once = formatted(&stirred);
        assert_eq!(tree(&once), meaning, "{stirred:?}");
        let remarks = |text: &str| comments(&pieces(&with_newlines(text)));
        assert_eq!(remarks(&once), remarks(&stirred), "{stirred}");
        assert_eq!(formatted(&once), once, "once more:\n{stirred}");
        assert!(!once.lines().any(|line| line.ends_with([' ', '\t'])), "{once}");
    }
}

#[test]
fn every_form_in_random_layouts() {
    let mut dice = Dice(1);
    for form in FORMS {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(form, 20, &mut dice)));
    }
}

#[test]
fn every_script_in_random_layouts() {
    let mut dice = Dice(2);
    let scripts = scripts();
    for (_, text) in scripts.iter().filter(|(_, text)| parse(SourceId(0), text).is_ok()) {
        check(text, 1, &mut dice);
    }
}

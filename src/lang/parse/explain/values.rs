//! Expressions: a value is missing, or something follows it that may not.

use super::{Here, ParseError, Rule, TokenKind, ends_value};
use crate::lang::nearest::nearest;
use crate::lang::units;

/// Infix operators, as written.
const OPERATORS: &[&str] = &["+", "-", "*", "/", "^", "|>", "..", "by", "==", "!=", "<", "<=", ">", ">=", "and", "or"];

impl Here<'_> {
    /// `=` where nothing is defined.
    pub(super) fn equals(&self) -> Option<ParseError> {
        let token = self.at()?;
        let opens_record = self.words(token) == "{" && self.ahead(2) == "=" && self.before(0).is_some();
        if !opens_record && self.words(token) != "=" {
            return None;
        }
        let (span, name) = match opens_record {
            true => (self.span_of(self.tokens[self.index + 2]), self.ahead(1)),
            false => (self.span_of(token), self.before_words(0)),
        };
        let second = self.index == self.first + 1;
        let first_of_block =
            self.bracket() == "{" && self.before_words(1) == "{" && !opens_record && !self.in_settings();
        let help = if self.in_system() && second {
            format!("an option of a system is written `{name}: …`")
        } else if first_of_block && second && self.before(0).is_some_and(|t| t.kind == TokenKind::Word) {
            format!("in a record an entry is written `{name}: …`; in a block a name is bound by `let {name} = …`")
        } else if self.bracket() == "{" && self.before(0).is_some_and(|t| t.kind == TokenKind::Text) {
            format!("in a record an entry is written without quotes: `{}: …`", self.unquoted())
        } else if opens_record || self.in_record() || self.in_settings() {
            format!("in a record an entry is written `{name}: …`")
        } else if self.in_call() && matches!(self.before_words(1), "(" | ",") {
            format!("a named argument is written `{name}: …`")
        } else if second && self.before(0).is_some_and(|t| t.kind == TokenKind::Word) {
            format!("to bind a name, write `let {name} = …`")
        } else if self.first_words(1) == "(" && self.before_words(0) == ")" && self.bracket() != "(" {
            let head =
                self.before(0).and_then(|t| self.text.get(self.tokens[self.first].start..t.end)).unwrap_or("f(x)");
            match self.in_system() {
                true => format!("an entry of a system is written `{head}: …`"),
                false => format!("to define a function, write `fn {head} = …`"),
            }
        } else {
            "write `==` to compare".into()
        };
        Some(ParseError::Equals { span, help })
    }

    /// Something before the place needs a value, a name or a unit.
    pub(super) fn unfinished(&self) -> Option<ParseError> {
        let before = self.before(0)?;
        if self.at_start() && before.kind != TokenKind::Open && !OPERATORS.contains(&self.before_words(0)) {
            return None;
        }
        match self.before_words(0) {
            "->" => Some(self.needs_unit()),
            "." if before.kind == TokenKind::Sign => Some(self.expected_after("the name of a field", None)),
            "@" => Some(self.expected_after("`spin_dependent`", None)),
            "^" if self.before_is_unit(1) && !self.at_line_end() => Some(ParseError::UnitPower { span: self.place() }),
            words
                if OPERATORS.contains(&words) || matches!(words, "not" | "=" | "if" | "in" | "then" | "else" | "~") =>
            {
                Some(self.needs_value())
            }
            "(" | "[" | "," | "{" | ":" => Some(self.needs_value_inside()),
            "train" => {
                let help = Some("write `train f { on: […] }`".into());
                Some(self.expected_after("the functional to train", help))
            }
            "table" => {
                let help = Some("write `table { R: Rs, energy: […] }`".into());
                Some(self.expected_after("the columns in `{ }`", help))
            }
            _ => None,
        }
    }

    fn before_is_unit(&self, n: usize) -> bool {
        units::find(self.before_words(n)).is_some() && self.before(n + 1).is_some_and(|t| t.kind == TokenKind::Number)
    }

    fn needs_unit(&self) -> ParseError {
        match self.at().filter(|t| matches!(t.kind, TokenKind::Word)) {
            Some(token) if self.before_words(1).len() == 1 && self.words(token) == self.before_words(1) => {
                let help = "an anonymous function is written `fn(x) = …`".into();
                ParseError::UnknownUnit { name: self.words(token).into(), span: self.span_of(token), help }
            }
            Some(token) => self.unknown_unit(token.start, token.end),
            None => {
                let help = format!("the units are {}", unit_list());
                self.expected_after("a unit", Some(help))
            }
        }
    }

    fn unknown_unit(&self, start: usize, end: usize) -> ParseError {
        let name = self.text.get(start..end).unwrap_or("").to_owned();
        let help = match (name.as_str(), nearest(&name, units::names())) {
            ("kcal" | "kJ", _) => format!("did you mean `{name}/mol`?"),
            ("Hartree" | "Eh" | "au" | "a_u", _) => "did you mean `hartree`?".into(),
            ("a0" | "Bohr", _) => "did you mean `bohr`?".into(),
            ("A" | "Ang" | "ang", _) => "did you mean `angstrom`?".into(),
            ("e" | "E", _) => "an exponent needs digits: `1e-6`".into(),
            ("mod", _) => "a remainder is written `mod(a, b)`".into(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            _ => match self.before(0).filter(|t| t.kind == TokenKind::Number && t.end <= start) {
                Some(number) => {
                    format!("a product is written `{} * {name}`; the units are {}", self.words(number), unit_list())
                }
                None => format!("the units are {}", unit_list()),
            },
        };
        ParseError::UnknownUnit { name, span: self.span(start, end), help }
    }

    /// After an operator.
    fn needs_value(&self) -> ParseError {
        let (before, at) = (self.before_words(0), self.at_words());
        let between = OPERATORS.contains(&before);
        if between && matches!(at, "if" | "fn") {
            let help = Some(format!("put it in parentheses: `… {before} ({at} …)`"));
            return self.expected_after("a value", help);
        }
        let help = match at {
            "=" if matches!(before, "<" | ">" | "=" | "not") => Some("write `<=`, `>=`, `==` or `!=`".into()),
            ">" if before == "-" => Some("the arrow is written `->`".into()),
            "<" if before == "=" => Some("write `<=`".into()),
            "*" if before == "*" => Some("powers are written with `^`".into()),
            _ if self.at_line_end() && !between => Some("write it on the same line".into()),
            _ => None,
        };
        self.reserved().unwrap_or_else(|| self.expected_after("a value", help))
    }

    /// After an opening bracket, a comma or a colon.
    fn needs_value_inside(&self) -> ParseError {
        if let Some(reserved) = self.reserved() {
            return reserved;
        }
        let before = self.before_words(0);
        let expected = if before == "{" || before == "," && self.bracket() == "{" { "an entry" } else { "a value" };
        let help = match (before, self.at_words()) {
            ("(", ")") => Some("write a value between the parentheses".into()),
            (",", ",") => Some("remove one of the commas".into()),
            ("[", ":") | (":", "]") => Some("a slice is written `v[10 .. 14]`, with both ends".into()),
            _ => None,
        };
        self.expected_after(expected, help)
    }

    /// The place is the first token of a statement, but no statement begins with it.
    pub(super) fn beginning(&self) -> Option<ParseError> {
        if !self.at_start() {
            return None;
        }
        let at = self.at()?;
        let words = self.words(at);
        if OPERATORS.contains(&words) || matches!(words, "." | "=") {
            let help = match words {
                "." => "end the line above with an open bracket, or write the field on the same line".into(),
                _ => format!("to continue the line above, end that line with `{words}`"),
            };
            return Some(ParseError::NoStatement { word: words.into(), span: self.place(), help });
        }
        match words {
            "then" | "else" => {
                let help = format!("`{words}` needs an `if` before it");
                Some(ParseError::NoStatement { word: words.into(), span: self.place(), help })
            }
            "," => Some(self.unexpected("a statement", Some("a `,` separates arguments, elements and entries".into()))),
            "on" | "in" | "as" | "by" => Some(self.unexpected("a statement", None)),
            _ => Some(self.unexpected("a statement", None)),
        }
    }

    /// Something follows a value that may not.
    pub(super) fn after_value(&self) -> Option<ParseError> {
        let before = self.before(0)?;
        // Any word can be a member.
        if !ends_value(before.kind, self.words(before)) && self.before_words(1) != "." {
            return None;
        }
        if let Some(error) = self.train_in_parentheses() {
            return Some(error);
        }
        if let Some(missing) = self.incomplete_if() {
            return Some(missing);
        }
        if let Some(error) = self.incomplete_entry() {
            return Some(error);
        }
        if let Some(error) = self.after_conversion() {
            return Some(error);
        }
        if self.in_system() && self.expected.contains(&Rule::kw_at) {
            return Some(self.not_a_nucleus());
        }
        match self.at_words() {
            "," => {
                Some(self.unexpected(&self.an_end(), Some("a `,` separates arguments, elements and entries".into())))
            }
            ":" => Some(self.colon()),
            "{" => Some(self.block_after_value()),
            "for" => {
                let help = Some("`for` goes inside `[ ]`: `[f(R) for R in Rs]`".into());
                Some(self.unexpected(&self.an_end(), help))
            }
            "then" | "else" => {
                let help = Some(format!("`{}` needs an `if` before it", self.at_words()));
                Some(self.unexpected(&self.an_end(), help))
            }
            "at" => {
                let help = Some("nuclei go inside a `system`".into());
                Some(self.unexpected(&self.an_end(), help))
            }
            "if" => {
                let help = Some("write `if c then a else b`".into());
                Some(self.unexpected(&self.an_end(), help))
            }
            "on" => {
                let help = match self.first_words(0) {
                    "system" => None,
                    _ if self.tokens[self.first..self.index].iter().any(|t| self.words(*t) == "train") => {
                        Some("the systems go in the settings: `train f { on: […] }`".into())
                    }
                    _ => Some("a system is written `system h2(R) on line { … }`".into()),
                };
                Some(self.unexpected(&self.an_end(), help))
            }
            "@" => Some(self.unexpected(&self.an_end(), Some("`@spin_dependent` goes before `functional`".into()))),
            _ => self.side_by_side().or_else(|| Some(self.unexpected(&self.an_end(), None))),
        }
    }

    /// The string before the place as a name.
    fn unquoted(&self) -> String {
        let inside = self.before_words(0).trim_matches('"');
        let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
        inside.chars().map(letter).collect::<String>().trim_matches('_').to_owned()
    }

    /// `if c { 1 } else { 2 }`.
    pub(super) fn if_with_braces(&self) -> Option<ParseError> {
        let open = match self.at_words() {
            "{" => self.index,
            _ => *self.open.last().filter(|_| self.bracket() == "{")?,
        };
        let mut depth = 0;
        for token in self.tokens[..open].iter().rev().take_while(|t| t.kind != TokenKind::Newline) {
            match (token.kind, self.words(*token)) {
                (TokenKind::Close, _) => depth += 1,
                (TokenKind::Open, _) if depth == 0 => return None,
                (TokenKind::Open, _) => depth -= 1,
                (_, "then" | "else") if depth == 0 => return None,
                (_, "if") if depth == 0 => {
                    let (span, label) = (self.span_of(self.tokens[open]), "found `{`".into());
                    return Some(ParseError::IncompleteIf { missing: "then".into(), span, label });
                }
                _ => {}
            }
        }
        None
    }

    /// `train f(on: […]).loss`.
    fn train_in_parentheses(&self) -> Option<ParseError> {
        let statement = self.tokens.get(self.first..self.index).unwrap_or(&[]);
        let train = statement.iter().rposition(|t| self.words(*t) == "train")?;
        let words: Vec<&str> = statement[train + 1..].iter().map(|t| self.words(*t)).collect();
        let settings =
            words.windows(2).any(|pair| matches!(pair, ["on" | "loss" | "scf" | "optimizer" | "seeds", ":"]));
        if !settings || words.contains(&"{") || !self.at_line_end() {
            return None;
        }
        let help = "the settings of `train` go in braces, and parentheses set options of the functional: \
                    `train f { on: […], loss: … }`";
        Some(self.unexpected("the settings of `train` in `{ }`", Some(help.into())))
    }

    /// What may end or continue the statement here.
    fn an_end(&self) -> String {
        match self.bracket() {
            "(" | "[" if self.bracket() == "[" || self.in_call() => {
                format!("an operator, `,` or `{}`", if self.bracket() == "[" { "]" } else { ")" })
            }
            "(" => "an operator or `)`".into(),
            "{" => "an operator or the end of the line".into(),
            _ => "an operator or the end of the line".into(),
        }
    }

    fn incomplete_if_expected(&self) -> bool {
        self.expected.iter().any(|rule| matches!(rule, Rule::kw_then | Rule::kw_else))
    }

    fn incomplete_if(&self) -> Option<ParseError> {
        let missing = if self.expected.contains(&Rule::kw_then) {
            "then"
        } else if self.expected.contains(&Rule::kw_else) {
            "else"
        } else {
            return None;
        };
        // In the middle of the condition another mistake is more likely.
        if self.side_by_side().is_some() && self.at_words() != "{" {
            return None;
        }
        Some(ParseError::IncompleteIf { missing: missing.into(), span: self.place(), label: self.label() })
    }

    /// `for R of Rs`, `{ a: 1, b }`, `train f`.
    fn incomplete_entry(&self) -> Option<ParseError> {
        let name = self.before_words(0);
        if self.expected.contains(&Rule::kw_in) && self.before_words(1) == "for" {
            let help = Some(format!("write `[… for {name} in …]`"));
            return Some(self.unexpected(&format!("`in` after `for {name}`"), help));
        }
        if self.expected.contains(&Rule::colon_sign) && self.in_record() && self.index == self.first + 1 {
            let help = Some(format!("an entry is written `{name}: …`"));
            return Some(self.unexpected(&format!("`:` after `{name}`"), help));
        }
        if self.trains_without_settings() && self.at_words() != "{" {
            let help = match self.brace_below() {
                true => "write the `{` on the line of `train`".into(),
                false => "write `train f { on: […] }`".into(),
            };
            let help = Some(help);
            return Some(self.unexpected("an operator, or the settings of `train` in `{ }`", help));
        }
        None
    }

    /// `train f` without its `{ … }`.
    fn trains_without_settings(&self) -> bool {
        let statement = self.tokens.get(self.first..self.index).unwrap_or(&[]);
        let Some(train) = statement.iter().rposition(|t| self.words(*t) == "train") else { return false };
        let after = statement[train + 1..].iter().map(|t| self.words(*t));
        self.at_line_end() && !after.clone().any(|words| words == "{") && after.clone().next() != Some("(")
    }

    fn after_conversion(&self) -> Option<ParseError> {
        let mut back = 0;
        while back < 6 && self.before_words(back) != "->" {
            back += 1;
        }
        let arrow = self.before(back).filter(|t| self.words(*t) == "->")?;
        let unit = self.before(0).and_then(|t| self.text.get(arrow.end..t.end)).unwrap_or("").trim().to_owned();
        let known = units::find(unit.split('^').next().unwrap_or("")).is_some();
        let operator = self.at_words();
        if known && OPERATORS.contains(&operator) {
            return Some(ParseError::AfterConversion { unit, operator: operator.into(), span: self.place() });
        }
        if !known && operator.is_empty() | (operator == "/") {
            let last = self.before(0)?;
            return Some(self.unknown_unit(last.start, last.end));
        }
        None
    }

    fn not_a_nucleus(&self) -> ParseError {
        let element = self.before_words(0);
        let help = match self.before(0).map(|_| element) {
            Some("electrons" | "charge" | "unpaired" | "potential" | "interaction" | "name") => {
                format!("an option is written `{element}: …`")
            }
            _ => {
                let atom = if matches!(element, "He" | "Li" | "Be") { element } else { "H" };
                format!("a nucleus is written `{atom} at R/2`, an option `electrons: 2`")
            }
        };
        self.unexpected(&format!("`at` and a place after `{element}`"), Some(help))
    }

    fn colon(&self) -> ParseError {
        let name = self.before_words(0);
        let quoted = self.before(0).is_some_and(|t| t.kind == TokenKind::Text);
        let help = match self.bracket() {
            "{" if quoted => format!("in a record an entry is written without quotes: `{}: …`", self.unquoted()),
            "[" => "a slice is written `v[10 .. 14]`, with both ends".into(),
            "{" if !self.in_record() => {
                format!("a `{{` followed by `name:` begins a record; this one begins a block: write `let {name} = …`")
            }
            " " => format!("write `let {name} = …`; `name: value` belongs in records and calls"),
            _ => format!("`{name}: …` begins an entry or argument"),
        };
        self.unexpected(&self.an_end(), Some(help))
    }

    fn block_after_value(&self) -> ParseError {
        let help = match self.first_words(0) {
            "if" => "an `if` is written `if c then a else b`, without braces".to_owned(),
            _ => "a record that follows a call begins with `name:`".to_owned(),
        };
        self.unexpected(&self.an_end(), Some(help))
    }

    /// Two adjacent values.
    fn side_by_side(&self) -> Option<ParseError> {
        let (before, at) = (self.before(0)?, self.at()?);
        let value = matches!(at.kind, TokenKind::Number | TokenKind::Text | TokenKind::Word | TokenKind::Open)
            && self.reserved().is_none();
        if !value && !matches!(self.at_words(), "fn" | "if" | "train" | "table" | "not" | "true" | "false") {
            return None;
        }
        let new_line = self.text.get(before.end..at.start).is_some_and(|gap| gap.contains('\n'));
        let names_entry = self.ahead(1) == ":";
        if before.kind == TokenKind::Number && at.kind == TokenKind::Word && !new_line && !names_entry {
            let known = ["R", "x", "n", "pi", "r", "Z", "N", "i", "a", "b"].contains(&self.at_words());
            if matches!(self.at_words(), "e" | "E")
                || !known && self.at_words().len() > 1
                || nearest(self.at_words(), units::names()).is_some()
            {
                return Some(self.unknown_unit(at.start, at.end));
            }
        }
        let (left, right) = (self.words(before).to_owned(), self.words(at).to_owned());
        let span = self.place();
        let ahead = self.text.get(at.start..).unwrap_or_default();
        if let Some(unit) =
            units::at_start(ahead).filter(|_| before.kind != TokenKind::Number && !new_line && !names_entry)
        {
            let help = Some(format!("a unit follows a number: multiply by it, `… * (1 {unit})`"));
            let span = self.span(at.start, at.start + unit.len());
            return Some(ParseError::MissingOperator { left, right: unit.to_owned(), span, help });
        }
        if self.bracket() == "[" || self.in_call() || self.in_record() || self.in_system() {
            let (separator, help) = match self.bracket() {
                "{" if self.in_system() => {
                    ("`;` or a new line", "the entries of a system are separated by `;`, `,` or a new line")
                }
                "{" => ("`,` or a new line", "entries are separated by `,`, `;` or a new line"),
                "[" => ("`,`", "elements are separated by `,`"),
                _ => ("`,`", "arguments are separated by `,`"),
            };
            return Some(ParseError::MissingSeparator { separator: separator.into(), right, span, help: help.into() });
        }
        let help = match (before.kind, at.kind) {
            (TokenKind::Number | TokenKind::Close, TokenKind::Word | TokenKind::Number) => {
                Some(format!("a product is written `{left} * {right}`"))
            }
            _ if self.incomplete_if_expected() => None,
            (TokenKind::Word, TokenKind::Word | TokenKind::Number | TokenKind::Text)
                if self.index == self.first + 1 =>
            {
                Some(format!("a call needs parentheses: `{left}({right})`"))
            }
            _ if self.bracket() == " " || self.bracket() == "{" => {
                Some("one statement per line, or `;` between them".into())
            }
            _ => None,
        };
        Some(ParseError::MissingOperator { left, right, span, help })
    }
}

/// The units, each with one spelling.
fn unit_list() -> String {
    let mut seen = Vec::new();
    let mut list = Vec::new();
    for unit in units::UNITS {
        if !seen.contains(&(unit.factor, unit.dimension)) {
            seen.push((unit.factor, unit.dimension));
            list.push(unit.name);
        }
    }
    list.join(", ")
}

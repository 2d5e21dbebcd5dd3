//! The names that are bound around a position: parameters, loops, definitions inside blocks. They are found from the tokens
//! before it, because a definition that is being written cannot be parsed yet.

use super::before::{Before, Owner};
use crate::lang::{Token, TokenKind};

/// Words after which a name is bound.
const BINDING: &[&str] = &["let", "grid", "param", "fn", "system", "functional", "loss", "for"];

/// A bracket, or the text itself.
#[derive(Default)]
struct Frame<'t> {
    /// Whether it holds the parameters of a definition.
    head: bool,
    names: Vec<&'t str>,
    /// The parameters of the definition whose body follows.
    params: Vec<&'t str>,
}

/// The names bound around the end of these tokens, without the definitions of the text itself.
pub(super) fn locals<'t>(text: &'t str, tokens: &[Token]) -> Vec<&'t str> {
    let words = |token: &Token| text.get(token.start..token.end).unwrap_or_default();
    let mut frames = vec![Frame::default()];
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &tokens[i]);
        let last = before.map_or("", words);
        let outer = frames.len() == 1;
        let Some(frame) = frames.last_mut() else { break };
        match token.kind {
            TokenKind::Word if BINDING.contains(&last) => {
                if last != "for" {
                    frame.params.clear();
                }
                if !outer {
                    frame.names.push(words(token));
                }
            }
            TokenKind::Word if frame.head && matches!(last, "(" | ",") => frame.names.push(words(token)),
            TokenKind::Open => {
                let head = words(token) == "(" && is_head(text, &tokens[..=i]);
                let names = if words(token) == "{" { std::mem::take(&mut frame.params) } else { Vec::new() };
                frames.push(Frame { head, names, params: Vec::new() });
            }
            TokenKind::Close if !outer => {
                let closed = frames.pop().filter(|closed| closed.head);
                if let (Some(closed), Some(frame)) = (closed, frames.last_mut()) {
                    frame.params = closed.names;
                }
            }
            TokenKind::Newline if before.is_some_and(|token| token.kind != TokenKind::Sign) => frame.params.clear(),
            _ => {}
        }
    }
    frames.into_iter().flat_map(|frame| frame.names.into_iter().chain(frame.params)).collect()
}

/// Whether a path begins with a name that is bound around the end of these tokens: a parameter, whose value is not known.
pub(super) fn begins_with_local(path: &str, text: &str, tokens: &[Token]) -> bool {
    let head = path.split('.').next().unwrap_or_default();
    locals(text, tokens).contains(&head)
}

/// Whether the parenthesis at the end begins the parameters of a definition, or of `potential(x):` and `interaction(r):`.
fn is_head(text: &str, tokens: &[Token]) -> bool {
    let before = Before { text, list: tokens };
    let Some(open) = tokens.len().checked_sub(1) else { return false };
    match before.owner(open) {
        Some(Owner::Head) => true,
        Some(Owner::Call("potential" | "interaction")) => {
            before.outer(open).is_some_and(|block| before.owner(block) == Some(Owner::System))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::tokens;

    #[test]
    fn names_are_bound_where_they_can_be_used() {
        let cases: [(&str, &[&str]); 8] = [
            ("let a = 1\nfn f(x, y = 2) = x", &["x", "y"]),
            ("fn f(x) = x\nlet b = a", &[]),
            ("fn f(x) {\n  let y = 2\n  y + ", &["x", "y"]),
            ("functional f(n) {\n  param a = 1\n  fn g(m) = m", &["n", "a", "g", "m"]),
            ("fn f(x) { x }\n1", &[]),
            ("[k for k in 0 .. 3 if k", &["k"]),
            ("map(Rs, fn(R) = 2 * R", &["R"]),
            ("system s(Z) on g { potential(x): x", &["Z", "x"]),
        ];
        for (text, bound) in cases {
            assert_eq!(locals(text, &tokens(text)), bound, "{text}");
        }
    }
}

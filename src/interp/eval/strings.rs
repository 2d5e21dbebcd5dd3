//! Strings with interpolated values.

use crate::interp::Interpreter;
use crate::interp::value::scope::Scope;
use crate::interp::value::{Value, text};
use crate::lang::ast::StrPart;
use crate::problem::Result;

impl Interpreter {
    /// `"h2 {R}"`.
    pub(crate) fn string(&mut self, parts: &[StrPart], scope: &Scope) -> Result<Value> {
        let mut whole = String::new();
        for part in parts {
            match part {
                StrPart::Text(letters) => whole.push_str(letters),
                StrPart::Value(expr) => {
                    let value = self.eval(expr, scope)?;
                    // A string is copied once more when it is finished.
                    self.afford(2 * (whole.len() as u64 + value.bytes()), "this string", expr.span)?;
                    whole.push_str(&text::value(&value));
                }
            }
        }
        Ok(Value::text(whole))
    }
}

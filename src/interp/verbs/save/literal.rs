//! Plain values as literals, exact to the last bit.

use crate::interp::value::{Quantity, Value};
use crate::lang::{Dimension, quoted};
use crate::model::{Grid, Interaction, Wall};

/// The shortest text that reads back as the same number.
pub fn number(x: f64) -> String {
    match x {
        x if x.is_nan() => "(inf - inf)".into(),
        x if x.is_infinite() => if x > 0.0 { "inf" } else { "(-inf)" }.into(),
        x => crate::number::literal(x),
    }
}

/// A number with its unit; without a unit if its dimension is not energy or length.
fn quantity(q: &Quantity) -> String {
    match q.dim {
        dim if dim == Dimension::ENERGY => format!("{} hartree", number(q.value)),
        dim if dim == Dimension::LENGTH => format!("{} bohr", number(q.value)),
        _ => number(q.value),
    }
}

/// A value without definitions, as it would be written; `None`: it cannot be written.
pub fn plain(value: &Value) -> Option<String> {
    Some(match value {
        Value::Number(q) => quantity(q),
        Value::Bool(b) => b.to_string(),
        Value::Str(s) => quoted(s),
        Value::List(items) => {
            let items = items.iter().map(plain).collect::<Option<Vec<_>>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Record(record) => {
            let entry = |(name, value): &(std::rc::Rc<str>, Value)| Some(format!("{name}: {}", plain(value)?));
            let entries = record.entries.iter().map(entry).collect::<Option<Vec<_>>>()?;
            if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        Value::Interval(a, b) => format!("{} .. {}", quantity(a), quantity(b)),
        Value::Mixing(mixing) => mixing.text(|x| format!("{x:?}")),
        Value::Grid(grid) => self::grid(grid),
        Value::Interaction(Interaction::None) => "none".into(),
        Value::Interaction(Interaction::Exponential { amplitude, kappa }) => {
            format!("exponential(amplitude: {}, kappa: {})", number(*amplitude), number(*kappa))
        }
        Value::ExactFunctional => crate::exact::functional::NAME.to_owned(),
        Value::Corrected(_)
        | Value::Interaction(Interaction::Sampled { .. })
        | Value::Nothing
        | Value::Field(_)
        | Value::System(_)
        | Value::Run(_)
        | Value::Reference(_)
        | Value::Table(_)
        | Value::Figure(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::SystemMaker(_)
        | Value::Module(_)
        | Value::Symbol(_)
        | Value::Functional(_)
        | Value::Model(_)
        | Value::Machine(_)
        | Value::Kernel(_)
        | Value::Basis(_)
        | Value::Optimizer(_)
        | Value::Loss(_) => return None,
    })
}

fn grid(grid: &Grid) -> String {
    let wall = match grid.wall {
        Wall::Zero => "zero",
        Wall::Odd => "odd",
    };
    let (points, stencil, spacing) = (grid.points, grid.stencil, number(grid.spacing));
    let centred = Grid::centred(grid.points, grid.spacing);
    if centred.start == grid.start {
        return format!("uniform(points: {points}, spacing: {spacing}, stencil: {stencil}, wall: {wall})");
    }
    let (from, to) = (number(grid.start), number(grid.end()));
    format!("uniform(from: {from}, to: {to}, points: {points}, stencil: {stencil}, wall: {wall})")
}

/// Numbers in a list, as many per line as fit.
pub fn array(values: &[f64], indent: &str) -> String {
    let numbers: Vec<String> = values.iter().map(|&x| number(x)).collect();
    if numbers.iter().map(|n| n.len() + 2).sum::<usize>() <= 80 {
        return format!("[{}]", numbers.join(", "));
    }
    let lines: Vec<String> = numbers.chunks(5).map(|line| format!("{indent}  {}", line.join(", "))).collect();
    format!("[\n{}\n{indent}]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::value;

    #[test]
    fn numbers_read_back_bit_for_bit() {
        for x in [0.1, -0.0, 1.0 / 3.0, 5e-324, 1e300, -2.5e-8, 3.0, 1e16, f64::MAX, f64::INFINITY] {
            let Value::Number(back) = value(&number(x)) else { panic!("{x}") };
            assert_eq!(back.value.to_bits(), x.to_bits(), "{}", number(x));
        }
    }

    #[test]
    fn plain_values_read_back() {
        let script = "[{ a: 0.1 bohr, b: \"x {1 + 1} {{z}} \\\"y\\\"\" }, 2 .. 3.5, true, [], linear(0.3, decay: 0.9)]";
        let written = plain(&value(script)).unwrap();
        assert_eq!(plain(&value(&written)).unwrap(), written);
    }
}

//! `learning_curve(…)`: errors against the number of inputs that are learned from.

use super::data::Data;
use super::{kernel, validated};
use crate::graph::parameters::uniform;
use crate::interp::Interpreter;
use crate::interp::call::Args;
use crate::interp::error::suggestion;
use crate::interp::value::{Machine, Table, Value};
use crate::problem::Result;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::rc::Rc;

/// The ways to choose inputs.
pub(super) const CHOICES: &[&str] = &["evenly", "randomly", "actively"];

/// One line of the table.
struct Line {
    size: usize,
    mean: f64,
    largest: f64,
    machine: Rc<Machine>,
    /// Which inputs it has learned from.
    chosen: Vec<usize>,
}

pub(super) fn learning_curve(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (function, width) = kernel(args)?;
    let data = Data::from_args(interp, args)?;
    let count = data.inputs.count();
    let sizes = sizes(interp, args, count)?;
    if args.whole("folds")? < 2 {
        return args.wrong(args.span_of("folds"), "`folds` must be at least 2", None);
    }
    let choose = args.opt_text("choose")?.unwrap_or_else(|| CHOICES[0].into());
    if !CHOICES.contains(&&*choose) {
        let help = suggestion(&choose, CHOICES, "ways");
        return args.wrong(args.span_of("choose"), format!("there is no way to choose inputs {choose:?}"), Some(help));
    }
    let shuffled = shuffled(count, args.whole("seed")? as u64);
    let mut lines: Vec<Line> = Vec::with_capacity(sizes.len());
    let mut chosen: Vec<usize> = Vec::new();
    let largest = sizes.last().copied().unwrap_or(0);
    let mut size = sizes[0];
    while size <= largest {
        chosen = match &*choose {
            "evenly" => evenly(count, size),
            "randomly" => shuffled[..size].to_vec(),
            _ if chosen.is_empty() => evenly(count, size),
            _ => chosen,
        };
        chosen.sort_unstable();
        let folds = args.whole("folds")?.min(chosen.len());
        let found = validated(interp, args, (data.only(&chosen), function.clone()), (width, folds), false)?;
        let Value::Machine(machine) = found else { return Ok(Value::Nothing) };
        let others: Vec<usize> = (0..count).filter(|i| chosen.binary_search(i).is_err()).collect();
        if sizes.contains(&size) {
            let (mean, largest) = interp.errors_of(&machine, &data, &others, args)?;
            lines.push(Line { size, mean, largest, machine: machine.clone(), chosen: chosen.clone() });
        }
        if size == largest {
            break;
        }
        if &*choose == "actively" {
            let rows: Vec<&[f64]> = data.inputs.rows().collect();
            let at: Vec<Vec<f64>> = others.iter().map(|i| rows[*i].to_vec()).collect();
            let all = interp.uncertainties(&machine, &at, args)?;
            let best =
                others.iter().zip(&all).fold((0, -1.0), |best, (i, x)| if *x > best.1 { (*i, *x) } else { best });
            chosen.push(best.0);
            size += 1;
        } else {
            size = sizes.iter().copied().find(|next| *next > size).unwrap_or(largest);
        }
    }
    let dim = data.error_dimension();
    let column = |of: &dyn Fn(&Line) -> Value| Rc::new(lines.iter().map(of).collect());
    let member = |name: &'static str| move |line: &Line| line.machine.member(name).unwrap_or(Value::Nothing);
    Ok(Value::Table(Rc::new(Table {
        columns: vec![
            ("size".into(), column(&|line| Value::plain(line.size as f64))),
            ("mean_error".into(), column(&|line| Value::of(line.mean, dim))),
            ("largest_error".into(), column(&|line| Value::of(line.largest, dim))),
            ("width".into(), column(&member("width"))),
            ("noise".into(), column(&member("noise"))),
            (
                "chosen".into(),
                column(&|line| Value::list(line.chosen.iter().map(|i| Value::plain(*i as f64)).collect())),
            ),
        ],
    })))
}

/// The sizes, ascending, each once.
fn sizes(interp: &mut Interpreter, args: &Args, count: usize) -> Result<Vec<usize>> {
    let list = args.list(interp, "sizes")?;
    let mut all = Vec::with_capacity(list.len());
    for item in list.iter() {
        match item {
            Value::Number(q) if q.dim.is_plain() && q.is_whole() && q.value >= 2.0 && q.value < count as f64 => {
                all.push(q.value as usize);
            }
            _ => {
                let message = format!(
                    "a size is a whole number from 2 to {}, so that some of the {count} inputs are left",
                    count.saturating_sub(1)
                );
                return args.wrong(args.span_of("sizes"), message, None);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return args.wrong(args.span_of("sizes"), "there are no sizes", Some("for example `sizes: [4, 6, 8]`".into()));
    }
    Ok(all)
}

/// So many of `count`, evenly spaced, with both ends.
fn evenly(count: usize, size: usize) -> Vec<usize> {
    (0..size).map(|k| (2 * k * (count - 1) + size - 1) / (2 * (size - 1).max(1))).collect()
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut all: Vec<(f64, usize)> = (0..count).map(|i| (uniform(&mut rng), i)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, i)| i).collect()
}

impl Interpreter {
    /// The mean and the largest error for some of the data.
    fn errors_of(&mut self, machine: &Machine, data: &Data, which: &[usize], args: &Args) -> Result<(f64, f64)> {
        let rows: Vec<&[f64]> = data.inputs.rows().collect();
        let (mut sum, mut largest) = (0.0, 0.0f64);
        for i in which {
            let found = self.machine_at(machine, rows[*i], args.span)?;
            let off: Vec<f64> = found.iter().zip(data.given(*i)).map(|(x, y)| x - y).collect();
            let size = data.size(&off);
            sum += size;
            largest = largest.max(size);
        }
        Ok((sum / which.len().max(1) as f64, largest))
    }
}

//! Random numbers, the same for the same seed everywhere.

use crate::graph::parameters::uniform;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, optional, required, shown};
use crate::interp::session::short_enough;
use crate::interp::value::{Quantity, Value};
use crate::lang::Kind;
use crate::problem::Result;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) const ALL: &[Builtin] = &[function(
    "random",
    &[
        required("range", &[Kind::Interval, Kind::List]).about("between which numbers, `0 .. 1`"),
        optional("count", &[Kind::Whole], DefaultValue::Number(1.0)),
        optional("seed", &[Kind::Whole], DefaultValue::Number(0.0))
            .about("other seeds give other numbers, the same seed always the same"),
    ],
    &[Kind::List],
    "a list of random numbers, all between the ends of an interval equally likely (ChaCha with eight rounds)",
    &["uniform", "seed", "sample", "noise", "monte carlo"],
    &[shown("random(1 .. 10, count: 3, seed: 7)"), shown("random(0 bohr .. 2 bohr, count: 2)")],
    random,
)];

fn random(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (from, to) = args.interval("range")?;
    let span = args.span_of("range");
    let Some(dim) = from.dim.agree(to.dim) else {
        return args.wrong(span, "the ends of the interval have different dimensions", None);
    };
    if !(from.value.is_finite() && to.value.is_finite() && from.value <= to.value) {
        return args.wrong(span, "the ends of the interval must be finite, the first not above the second", None);
    }
    let count = args.whole("count")?;
    short_enough(count as f64, args.span_of("count"))?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.whole("seed")? as u64);
    let width = to.value - from.value;
    let number = |_| Value::Number(Quantity::of(from.value + width * uniform(&mut rng), dim));
    Ok(Value::list((0..count).map(number).collect()))
}

//! Gradient checks of operators.

use super::scalar::Unary;
use super::{Cpu, Dims, OwnedTape, TensorError, Value, arrange, backward, count};
use strum::IntoEnumIterator;

pub type TestTape = OwnedTape<f64, Cpu>;

/// All functions of one argument, powers as an even and a fractional one.
pub fn unary() -> impl Iterator<Item = Unary> {
    Unary::iter().filter(|f| !matches!(f, Unary::Pow(_))).chain([2.0, 1.5].map(Unary::Pow))
}

/// Smooth numbers without symmetry.
pub fn numbers(dims: Dims, seed: f64) -> Vec<f64> {
    (0..count(dims)).map(|i| ((i as f64 + 1.0) * (0.7 + seed)).sin() + 0.3 * seed).collect()
}

/// Runs an operator on leaves.
pub fn run<R>(
    inputs: &[(Dims, Vec<f64>)],
    f: impl Fn(&[&Value<Cpu>], TestTape) -> Result<R, TensorError>,
) -> (R, Vec<Value<Cpu>>) {
    let device = Cpu::default();
    let leaves: Vec<Value<Cpu>> =
        inputs.iter().map(|(dims, numbers)| Value::leaf(&device, *dims, numbers.clone()).unwrap()).collect();
    let out = f(&leaves.iter().collect::<Vec<_>>(), TestTape::default()).unwrap();
    (out, leaves)
}

/// Compares the gradient of a weighted sum of the result with central differences, for every entry of every input.
#[track_caller]
pub fn check_gradient(
    inputs: &[(Dims, Vec<f64>)],
    f: impl Fn(&[&Value<Cpu>], TestTape) -> Result<(Value<Cpu>, TestTape), TensorError>,
) {
    let device = Cpu::default();
    let weighted = |x: &Value<Cpu>, tape: TestTape| {
        let weights = numbers(x.dims(), 0.21);
        let sum: f64 = x.host().iter().zip(&weights).map(|(x, w)| x * w).sum();
        super::record_one(&device, &[x], (1, 1, 1), vec![sum], tape, move |incoming, outgoing| {
            if let Some(into) = &mut outgoing[0] {
                into.whole().iter_mut().zip(&weights).for_each(|(sum, w)| *sum += w * incoming[0]);
            }
        })
    };
    let ((sum, tape), leaves) = run(inputs, |x, tape| f(x, tape).and_then(|(out, tape)| weighted(&out, tape)));
    let mut cotangents = backward(&sum, tape).unwrap();
    for (k, leaf) in leaves.iter().enumerate() {
        let gradient = leaf.cotangent(&mut cotangents).unwrap();
        for (i, slope) in gradient.into_iter().enumerate() {
            let at = |step: f64| {
                let mut inputs = inputs.to_vec();
                inputs[k].1[i] += step;
                run(&inputs, |x, tape| f(x, tape).and_then(|(out, tape)| weighted(&out, tape))).0.0.first()
            };
            let h = 1e-4;
            let numeric = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let scale = 1.0 + numeric.abs();
            assert!((numeric - slope).abs() < 1e-8 * scale, "input {k}, entry {i}: {numeric} {slope}");
        }
    }
}

#[test]
fn constants_leave_no_trace() {
    let device = Cpu::default();
    let x = Value::constant(&device, (1, 3, 1), vec![1.0, 2.0, 3.0]).unwrap();
    let (sum, _) = arrange::sum_points(&x, TestTape::default()).unwrap();
    assert_eq!((sum.first(), sum.tracked()), (6.0, false));
}

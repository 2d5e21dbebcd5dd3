//! Fused elementwise programs: a chain of scalar functions runs over blocks of points, forward and backward, without
//! an array per step. Operands broadcast over batch, grid and channels. `sweep` runs them.

use super::backend::{Backend, Dims, TensorError, count};
use super::convolution::Convolution;
use super::cotangent::Cotangent;
use super::program::{Instruction, Program};
use super::sweep::{Source, Sweep};
use super::value::{Value, only, record};
use super::window;
use dfdx::prelude::Tape;
use std::sync::Arc;

/// What a program reads.
#[derive(Debug)]
pub enum Argument<'a, D: Backend> {
    /// A value, broadcast where it has a single point or channel.
    Value(&'a Value<D>),
    /// The convolution of a value, as by [`convolve`]. Its rows are computed a few at a time, just
    /// before the program needs them; the backward pass goes through the program first, and then into both arguments.
    Convolved {
        /// `[batch, points, input]`.
        x: &'a Value<D>,
        /// `[1, 1, width * input * channels]`.
        weight: &'a Value<D>,
        /// Points of the window.
        width: usize,
        /// Points of the window before the current one.
        left: usize,
    },
}

/// Runs a program. `points` and `channels` are those of the results; every operand has the same number or one; the batch
/// is the largest among the operands.
pub fn elementwise<D: Backend, T: Tape<f64, D>>(
    device: &D,
    program: &Arc<Program>,
    operands: &[Argument<D>],
    (points, channels): (usize, usize),
    mut tape: T,
) -> Result<(Vec<Value<D>>, T), TensorError> {
    let batches = operands.iter().map(|(Argument::Value(x) | Argument::Convolved { x, .. })| x.dims().0);
    let mut call = Call::new((batches.max().unwrap_or(1), points, channels));
    // For other devices, and where the result is broadcast, convolutions are computed beforehand.
    let mut beforehand = Vec::with_capacity(operands.len());
    for operand in operands {
        beforehand.push(match *operand {
            Argument::Convolved { x, weight, width, left } if !call.fits(x, weight, width) => {
                let (value, next) = convolve(x, weight, width, left, tape)?;
                tape = next;
                Some(value)
            }
            _ => None,
        });
    }
    for (operand, beforehand) in operands.iter().zip(&beforehand) {
        match operand {
            Argument::Value(x) => call.read(x)?,
            Argument::Convolved { x, weight, width, left } => match beforehand {
                Some(x) => call.read(x)?,
                None => call.convolve(x, weight, *width, *left)?,
            },
        }
    }
    call.run(device, program, tape)
}

/// Cross-correlation of `x` `[batch, points, input]` with `weight` `[1, 1, width * input * output]`, zero-padded, `left`
/// points of the window before the current one. To apply elementwise functions to the result, put both into one program: see
/// `Argument::Convolved`.
pub fn convolve<D: Backend, T: Tape<f64, D>>(
    x: &Value<D>,
    weight: &Value<D>,
    width: usize,
    left: usize,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    if !D::ON_HOST {
        return window::convolve(x, weight, width, left, tape);
    }
    let program = Program { instructions: vec![Instruction::Load(0)], operands: 1, results: vec![0] };
    let (batch, points, input) = x.dims();
    let mut call = Call::new((batch, points, weight.count() / (width * input).max(1)));
    call.convolve(x, weight, width, left)?;
    let (values, tape) = call.run(x.device(), &program.into(), tape)?;
    Ok((only("conv", values)?, tape))
}

/// A program with what it reads.
pub(super) struct Call<'a, D: Backend> {
    dims: Dims,
    sources: Vec<Source>,
    shapes: Vec<Dims>,
    tracked: Vec<bool>,
    /// One for a value, two for a convolution.
    inputs: Vec<&'a Value<D>>,
}

impl<'a, D: Backend> Call<'a, D> {
    /// A call without operands yet, with results of that shape.
    pub(super) fn new(dims: Dims) -> Self {
        Self { dims, sources: vec![], shapes: vec![], tracked: vec![], inputs: vec![] }
    }

    /// Whether a convolution can be computed on the fly: not if it has to be broadcast over channels or batch.
    fn fits(&self, x: &Value<D>, weight: &Value<D>, width: usize) -> bool {
        let (batch, points, input) = x.dims();
        D::ON_HOST && (batch, points) == (self.dims.0, self.dims.1) && weight.count() == width * input * self.dims.2
    }

    fn push(&mut self, source: Source, shape: Dims, inputs: &[&'a Value<D>]) {
        self.sources.push(source);
        self.shapes.push(shape);
        self.tracked.push(inputs.iter().any(|x| x.tracked()));
        self.inputs.extend(inputs);
    }

    /// Adds a value as the next operand.
    fn read(&mut self, x: &'a Value<D>) -> Result<(), TensorError> {
        let ((batch, points, channels), (b, p, c)) = (self.dims, x.dims());
        if !(b == 1 || b == batch) || !(p == 1 || p == points) || !(c == 1 || c == channels) {
            let expected = batch * points * channels;
            return Err(TensorError::Length { operation: "elementwise", expected, found: b * p * c });
        }
        self.push(Source::Given(x.host()), x.dims(), &[x]);
        Ok(())
    }

    /// Adds a convolution, of the shape of the results, as the next operand.
    pub(super) fn convolve(
        &mut self,
        x: &'a Value<D>,
        weight: &'a Value<D>,
        width: usize,
        left: usize,
    ) -> Result<(), TensorError> {
        self.push(Source::Made(Convolution::new(x, weight, width, left)?), self.dims, &[x, weight]);
        Ok(())
    }

    /// Runs the program.
    pub(super) fn run<T: Tape<f64, D>>(
        self,
        device: &D,
        program: &Arc<Program>,
        tape: T,
    ) -> Result<(Vec<Value<D>>, T), TensorError> {
        let tracked: Vec<bool> = self.tracked.iter().map(|tracked| *tracked && T::OWNS_TAPE).collect();
        let sweep = Sweep::new(program, self.dims, &self.shapes, &tracked);
        let (results, mut operands) = sweep.run(&self.sources);
        let (fill, mut kept) = (sweep.fill(), results.clone());
        sweep.keep(&fill, &mut operands, &mut kept);
        let outputs = results.into_iter().map(|numbers| (self.dims, numbers)).collect();
        let mut place = 0;
        let mut convolution = |source: Source| {
            let (first, convolution) = (place, source.convolution());
            place += if convolution.is_some() { 2 } else { 1 };
            (first, convolution)
        };
        // The first input of every operand.
        let places: Vec<_> = self.sources.into_iter().map(&mut convolution).collect();
        let size = count(self.dims);
        record(device, &self.inputs, outputs, tape, move |incoming, outgoing| {
            let own = |((first, convolution), tracked): (&(usize, Option<Convolution>), &bool)| match convolution {
                None => outgoing[*first].take(),
                Some(_) => tracked.then(|| Cotangent::new(Vec::new(), size)),
            };
            let mut parts: Vec<Option<Cotangent>> = places.iter().zip(&tracked).map(own).collect();
            sweep.pull(&fill, &operands, &kept, incoming, &mut parts);
            for ((first, convolution), part) in places.iter().zip(parts) {
                match (convolution, part, &mut outgoing[*first..]) {
                    (None, part, [into, ..]) => *into = part,
                    (Some(convolution), Some(part), [x, weight, ..]) if !part.fresh() => {
                        convolution.pull(part.numbers(), x.as_mut(), weight.as_mut());
                    }
                    _ => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar::{Binary, Unary};
    use super::super::testing::{TestTape, check_gradient, numbers, run, unary};
    use super::super::{Cpu, NoneTape, arrange, backward, window};
    use super::*;
    use Instruction::{Load, Number};
    use strum::IntoEnumIterator;

    fn single(instructions: Vec<Instruction>, operands: usize) -> Arc<Program> {
        let results = vec![instructions.len() - 1];
        Arc::new(Program { instructions, operands, results })
    }

    fn values<'a>(x: &[&'a Value<Cpu>]) -> Vec<Argument<'a, Cpu>> {
        x.iter().map(|x| Argument::Value(x)).collect()
    }

    fn check(program: &Arc<Program>, inputs: &[(Dims, Vec<f64>)], extent: (usize, usize)) {
        check_gradient(inputs, |x, tape| {
            let (mut out, tape) = elementwise(&Cpu::default(), program, &values(x), extent, tape)?;
            Ok((out.remove(0), tape))
        });
    }

    #[test]
    fn every_function_has_the_right_slope() {
        let dims = (1, 5, 1);
        for f in unary().chain([Unary::Pow(-3.0), Unary::Pow(0.0)]) {
            let x = vec![0.15, 0.3, 0.52, 0.77, 0.91];
            check(&single(vec![Load(0), Instruction::Unary(f, 0)], 1), &[(dims, x)], (5, 1));
        }
        for f in Binary::iter() {
            let inputs = [(dims, vec![0.15, 0.3, 0.52, 0.77, 0.91]), (dims, vec![0.4, 0.2, 0.9, 0.3, 0.5])];
            let program = single(vec![Load(0), Load(1), Instruction::Binary(f, 0, 1)], 2);
            check(&program, &inputs, (5, 1));
            // The same operand twice, as one load and as two.
            let twice = |x: &[&Value<Cpu>], tape| {
                let (mut out, tape) = elementwise(&Cpu::default(), &program, &values(&[x[0], x[0]]), (5, 1), tape)?;
                Ok((out.remove(0), tape))
            };
            if !matches!(f, Binary::Less | Binary::LessEq | Binary::Eq) {
                check_gradient(&inputs[..1], twice);
                check(&single(vec![Load(0), Instruction::Binary(f, 0, 0)], 1), &inputs[..1], (5, 1));
            }
        }
    }

    #[test]
    fn operands_broadcast() {
        // (a + b) * c where c == 0 ? d : number, over all ways to broadcast, in more than one block.
        let program = single(
            vec![
                Load(0),
                Load(1),
                Instruction::Binary(Binary::Add, 0, 1),
                Load(2),
                Instruction::Binary(Binary::Mul, 2, 3),
                Load(3),
                Number(0.5),
                Instruction::Where(5, 4, 6),
                Instruction::Binary(Binary::Mul, 7, 0),
            ],
            4,
        );
        let (points, channels) = (70, 3);
        for dims in [(1, 1, 1), (1, 1, 3), (1, points, 1), (2, points, 3), (2, 1, 1)] {
            let others = [(2, 1, 3), (1, points, 1)];
            let inputs: Vec<_> = [dims, others[0], others[1]].map(|d| (d, numbers(d, 0.3))).to_vec();
            let mask: Vec<f64> = (0..points).map(|i| (i % 2) as f64).collect();
            let run_it = |x: &[&Value<Cpu>], tape| {
                let mask = Value::constant(&Cpu::default(), (1, points, 1), mask.clone())?;
                let operands = [x[0], x[1], x[2], &mask];
                let (mut out, tape) =
                    elementwise(&Cpu::default(), &program, &values(&operands), (points, channels), tape)?;
                Ok((out.remove(0), tape))
            };
            let ((out, _), _) = run(&inputs, run_it);
            assert_eq!(out.dims(), (2, points, channels));
            if dims.1 == 1 {
                check_gradient(&inputs, run_it);
            }
        }
    }

    #[test]
    fn cotangents_add_up() {
        // a b twice, a b + a, a itself, and b, which is not used; a also gets a cotangent through another program.
        let instructions =
            vec![Load(0), Load(1), Instruction::Binary(Binary::Mul, 0, 1), Instruction::Binary(Binary::Add, 2, 0)];
        let program = Arc::new(Program { instructions, operands: 2, results: vec![2, 2, 3, 0, 1] });
        let squares = single(vec![Load(0), Load(0), Instruction::Binary(Binary::Mul, 0, 1)], 1);
        let (device, points, channels) = (Cpu::default(), 90, 3);
        for other in [(1, points, 3), (1, 1, 3), (1, points, 1), (1, 1, 1)] {
            let a = (1, points, channels);
            let inputs = [(a, numbers(a, 0.3)), (other, numbers(other, 0.2))];
            check_gradient(&inputs, |x, tape| {
                let (x, y) = (x[0], x[1]);
                let (out, tape) = elementwise(&device, &program, &values(&[x, y]), (points, channels), tape)?;
                let (square, tape) = elementwise(&device, &squares, &values(&[x]), (points, channels), tape)?;
                let weights = [0.5, 2.0, 1.0, -1.0].into_iter();
                let mut terms: Vec<_> = out.iter().zip(weights).map(|(x, weight)| (x, 0, weight)).collect();
                terms.extend([(&square[0], 0, 0.3), (x, 0, 0.1)]);
                arrange::combine(&device, &terms, 0.0, tape)
            });
        }
    }

    type Recorded = Result<(Value<Cpu>, TestTape), TensorError>;

    /// sigmoid(z) z + y, y, z and sigmoid(z), where z is a convolution, in several blocks.
    #[test]
    fn convolutions_are_made_on_the_fly() {
        let instructions = vec![
            Load(0),
            Instruction::Unary(Unary::Sigmoid, 0),
            Instruction::Binary(Binary::Mul, 0, 1),
            Load(1),
            Instruction::Binary(Binary::Add, 2, 3),
        ];
        let (device, input, output, left) = (Cpu::default(), 2, 16, 1);
        // All results, the last alone, and a convolution that is broadcast over channels or entries.
        let all = Program { instructions: instructions.clone(), operands: 2, results: vec![4, 3, 0, 1] };
        let last = Program { instructions, operands: 2, results: vec![4] };
        for (program, points, batch, made) in [(all, 5, 2, 3), (last.clone(), 300, 2, 3), (last, 7, 1, 1)] {
            let (program, made) = (Arc::new(program), if made == 1 { 1 } else { output });
            let extent = (points, output);
            let (x, w, y) = ((batch, points, input), (1, 1, 3 * input * made), (2, points, 1));
            let inputs = [(x, numbers(x, 0.1)), (w, numbers(w, 0.2)), (y, numbers(y, 0.3))];
            let weighted = |out: Vec<Value<Cpu>>, tape| {
                let terms: Vec<_> =
                    out.iter().zip([1.0, 0.3, -0.7, 0.2]).flat_map(|(x, c)| [(x, 0, c), (x, 1, 0.5 * c)]).collect();
                arrange::combine(&device, &terms, 0.0, tape)
            };
            let fused = |x: &[&Value<Cpu>], tape| {
                let made = Argument::Convolved { x: x[0], weight: x[1], width: 3, left };
                let (out, tape) = elementwise(&device, &program, &[made, Argument::Value(x[2])], extent, tape)?;
                weighted(out, tape)
            };
            let apart = |x: &[&Value<Cpu>], tape| {
                let (z, tape) = window::convolve(x[0], x[1], 3, left, tape)?;
                let (out, tape) = elementwise(&device, &program, &values(&[&z, x[2]]), extent, tape)?;
                weighted(out, tape)
            };
            if points < 100 {
                check_gradient(&inputs, fused);
            }
            let sum = |f: &dyn Fn(&[&Value<Cpu>], TestTape) -> Recorded| {
                let total = |x: &[&Value<Cpu>], tape| {
                    let (out, tape) = f(x, tape)?;
                    let (sums, tape) = arrange::sum_points(&out, tape)?;
                    arrange::sum_channels(&sums, tape)
                };
                let ((sum, tape), leaves) = run(&inputs, total);
                let mut cotangents = backward(&sum, tape).unwrap();
                let slopes = leaves.iter().flat_map(|x| x.cotangent(&mut cotangents).unwrap());
                std::iter::once(sum.first()).chain(slopes).collect::<Vec<f64>>()
            };
            let (a, b) = (sum(&fused), sum(&apart));
            let size = a.iter().fold(1.0_f64, |size, x| size.max(x.abs()));
            a.iter().zip(&b).for_each(|(a, b)| assert!((a - b).abs() < 1e-13 * size, "{a} {b}"));
        }
    }

    #[test]
    fn wrong_weights_are_errors() {
        let (device, program) = (Cpu::default(), single(vec![Load(0), Instruction::Unary(Unary::Tanh, 0)], 1));
        let value = |dims: Dims| Value::constant(&device, dims, numbers(dims, 0.1)).unwrap();
        let x = value((1, 5, 2));
        for (weight, channels) in [(11, 2), (12, 3), (0, 2), (6, 2)] {
            let weight = value((1, 1, weight));
            let made = Argument::Convolved { x: &x, weight: &weight, width: 3, left: 1 };
            let found = elementwise(&device, &program, &[made], (5, channels), NoneTape);
            assert_eq!(found.is_ok(), channels == 2 && weight.count() == 6, "{}", weight.count());
        }
    }

    #[test]
    fn branches_not_taken_leave_no_nan() {
        // where(0 < x, sqrt(x), 0) at x < 0.
        let program = single(
            vec![
                Load(0),
                Number(0.0),
                Instruction::Binary(Binary::Less, 1, 0),
                Instruction::Unary(Unary::Sqrt, 0),
                Instruction::Where(2, 3, 1),
            ],
            1,
        );
        check(&program, &[((1, 3, 1), vec![-1.0, 0.25, -0.3])], (3, 1));
    }

    /// Sum over points and channels of the second batch entry.
    fn total(x: &Value<Cpu>, tape: TestTape) -> Result<(Value<Cpu>, TestTape), TensorError> {
        let (second, tape) = arrange::combine(x.device(), &[(x, 1, 1.0)], 0.0, tape)?;
        let (sums, tape) = arrange::sum_points(&second, tape)?;
        arrange::sum_channels(&sums, tape)
    }

    #[test]
    fn the_composite_agrees() {
        let points = 7;
        for (width, input, output, left) in [(1, 2, 3, 0), (3, 2, 3, 1), (4, 1, 2, 1), (4, 3, 2, 2), (9, 2, 1, 4)] {
            let (x, w) = ((2, points, input), (1, 1, width * input * output));
            let inputs = [(x, numbers(x, 0.1)), (w, numbers(w, 0.2))];
            let ((fused, tape), leaves) = run(&inputs, |x, tape| {
                let (out, tape) = convolve(x[0], x[1], width, left, tape)?;
                total(&out, tape)
            });
            let ((slow, slow_tape), slow_leaves) = run(&inputs, |x, tape| {
                let (out, tape) = window::convolve(x[0], x[1], width, left, tape)?;
                total(&out, tape)
            });
            assert!((fused.first() - slow.first()).abs() < 1e-12);
            let (mut a, mut b) = (backward(&fused, tape).unwrap(), backward(&slow, slow_tape).unwrap());
            for (x, y) in leaves.iter().zip(&slow_leaves) {
                let (x, y) = (x.cotangent(&mut a).unwrap(), y.cotangent(&mut b).unwrap());
                x.iter().zip(&y).for_each(|(x, y)| assert!((x - y).abs() < 1e-12));
            }
            check_gradient(&inputs, |x, tape| convolve(x[0], x[1], width, left, tape));
        }
    }
}

//! The results of a program.

use super::super::backend::count;
use super::super::program::Instruction;
use super::super::stock::{Buffer, Numbers};
use super::super::vector::{leave_vector_registers, vectorised};
use super::{Arrays, Block, CHUNK, Place, Source, Sweep};

/// Where registers and operands are stored while a program runs.
struct Layout {
    places: Vec<Place>,
    /// The array of every operand that is made on the fly.
    made: Vec<Option<usize>>,
    /// Number of arrays: the results, and operands made on the fly that are not results.
    arrays: usize,
    /// Steps to run in every block.
    steps: Vec<usize>,
    /// Results to be copied from elsewhere: (result, register).
    copies: Vec<(usize, usize)>,
}

impl Sweep {
    fn layout(&self, sources: &[Source]) -> Layout {
        let (instructions, results) = (&self.program.instructions, &self.program.results);
        let mut arrays = results.len();
        let made: Vec<Option<usize>> = (0..sources.len())
            .map(|k| {
                let Source::Made(_) = sources[k] else { return None };
                let asked = results.iter().position(|&r| instructions[r] == Instruction::Load(k));
                arrays += usize::from(asked.is_none());
                asked.or(Some(arrays - 1))
            })
            .collect();
        let place = |(i, instruction): (usize, &Instruction)| match *instruction {
            Instruction::Load(k) => match made[k] {
                Some(array) => Place::Result(array),
                None if self.strides[k].whole => Place::Argument(k),
                None => Place::Scratch,
            },
            Instruction::Number(_) => Place::Scratch,
            _ => results.iter().position(|&r| r == i).map_or(Place::Scratch, Place::Result),
        };
        let places: Vec<Place> = instructions.iter().enumerate().map(place).collect();
        let there = |i: &usize| matches!(instructions[*i], Instruction::Load(_)) && places[*i] != Place::Scratch;
        let steps = (0..instructions.len()).filter(|i| !there(i)).collect();
        let copies = results.iter().copied().enumerate().filter(|&(k, r)| places[r] != Place::Result(k)).collect();
        Layout { places, made, arrays, steps, copies }
    }

    /// The results, and the numbers of the operands.
    pub(in super::super) fn run(&self, sources: &[Source]) -> (Vec<Numbers>, Vec<Numbers>) {
        let layout = self.layout(sources);
        let operands: Vec<&[f64]> = sources.iter().map(Source::given).collect();
        let mut own: Vec<Buffer> = (0..layout.arrays).map(|_| Buffer::any(count(self.dims))).collect();
        let mut scratch = Buffer::any(self.active.len() * self.length());
        self.numbers(&layout.steps, &mut scratch);
        let chunk = self.chunk(sources);
        vectorised(
            #[inline(always)]
            || {
                for stretch in self.entries().flat_map(|entry| entry.parts(chunk)) {
                    for (source, array) in sources.iter().zip(&layout.made) {
                        if let (Source::Made(convolution), &Some(array)) = (source, array) {
                            let rows = stretch.row..stretch.row + stretch.rows;
                            convolution.rows(stretch.batch, rows, &mut own[array][stretch.here()]);
                            leave_vector_registers();
                        }
                    }
                    for block in stretch.parts(self.rows) {
                        self.block(&layout, &operands, block, &mut own, &mut scratch);
                    }
                }
            },
        );
        let own: Vec<Numbers> = own.into_iter().map(Numbers::from).collect();
        let operand = |(source, array): (&Source, &Option<usize>)| match (source, array) {
            (Source::Given(numbers), _) => numbers.clone(),
            (Source::Made(_), array) => array.map_or_else(Numbers::default, |array| own[array].clone()),
        };
        let operands = sources.iter().zip(&layout.made).map(operand).collect();
        (own.into_iter().take(self.program.results.len()).collect(), operands)
    }

    /// How many rows of convolutions are made at a time: whole blocks.
    fn chunk(&self, sources: &[Source]) -> usize {
        match sources.iter().any(|source| matches!(source, Source::Made(_))) {
            true => self.rows * (CHUNK / self.length().max(1)).max(1),
            false => self.dims.1.max(1),
        }
    }

    #[inline(always)]
    fn block(&self, layout: &Layout, operands: &[&[f64]], block: Block, own: &mut [Buffer], scratch: &mut [f64]) {
        let places = &layout.places;
        for &i in &layout.steps {
            match places[i] {
                Place::Result(k) => {
                    let mut out = std::mem::take(&mut own[k]);
                    let arrays = Arrays { operands, results: own, scratch };
                    let value = |r: usize| self.value(places[r], &arrays, block, r);
                    self.compute(i, operands, block, value, &mut out[block.here()]);
                    own[k] = out;
                }
                _ => {
                    let (before, rest) = scratch.split_at_mut(i * self.length());
                    let arrays = Arrays { operands, results: own, scratch: before };
                    let value = |r: usize| self.value(places[r], &arrays, block, r);
                    self.compute(i, operands, block, value, &mut rest[..block.len()]);
                }
            }
        }
        for &(k, r) in &layout.copies {
            let mut out = std::mem::take(&mut own[k]);
            let arrays = Arrays { operands, results: own, scratch };
            out[block.here()].copy_from_slice(self.value(places[r], &arrays, block, r));
            own[k] = out;
        }
    }
}

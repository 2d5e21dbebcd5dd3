//! The backward pass through a program.

use super::super::cotangent::{Cotangent, add};
use super::super::program::Instruction;
use super::super::scalar::Known;
use super::super::stock::{Buffer, Numbers};
use super::super::vector::vectorised;
use super::{Arrays, Place, Sweep, arguments, operand_registers};

/// Where to find the registers that a backward pass needs, and which steps recompute those in the scratch space.
pub(in super::super) struct Fill {
    places: Vec<Option<Place>>,
    steps: Vec<usize>,
}

/// One contribution to an adjoint: that of register `from` passed on to argument `position` of its instruction.
#[derive(Clone, Copy)]
struct Part {
    from: usize,
    to: usize,
    position: usize,
    /// Whether it is the first.
    fresh: bool,
}

/// The plan of a backward pass, the same for every block.
struct Pull {
    /// Results whose cotangents are added up: (result, register, whether it is the first there).
    arrivals: Vec<(usize, usize, bool)>,
    /// The result in whose cotangent a register's adjoint is read in place.
    direct: Vec<Option<usize>>,
    parts: Vec<Part>,
    /// The operand in whose cotangent a register's adjoint is accumulated.
    homes: Vec<Option<usize>>,
    /// Other adjoints to add to operands: (register, operand).
    loads: Vec<(usize, usize)>,
}

impl Sweep {
    /// Keeps the operands and results that a backward pass reads, and empties the others.
    pub(in super::super) fn keep(&self, fill: &Fill, operands: &mut [Numbers], results: &mut [Numbers]) {
        let (mut from, mut of) = (vec![false; operands.len()], vec![false; results.len()]);
        for (place, instruction) in fill.places.iter().zip(&self.program.instructions) {
            match (place, instruction) {
                (Some(Place::Argument(k)), _) | (Some(Place::Scratch), Instruction::Load(k)) => from[*k] = true,
                (Some(Place::Result(k)), _) => of[*k] = true,
                _ => {}
            }
        }
        let all = operands.iter_mut().chain(results).zip(from.into_iter().chain(of));
        all.filter(|(_, read)| !read).for_each(|(numbers, _)| *numbers = Numbers::default());
    }

    /// Registers whose values the slopes need.
    fn read_backwards(&self) -> Vec<bool> {
        let mut wanted = vec![false; self.active.len()];
        for (i, &instruction) in self.program.instructions.iter().enumerate() {
            let registers = operand_registers(instruction);
            for (_, _, known) in arguments(instruction).filter(|(_, r, _)| self.active[*r]) {
                for known in known {
                    let register = match known {
                        Known::First => registers[0],
                        Known::Second => registers[1],
                        Known::Value => i,
                    };
                    wanted[register] = true;
                }
            }
        }
        wanted
    }

    /// How to obtain the values that the slopes need.
    pub(in super::super) fn fill(&self) -> Fill {
        let (mut wanted, program) = (self.read_backwards(), &self.program);
        let (mut places, mut steps) = (vec![None; wanted.len()], Vec::new());
        for (i, &instruction) in program.instructions.iter().enumerate().rev() {
            if !wanted[i] {
                continue;
            }
            let place = match instruction {
                Instruction::Load(k) if self.strides[k].whole => Place::Argument(k),
                _ => program.results.iter().position(|&r| r == i).map_or(Place::Scratch, Place::Result),
            };
            if place == Place::Scratch {
                steps.push(i);
                instruction.registers().for_each(|r| wanted[r] = true);
            }
            places[i] = Some(place);
        }
        steps.reverse();
        Fill { places, steps }
    }

    /// Plans a backward pass for the cotangents that have arrived.
    fn plan(&self, incoming: &[Cotangent], outgoing: &[Option<Cotangent>]) -> Pull {
        let (program, none) = (&self.program, vec![None; self.active.len()]);
        let mut present = vec![false; self.active.len()];
        let mut pull = Pull { arrivals: vec![], direct: none.clone(), parts: vec![], homes: none, loads: vec![] };
        for (k, &r) in program.results.iter().enumerate().filter(|(k, _)| !incoming[*k].fresh()) {
            pull.arrivals.push((k, r, !present[r]));
            present[r] = true;
        }
        for (i, &instruction) in program.instructions.iter().enumerate().rev().filter(|(i, _)| self.active[*i]) {
            if !present[i] {
                continue;
            }
            for (position, to, _) in arguments(instruction).filter(|(_, r, _)| self.active[*r]) {
                pull.parts.push(Part { from: i, to, position, fresh: !present[to] });
                present[to] = true;
            }
            if let Instruction::Load(k) = instruction
                && let Some(into) = &outgoing[k]
            {
                let stride = self.strides[k];
                let once = program.instructions.iter().filter(|other| **other == instruction).count() == 1;
                let all = stride.whole && (stride.batch > 0 || self.dims.0 == 1);
                match into.fresh() && once && all {
                    true => pull.homes[i] = Some(k),
                    false => pull.loads.push((i, k)),
                }
            }
        }
        // If one cotangent arrives and nothing is added to it, it is read in place.
        let alone = |r: usize| {
            pull.homes[r].is_none()
                && !pull.parts.iter().any(|part| part.to == r)
                && pull.arrivals.iter().filter(|a| a.1 == r).count() == 1
        };
        let (direct, arrivals): (Vec<_>, Vec<_>) = pull.arrivals.iter().partition(|(_, r, _)| alone(*r));
        direct.iter().for_each(|(k, r, _)| pull.direct[*r] = Some(*k));
        Pull { arrivals, ..pull }
    }

    /// Passes cotangents of results on to those of the operands. `operands` and `results` are what [`Sweep::keep`] has left.
    pub(in super::super) fn pull(
        &self,
        fill: &Fill,
        operands: &[Numbers],
        results: &[Numbers],
        incoming: &[Cotangent],
        outgoing: &mut [Option<Cotangent>],
    ) {
        let plan = self.plan(incoming, outgoing);
        let operands: Vec<&[f64]> = operands.iter().map(|x| &x[..]).collect();
        let (length, size) = (self.length(), self.active.len() * self.length());
        let mut scratch = Buffer::any(2 * size + length);
        let (registers, rest) = scratch.split_at_mut(size);
        let (adjoints, part) = rest.split_at_mut(size);
        self.numbers(&fill.steps, registers);
        for &k in plan.homes.iter().flatten() {
            outgoing[k].iter_mut().for_each(|into| _ = into.space());
        }
        vectorised(
            #[inline(always)]
            || {
                for block in self.entries().flat_map(|entry| entry.parts(self.rows)) {
                    let here = block.here();
                    for &i in &fill.steps {
                        let (before, rest) = registers.split_at_mut(i * length);
                        let arrays = Arrays { operands: &operands, results, scratch: before };
                        let value = |r: usize| self.value(fill.place(r), &arrays, block, r);
                        self.compute(i, &operands, block, value, &mut rest[..block.len()]);
                    }
                    let arrays = Arrays { operands: &operands, results, scratch: registers };
                    let value = |r: usize| self.value(fill.place(r), &arrays, block, r);
                    let arrived = |k: usize| &incoming[k].numbers()[here.clone()];
                    let own = |r: usize| r * length..r * length + block.len();
                    for &(k, r, fresh) in &plan.arrivals {
                        let adjoint = match plan.home(r, outgoing) {
                            Some(into) => &mut into[here.clone()],
                            None => &mut adjoints[own(r)],
                        };
                        if fresh { adjoint.copy_from_slice(arrived(k)) } else { add(adjoint, arrived(k)) }
                    }
                    for step in &plan.parts {
                        let (before, rest) = adjoints.split_at_mut(step.from * length);
                        let cotangent = match plan.direct[step.from] {
                            Some(k) => arrived(k),
                            None => &rest[..block.len()],
                        };
                        let into = match plan.home(step.to, outgoing) {
                            Some(into) => &mut into[here.clone()],
                            None => &mut before[own(step.to)],
                        };
                        if step.fresh {
                            self.slope(*step, cotangent, value, into);
                        } else {
                            let part = &mut part[..block.len()];
                            self.slope(*step, cotangent, value, part);
                            add(into, part);
                        }
                    }
                    for &(r, k) in &plan.loads {
                        let adjoint = plan.direct[r].map_or(&adjoints[own(r)], arrived);
                        if let Some(into) = &mut outgoing[k] {
                            self.strides[k].add(adjoint, block, into.whole());
                        }
                    }
                }
            },
        );
    }

    /// Writes or adds what one argument of an instruction gets of its cotangent.
    #[inline(always)]
    fn slope<'a>(&self, part: Part, cotangent: &[f64], value: impl Fn(usize) -> &'a [f64], into: &mut [f64]) {
        let y = || value(part.from);
        // Direct calls: functions behind pointers are not vectorised.
        match self.program.instructions[part.from] {
            Instruction::Load(_) | Instruction::Number(_) => {}
            Instruction::Unary(f, x) => f.pull(cotangent, value(x), y(), into),
            Instruction::Binary(f, a, b) if part.position == 0 => f.pull_first(cotangent, value(a), value(b), into),
            Instruction::Binary(f, a, b) => f.pull_second(cotangent, value(a), value(b), y(), into),
            Instruction::Where(c, ..) => {
                for ((to, c), cotangent) in into.iter_mut().zip(value(c)).zip(cotangent) {
                    *to = if (*c != 0.0) == (part.position == 1) { *cotangent } else { 0.0 };
                }
            }
        }
    }
}

impl Fill {
    /// A register that no slope reads has no place and gets arbitrary numbers, possibly NaN (a slope reads only what `slope` of
    /// its function declares).
    #[inline(always)]
    fn place(&self, r: usize) -> Place {
        self.places[r].unwrap_or(Place::Scratch)
    }
}

impl Pull {
    /// The cotangent in which the adjoint of a register is accumulated, if it is one.
    #[inline(always)]
    fn home<'a>(&self, r: usize, outgoing: &'a mut [Option<Cotangent>]) -> Option<&'a mut [f64]> {
        outgoing[self.homes[r]?].as_mut().map(Cotangent::whole)
    }
}

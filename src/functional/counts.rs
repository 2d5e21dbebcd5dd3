//! The cost of one evaluation of a functional: floating-point operations, and memory that its tape keeps.

use super::compiled::{Compiled, Density};
use crate::graph::Operations;

impl Compiled {
    /// Operations for the energy alone, and for energy and potential, with the density of a closed shell or those of both spins.
    pub fn operations(&self, points: usize, closed: bool) -> [Operations; 2] {
        let [energy, full] = match closed {
            true => &self.closed,
            false => &[self.routine_energy.clone(), self.routine.clone()],
        };
        let exchanged = self.flip_average && self.density == Density::Spin && !closed;
        let batch = if exchanged { 2 } else { 1 };
        [energy.operations(points, batch), full.operations(points, batch)]
    }

    /// [`crate::graph::Routine::tape_bytes`] of the energy alone, and of energy and potential, in a calculation with `spins` spin channels
    /// (1: a closed shell).
    pub fn tape_bytes(&self, points: usize, spins: usize) -> [usize; 2] {
        let batch = if spins == 2 && self.flip_average && self.density == Density::Spin { 2 } else { 1 };
        let routines =
            if spins == 1 { [&self.closed[0], &self.closed[1]] } else { [&self.routine_energy, &self.routine] };
        routines.map(|routine| routine.tape_bytes(points, batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functional::{Definition, FunctionalKind};
    use crate::graph::{Graph, Init, ParamSpec, Shape};
    use crate::source::Span;

    /// Two convolutions, 1 to 2 channels over three points and 2 to 1 at one.
    fn network(density: Density) -> Compiled {
        let (mut g, s) = (Graph::new(), Span::default());
        let weight = |g: &mut Graph, shape: [usize; 3]| {
            let name = format!("w{}", g.params.len());
            g.param(ParamSpec { name, shape: shape.to_vec(), init: Init::Values(vec![0.5]), bounds: None, span: s })
        };
        let names = ["n_up", "n_down"];
        let inputs: Vec<_> = (0..density.inputs()).map(|i| g.input(names[i], Shape::FIELD, s)).collect();
        let x = g.concat(&inputs, s).unwrap();
        let first = weight(&mut g, [3, density.inputs(), 2]);
        let x = g.conv(x, first, 3, 2, s).unwrap();
        let last = weight(&mut g, [1, 2, 1]);
        let e = g.conv(x, last, 1, 1, s).unwrap();
        Compiled::new(Definition {
            name: "network".into(),
            graph: g,
            value: e,
            exchanged: None,
            density,
            flip_average: density == Density::Spin,
            kind: FunctionalKind::Xc,
            exchange: false,
        })
        .unwrap()
    }

    #[test]
    fn a_network_counted_by_hand() {
        let n = 11;
        let [energy, full] = network(Density::Total).operations(n as usize, false);
        // Layers of 2 * 3 * 1 * 2 and 2 * 1 * 2 * 1, n e, its sum, and h times that; backward, each matrix product twice, and two
        // products and two sums per product.
        let layers = (12 + 4) * n;
        assert_eq!(energy, Operations { forward: layers + n + n + 1, backward: 2 * layers + 4 * n + n + 4 });
        // The backward pass from n through both layers, with e added.
        let forward = energy.forward + layers + n;
        let backward = energy.backward + 2 * layers + 4 * n;
        assert_eq!(full, Operations { forward, backward });
    }

    #[test]
    fn spins_are_averaged_over_swapping_them_in_a_batch_of_two() {
        let f = network(Density::Spin);
        let [open, closed] = [false, true].map(|closed| f.operations(11, closed)[1]);
        assert_eq!(open, f.routine.operations(11, 2));
        assert!(open.total() > 2 * closed.total() && closed.total() > 0);
        assert_eq!(open.times(3).forward, 3 * open.forward);
    }
}

//! Finds the operation that a NaN or an infinity comes from.

use super::compiled::{Compiled, Density};
use super::xc::DENSITY_SHIFT;
use crate::graph::routine::Routine;
use crate::graph::{Graph, NodeId, Op};
use crate::graph::{LowerError, Lowered};
use crate::model::{Grid, Interaction};
use crate::source::Span;
use crate::tensor::{Cpu, NoneTape, Value};
use std::sync::Arc;

/// Where a value is no longer finite.
#[derive(Clone, Debug, PartialEq)]
pub struct NonFinite {
    /// The operation as in the language, `sqrt` or `/`; or the name of an input or parameter.
    pub operation: String,
    /// The expression it came from.
    pub span: Span,
    /// Grid point of the first such value, for a field.
    pub point: Option<usize>,
    /// Whether it happens in a derivative of the expression.
    pub derivative: bool,
}

impl Graph {
    /// The operation that made a value of `outputs` not finite, if there is one. Inputs as host numbers, `[point][channel]`.
    pub fn first_non_finite(
        &self,
        outputs: &[NodeId],
        grid: &Grid,
        interaction: &Interaction,
        parameters: &[f64],
        inputs: &[Vec<f64>],
    ) -> Result<Option<NonFinite>, LowerError> {
        let live = self.live(outputs);
        let nodes: Vec<NodeId> = (0..live.len()).filter(|&i| live[i]).map(|i| NodeId(i as u32)).collect();
        let device = Cpu::default();
        let lowered = Lowered::new(&Arc::new(Routine::new(self, &nodes)), grid, interaction)?;
        let field = |(numbers, spec): (&Vec<f64>, &crate::graph::InputSpec)| {
            let channels = spec.shape.channels.max(1);
            Value::constant(&device, (1, numbers.len() / channels, channels), numbers.clone())
        };
        let inputs = inputs.iter().zip(&self.inputs).map(field).collect::<Result<Vec<_>, _>>()?;
        let inputs: Vec<&Value<Cpu>> = inputs.iter().collect();
        let (bound, _) = lowered.bind(&lowered.parameters(&device, parameters)?, NoneTape)?;
        let (values, _) = lowered.run(&bound, &inputs, NoneTape)?;
        let mut broken: Vec<Option<usize>> = vec![None; live.len()];
        for (node, value) in nodes.iter().zip(&values) {
            let place = value.host().iter().position(|x| !x.is_finite());
            broken[node.0 as usize] = place.map(|p| p / value.dims().2.max(1));
        }
        let Some(&start) = outputs.iter().find(|output| broken[output.0 as usize].is_some()) else { return Ok(None) };
        Ok(Some(self.origin(start, &broken)))
    }

    /// Walks from a node that is not finite to one whose arguments are finite. Branches that `where` did not take come last.
    fn origin(&self, start: NodeId, broken: &[Option<usize>]) -> NonFinite {
        let mut at = start;
        loop {
            let node = self.node(at);
            let place = broken[at.0 as usize];
            let is_broken = |x: &&NodeId| broken[x.0 as usize].is_some();
            let same = node.inputs.iter().filter(is_broken).find(|x| broken[x.0 as usize] == place);
            match same.or(node.inputs.iter().find(is_broken)) {
                Some(&next) => at = next,
                None => break,
            }
        }
        let node = self.node(at);
        let operation = match node.op {
            Op::Input(k) => self.inputs.get(k).map_or_else(String::new, |input| input.name.clone()),
            Op::Param(k) => self.params.get(k).map_or_else(String::new, |spec| spec.name.clone()),
            ref op => op.name().to_owned(),
        };
        let point = node.shape.grid.and(broken[at.0 as usize]);
        NonFinite { operation, span: node.span, point, derivative: false }
    }
}

impl Compiled {
    /// The operation that made an energy or potential not finite, if there is one. Densities as in [`Compiled::evaluate`], and the
    /// energy density of exact exchange if it depends on that.
    pub fn first_non_finite(
        &self,
        grid: &Grid,
        interaction: &Interaction,
        parameters: &[f64],
        densities: &[&[f64]],
        exchange: Option<&[f64]>,
    ) -> Result<Option<NonFinite>, LowerError> {
        let (up, down) = match densities {
            [n] => (half(n), half(n)),
            [up, down, ..] => (up.to_vec(), down.to_vec()),
            [] => return Ok(None),
        };
        let shifted = |n: &[f64]| n.iter().map(|n| n + DENSITY_SHIFT).collect::<Vec<f64>>();
        let total = || up.iter().zip(&down).map(|(up, down)| up + down).collect::<Vec<f64>>();
        let mut orders = match self.density {
            Density::Total => vec![vec![shifted(&total())]],
            Density::Spin => {
                let (up, down) = (shifted(&up), shifted(&down));
                vec![vec![up.clone(), down.clone()], vec![down, up]]
            }
        };
        orders.iter_mut().for_each(|inputs| inputs.extend(exchange.map(<[f64]>::to_vec)));
        let outputs: Vec<NodeId> = [self.e, self.energy].into_iter().chain(self.potential.iter().copied()).collect();
        for inputs in &orders[..if self.flip_average { orders.len() } else { 1 }] {
            for (count, derivative) in [(2, false), (outputs.len(), true)] {
                let found = self.graph.first_non_finite(&outputs[..count], grid, interaction, parameters, inputs)?;
                if let Some(found) = found {
                    let operation = if derivative { self.written(&found) } else { found.operation.clone() };
                    return Ok(Some(NonFinite { derivative, operation, ..found }));
                }
            }
        }
        Ok(None)
    }
}

impl Compiled {
    /// The operation of the body whose derivative is not finite: the derivative of a square root is a division, which the body may
    /// not have.
    fn written(&self, found: &NonFinite) -> String {
        let body = self.graph.nodes[..=self.e.0 as usize].iter();
        let mut here = body.filter(|node| node.span == found.span && !node.op.is_source() && node.op != Op::Broadcast);
        here.next_back().map_or_else(|| found.operation.clone(), |node| node.op.name().to_owned())
    }
}

fn half(n: &[f64]) -> Vec<f64> {
    n.iter().map(|n| 0.5 * n).collect()
}

//! The body of a spin functional for closed shells, where both spins have the same density: what is equal for both is
//! calculated once. Equal channels are kept once for as long as operations leave them equal, down to the convolution that
//! mixes them, whose weights for equal channels are added up beforehand.

use crate::graph::routine::Fresh;
use crate::graph::{Graph, Node, NodeId, Op, Shape};
use crate::source::Span;

/// A node's value in the new graph: channel c is channel `channels[c]` of `node` (`None`: all, in order).
#[derive(Clone, Debug)]
struct Place {
    node: NodeId,
    channels: Option<Vec<usize>>,
}

/// The part of `graph` that `output` needs, as a graph of one density m, which is that of each spin; and the output in it.
pub(super) fn closed_shell(graph: &Graph, output: NodeId) -> (Graph, NodeId) {
    let live = graph.live(&[output]);
    let mut narrow = Narrow { nodes: Fresh::default(), places: Vec::with_capacity(live.len()) };
    for (index, node) in graph.nodes.iter().enumerate().take(output.0 as usize + 1) {
        let place = if live[index] { narrow.place(node) } else { Place { node: NodeId(0), channels: None } };
        narrow.places.push(place);
    }
    let output = narrow.wide(output);
    let mut inputs = graph.inputs.clone();
    inputs.drain(1..inputs.len().min(2));
    (Graph { nodes: narrow.nodes.into_nodes(), inputs, params: graph.params.clone() }, output)
}

struct Narrow {
    nodes: Fresh,
    /// The place of every node of the old graph so far.
    places: Vec<Place>,
}

impl Narrow {
    fn insert(&mut self, op: Op, inputs: Vec<NodeId>, shape: Shape, span: Span) -> NodeId {
        self.nodes.insert(Node { op, inputs, shape, span })
    }

    fn at(&self, old: NodeId) -> &Place {
        &self.places[old.0 as usize]
    }

    /// The new node with all channels of an old one.
    fn wide(&mut self, old: NodeId) -> NodeId {
        let Place { node, channels } = self.at(old).clone();
        let Some(channels) = channels else { return node };
        let Node { shape, span, .. } = *self.nodes.node(node);
        let parts: Vec<NodeId> = channels
            .chunk_by(|a, b| a + 1 == *b)
            .map(|run| {
                let (from, to) = (run[0], run[0] + run.len());
                self.insert(Op::Channels { from, to }, vec![node], Shape { channels: run.len(), ..shape }, span)
            })
            .collect();
        self.insert(Op::Concat, parts, Shape { channels: channels.len(), ..shape }, span)
    }

    fn place(&mut self, node: &Node) -> Place {
        let Node { op, inputs, shape, span } = node;
        if let Op::Input(index) = op {
            // The densities of both spins are the same input; what follows them moves up.
            let index = index.saturating_sub(1);
            return Place { node: self.insert(Op::Input(index), vec![], *shape, *span), channels: None };
        }
        if *op == Op::Concat {
            return self.concat(inputs, *shape, *span);
        }
        let first = inputs.first().map(|x| self.at(*x).clone());
        if let Some(Place { node: x, channels: Some(channels) }) = first {
            let width = self.nodes.node(x).shape.channels;
            let narrow = |channels: usize| Shape { channels, ..*shape };
            match op {
                // Every channel separately.
                Op::Unary(_) | Op::SumGrid | Op::MaxGrid | Op::Map(_) | Op::Hartree => {
                    let node = self.insert(op.clone(), vec![x], narrow(width), *span);
                    return Place { node, channels: Some(channels) };
                }
                Op::ExpConv => {
                    let widths = self.wide(inputs[1]);
                    let kernels = self.nodes.node(widths).shape.channels;
                    let node = self.insert(Op::ExpConv, vec![x, widths], narrow(width * kernels), *span);
                    let lanes = channels.iter().flat_map(|c| (0..kernels).map(move |k| c * kernels + k)).collect();
                    return Place { node, channels: Some(lanes) };
                }
                Op::Conv { width: points, output, .. } => {
                    let (points, output) = (*points, *output);
                    let weight = self.wide(inputs[1]);
                    let merge = Op::MergeWeight { width: points, input: width, output, channels: channels.into() };
                    let shape_of_weight = Shape::vector(points * width * output);
                    let weight = self.insert(merge, vec![weight], shape_of_weight, *span);
                    let op = Op::Conv { width: points, input: width, output };
                    return Place { node: self.insert(op, vec![x, weight], *shape, *span), channels: None };
                }
                // Together with their other arguments.
                Op::Binary(_) | Op::Where | Op::Broadcast | Op::Concat => {}
                // Channels are distinguished, or the body has no such operation.
                Op::Input(_) | Op::Param(_) | Op::Const(_) | Op::Spacing | Op::Points(_) => {}
                Op::SumChannels | Op::MaxChannels | Op::Channels { .. } | Op::ChannelsT { .. } => {}
                Op::MapT(_) | Op::ExpConvT | Op::ConvT { .. } => {}
                Op::FlipWeight { .. } | Op::MergeWeight { .. } => {}
            }
        }
        if let Some(place) = self.elementwise(node) {
            return place;
        }
        let inputs = inputs.iter().map(|x| self.wide(*x)).collect();
        Place { node: self.insert(op.clone(), inputs, *shape, *span), channels: None }
    }

    /// An elementwise operation whose operands have one channel or channels that repeat in the same way.
    fn elementwise(&mut self, node: &Node) -> Option<Place> {
        let Node { op, inputs, shape, span } = node;
        let mut channels: Option<(Vec<usize>, usize)> = None;
        for x in inputs.iter().filter(|_| op.elementwise()) {
            let place = self.at(*x);
            let width = self.nodes.node(place.node).shape.channels;
            match (&place.channels, &channels) {
                (None, _) if width == 1 => {}
                (None, _) => return None,
                (Some(own), Some((others, w))) if own != others || width != *w => return None,
                (Some(own), _) => channels = Some((own.clone(), width)),
            }
        }
        let (channels, width) = channels.filter(|(channels, _)| channels.len() == shape.channels)?;
        let inputs = inputs.iter().map(|x| self.at(*x).node).collect();
        let node = self.insert(op.clone(), inputs, Shape { channels: width, ..*shape }, *span);
        Some(Place { node, channels: Some(channels) })
    }

    /// Concatenates each distinct node once.
    fn concat(&mut self, inputs: &[NodeId], shape: Shape, span: Span) -> Place {
        let (mut parts, mut width, mut channels) = (Vec::<(NodeId, usize)>::new(), 0, Vec::new());
        for x in inputs {
            let place = self.at(*x).clone();
            let own = self.nodes.node(place.node).shape.channels;
            let known = parts.iter().find(|(node, _)| *node == place.node).map(|(_, from)| *from);
            let from = known.unwrap_or(width);
            if known.is_none() {
                parts.push((place.node, from));
                width += own;
            }
            channels.extend(place.channels.unwrap_or_else(|| (0..own).collect()).iter().map(|c| from + c));
        }
        let node = match parts[..] {
            [(only, _)] => only,
            _ => {
                let parts = parts.iter().map(|(node, _)| *node).collect();
                self.insert(Op::Concat, parts, Shape { channels: width, ..shape }, span)
            }
        };
        let all = channels.iter().copied().eq(0..width);
        Place { node, channels: (!all).then_some(channels) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Init, ParamSpec, Unary};

    #[test]
    fn equal_channels_are_kept_once() {
        let (mut g, s) = (Graph::new(), Span::default());
        let param = |g: &mut Graph, length: usize| {
            let name = format!("p{length}");
            g.param(ParamSpec { name, shape: vec![length], init: Init::Values(vec![0.5]), bounds: None, span: s })
        };
        let (up, down) = (g.input("n_up", Shape::FIELD, s), g.input("n_down", Shape::FIELD, s));
        let both = g.concat(&[up, down], s).unwrap();
        let widths = param(&mut g, 3);
        let spread = g.exp_conv(both, widths, s).unwrap();
        let wide = g.concat(&[both, spread], s).unwrap();
        let bent = g.unary(Unary::Tanh, wide, s);
        let weight = param(&mut g, 3 * 8 * 2);
        let out = g.conv(bent, weight, 3, 2, s).unwrap();
        let (closed, out) = closed_shell(&g, out);
        let shapes: Vec<(&Op, usize)> = closed.nodes.iter().map(|node| (&node.op, node.shape.channels)).collect();
        assert_eq!(closed.node(out).op, Op::Conv { width: 3, input: 4, output: 2 });
        assert!(shapes.contains(&(&Op::ExpConv, 3)) && shapes.contains(&(&Op::Unary(Unary::Tanh), 4)), "{shapes:?}");
        let channels = [0, 0, 1, 2, 3, 1, 2, 3].into();
        assert!(shapes.contains(&(&Op::MergeWeight { width: 3, input: 4, output: 2, channels }, 24)), "{shapes:?}");
        assert_eq!((closed.inputs.len(), closed.nodes.len()), (1, 8), "{shapes:?}");
    }
}

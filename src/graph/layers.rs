//! Describes the layers of a graph.

use super::nodes::{Binary, Graph, NodeId, Op, Unary};
use super::shapes::Shape;

/// One line of a description.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// `conv`, `silu`, or `* - exp` for a chain of simple operations.
    pub name: String,
    /// Its result: `a field of 16 channels`.
    pub gives: String,
    /// Names and shapes of its parameters.
    pub parameters: Vec<(String, Vec<usize>)>,
}

impl Layer {
    /// Number of parameter values.
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }
}

impl Graph {
    /// The parameter behind a node, through its bounds.
    fn parameter_behind(&self, node: NodeId) -> Option<usize> {
        let node = self.node(node);
        match node.op {
            Op::Param(k) => Some(k),
            _ if node.op.elementwise() && node.shape.grid.is_none() => {
                node.inputs.iter().find_map(|&input| self.parameter_behind(input))
            }
            _ => None,
        }
    }

    /// The layers up to `output`, in order of evaluation.
    pub fn layers(&self, output: NodeId) -> Vec<Layer> {
        let live = self.live(&[output]);
        let mut shown = vec![false; self.params.len()];
        let mut layers: Vec<Layer> = Vec::new();
        let mut chain: Vec<&'static str> = Vec::new();
        let mut chained = None;
        for (index, node) in self.nodes.iter().enumerate().filter(|(index, _)| live[*index]) {
            let input = matches!(node.op, Op::Input(_));
            let quiet = (node.op.is_source() && !input) || node.op == Op::Broadcast;
            let bounds = node.op.elementwise() && self.parameter_behind(NodeId(index as u32)).is_some();
            if quiet || (bounds && !node.inputs.iter().any(|&i| self.shape(i).grid.is_some())) {
                continue;
            }
            if node.op.elementwise() {
                self.chain(index, &mut chain);
                chained = Some(node.shape);
                continue;
            }
            finish(&mut layers, &mut chain, chained);
            let parameters = node.inputs.iter().filter_map(|&input| self.parameter_behind(input));
            let parameters: Vec<usize> = parameters.filter(|&k| !std::mem::replace(&mut shown[k], true)).collect();
            let name = match (&node.op, self.inputs.first()) {
                (Op::Input(k), _) => self.inputs.get(*k).map_or(String::new(), |input| input.name.clone()),
                (Op::Conv { width, .. }, _) if *width > 1 => format!("conv, width {width}"),
                (op, _) => op.name().to_owned(),
            };
            let spec = |&k: &usize| (self.params[k].name.clone(), self.params[k].shape.clone());
            layers.push(Layer {
                name,
                gives: node.shape.to_string(),
                parameters: parameters.iter().map(spec).collect(),
            });
        }
        finish(&mut layers, &mut chain, chained);
        let lone: Vec<_> = (0..self.params.len()).filter(|&k| !shown[k]).collect();
        for k in lone {
            let spec = &self.params[k];
            let gives = Shape::vector(spec.len()).to_string();
            layers.push(Layer {
                name: "param".into(),
                gives,
                parameters: vec![(spec.name.clone(), spec.shape.clone())],
            });
        }
        layers
    }

    /// Adds an elementwise node to a chain; x sigmoid(x) gets the name `silu`.
    fn chain(&self, index: usize, chain: &mut Vec<&'static str>) {
        let node = &self.nodes[index];
        let name = node.op.name();
        if let (Op::Binary(Binary::Mul), [x, gate]) = (&node.op, &node.inputs[..])
            && self.node(*gate).op == Op::Unary(Unary::Sigmoid)
            && self.node(*gate).inputs.first() == Some(x)
        {
            if let Some(last) = chain.iter().rposition(|&known| known == "sigmoid") {
                chain.remove(last);
            }
            chain.push("silu");
        } else if !chain.contains(&name) {
            chain.push(name);
        }
    }
}

fn finish(layers: &mut Vec<Layer>, chain: &mut Vec<&'static str>, shape: Option<Shape>) {
    if let (false, Some(shape)) = (chain.is_empty(), shape) {
        layers.push(Layer { name: chain.join(" "), gives: shape.to_string(), parameters: vec![] });
    }
    chain.clear();
}

//! Simplification while building: constants are folded, neutral operands are removed, and a few forms get their accurate function.

use super::nodes::{Binary, Graph, NodeId, Op, Unary};
use super::shapes::Shape;
use crate::source::Span;
use crate::tensor::scalar::even;

impl Graph {
    /// The value of a node that is one fixed number for every point and channel.
    pub fn as_constant(&self, x: NodeId) -> Option<f64> {
        match &self.node(x).op {
            Op::Const(values) => match values[..] {
                [value] if self.shape(x) == Shape::SCALAR => Some(value),
                _ => None,
            },
            Op::Broadcast => self.as_constant(self.node(x).inputs[0]),
            _ => None,
        }
    }

    fn fixed(&mut self, value: f64, shape: Shape, span: Span) -> NodeId {
        let value = self.constant(value, span);
        self.stretch(value, shape, span)
    }

    /// u, if x is 1 + u.
    fn one_plus(&mut self, x: NodeId, span: Span) -> Option<NodeId> {
        let node = self.node(x);
        let (Op::Binary(f), [a, b]) = (&node.op, &node.inputs[..]) else { return None };
        let (f, a, b, shape) = (*f, *a, *b, node.shape);
        let u = match (f, self.as_constant(a), self.as_constant(b)) {
            (Binary::Add, Some(1.0), _) => b,
            (Binary::Add, _, Some(1.0)) => a,
            (Binary::Sub, Some(1.0), _) => self.unary(Unary::Neg, b, span),
            _ => return None,
        };
        (self.shape(u) == shape).then_some(u)
    }

    /// |u|^(p q) for (u^q)^p with an even q, which has a derivative where u^q is 0.
    fn root_of_even(&mut self, f: Unary, x: NodeId, span: Span) -> Option<NodeId> {
        let p = match f {
            Unary::Sqrt => 0.5,
            Unary::Pow(p) if p.fract() != 0.0 => p,
            _ => return None,
        };
        let node = self.node(x);
        let (Op::Unary(Unary::Pow(q)), [u]) = (&node.op, &node.inputs[..]) else { return None };
        let (q, u) = (*q, *u);
        if !even(q) {
            return None;
        }
        let base = if even(p * q) { u } else { self.fold_unary(Unary::Abs, u, span) };
        Some(self.fold_unary(Unary::Pow(p * q), base, span))
    }

    /// Whether two nodes are certainly the same calculation.
    fn alike(&self, a: NodeId, b: NodeId, depth: u8) -> bool {
        let (x, y) = (self.node(a), self.node(b));
        let inputs = || x.inputs.iter().zip(&y.inputs).all(|(&a, &b)| self.alike(a, b, depth - 1));
        a == b || depth > 0 && x.shape == y.shape && x.inputs.len() == y.inputs.len() && x.op == y.op && inputs()
    }

    pub(super) fn fold_unary(&mut self, f: Unary, x: NodeId, span: Span) -> NodeId {
        let shape = self.shape(x);
        if let Some(value) = self.as_constant(x) {
            return self.fixed(f.value(value), shape, span);
        }
        if let (Op::Const(values), None) = (&self.node(x).op, shape.grid) {
            let values: Vec<f64> = values.iter().map(|&x| f.value(x)).collect();
            return self.vector(&values, span);
        }
        if let Some(root) = self.root_of_even(f, x, span) {
            return root;
        }
        match f {
            Unary::Pow(1.0) => return x,
            Unary::Pow(0.0) => return self.fixed(1.0, shape, span),
            Unary::Pow(0.5) => return self.fold_unary(Unary::Sqrt, x, span),
            Unary::Pow(-1.0) => return self.fold_unary(Unary::Recip, x, span),
            Unary::Neg if self.node(x).op == Op::Unary(Unary::Neg) => return self.node(x).inputs[0],
            Unary::Ln => {
                if let Some(u) = self.one_plus(x, span) {
                    return self.fold_unary(Unary::Ln1p, u, span);
                }
            }
            _ => {}
        }
        self.push(Op::Unary(f), vec![x], shape, span)
    }

    pub(crate) fn fold_binary(&mut self, f: Binary, a: NodeId, b: NodeId, shape: Shape, span: Span) -> NodeId {
        let (left, right) = (self.as_constant(a), self.as_constant(b));
        if let (Some(left), Some(right)) = (left, right) {
            return self.fixed(f.value(left, right), shape, span);
        }
        use Binary::{Add, Div, DivZero, Mul, MulZero, MulZeros, Pow, Sub};
        match (f, left, right) {
            (Add, Some(0.0), _) => self.stretch(b, shape, span),
            (Add | Sub, _, Some(0.0)) => self.stretch(a, shape, span),
            (Sub, Some(0.0), _) => {
                let minus = self.fold_unary(Unary::Neg, b, span);
                self.stretch(minus, shape, span)
            }
            (Mul | MulZero | MulZeros, Some(0.0), _) | (Mul | MulZero | MulZeros, _, Some(0.0)) => {
                self.fixed(0.0, shape, span)
            }
            (Div | DivZero, Some(0.0), _) => self.fixed(0.0, shape, span),
            (Mul | MulZero | MulZeros, Some(1.0), _) => self.stretch(b, shape, span),
            (Mul | MulZero | MulZeros | Div | DivZero, _, Some(1.0)) => self.stretch(a, shape, span),
            (Mul | MulZero | MulZeros, Some(-1.0), _) => {
                let minus = self.fold_unary(Unary::Neg, b, span);
                self.stretch(minus, shape, span)
            }
            (Mul | MulZero | MulZeros, _, Some(-1.0)) => {
                let minus = self.fold_unary(Unary::Neg, a, span);
                self.stretch(minus, shape, span)
            }
            (MulZero, Some(_), _) => self.push(Op::Binary(Mul), vec![a, b], shape, span),
            // A number that is finite and not 0 suppresses nothing.
            (MulZeros, Some(x), _) | (MulZeros, _, Some(x)) if x.is_finite() => {
                self.push(Op::Binary(Mul), vec![a, b], shape, span)
            }
            (Mul, None, None) if self.alike(a, b, 8) => self.fold_unary(Unary::Pow(2.0), a, span),
            (Pow, _, Some(p)) => {
                let power = self.fold_unary(Unary::Pow(p), a, span);
                self.stretch(power, shape, span)
            }
            (Sub, _, Some(1.0)) if self.node(a).op == Op::Unary(Unary::Exp) => {
                let x = self.node(a).inputs[0];
                self.fold_unary(Unary::Expm1, x, span)
            }
            (Mul, _, Some(factor)) => self.fold_factor(factor, a, shape, span),
            (Mul, Some(factor), _) => self.fold_factor(factor, b, shape, span),
            _ => self.push(Op::Binary(f), vec![a, b], shape, span),
        }
    }

    /// factor times x, where x may itself be a constant times something.
    fn fold_factor(&mut self, factor: f64, x: NodeId, shape: Shape, span: Span) -> NodeId {
        let node = self.node(x);
        if let (Op::Binary(Binary::Mul), [c, y]) = (&node.op, &node.inputs[..])
            && let Some(c) = self.as_constant(*c)
            && self.shape(*y) == shape
        {
            let y = *y;
            let factor = self.constant(factor * c, span);
            return self.push(Op::Binary(Binary::Mul), vec![factor, y], shape, span);
        }
        let factor = self.constant(factor, span);
        self.push(Op::Binary(Binary::Mul), vec![factor, x], shape, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field() -> (Graph, NodeId) {
        let mut graph = Graph::new();
        let n = graph.input("n", Shape::FIELD, Span::default());
        (graph, n)
    }

    #[test]
    fn neutral_operands_are_removed() {
        let (mut g, n) = field();
        let s = Span::default();
        let (zero, one) = (g.constant(0.0, s), g.constant(1.0, s));
        assert_eq!(g.binary(Binary::Add, n, zero, s), Ok(n));
        assert_eq!(g.binary(Binary::Mul, one, n, s), Ok(n));
        assert_eq!(g.binary(Binary::Pow, n, one, s), Ok(n));
        let nothing = g.binary(Binary::Mul, n, zero, s).unwrap();
        assert_eq!((g.as_constant(nothing), g.shape(nothing)), (Some(0.0), Shape::FIELD));
    }

    #[test]
    fn constants_are_folded() {
        let mut g = Graph::new();
        let s = Span::default();
        let (two, three) = (g.constant(2.0, s), g.constant(3.0, s));
        let eight = g.binary(Binary::Pow, two, three, s).unwrap();
        assert_eq!(g.as_constant(eight), Some(8.0));
        let minus = g.unary(Unary::Neg, eight, s);
        assert_eq!(g.as_constant(minus), Some(-8.0));
    }

    #[test]
    fn logarithms_near_one_are_accurate() {
        let (mut g, n) = field();
        let s = Span::default();
        let one = g.constant(1.0, s);
        let sum = g.binary(Binary::Add, one, n, s).unwrap();
        let ln = g.unary(Unary::Ln, sum, s);
        assert_eq!(g.node(ln).op, Op::Unary(Unary::Ln1p));
        assert_eq!(g.node(ln).inputs, [n]);
        let exp = g.unary(Unary::Exp, n, s);
        let less = g.binary(Binary::Sub, exp, one, s).unwrap();
        assert_eq!(g.node(less).op, Op::Unary(Unary::Expm1));
    }
}

//! What tells operations apart: for nodes that are the same calculation, and for content keys.

use super::maps::GridMap;
use super::nodes::Op;
use crate::tensor::scalar::{Binary, Unary};

/// What tells an operation from all others. It is part of content keys on disk: a renamed variant keeps its texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The operation.
    pub kind: &'static str,
    /// The function that it applies, or the map; empty if there is no choice.
    pub function: &'static str,
    /// Its numbers, bit for bit.
    pub numbers: Vec<u64>,
}

impl Op {
    /// What tells it from other operations.
    pub fn identity(&self) -> Identity {
        let of = |kind, numbers: &[usize]| (kind, "", numbers.iter().map(|n| *n as u64).collect());
        let (kind, function, numbers) = match self {
            Op::Input(index) => of("input", &[*index]),
            Op::Param(index) => of("param", &[*index]),
            Op::Const(values) => ("const", "", values.iter().map(|x| x.to_bits()).collect()),
            Op::Spacing => of("spacing", &[]),
            Op::Points(level) => of("points", &[usize::from(*level)]),
            Op::Unary(f) => ("unary", f.name(), exponent(*f).into_iter().collect()),
            Op::Binary(f) => ("binary", own_name(*f), Vec::new()),
            Op::Where => of("where", &[]),
            Op::Broadcast => of("broadcast", &[]),
            Op::SumGrid => of("sum over points", &[]),
            Op::SumChannels => of("sum over channels", &[]),
            Op::MaxGrid => of("max over points", &[]),
            Op::MaxChannels => of("max over channels", &[]),
            Op::Concat => of("concat", &[]),
            Op::Channels { from, to } => of("channels", &[*from, *to]),
            Op::ChannelsT { from, to } => of("channels transposed", &[*from, *to]),
            Op::Map(map) => ("map", map.name(), position(*map).into_iter().collect()),
            Op::MapT(map) => ("map transposed", map.name(), position(*map).into_iter().collect()),
            Op::Hartree => of("hartree", &[]),
            Op::ExpConv => of("exponential convolution", &[]),
            Op::ExpConvT => of("exponential convolution transposed", &[]),
            Op::Conv { width, input, output } => of("convolution", &[*width, *input, *output]),
            Op::ConvT { width, input, output } => of("convolution transposed", &[*width, *input, *output]),
            Op::FlipWeight { width, input, output } => of("flipped weight", &[*width, *input, *output]),
            Op::MergeWeight { width, input, output, channels } => {
                of("merged weight", &[&[*width, *input, *output], &channels[..]].concat())
            }
        };
        Identity { kind, function, numbers }
    }
}

/// The exponent of a power.
fn exponent(f: Unary) -> Option<u64> {
    match f {
        Unary::Pow(p) => Some(p.to_bits()),
        _ => None,
    }
}

/// The name in the language, except where two functions share it.
fn own_name(f: Binary) -> &'static str {
    match f {
        Binary::MulZero => "* or 0",
        Binary::MulZeros => "* or 0 for both",
        Binary::DivZero => "/ or 0",
        f => f.name(),
    }
}

/// Where the map reads.
fn position(map: GridMap) -> Option<u64> {
    match map {
        GridMap::Point(index) => Some(index as u64),
        GridMap::At(x) => Some(x.to_bits()),
        GridMap::Grad | GridMap::Laplacian | GridMap::Kinetic => None,
        GridMap::Cumulative | GridMap::Downsample | GridMap::Upsample => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use strum::IntoEnumIterator;

    #[test]
    fn operations_are_told_apart() {
        let shape = |width, input, output| (width, input, output);
        let convolutions = [shape(1, 2, 3), shape(3, 2, 1)].into_iter().flat_map(|(width, input, output)| {
            let merged = |channels: [usize; 2]| Op::MergeWeight { width, input, output, channels: channels.into() };
            let (plain, transposed) = (Op::Conv { width, input, output }, Op::ConvT { width, input, output });
            [plain, transposed, Op::FlipWeight { width, input, output }, merged([0, 1]), merged([1, 0])]
        });
        let others = [
            Op::Where,
            Op::Broadcast,
            Op::SumGrid,
            Op::SumChannels,
            Op::MaxGrid,
            Op::MaxChannels,
            Op::Concat,
            Op::Hartree,
        ];
        let sources = [Op::Input(0), Op::Input(1), Op::Param(0), Op::Spacing, Op::Points(0), Op::Points(1)];
        let constants = [0.0, -0.0, 0.5].map(|x| Op::Const([x].into()));
        let channels = [Op::Channels { from: 0, to: 1 }, Op::ChannelsT { from: 0, to: 1 }, Op::ExpConv, Op::ExpConvT];
        let maps = GridMap::iter().chain([GridMap::Point(1), GridMap::Point(-1), GridMap::At(0.5)]);
        let all: Vec<Op> = convolutions
            .chain(others)
            .chain(sources)
            .chain(constants)
            .chain(channels)
            .chain(maps.flat_map(|map| [Op::Map(map), Op::MapT(map)]))
            .chain(Unary::iter().chain([Unary::Pow(1.5), Unary::Pow(2.0)]).map(Op::Unary))
            .chain(Binary::iter().map(Op::Binary))
            .collect();
        let different: BTreeSet<Identity> = all.iter().map(Op::identity).collect();
        assert_eq!(different.len(), all.len());
    }
}

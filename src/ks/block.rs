//! Several vectors side by side: entry i of all of them is one array, so that one instruction acts on all.

use crate::tensor::Buffer;
use std::ops::{Deref, DerefMut};

/// `W` vectors on the grid, one per lane.
#[derive(Clone, Debug)]
pub(super) struct Block<const W: usize>(Buffer);

impl<const W: usize> Block<W> {
    /// Arbitrary numbers: all of them must be written.
    pub(super) fn any(points: usize) -> Self {
        Self(Buffer::any(points * W))
    }

    pub(super) fn zeros(points: usize) -> Self {
        Self(Buffer::filled(points * W, 0.0))
    }

    /// Entry by entry.
    pub(super) fn of(points: usize, mut entry: impl FnMut(usize) -> [f64; W]) -> Self {
        let mut block = Self::any(points);
        block.iter_mut().enumerate().for_each(|(i, x)| *x = entry(i));
        block
    }

    /// The numbers of all lanes as one array.
    pub(super) fn flattened(self) -> Buffer {
        self.0
    }
}

impl<const W: usize> Deref for Block<W> {
    type Target = [[f64; W]];
    fn deref(&self) -> &[[f64; W]] {
        self.0.as_chunks().0
    }
}

impl<const W: usize> DerefMut for Block<W> {
    fn deref_mut(&mut self) -> &mut [[f64; W]] {
        self.0.as_chunks_mut().0
    }
}

/// The vectors, at most `W` of length `points`; lanes without one are zero.
pub(super) fn packed<const W: usize>(vectors: &[Vec<f64>], points: usize) -> Block<W> {
    let mut block = Block::zeros(points);
    for (lane, vector) in vectors.iter().enumerate().take(W) {
        block.iter_mut().zip(vector).for_each(|(entry, x)| entry[lane] = *x);
    }
    block
}

/// The vector of one lane.
pub(super) fn lane<const W: usize>(block: &Block<W>, lane: usize) -> Block<1> {
    Block::of(block.len(), |i| [block[i][lane]])
}

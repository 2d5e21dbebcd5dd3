//! What the output device can show.

/// Width, colours and whether figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
    /// Whether figures are drawn (in the REPL) or only named.
    pub figures: bool,
}

impl Style {
    /// No colours, figures only named.
    pub const fn plain(width: usize) -> Self {
        Self { width, colour: false, figures: false }
    }
}

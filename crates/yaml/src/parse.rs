//! Text to tree.

use crate::{Diagnostic, FileId, Node};

/// What a document may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes in the tree, aliases expanded.
    pub nodes: usize,
    /// Nesting.
    pub depth: usize,
    /// Bytes of text.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 200_000, depth: 64, bytes: 4 << 20 }
    }
}

/// Reads every document of a text.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse_all(_text: &str, file: FileId, _limits: Limits) -> Result<Vec<Node>, Diagnostic> {
    let _ = file;
    Ok(Vec::new())
}

/// Reads a text that must hold at most one document; `None` if it holds nothing.
///
/// # Errors
/// As [`parse_all`], and a second document.
pub fn parse(text: &str, file: FileId, limits: Limits) -> Result<Option<Node>, Diagnostic> {
    Ok(parse_all(text, file, limits)?.into_iter().next())
}

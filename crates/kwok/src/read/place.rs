//! Where a place inside of a string is in the file.

use crate::fault::Fault;
use yaml::{Diagnostic, Node, Pos, Span};

/// The text of the file.
pub(super) struct Places<'a>(pub(super) &'a str);

impl Places<'_> {
    /// What is wrong inside of a string.
    pub(super) fn wrong(&self, node: &Node, text: &str, fault: &Fault) -> Diagnostic {
        let span = self.span(node, text, fault.at).unwrap_or(node.span);
        Diagnostic::error("bad-stage", &fault.message, span)
    }

    /// None for a string that does not stand there as it is: folded, or with escapes.
    fn span(&self, node: &Node, text: &str, at: usize) -> Option<Span> {
        let before = text.get(..at)?;
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next()?.chars().count();
        let known = |from: usize| self.0.lines().nth(from + line);
        let wanted = text.split('\n').nth(line)?;
        // A block starts at its sign, or in the line below it.
        let first = usize::try_from(node.span.start.line).ok()?.checked_sub(1)?;
        let row = [first, first + 1].into_iter().find(|row| {
            !wanted.trim().is_empty() && known(*row).is_some_and(|line| line.contains(wanted))
        })?;
        let start = known(row)?.find(wanted)?;
        let indent = known(row)?.get(..start)?.chars().count();
        let pos = |extra: usize| {
            let column = u32::try_from(indent + column + 1 + extra).unwrap_or(u32::MAX);
            Pos { line: u32::try_from(row + line + 1).unwrap_or(u32::MAX), column }
        };
        Some(Span { file: node.span.file, start: pos(0), end: pos(1) })
    }
}

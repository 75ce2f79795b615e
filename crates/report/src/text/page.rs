//! Lines of text, none wider than the page.

use super::{Line, Role};
use crate::Layout;

/// The narrowest page that can be filled.
const NARROWEST: usize = 30;

/// A text that grows downwards.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    layout: Layout,
    lines: Vec<Line>,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(layout: Layout) -> Self {
        let width = layout.width.max(NARROWEST);
        Self { layout: Layout { width, ..layout }, lines: Vec::new() }
    }

    /// Columns.
    pub(crate) const fn width(&self) -> usize {
        self.layout.width
    }

    /// Adds one line; what does not fit is cut.
    pub(crate) fn line(&mut self, line: Line) {
        self.lines.push(line.clipped(self.layout.width));
    }

    /// Adds an empty line, unless there is one already.
    pub(crate) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Line::default());
        }
    }

    /// Adds a heading with what is said beside it.
    pub(crate) fn heading(&mut self, title: &str, beside: &str) {
        self.blank();
        let gap = if beside.is_empty() { "" } else { "   " };
        self.text(Line::of(Role::Title, title).plain(gap).and(Role::Faint, beside));
    }

    /// Adds a text, wrapped.
    pub(crate) fn text(&mut self, text: Line) {
        self.hang(Line::default(), text);
    }

    /// Adds a text, wrapped behind `lead`: its later lines stand below its first.
    pub(crate) fn hang(&mut self, lead: Line, text: Line) {
        let width = self.layout.width;
        let lead = lead.clipped(width / 2);
        let depth = lead.width();
        let mut lead = Some(lead);
        for line in text.wrapped(width - depth) {
            let start = lead.take().unwrap_or_else(|| Line::default().padded(depth));
            self.lines.push(start.then(line));
        }
        self.lines.extend(lead.filter(|lead| !lead.is_empty()));
    }

    /// The text.
    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            line.render(self.layout.color, &mut out);
            out.push('\n');
        }
        out
    }
}

//! What is wrong, where, and what to do.

use crate::{Sources, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be looked at; `--strict` refuses it.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One message about a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for the kind of problem, such as `unknown-field`.
    pub code: &'static str,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The place.
    pub span: Span,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), span, hint: None }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Warning, code, message: message.into(), span, hint: None }
    }

    /// Something worth knowing at a place.
    pub fn info(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Info, code, message: message.into(), span, hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The message as people read it: headline with `file:line:column`, the line, a caret, the hint.
    pub fn render(&self, sources: &Sources) -> String {
        let word = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let mut out = format!("{word}: {} at {}", self.message, sources.location(self.span));
        let line_no = self.span.start.line;
        let line = sources.text(self.span.file).lines().nth((line_no as usize).saturating_sub(1));
        if let Some(line) = line {
            out.push_str(&snippet(line, line_no, self.span));
        }
        if let Some(hint) = &self.hint {
            out.push_str("\nhint: ");
            out.push_str(hint);
        }
        out
    }
}

/// The longest stretch of a line that a message shows, in characters.
const SNIPPET_WIDTH: usize = 100;

fn snippet(line: &str, line_no: u32, span: Span) -> String {
    let column = (span.start.column as usize).saturating_sub(1);
    // A minified line would flood the terminal: show a window around the place.
    let from = if column > SNIPPET_WIDTH - 20 { column - 20 } else { 0 };
    let shown: String = line
        .chars()
        .skip(from)
        .take(SNIPPET_WIDTH)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let width = if span.end.line == span.start.line {
        (span.end.column.saturating_sub(span.start.column) as usize).max(1)
    } else {
        shown.chars().count().saturating_sub(column - from).max(1)
    };
    let width = width.min(shown.chars().count().saturating_sub(column - from).max(1));
    let gutter = line_no.to_string();
    let pad = " ".repeat(gutter.len());
    format!("\n{gutter} | {shown}\n{pad} | {}{}", " ".repeat(column - from), "^".repeat(width))
}

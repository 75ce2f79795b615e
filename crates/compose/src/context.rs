//! What every step of one load shares: files, messages, budgets.

use crate::files::{FileError, FileKind, Files};
use std::collections::{BTreeSet, HashSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use yaml::{Diagnostic, Severity, Sources, Span};

/// No input may cost more than this in one load.
pub(crate) struct Budget {
    /// Compose files that may still be read.
    pub(crate) files: u32,
    /// Nodes that merging may still copy.
    pub(crate) nodes: usize,
    /// Bytes of Compose files that may still be kept.
    pub(crate) source: usize,
    /// Bytes of text that interpolation and env files may still make.
    pub(crate) text: usize,
    /// Ports that ranges may still expand to.
    pub(crate) ports: usize,
    /// Bytes that may still be read from files that the project names.
    pub(crate) facts: u64,
    /// Directory entries that may still be looked at.
    pub(crate) entries: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            files: 200,
            nodes: 800_000,
            source: 12 << 20,
            text: 16 << 20,
            ports: 200_000,
            facts: 24 << 20,
            entries: 20_000,
        }
    }
}

/// One load.
pub(crate) struct Context<'a> {
    pub(crate) files: &'a dyn Files,
    /// The project directory.
    pub(crate) root: PathBuf,
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Places of scalars that held `${…}`.
    pub(crate) interpolated: HashSet<Span>,
    /// Variables that were already reported as unset.
    pub(crate) unset: BTreeSet<String>,
    /// Places of `include`, which no longer stands in the merged tree.
    pub(crate) include: Vec<Span>,
    /// Whether a value that does not fit is an error.
    pub(crate) strict: bool,
    pub(crate) budget: Budget,
}

/// More messages than this help nobody.
const MESSAGES: usize = 200;

impl<'a> Context<'a> {
    pub(crate) fn new(files: &'a dyn Files, root: PathBuf) -> Self {
        Self {
            files,
            root,
            sources: Sources::default(),
            diagnostics: Vec::new(),
            interpolated: HashSet::new(),
            unset: BTreeSet::new(),
            include: Vec::new(),
            strict: false,
            budget: Budget::default(),
        }
    }

    /// Adds a message. Past the bound only the first error still counts.
    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        let needed = diagnostic.severity == Severity::Error && !self.failed();
        if self.diagnostics.len() < MESSAGES || needed {
            self.diagnostics.push(diagnostic);
        }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        hint: impl Into<String>,
    ) {
        self.say(Diagnostic::error(code, message, span).hint(hint));
    }

    pub(crate) fn warn(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        hint: impl Into<String>,
    ) {
        self.say(Diagnostic::warning(code, message, span).hint(hint));
    }

    pub(crate) fn info(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        hint: impl Into<String>,
    ) {
        self.say(Diagnostic::info(code, message, span).hint(hint));
    }

    /// Whether there is no room for warnings.
    pub(crate) fn crowded(&self) -> bool {
        self.diagnostics.len() >= MESSAGES
    }

    /// Whether more messages would change nothing.
    pub(crate) fn full(&self) -> bool {
        self.diagnostics.len() >= MESSAGES && self.failed()
    }

    /// Whether there is an error already.
    pub(crate) fn failed(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Reads a text that is part of the Compose language (a Compose file, an env file).
    pub(crate) fn file_text(&self, path: &Path, limit: u64) -> Result<String, FileError> {
        if let FileKind::File { len } = self.files.kind(path)
            && len > limit
        {
            return Err(FileError::Unreadable(format!("it has {len} bytes, more than {limit}")));
        }
        let bytes = self.files.read(path)?;
        String::from_utf8(bytes)
            .map_err(|_| FileError::Unreadable("it is not UTF-8 text".to_owned()))
    }

    /// Takes text from the budget; says so once when it is empty.
    pub(crate) fn afford_text(&mut self, bytes: usize, span: Span) -> bool {
        if let Some(left) = self.budget.text.checked_sub(bytes) {
            self.budget.text = left;
            return true;
        }
        if self.budget.text > 0 {
            self.budget.text = 0;
            let message = "variables and env files make more text than any project needs";
            let hint = "look for variables that hold each other, and for large env files";
            self.error("too-large", message, span, hint);
        }
        false
    }

    /// Takes nodes from the budget; says so once when it is empty.
    pub(crate) fn afford(&mut self, nodes: usize, span: Span) -> bool {
        if self.budget.nodes >= nodes {
            self.budget.nodes -= nodes;
            return true;
        }
        if self.budget.nodes > 0 {
            self.budget.nodes = 0;
            let message = "the project grows too large when files and services are merged here";
            self.error("too-large", message, span, "extends and include multiply what they name");
        }
        false
    }
}

/// A text of the user in a message: quoted, and cut where it is long.
pub(crate) fn quote(text: impl Display) -> String {
    const LONGEST: usize = 60;
    let text = text.to_string();
    let mut shown: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

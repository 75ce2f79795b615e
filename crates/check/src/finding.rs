//! What a rule is and what it finds.

use yaml::{Severity, Span};

use crate::cursor::At;
use crate::set::Object;

/// One thing that `muster check` looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable identifier, such as `MU1007`.
    pub id: &'static str,
    /// The name people write in a waiver, in kebab case.
    pub name: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why it matters.
    pub rationale: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The equivalent checks of checkov, such as `CKV_K8S_20`.
    pub checkov: &'static [&'static str],
}

/// What the judge may assume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The Kubernetes minor version that the files are for: 34 stands for 1.34.
    pub minor: u8,
}

impl Options {
    /// For one Kubernetes minor version: 34 stands for 1.34.
    pub fn for_minor(minor: u8) -> Self {
        Self { minor }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { minor: 34 }
    }
}

/// One place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is: the rule's severity.
    pub severity: Severity,
    /// The object, as `Deployment/web`.
    pub object: String,
    /// The field, as `spec.template.spec.containers[0].image`.
    pub path: String,
    /// The place: the field, or the nearest one above it that was written.
    pub span: Span,
    /// What would go wrong on a real cluster.
    pub message: String,
    /// How to write it right.
    pub fix: String,
    /// The reason, if an annotation of the object waives the rule.
    pub waived: Option<String>,
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding at a place of an object.
    pub(crate) fn add(
        &mut self,
        rule: &'static Rule,
        object: &Object<'_>,
        at: &At<'_>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.list.push(Finding {
            rule,
            severity: rule.severity,
            object: object.id(),
            path: at.path(),
            span: at.span(),
            message: message.into(),
            fix: fix.into(),
            waived: object.waivers.reason(rule),
        });
    }

    /// The findings in their final order, each once.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| Self::key(a).cmp(&Self::key(b)));
        self.list.dedup_by(|a, b| Self::key(a) == Self::key(b));
        self.list
    }

    fn key(f: &Finding) -> (Span, &str, &str, &str, &str) {
        (f.span, f.rule.id, &f.object, &f.path, &f.message)
    }
}

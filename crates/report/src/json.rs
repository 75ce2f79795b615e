//! The whole plan for programs, as one JSON document whose keys and order are stable:
//!
//! ```text
//! {
//!   "apiVersion": "muster.dev/plan/v1",
//!   "plan":      {…},                       // model::plan::Plan without its report
//!   "objects":   [{ "apiVersion", "kind", "name",
//!                   "origin",               // Kind/name as decisions say it
//!                   "service",              // Compose service or null
//!                   "fields": { "spec.replicas": 2, … } }],
//!   "decisions": [{ "service", "object", "field", "chosen", "why", "because": […], "certainty" }],
//!   "findings":  [{ "level", "code", "service", "message", "fix", "because": […] }],
//!   "questions": [{ "service", "question", "assumed", "answer" }],
//!   "network":   { "sources", "targets", "rows": [[{ "ports", "state", "amiss", "policies" }]] }
//! }
//! ```
//!
//! `fields` holds each leaf of an object by its path, in the order of the object. Objects stand in
//! the order of applying. An entry of `because` says what it is in `from`:
//!
//! | `from` | beside it |
//! |---|---|
//! | `line` | `file`, `line`, `column` (both from 1), `field`: the attribute's dotted path |
//! | `rule` | `name`, `why` |
//! | `image` | `family`: entry of the image table |
//! | `file` | `path` |
//! | `cluster` | |
//! | `option` | `name` |
//!
//! Values of Secrets are masked. Equal plans give equal bytes.

use crate::{Shown, View};
use model::reason::{Because, Decision, Finding};
use serde_json::{Map, Value, json};
use yaml::Sources;

/// `apiVersion` of the document.
pub(crate) const API_VERSION: &str = "muster.dev/plan/v1";

/// The plan, its objects and its report, as one document: `apiVersion`, `plan`, `objects`,
/// `decisions`, `findings`, `questions` and `network`. Places are `file`, `line` and `column`; values of
/// Secrets are masked.
pub fn json(view: &View<'_>) -> Value {
    let report = &view.plan.report;
    json!({
        "apiVersion": API_VERSION,
        "plan": plan(view),
        "objects": view.objects.iter().map(object).collect::<Vec<_>>(),
        "decisions":
            report.decisions.iter().map(|it| decision(it, view.sources)).collect::<Vec<_>>(),
        "findings": report.findings.iter().map(|it| finding(it, view.sources)).collect::<Vec<_>>(),
        "questions": report.questions,
        "network": view.network,
    })
}

fn plan(view: &View<'_>) -> Value {
    let mut plan = serde_json::to_value(view.plan)
        .expect("a plan has string keys and finite numbers, which JSON can say");
    if let Some(fields) = plan.as_object_mut() {
        fields.shift_remove("report");
    }
    plan
}

fn object(shown: &Shown) -> Value {
    json!({
        "apiVersion": shown.api_version,
        "kind": shown.kind,
        "name": shown.name,
        "origin": shown.origin,
        "service": shown.service,
        "fields": shown.leaves.iter().cloned().collect::<Map<_, _>>(),
    })
}

fn decision(decision: &Decision, sources: &Sources) -> Value {
    json!({
        "service": decision.service,
        "object": decision.object,
        "field": decision.field,
        "chosen": decision.chosen,
        "why": decision.why,
        "because": reasons(&decision.because, sources),
        "certainty": decision.certainty,
    })
}

fn finding(finding: &Finding, sources: &Sources) -> Value {
    json!({
        "level": finding.level,
        "code": finding.code,
        "service": finding.service,
        "message": finding.message,
        "fix": finding.fix,
        "because": reasons(&finding.because, sources),
    })
}

fn reasons(because: &[Because], sources: &Sources) -> Vec<Value> {
    because.iter().map(|it| reason(it, sources)).collect()
}

fn reason(because: &Because, sources: &Sources) -> Value {
    match because {
        Because::Line { field, span } => json!({
            "from": "line",
            "file": sources.name(span.file),
            "line": span.start.line,
            "column": span.start.column,
            "field": field,
        }),
        Because::Rule(rule) => json!({ "from": "rule", "name": rule.name, "why": rule.why }),
        Because::Image { family } => json!({ "from": "image", "family": family }),
        Because::File { path } => json!({ "from": "file", "path": path }),
        Because::Cluster => json!({ "from": "cluster" }),
        Because::Option { name } => json!({ "from": "option", "name": name }),
    }
}

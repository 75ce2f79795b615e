//! Findings for programs.

use super::Counts;
use check::{Finding, Severity};
use model::matrix::Matrix;
use serde_json::{Value, json};
use yaml::Sources;

pub(super) fn write(
    findings: &[Finding],
    sources: &Sources,
    counts: Counts,
    matrix: Option<&Matrix>,
) -> String {
    let findings: Vec<_> = findings.iter().map(|finding| one(finding, sources)).collect();
    let summary = json!({
        "files": counts.files,
        "errors": counts.errors,
        "warnings": counts.warnings,
        "notes": counts.notes,
        "waived": counts.waived,
    });
    let mut all = json!({ "findings": findings, "summary": summary });
    if let Some(matrix) = matrix {
        all["network"] = report::network_json(matrix);
    }
    format!("{all:#}\n")
}

fn one(finding: &Finding, sources: &Sources) -> Value {
    json!({
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": word(finding.severity),
        "object": finding.object,
        "path": finding.path,
        "file": sources.name(finding.span.file),
        "line": finding.span.start.line,
        "column": finding.span.start.column,
        "message": finding.message,
        "fix": finding.fix,
        "checkov": finding.rule.checkov,
        "waived": finding.waived,
    })
}

pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

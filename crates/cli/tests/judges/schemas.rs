//! kubernetes-validate: has every object the shape that the API server accepts?

use super::{stdout, workspace};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSIONS: &str = "1.34,1.35,1.36,1.37";

/// Kinds of other groups, of which the judge has no schema. A kind that is not listed here and has
/// none is a mistake of ours.
const CUSTOM: &[&str] = &[
    "HTTPRoute",
    "TCPRoute",
    "Gateway",
    "ServiceMonitor",
    "PodMonitor",
    "PodGroup",
    "Database",
    "Cluster",
    "ScheduledBackup",
    "ObjectStore",
];

/// One object under one version of Kubernetes.
pub(crate) struct Verdict {
    file: String,
    object: String,
    version: String,
    /// `valid`, `invalid` or `unknown`.
    answer: String,
    message: String,
}

pub(crate) fn validate(python: &Path, folders: &[PathBuf]) -> Vec<Verdict> {
    let script = workspace().join("xtask/judges/validate.py");
    let text = stdout(Command::new(python).arg(script).arg(VERSIONS).args(folders));
    text.lines().map(read).collect()
}

fn read(line: &str) -> Verdict {
    let line: Value = serde_json::from_str(line).unwrap();
    let field = |name: &str| line[name].as_str().unwrap().to_owned();
    Verdict {
        file: field("file"),
        object: field("object"),
        version: field("version"),
        answer: field("verdict"),
        message: field("message"),
    }
}

fn kind(verdict: &Verdict) -> &str {
    verdict.object.split('/').next().unwrap_or_default()
}

/// The kinds that the judge does not know.
pub(crate) fn custom(verdicts: &[Verdict]) -> BTreeSet<&str> {
    verdicts.iter().filter(|verdict| verdict.answer == "unknown").map(kind).collect()
}

pub(crate) fn refused(verdicts: &[Verdict]) -> Vec<String> {
    let wrong = |verdict: &&Verdict| match verdict.answer.as_str() {
        "valid" => false,
        "unknown" => !CUSTOM.contains(&kind(verdict)),
        _ => true,
    };
    let line = |v: &Verdict| {
        format!("{} {} on {}: {} {}", v.file, v.object, v.version, v.answer, v.message)
    };
    verdicts.iter().filter(wrong).map(line).collect()
}

//! Which crate may know which: the dependency order of the workspace, as a table.
//!
//! Development dependencies are free: tests may join what must not know each other.

use crate::shell::{cargo, read};
use anyhow::{Context, Result};
use serde_json::Value;

/// Each crate with those of ours that it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("yaml", &[]),
    ("model", &["units", "yaml"]),
    ("catalog", &["units", "model"]),
    ("compose", &["units", "yaml", "model"]),
    ("plan", &["units", "yaml", "model", "catalog", "capacity"]),
    ("manifest", &["units", "model"]),
    ("check", &["yaml"]),
    ("networks", &["model", "check"]),
    ("report", &["units", "yaml", "model", "capacity"]),
    ("apply", &[]),
    ("cluster", &["model", "apply"]),
    ("twin-core", &["yaml"]),
    ("shapes", &[]),
    ("capacity", &["units"]),
    ("kwok", &["yaml", "twin-core"]),
    ("twin-control", &["units", "twin-core", "kwok"]),
    ("twin", &["twin-core", "twin-control", "shapes"]),
    (
        "cli",
        &[
            "units", "yaml", "model", "catalog", "compose", "plan", "manifest", "check",
            "networks", "report", "apply", "cluster", "twin", "shapes", "kwok", "capacity",
        ],
    ),
    ("xtask", &["catalog", "check", "cli", "capacity"]),
];

/// Crates that decide: synchronous functions of their arguments.
pub(super) const DECISIONS: &[&str] = &[
    "units",
    "yaml",
    "model",
    "catalog",
    "plan",
    "check",
    "networks",
    "apply",
    "twin-core",
    "twin-control",
    "shapes",
    "kwok",
    "capacity",
];

/// What a decision crate must not even be able to call, with what it is.
const FORBIDDEN: &[(&str, &str)] = &[
    ("tokio", "a runtime"),
    ("async-std", "a runtime"),
    ("smol", "a runtime"),
    ("futures", "async"),
    ("kube", "a Kubernetes client"),
    ("kube-client", "a Kubernetes client"),
    ("k8s-openapi", "Kubernetes' wire types"),
    ("hyper", "the network"),
    ("reqwest", "the network"),
    ("ureq", "the network"),
    ("rand", "chance"),
    ("fastrand", "chance"),
    ("getrandom", "chance"),
    ("chrono", "a clock"),
    ("jiff", "a clock"),
    ("time", "a clock"),
    ("tempfile", "the file system"),
    ("walkdir", "the file system"),
];

pub(super) fn check() -> Result<Vec<String>> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"]);
    let metadata: Value = serde_json::from_str(&read(&mut command)?).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    Ok(packages.iter().flat_map(complaints).collect())
}

fn complaints(package: &Value) -> Vec<String> {
    let from = text(package, "name");
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == from) else {
        return vec![format!("{from} is not in the table of xtask/src/tidy/edges.rs")];
    };
    let decides = DECISIONS.contains(&from);
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let shipped = dependencies.filter(|dependency| text(dependency, "kind") != "dev");
    let judged = shipped.map(|dependency| text(dependency, "name")).filter_map(|to| {
        let ours = ALLOWED.iter().any(|(name, _)| *name == to);
        let forbidden = FORBIDDEN.iter().find(|(name, _)| decides && *name == to);
        match forbidden {
            _ if ours && !allowed.contains(&to) => Some(format!("{from} must not depend on {to}")),
            Some((_, what)) => Some(format!("{from} decides, it must not reach {what}: {to}")),
            None => None,
        }
    });
    judged.collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::complaints;
    use serde_json::json;

    fn judge(name: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<String> {
        let dependencies: Vec<_> =
            dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
        complaints(&json!({ "name": name, "dependencies": dependencies }))
    }

    #[test]
    fn edges_follow_the_table() {
        assert!(judge("plan", &[("model", None), ("sha2", None)]).is_empty());
        assert_eq!(judge("check", &[("plan", None)]), ["check must not depend on plan"]);
        assert!(judge("check", &[("plan", Some("dev"))]).is_empty());
        assert_eq!(judge("new", &[]).len(), 1);
    }

    #[test]
    fn decisions_reach_nothing() {
        assert_eq!(
            judge("plan", &[("rand", None)]),
            ["plan decides, it must not reach chance: rand"]
        );
        assert!(judge("cli", &[("tokio", None)]).is_empty());
    }
}

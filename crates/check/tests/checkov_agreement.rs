//! For every rule that checkov has too, both give the same verdict on every fixture.
//!
//! The binary is taken from `MUSTER_CHECKOV`, or from `target/judges/bin/checkov` of the workspace;
//! without it the test says so and passes. `MUSTER_CHECKOV_DIR` names another folder of YAML files to
//! compare on.

#![allow(clippy::print_stdout, reason = "a skipped judge says so")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Loaded;
use serde_json::Value;

/// File, object (`Deployment/web`) and checkov's identifier.
type Key = (String, String, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// Where both deliberately differ: object, identifier and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("RoleBinding/secrets", "CKV2_K8S_2", "checkov's graph only sees roles with a single rule"),
    ("RoleBinding/secrets", "CKV2_K8S_5", "checkov's graph only sees roles with a single rule"),
];

/// Kinds that a check of ours looks at and checkov's does not.
const BEYOND: &[(&str, &[&str])] = &[(
    "CKV_K8S_21",
    &[
        "PersistentVolumeClaim",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "HTTPRoute",
    ],
)];

fn is_beyond(object: &str, id: &str) -> bool {
    let kind = object.split('/').next().unwrap_or_default();
    BEYOND.iter().any(|(check, kinds)| *check == id && kinds.contains(&kind))
}

fn checkov() -> Option<PathBuf> {
    let named = std::env::var_os("MUSTER_CHECKOV").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let usual = workspace.join("target/judges/bin/checkov");
    named.or_else(|| usual.exists().then_some(usual))
}

fn folder() -> PathBuf {
    std::env::var_os("MUSTER_CHECKOV_DIR").map_or_else(common::fixtures, PathBuf::from)
}

fn theirs(binary: &Path) -> BTreeMap<Key, Verdict> {
    // Without --quiet: it would leave out what passed.
    let output = Command::new(binary)
        .args(["--framework", "kubernetes", "-o", "json", "--skip-download", "--compact", "-d"])
        .arg(folder())
        .output()
        .expect("checkov starts");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("checkov wrote no JSON ({e}): {}", String::from_utf8_lossy(&output.stderr))
    });
    let lists = [
        ("passed_checks", Verdict::Passed),
        ("failed_checks", Verdict::Failed),
        ("skipped_checks", Verdict::Skipped),
    ];
    let mut verdicts = BTreeMap::new();
    for (list, verdict) in lists {
        for record in report["results"][list].as_array().into_iter().flatten() {
            let text = |field: &str| record[field].as_str().unwrap_or_default();
            let file = text("file_path").trim_start_matches('/').to_owned();
            verdicts
                .insert((file, text("resource").to_owned(), text("check_id").to_owned()), verdict);
        }
    }
    verdicts
}

/// Our verdict where a rule is broken: failed, or waived. And the files that were read.
fn ours() -> (BTreeMap<Key, Verdict>, BTreeSet<String>) {
    let mut verdicts = BTreeMap::new();
    let mut read = BTreeSet::new();
    for path in common::yaml_files(&folder()) {
        let loaded = match Loaded::try_file(&path) {
            Ok(loaded) => loaded,
            Err(why) => {
                println!("not compared: {why}");
                continue;
            }
        };
        let file = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        read.insert(file.clone());
        for finding in loaded.check() {
            let verdict = if finding.waived.is_some() { Verdict::Skipped } else { Verdict::Failed };
            for id in finding.rule.checkov {
                verdicts.insert((file.clone(), finding.object.clone(), (*id).to_owned()), verdict);
            }
        }
    }
    (verdicts, read)
}

/// `Deployment.lab.web` to `Deployment/web`. A pod of a controller is `Pod.lab.web.<labels>`; its
/// verdict belongs to the controller, whose kind checkov does not repeat.
fn object_of(resource: &str, owners: &BTreeMap<String, String>) -> String {
    let parts: Vec<_> = resource.splitn(4, '.').collect();
    match parts.as_slice() {
        [kind, _, name] => format!("{kind}/{name}"),
        ["Pod", _, name, _] => owners.get(*name).cloned().unwrap_or_else(|| format!("Pod/{name}")),
        _ => resource.to_owned(),
    }
}

#[test]
fn agrees_with_checkov() {
    let Some(binary) = checkov() else {
        println!(
            "SKIP: no checkov (set MUSTER_CHECKOV, or install it as target/judges/bin/checkov)"
        );
        return;
    };
    let known: BTreeSet<&str> =
        check::rules().iter().flat_map(|r| r.checkov.iter().copied()).collect();
    let theirs = theirs(&binary);
    let mut owners: BTreeMap<(String, String), String> = BTreeMap::new();
    for (file, resource, _) in theirs.keys() {
        let parts: Vec<_> = resource.splitn(3, '.').collect();
        if let [kind @ ("Deployment" | "StatefulSet" | "DaemonSet" | "Job"), _, name] =
            parts.as_slice()
        {
            owners.insert((file.clone(), (*name).to_owned()), format!("{kind}/{name}"));
        }
    }
    let (mut ours, read) = ours();
    let mut pairs = 0;
    let mut differences = Vec::new();
    for ((file, resource, id), verdict) in theirs {
        if !known.contains(id.as_str()) || !read.contains(&file) {
            continue;
        }
        let of_file: BTreeMap<_, _> = owners
            .iter()
            .filter(|((f, _), _)| *f == file)
            .map(|((_, name), owner)| (name.clone(), owner.clone()))
            .collect();
        let object = object_of(&resource, &of_file);
        let mine =
            ours.remove(&(file.clone(), object.clone(), id.clone())).unwrap_or(Verdict::Passed);
        pairs += 1;
        let excused = DIFFERENCES.iter().any(|(o, i, _)| *o == object && *i == id);
        // checkov does not know our own waivers: to it, the rule is broken.
        let agree = mine == verdict || (mine, verdict) == (Verdict::Skipped, Verdict::Failed);
        if !agree && !excused {
            differences.push(format!("{file} {object} {id}: checkov {verdict:?}, muster {mine:?}"));
        }
    }
    // What is left has no verdict of checkov at all.
    for ((file, object, id), verdict) in ours {
        if is_beyond(&object, &id) {
            continue;
        }
        differences.push(format!("{file} {object} {id}: checkov says nothing, muster {verdict:?}"));
    }
    println!("compared {pairs} verdicts of (object, rule), {} differ", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(pairs > 500, "checkov looked at less than it should: {pairs}");
}

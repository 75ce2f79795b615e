//! checkov: what is unsafe in a folder of manifests, and how much of that for each workload.

use super::{scratch, stdout, workspace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Passed,
    Skipped,
    Failed,
}

/// The verdict on an object by a check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Judged {
    /// Which of the folders.
    pub(crate) folder: usize,
    /// `Deployment/web`; the verdict on a controller's pod belongs to the controller.
    pub(crate) object: String,
    pub(crate) check: String,
    pub(crate) verdict: Verdict,
}

/// One run for all folders, each judged by itself: a policy of one plan says nothing about the pods of
/// another.
pub(crate) fn scan(binary: &Path, folders: &[PathBuf]) -> Vec<Judged> {
    // Without --quiet: it would leave out what passed.
    let mut command = Command::new(binary);
    command.args(["--framework", "kubernetes", "-o", "json", "--skip-download", "--compact"]);
    for folder in folders {
        command.arg("-d").arg(folder);
    }
    let text = stdout(&mut command);
    let reports = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let reports: Vec<Value> = reports.map(|report| report.expect("checkov writes JSON")).collect();
    assert_eq!(reports.len(), folders.len(), "checkov reports on each folder");
    reports.iter().enumerate().flat_map(|(folder, report)| read(folder, report)).collect()
}

fn read(folder: usize, report: &Value) -> Vec<Judged> {
    let lists = [
        ("passed_checks", Verdict::Passed),
        ("failed_checks", Verdict::Failed),
        ("skipped_checks", Verdict::Skipped),
    ];
    let mut records = Vec::new();
    for (list, verdict) in lists {
        for record in report["results"][list].as_array().into_iter().flatten() {
            let text = |field: &str| record[field].as_str().unwrap_or_default().to_owned();
            records.push((text("resource"), text("check_id"), verdict));
        }
    }
    let owners = owners(&records);
    let judged: BTreeSet<Judged> = records
        .into_iter()
        .map(|(resource, check, verdict)| Judged {
            folder,
            object: object_of(&resource, &owners),
            check,
            verdict,
        })
        .collect();
    judged.into_iter().collect()
}

/// Controllers by name: `Deployment.shop.web` to `Deployment/web`.
fn owners(records: &[(String, String, Verdict)]) -> BTreeMap<String, String> {
    let owner = |resource: &str| {
        let mut parts = resource.splitn(3, '.');
        let (kind, _, name) = (parts.next()?, parts.next()?, parts.next()?);
        WORKLOADS.contains(&kind).then(|| (name.to_owned(), format!("{kind}/{name}")))
    };
    records.iter().filter_map(|(resource, _, _)| owner(resource)).collect()
}

/// `Pod.shop.web.app-web` is the pod of a controller whose kind checkov does not repeat.
fn object_of(resource: &str, owners: &BTreeMap<String, String>) -> String {
    let parts: Vec<_> = resource.splitn(4, '.').collect();
    match parts.as_slice() {
        ["Pod", _, name, _] => owners.get(*name).cloned().unwrap_or_else(|| format!("Pod/{name}")),
        [kind, _, rest @ ..] => format!("{kind}/{}", rest.join(".")),
        _ => resource.to_owned(),
    }
}

/// Copies of the folders, without the annotations that make checkov skip a check.
pub(crate) fn without_skips(python: &Path, folders: &[PathBuf]) -> Vec<PathBuf> {
    let out = scratch("bare");
    let copies: Vec<_> = (0..folders.len()).map(|n| out.join(format!("{n:03}"))).collect();
    let mut command = Command::new(python);
    command.arg(workspace().join("xtask/judges/strip.py"));
    for (from, to) in folders.iter().zip(&copies) {
        command.arg(from).arg(to);
    }
    stdout(&mut command);
    copies
}

fn failed(judged: &[Judged]) -> impl Iterator<Item = &Judged> {
    judged.iter().filter(|judged| judged.verdict == Verdict::Failed)
}

pub(crate) fn workloads(judged: &[Judged]) -> usize {
    let is_workload = |judged: &&Judged| {
        judged.object.split('/').next().is_some_and(|kind| WORKLOADS.contains(&kind))
    };
    let objects = judged.iter().filter(is_workload).map(|judged| (judged.folder, &judged.object));
    objects.collect::<BTreeSet<_>>().len()
}

/// Failed checks of all objects, for each workload.
#[allow(clippy::cast_precision_loss, reason = "both are small")]
pub(crate) fn mean(judged: &[Judged]) -> f64 {
    failed(judged).count() as f64 / workloads(judged).max(1) as f64
}

pub(crate) fn failures(judged: &[Judged]) -> Vec<String> {
    failed(judged).map(|j| format!("plan {:03}: {} {}", j.folder, j.object, j.check)).collect()
}

/// The checks that fail, the most frequent first.
pub(crate) fn frequent(judged: &[Judged]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    failed(judged).for_each(|judged| *counts.entry(&judged.check).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().map(|(check, count)| (count, check)).collect();
    counts.sort_by(|a, b| b.cmp(a));
    counts.into_iter().map(|(count, check)| format!("{count:4} {check}")).collect()
}

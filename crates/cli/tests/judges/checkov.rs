//! checkov: what is unsafe in a folder of manifests, and how much of that for each workload.

use super::{scratch, stdout, workspace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// One run for each folder: in one run for several, checkov carries objects of one over to the next.
pub(crate) fn scan(binary: &Path, folders: &[PathBuf]) -> Vec<Judged> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut judged = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(folder) = folders.get(number) else { return judged };
            judged.extend(read(number, &run(binary, folder)));
        }
    };
    let mut judged: Vec<Judged> = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    judged.sort();
    judged
}

fn run(binary: &Path, folder: &Path) -> Value {
    // Without --quiet: it would leave out what passed.
    let mut command = Command::new(binary);
    command.args(["--framework", "kubernetes", "-o", "json", "--skip-download", "--compact", "-d"]);
    let text = stdout(command.arg(folder));
    serde_json::from_str(&text).expect("checkov writes JSON")
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

/// Copies of the folders in a place of that name, without the annotations that make checkov skip a
/// check.
pub(crate) fn without_skips(name: &str, python: &Path, folders: &[PathBuf]) -> Vec<PathBuf> {
    let out = scratch(name);
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

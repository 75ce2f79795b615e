//! `muster check` against checkov, on the rules that both have.

use super::checkov::{Judged, Verdict};
use super::stdout;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) pairs: usize,
    pub(crate) differences: Vec<String>,
}

/// Folder, object and checkov's identifier.
type Key = (usize, String, String);

pub(crate) fn compare(theirs: &[Judged], folders: &[PathBuf]) -> Compared {
    let known: BTreeSet<&str> =
        check::rules().iter().flat_map(|rule| rule.checkov.iter().copied()).collect();
    let mut ours: BTreeMap<Key, Verdict> = BTreeMap::new();
    for (number, folder) in folders.iter().enumerate() {
        ours.extend(broken(folder).into_iter().map(|(o, id, v)| ((number, o, id), v)));
    }
    let mut compared = Compared::default();
    let common = theirs.iter().filter(|judged| known.contains(judged.check.as_str()));
    for judged in common {
        let key = (judged.folder, judged.object.clone(), judged.check.clone());
        let mine = ours.remove(&key).unwrap_or(Verdict::Passed);
        compared.pairs += 1;
        // checkov does not know our own waivers: to it, the rule is broken.
        let ours_alone = (mine, judged.verdict) == (Verdict::Skipped, Verdict::Failed);
        if mine != judged.verdict && !ours_alone {
            let (object, check, verdict) = (&judged.object, &judged.check, judged.verdict);
            let line = format!(
                "plan {:03}: {object} {check}: checkov {verdict:?}, muster {mine:?}",
                judged.folder
            );
            compared.differences.push(line);
        }
    }
    for ((folder, object, id), mine) in ours {
        let line = format!("plan {folder:03}: {object} {id}: checkov nothing, muster {mine:?}");
        compared.differences.push(line);
    }
    compared
}

/// What `muster check` finds in a folder: object, checkov's identifier, failed or waived.
fn broken(folder: &Path) -> Vec<(String, String, Verdict)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    let text = stdout(command.arg("check").arg(folder).args(["--format", "json"]));
    let report: Value = serde_json::from_str(&text).expect("check writes JSON");
    let findings = report.get("findings").unwrap_or(&report);
    let mut broken = Vec::new();
    for finding in findings.as_array().expect("check lists its findings") {
        let waived = !matches!(finding["waived"], Value::Null | Value::Bool(false));
        let verdict = if waived { Verdict::Skipped } else { Verdict::Failed };
        for id in finding["checkov"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let object = finding["object"].as_str().expect("a finding names its object");
            broken.push((object.to_owned(), id.to_owned(), verdict));
        }
    }
    broken
}

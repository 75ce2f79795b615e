//! `podFailurePolicy`: what the failure of a pod means for its job.

use super::per_index;
use crate::workloads::owner::Owned;
use crate::workloads::pods::phase;
use crate::workloads::read::list;
use twin_core::tree::Value;

/// What a failure leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It counts towards the limit.
    Count,
    Ignore,
    /// Its index fails, whatever tries are left.
    FailIndex,
    /// The job fails, for this reason.
    Fail(String),
}

/// The first rule that applies decides; without one a failure counts.
pub(super) fn judge(job: &Value, pod: &Owned) -> Action {
    let rules = list(job, &["spec", "podFailurePolicy", "rules"]);
    if phase(&pod.tree) != "Failed" {
        return Action::Count;
    }
    for (at, rule) in rules.iter().enumerate() {
        let Some(found) = matched(rule, pod) else { continue };
        return match rule.str_at(&["action"]) {
            Some("FailJob") => Action::Fail(format!("{found} matching FailJob rule at index {at}")),
            Some("Ignore") => Action::Ignore,
            Some("FailIndex") if per_index::limit(job).is_some() => Action::FailIndex,
            _ => Action::Count,
        };
    }
    Action::Count
}

/// What a rule finds in a pod, in words.
fn matched(rule: &Value, pod: &Owned) -> Option<String> {
    let shown = format!("{}/{}", pod.key.namespace(), pod.key.name());
    if let Some(codes) = rule.at(&["onExitCodes"]) {
        let (container, code) = exit(codes, &pod.tree)?;
        return Some(format!("Container {container} for pod {shown} failed with exit code {code}"));
    }
    let wanted = list(rule, &["onPodConditions"]);
    let found = list(&pod.tree, &["status", "conditions"]);
    let fits = |pattern: &Value, condition: &Value| {
        let status = pattern.str_at(&["status"]).unwrap_or("True");
        condition.str_at(&["type"]) == pattern.str_at(&["type"])
            && condition.str_at(&["status"]) == Some(status)
    };
    let condition = found.iter().find(|it| wanted.iter().any(|pattern| fits(pattern, it)))?;
    let kind = condition.str_at(&["type"]).unwrap_or_default();
    Some(format!("Pod {shown} has condition {kind}"))
}

/// The first container that ended with an exit code that is meant.
fn exit<'a>(codes: &Value, pod: &'a Value) -> Option<(&'a str, i64)> {
    let only = codes.str_at(&["containerName"]);
    let values: Vec<_> = list(codes, &["values"]).iter().filter_map(Value::as_int).collect();
    let inside = codes.str_at(&["operator"]) == Some("In");
    let statuses = ["initContainerStatuses", "containerStatuses"];
    statuses.iter().flat_map(|field| list(pod, &["status", field])).find_map(|status| {
        let name = status.str_at(&["name"]).unwrap_or_default();
        let code = status.at(&["state", "terminated", "exitCode"])?.as_int()?;
        let meant = code != 0 && values.contains(&code) == inside;
        (meant && only.is_none_or(|only| only == name)).then_some((name, code))
    })
}

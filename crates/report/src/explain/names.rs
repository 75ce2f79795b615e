//! The names that can be asked for, and which of them are close to a wrong one.

use crate::View;
use model::reason::Because;
use std::collections::BTreeSet;

/// Suggestions that are made.
const SUGGESTED: usize = 5;

/// Short names of kinds, as kubectl knows them.
const KINDS: [(&str, &str); 20] = [
    ("cj", "CronJob"),
    ("cm", "ConfigMap"),
    ("db", "Database"),
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("ing", "Ingress"),
    ("netpol", "NetworkPolicy"),
    ("ns", "Namespace"),
    ("pdb", "PodDisruptionBudget"),
    ("pg", "PodGroup"),
    ("pmon", "PodMonitor"),
    ("promrule", "PrometheusRule"),
    ("pvc", "PersistentVolumeClaim"),
    ("route", "HTTPRoute"),
    ("sa", "ServiceAccount"),
    ("smon", "ServiceMonitor"),
    ("sts", "StatefulSet"),
    ("svc", "Service"),
    ("hr", "HTTPRoute"),
];

/// The kind that a word means: itself, a short name, or its plural.
pub(super) fn kind(word: &str) -> &str {
    let lower = word.to_lowercase();
    let short = KINDS.iter().find(|(short, _)| *short == lower).map(|(_, kind)| *kind);
    let plural = KINDS.iter().map(|(_, kind)| *kind).find(|kind| {
        let kind = kind.to_lowercase();
        lower == format!("{kind}s") || lower == format!("{kind}es") || lower == kind
    });
    let ies = (lower == "networkpolicies").then_some("NetworkPolicy");
    short.or(plural).or(ies).unwrap_or(word)
}

/// Compose services.
pub(super) fn services<'a>(view: &View<'a>) -> BTreeSet<&'a str> {
    let report = &view.plan.report;
    let decided = report.decisions.iter().filter_map(|it| it.service.as_deref());
    let found = report.findings.iter().filter_map(|it| it.service.as_deref());
    let asked = report.questions.iter().filter_map(|it| it.service.as_deref());
    let runs = view.plan.workloads.iter().map(|it| it.service.as_str());
    decided.chain(found).chain(asked).chain(runs).collect()
}

/// Objects, as decisions name them; pseudo-objects that only decisions know included.
pub(super) fn objects<'a>(view: &View<'a>) -> BTreeSet<&'a str> {
    let written = view.objects.iter().map(|it| it.origin.as_str());
    written.chain(view.plan.report.decisions.iter().map(|it| it.object.as_str())).collect()
}

/// Rules of the planner.
pub(super) fn rules<'a>(view: &View<'a>) -> impl Iterator<Item = &'a str> {
    view.rules.iter().map(|it| it.name)
}

/// Codes of the findings that there are.
pub(super) fn codes<'a>(view: &View<'a>) -> BTreeSet<&'a str> {
    view.plan.report.findings.iter().map(|it| it.code).collect()
}

/// Attributes of the files that a decision or finding cites.
pub(super) fn attributes<'a>(view: &View<'a>) -> BTreeSet<&'a str> {
    let report = &view.plan.report;
    let decided = report.decisions.iter().flat_map(|it| &it.because);
    let found = report.findings.iter().flat_map(|it| &it.because);
    let field = |because: &'a Because| match because {
        Because::Line { field, .. } => Some(field.as_str()),
        _ => None,
    };
    decided.chain(found).filter_map(field).collect()
}

/// Names that are close to a wrong one, best first: few edits away, or the same name with another
/// kind, or other attributes of the same service.
pub(super) fn close(view: &View<'_>, what: &str) -> Vec<String> {
    let candidates: BTreeSet<String> = match what.split_once(':') {
        Some((object, _)) if object.contains('/') => fields(view, object),
        _ => everything(view),
    };
    let wanted = what.to_lowercase();
    let near = candidates.iter().filter_map(|name| {
        let distance = distance(&wanted, &name.to_lowercase());
        (distance <= allowed(&wanted)).then(|| (distance, name.clone()))
    });
    let mut ranked: Vec<_> = near.chain(related(view, what)).collect();
    ranked.sort();
    let mut names: Vec<String> = Vec::new();
    for (_, name) in ranked {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(SUGGESTED);
    names
}

/// What shares a part with a wrong name.
fn related(view: &View<'_>, what: &str) -> Vec<(usize, String)> {
    let far = allowed(what);
    let what = what.split(':').next().unwrap_or(what);
    if let Some((_, name)) = what.split_once('/') {
        let same = objects(view).into_iter().filter(|it| it.ends_with(&format!("/{name}")));
        return same.map(|it| (far + distance(what, it), it.to_owned())).collect();
    }
    let path = what.strip_prefix("services.").unwrap_or(what);
    let service = path.split('.').next().unwrap_or(path);
    if !services(view).contains(service) {
        return Vec::new();
    }
    let own = format!("services.{service}.");
    let attributes = attributes(view).into_iter().filter_map(|it| {
        let name = format!("{service}.{}", it.strip_prefix(&own)?.split('.').next()?);
        Some((far + distance(path, &name), name))
    });
    std::iter::once((far, service.to_owned())).chain(attributes).collect()
}

/// Edits that still count as the same word.
fn allowed(word: &str) -> usize {
    (word.chars().count() / 3).clamp(1, 8)
}

fn everything(view: &View<'_>) -> BTreeSet<String> {
    let attributes = attributes(view);
    let short = attributes.iter().filter_map(|it| it.strip_prefix("services."));
    services(view)
        .into_iter()
        .chain(objects(view))
        .chain(rules(view))
        .chain(codes(view))
        .chain(attributes.iter().copied())
        .chain(short)
        .map(str::to_owned)
        .collect()
}

/// Fields of an object that exists; if it does not, everything.
fn fields(view: &View<'_>, object: &str) -> BTreeSet<String> {
    let Some(origin) = super::subject::object(view, object) else { return everything(view) };
    let shown = view.objects.iter().filter(|it| it.origin == origin);
    let leaves = shown.flat_map(|shown| &shown.leaves).map(|(path, _)| path.clone());
    let decisions = view.plan.report.decisions.iter().filter(|it| it.object == origin);
    let decided = decisions.map(|it| it.field.clone()).filter(|it| !it.is_empty());
    leaves.chain(decided).map(|field| format!("{object}:{field}")).collect()
}

/// Edits between two words: characters more, less, other, or swapped with their neighbor.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for at in 0..a.len() {
        let mut row = vec![at + 1];
        for column in 0..b.len() {
            let change = above[column] + usize::from(a[at] != b[column]);
            let swapped = at > 0 && column > 0 && a[at] == b[column - 1] && a[at - 1] == b[column];
            let swap = if swapped { before[column - 1] + 1 } else { usize::MAX };
            row.push(change.min(swap).min(above[column + 1] + 1).min(row[column] + 1));
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, kind};

    #[test]
    fn kinds_have_short_names() {
        let cases = [
            ("sts", "StatefulSet"),
            ("deployments", "Deployment"),
            ("Service", "Service"),
            ("networkpolicies", "NetworkPolicy"),
            ("ingresses", "Ingress"),
            ("Widget", "Widget"),
        ];
        for (word, expected) in cases {
            assert_eq!(kind(word), expected);
        }
    }

    #[test]
    fn distances_count_edits() {
        for (a, b, expected) in
            [("", "ab", 2), ("web", "wbe", 1), ("abc", "abc", 0), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}

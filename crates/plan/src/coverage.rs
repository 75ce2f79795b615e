//! Nothing is dropped in silence: every attribute of the files is cited by a decision or a
//! finding, or it gets a line here.

use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use model::reason::{Because, Level, Report};
use std::collections::{BTreeMap, BTreeSet};

/// Attributes that only mean something to Docker, and why they need no counterpart.
const DOCKER_ONLY: &[(&str, &str)] = &[
    ("container_name", "pods have names of their own; the name stays resolvable as a Service"),
    ("hostname", "the name stays resolvable as a Service"),
    ("attach", "it says whose output `compose up` shows"),
    ("logging", "the node collects what containers write to standard output"),
    ("develop", "it is for working on the code, not for running it"),
    ("profiles", "the active profiles decided which services are planned"),
    ("networks", "membership became labels and a NetworkPolicy"),
    ("network_mode", "pods have an address of their own"),
    ("build", "Kubernetes runs images, it does not build them"),
    ("pull_policy", "it became imagePullPolicy"),
    ("pull_refresh_after", "it became imagePullPolicy"),
    ("extends", "it was followed before planning"),
    ("use_api_socket", "there is no Docker engine to talk to"),
    ("label_file", "labels were read before planning"),
    ("scale", "it became the number of replicas"),
    ("links", "names resolve through Services"),
    ("image", "it is what the container runs"),
    ("x-muster", "it was read as intent"),
    ("restart", "the pod's policy restarts containers"),
];

/// Files a line for every attribute that nobody cited.
pub(crate) fn complete(world: &World<'_>, log: &mut Log) {
    let cited = cited(&log.report);
    for subject in world.subjects.values() {
        let service = format!("services.{}", subject.key());
        let mut idle: BTreeMap<String, Vec<Because>> = BTreeMap::new();
        for field in &subject.service.fields {
            if is_cited(&format!("{service}.{}", field.path), &service, &cited) {
                continue;
            }
            match intent(&field.path) {
                Some(name) => {
                    let because = subject.line(&field.path, field.span);
                    idle.entry(name).or_default().push(because);
                }
                None => mention(subject, &field.path, field.span, log),
            }
        }
        for (name, because) in idle {
            without_effect(subject, &name, because, log);
        }
    }
    for field in &world.project.fields {
        if is_cited(&field.path, "", &cited) {
            continue;
        }
        let because = Because::Line { field: field.path.clone(), span: field.span };
        let (what, why) = project_field(&field.path);
        log.decide_on(
            None,
            format!("Namespace/{}", world.namespace),
            format!("compose.{}", field.path),
        )
        .chose(what)
        .because(because)
        .rule(rules::DOCKER_ONLY)
        .why(why);
    }
}

fn cited(report: &Report) -> BTreeSet<String> {
    report
        .decisions
        .iter()
        .map(|d| d.because.as_slice())
        .chain(report.findings.iter().map(|f| f.because.as_slice()))
        .flatten()
        .filter_map(|b| match b {
            Because::Line { field, .. } => Some(field.clone()),
            _ => None,
        })
        .collect()
}

/// A field is cited by itself, by something below it, or by something above it — but the line of
/// the service as a whole covers nothing.
fn is_cited(path: &str, service: &str, cited: &BTreeSet<String>) -> bool {
    let below = format!("{path}.");
    if cited.contains(path)
        || cited.range(below.clone()..).next().is_some_and(|c| c.starts_with(&below))
    {
        return true;
    }
    let mut end = path.len();
    while let Some(dot) = path[..end].rfind('.') {
        end = dot;
        let above = &path[..end];
        if above.len() <= service.len() {
            return false;
        }
        if cited.contains(above) {
            return true;
        }
    }
    false
}

/// Parts of `x-muster` that others than the planner read.
const READ_ELSEWHERE: &[&str] = &["x-muster.training"];

/// The part of `x-muster` that a path belongs to, if it is one that should have changed something.
fn intent(path: &str) -> Option<String> {
    let mut parts = path.split('.');
    let name = format!("{}.{}", parts.next()?, parts.next()?);
    (name.starts_with("x-muster.") && !READ_ELSEWHERE.contains(&name.as_str())).then_some(name)
}

fn without_effect(subject: &Subject<'_>, name: &str, because: Vec<Because>, log: &mut Log) {
    log.find(
        Level::Warning,
        "intent-without-effect",
        Some(subject.key()),
        format!(
            "`{name}` changes nothing for `{}`, which is planned as {}",
            subject.key(),
            subject.object()
        ),
        "remove it, or say x-muster.kind if another kind is meant",
        because,
    );
}

fn mention(subject: &Subject<'_>, path: &str, span: yaml::Span, log: &mut Log) {
    let because = subject.line(path, span);
    let top = path.split('.').next().unwrap_or(path);
    if let Some((_, why)) = DOCKER_ONLY.iter().find(|(name, _)| *name == top) {
        log.decide(subject, format!("compose.{path}"))
            .chose("nothing to carry over")
            .because(because)
            .rule(rules::DOCKER_ONLY)
            .why(*why);
        return;
    }
    log.find(
        Level::Note,
        "not-carried-over",
        Some(subject.key()),
        format!("`{path}` has no counterpart in this plan"),
        "check whether the service needs it",
        vec![because, Because::Rule(rules::NOT_CARRIED_OVER)],
    );
}

fn project_field(path: &str) -> (&'static str, &'static str) {
    match path.split('.').next().unwrap_or(path) {
        "name" => ("the namespace and part-of label", "the project's name"),
        "version" => ("nothing to carry over", "the version of the file format is obsolete"),
        "networks" => ("labels and policies", "networks became labels on pods and NetworkPolicies"),
        "volumes" => ("claims, where a service mounts it", "a volume nobody mounts needs no claim"),
        "secrets" => (
            "a Secret, where a service is granted it",
            "a secret that nobody is granted needs no object",
        ),
        "configs" => (
            "a ConfigMap, where a service is granted it",
            "a config that nobody is granted needs no object",
        ),
        "include" => ("nothing to carry over", "included files were read before planning"),
        _ => ("nothing to carry over", "it has no counterpart in Kubernetes"),
    }
}

//! Every remaining attribute of a service: what it becomes, or why it becomes nothing.

mod cite;
mod hooks;
mod leftovers;
mod names;
mod scratch;

use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use catalog::ImageRef;
use model::plan::{Container, PullPolicy};
use model::reason::{Certainty, Level};
use std::collections::BTreeMap;

pub(crate) use cite::{cite, cite_or_own, image_or_own};
pub(crate) use scratch::explain_scratch;

/// What the remaining attributes add to the pod and its container.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) hostname: Option<String>,
    pub(crate) host_aliases: BTreeMap<String, Vec<String>>,
    pub(crate) dns: Option<(Vec<String>, Vec<String>)>,
    pub(crate) working_dir: Option<String>,
    pub(crate) tty: bool,
    pub(crate) stdin: bool,
    pub(crate) pull: PullPolicy,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) share_processes: bool,
    /// Init containers of `pre_start` hooks. They lack the environment and the mounts of the
    /// service's container: whoever assembles the pod adds those.
    pub(crate) init: Vec<Container>,
}

/// Decides about the attributes that no other part of the planner reads.
pub(crate) fn attributes(_world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Attributes {
    leftovers::mention(subject, log);
    Attributes {
        hostname: names::hostname(subject, log),
        host_aliases: names::aliases(subject, log),
        dns: names::servers(subject, log),
        working_dir: working_dir(subject, log),
        tty: flag(subject, subject.service.tty.as_ref(), "tty", log),
        stdin: flag(subject, subject.service.stdin_open.as_ref(), "stdin_open", log),
        pull: pull(subject, log),
        annotations: annotations(subject, log),
        labels: BTreeMap::new(),
        share_processes: share_processes(subject, log),
        init: hooks::init(subject, log),
    }
}

fn working_dir(subject: &Subject<'_>, log: &mut Log) -> Option<String> {
    let said = subject.service.working_dir.as_ref().filter(|said| !said.value.is_empty())?;
    log.decide(subject, subject.container_field("workingDir"))
        .chose(&said.value)
        .because(subject.line("working_dir", said.span))
        .sure(Certainty::Stated)
        .why("as the file says");
    Some(said.value.clone())
}

/// `tty` and `stdin_open`.
fn flag(
    subject: &Subject<'_>,
    said: Option<&yaml::Spanned<bool>>,
    path: &str,
    log: &mut Log,
) -> bool {
    let Some(said) = said else { return false };
    let field = if path == "tty" { "tty" } else { "stdin" };
    log.decide(subject, subject.container_field(field))
        .chose(said.value.to_string())
        .because(subject.line(path, said.span))
        .sure(Certainty::Stated)
        .why("as the file says; programs behave differently with a terminal");
    said.value
}

/// When to pull. Without a word, what moves is pulled at each start.
fn pull(subject: &Subject<'_>, log: &mut Log) -> PullPolicy {
    let field = subject.container_field("imagePullPolicy");
    if let Some(said) = &subject.service.pull_policy {
        let text = said.value.as_str();
        let (policy, why) = match text {
            "always" => (PullPolicy::Always, "as the file says"),
            "never" => {
                (PullPolicy::Never, "as the file says; every node must have the image already")
            }
            "missing" | "if_not_present" => (PullPolicy::IfNotPresent, "as the file says"),
            "build" => {
                (PullPolicy::IfNotPresent, "the image is built elsewhere; nodes pull it once")
            }
            _ => (
                PullPolicy::Always,
                "Kubernetes has no interval between pulls; each start asks the registry",
            ),
        };
        log.decide(subject, field)
            .chose(format!("{policy:?}"))
            .because(subject.line("pull_policy", said.span))
            .sure(Certainty::Stated)
            .why(why);
        return policy;
    }
    let parsed = subject.image.parsed.as_ref();
    let exact = parsed.is_some_and(ImageRef::is_exact);
    let (policy, why) = if parsed.is_some_and(ImageRef::is_floating) {
        (PullPolicy::Always, "the tag moves, so each start asks for the newest")
    } else if !exact && subject.scale.multiplied() {
        (PullPolicy::Always, "the tag moves within its series, and all copies should run one build")
    } else if exact {
        (PullPolicy::IfNotPresent, "the tag names one build: a node that has it need not ask again")
    } else {
        (PullPolicy::IfNotPresent, "a restart must not depend on the registry")
    };
    let draft = log.decide(subject, field).chose(format!("{policy:?}"));
    let because = cite_or_own(subject, &["image"]);
    draft.all(because).sure(Certainty::Inferred).why(why);
    policy
}

/// Prefixes of labels that are read elsewhere in the planner, or that only tools for Docker read.
const ELSEWHERE: &[&str] = &["traefik.", "muster.dev/", "x-muster"];
const DOCKER_TOOLS: &[&str] = &[
    "com.docker.",
    "com.centurylinklabs.watchtower",
    "autoheal",
    "diun.",
    "wud.",
    "swarm.",
    "kompose.",
    "ofelia.",
    "docker-volume-backup.",
    "caddy",
    "virtual.",
    "com.github.nginx-proxy",
    "com.github.jrcs",
    "homepage.",
    "glance.",
    "flame.",
    "org.label-schema",
    "logging",
    "co.elastic.logs/",
    "dockflare.",
    "tsdproxy.",
    "portainer.",
    "io.portainer.",
    "desktop.docker.",
    "deunhealth",
    "cron.schedule",
];

/// `annotations` and labels become annotations of the pod: selectors never see them, and their
/// values may be anything.
fn annotations(subject: &Subject<'_>, log: &mut Log) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let starts = |key: &str, list: &[&str]| list.iter().any(|prefix| key.starts_with(prefix));
    let labels = subject.service.labels.iter().filter(|(key, _)| !starts(key, ELSEWHERE));
    for (key, value) in labels {
        let path = format!("labels.{key}");
        if starts(key, DOCKER_TOOLS) {
            log.decide(subject, format!("compose.{path}"))
                .chose("nothing to carry over")
                .all(label_lines(subject, key, value.span))
                .rule(rules::DOCKER_ONLY)
                .why("a tool reads this label from the Docker engine, which is not there");
        } else {
            annotate(subject, key, value, label_lines(subject, key, value.span), &mut out, log);
        }
    }
    for (key, value) in &subject.service.annotations {
        let because = vec![subject.line(format!("annotations.{key}"), value.span)];
        annotate(subject, key, value, because, &mut out, log);
    }
    out
}

/// Where a label stands: at the service or under `deploy`.
fn label_lines(subject: &Subject<'_>, key: &str, span: yaml::Span) -> Vec<model::reason::Because> {
    let found = cite(subject, &[&format!("labels.{key}"), &format!("deploy.labels.{key}")]);
    if found.is_empty() { vec![subject.line(format!("labels.{key}"), span)] } else { found }
}

fn annotate(
    subject: &Subject<'_>,
    key: &str,
    value: &yaml::Spanned<String>,
    because: Vec<model::reason::Because>,
    out: &mut BTreeMap<String, String>,
    log: &mut Log,
) {
    if !is_annotation_key(key) {
        log.find(
            Level::Note,
            "label-not-carried",
            Some(subject.key()),
            format!("`{key}` is no key that Kubernetes accepts; the label was not carried over"),
            "rename it to letters, digits, dashes and dots",
            because,
        );
        return;
    }
    let template = subject.pod_spec().trim_end_matches(".spec");
    log.decide(subject, format!("{template}.metadata.annotations.{key}"))
        .chose("as written")
        .all(because)
        .sure(Certainty::Stated)
        .why("an annotation can hold any text, and no selector sees it");
    out.insert(key.to_owned(), value.value.clone());
}

/// `[prefix/]name`, as Kubernetes checks it.
fn is_annotation_key(key: &str) -> bool {
    let (prefix, name) =
        key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let edges = |text: &str| {
        let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        alphanumeric(text.chars().next()) && alphanumeric(text.chars().next_back())
    };
    let name_fits = name.len() <= 63
        && edges(name)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let dns = |text: &str| {
        text.len() <= 253
            && text.split('.').all(|part| {
                edges(part)
                    && part
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            })
    };
    name_fits && prefix.is_none_or(dns)
}

/// `init: true` wants somebody to reap zombies: with a shared process namespace the pause container
/// does. So does `pid: service:x`, within one pod.
fn share_processes(subject: &Subject<'_>, log: &mut Log) -> bool {
    let service = subject.service;
    let init = service.init.as_ref().is_some_and(|init| init.value);
    let shares = service.pid.as_ref().is_some_and(|pid| pid.value.starts_with("service:"));
    if shares && subject.shares_pod_of.is_none() {
        log.find(
            Level::Warning,
            "pid-of-service",
            Some(subject.key()),
            "processes can only be shared within a pod, and the other service has a pod of its own",
            "network_mode: service:x puts both into one pod",
            cite_or_own(subject, &["pid"]),
        );
    }
    let share = init || (shares && subject.shares_pod_of.is_some());
    let because = cite(subject, &["init", "pid"]);
    if !because.is_empty() {
        log.decide(subject, subject.pod_field("shareProcessNamespace"))
            .chose(share.to_string())
            .all(because)
            .sure(Certainty::Inferred)
            .why("in a shared process namespace the pause container collects dead processes, as Docker's init does");
    }
    share
}

//! The parts of a service, put together as the workload that runs it.

mod directories;
mod tenants;

use crate::attributes::{Attributes, attributes};
use crate::config::{Configured, SecretBook, configure, sort_env};
use crate::devices::place;
use crate::lifecycle::lifecycle;
use crate::log::Log;
use crate::order::{Order, order};
use crate::policies::network_labels;
use crate::probes::{min_ready, probes};
use crate::resources::resources;
use crate::scaling;
use crate::security::{Hardening, harden};
use crate::services::{Renames, governing_name};
use crate::survey_schedule;
use crate::world::{Scale, Shape, Shared, Subject, World};
use catalog::Role;
use model::plan::{
    Completions, Container, ContainerPort, EnvVar, Gang, Kind, Mounted, Pod, PodSecurityLevel,
    PodVolume, RestartPolicy, VolumeSource, Workload,
};
use model::project::Restart;
use model::reason::{Certainty, Level};
use std::collections::{BTreeMap, BTreeSet};
use units::Seconds;

pub(crate) use tenants::join;

/// One service, planned: its workload, and what the pod needs of the namespace.
pub(crate) struct Assembled {
    pub(crate) workload: Workload,
    pub(crate) level: PodSecurityLevel,
    pub(crate) configured: Configured,
    pub(crate) gang: Option<Gang>,
}

/// Plans the workload of one service.
pub(crate) fn assemble(
    world: &World<'_>,
    subject: &Subject<'_>,
    book: &SecretBook,
    renamed: &Renames,
    shared: &mut Shared,
    log: &mut Log,
) -> Assembled {
    let configured = configure(world, subject, book, shared, log);
    let mounted: BTreeSet<String> = configured.mounts.iter().map(|m| m.path.clone()).collect();
    let hardening = harden(world, subject, &mounted, log);
    let placement = place(world, subject, log);
    let attributes = attributes(world, subject, log);
    let order = order(world, subject, log);
    let (lifecycle, grace) = lifecycle(world, subject, log);

    let mut container = container(subject, book, renamed, log);
    container.env.extend(configured.env.clone());
    rename_hosts(subject, &mut container, renamed);
    container.mounts.extend(configured.mounts.clone());
    container.probes = probes(world, subject, log);
    container.resources = resources(world, subject, log);
    container.security = hardening.container.clone();
    container.lifecycle = lifecycle;
    container.working_dir.clone_from(&attributes.working_dir);
    container.tty = attributes.tty;
    container.stdin = attributes.stdin;
    container.pull = attributes.pull;

    let mut pod = pod(subject, &configured, &hardening, &attributes, &order);
    pod.grace = grace;
    pod.node_selector = placement.node_selector;
    pod.tolerations = placement.tolerations;
    pod.runtime_class = placement.runtime_class;
    pod.spread = scaling::spread(subject, log);
    for (path, source, _) in hardening.scratch.into_iter().chain(placement.scratch) {
        scratch(&mut container, &mut pod, path, source);
    }
    tidy(&mut container, &mut pod);
    directories::prepare(subject, &container, &mut pod, log);
    for waiter in &mut pod.init {
        waiter.pull = container.pull;
    }
    // Hooks see what the service sees.
    for hook in pod.init.iter_mut().filter(|c| attributes.init.iter().any(|h| h.name == c.name)) {
        hook.env.clone_from(&container.env);
        hook.mounts.clone_from(&container.mounts);
    }
    pod.containers.push(container);

    let gang = gang(subject, log);
    if let Some(gang) = &gang {
        pod.labels.insert("scheduling.x-k8s.io/pod-group".to_owned(), gang.name.clone());
    }
    let kind = kind(subject, &configured, log);
    let min_ready = min_ready(subject, &kind, &pod, log);
    let workload = Workload {
        name: subject.name.clone(),
        service: subject.key().to_owned(),
        component: component(subject),
        version: version(subject),
        kind,
        pod,
        min_ready,
        after: order.after,
    };
    Assembled { workload, level: hardening.level, configured, gang }
}

/// Image, command, arguments and ports.
fn container(
    subject: &Subject<'_>,
    book: &SecretBook,
    renamed: &Renames,
    log: &mut Log,
) -> Container {
    let mut env: Vec<EnvVar> = Vec::new();
    let mut words = |field: &str, words: &Option<yaml::Spanned<Vec<String>>>, log: &mut Log| {
        let words = words.as_ref().filter(|w| !w.value.is_empty())?;
        let (out, secrets) = book.redact(subject, &words.value);
        env.extend(secrets);
        let source = if field == "command" { "entrypoint" } else { "command" };
        log.decide(subject, subject.container_field(field))
            .chose("as written")
            .all(subject.lines(source))
            .sure(Certainty::Stated)
            .why(format!("Compose's `{source}` is Kubernetes' `{field}`; `$` is doubled where Kubernetes would expand it"));
        let names = renamed.at(subject.key(), source);
        Some(out.iter().map(|word| rename(word, names)).collect::<Vec<_>>())
    };
    let command = words("command", &subject.service.entrypoint, log);
    let args = words("args", &subject.service.command, log);
    let ports = subject
        .ports
        .iter()
        .map(|p| ContainerPort { port: p.port, protocol: p.protocol, name: p.name.clone() })
        .collect();
    for port in &subject.ports {
        log.decide(subject, subject.container_field(&format!("ports[{}]", port.name)))
            .chose(format!("{} {}", port.protocol, port.port))
            .because(port.because.clone())
            .sure(port.certainty)
            .why(if port.published { "published in the file" } else { "what it listens on" });
    }
    Container {
        name: subject.name.clone(),
        image: subject.image.reference.clone(),
        command,
        args,
        env,
        ports,
        ..Container::default()
    }
}

/// Replaces names that Kubernetes cannot have, as whole words.
fn rename(text: &str, names: Option<&BTreeMap<String, String>>) -> String {
    let Some(names) = names else { return text.to_owned() };
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        out.push_str(names.get(word).map_or(word, String::as_str));
        let next = tail.find(part).unwrap_or(tail.len());
        out.push_str(&tail[..next]);
        rest = &tail[next..];
    }
    out
}

fn rename_hosts(subject: &Subject<'_>, container: &mut Container, renamed: &Renames) {
    for variable in &mut container.env {
        if let model::plan::EnvSource::Value(value) = &mut variable.source {
            *value = rename(value, renamed.at(subject.key(), &variable.name));
        }
    }
}

fn pod(
    subject: &Subject<'_>,
    configured: &Configured,
    hardening: &Hardening,
    attributes: &Attributes,
    order: &Order,
) -> Pod {
    let mut labels = network_labels(subject);
    labels.extend(attributes.labels.clone());
    let mut init = order.init.clone();
    init.extend(attributes.init.clone());
    Pod {
        labels,
        annotations: attributes.annotations.clone(),
        init,
        containers: Vec::new(),
        volumes: configured.volumes.clone(),
        security: hardening.pod.clone(),
        restart: restart(subject),
        hostname: attributes.hostname.clone(),
        host_aliases: attributes.host_aliases.clone(),
        dns: attributes.dns.clone(),
        share_processes: attributes.share_processes,
        grace: Seconds(30),
        ..Pod::default()
    }
}

fn restart(subject: &Subject<'_>) -> RestartPolicy {
    if !matches!(subject.shape, Shape::Job | Shape::CronJob) {
        return RestartPolicy::Always;
    }
    match crate::survey_restart(subject.service).map(|r| r.value) {
        Some(Restart::Never) => RestartPolicy::Never,
        _ => RestartPolicy::OnFailure,
    }
}

/// Mounts a scratch volume, unless something is mounted there already.
fn scratch(container: &mut Container, pod: &mut Pod, path: String, source: VolumeSource) {
    if container.mounts.iter().any(|m| m.path == path) {
        return;
    }
    let base = crate::names::label(path.trim_start_matches('/'), 50);
    let mut name = if base.is_empty() { "scratch".to_owned() } else { base };
    if pod.volumes.iter().any(|v| v.name == name) {
        name = format!("{name}-{}", crate::names::digest(path.as_bytes(), 5));
    }
    pod.volumes.push(PodVolume { name: name.clone(), source });
    container.mounts.push(Mounted { path, volume: name, sub_path: None, read_only: false });
}

/// Sorted, and nothing twice.
fn tidy(container: &mut Container, pod: &mut Pod) {
    sort_env(&mut container.env);
    container.mounts.sort();
    container.mounts.dedup_by(|a, b| a.path == b.path);
    pod.volumes.sort_by(|a, b| a.name.cmp(&b.name));
    pod.volumes.dedup_by(|a, b| a.name == b.name);
}

fn kind(subject: &Subject<'_>, configured: &Configured, log: &mut Log) -> Kind {
    let fixed = match subject.scale {
        Scale::Fixed(n) => Some(n),
        Scale::Auto { .. } | Scale::PerNode => None,
    };
    match subject.shape {
        Shape::Deployment => {
            let claim = configured
                .volumes
                .iter()
                .any(|v| matches!(v.source, VolumeSource::Claim { read_only: false, .. }));
            let strategy = scaling::strategy(subject, claim && !subject.scale.multiplied(), log);
            Kind::Deployment { replicas: fixed, strategy }
        }
        Shape::StatefulSet | Shape::Operated => Kind::StatefulSet {
            replicas: fixed.unwrap_or(1),
            governing: governing_name(subject),
            claims: configured.templates.clone(),
            parallel: false,
        },
        Shape::DaemonSet => Kind::DaemonSet,
        Shape::Job => Kind::Job(completions(subject, fixed.unwrap_or(1))),
        Shape::CronJob => {
            let schedule = schedule(subject, log);
            Kind::CronJob { schedule, job: completions(subject, fixed.unwrap_or(1)) }
        }
    }
}

fn schedule(subject: &Subject<'_>, log: &mut Log) -> String {
    let Some((text, because)) = survey_schedule(subject) else {
        return missing_schedule(subject, log);
    };
    log.decide(subject, "spec.schedule")
        .chose(text.clone())
        .because(because)
        .sure(Certainty::Stated)
        .why("as written");
    text
}

fn missing_schedule(subject: &Subject<'_>, log: &mut Log) -> String {
    log.find(
        Level::Blocker,
        "schedule-missing",
        Some(subject.key()),
        "a CronJob needs a schedule",
        "add x-muster.schedule: \"0 3 * * *\"",
        subject.lines("x-muster"),
    );
    "0 3 * * *".to_owned()
}

fn completions(subject: &Subject<'_>, count: u32) -> Completions {
    let backoff_limit = match crate::survey_restart(subject.service).map(|r| r.value) {
        Some(Restart::Never) => 0,
        Some(Restart::OnFailure(Some(n))) => n,
        _ => 6,
    };
    Completions { count, indexed: count > 1, backoff_limit, ttl_seconds: Some(86_400) }
}

/// A job of several members starts as a whole.
fn gang(subject: &Subject<'_>, log: &mut Log) -> Option<Gang> {
    let Scale::Fixed(members) = subject.scale else { return None };
    if subject.shape != Shape::Job || members < 2 {
        return None;
    }
    let training = subject.service.intent.training.as_ref();
    log.decide_on(Some(subject.key()), format!("PodGroup/{}", subject.name), "")
        .chose(format!("{members} members start together"))
        .all(if training.is_some() {
            subject.lines("x-muster.training")
        } else {
            subject.lines("deploy.replicas")
        })
        .rule(crate::rules::GANG_STARTS_TOGETHER)
        .why("half a job that holds GPUs and waits for the other half is a deadlock");
    Some(Gang {
        name: subject.name.clone(),
        service: subject.key().to_owned(),
        members,
        require: training.and_then(|t| t.require.clone()),
        prefer: training.and_then(|t| t.prefer.clone()),
        team: training.and_then(|t| t.team.clone()),
    })
}

fn component(subject: &Subject<'_>) -> String {
    let role = match subject.family().map(|f| f.role) {
        Some(Role::Database) => "database",
        Some(Role::Broker) => "broker",
        Some(Role::Cache) => "cache",
        Some(Role::SearchEngine) => "search",
        Some(Role::ObjectStore) => "storage",
        Some(Role::WebServer | Role::Proxy) => "web",
        Some(Role::Monitoring | Role::Agent) => "monitoring",
        Some(Role::GpuServer) => "inference",
        Some(Role::Tool) => "tool",
        _ if matches!(subject.shape, Shape::Job | Shape::CronJob) => "job",
        _ if subject.ports.is_empty() => "worker",
        _ => "app",
    };
    role.to_owned()
}

/// The image's tag where a label can hold it.
fn version(subject: &Subject<'_>) -> Option<String> {
    let tag = subject.image.parsed.as_ref()?.tag.clone()?;
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    (tag.len() <= 63 && edge(tag.chars().next()) && edge(tag.chars().next_back())).then_some(tag)
}

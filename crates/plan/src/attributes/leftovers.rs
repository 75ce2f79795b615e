//! Attributes without a counterpart, each with its own sentence.

use super::cite;
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use model::reason::{Because, Level};

/// An attribute that becomes nothing, or nothing of its own.
enum Fate {
    /// It needs no counterpart: why.
    Needless(&'static str),
    /// Something else already does it: where, and how.
    Done(&'static str, &'static str),
    /// It is lost: level, what is lost, what to do.
    Lost(Level, &'static str, &'static str),
}
use Fate::{Done, Lost, Needless};

/// Attributes below a service, and what becomes of them. The first that fits decides.
const FATES: &[(&str, Fate)] = &[
    (
        "logging",
        Needless(
            "the container runtime keeps what containers write to standard output and rotates it; whoever ships logs reads it there",
        ),
    ),
    ("attach", Needless("it says whose output `docker compose up` shows")),
    ("develop", Needless("it is for working on the code, not for running it")),
    ("ulimits.nofile", Needless("container runtimes allow about a million open files by default")),
    ("ulimits.nproc", Needless("the kubelet bounds processes per pod")),
    ("ulimits.memlock", Needless("nodes have no swap that memory would have to be locked against")),
    (
        "ulimits",
        Lost(
            Level::Note,
            "pods take their limits from the container runtime",
            "set them in the container runtime's configuration, or with ulimit -S in the entrypoint",
        ),
    ),
    ("cgroup", Needless("containers have a cgroup namespace of their own")),
    ("cgroup_parent", Needless("the kubelet arranges cgroups by quality of service")),
    ("isolation", Needless("it only concerns Windows, where a runtime class does it")),
    (
        "oom_score_adj",
        Needless(
            "the kubelet sets it from requests: what stays below its memory request is killed last",
        ),
    ),
    (
        "oom_kill_disable",
        Lost(
            Level::Note,
            "a container that exceeds its memory limit is always killed",
            "raise the memory limit",
        ),
    ),
    ("mem_swappiness", Needless("pods do not swap unless the node is set up for it")),
    ("memswap_limit", Needless("pods do not swap unless the node is set up for it")),
    (
        "mac_address",
        Lost(
            Level::Warning,
            "the network gives pods their hardware address",
            "a license bound to it needs another anchor, or Multus with a fixed address",
        ),
    ),
    ("domainname", Needless("pods are found by the names of Services")),
    (
        "uts",
        Lost(
            Level::Note,
            "pods do not share the node's host name",
            "read it from an environment variable with fieldRef spec.nodeName",
        ),
    ),
    ("storage_opt", Needless("the ephemeral-storage limit bounds the writable layer")),
    (
        "credential_spec",
        Lost(
            Level::Warning,
            "Windows credentials are objects of the cluster here",
            "create a GMSACredentialSpec and name it in securityContext.windowsOptions",
        ),
    ),
    (
        "blkio_config",
        Lost(
            Level::Note,
            "Kubernetes does not weigh disk access",
            "give it a storage class of its own if it disturbs others",
        ),
    ),
    (
        "device_cgroup_rules",
        Lost(
            Level::Warning,
            "devices come from device plugins, not from cgroup rules",
            "install a device plugin for the device",
        ),
    ),
    (
        "cpu_shares",
        Done("resources.requests.cpu", "the weight of a pod follows from its CPU request"),
    ),
    (
        "cpu_quota",
        Lost(
            Level::Note,
            "a quota in microseconds is not read; the CPU limit stands for it",
            "write cpus: instead",
        ),
    ),
    ("cpu_period", Needless("the kubelet chooses the period for all pods of a node")),
    (
        "cpu_percent",
        Lost(
            Level::Note,
            "a percentage of the machine means something else on each node",
            "write cpus: instead",
        ),
    ),
    (
        "cpu_count",
        Lost(
            Level::Note,
            "it only concerns Windows; the CPU limit stands for it",
            "write cpus: instead",
        ),
    ),
    (
        "cpuset",
        Lost(
            Level::Note,
            "pods do not choose cores",
            "the kubelet's static CPU manager pins pods with whole-number CPU limits equal to their requests",
        ),
    ),
    (
        "cpu_rt_runtime",
        Lost(Level::Warning, "pods have no real-time scheduling", "run it on a machine of its own"),
    ),
    (
        "cpu_rt_period",
        Lost(Level::Warning, "pods have no real-time scheduling", "run it on a machine of its own"),
    ),
    (
        "dns_opt",
        Lost(
            Level::Note,
            "options of the resolver are not carried over",
            "set dnsConfig.options in an overlay",
        ),
    ),
    (
        "external_links",
        Lost(
            Level::Warning,
            "a container outside the product has no name here",
            "make it an ExternalName Service, or part of the product",
        ),
    ),
    ("volume_driver", Needless("storage classes choose drivers")),
    (
        "deploy.update_config",
        Done(
            "strategy",
            "Kubernetes rolls one pod at a time and stops when a new one does not become ready",
        ),
    ),
    (
        "deploy.rollback_config",
        Lost(
            Level::Note,
            "nothing rolls back by itself; a rollout that fails stops and keeps the old pods",
            "kubectl rollout undo",
        ),
    ),
    (
        "deploy.placement.preferences",
        Done("topologySpreadConstraints", "replicas are spread over nodes and zones"),
    ),
    (
        "deploy.placement.max_replicas_per_node",
        Done("affinity", "replicas keep apart from each other"),
    ),
    (
        "deploy.restart_policy.delay",
        Needless("the kubelet waits 10 s and doubles that after each failure"),
    ),
    ("deploy.restart_policy.window", Needless("the kubelet forgets failures after ten minutes")),
    (
        "deploy.resources.reservations.generic_resources",
        Lost(
            Level::Warning,
            "a generic resource of Swarm is an extended resource here",
            "install its device plugin and reserve it as a device",
        ),
    ),
    (
        "deploy.resources.limits.devices",
        Lost(Level::Note, "devices are reserved, not limited", "write them under reservations"),
    ),
    (
        "healthcheck.start_interval",
        Done("startupProbe.periodSeconds", "how often a start is asked"),
    ),
];

/// Files a line for each of them that the file holds.
pub(super) fn mention(subject: &Subject<'_>, log: &mut Log) {
    for (path, fate) in FATES {
        let because = fitting(subject, path);
        if !because.is_empty() {
            tell(subject, path, fate, because, log);
        }
    }
    endpoint_mode(subject, log);
    ipc(subject, log);
    network_mode(subject, log);
}

/// Lines below a path, without those that a more special entry above in the table took.
fn fitting(subject: &Subject<'_>, path: &str) -> Vec<Because> {
    let special: Vec<String> = FATES
        .iter()
        .map(|(other, _)| *other)
        .filter(|other| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
        .map(|other| format!("services.{}.{other}", subject.key()))
        .collect();
    let taken = |because: &Because| match because {
        Because::Line { field, .. } => {
            special.iter().any(|other| field.starts_with(other.as_str()))
        }
        _ => false,
    };
    let found = cite(subject, &[path]);
    let whole = format!("services.{}.{path}", subject.key());
    let below = found
        .iter()
        .any(|because| matches!(because, Because::Line { field, .. } if *field != whole));
    let rest: Vec<Because> = found
        .into_iter()
        .filter(|because| !taken(because))
        // The key of a mapping is covered by what stands below it.
        .filter(|because| {
            !below
                || special.is_empty()
                || !matches!(because, Because::Line { field, .. } if *field == whole)
        })
        .collect();
    rest
}

fn tell(subject: &Subject<'_>, path: &str, fate: &Fate, because: Vec<Because>, log: &mut Log) {
    match fate {
        Needless(why) => log
            .decide(subject, format!("compose.{path}"))
            .chose("nothing to carry over")
            .all(because)
            .rule(rules::DOCKER_ONLY)
            .why(*why),
        Done(field, why) => log
            .decide(subject, format!("compose.{path}"))
            .chose(format!("see {field}"))
            .all(because)
            .rule(rules::DOCKER_ONLY)
            .why(*why),
        Lost(level, message, fix) => {
            let message = format!("`{path}`: {message}");
            log.find(*level, "not-carried-over", Some(subject.key()), message, *fix, because);
        }
    }
}

fn endpoint_mode(subject: &Subject<'_>, log: &mut Log) {
    let Some(mode) = &subject.service.deploy.endpoint_mode else { return };
    let because = vec![subject.line("deploy.endpoint_mode", mode.span)];
    if mode.value == "dnsrr" {
        log.find(
            Level::Note,
            "endpoint-mode",
            Some(subject.key()),
            "the name resolves to one virtual address, not to one address for each replica",
            "clients that balance themselves need a headless Service",
            because,
        );
        return;
    }
    tell(
        subject,
        "deploy.endpoint_mode",
        &Done("Service", "a Service has a virtual address by default"),
        because,
        log,
    );
}

fn ipc(subject: &Subject<'_>, log: &mut Log) {
    let Some(ipc) = &subject.service.ipc else { return };
    let because = vec![subject.line("ipc", ipc.span)];
    let text = ipc.value.as_str();
    match text {
        "host" => {}
        "private" | "none" | "shareable" | "" => {
            let fate = Needless(
                "the containers of a pod share memory with each other and with nobody else",
            );
            tell(subject, "ipc", &fate, because, log);
        }
        _ if subject.shares_pod_of.is_some() => {
            tell(
                subject,
                "ipc",
                &Needless("both are in one pod, which shares its memory"),
                because,
                log,
            );
        }
        _ => log.find(
            Level::Warning,
            "ipc-of-service",
            Some(subject.key()),
            "shared memory ends at the pod, and the other service has a pod of its own",
            "network_mode: service:x puts both into one pod",
            because,
        ),
    }
}

fn network_mode(subject: &Subject<'_>, log: &mut Log) {
    let Some(mode) = &subject.service.network_mode else { return };
    let because = vec![subject.line("network_mode", mode.span)];
    if matches!(mode.value.as_str(), "bridge" | "default") {
        tell(subject, "network_mode", &Needless("pods have an address of their own"), because, log);
    } else if mode.value.starts_with("container:") {
        log.find(
            Level::Warning,
            "network-of-container",
            Some(subject.key()),
            "a container outside the product cannot share its network with a pod",
            "make it a service of the product and write network_mode: service:x",
            because,
        );
    }
}

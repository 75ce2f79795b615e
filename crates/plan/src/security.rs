//! What pods may do: Pod Security "restricted" wherever the image can live with it.

mod capabilities;
mod filesystem;
mod host;
mod identity;

use crate::attributes::{cite, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
pub(crate) use identity::ASSUMED as NOBODY;
use identity::Identity;
use model::plan::{ContainerSecurity, PodSecurity, PodSecurityLevel, VolumeSource};
use model::project::MountKind;
use model::reason::{Because, Certainty, Level, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// The first ports that need no privilege.
const UNPRIVILEGED: u16 = 1024;

/// The sysctl that lets anybody listen on any port of the pod.
const LOW_PORTS: &str = "net.ipv4.ip_unprivileged_port_start";

/// The first minor version of Kubernetes that has user namespaces without a feature gate.
const USER_NAMESPACES: u32 = 33;

/// What a pod may do, and what it needs to write.
#[derive(Debug)]
pub(crate) struct Hardening {
    pub(crate) pod: PodSecurity,
    pub(crate) container: ContainerSecurity,
    /// Writable directories: path, volume, why.
    pub(crate) scratch: Vec<(String, VolumeSource, String)>,
    /// The Pod Security level that the pod needs.
    pub(crate) level: PodSecurityLevel,
}

/// Decides what the service's pod may do. `mounted` are the paths that configuration and storage
/// mount already.
pub(crate) fn harden(
    world: &World<'_>,
    subject: &Subject<'_>,
    mounted: &BTreeSet<String>,
    log: &mut Log,
) -> Hardening {
    host::refuse(subject, log);
    let privileged = subject.service.privileged.as_ref().is_some_and(|said| said.value);
    let mut identity = identity::of(subject);
    let kept = capabilities::decide(subject, &mut identity, log);
    let seccomp = host::seccomp(subject, log);
    let sysctls = sysctls(subject, log);
    let read_only_root = filesystem::read_only(subject, &identity, privileged, log);
    let scratch = filesystem::scratch(subject, read_only_root, mounted, log);
    let user_namespace = user_namespace(world, subject, &identity, privileged, log);
    identity.explain(subject, log);
    let level = level(privileged || !seccomp, identity.root, &kept);
    explain_level(subject, level, &kept, privileged, seccomp, log);
    Hardening {
        pod: PodSecurity {
            non_root: !identity.root,
            user: identity.user,
            group: identity.group,
            fs_group: identity.fs_group,
            groups: identity.groups.clone(),
            sysctls,
            seccomp,
            user_namespace,
        },
        container: ContainerSecurity {
            read_only_root,
            escalation: privileged,
            privileged,
            drop_all: true,
            add: kept.into_iter().collect(),
        },
        scratch,
        level,
    }
}

/// The strictest level that admits the pod.
fn level(privileged: bool, root: bool, kept: &BTreeSet<String>) -> PodSecurityLevel {
    let restricted = kept.iter().all(|capability| capability == "NET_BIND_SERVICE");
    if privileged || !kept.iter().all(|capability| capabilities::in_baseline(capability)) {
        PodSecurityLevel::Privileged
    } else if root || !restricted {
        PodSecurityLevel::Baseline
    } else {
        PodSecurityLevel::Restricted
    }
}

fn explain_level(
    subject: &Subject<'_>,
    level: PodSecurityLevel,
    kept: &BTreeSet<String>,
    privileged: bool,
    seccomp: bool,
    log: &mut Log,
) {
    let rule = if level == PodSecurityLevel::Restricted {
        rules::RESTRICTED
    } else {
        rules::AS_SMALL_AS_CAN_BE
    };
    let mut decide = |field: String, chosen: &str, because: Vec<Because>, why: &str| {
        log.decide(subject, field).chose(chosen).all(because).rule(rule).why(why);
    };
    let said = cite(subject, &["privileged"]);
    let (chosen, why) = if privileged {
        ("true", "the file says privileged")
    } else {
        ("false", "no process may gain more than it starts with")
    };
    decide(subject.container_field("securityContext.privileged"), chosen, said.clone(), why);
    let mut because = said;
    because.extend(host::escalation_lines(subject));
    decide(
        subject.container_field("securityContext.allowPrivilegeEscalation"),
        chosen,
        because,
        why,
    );
    let added = kept.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let chosen =
        if added.is_empty() { "drop ALL".to_owned() } else { format!("drop ALL, add {added}") };
    let because = cite(subject, &["cap_drop", "cap_add"]);
    let why =
        if added.is_empty() { "it needs no capability" } else { "these it cannot work without" };
    decide(subject.container_field("securityContext.capabilities"), &chosen, because, why);
    let why = if seccomp {
        "system calls that containers never need are blocked"
    } else {
        "the file says seccomp:unconfined"
    };
    let chosen = if seccomp { "RuntimeDefault" } else { "Unconfined" };
    decide(subject.pod_field("securityContext.seccompProfile"), chosen, Vec::new(), why);
    if privileged {
        log.find(
            Level::Warning,
            "privileged",
            Some(subject.key()),
            "privileged: true is root on the node; the namespace must admit privileged pods for it",
            "name the capability or device that it needs, or run it outside the cluster",
            cite(subject, &["privileged"]),
        );
    }
}

/// Sysctls that a pod may set, and the one that opens low ports to everybody.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    LOW_PORTS,
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn sysctls(subject: &Subject<'_>, log: &mut Log) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (key, value) in &subject.service.sysctls {
        let because = subject.line(format!("sysctls.{key}"), value.span);
        if SAFE_SYSCTLS.contains(&key.as_str()) {
            explain_sysctls(subject, key, &value.value, because, None, log);
            out.insert(key.clone(), value.value.clone());
        } else {
            log.find(
                Level::Warning,
                "unsafe-sysctl",
                Some(subject.key()),
                format!("the kubelet refuses pods that set `{key}` unless its node allows it"),
                format!("set {key}={} on the nodes", value.value),
                vec![because],
            );
        }
    }
    let low = subject.ports.iter().find(|fact| fact.port < UNPRIVILEGED);
    if let Some(low) = low.filter(|_| !out.contains_key(LOW_PORTS)) {
        explain_sysctls(
            subject,
            LOW_PORTS,
            "0",
            low.because.clone(),
            Some(rules::LOW_PORT_SYSCTL),
            log,
        );
        out.insert(LOW_PORTS.to_owned(), "0".to_owned());
    }
    out
}

fn explain_sysctls(
    subject: &Subject<'_>,
    key: &str,
    value: &str,
    because: Because,
    rule: Option<Rule>,
    log: &mut Log,
) {
    // Items of `sysctls` carry names, which stand in brackets.
    let field = subject.pod_field(&format!("securityContext.sysctls[{key}]"));
    let draft = log.decide(subject, field).chose(format!("{key}={value}")).because(because);
    match rule {
        Some(rule) => draft.rule(rule).why("it listens below port 1024 and has no privilege"),
        None => draft.sure(Certainty::Stated).why("a safe sysctl: it only concerns the pod"),
    }
}

/// Root in the pod is nobody on the node, where nothing stands against it: a claim's file system
/// must support mounts with shifted ids, which NFS and `CephFS` do not.
fn user_namespace(
    world: &World<'_>,
    subject: &Subject<'_>,
    identity: &Identity,
    privileged: bool,
    log: &mut Log,
) -> bool {
    let claims = subject.service.mounts.iter().any(|mount| {
        matches!(mount.kind, MountKind::Named(_) | MountKind::Bind { .. } | MountKind::Anonymous)
    });
    if !identity.root || privileged || claims || world.cluster.minor < USER_NAMESPACES {
        return false;
    }
    let wanted = world.cluster.user_namespaces != Some(false);
    let (chosen, certainty, why) = if wanted {
        (
            "false",
            Certainty::Inferred,
            "it needs root, but only its own: in a user namespace that is nobody on the node",
        )
    } else {
        (
            "unset",
            Certainty::Stated,
            "a container runtime of this cluster has no user namespaces: root in the pod is root on its node",
        )
    };
    log.decide(subject, subject.pod_field("hostUsers"))
        .chose(chosen)
        .because(image_or_own(subject))
        .because(Because::Cluster)
        .rule(rules::AS_SMALL_AS_CAN_BE)
        .sure(certainty)
        .why(why);
    wanted
}

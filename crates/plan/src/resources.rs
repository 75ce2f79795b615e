//! Requests and limits: from the file, else from the image table, else a small start.

mod hints;

use crate::attributes::{cite, image_or_own};
use crate::devices;
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use hints::Hint;
use model::plan::{ResourceList, Resources};
use model::reason::{Because, Certainty, Level};
use units::{Bytes, Cpu};

/// What a container of which nothing is known starts with.
const CPU: Cpu = Cpu::millis(100);
const MEMORY: Bytes = Bytes::mib(128);
const MEMORY_LIMIT: Bytes = Bytes::mib(512);
const EPHEMERAL: Bytes = Bytes::mib(64);
const EPHEMERAL_LIMIT: Bytes = Bytes::mib(1024);

/// Where the file says each number.
const CPU_LIMIT: &[&str] = &["cpus", "deploy.resources.limits.cpus"];
const CPU_REQUEST: &[&str] = &["deploy.resources.reservations.cpus"];
const MEM_LIMIT: &[&str] = &["mem_limit", "deploy.resources.limits.memory"];
const MEM_REQUEST: &[&str] = &["mem_reservation", "deploy.resources.reservations.memory"];
const PIDS: &[&str] =
    &["pids_limit", "deploy.resources.limits.pids", "deploy.resources.reservations.pids"];

/// A request with its limit.
struct Pair<T> {
    request: T,
    limit: T,
}

/// Decides requests and limits of the service's container.
pub(crate) fn resources(_world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Resources {
    let cpu = cpu(subject, log);
    let memory = memory(subject, log);
    let ephemeral = ephemeral(subject, log);
    pids(subject, log);
    let extended = devices::extended(subject);
    Resources {
        requests: ResourceList {
            cpu: Some(cpu.request),
            memory: Some(memory.request),
            ephemeral: Some(ephemeral.request),
            extended: extended.clone(),
        },
        limits: ResourceList {
            cpu: Some(cpu.limit),
            memory: Some(memory.limit),
            ephemeral: Some(ephemeral.limit),
            extended,
        },
    }
}

/// Four times the request, one core at least.
fn roomy(request: Cpu) -> Cpu {
    request.times(4).max(Cpu::millis(1000))
}

fn cpu(subject: &Subject<'_>, log: &mut Log) -> Pair<Cpu> {
    let deploy = &subject.service.deploy;
    // Zero means no limit to Docker.
    let said = |value: &Option<yaml::Spanned<Cpu>>| {
        value.as_ref().map(|cpu| cpu.value).filter(|cpu| cpu.as_millis() > 0)
    };
    let (limit, request) = (said(&deploy.limits.cpu), said(&deploy.reservations.cpu));
    let table =
        subject.family().map_or(CPU, |family| Cpu::millis(u64::from(family.resources.cpu_m)));
    let pair = match (request, limit) {
        (Some(request), Some(limit)) => Pair { request: request.min(limit), limit },
        (None, Some(limit)) => Pair { request: table.min(limit), limit },
        (Some(request), None) => Pair { request, limit: roomy(request) },
        (None, None) => Pair { request: table, limit: roomy(table) },
    };
    let sides = Sides { name: "cpu", request: CPU_REQUEST, limit: CPU_LIMIT };
    sides.explain(
        subject,
        (request.is_some(), pair.request),
        (limit.is_some(), pair.limit),
        &[],
        log,
    );
    if request > limit && limit.is_some() {
        above(subject, "CPU", &sides, log);
    }
    pair
}

fn memory(subject: &Subject<'_>, log: &mut Log) -> Pair<Bytes> {
    let deploy = &subject.service.deploy;
    let said = |value: &Option<yaml::Spanned<Bytes>>| {
        value.as_ref().map(|bytes| bytes.value).filter(|bytes| bytes.get() > 0)
    };
    let (limit, request) = (said(&deploy.limits.memory), said(&deploy.reservations.memory));
    let table =
        subject.family().map_or(Pair { request: MEMORY, limit: MEMORY_LIMIT }, |family| Pair {
            request: Bytes::mib(family.resources.memory_mi.into()),
            limit: Bytes::mib(family.resources.memory_limit_mi.into()),
        });
    let hint = hints::largest(subject);
    let needed = hint.as_ref().map_or(Bytes::new(0), |hint| hint.needs);
    let shm = devices::shared_memory(subject).map_or(0, |shm| shm.size.get());
    let start = table.request.max(needed);
    let room =
        |request: Bytes| Bytes::new(table.limit.max(needed).max(request).get().saturating_add(shm));
    let pair = match (request, limit) {
        (Some(request), Some(limit)) => Pair { request: request.min(limit), limit },
        (None, Some(limit)) => Pair { request: start.min(limit), limit },
        (Some(request), None) => Pair { request, limit: room(request.times(2)) },
        (None, None) => Pair { request: start, limit: room(start) },
    };
    let sides = Sides { name: "memory", request: MEM_REQUEST, limit: MEM_LIMIT };
    let extra: Vec<Because> = hint.iter().map(|hint| hint.because.clone()).collect();
    sides.explain(
        subject,
        (request.is_some(), pair.request),
        (limit.is_some(), pair.limit),
        &extra,
        log,
    );
    if request > limit && limit.is_some() {
        above(subject, "memory", &sides, log);
    }
    if let Some(hint) = hint.filter(|hint| hint.said > pair.limit) {
        too_small(subject, &hint, pair.limit, log);
    }
    pair
}

/// What one kind of resource is called, here and in the file.
struct Sides {
    name: &'static str,
    request: &'static [&'static str],
    limit: &'static [&'static str],
}

impl Sides {
    /// Files a decision for the request and one for the limit.
    fn explain<T: std::fmt::Display>(
        &self,
        subject: &Subject<'_>,
        (said_request, request): (bool, T),
        (said_limit, limit): (bool, T),
        extra: &[Because],
        log: &mut Log,
    ) {
        for (side, said, amount, paths) in [
            ("requests", said_request, &request, self.request),
            ("limits", said_limit, &limit, self.limit),
        ] {
            let field = subject.container_field(&format!("resources.{side}.{}", self.name));
            let other = if side == "requests" { said_limit } else { said_request };
            let mut draft =
                log.decide(subject, field).chose(amount.to_string()).all(cite(subject, paths));
            if said {
                draft.sure(Certainty::Stated).why("as the file says");
                continue;
            }
            draft = draft
                .because(image_or_own(subject))
                .all(extra.iter().cloned())
                .rule(rules::DEFAULT_RESOURCES);
            if self.name == "cpu" && side == "limits" {
                draft = draft.rule(rules::CPU_LIMIT_ROOMY);
            }
            draft.sure(certainty(subject)).why(why(subject, side, other, !extra.is_empty()));
        }
    }
}

fn certainty(subject: &Subject<'_>) -> Certainty {
    subject
        .known
        .as_ref()
        .map_or(Certainty::Assumed, |known| known.certainty.max(Certainty::Inferred))
}

fn why(subject: &Subject<'_>, side: &str, other: bool, hinted: bool) -> String {
    let start = match subject.family() {
        Some(family) => match &family.resources.why {
            Some(why) => format!("a small {}: {why}", family.title),
            None => format!("what a small {} takes", family.title),
        },
        None => "a small start, to be corrected by measurement".to_owned(),
    };
    match (hinted, other, side) {
        (true, _, _) => format!("{start}; and room for the memory that its own settings claim"),
        (false, true, "requests") => {
            format!("the file only says the limit; {start}, never above the limit")
        }
        (false, true, _) => {
            "the file only says the reservation; the limit leaves room above it".to_owned()
        }
        _ => start,
    }
}

fn ephemeral(subject: &Subject<'_>, log: &mut Log) -> Pair<Bytes> {
    let pair =
        subject.family().map_or(Pair { request: EPHEMERAL, limit: EPHEMERAL_LIMIT }, |family| {
            Pair {
                request: Bytes::mib(family.resources.ephemeral_mi.into()),
                limit: Bytes::mib(family.resources.ephemeral_limit_mi.into()),
            }
        });
    for (side, amount) in [("requests", pair.request), ("limits", pair.limit)] {
        log.decide(subject, subject.container_field(&format!("resources.{side}.ephemeral-storage")))
            .chose(amount.to_string())
            .because(image_or_own(subject))
            .rule(rules::DEFAULT_RESOURCES)
            .sure(certainty(subject))
            .why("logs, the writable layer and scratch volumes share the node's disk: nobody may fill it");
    }
    pair
}

fn above(subject: &Subject<'_>, what: &str, sides: &Sides, log: &mut Log) {
    let mut because = cite(subject, sides.request);
    because.extend(cite(subject, sides.limit));
    log.find(
        Level::Note,
        "reservation-above-limit",
        Some(subject.key()),
        format!("the {what} reservation is above the limit; Kubernetes refuses that, so the limit is reserved"),
        "lower the reservation or raise the limit",
        because,
    );
}

fn too_small(subject: &Subject<'_>, hint: &Hint, limit: Bytes, log: &mut Log) {
    let mut because = cite(subject, MEM_LIMIT);
    because.push(hint.because.clone());
    log.find(
        Level::Warning,
        "memory-limit-below-heap",
        Some(subject.key()),
        format!(
            "{} asks for {} and the limit is {limit}: the kernel will kill it",
            hint.what, hint.said
        ),
        format!("raise the memory limit to {}", hint.needs),
        because,
    );
}

/// Kubernetes bounds processes per node, not per container.
fn pids(subject: &Subject<'_>, log: &mut Log) {
    let because = cite(subject, PIDS);
    if because.is_empty() {
        return;
    }
    log.find(
        Level::Note,
        "pids-limit",
        Some(subject.key()),
        "a pod cannot bound its number of processes; the kubelet does it for every pod of a node",
        "set podPidsLimit in the kubelet's configuration if the bound matters",
        because,
    );
}

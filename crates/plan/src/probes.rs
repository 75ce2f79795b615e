//! Startup, readiness and liveness.
//!
//! A health check of the file is worth most, then the image table, then a bare port. Compose never
//! restarts an unhealthy container, so a health check never becomes the liveness probe: that one
//! only asks whether the port still opens, patiently, and never depends on another service.

mod healthcheck;
mod lookups;
mod secrets;
mod shell;

use crate::attributes::{cite, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::{PortFact, Shape, Subject, World};
use model::plan::{Check, Kind, Pod, Probe, Probes};
use model::project::{HealthTest, Protocol};
use model::reason::{Because, Certainty, Rule};
use units::Seconds;

pub(crate) use lookups::has_shell;

/// Probes that were found, and why.
struct Chosen {
    probes: Probes,
    why: String,
    because: Vec<Because>,
    rule: Rule,
    certainty: Certainty,
}

/// How long a container without a probe must run before it counts.
const SETTLED_BLIND: Seconds = Seconds(5);
/// How long a replica of a set must be ready before the next one is replaced.
const SETTLED_REPLICA: Seconds = Seconds(10);
/// How often a starting container is asked.
const BRISK: Seconds = Seconds(2);

/// Decides the probes of the service's container.
pub(crate) fn probes(_world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Probes {
    if matches!(subject.shape, Shape::Job | Shape::CronJob) {
        return of_job(subject, log);
    }
    let disabled = subject
        .service
        .healthcheck
        .as_ref()
        .and_then(|check| check.test.as_ref())
        .is_some_and(|test| test.value == HealthTest::Disabled);
    let chosen = (!disabled)
        .then(|| healthcheck::of_file(subject, log))
        .flatten()
        .or_else(|| of_dockerfile_or_image(subject, log))
        .or_else(|| of_port(subject));
    let mut extra = Vec::new();
    if disabled {
        extra = cite(subject, &["healthcheck"]);
    }
    match chosen {
        Some(chosen) => written_down(subject, chosen, &extra, log),
        None => nothing_to_probe(subject, extra, log),
    }
}

/// A job is done when it ends: there is nothing to wait for and nothing to restart.
fn of_job(subject: &Subject<'_>, log: &mut Log) -> Probes {
    log.decide(subject, subject.container_field("readinessProbe"))
        .chose("no probes")
        .because(subject.own_line())
        .all(cite(subject, &["healthcheck"]))
        .rule(rules::ONE_SHOT_IS_JOB)
        .why("a job is judged by its exit status; a probe could only kill it before it ends");
    Probes::default()
}

/// For ordinary services the Dockerfile knows more than its base; a database's probes are the
/// table's, which know about recovery.
fn of_dockerfile_or_image(subject: &Subject<'_>, log: &mut Log) -> Option<Chosen> {
    if subject.is_data_store() {
        lookups::of_image(subject).or_else(|| healthcheck::of_dockerfile(subject, log))
    } else {
        healthcheck::of_dockerfile(subject, log).or_else(|| lookups::of_image(subject))
    }
}

/// All that is known is a port.
fn of_port(subject: &Subject<'_>) -> Option<Chosen> {
    let port = main_port(subject)?;
    let sure = is_sure(port);
    let why = format!(
        "nothing says how it tells its health; port {} must accept connections{}",
        port.port,
        if sure { "" } else { ", which is no more than likely: nothing restarts for its sake" }
    );
    Some(Chosen {
        probes: Probes {
            startup: sure.then(|| probe(Check::Tcp(port.port), 5, 5, 60)),
            readiness: Some(probe(Check::Tcp(port.port), 10, 5, 3)),
            liveness: sure.then(|| patient(port.port)),
        },
        why,
        because: vec![port.because.clone()],
        rule: rules::PROBE_FROM_PORT,
        certainty: port.certainty.max(Certainty::Assumed),
    })
}

/// Whether somebody who knows the program says that it listens there: the file, the image table or
/// its Dockerfile. Peers and a `PORT` may be wrong, and a probe on a dead port restarts for ever.
fn is_sure(port: &PortFact) -> bool {
    port.certainty <= Certainty::Known || matches!(port.because, Because::File { .. })
}

/// Ports at which people expect a service's main face, the most usual first.
const USUAL: &[u16] = &[80, 8080, 8000, 3000, 5000, 443, 8443];

/// The TCP port that stands for the service: the image's main port, else one that speaks HTTP,
/// published before exposed and usual before odd, else the first; a port that only serves metrics
/// comes last.
pub(crate) fn main_port<'s>(subject: &'s Subject<'_>) -> Option<&'s PortFact> {
    let tcp = || subject.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    let table = subject.family().and_then(catalog::Family::main_port).map(|port| port.port);
    let rank = |port: &&PortFact| {
        let usual = USUAL.iter().position(|usual| *usual == port.port).unwrap_or(USUAL.len());
        (!port.published, usual, port.port)
    };
    tcp()
        .find(|port| Some(port.port) == table)
        .or_else(|| tcp().filter(|port| port.http && port.name != "metrics").min_by_key(rank))
        .or_else(|| tcp().find(|port| port.name != "metrics"))
        .or_else(|| tcp().next())
}

/// Whether the service listens on this TCP port for others than itself.
pub(super) fn listens(subject: &Subject<'_>, port: u16) -> bool {
    subject.ports.iter().any(|fact| fact.port == port && fact.protocol == Protocol::Tcp)
}

/// A probe from numbers.
pub(super) const fn probe(check: Check, period: u32, timeout: u32, failures: u32) -> Probe {
    Probe { check, period: Seconds(period), timeout: Seconds(timeout), failures }
}

/// A liveness probe that gives a busy process two minutes.
pub(super) const fn patient(port: u16) -> Probe {
    probe(Check::Tcp(port), 20, 10, 6)
}

/// The liveness probe beside a health check: the image table's, if it fits, else the main port.
pub(super) fn liveness(subject: &Subject<'_>) -> Option<Probe> {
    let port = || main_port(subject).filter(|port| is_sure(port));
    lookups::fitting_liveness(subject).or_else(|| port().map(|port| patient(port.port)))
}

/// A start is noticed soon: asked every two seconds, with the same patience in all. Readiness only
/// begins when it passed.
fn brisk(mut startup: Probe) -> Probe {
    if startup.period.0 > BRISK.0 {
        let patience = startup.period.0.saturating_mul(startup.failures);
        startup.failures = patience.div_ceil(BRISK.0);
        startup.period = BRISK;
    }
    startup
}

fn written_down(subject: &Subject<'_>, chosen: Chosen, extra: &[Because], log: &mut Log) -> Probes {
    let Chosen { mut probes, why, because, rule, certainty } = chosen;
    probes.startup = probes.startup.map(brisk);
    let named = [("startupProbe", &probes.startup), ("readinessProbe", &probes.readiness)];
    for (name, probe) in named {
        let Some(probe) = probe else { continue };
        let mut draft = log
            .decide(subject, subject.container_field(name))
            .chose(say(probe))
            .all(because.clone())
            .all(extra.iter().cloned())
            .rule(rule)
            .sure(certainty);
        if subject.is_data_store() {
            draft = draft.rule(rules::PROBES_SPARE_RECOVERY);
        }
        draft.why(why.clone());
    }
    explain_liveness(subject, &probes, rule, log);
    probes
}

fn explain_liveness(subject: &Subject<'_>, probes: &Probes, rule: Rule, log: &mut Log) {
    let field = subject.container_field("livenessProbe");
    let draft = log.decide(subject, field).because(image_or_own(subject)).rule(rule);
    match &probes.liveness {
        Some(probe) => draft.chose(say(probe)).sure(Certainty::Inferred).why(
            "a restart only helps a process that no longer answers itself; what readiness sees may lie elsewhere",
        ),
        None => draft.chose("none").rule(rules::NO_PROBE_WITHOUT_PORT).sure(Certainty::Inferred).why(
            "no check is known that fails only when a restart would help",
        ),
    }
}

fn nothing_to_probe(subject: &Subject<'_>, extra: Vec<Because>, log: &mut Log) -> Probes {
    let why = if subject.ports.is_empty() {
        "it listens on no known port and has no health check"
    } else {
        "it listens on UDP only, which no probe can ask, and has no health check"
    };
    log.decide(subject, subject.container_field("readinessProbe"))
        .chose("no probes")
        .because(subject.own_line())
        .all(extra)
        .rule(rules::NO_PROBE_WITHOUT_PORT)
        .sure(Certainty::Assumed)
        .why(why);
    Probes::default()
}

/// How long a pod must be ready before it counts. Where no probe looks inside, a container is ready
/// as soon as it runs, also one that crashes right after.
pub(crate) fn min_ready(subject: &Subject<'_>, kind: &Kind, pod: &Pod, log: &mut Log) -> Seconds {
    let blind = pod.containers.iter().any(|it| it.probes.readiness.is_none());
    let (seconds, why) = match kind {
        Kind::Job(_) | Kind::CronJob { .. } => return Seconds(0),
        Kind::StatefulSet { replicas: 2.., .. } => {
            (SETTLED_REPLICA, "a replica must have settled before the next one is replaced")
        }
        _ if blind => {
            (SETTLED_BLIND, "no probe looks inside: it counts when it has run for a while")
        }
        _ => return Seconds(0),
    };
    log.decide(subject, "spec.minReadySeconds")
        .chose(seconds.0.to_string())
        .because(subject.own_line())
        .rule(rules::COUNTS_WHEN_SETTLED)
        .sure(Certainty::Assumed)
        .why(why);
    seconds
}

/// A probe in few words.
fn say(probe: &Probe) -> String {
    let what = match &probe.check {
        Check::Exec(words) => format!("exec {}", words.first().map_or("", String::as_str)),
        Check::Http { path, port, https, .. } => {
            format!("GET {}://:{port}{path}", if *https { "https" } else { "http" })
        }
        Check::Tcp(port) => format!("TCP {port}"),
        Check::Grpc(port) => format!("gRPC {port}"),
    };
    format!("{what}, every {} s, {} failures", probe.period.0, probe.failures)
}

//! Health checks of Compose files and Dockerfiles as probes.

use super::shell::{Recognised, recognise};
use super::{Chosen, has_shell, listens, liveness, lookups, main_port, probe, secrets};
use crate::attributes::{cite_or_own, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use model::plan::{Check, Probe, Probes};
use model::project::{HealthTest, Healthcheck};
use model::reason::{Because, Certainty, Level};

/// Docker's defaults, in seconds and attempts.
const INTERVAL: u32 = 30;
const TIMEOUT: u32 = 30;
const RETRIES: u32 = 3;

/// A start may take five minutes even if the file says less: Compose would only have called the
/// container unhealthy, Kubernetes restarts it.
const START_PATIENCE: u32 = 300;

/// How often a starting container is asked at most; Docker asks every five seconds.
const START_PERIOD: u32 = 10;

/// The probes that the Compose file's health check asks for.
pub(super) fn of_file(subject: &Subject<'_>, log: &mut Log) -> Option<Chosen> {
    let health = subject.service.healthcheck.as_ref()?;
    let because = cite_or_own(subject, &["healthcheck"]);
    if let Some(test) = &health.test {
        let (check, why) = check_of(subject, &test.value, &because, log)?;
        return Some(chosen(subject, health, check, &why, because, Certainty::Stated));
    }
    // Only the times are said: the test is the image's own.
    let test = subject
        .dockerfile
        .and_then(|facts| facts.healthcheck.as_ref())
        .and_then(|own| own.test.as_ref());
    if let Some(test) = test {
        let (check, why) = check_of(subject, &test.value, &because, log)?;
        return Some(chosen(subject, health, check, &why, because, Certainty::Stated));
    }
    let table = lookups::of_image(subject)?;
    let own = table.probes.readiness.or(table.probes.startup)?;
    let mut because = because;
    because.push(image_or_own(subject));
    let why = "the test is the image's, the times are the file's";
    let mut chosen = chosen(subject, health, own.check, why, because, table.certainty);
    for probe in chosen.probes.startup.iter_mut().chain(&mut chosen.probes.readiness) {
        // Whoever chose the times did not know this test.
        probe.timeout = probe.timeout.max(own.timeout);
    }
    Some(chosen)
}

/// The probes that the Dockerfile's `HEALTHCHECK` asks for.
pub(super) fn of_dockerfile(subject: &Subject<'_>, log: &mut Log) -> Option<Chosen> {
    let facts = subject.dockerfile.filter(|_| !subject.another_command)?;
    let health = facts.healthcheck.as_ref()?;
    let test = health.test.as_ref()?;
    let because = vec![Because::File { path: facts.path.clone() }];
    let (check, why) = check_of(subject, &test.value, &because, log)?;
    Some(chosen(subject, health, check, &why, because, Certainty::Known))
}

fn chosen(
    subject: &Subject<'_>,
    health: &Healthcheck,
    check: Check,
    why: &str,
    because: Vec<Because>,
    certainty: Certainty,
) -> Chosen {
    let (mut startup, readiness) = timed(subject, health, check);
    if let Some(port) = main_port(subject).filter(|_| subject.is_data_store()) {
        // While an entrypoint creates the data, its temporary server answers by the socket or on
        // localhost only: a health check that asks there would end the start too early.
        startup.check = Check::Tcp(port.port);
    }
    let start = startup.period.0.saturating_mul(startup.failures);
    Chosen {
        why: format!("{why}; a start may take {start} s before it counts as failed"),
        probes: Probes {
            startup: Some(startup),
            readiness: Some(readiness),
            liveness: liveness(subject),
        },
        because,
        rule: rules::PROBE_FROM_HEALTHCHECK,
        certainty,
    }
}

/// Docker's times in Kubernetes' words. A zero means Docker's default.
fn timed(subject: &Subject<'_>, health: &Healthcheck, check: Check) -> (Probe, Probe) {
    let seconds = |field: &Option<yaml::Spanned<units::Seconds>>| {
        field.as_ref().map(|value| value.value.0).filter(|value| *value > 0)
    };
    let interval = seconds(&health.interval).unwrap_or(INTERVAL);
    let timeout = seconds(&health.timeout).unwrap_or(TIMEOUT).min(interval.max(5));
    let retries = health.retries.as_ref().map(|n| n.value).filter(|n| *n > 0).unwrap_or(RETRIES);
    let start_interval = seconds(&health.start_interval).unwrap_or(interval.min(START_PERIOD));
    let patience = seconds(&health.start_period)
        .unwrap_or(0)
        .saturating_add(interval.saturating_mul(retries))
        .max(START_PATIENCE)
        .max(lookups::startup_patience(subject));
    let startup = probe(check.clone(), start_interval, timeout, patience.div_ceil(start_interval));
    (startup, probe(check, interval, timeout, retries))
}

/// What the test does, in Kubernetes' words, and why so. `None` where nothing can stand for it.
fn check_of(
    subject: &Subject<'_>,
    test: &HealthTest,
    because: &[Because],
    log: &mut Log,
) -> Option<(Check, String)> {
    match recognise(subject, test) {
        Some(Recognised::Http { port, path, https, host }) if listens(subject, port) => {
            let why = "the tool only asks an address of its own container: the kubelet asks itself";
            return Some((Check::Http { path, port, https, host }, why.to_owned()));
        }
        Some(Recognised::Tcp { port, why }) if listens(subject, port) => {
            return Some((Check::Tcp(port), why.to_owned()));
        }
        Some(Recognised::Grpc { port }) => {
            return Some((
                Check::Grpc(port),
                "the kubelet speaks gRPC health checks itself".to_owned(),
            ));
        }
        // A port that nobody else uses may be bound to localhost, where the kubelet is not.
        _ => {}
    }
    match test {
        HealthTest::Disabled => None,
        HealthTest::Shell(_) if !has_shell(subject).0 => {
            Some(without_shell(subject, because, log)?)
        }
        _ => match secrets::without(subject, test) {
            Ok(words) => Some((Check::Exec(words), "as the file checks it".to_owned())),
            Err(what) => with_secret(subject, &what, because, log),
        },
    }
}

fn without_shell(
    subject: &Subject<'_>,
    because: &[Because],
    log: &mut Log,
) -> Option<(Check, String)> {
    log.find(
        Level::Note,
        "healthcheck-without-shell",
        Some(subject.key()),
        "the health check needs /bin/sh, which the image does not have",
        "write the test as a list that starts with CMD and names a program of the image",
        because.to_vec(),
    );
    fallback(subject, "the image has no shell to run the health check")
}

fn with_secret(
    subject: &Subject<'_>,
    what: &str,
    because: &[Because],
    log: &mut Log,
) -> Option<(Check, String)> {
    log.find(
        Level::Warning,
        "secret-in-healthcheck",
        Some(subject.key()),
        format!("the health check holds a password ({what}); a pod's spec is no place for it"),
        "read it from the environment with $$NAME",
        because.to_vec(),
    );
    fallback(subject, "the health check holds a password, which must not stand in a pod's spec")
}

/// The next best check: the table's, else the port.
fn fallback(subject: &Subject<'_>, why: &str) -> Option<(Check, String)> {
    let table = lookups::of_image(subject)
        .and_then(|table| table.probes.readiness)
        .map(|probe| probe.check);
    let port = || main_port(subject).map(|port| Check::Tcp(port.port));
    Some((table.or_else(port)?, why.to_owned()))
}

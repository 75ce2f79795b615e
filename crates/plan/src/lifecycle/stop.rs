//! The signal that ends a container.

use crate::attributes::cite;
use crate::log::Log;
use crate::probes::has_shell;
use crate::world::{Subject, World};
use model::reason::{Certainty, Level};

/// `lifecycle.stopSignal` works without a feature gate from this minor version on.
const STOP_SIGNAL: u32 = 37;

/// Signals by number, for files that say `stop_signal: 2`.
const NUMBERS: &[(u8, &str)] = &[
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (9, "KILL"),
    (10, "USR1"),
    (12, "USR2"),
    (15, "TERM"),
    (28, "WINCH"),
    (37, "RTMIN+3"),
];

/// How a signal that is not the image's own reaches the process.
#[derive(Default)]
pub(super) struct Signal {
    /// `lifecycle.stopSignal`.
    pub(super) field: Option<String>,
    /// A script for the hook before the stop.
    pub(super) hook: Option<String>,
}

/// Decides about `stop_signal`. The kubelet honours what the image declares; only a difference
/// needs words.
pub(super) fn signal(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Signal {
    let Some(said) = &subject.service.stop_signal else { return Signal::default() };
    let Some(name) = named(&said.value) else { return unknown(subject, log) };
    let because = cite(subject, &["stop_signal"]);
    let field = subject.container_field("lifecycle.stopSignal");
    if name == declared(subject) {
        log.decide(subject, field)
            .chose("the image's own")
            .all(because)
            .sure(Certainty::Stated)
            .why(format!("SIG{name} is what the kubelet sends anyway"));
        return Signal::default();
    }
    if world.cluster.minor >= STOP_SIGNAL {
        log.decide(subject, field)
            .chose(format!("SIG{name}"))
            .all(because)
            .sure(Certainty::Stated)
            .why("as the file says");
        return Signal { field: Some(format!("SIG{name}")), hook: None };
    }
    // With `init: true` the container's first process is not the service.
    let first = !subject.service.init.as_ref().is_some_and(|init| init.value);
    if has_shell(subject).0 && first && !name.contains('+') {
        log.decide(subject, subject.container_field("lifecycle.preStop"))
            .chose(format!("kill -s {name} 1, and wait"))
            .all(because)
            .sure(Certainty::Inferred)
            .why(
                "this version of Kubernetes cannot choose the signal, but a hook can send it first",
            );
        let hook = format!("kill -s {name} 1; while kill -0 1 2>/dev/null; do sleep 1; done");
        return Signal { field: None, hook: Some(hook) };
    }
    log.find(
        Level::Warning,
        "stop-signal",
        Some(subject.key()),
        format!("the service wants SIG{name} to stop, and this cluster can only send what the image declares"),
        format!("declare STOPSIGNAL SIG{name} in the image"),
        because,
    );
    Signal::default()
}

fn unknown(subject: &Subject<'_>, log: &mut Log) -> Signal {
    log.find(
        Level::Warning,
        "stop-signal",
        Some(subject.key()),
        "the stop signal has no name that is known",
        "write SIGTERM, SIGINT or SIGQUIT",
        cite(subject, &["stop_signal"]),
    );
    Signal::default()
}

/// What the image declares, without `SIG`.
fn declared(subject: &Subject<'_>) -> String {
    let own = subject.dockerfile.and_then(|facts| facts.stop_signal.as_deref());
    let table = subject.family().and_then(|family| family.stop.signal.as_deref());
    own.or(table).and_then(named).unwrap_or_else(|| "TERM".to_owned())
}

/// A signal's name without `SIG`.
fn named(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    if let Ok(number) = text.parse::<u8>() {
        return NUMBERS
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, name)| (*name).to_owned());
    }
    let name = text.strip_prefix("SIG").unwrap_or(&text);
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    fits.then(|| name.to_owned())
}

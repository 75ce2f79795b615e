//! How a container starts and stops: hooks, signal, and the time it gets.

mod stop;

use crate::attributes::{cite, cite_or_own, image_or_own};
use crate::log::Log;
use crate::probes::has_shell;
use crate::rules;
use crate::world::{Shape, Subject, World};
use model::plan::{Lifecycle, PreStop};
use model::project::Hook;
use model::reason::{Certainty, Level};
use units::Seconds;

/// Kubernetes' own default.
const GRACE: u32 = 30;

/// A database that is killed while it writes recovers for longer than it would have taken to stop.
const GRACE_DATA: u32 = 60;

/// How long an endpoint may take to vanish from every proxy.
const DRAIN: u32 = 5;

/// `preStop.sleep` needs no shell from this minor version on.
const SLEEP_ACTION: u32 = 30;

/// Decides hooks and signal of the container, and the grace period of the pod.
pub(crate) fn lifecycle(
    world: &World<'_>,
    subject: &Subject<'_>,
    log: &mut Log,
) -> (Lifecycle, Seconds) {
    let post_start = hook(subject, "post_start", log);
    let hooked = hook(subject, "pre_stop", log);
    let drain = drain(subject);
    let signal = stop::signal(world, subject, log);
    let pre_stop = match (hooked, signal.hook, drain) {
        (Some(command), ..) => Some(PreStop::Exec(command)),
        (None, Some(script), drain) => {
            let wait = drain.map_or(String::new(), |seconds| format!("sleep {seconds}; "));
            explain_sleep(subject, drain, log);
            Some(PreStop::Exec(shell(&format!("{wait}{script}"))))
        }
        (None, None, Some(seconds)) => {
            explain_sleep(subject, Some(seconds), log);
            sleep(world, subject, seconds)
        }
        (None, None, None) => None,
    };
    let grace = grace(subject, drain.unwrap_or(0), log);
    (Lifecycle { post_start, pre_stop, stop_signal: signal.field }, grace)
}

/// A script for `/bin/sh`.
fn shell(script: &str) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()]
}

/// Seconds to wait before the signal: only where a rollout replaces pods behind a Service.
fn drain(subject: &Subject<'_>) -> Option<u32> {
    let stated = subject.family().and_then(|family| family.stop.pre_stop_sleep);
    let behind_service = subject.shape == Shape::Deployment && !subject.ports.is_empty();
    behind_service.then(|| stated.unwrap_or(DRAIN)).filter(|seconds| *seconds > 0)
}

fn sleep(world: &World<'_>, subject: &Subject<'_>, seconds: u32) -> Option<PreStop> {
    if world.cluster.minor >= SLEEP_ACTION {
        return Some(PreStop::Sleep(Seconds(seconds)));
    }
    has_shell(subject).0.then(|| PreStop::Exec(shell(&format!("sleep {seconds}"))))
}

fn explain_sleep(subject: &Subject<'_>, drain: Option<u32>, log: &mut Log) {
    let Some(seconds) = drain else { return };
    log.decide(subject, subject.container_field("lifecycle.preStop"))
        .chose(format!("{seconds} s"))
        .because(image_or_own(subject))
        .rule(rules::ROLL_WITHOUT_GAP)
        .sure(Certainty::Inferred)
        .why("requests still arrive until every proxy has forgotten the pod");
}

/// The hooks of one phase as one command.
fn hook(subject: &Subject<'_>, phase: &str, log: &mut Log) -> Option<Vec<String>> {
    let hooks: Vec<&Hook> =
        subject.service.hooks.iter().filter(|hook| hook.phase == phase).collect();
    let first = hooks.first()?;
    let because = cite_or_own(subject, &[phase]);
    if hooks.iter().any(|hook| hook.user.is_some()) {
        log.find(
            Level::Warning,
            "hook-user",
            Some(subject.key()),
            format!("a {phase} hook runs as the container's user, not as another"),
            "do what needs another user in an init container",
            because.clone(),
        );
    }
    let field = if phase == "post_start" { "lifecycle.postStart" } else { "lifecycle.preStop" };
    log.decide(subject, subject.container_field(field))
        .chose("exec")
        .all(because)
        .sure(Certainty::Stated)
        .why("the same hook; Kubernetes restarts a container whose postStart fails");
    if hooks.len() == 1 {
        return Some(first.command.clone());
    }
    let joined = hooks.iter().map(|hook| quoted(&hook.command)).collect::<Vec<_>>().join(" && ");
    Some(shell(&joined))
}

/// Words as a shell would read them back.
fn quoted(words: &[String]) -> String {
    words
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The grace period covers the wait before the signal.
fn grace(subject: &Subject<'_>, drain: u32, log: &mut Log) -> Seconds {
    let table = subject.family().and_then(|family| family.stop.grace);
    let least = if subject.is_data_store() { GRACE_DATA } else { 0 };
    let said = subject.service.stop_grace_period.as_ref().map(|said| said.value.0);
    let (base, why) = match (said, table) {
        (Some(said), _) if said < least => {
            (least, "the file says less, which a data store does not get away with")
        }
        (Some(said), _) => (said, "as the file says, and the wait before the signal on top"),
        (None, Some(table)) => {
            (table.max(least), "what the image may need to end; Docker would kill it after 10 s")
        }
        (None, None) => (GRACE.max(least), "Kubernetes' default; Docker would kill it after 10 s"),
    };
    let total = base.saturating_add(drain).max(1);
    let mut draft = log
        .decide(subject, subject.pod_field("terminationGracePeriodSeconds"))
        .chose(format!("{total} s"))
        .all(cite(subject, &["stop_grace_period"]))
        .sure(if said.is_some() { Certainty::Stated } else { Certainty::Inferred });
    if said.is_none() {
        draft = draft.because(image_or_own(subject));
    }
    draft.why(why);
    Seconds(total)
}

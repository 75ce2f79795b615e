//! How containers behave: what a pod's annotations and the table of images say of them.
//!
//! An annotation `muster.dev/NAME` means all containers of a pod except its init containers;
//! `muster.dev/NAME.CONTAINER` means one container, of whichever kind. Durations are in seconds and
//! may have a fraction. Of the names below, what the pod says goes before what its image says.
//!
//! | Name | Meaning |
//! |---|---|
//! | `image` | `missing`: it cannot be pulled; so are those of registries below `.invalid` |
//! | `pull-seconds` | how long its pull takes; without it, it is there already |
//! | `start-seconds` | from the pull to the start |
//! | `ready-seconds` | how much longer than its probes ask it takes to be ready, or `never` |
//! | `live-seconds` | after this time its liveness probe fails |
//! | `run-seconds` | it ends after this time |
//! | `exit-code` | with which it ends; one that is not 0 makes it end at all |
//! | `stop-seconds` | how long it takes to stop when it is asked |
//!
//! What nobody says of an end follows from the command line, where that is plain ([`program`]).
//!
//! [`program`]: crate::program

use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::tree::{Text, Value};

/// What is said of an image, by the names above.
pub type Script = BTreeMap<Text, Text>;

const PREFIX: &str = "muster.dev/";
/// From the binding, or from the end of the container before, to the start.
const START: Duration = Duration::from_secs(1);
const STOP: Duration = Duration::from_secs(1);
/// How long something runs that is meant to end.
const RUN: Duration = Duration::from_secs(5);
/// How long the time is that something crashes after, if only its exit code is said.
const CRASH: Duration = Duration::from_secs(1);

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It ends before the next starts.
    Init,
    /// It starts before the next, and stays.
    Sidecar,
    Main,
    /// Somebody added it to look at the others.
    Ephemeral,
}

impl Role {
    /// Where such containers stand in a pod.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Init | Self::Sidecar => "initContainers",
            Self::Main => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// When containers are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    Always,
    OnFailure,
    Never,
}

/// Whether there is an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Image {
    Present,
    /// It has to be pulled, which takes this long.
    Pulled(Duration),
    Missing,
}

/// From a container's start to its end, with the exit code.
pub(super) type End = (Duration, i64);

/// Where the last words of a container come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessagePolicy {
    File,
    /// From its log, if it failed and said nothing else.
    FileOrLog,
}

/// Where it is known from when a container is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Its probe is asked.
    Asked,
    /// It is said of it.
    Said,
}

/// How a container behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    pub(super) image: Image,
    pub(super) start: Duration,
    /// From its start until it is ready; never, if there is none.
    pub(super) ready: Option<Duration>,
    pub(super) readiness: Readiness,
    /// From its start until its liveness probe fails.
    pub(super) live: Option<Duration>,
    /// From its start until its startup probe has passed.
    pub(super) started: Duration,
    /// The exit code, as it is said of it.
    pub(super) code: Option<i64>,
    /// How it ends, as it is said of it.
    pub(super) said: Option<End>,
    /// How it ends, if its program does not say it.
    pub(super) usual: Option<End>,
    pub(super) message: MessagePolicy,
    pub(super) stop: Duration,
}

/// What is said of a container, by whoever says it first.
struct Said<'a> {
    annotations: Option<&'a Value>,
    container: &'a str,
    role: Role,
    script: Option<&'a Script>,
}

impl Said<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let annotation = |key: String| self.annotations?.str_at(&[&key]);
        let own = annotation(format!("{PREFIX}{name}.{}", self.container));
        let shared = || match self.role {
            Role::Main => annotation(format!("{PREFIX}{name}")),
            Role::Init | Role::Sidecar | Role::Ephemeral => None,
        };
        own.or_else(shared).or_else(|| self.script?.get(name).map(Text::as_str))
    }

    fn code(&self) -> Option<i64> {
        self.get("exit-code")?.parse().ok()
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        let seconds: f64 = self.get(name)?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl Behaviour {
    /// Of a container in a pod.
    pub(super) fn read(
        pod: &Value,
        container: &Value,
        role: Role,
        restart: Restart,
        images: &BTreeMap<Text, Script>,
    ) -> Self {
        let said = Said {
            annotations: pod.at(&["metadata", "annotations"]),
            container: container.str_at(&["name"]).unwrap_or_default(),
            role,
            script: container.str_at(&["image"]).and_then(|image| images.get(image)),
        };
        let image = match (said.get("image"), said.seconds("pull-seconds")) {
            (Some("missing"), _) => Image::Missing,
            (None, None) if is_nowhere(container.str_at(&["image"]).unwrap_or_default()) => {
                Image::Missing
            }
            (_, Some(time)) => Image::Pulled(time),
            (_, None) => Image::Present,
        };
        let probe = |name: &str, field: &str| {
            let number = container.at(&[name, field]).and_then(Value::as_int).unwrap_or(0);
            Duration::from_secs(u64::try_from(number).unwrap_or(0))
        };
        let passes = |name: &str| {
            let more = container.at(&[name, "successThreshold"]).and_then(Value::as_int);
            let more = u32::try_from(more.unwrap_or(1).saturating_sub(1)).unwrap_or(0);
            probe(name, "periodSeconds").saturating_mul(more)
        };
        let started = probe("startupProbe", "initialDelaySeconds");
        let ready = started.max(probe("readinessProbe", "initialDelaySeconds"));
        let slow = said.seconds("ready-seconds").unwrap_or_default();
        let never = said.get("ready-seconds") == Some("never");
        Self {
            image,
            start: said.seconds("start-seconds").unwrap_or(START),
            ready: (!never)
                .then(|| ready.saturating_add(passes("readinessProbe")).saturating_add(slow)),
            readiness: match said.get("ready-seconds") {
                Some(_) => Readiness::Said,
                None => Readiness::Asked,
            },
            live: said.seconds("live-seconds"),
            started,
            code: said.code(),
            said: said_end(&said),
            usual: usual_end(role, restart),
            message: match container.str_at(&["terminationMessagePolicy"]) {
                Some("FallbackToLogsOnError") => MessagePolicy::FileOrLog,
                _ => MessagePolicy::File,
            },
            stop: said.seconds("stop-seconds").unwrap_or(STOP),
        }
    }
}

/// Whether an image names a registry that no name server knows: RFC 2606 keeps `.invalid` for that.
fn is_nowhere(image: &str) -> bool {
    let registry = image.split_once('/').map_or("", |(registry, _)| registry);
    let host = registry.split(':').next().unwrap_or_default();
    host.ends_with(".invalid")
}

fn said_end(said: &Said<'_>) -> Option<End> {
    match (said.seconds("run-seconds"), said.code()) {
        (Some(time), code) => Some((time, code.unwrap_or(0))),
        (None, Some(code)) if code != 0 => Some((CRASH, code)),
        _ => None,
    }
}

fn usual_end(role: Role, restart: Restart) -> Option<End> {
    match role {
        Role::Init => Some((Duration::from_secs(1), 0)),
        Role::Main if restart != Restart::Always => Some((RUN, 0)),
        Role::Main | Role::Sidecar | Role::Ephemeral => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_nowhere;

    #[test]
    fn registries_below_invalid_are_nowhere() {
        for image in ["registry.invalid/web:1", "a.registry.invalid:5000/team/web@sha256:0"] {
            assert!(is_nowhere(image), "{image}");
        }
        for image in ["", "web.invalid", "docker.io/web.invalid:1", "invalid/web", "r.example/web"]
        {
            assert!(!is_nowhere(image), "{image}");
        }
    }
}

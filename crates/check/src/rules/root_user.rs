//! Which user containers run as.
//!
//! A container's own setting replaces the pod's, field by field, so that both must be looked at
//! together. The verdicts follow checkov's, which judges `runAsNonRoot` and `runAsUser` in turn.

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Pod, Stage};
use crate::table::security as t;

/// How one level answers a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Good,
    Bad,
    Absent,
}

use Answer::{Absent, Bad, Good};

fn non_root(at: &At<'_>) -> Answer {
    let field = at.dig("securityContext.runAsNonRoot");
    match (field.written(), field.truthy()) {
        (false, _) => Absent,
        (true, true) => Good,
        (true, false) => Bad,
    }
}

fn user(at: &At<'_>, min: i64) -> Answer {
    let field = at.dig("securityContext.runAsUser");
    match (field.written(), field.int()) {
        (false, _) => Absent,
        (true, Some(id)) if id >= min => Good,
        (true, _) => Bad,
    }
}

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        may_be_root(pod, out);
        low_user(pod, out);
        contradiction(pod, out);
    }
}

fn may_be_root(pod: &Pod<'_>, out: &mut Findings) {
    let spec = &pod.spec;
    let bad = pod.main().find(|c| match (non_root(spec), user(spec, 1)) {
        (Good, _) => non_root(&c.at) == Bad && user(&c.at, 1) != Good,
        (_, Good) => user(&c.at, 1) == Bad,
        _ => non_root(&c.at) != Good && user(&c.at, 1) != Good,
    });
    if let Some(container) = bad {
        let message = format!(
            "container `{}` runs as whatever user its image names, which is mostly root; namespaces at level restricted refuse the pod",
            container.name
        );
        let fix = "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001  # a user that the image's files allow";
        let own = container.at.at("securityContext");
        let at = if own.is_set() { own } else { spec.at("securityContext") };
        out.add(&t::RUNS_AS_ROOT, &pod.owner, &at, message, fix);
    }
}

fn low_user(pod: &Pod<'_>, out: &mut Findings) {
    let spec = &pod.spec;
    if spec.at("hostUsers").bool() == Some(false) {
        return;
    }
    let inherited = user(spec, 10_000);
    let bad = pod.main().any(|c| match user(&c.at, 10_000) {
        Good => false,
        Bad => true,
        Absent => inherited != Good,
    });
    if bad || (inherited != Good && pod.main().next().is_none()) {
        let message = "the user id may be that of a user of the node";
        let fix = "securityContext:\n  runAsUser: 10001\n# or a user namespace: `hostUsers: false` in the pod's spec";
        let at = spec.dig("securityContext.runAsUser");
        out.add(&t::LOW_UID, &pod.owner, &at, message, fix);
    }
}

fn contradiction(pod: &Pod<'_>, out: &mut Findings) {
    let of_pod = pod.spec.at("securityContext");
    for container in pod.containers.iter().filter(|c| c.stage != Stage::Init) {
        let own = container.at.at("securityContext");
        let pick =
            |key: &'static str| if own.at(key).is_set() { own.at(key) } else { of_pod.at(key) };
        let user = pick("runAsUser");
        if pick("runAsNonRoot").bool() == Some(true) && user.int() == Some(0) {
            let message = format!(
                "container `{}` must not be root and is told to run as user 0: the kubelet refuses to start it (CreateContainerConfigError)",
                container.name
            );
            let fix = "runAsUser: 10001  # a user that the image's files allow";
            out.add(&t::ROOT_CONTRADICTION, &pod.owner, &user, message, fix);
        }
    }
}
